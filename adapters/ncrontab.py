"""Parses NCRONTAB expressions as the Functions host does, and finds what a person would misread (azure.md §5).

The host's parser refuses some expressions that look right, which stops that timer alone, and takes others for what
nobody meant. ``read`` refuses what it refuses; ``Expression.surprises`` says the rest in plain words.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

LEAP_YEAR = 2024
"""A leap year: it has every date."""

SOME_YEARS = 9 * 366
"""Days in which even a schedule for February 29 comes twice."""

DAY = 24 * 60
"""Minutes of a day."""

MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")

SHORTEST_NAME = 3
"""The letters of a month's or week day's short form."""

HIGHEST_STEP = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Field:
    """One of the six fields and the values that it may hold; ``anew`` names the span with which it begins again."""

    name: str
    lowest: int
    highest: int
    anew: str
    words: tuple[str, ...] = ()

    def value(self, text: str) -> int:
        """Parse a number, in range or not, or the beginning of a month's or day's name. Raises ``ValueError``."""
        if re.fullmatch("[0-9]+", text):
            return int(text)
        fitting = [] if re.match("[0-9]", text) else self.named(text)
        if not text or not fitting:
            raise ValueError(f"holds “{text}”, which is no {self.name}")
        return self.lowest + self.words.index(fitting[0])

    def named(self, text: str) -> list[str]:
        """The names that begin with this text."""
        return [word for word in self.words if word.startswith(text.lower())]


FIELDS = (
    Field("second", 0, 59, "minute"),
    Field("minute", 0, 59, "hour"),
    Field("hour", 0, 23, "day"),
    Field("day", 1, 31, "month"),
    Field("month", 1, 12, "year", MONTHS),
    Field("day of week", 0, 6, "week", WEEKDAYS),
)


@dataclass(frozen=True, slots=True)
class Part:
    """One piece between commas: its span as the host reads it, both ends included, and its step."""

    field: Field
    text: str
    first: int
    last: int
    step: int
    given_first: int

    @property
    def values(self) -> range:
        """The values that the part names."""
        return range(self.first, self.last + 1, max(1, self.step))

    def surprises(self) -> Iterator[str]:
        """Name what a person would misread in this part."""
        body, _, step = self.text.partition("/")
        for word in body.split("-"):
            fitting = self.field.named(word) if word.isalpha() else []
            if len(word) < SHORTEST_NAME and len(fitting) > 1:
                yield f"“{word}” could be {' or '.join(fitting)}, and is taken for the first"
        if self.first != self.given_first:
            over = "" if step else f"; write {self._over_the_end()} for what goes over the end"
            yield f"“{self.text}” is turned round to {self.first}-{self.last}{over}"
        if step and self.step < 1:
            yield f"“{self.text}” means every {self.field.name}"
        elif step and self._is_uneven:
            values = ", ".join(map(str, self.values))
            yield f"“{self.text}” begins anew with each {self.field.anew}: it means {values}"

    def _over_the_end(self) -> str:
        return f"{_span(self.last, self.field.highest)},{_span(self.field.lowest, self.first)}"

    @property
    def _is_uneven(self) -> bool:
        """Whether the last step before the field begins anew is shorter than the others."""
        count = self.field.highest - self.field.lowest + 1
        is_whole = self.text.startswith("*")
        always_as_long = self.field.name not in ("day", "day of week")
        return is_whole and (count % self.step > 0 if always_as_long else self.step >= count)


@dataclass(frozen=True, slots=True)
class Expression:
    """A schedule that the host accepts; ``text`` has one blank between its fields."""

    text: str
    parts: tuple[tuple[Part, ...], ...]

    def surprises(self) -> Iterator[str]:
        """Name what a person would misread, in sentences."""
        yield from (text for parts in self.parts for part in parts for text in part.surprises())
        seconds, _, _, days, months, week = (
            frozenset(value for part in parts for value in part.values) for parts in self.parts
        )
        if len(seconds) == FIELDS[0].highest + 1:
            yield "its first field is seconds, so that it comes every second; write 0 there for once a minute"
        if len(days) < FIELDS[3].highest and len(week) < FIELDS[5].highest + 1:
            yield "it comes only on days on which day and day of week both match"
        if all(min(days) > monthrange(LEAP_YEAR, month)[1] for month in months):
            yield f"it never comes: no month it names has a day {min(days)}"

    def longest_wait(self, times: int) -> timedelta:
        """The longest that it can take, from when it comes, until it has come so many times more: over a night or a
        weekend that the schedule leaves out. To the minute; nothing where it never comes."""
        minutes, hours = ({v for part in parts for v in part.values} for parts in self.parts[1:3])
        of_a_day = sorted(hour * 60 + minute for hour in hours for minute in minutes)
        apart = self._days_apart() * DAY
        comes = [day * apart + minute for day in range(times // len(of_a_day) + 2) for minute in of_a_day]
        waits = (later - at for at, later in zip(comes, comes[times:], strict=False))
        return timedelta(minutes=max(waits)) if apart else timedelta(0)

    def _days_apart(self) -> int:
        """The most days from one on which it comes to the next, 0 where there is none."""
        days, months, week = (frozenset(v for part in parts for v in part.values) for parts in self.parts[3:])
        if (len(days), len(months), len(week)) == (31, 12, 7):
            return 1
        every = (date(LEAP_YEAR, 1, 1) + timedelta(days=n) for n in range(SOME_YEARS))
        fit = [one for one in every if one.day in days and one.month in months and one.isoweekday() % 7 in week]
        return max(((later - one).days for one, later in pairwise(fit)), default=0)


def read(text: str) -> Expression:
    """Parse an expression.

    Raises ``ValueError``, worded to follow a setting's name, for what the host refuses, and for five fields, of which
    it would take the first for the minute.
    """
    fields = [field for field in text.split(" ") if field]
    if len(fields) != len(FIELDS):
        raise ValueError("does not have six fields")
    parts = tuple(tuple(_parts(field, one)) for field, one in zip(FIELDS, fields, strict=True))
    return Expression(" ".join(fields), parts)


def _parts(field: Field, text: str) -> Iterator[Part]:
    return (_part(field, part) for part in text.split(","))


def _part(field: Field, text: str) -> Part:
    body, slash, after = text.partition("/")
    step = _step(text, after) if slash else 1
    if body == "*":
        first, last = field.lowest, field.highest
    elif body.find("-") > 0:
        first, last = (field.value(end) for end in body.split("-", 1))
    else:
        first = field.value(body)
        last = field.highest if slash else first
    low, high = min(first, last), max(first, last)
    if low < field.lowest or high > field.highest:
        raise ValueError(f"holds “{text}”, and its {field.name} goes from {field.lowest} to {field.highest}")
    return Part(field, text, low, high, step, first)


def _step(text: str, step: str) -> int:
    if not re.fullmatch("[+-]?[0-9]+", step) or abs(int(step)) > HIGHEST_STEP:
        raise ValueError(f"holds “{text}”, whose step is no number")
    return int(step)


def _span(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first}-{last}"
