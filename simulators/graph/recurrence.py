"""Recurrence patterns: checked as Graph checks them, expanded as Exchange expands them (graph.md §6)."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from simulators.graph.errors import GraphError, bad_request, unknown_property, wrong_value

Json = dict[str, Any]

DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
INDEXES = ("first", "second", "third", "fourth", "last")
NEVER = date(1, 1, 1)

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


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A checked pattern and range; ``last`` is ``None`` unless the range has an end date."""

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

    def dates(self, since: date, until: date) -> Iterator[date]:
        """The pattern's dates with ``since <= d <= until``, ascending."""
        if self.last is not None:
            until = min(until, self.last)
        skip = 0 if self.range_kind == "numbered" else self._periods_before(since)
        left = self.count if self.range_kind == "numbered" else -1
        for day in self._all_from(skip, until):
            if left == 0:
                return
            left -= 1
            if day >= since:
                yield day

    def has(self, day: date) -> bool:
        """Whether the pattern falls on this date."""
        return next(self.dates(day, day), None) is not None

    def first(self) -> date:
        """The first date of the pattern; the range's start when it has none at all."""
        return next(self.dates(self.start, self.start + timedelta(days=366 * 5 * self.interval)), self.start)

    def _periods_before(self, since: date) -> int:
        ahead = (since - self.start).days
        length = {"daily": 1, "weekly": 7}.get(self.kind, 31 if "onthly" in self.kind else 366)
        return max(0, ahead // (length * self.interval) - 2)

    def _all_from(self, skip: int, until: date) -> Iterator[date]:
        period = skip
        while True:
            days = self._period(period)
            if days is None or days[0] > until:
                return
            for day in days[1]:
                if day > until:
                    return
                if day >= self.start:
                    yield day
            period += 1

    def _period(self, number: int) -> tuple[date, list[date]] | None:
        """The first day of the n-th period and the pattern's dates in it; ``None`` past the end of time."""
        try:
            if self.kind == "daily":
                day = self.start + timedelta(days=number * self.interval)
                return day, [day]
            if self.kind == "weekly":
                return self._week(number)
            return self._month(number)
        except (OverflowError, ValueError):
            return None

    def _week(self, number: int) -> tuple[date, list[date]]:
        into = (self.start.isoweekday() - self.first_day) % 7
        first = self.start - timedelta(days=into) + timedelta(weeks=number * self.interval)
        return first, [first + timedelta(days=n) for n in range(7) if (self.first_day + n) % 7 in self.days]

    def _month(self, number: int) -> tuple[date, list[date]]:
        if self.kind.endswith("Monthly"):
            months = self.start.year * 12 + self.start.month - 1 + number * self.interval
            first = date(months // 12, months % 12 + 1, 1)
        else:
            first = date(self.start.year + number * self.interval, self.month, 1)
        length = calendar.monthrange(first.year, first.month)[1]
        if self.kind.startswith("absolute"):
            return first, [first.replace(day=min(self.day_of_month, length))]
        fits = [d for d in range(1, length + 1) if first.replace(day=d).isoweekday() % 7 in self.days]
        place = -1 if self.index == "last" else INDEXES.index(self.index)
        return first, [first.replace(day=fits[place])]

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


def parse(value: Json, zone: str, start: date) -> Recurrence:
    """Check a ``patternedRecurrence``; ``zone`` and ``start`` serve where the range names none."""
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
    if range_kind == "endDate" and not limits.get("endDate"):
        raise _invalid("range.endDate is required")
    if range_kind == "numbered" and not _number(limits, "numberOfOccurrences"):
        raise _invalid("range.numberOfOccurrences is required")
    days = tuple(sorted({_day(name) for name in pattern.get("daysOfWeek") or ()}))
    return Recurrence(
        kind=kind,
        interval=_number(pattern, "interval"),
        days=days,
        first_day=_day(pattern.get("firstDayOfWeek") or "sunday"),
        day_of_month=_number(pattern, "dayOfMonth"),
        month=_number(pattern, "month"),
        index=_choice(pattern, "index", INDEXES) if pattern.get("index") else "first",
        range_kind=range_kind,
        start=_date(limits.get("startDate")) if limits.get("startDate") else start,
        last=_date(limits["endDate"]) if range_kind == "endDate" else None,
        count=_number(limits, "numberOfOccurrences") if range_kind == "numbered" else 0,
        zone=limits.get("recurrenceTimeZone") or zone,
    )


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


def _day(name: object) -> int:
    if str(name).lower() not in DAYS:
        raise wrong_value("daysOfWeek", "microsoft.graph.dayOfWeek")
    return DAYS.index(str(name).lower())


def _number(part: Json, name: str) -> int:
    value = part.get(name) or 0
    if not isinstance(value, int) or value < 0:
        raise wrong_value(name, "Edm.Int32")
    return value


def _date(text: object) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError as wrong:
        raise wrong_value("startDate", "Edm.Date") from wrong


def _invalid(why: str) -> GraphError:
    return bad_request("ErrorInvalidRequest", f"The recurrence is not valid: {why}.")
