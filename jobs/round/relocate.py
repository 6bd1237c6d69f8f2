"""Saves links under new event ids, before the round writes anything else (sync_core/plan/relocate.py finds them).

Graph gives an event another id when its mailbox is moved or restored. Of an event that was imported twice, the linked
copy may be deleted. In both cases the pair goes on with the event that is left.
"""

from __future__ import annotations

from collections.abc import Sequence

from jobs.fence import Fence
from jobs.ports import ClaimStore, Drop, Put, RowChange
from jobs.round.journal import RoundJournal
from sync_core.model.claim import Claim
from sync_core.model.pending import Pending
from sync_core.model.sides import Side
from sync_core.plan.relocate import Move

AT_ONCE = 10
"""The most links moved in one transaction; each needs three rows, and all must fit (azure.md §10)."""


async def save_carried(store: ClaimStore, carried: Sequence[Claim]) -> bool:
    """Save the claims that go along with links, before these. False where somebody claimed such a meeting for another
    activity meanwhile: then what was planned does not hold, and the next round sees what does."""
    stored = [claim for claim in carried if not claim.unreadable]
    saved = await store.save_claims(stored)
    lost = {claim.key: claim.activity_id for claim, own in zip(stored, saved, strict=True) if own is None}
    now = await store.read_claims(lost) if lost else {}
    return all(now[key].activity_id == activity_id for key, activity_id in lost.items())


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
