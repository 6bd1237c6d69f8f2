"""Tells a refusal of the app itself from a refusal of one mailbox, and stores it until it ends.

A wrong secret, a refused token or a missing grant says nothing about a user. Such a refusal fails the message or the
command and never becomes a user's state. It is stored in the instance row. The first pull that works again wakes
every user who is due, so that nobody waits for the next timer (jobs/app/pulls.py).
"""

from __future__ import annotations

from dataclasses import replace

from jobs.company import revise_instance
from jobs.world import World
from sync_core.errors import AccessRefused, AppRefused, SideError
from sync_core.model.instance import Instance
from sync_core.model.sides import Side

NOBODY = "00000000-0000-0000-0000-000000000000"
"""An object id that no directory assigns: looking it up proves the token and changes nothing."""

REMEDIES = {
    Side.GRAPH: "Check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or the managed identity",
    Side.ERP: "Check that the trusted application's Scope holds 'read update'",
}

LONGEST = 500
"""The most characters of a refusal that are stored."""


async def judged(world: World, error: AccessRefused | AppRefused) -> AccessRefused | AppRefused:
    """Tell whom a refusal concerns: ``AppRefused`` all users, ``AccessRefused`` this one mailbox.

    ERP.net has one service user, so its refusals concern all. If Graph refuses, it is asked about ``NOBODY``: an
    answer proves that it refuses the mailbox only.
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
    """Store that a side refuses the app itself; a second refusal changes nothing."""
    text, now = str(error)[:LONGEST], world.clock()

    def refused(instance: Instance) -> Instance | None:
        return None if instance.refused else replace(instance, refused=text, refused_by=error.side, refused_at=now)

    await revise_instance(world, refused)


async def forget_refusal(world: World) -> None:
    """Store that both sides work again."""

    def open_again(instance: Instance) -> Instance | None:
        return replace(instance, refused="", refused_by="", refused_at=None) if instance.refused else None

    await revise_instance(world, open_again)
