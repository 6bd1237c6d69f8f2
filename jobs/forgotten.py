"""Erases rows that were written for a user while that user was being forgotten.

Inbox, wake-up, index, journal and claims need no lease. So a round, a pull or a notification may write them for a
user whose rows are being erased. The eraser deletes the user's row last and then erases once more; the writer looks
for the user's row after its write. So one of the two notices a late write, whichever comes first. A writer that dies
before its look is covered by a message that looks once more, later than any round lasts (``jobs.erasure``).
"""

from __future__ import annotations

from collections.abc import Collection

from jobs.log import log_line
from jobs.world import World
from sync_core.errors import RowUnreadable
from sync_core.model.user import User

FEW = 50
"""So many rows are read one by one, sixteen at a time; what was written lately are two requests."""


async def erase_if_forgotten(world: World, user_id: str) -> bool:
    """Erase what was just written for this user if they are forgotten; return whether they are.

    A user whose row cannot be read counts as known.
    """
    try:
        if await world.store.read_user(user_id) is not None:
            return False
    except RowUnreadable:
        return False
    await world.store.forget_user(user_id)
    log_line("forgotten", {"user": user_id})
    return True


async def still_known(world: World, user_ids: Collection[str]) -> frozenset[str]:
    """The users among these who are known; what was just written for the others is erased."""
    known = {user.id for user in await people_of(world, user_ids)}
    for user_id in set(user_ids) - known:
        await erase_if_forgotten(world, user_id)
    return frozenset(user_ids) & known


async def people_of(world: World, user_ids: Collection[str]) -> list[User]:
    """Those of these users who are known now: a few rows are read one by one; of many, what was written since this
    process last read who works here, however large the company is."""
    if len(user_ids) <= FEW:
        return await world.store.list_users_of(user_ids)
    known = (await world.people.read(world.store, world.clock, anew=True)).users
    return [known[user_id] for user_id in user_ids if user_id in known]
