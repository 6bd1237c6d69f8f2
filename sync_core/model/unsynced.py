"""What is not in step on both sides, and why: kept with the journal, as the last rounds left it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sync_core.model.series import Occurrence

UNSHOWN = "ERP.net fails to show one of the activities of this day"
"""The reason of a day (in place of an activity's id, since ERP.net does not tell it): nothing is concluded of it."""


@dataclass(frozen=True, slots=True)
class UnsyncedItem:
    """One item, and what was last decided of it (``what``: skipped, parked, held or conflict).

    ``subject`` is its owner's only where it is ``private``; ``end`` is that of its meeting, None = not known; ``at``
    is when the reason was first given. ``occurrence`` is which date of a series it is, without the series' ids.
    ``counted`` is the beginning of its reason under which it is counted, '' = the whole reason.
    """

    event_id: str
    activity_id: str
    what: str
    reason: str
    at: datetime
    subject: str = ""
    private: bool = False
    end: datetime | None = None
    occurrence: Occurrence | None = None
    counted: str = ""

    @property
    def group(self) -> str:
        """What ``Unsynced.counts`` call its reason."""
        return self.counted or self.reason


@dataclass(frozen=True, slots=True)
class Unsynced:
    """One user's items that are not in step. ``counts`` are of all, by reason; ``items`` may be cut."""

    items: tuple[UnsyncedItem, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)

    def matching(self, reason: str) -> list[UnsyncedItem]:
        """The items with a reason as ``counts`` names it, '' = all."""
        return [item for item in self.items if not reason or item.group == reason]


def summed(counts: Mapping[str, Mapping[str, int]]) -> dict[str, tuple[int, int]]:
    """Of everybody's counts by user id: reason → how many items and people, the most items first."""
    items: Counter[str] = Counter()
    people: Counter[str] = Counter()
    for by_reason in counts.values():
        items.update(by_reason)
        people.update(by_reason.keys())
    return {reason: (number, people[reason]) for reason, number in items.most_common()}
