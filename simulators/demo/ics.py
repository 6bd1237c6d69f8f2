"""Reads anyone's calendar export (.ics, RFC 5545, with Outlook's own additions) into plain entries.

Zones may have IANA or Windows names or be described in the file; what has no zone floats in the owner's. What the
demo cannot use is counted in words and said, never silently dropped.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from simulators.demo.details import address_of, all_of, details_of, first_of, organizer_of, subject_of, text_of
from simulators.graph import zones

Json = dict[str, Any]
When = datetime | date

LARGEST = 20 * 2**20
"""Bytes of the largest file that is read; ten years of a busy person's calendar take about a tenth of it."""

YEARS = (1900, 2200)
"""First and last year of an event that somebody meant."""

ESSENTIAL = {"DTSTART", "DTEND", "DURATION", "RRULE", "EXDATE", "RECURRENCE-ID"}
"""An event is left out rather than entered without one of these; the library drops what it cannot read."""

CANCELLED = "cancelled, left out"
UNREADABLE = "not understood, left out"
UNKNOWN_ZONE = "in a time zone nobody knows, taken as the owner's"
EXTRA_DATES = "with extra dates (RDATE), which Outlook's series cannot hold"


class Unreadable(Exception):
    """The file cannot be used; the text says why, in words for its owner."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as the file tells it.

    Timed: ``start``/``end`` are aware, ``zone`` is the name they are given to Outlook with. All day: dates, the end
    exclusive. ``details`` are the words of ``OutlookPerson.create``. ``organizer`` is empty for the owner's own.
    ``replaces`` names the date of a series that this entry stands for, ``left_out`` the dates it skips.
    """

    uid: str
    subject: str
    start: When
    end: When
    zone: str
    details: Json = field(default_factory=dict)
    organizer: str = ""
    rule: Json | None = None
    left_out: tuple[date, ...] = ()
    replaces: date | None = None

    @property
    def all_day(self) -> bool:
        """Whether the entry is made of whole days."""
        return not isinstance(self.start, datetime)

    @property
    def first_day(self) -> date:
        """The day it begins, by its own clock."""
        return self.start.date() if isinstance(self.start, datetime) else self.start


@dataclass(slots=True)
class Export:
    """A whole file: its name for itself, its owner's address and zone, the entries, and what there is to say."""

    name: str
    owner: str
    zone: str
    entries: list[Entry] = field(default_factory=list)
    remarks: Counter[str] = field(default_factory=Counter)


def read_file(path: Path, zone: str) -> Export:
    """Read a file; ``zone`` serves where the file names none. Raises ``Unreadable``."""
    try:
        if path.stat().st_size > LARGEST:
            raise Unreadable(f"{path} is larger than {LARGEST // 2**20} MB; export a shorter time")
        return read_text(_decoded(path.read_bytes()), path.name, zone)
    except OSError as error:
        raise Unreadable(f"{path} cannot be opened: {error.strerror or error}") from error


def read_text(text: str, name: str, zone: str) -> Export:
    """Read the text of a file called ``name``. Raises ``Unreadable``."""
    calendars = _parsed(text, name)
    head = calendars[0]
    export = Export(text_of(head, "X-WR-CALNAME") or name, _owner(head), _zone_of(head) or zone)
    for event in _events(calendars, name):
        _take(event, export, cancelled=text_of(head, "METHOD").upper() == "CANCEL")
    if not export.entries:
        raise Unreadable(f"{name} holds no event that can be used{_listed(export.remarks)}")
    return export


def _decoded(raw: bytes) -> str:
    encodings = ("utf-16",) if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")


def _parsed(text: str, name: str) -> list[Any]:
    import icalendar

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # guesses about zone names; what is unknown is counted below
            found = icalendar.Calendar.from_ical(text, multiple=True)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise Unreadable(f"{name} is no calendar file (.ics): {str(error)[:200]}") from error
    calendars = [c for c in found if c.name == "VCALENDAR"]
    if not calendars:
        raise Unreadable(f"{name} holds no whole calendar; a file that was cut off must be exported again")
    return calendars


def _events(calendars: list[Any], name: str) -> list[Any]:
    try:
        return [event for calendar in calendars for event in calendar.walk("VEVENT")]
    except RecursionError as error:
        raise Unreadable(f"{name} is no calendar that any program writes: it is nested too deeply") from error


def _listed(remarks: Counter[str]) -> str:
    return "".join(f"; {count} {remark}" for remark, count in remarks.items())


