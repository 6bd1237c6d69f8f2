"""One date of a recurring series, and what identifies it in every mailbox and in ERP.net (R15).

An occurrence is its series' uid and its *original* date in the series' own zone: a date that was moved keeps it.
Graph may give each date a uid of its own, all of them the series', or none (graph.md §6), and its ids are handles
only. So the uid of a date is computed here, alike for all these readings. Dates are compared as dates, never as
instants.

An iCalUId of Exchange is a global object id in hexadecimal (MS-OXOCAL, PidLidGlobalObjectId): its characters 33 to 40
hold the original date, eight zeros for a series or a single event. A uid of another calendar system says no date.
Exchange may wrap it into one of its own ("vCal-Uid"); the uid inside is meant.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

EXCHANGE = "040000008200E00074C5B7101A82E008"
"""How every iCalUId that Exchange makes begins (graph.md §6)."""

DATE = slice(32, 40)
"""The original date in it: year, month and day, ``07EA0619`` = 2026-06-25."""

NO_DATE = "0" * 8

CONTENT = slice(80, None)
"""What is identified: a random number, or another system's uid behind ``WRAPPED``."""

WRAPPED = b"vCal-Uid\x01\x00\x00\x00"


class Rhythm(StrEnum):
    """How often a series takes place."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


_DAYS = {Rhythm.DAILY: 1, Rhythm.WEEKLY: 7, Rhythm.MONTHLY: 28, Rhythm.YEARLY: 365}
"""The fewest days of a day, week, month and year."""

EVERY_DAY = tuple(range(7))
WORKDAYS = EVERY_DAY[:5]
"""Weekdays by their numbers, 0 = Monday."""

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_HOW = {
    Rhythm.DAILY: ("Daily", "Every second day", "Every {n} days"),
    Rhythm.WEEKLY: ("Weekly", "Every second week", "Every {n} weeks"),
    Rhythm.MONTHLY: ("Monthly", "Every second month", "Every {n} months"),
    Rhythm.YEARLY: ("Yearly", "Every second year", "Every {n} years"),
}
"""How people say it, by the interval: one, two, more."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """How a series repeats, as its master says: every so many days, weeks, months or years.

    ``weekdays`` are those of a weekly one that takes place on several (0 = Monday), in order.
    """

    rhythm: Rhythm
    interval: int = 1
    weekdays: tuple[int, ...] = ()

    @property
    def named_days(self) -> tuple[int, ...]:
        """The weekdays that words must tell, none where the words for the whole say which they are."""
        return () if self.is_daily or self.is_on_workdays else self.weekdays

    @property
    def is_daily(self) -> bool:
        """Whether it is a weekly series that takes place on all days."""
        return self.interval <= 1 and self.weekdays == EVERY_DAY

    @property
    def is_on_workdays(self) -> bool:
        """Whether it is a weekly series that takes place from Monday to Friday."""
        return self.interval <= 1 and self.weekdays == WORKDAYS

    @property
    def text(self) -> str:
        """How people say it, like "Every second week (Mon, Wed)"."""
        if self.is_on_workdays:
            return "Every weekday"
        one, two, more = _HOW[Rhythm.DAILY if self.is_daily else self.rhythm]
        told = {2: two}.get(self.interval, one if self.interval < 2 else more).format(n=self.interval)
        days = ", ".join(WEEKDAYS[day] for day in self.named_days)
        return f"{told} ({days})" if days else told

    @property
    def days(self) -> int:
        """The fewest days of one interval."""
        return max(1, self.interval) * _DAYS[self.rhythm]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One date of a series.

    ``series_uid`` is normalised (``series_uid_of``), ``day`` the original date. ``master_id`` is Graph's id of the
    series in this mailbox. ``rhythm``, ``interval`` and ``weekdays`` are as in ``Recurrence``, where that is known.
    None of these identifies anything.
    """

    series_uid: str
    day: date
    master_id: str = ""
    rhythm: Rhythm | None = None
    interval: int = 1
    weekdays: tuple[int, ...] = ()

    @property
    def recurrence(self) -> Recurrence | None:
        """How the series repeats, None where that is not known."""
        return Recurrence(self.rhythm, self.interval, self.weekdays) if self.rhythm else None

    def repeated(self, known: Recurrence | None) -> Occurrence:
        """The date of a series that repeats so; itself where that is not known."""
        if known is None:
            return self
        return replace(self, rhythm=known.rhythm, interval=known.interval, weekdays=known.weekdays)

    @property
    def uid(self) -> str:
        """The iCalUId of this date: Exchange's own form, or the foreign uid with the date behind it."""
        if is_exchange(self.series_uid):
            day = f"{self.day.year:04X}{self.day.month:02X}{self.day.day:02X}"
            return self.series_uid[: DATE.start] + day + self.series_uid[DATE.stop :]
        return f"{self.series_uid}_{self.day:%Y%m%d}"

    @property
    def text(self) -> str:
        """What people call it, like "Weekly, 25 June"."""
        how = self.recurrence.text if self.recurrence else "In a series"
        return f"{how}, {self.day.day} {self.day:%B}"

    @property
    def is_foreign(self) -> bool:
        """Whether another calendar system named the series."""
        return not is_exchange(self.series_uid)

    def is_of(self, series_uid: str) -> bool:
        """Whether the date belongs to this series; letter case does not count."""
        return self.series_uid.casefold() == series_uid.casefold()


def is_exchange(uid: str) -> bool:
    """Whether Exchange made this uid, in any letter case."""
    return uid.upper().startswith(EXCHANGE) and len(uid) >= DATE.stop


def series_uid_of(uid: str) -> str:
    """The uid of the series that an iCalUId belongs to, of whichever form; a single event's own is left as it is."""
    if not is_exchange(uid):
        return uid
    upper = uid.upper()
    return _unwrapped(upper) or upper[: DATE.start] + NO_DATE + upper[DATE.stop :]


def day_in(uid: str) -> date | None:
    """The original date that an iCalUId of Exchange holds, None for any other."""
    if not is_exchange(uid):
        return None
    digits = uid[DATE]
    try:
        return date(int(digits[:4], 16), int(digits[4:6], 16), int(digits[6:], 16))
    except ValueError:
        return None


def _unwrapped(uid: str) -> str:
    """Another system's uid inside an iCalUId of Exchange, '' for none."""
    try:
        inner = bytes.fromhex(uid[CONTENT])
        return inner.removeprefix(WRAPPED).rstrip(b"\x00").decode() if inner.startswith(WRAPPED) else ""
    except ValueError:
        return ""


def nameless(one: Occurrence | None) -> Occurrence | None:
    """A date without the ids of its series, which may be long: enough to tell people which it is."""
    return replace(one, series_uid="", master_id="") if one else None
