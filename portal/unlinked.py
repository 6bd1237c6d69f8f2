"""An item without a link: on which side it was read, why it is not synced, and when that may change.

Both rows of it are our own: what the last rounds left out (``Unsynced``), and what waits for a counterpart or was
set aside on the way to one (``Pending``). An item may have either or both.
"""

from __future__ import annotations

from dataclasses import dataclass

from portal.http import Json, iso
from portal.items import key_of_ids
from sync_core.model.link import Pending
from sync_core.model.memory import Memory
from sync_core.model.unsynced import Unsynced, UnsyncedItem


@dataclass(frozen=True, slots=True)
class Alone:
    """What is remembered of it; at least one of both."""

    left_out: UnsyncedItem | None
    waiting: Pending | None

    @property
    def ids(self) -> tuple[str, str]:
        """Of its event and its activity, '' where it has none."""
        if self.left_out is not None:
            return self.left_out.event_id, self.left_out.activity_id
        return self.waiting.ids if self.waiting else ("", "")

    @property
    def state(self) -> str:
        """Whether it is left alone, set aside until somebody sees to it, or goes on by itself."""
        if self.waiting is None:
            return "skipped"
        return "parked" if self.waiting.parked else "waiting"

    @property
    def reason(self) -> str:
        """Why it has no counterpart."""
        told = self.waiting.reason if self.waiting else ""
        return told or (self.left_out.reason if self.left_out else "")

    @property
    def subject(self) -> str:
        """Its title, '' where no round has kept one."""
        return self.left_out.subject if self.left_out else ""

    @property
    def private(self) -> bool:
        """Whether its title is its owner's only."""
        return self.left_out is not None and self.left_out.private

    @property
    def told(self) -> Json:
        """What was read of it, since when it is so, and when it is tried again."""
        seen, row = self.left_out, self.waiting
        return {
            "sides": [name for name, one in zip(("Outlook", "ERP.net"), self.ids, strict=True) if one],
            "end": iso(seen.end if seen else None),
            "since": iso(seen.at if seen else None),
            "tries": row.tries if row else 0,
            "retry_at": iso(row.retry_at if row else None),
        }

    @property
    def head(self) -> list[str]:
        """How it stands, for a bug report."""
        row = self.waiting
        waits = [f"pending {row.state}, tries {row.tries}, made anew {row.incarnation} times"] if row else []
        return [f"not linked: {self.state}", *waits]


def find_alone(memory: Memory, unsynced: Unsynced, key: str) -> Alone | None:
    """The item with this key; None where nothing without a link has it."""
    left_out = next((one for one in unsynced.items if key_of_ids(one.event_id, one.activity_id) == key), None)
    waiting = next((one for one in memory.pending if key_of_ids(*one.ids) == key), None)
    return Alone(left_out, waiting) if left_out or waiting else None
