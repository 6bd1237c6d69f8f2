"""Entries of the journal. Those about several dates of one series are one entry (R28).

What a round does to a whole series it does to each date, in the same words. Such an entry bears the ids of the first
date, what all dates have in common, and of each date (``dates``) its own ids and values. ``by_date`` tells it again
date by date, for whoever asks about one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sync_core.model.action import Action
from sync_core.model.series import Occurrence, nameless

MOST_CHARACTERS = 200_000
"""Of the values of one entry, each of them as far as a row keeps it; a row holds twice as many."""

KEPT = 2_000
"""Characters of a value, as ``adapters/store/codec.py`` cuts it."""


@dataclass(frozen=True, slots=True)
class EnteredDate:
    """One of several dates of a series of which one journal entry tells: its ids, which date it is (without the
    series' ids), and the values that are its own."""

    event_id: str
    activity_id: str
    occurrence: Occurrence | None
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """What was done at one moment, and why. ``before`` and ``after`` hold bounded text by field name. ``cell`` names
    what decided (``Decision.cell``); '' where no table did, or an older build wrote the row. ``occurrence`` is which
    date of a series the item was, without the series' ids; None for any other, or where an older build wrote it.
    ``dates`` are those of a series that the entry tells of at once, () for one item alone (``model/entries.py``)."""

    user_id: str
    at: datetime
    round_id: str
    action: str
    reason: str = ""
    event_id: str = ""
    activity_id: str = ""
    subject: str = ""
    private: bool = False
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    cell: str = ""
    occurrence: Occurrence | None = None
    dates: tuple[EnteredDate, ...] = ()

    @property
    def is_idle(self) -> bool:
        """Whether it stands for a round that was no full one and found nothing to do."""
        return self.action == Action.ROUND and not self.reason and not self.after


def as_series(entries: Iterable[JournalEntry]) -> list[JournalEntry]:
    """The entries, those that say the same of dates of one series as one; each ``occurrence`` without ids
    afterwards."""
    groups: dict[object, list[JournalEntry]] = {}
    sizes: dict[object, int] = {}
    for place, entry in enumerate(entries):
        key = _said(entry, entry.occurrence) if entry.occurrence else place
        size = sizes.get(key, 0) + sum(min(len(x), KEPT) for x in (*entry.before.values(), *entry.after.values()))
        if groups.get(key) and size > MOST_CHARACTERS:
            groups[place], size = groups.pop(key), size - sizes[key]
        sizes[key] = size
        groups.setdefault(key, []).append(entry)
    return [_together(some) for some in groups.values()]


def by_date(entries: Iterable[JournalEntry]) -> Iterator[JournalEntry]:
    """The entries, those about several dates of a series date by date."""
    for entry in entries:
        if not entry.dates:
            yield entry
        for one in entry.dates:
            yield replace(
                entry,
                event_id=one.event_id,
                activity_id=one.activity_id,
                occurrence=one.occurrence,
                before=entry.before | one.before,
                after=entry.after | one.after,
                dates=(),
            )


def _said(entry: JournalEntry, one: Occurrence) -> object:
    """What entries must have in common to be one."""
    names = frozenset(entry.before), frozenset(entry.after)
    words = entry.round_id, entry.action, entry.reason, entry.subject, entry.private, entry.cell
    return one.series_uid.casefold(), *words, *names


def _together(some: Sequence[JournalEntry]) -> JournalEntry:
    first = replace(some[0], occurrence=nameless(some[0].occurrence))
    if len(some) == 1:
        return first
    before, after = _common([one.before for one in some]), _common([one.after for one in some])
    dates = tuple(
        EnteredDate(
            one.event_id,
            one.activity_id,
            nameless(one.occurrence),
            {name: text for name, text in one.before.items() if name not in before},
            {name: text for name, text in one.after.items() if name not in after},
        )
        for one in sorted(some, key=lambda one: one.occurrence.day.isoformat() if one.occurrence else "")
    )
    start = dates[0]
    return replace(
        first,
        event_id=start.event_id,
        activity_id=start.activity_id,
        occurrence=start.occurrence,
        before=before,
        after=after,
        dates=dates,
    )


def _common(values: Sequence[dict[str, str]]) -> dict[str, str]:
    return {name: text for name, text in values[0].items() if all(one.get(name) == text for one in values)}
