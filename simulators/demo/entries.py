"""What is read from a calendar file: its events as plain entries, and the file as a whole."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

Json = dict[str, Any]
When = datetime | date


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as the file tells it.

    Timed: ``start``/``end`` are aware, ``zone`` is the name they are given to Outlook with. All day: dates, the end
    exclusive. ``details`` are the words of ``OutlookPerson.create``. ``organizer`` is empty for the owner's own.
    ``replaces`` names the date of a series that this entry stands for, ``left_out`` the dates it skips.
    """

    uid: str
    subject: str
    start: When
    end: When
    zone: str
    details: Json = field(default_factory=dict)
    organizer: str = ""
    rule: Json | None = None
    left_out: tuple[date, ...] = ()
    replaces: date | None = None

    @property
    def all_day(self) -> bool:
        """Whether the entry is made of whole days."""
        return not isinstance(self.start, datetime)

    @property
    def first_day(self) -> date:
        """The day it begins, by its own clock."""
        return self.start.date() if isinstance(self.start, datetime) else self.start


@dataclass(slots=True)
class Export:
    """A whole file: its name for itself, its owner's address and zone, the entries, and what there is to say."""

    name: str
    owner: str
    zone: str
    entries: list[Entry] = field(default_factory=list)
    remarks: Counter[str] = field(default_factory=Counter)
