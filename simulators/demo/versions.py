"""Which of several versions of an event counts: files hold invitations, updates and cancellations of one meeting.

RFC 5546 §2.1.5: the higher SEQUENCE wins, then the later DTSTAMP; of two as new the one that cancels, then the later
one in the file. A cancellation names a meeting or one date of a series.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from simulators.demo.entries import Entry, When
from simulators.graph import zones

CANCELLED = "cancelled, left out"
OLDER = "older versions of an event, left out"

Rank = tuple[int, str, str, bool]
"""SEQUENCE, DTSTAMP, LAST-MODIFIED, whether it cancels."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an event, or of the date of a series that ``occurrence`` names; without an entry it cancels.

    ``uid`` is empty for an event that has none.
    """

    uid: str
    rank: Rank
    occurrence: When | None
    entry: Entry | None
    remarks: Counter[str] = field(default_factory=Counter)


def moment(at: object) -> str:
    """A time for comparison; one without a zone is taken as UTC, what is none is the oldest."""
    if isinstance(at, datetime):
        return (at.astimezone(UTC) if at.tzinfo else at).replace(tzinfo=None).isoformat()
    return at.isoformat() if isinstance(at, date) else ""


def newest(versions: Iterable[Version], remarks: Counter[str]) -> list[Entry]:
    """The entries that count, as they stand in the file, with what was remarked of them; all others are counted."""
    kept = _highest(versions, remarks)
    ended = {v.uid: v.rank for v in kept if v.uid and v.entry is None and v.occurrence is None}
    alive = [v for v in kept if v.entry and not (v.uid in ended and v.rank <= ended[v.uid])]
    series = {v.uid: v.entry for v in alive if v.entry and v.entry.rule is not None and v.uid}
    gone: dict[str, list[When]] = {}
    for version in kept:
        if version.entry is None and version.occurrence is not None:
            gone.setdefault(version.uid, []).append(version.occurrence)
    for version in alive:
        remarks.update(version.remarks)
    remarks.update([CANCELLED] * (len(kept) - len(alive)))
    return [_in_series(v.entry, v.occurrence, series.get(v.uid), gone.get(v.uid, [])) for v in alive if v.entry]


def _highest(versions: Iterable[Version], remarks: Counter[str]) -> list[Version]:
    found: dict[tuple[str, str, int], Version] = {}
    for number, version in enumerate(versions):
        key = (version.uid, moment(version.occurrence), 0 if version.uid else number)
        other = found.get(key)
        if other is None or version.rank >= other.rank:
            found[key] = version
        remarks.update([OLDER] if other else [])
    return list(found.values())


def _in_series(entry: Entry, occurrence: When | None, series: Entry | None, gone: Iterable[When]) -> Entry:
    """The entry with the dates of its series on the series' clock: the one it stands for, those cancelled."""
    if occurrence is not None:
        return replace(entry, replaces=day_on(occurrence, (series or entry).zone))
    if entry is not series:
        return entry
    days = (day_on(at, entry.zone) for at in gone)
    return replace(entry, left_out=tuple(dict.fromkeys((*entry.left_out, *days))))


def day_on(at: When, zone: str) -> date:
    """The day of a time on a zone's clock; a date stands for itself, and so does a time where there is no zone."""
    if not isinstance(at, datetime):
        return at
    return (at.astimezone(zones.any_zone(zone)) if at.tzinfo and zone else at).date()
