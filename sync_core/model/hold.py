"""A mass deletion that waits for a person, as a list, and what was answered to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from sync_core.model.series import Occurrence


@dataclass(frozen=True, slots=True)
class HeldItem:
    """One item of a hold: what would be done to it, and what its owner knows it by.

    ``start`` is as in ``GraphContent``; None = not known. ``private``: only its owner may see the subject. ``unit``
    is what it counts as, '' = itself: dates of a series count together. ``occurrence`` is which date of one it is.
    """

    event_id: str
    activity_id: str
    intent: str
    subject: str = ""
    start: datetime | None = None
    all_day: bool = False
    private: bool = False
    mails: int = 0
    unit: str = ""
    occurrence: Occurrence | None = None


class Approval(StrEnum):
    """What a person answered to a hold."""

    OPEN = ""
    APPROVED = "approved"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Hold:
    """A list of deletions that waits for the administrator, or was answered: exactly these items (holds.py).

    ``key`` names its row. ``items`` stand on the links and are not stored with it. ``listed`` are the items of a row
    of schema version 1, whose links do not know of it.
    """

    key: str
    why: str
    items: tuple[HeldItem, ...]
    since_at: datetime
    approval: Approval = Approval.OPEN
    listed: tuple[HeldItem, ...] = ()

    @property
    def id(self) -> str:
        """The short name that people use: the same for the same list, another for any other."""
        named = "|".join(sorted(item.event_id + item.activity_id for item in self.items))
        return sha256(named.encode()).hexdigest()[:8]
