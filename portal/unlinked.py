"""An item without a link: on which side it was read, why it is not synced, and when that may change.

Both rows of it are our own: what the last rounds left out (``Unsynced``), and what waits for a counterpart or was
set aside on the way to one (``Pending``). An item may have either or both. What no round looks at has neither, such
as an event beyond the window: of that is known what was found when somebody asked ("Where is my meeting?"), as long
as that answer is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jobs.commands.item_shapes import iso_of, occurrence_of
from portal.http import Json
from portal.items import key_of_ids
from sync_core.model.action import Action, as_planned
from sync_core.model.memory import Memory
from sync_core.model.pending import Pending
from sync_core.model.unsynced import Unsynced, UnsyncedItem
from sync_core.people.privacy import PRIVATE


def _sides(ids: tuple[str, str]) -> list[str]:
    """On which sides an item was read that has these ids."""
    return [name for name, one in zip(("Outlook", "ERP.net"), ids, strict=True) if one]


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
            "sides": _sides(self.ids),
            "start": None,
            "end": iso_of(seen.end if seen else None),
            "since": iso_of(seen.at if seen else None),
            "asked_at": None,
            "tries": row.tries if row else 0,
            "retry_at": iso_of(row.retry_at if row else None),
        }

    @property
    def occurrence(self) -> Json | None:
        """Which date of a series it is."""
        return occurrence_of(self.left_out.occurrence) if self.left_out else None

    @property
    def head(self) -> list[str]:
        """How it stands, for a bug report."""
        row = self.waiting
        waits = [f"pending {row.state}, tries {row.tries}, made anew {row.incarnation} times"] if row else []
        return [f"not linked: {self.state}", *waits]


STAYS = frozenset({Action.LEFT_ALONE, Action.SKIPPED, Action.PARKED, Action.HELD, Action.CONFLICT})
"""What an answer says of an item that it found and that is left alone, because of what it is or because no round
looks at it."""


@dataclass(frozen=True, slots=True)
class AskedAbout:
    """An item as an answer to "why?" tells of it (``found``: one of its ``items``), with its ids."""

    found: Json
    asked_at: datetime

    @property
    def ids(self) -> tuple[str, str]:
        """Of its event and its activity, '' where it has none."""
        return self.found["event_id"], self.found["activity_id"]

    @property
    def state(self) -> str:
        """Whether it is left alone, comes with the next round, or is over."""
        what, is_planned = as_planned(self.found["what"])
        return "waiting" if is_planned else "skipped" if what in STAYS else "ended"

    @property
    def reason(self) -> str:
        """Why it has no counterpart."""
        return str(self.found["reason"])

    @property
    def subject(self) -> str:
        """Its title, masked in every answer where it is private."""
        return str(self.found["subject"])

    @property
    def private(self) -> bool:
        """Whether its title is its owner's only."""
        return self.subject == PRIVATE

    @property
    def told(self) -> Json:
        """What was found, and when."""
        start, asked_at = self.found.get("start"), iso_of(self.asked_at)
        nothing = {"end": None, "since": None, "tries": 0, "retry_at": None}
        return {"sides": _sides(self.ids), "start": start, "asked_at": asked_at, **nothing}

    @property
    def head(self) -> list[str]:
        """How it stands, for a bug report."""
        return [f"not linked, nor looked at by any round: {self.state}"]

    @property
    def occurrence(self) -> Json | None:
        """Which date of a series it is."""
        date: Json | None = self.found.get("occurrence")
        return date


def find_asked(answer: Json, key: str, asked_at: datetime) -> AskedAbout | None:
    """The first that an answer tells of the item with this key; None where it tells of no such item."""
    for one in answer.get("items", ()):
        ids = one.get("event_id", ""), one.get("activity_id", "")
        if any(ids) and key_of_ids(*ids) == key:
            return AskedAbout(one, asked_at)
    return None


def find_alone(memory: Memory, unsynced: Unsynced, key: str) -> Alone | None:
    """The item with this key; None where nothing without a link has it."""
    left_out = next((one for one in unsynced.items if key_of_ids(one.event_id, one.activity_id) == key), None)
    waiting = next((one for one in memory.pending if key_of_ids(*one.ids) == key), None)
    return Alone(left_out, waiting) if left_out or waiting else None
