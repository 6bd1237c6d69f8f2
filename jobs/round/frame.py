"""The frame of one round: its user, memory, context and world, which every step is given.

``sync_core.reading.frame`` holds its pure half.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jobs.round.recall import Recall
from jobs.world import World
from sync_core.model.claim import Claim
from sync_core.model.memory import User
from sync_core.reading.frame import Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundFrame(Frame):
    """``planned`` are the claims that earlier users' dry runs would have taken, by the claim's key. ``recall`` reads
    further links; None where all were read."""

    world: World
    user: User
    planned: Mapping[str, Claim] = field(default_factory=dict)
    recall: Recall | None = None
