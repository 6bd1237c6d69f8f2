"""The frame of one round: its user, memory, context and world, which every step is given.

``sync_core.reading.frame`` holds its pure half.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from jobs.round.recall import Recall
from jobs.world import World
from sync_core.content.names import Names
from sync_core.model.claim import Claim
from sync_core.model.ledger import with_found
from sync_core.model.user import User
from sync_core.reading.frame import Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundFrame(Frame):
    """``planned`` are the claims that earlier users' dry runs would have taken, or that go along with renamed
    meetings, by the claim's key. ``recall`` reads further links; None where all were read."""

    world: World
    user: User
    planned: Mapping[str, Claim] = field(default_factory=dict)
    recall: Recall | None = None


async def with_links(frame: RoundFrame, names: Names) -> RoundFrame:
    """The frame with the links of these names. Raises ``NeedsAll``."""
    found = await frame.recall.find(names) if frame.recall is not None else ()
    if not found:
        return frame
    memory = with_found(frame.memory, found)
    assert memory is not None, "the ledger fits the same links as stored"
    return replace(frame, memory=memory)
