"""What a round stores beside its writes: links that a person has dropped, inbox rows served, what is left over."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from jobs.fence import Fence
from jobs.own_mistakes import unless_mistaken
from jobs.ports import Drop, Put
from jobs.round.act import Done
from jobs.round.frame import RoundFrame
from jobs.round.planning import Plan
from jobs.round.report import Report, parked_in
from sync_core.model.link import Link
from sync_core.model.memory import InboxRow, Memory
from sync_core.plan.holds import dropped, emptied
from sync_core.plan.unsynced import after_round, parked_since, waiting


async def end_dropped(memory: Memory, fence: Fence | None, now: datetime) -> Memory:
    """End the links on holds that a person has dropped, which needs no look at the sides.

    The holds are dropped last, so that after a crash they still list the rest.
    """
    links, holds = dropped(memory, now)
    if not holds:
        return memory
    if fence is not None:
        await fence.save([*map(Put, links), *map(Drop, holds)])
    ended = {link.event_id: link for link in links}
    return replace(
        memory,
        links=tuple(ended.get(link.event_id, link) for link in memory.links),
        holds=tuple(hold for hold in memory.holds if hold not in holds),
    )


async def clear_inbox(frame: RoundFrame, served: Collection[InboxRow]) -> None:
    """Remove the rows of the pull that this round has served, once the cursors have moved."""
    if served:
        await frame.world.store.clear_inbox(frame.user.id, served)


def served_rows(frame: RoundFrame, done: Done) -> list[InboxRow]:
    """The rows of the pull that this round has served."""
    return [row for row in frame.memory.inbox if row.activity_id not in done.failed_activities]


async def look_over(
    frame: RoundFrame, fence: Fence, report: Report, left: Memory, indexed: Mapping[str, Link] | None
) -> None:
    """Look at what is ``left`` for the report; drop holds that are over; rebuild the index after a full round, but
    for the links that are ``indexed`` as they are."""
    if indexed is not None:
        done = {link.event_id for link in left.links if indexed.get(link.event_id) == link}
        await frame.world.store.reindex(frame.user.id, left.links, done)
    if over := emptied(left):
        await fence.save([Drop(hold) for hold in over])
    report.set_open(left.links, [hold for hold in left.holds if hold not in over])
    report.parked, report.waiting = parked_in(left), len(waiting(left))
    report.links = left.running


async def remember_unsynced(
    frame: RoundFrame, plan: Plan, left: Memory, known: datetime | None, *, is_full: bool
) -> datetime | None:
    """Keep which items are not in step, where this round may have changed that; return since when the oldest parked
    one is so, as ``known`` where this round has changed nothing."""
    removed = plan.findings.news.removed
    is_shown_otherwise = plan.findings.unread != frame.memory.cursors.unread
    if not (plan.decisions or removed or is_full or is_shown_otherwise):
        return known
    before = await frame.world.store.read_unsynced(frame.user.id)
    after = unless_mistaken(
        lambda: after_round(before, plan.decisions, left, frame.ctx.now, removed=removed, is_full=is_full),
        lambda _: before,
        frame.user.id,
    )
    if after != before:
        await frame.world.store.save_unsynced(frame.user.id, after)
    return parked_since(after, waiting(left))
