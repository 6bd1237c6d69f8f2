"""Parses NCRONTAB expressions: ``{second} {minute} {hour} {day} {month} {day of week}``, in UTC (azure.md §5).

Each field is ``*``, a value, ``a-b``, any of them with ``/step``, or a list of these; months and week days also go by
their English names or the beginnings of these. Unlike cron's, both day fields must match, and Sunday is 0 only. What
the host's own parser makes of odd ones stands in ncrontab.tsv: a range that runs backwards is turned round, a step
below one is one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

LONGEST_WAIT_DAYS = 40 * 366
"""The rarest day there is, 29 February on a certain week day over a century's turn, comes again within 40 years."""

MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")


@dataclass(frozen=True, slots=True)
class Field:
    """What one of the six may hold."""

    name: str
    lowest: int
    highest: int
    words: tuple[str, ...] = ()

    def read(self, text: str) -> frozenset[int]:
        """The values it names. Raises ``ValueError``."""
        return frozenset(value for part in text.split(",") for value in self._part(part))

    def _part(self, text: str) -> range:
        body, slash, step = text.partition("/")
        first, last = sorted(self._span(body, is_open=bool(slash)))
        if first < self.lowest or last > self.highest or (slash and not re.fullmatch("[+-]?[0-9]+", step)):
            raise ValueError(f"'{text}' is no {self.name}")
        return range(first, last + 1, max(1, int(step)) if slash else 1)

    def _span(self, text: str, *, is_open: bool) -> tuple[int, int]:
        if text == "*":
            return self.lowest, self.highest
        first, dash, last = text.partition("-")
        start = self._value(first)
        if dash:
            return start, self._value(last)
        return start, self.highest if is_open else start

    def _value(self, text: str) -> int:
        if re.fullmatch("[0-9]+", text):
            return int(text)
        for value, word in enumerate(self.words, self.lowest):
            if text and word.startswith(text.lower()):
                return value
        raise ValueError(f"'{text}' is no {self.name}")


FIELDS = (
    Field("second", 0, 59),
    Field("minute", 0, 59),
    Field("hour", 0, 23),
    Field("day", 1, 31),
    Field("month", 1, 12, MONTHS),
    Field("day of week", 0, 6, WEEKDAYS),
)


class Schedule:
    """When a timer fires: ``Schedule("0 */15 * * * *").after(now)``."""

    def __init__(self, text: str) -> None:
        """Raises ``ValueError`` for what is no expression; five fields mean second 0."""
        given = text.split()
        parts = ["0", *given] if len(given) == 5 else given
        if len(parts) != len(FIELDS):
            raise ValueError(f"'{text}' does not have six fields")
        read = [field.read(part) for field, part in zip(FIELDS, parts, strict=True)]
        self._seconds, self._minutes, self._hours = (sorted(values) for values in read[:3])
        self._days, self._months, self._weekdays = read[3:]

    def after(self, at: datetime) -> datetime | None:
        """The first whole second after an instant at which it fires, UTC; None if it never does."""
        earliest = at.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        for wait in range(LONGEST_WAIT_DAYS):
            day = earliest.date() + timedelta(days=wait)
            found = self._first(earliest.time() if wait == 0 else time.min) if self._has(day) else None
            if found is not None:
                return datetime.combine(day, found, UTC)
        return None

    def _has(self, day: date) -> bool:
        return day.month in self._months and day.day in self._days and day.isoweekday() % 7 in self._weekdays

    def _first(self, floor: time) -> time | None:
        """The first time of day that is not before ``floor``."""
        hours = (hour for hour in self._hours if hour >= floor.hour)
        times = (time(h, m, s) for h in hours for m in self._minutes for s in self._seconds)
        return next((one for one in times if one >= floor), None)
