"""Links whose event bears another id now, remembered before anything else is done (sync_core/plan/relocate.py).

A mailbox that is moved or restored has new ids, and an event imported twice may be deleted once: the pair goes on.
"""

from __future__ import annotations

from collections.abc import Sequence

from jobs.ports import Drop, Put, RowChange
from jobs.round.journal import RoundJournal
from jobs.world import Fence
from sync_core.model.link import Pending
from sync_core.model.sides import Side
from sync_core.plan.relocate import Move

AT_ONCE = 10
"""Links that take new ids in one transaction: few enough for their rows always to fit one (azure.md §10)."""


async def save_moves(fence: Fence, journal: RoundJournal, moves: Sequence[Move]) -> None:
    """Put each link under its new id and drop the old row, in one transaction."""
    for start in range(0, len(moves), AT_ONCE):
        some = moves[start : start + AT_ONCE]
        await fence.save([change for move in some for change in _rows_of(move)])
        await journal.found_again([move.new for move in some])


def _rows_of(move: Move) -> list[RowChange]:
    return [Put(move.new), Drop(move.old), Drop(Pending(Side.GRAPH, move.new.event_id))]
