"""What one round of one user is about, and the world it is done in: handed from step to step.

The pure half of it is ``sync_core.reading.frame``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jobs.world import World
from sync_core.model.claim import Claim
from sync_core.model.memory import User
from sync_core.reading.frame import Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundFrame(Frame):
    """``planned`` are the claims of the dry runs before this one, by the claim's key."""

    world: World
    user: User
    planned: Mapping[str, Claim] = field(default_factory=dict)
