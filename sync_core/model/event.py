"""The common ground of both sides: when something is, and the neutral event to which both are projected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum


class Priority(StrEnum):
    """Priority as both sides can hold it: Outlook's three classes."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Timed:
    """A span between two instants, UTC, whole minutes; it may be empty."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is not UTC or self.end.tzinfo is not UTC:
            raise ValueError("a timed span needs UTC instants")
        if self.end < self.start:
            raise ValueError("the end lies before the start")


@dataclass(frozen=True, slots=True)
class AllDay:
    """Whole calendar days, floating: ``first`` is in, ``until`` is the day after the last one."""

    first: date
    until: date

    def __post_init__(self) -> None:
        if self.until <= self.first:
            raise ValueError("an all-day span needs at least one day")


When = Timed | AllDay


@dataclass(frozen=True, slots=True)
class Event:
    """What both sides can hold about one meeting.

    ``subject`` fits an activity, ``body`` is plain text, ``reminder`` is minutes before the start (None = no
    reminder), ``people`` are lower-case e-mail addresses.
    """

    subject: str
    body: str
    when: When
    reminder: int | None
    private: bool
    priority: Priority
    people: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open span of instants in UTC: ``start <= t < end``."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is not UTC or self.end.tzinfo is not UTC or self.end < self.start:
            raise ValueError("a window needs two UTC instants in order")
