"""Checks recurrence patterns as Graph does, and expands them as Exchange does (graph.md §6).

The expansion is dateutil's: it is right for every pattern and range of Graph's, and the one thing in which Outlook
differs from RFC 5545, the last day of months that are too short, can be said in its rules.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, YEARLY, rrule  # type: ignore[import-untyped]

from simulators.graph.errors import GraphError, bad_request, unknown_property, wrong_value

Json = dict[str, Any]

DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
NEVER = date(1, 1, 1)

_UNITS = {
    "daily": DAILY,
    "weekly": WEEKLY,
    "absoluteMonthly": MONTHLY,
    "relativeMonthly": MONTHLY,
    "absoluteYearly": YEARLY,
    "relativeYearly": YEARLY,
}
_PLACES = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
INDEXES = tuple(_PLACES)

# Which properties each pattern type cannot do without.
_NEEDS: dict[str, tuple[str, ...]] = {
    "daily": (),
    "weekly": ("daysOfWeek",),
    "absoluteMonthly": ("dayOfMonth",),
    "relativeMonthly": ("daysOfWeek",),
    "absoluteYearly": ("dayOfMonth", "month"),
    "relativeYearly": ("daysOfWeek", "month"),
}
_PATTERN = {"type", "interval", "daysOfWeek", "firstDayOfWeek", "dayOfMonth", "month", "index"}
_RANGE = {"type", "startDate", "endDate", "numberOfOccurrences", "recurrenceTimeZone"}
_RANGE_TYPES = ("endDate", "noEnd", "numbered")
_LIMITS = {"endDate": "endDate", "numbered": "numberOfOccurrences"}


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A checked pattern and range; ``last`` is ``None`` unless the range has an end date.

    ``offset`` is set where the dates keep a distance in time instead of the wall clock of ``zone``.
    """

    kind: str
    interval: int
    days: tuple[int, ...]  # 0 = Sunday
    first_day: int
    day_of_month: int
    month: int
    index: str
    range_kind: str
    start: date
    last: date | None
    count: int
    zone: str
    offset: timedelta | None = None

    def dates(self, since: date, until: date) -> Iterator[date]:
        """The pattern's dates with ``since <= d <= until``, ascending."""
        return (at.date() for at in _rule(self).between(_midnight(since), _midnight(until), inc=True))

    def has(self, day: date) -> bool:
        """Whether the pattern falls on this date."""
        return any(self.dates(day, day))

    def first(self) -> date:
        """The first date of the pattern; the range's start when it has none at all."""
        return next((at.date() for at in _rule(self)), self.start)

    def neighbours(self, day: date, skipped: Collection[date]) -> tuple[date | None, date | None]:
        """The pattern's dates next to this one on either side, those skipped left out."""
        earlier = [d for d in self.dates(self.start, day) if d < day and d not in skipped]
        later = (at.date() for at in _rule(self).xafter(_midnight(day)))
        return earlier[-1] if earlier else None, next((d for d in later if d not in skipped), None)

    def endless(self) -> Recurrence:
        """The same series without an end."""
        return replace(self, range_kind="noEnd", last=None, count=0)

    def until(self, day: date) -> Recurrence:
        """The same series with no date after this one."""
        return replace(self, range_kind="endDate", last=day, count=0)

    def since(self, day: date) -> Recurrence:
        """The same series from this date on; a number of dates counts those that are left."""
        left = self.count - sum(d < day for d in self.dates(self.start, day)) if self.count else 0
        return replace(self, start=day, count=left)

    def as_json(self) -> Json:
        """The resource as Graph returns it: every property present, unused ones at their zero."""
        return {
            "pattern": {
                "type": self.kind,
                "interval": self.interval,
                "month": self.month,
                "dayOfMonth": self.day_of_month,
                **({"daysOfWeek": [DAYS[d] for d in self.days]} if self.days else {}),
                "firstDayOfWeek": DAYS[self.first_day],
                "index": self.index,
            },
            "range": {
                "type": self.range_kind,
                "startDate": self.start.isoformat(),
                "endDate": (self.last or NEVER).isoformat(),
                "recurrenceTimeZone": self.zone,
                "numberOfOccurrences": self.count,
            },
        }