def _take(event: Any, export: Export, *, cancelled: bool) -> None:
    if cancelled or text_of(event, "STATUS").upper() == "CANCELLED":
        export.remarks[CANCELLED] += 1
        return
    try:
        export.entries.append(_entry(event, export))
    except (ValueError, TypeError, AttributeError, LookupError, OverflowError):
        export.remarks[UNREADABLE] += 1


def _entry(event: Any, export: Export) -> Entry:
    broken = ESSENTIAL & {str(name).upper() for name, _ in event.errors}
    if broken:
        raise ValueError(f"malformed: {', '.join(sorted(broken))}")
    start, zone = _start(event, export)
    end = _end(event, start, export)
    if end < start or start.year < YEARS[0] or end.year > YEARS[1]:
        raise ValueError("the end lies before the start, or the time is no calendar's")
    if not isinstance(start, datetime) and end == start:
        end = start + timedelta(days=1)
    organizer = organizer_of(event, export.owner)
    return Entry(
        uid=text_of(event, "UID"),
        subject=subject_of(event, export.remarks),
        start=start,
        end=end,
        zone=zone,
        details=details_of(event, export.owner if not organizer else None, start),
        organizer=organizer,
        rule=_rule(event, export.remarks),
        left_out=tuple(_days(event, "EXDATE", zone)),
        replaces=next(_days(event, "RECURRENCE-ID", zone), None),
    )


def _start(event: Any, export: Export) -> tuple[When, str]:
    given = first_of(event, "DTSTART")
    if text_of(event, "X-MICROSOFT-CDO-ALLDAYEVENT").upper() == "TRUE":
        return _day(given.dt), ""
    if not isinstance(given.dt, datetime):
        return given.dt, ""
    return _placed(given, export)


def _end(event: Any, start: When, export: Export) -> When:
    if event.get("DTEND") is not None:
        given = first_of(event, "DTEND")
        return _placed(given, export)[0] if isinstance(start, datetime) else _day(given.dt)
    if event.get("DURATION") is not None:
        end: When = start + first_of(event, "DURATION").dt
        return end
    return start if isinstance(start, datetime) else start + timedelta(days=1)


def _placed(given: Any, export: Export) -> tuple[datetime, str]:
    """A time on the clock of its zone, and that zone's name for Outlook; UTC is told on the owner's clock."""
    at: datetime = given.dt if isinstance(given.dt, datetime) else datetime.combine(given.dt, time())
    named = known_zone(str(given.params.get("TZID", "")))
    if named:
        return at.replace(tzinfo=zones.any_zone(named)), named
    home = zones.any_zone(export.zone)
    if at.tzinfo is None:
        export.remarks.update([UNKNOWN_ZONE] if given.params.get("TZID") else [])
        return at.replace(tzinfo=home), export.zone
    return at.astimezone(home), export.zone


def known_zone(name: str) -> str:
    """The zone's name as Outlook and Python know it, '' for a stranger; a vendor's prefix is taken off."""
    for candidate in (name.strip('"'), "/".join(name.strip('"').split("/")[-2:])):
        if candidate in zones.WINDOWS or _is_iana(candidate):
            return candidate
    return ""


def _is_iana(name: str) -> bool:
    try:
        return bool(name) and ZoneInfo(name) is not None
    except (KeyError, ValueError, OSError):
        return False


def _day(at: When) -> date:
    return at.date() if isinstance(at, datetime) else at


def _days(event: Any, name: str, zone: str) -> Iterator[date]:
    """The local dates of a property that lists dates or times."""
    for group in all_of(event, name):
        for given in getattr(group, "dts", [group]):
            at = given.dt
            is_aware = isinstance(at, datetime) and at.tzinfo is not None
            yield _day(at.astimezone(zones.any_zone(zone)) if is_aware and zone else at)


def _rule(event: Any, remarks: Counter[str]) -> Json | None:
    if event.get("RDATE") is not None:
        remarks[EXTRA_DATES] += 1
    if event.get("RRULE") is None:
        return None
    return {str(name).upper(): list(values) for name, values in first_of(event, "RRULE").items()}


def _owner(calendar: Any) -> str:
    """The owner's address: Outlook writes X-OWNER, others name the calendar after it."""
    name = text_of(calendar, "X-WR-CALNAME")
    return next((address_of(v) for v in all_of(calendar, "X-OWNER")), name if "@" in name else "")


def _zone_of(calendar: Any) -> str:
    """The owner's zone, where the file names one: X-WR-TIMEZONE, or the zone of Outlook's working hours."""
    hours = (str(v.params.get("TZID", "")) for v in all_of(calendar, "X-MS-OLK-WKHRSTART"))
    named = (known_zone(name) for name in (text_of(calendar, "X-WR-TIMEZONE"), *hours))
    return next((zone for zone in named if zone), "")
