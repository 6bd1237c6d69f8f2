"""Recognises an item of a command that is done already, by a worker that died before it could save the answer.

Most work may be done twice without harm. Some kinds leave nothing to do: a hold that was approved is gone, a user who
was forgotten is not known. A worker that takes over would report this as a mistake of whoever asked. So for these
kinds ``found_done`` looks first, if an earlier worker has begun on the item.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from jobs.approvals import UnknownChoice, find_choice, is_retriable
from jobs.command import Json
from jobs.commands import switch
from jobs.commands.kinds import owners
from jobs.commands.mistakes import UnknownUser
from jobs.commands.resolve import find_conflict
from jobs.wish import Kind, Wish
from jobs.world import World

DONE_BEFORE = "resolved: it was carried out, and the worker was cut off before it could tell more"


async def found_done(world: World, wish: Wish, item: str) -> Json | None:
    """The answer about an item that an earlier worker has dealt with; None where it has not."""
    look = LOOKS.get(wish.kind)
    return await look(world, wish, item) if look is not None else None


async def _forget(world: World, _wish: Wish, name: str) -> Json | None:
    try:
        await switch.find_known(world, name)
    except UnknownUser:
        return {"forgotten": [{"upn": name, "id": name}]}
    return None


async def _approve(world: World, wish: Wish, _: str) -> Json | None:
    try:
        await find_choice(world, wish.item, await owners(world, wish))
    except UnknownChoice:
        return {"failure": "", "dry_run": False, "users": []}
    return None


async def _resolve(world: World, wish: Wish, _: str) -> Json | None:
    try:
        await find_conflict(world, wish.item, await owners(world, wish))
    except UnknownChoice:
        return {"resolved": True, "text": DONE_BEFORE, "lines": [], "conflict": None}
    return None


async def _retry(world: World, wish: Wish, name: str) -> Json | None:
    if not wish.item:
        return None
    user = await switch.find_known(world, name)
    if is_retriable(await world.store.recall(user.id), wish.item):
        return None
    return {"users": [{"upn": user.upn, "retried": 1}], "failures": []}


LOOKS: dict[Kind, Callable[[World, Wish, str], Awaitable[Json | None]]] = {
    Kind.FORGET: _forget,
    Kind.APPROVE: _approve,
    Kind.RESOLVE: _resolve,
    Kind.RETRY: _retry,
}
"""The kinds that leave nothing to do behind them."""
