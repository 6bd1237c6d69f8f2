"""Refusals of the app itself: distinguished from those of one mailbox, remembered, and forgotten when they end.

A wrong secret, a refused token or a missing grant says nothing about a user. Such a refusal fails the message or the
command and never becomes a user's state. The app remembers it in the instance row. The first pull that works again
wakes whoever is due, so that nobody waits for the next timer (jobs/app/work.py).
"""

from __future__ import annotations

from dataclasses import replace

from jobs.company import revise_instance
from jobs.world import World
from sync_core.errors import AccessRefused, AppRefused, SideError
from sync_core.model.memory import Instance
from sync_core.model.sides import Side

NOBODY = "00000000-0000-0000-0000-000000000000"
"""An object id that no directory gives out: looking it up proves the token and changes nothing."""

REMEDIES = {
    Side.GRAPH: "Check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or the managed identity",
    Side.ERP: "Check that the trusted application's Scope holds 'read update'",
}

LONGEST = 500
"""Characters of a refusal that are remembered."""


async def judged(world: World, error: AccessRefused | AppRefused) -> AccessRefused | AppRefused:
    """The error by whom it concerns: ``AppRefused`` for all users, ``AccessRefused`` for this one mailbox.

    ERP.net knows one service user only. Where Graph refuses a request that has a token, it is asked about nobody.
    """
    if isinstance(error, AppRefused):
        return error
    is_own = error.side is Side.GRAPH and await is_graph_open(world)
    return error if is_own else AppRefused(error.side, f"{error}. {REMEDIES[error.side]}")


async def is_graph_open(world: World) -> bool:
    """Whether Graph answers this app at all."""
    try:
        await world.calendar.find_user(NOBODY)
    except SideError:
        return False
    return True


async def remember_refusal(world: World, error: AccessRefused | AppRefused) -> None:
    """Store that the app itself is refused; a second refusal changes nothing."""
    text, now = str(error)[:LONGEST], world.clock()

    def refused(instance: Instance) -> Instance | None:
        return None if instance.refused else replace(instance, refused=text, refused_at=now)

    await revise_instance(world, refused)


async def forget_refusal(world: World) -> None:
    """Store that both sides work again."""
    await revise_instance(world, lambda one: replace(one, refused="", refused_at=None) if one.refused else None)
