"""Saves links under new event ids, before the round writes anything else (sync_core/plan/relocate.py finds them).

Graph gives an event another id when its mailbox is moved or restored. Of an event that was imported twice, the linked
copy may be deleted. In both cases the pair goes on with the event that is left.
"""

from __future__ import annotations

from collections.abc import Sequence

from jobs.fence import Fence
from jobs.ports import Drop, Put, RowChange
from jobs.round.journal import RoundJournal
from sync_core.model.link import Pending
from sync_core.model.sides import Side
from sync_core.plan.relocate import Move

AT_ONCE = 10
"""The most links moved in one transaction; each needs three rows, and all must fit (azure.md §10)."""


async def save_moves(fence: Fence, journal: RoundJournal, moves: Sequence[Move]) -> None:
    """Save each link under its new id, drop its old row in the same transaction, and enter the move in the
    journal."""
    for start in range(0, len(moves), AT_ONCE):
        some = moves[start : start + AT_ONCE]
        await fence.save([change for move in some for change in _rows_of(move)])
        await journal.found_again(
            [move.new for move in some if move.old.occurrence != move.new.occurrence or not move.new.occurrence]
        )


def _rows_of(move: Move) -> list[RowChange]:
    return [Put(move.new), Drop(move.old), Drop(Pending(Side.GRAPH, move.new.event_id))]
