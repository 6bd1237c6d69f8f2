"""Reads what Graph's rows say of recurring series: which date a row is, how a series repeats, which dates it lost.

The original date of a row stands in its iCalUId, in ``occurrenceId``, or follows from the start by the series, in the
series' own zone; whichever is there first counts (graph.md §4, §6). A moved date keeps it.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from adapters.graph.fields import part_of, text_of, word_of
from adapters.graph.wire import Json, usable_id
from adapters.windows_zones import iana_zone
from sync_core.model.series import Occurrence, Recurrence, Rhythm, day_in, series_uid_of
from sync_core.model.sides import EventKind

RHYTHMS = {
    "daily": Rhythm.DAILY,
    "weekly": Rhythm.WEEKLY,
    "absoluteMonthly": Rhythm.MONTHLY,
    "relativeMonthly": Rhythm.MONTHLY,
    "absoluteYearly": Rhythm.YEARLY,
    "relativeYearly": Rhythm.YEARLY,
}
"""Graph's pattern types (graph.md §6)."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""Graph's names of days, from 0."""

DATES = frozenset({EventKind.OCCURRENCE, EventKind.EXCEPTION})

_NAMED = re.compile(r"OID\..+\.(\d{4}-\d\d-\d\d)")
_WHOLE_SECONDS = slice(0, 19)


def master_in(row: object) -> str:
    """The id of the series that a row is or belongs to, '' for a single event or a removal."""
    if not isinstance(row, dict):
        return ""
    return usable_id(row.get("id") if row.get("type") == EventKind.MASTER else row.get("seriesMasterId"))


def occurrence_in(item: Json, kind: EventKind) -> Occurrence | None:
    """Which date of which series a row is, None for any other row and where it does not tell."""
    uid = text_of(item, "iCalUId")
    day = _day_of(item, uid, kind) if kind in DATES else None
    series_uid = series_uid_of(uid or word_of(item.get("uid"), ""))
    return Occurrence(series_uid, day, usable_id(item.get("seriesMasterId"))) if day and series_uid else None


def _day_of(item: Json, uid: str, kind: EventKind) -> date | None:
    day = day_in(uid) or named_date(word_of(item.get("occurrenceId"), ""))
    if day is not None:
        return day
    if item.get("originalStart") is not None:
        return _in_zone(word_of(item["originalStart"], ""), item)
    start = word_of(part_of(item, "start").get("dateTime"), "")
    if kind is not EventKind.OCCURRENCE:  # its start may have been moved
        return None
    return _date(start[:10]) if item.get("isAllDay") is True else _in_zone(start, item)


def named_date(text: str) -> date | None:
    """The original date in an ``occurrenceId``, None for any other text."""
    match = _NAMED.fullmatch(text)
    return _date(match[1]) if match else None


def _in_zone(instant: str, item: Json) -> date | None:
    """The date of an instant in UTC on the series' own clock, None where that clock is not known."""
    zone = iana_zone(word_of(item.get("originalStartTimeZone"), ""))
    try:
        at = datetime.fromisoformat(instant[_WHOLE_SECONDS]).replace(tzinfo=UTC)
    except ValueError:
        return None
    return at.astimezone(ZoneInfo(zone)).date() if zone else None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def recurrence_in(item: Json) -> Recurrence | None:
    """How a series repeats, None for any other event."""
    pattern = part_of(part_of(item, "recurrence"), "pattern")
    rhythm = RHYTHMS.get(word_of(pattern.get("type"), ""))
    interval, days = pattern.get("interval"), _weekdays_in(pattern) if rhythm is Rhythm.WEEKLY else ()
    return Recurrence(rhythm, interval if isinstance(interval, int) else 1, days) if rhythm else None


def _weekdays_in(pattern: Json) -> tuple[int, ...]:
    """The weekdays of a weekly series that takes place on several."""
    named = pattern.get("daysOfWeek")
    told = {word_of(name, "").casefold() for name in named} if isinstance(named, list) else set[str]()
    days = tuple(number for number, name in enumerate(WEEKDAYS) if name in told)
    return days if len(days) > 1 else ()
