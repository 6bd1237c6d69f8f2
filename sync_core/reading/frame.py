"""The frame of a round: what is remembered, the context of its decisions, and how much of both sides it reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sync_core.model.decision import Context
from sync_core.model.link import Link
from sync_core.model.memory import InboxRow, Memory


@dataclass(frozen=True, slots=True)
class Scale:
    """How much a round reads. ``full``: both sides whole. ``roll``: a new local day has begun. ``renew``: the
    delta window is worn. ``after_backoff``: items wait for their back-off, as they do unless somebody asked for
    the round."""

    full: bool = False
    roll: bool = False
    renew: bool = False
    after_backoff: bool = True


@dataclass(frozen=True, slots=True)
class Frame:
    """What one round knows from its beginning. No step changes it; a step that learns more makes a new one."""

    memory: Memory
    ctx: Context
    scale: Scale = Scale()

    @property
    def links(self) -> dict[str, Link]:
        """The links, by event id."""
        return {link.event_id: link for link in self.memory.links}

    @property
    def inbox(self) -> dict[str, InboxRow]:
        """The rows that the pull filed, by activity id."""
        return {row.activity_id: row for row in self.memory.inbox}

    @property
    def is_daily(self) -> bool:
        """Whether the round also looks at what is looked at once a day."""
        return self.scale.roll or self.scale.full

    def waits(self, retry_at: datetime | None) -> bool:
        """Whether a back-off until ``retry_at`` has not ended."""
        return self.scale.after_backoff and retry_at is not None and retry_at > self.ctx.now
