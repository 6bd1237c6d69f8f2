"""The nightly clean-up erases what is kept for a time only (design.md §5): journals, commands and their answers,
whose turn it was, the numbers of each day. It also moves what an older build kept in another place.

Expired leases and silent slots are not removed: the next process that needs one takes it over. The user's rounds drop
ended links. The log line says in how many days the app's ERP.net secret ends, if its last day is set; an alert reads
that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from jobs.asked import pages
from jobs.command import EXPIRES, stamp
from jobs.log import Fact, log_failure, log_line
from jobs.together import together
from jobs.world import World
from sync_core.errors import StoreError

JOURNAL_KEPT = timedelta(days=90)

LONGEST = timedelta(minutes=5)
"""How long journals are trimmed in one night; a night takes up what the one before has left."""

DAYS_KEPT = timedelta(days=40)
"""How long the numbers of a day are kept: the page shows thirty days."""

TURNS_KEPT = EXPIRES + timedelta(hours=1)
"""How long it is known which command was last about something: no older one is carried out any more."""

NIGHTS = timedelta(days=3)
"""How long an expired answer is still looked for: if the clean-up misses a night, a later one erases it."""

STEP = 0.6180339887
"""How much of all users further a night begins than the one before: by this share, the nights of any number in a row
begin spread over all of them."""

MOST_MOVED = 20_000
"""The most index rows of an older build that are moved in one night; the next night goes on."""


async def keep_house(world: World) -> int:
    """Clean up, the journals user by user; return how many of their rows were erased."""
    began_at = world.clock()
    before = began_at - JOURNAL_KEPT

    async def trim(user_id: str) -> int:
        if world.clock() - began_at > LONGEST:
            return 0
        try:
            return await world.store.trim_journal(user_id, before)
        except StoreError as error:
            log_failure("housekeeping", error, user_id=user_id)
            return 0

    users = [user.id for user in await world.store.list_users()]
    erased = sum(await together(trim, _in_turn(users, began_at.date())))
    await _erase_answers(world)
    await world.store.trim_commands(before)
    await world.store.trim_turns(world.clock() - TURNS_KEPT)
    await world.store.trim_days(world.clock().date() - DAYS_KEPT)
    await world.store.move_old_index(MOST_MOVED)
    facts: dict[str, Fact] = {"erased": erased}
    if world.secret_ends is not None:
        facts["secret_days"] = (world.secret_ends - world.clock().date()).days
    log_line("housekeeping", facts)
    return erased


def _in_turn(user_ids: Sequence[str], day: date) -> list[str]:
    """The users in the order of this night: each night begins elsewhere, so that one that is too short does not
    always leave out the same people."""
    ids = sorted(user_ids)
    first = int(day.toordinal() * STEP % 1 * len(ids))
    return ids[first:] + ids[:first]


async def _erase_answers(world: World) -> None:
    """Erase the answers that have expired; the rows of their commands stay."""
    now = world.clock()
    oldest = stamp(now - EXPIRES - NIGHTS)
    async for page in pages(world.store, stamp(now - EXPIRES)):
        await together(world.store.drop_parts, [one.id for one in page.commands])
        if page.next[: len(oldest)] > oldest:
            return