@lru_cache(maxsize=4096)
def _rule(series: Recurrence) -> Any:
    """The series as a rule of dateutil, its dates as midnights.

    RFC 5545 leaves out a month that is too short, Outlook takes its last day: of the 28th to ``dayOfMonth`` the
    last that there is.
    """
    kind, limits = series.kind, {"until": series.last and _midnight(series.last), "count": series.count or None}
    by: Json = {}
    if kind == "weekly" or kind.startswith("relative"):
        by["byweekday"] = [(day - 1) % 7 for day in series.days]  # dateutil's week begins on Monday
    if kind.startswith("relative"):
        by["bysetpos"] = _PLACES[series.index]
    if kind.startswith("absolute"):
        by |= {"bymonthday": [*range(min(series.day_of_month, 28), series.day_of_month + 1)], "bysetpos": -1}
    if kind.endswith("Yearly"):
        by["bymonth"] = series.month
    week = (series.first_day - 1) % 7
    begin = _midnight(series.start)
    return rrule(_UNITS[kind], begin, series.interval, wkst=week, cache=True, **limits, **by)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - dates of a pattern have no zone


def parse(value: Json, zone: str, start: date) -> Recurrence:
    """Check a ``patternedRecurrence``; ``zone`` and ``start`` serve where the range names none.

    Raises 400 for what is missing, unknown or impossible; the zone's name is the caller's to check.
    """
    for key in value:
        if key not in ("pattern", "range") and not key.startswith("@"):
            raise unknown_property(key, "PatternedRecurrence")
    pattern = _part(value, "pattern", _PATTERN, "RecurrencePattern")
    limits = _part(value, "range", _RANGE, "RecurrenceRange")
    kind = _choice(pattern, "type", tuple(_NEEDS))
    range_kind = _choice(limits, "type", _RANGE_TYPES)
    for need in ("interval", *_NEEDS[kind]):
        if not pattern.get(need):
            raise _invalid(f"pattern.{need} is required for a pattern of type {kind}")
    if range_kind != "noEnd" and not limits.get(_LIMITS[range_kind]):
        raise _invalid(f"range.{_LIMITS[range_kind]} is required")
    series = Recurrence(
        kind=kind,
        interval=_number(pattern, "interval"),
        days=tuple(sorted({_day("daysOfWeek", name) for name in pattern.get("daysOfWeek") or ()})),
        first_day=_day("firstDayOfWeek", pattern.get("firstDayOfWeek") or "sunday"),
        day_of_month=_number(pattern, "dayOfMonth", 31),
        month=_number(pattern, "month", 12),
        index=_choice(pattern, "index", INDEXES) if pattern.get("index") else "first",
        range_kind=range_kind,
        start=_date(limits, "startDate") if limits.get("startDate") else start,
        last=_date(limits, "endDate") if range_kind == "endDate" else None,
        count=_number(limits, "numberOfOccurrences") if range_kind == "numbered" else 0,
        zone=limits.get("recurrenceTimeZone") or zone,
    )
    if series.last and series.last < series.start:
        raise _invalid("range.endDate lies before range.startDate")
    return series


def _part(value: Json, name: str, known: set[str], kind: str) -> Json:
    part = value.get(name)
    if not isinstance(part, dict):
        raise _invalid(f"{name} is required")
    for key in part:
        if key not in known and not key.startswith("@"):
            raise unknown_property(key, kind)
    return part


def _choice(part: Json, name: str, choices: tuple[str, ...]) -> str:
    wanted = str(part.get(name, "")).lower()
    found = next((c for c in choices if c.lower() == wanted), None)
    if found is None:
        raise wrong_value(name, "Edm.Enum")
    return found


def _day(name: str, day: object) -> int:
    if str(day).lower() not in DAYS:
        raise wrong_value(name, "microsoft.graph.dayOfWeek")
    return DAYS.index(str(day).lower())


def _number(part: Json, name: str, most: int = 2**31 - 1) -> int:
    value = part.get(name) or 0
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_value(name, "Edm.Int32")
    if not 0 <= value <= most:
        raise _invalid(f"{name} {value} is out of range")
    return value


def _date(part: Json, name: str) -> date:
    try:
        return date.fromisoformat(str(part[name]))
    except ValueError as wrong:
        raise wrong_value(name, "Edm.Date") from wrong


def _invalid(why: str) -> GraphError:
    return bad_request("ErrorInvalidRequest", f"The recurrence is not valid: {why}.")
