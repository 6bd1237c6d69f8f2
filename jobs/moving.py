"""Links whose event bears another id now, remembered before anything else is done (sync_core/moving.py).

A mailbox that is moved or restored has new ids, and an event imported twice may be deleted once: the pair goes on.
"""

from __future__ import annotations

from collections.abc import Sequence

from jobs.ports import Change, Drop, Put
from jobs.world import Fence, World
from sync_core.model import JournalEntry, Link, Pending, Side
from sync_core.moving import Move
from sync_core.project import is_private

AT_ONCE = 10
"""Links that take new ids in one transaction: few enough for their rows always to fit one (azure.md §10)."""

FOUND_AGAIN = "event found under another id"


async def save_moves(world: World, fence: Fence, user_id: str, round_id: str, moves: Sequence[Move]) -> None:
    """Put each link under its new id and drop the old row, in one transaction."""
    for start in range(0, len(moves), AT_ONCE):
        some = moves[start : start + AT_ONCE]
        await fence.save([change for move in some for change in _rows_of(move)])
        await world.store.append_journal([_entry(world, user_id, round_id, move.new) for move in some])


def _rows_of(move: Move) -> list[Change]:
    return [Put(move.new), Drop(move.old), Drop(Pending(Side.GRAPH, move.new.event_id))]


def _entry(world: World, user_id: str, round_id: str, link: Link) -> JournalEntry:
    return JournalEntry(
        user_id=user_id,
        at=world.clock(),
        round_id=round_id,
        action=FOUND_AGAIN,
        event_id=link.event_id,
        activity_id=link.activity_id,
        subject=link.base_event.subject,
        private=is_private(link.base_event) or is_private(link.base_activity),
    )
