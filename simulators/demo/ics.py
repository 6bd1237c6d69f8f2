"""Reads anyone's calendar export (.ics, RFC 5545, with Outlook's own additions) into plain entries.

Zones may have IANA or Windows names or be described in the file; what has no zone floats in the owner's. What the
demo cannot use is counted in words and said, never silently dropped, and takes nothing else of the file with it.
"""

from __future__ import annotations

from collections import ChainMap, Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from simulators.demo.clocks import UNKNOWN_ZONE, Clock, described_zones
from simulators.demo.details import (
    BROKEN_ALARM,
    address_of,
    all_of,
    details_of,
    first_of,
    harmless,
    organizer_of,
    subject_of,
    text_of,
)
from simulators.demo.entries import Entry, Export, Json, When
from simulators.demo.lines import lines_of
from simulators.demo.parts import EVENT, Part, read_parts
from simulators.demo.properties import properties_of
from simulators.demo.versions import CANCELLED, Version, day_on, moment, newest
from simulators.demo.zone_names import known_zone

__all__ = ["CANCELLED", "UNKNOWN_ZONE", "Entry", "Export", "Unreadable", "read_file", "read_text"]

LARGEST = 20 * 2**20
"""Bytes of the largest file that is read; ten years of a busy person's calendar take about a tenth of it."""

YEARS = (1900, 2200)
"""First and last year of an event that somebody meant."""

PACKED = {b"PK\x03\x04": "ZIP archive", b"\x1f\x8b": "compressed file"}
"""How archives begin, into which services pack what they export."""

ESSENTIAL = {"DTSTART", "DTEND", "DURATION", "RRULE", "EXDATE", "RECURRENCE-ID"}
"""An event is left out rather than entered without one of these; the library drops what it cannot read."""

ALL_DAY = ("X-MICROSOFT-CDO-ALLDAYEVENT", "X-MICROSOFT-MSNCALENDAR-ALLDAYEVENT")
"""Outlook's and Exchange's word that the times of an event are midnights."""

UNREADABLE = "not understood, left out"
NOT_CLOSED = "without an end (END:VEVENT), left out"
ANSWERS = "answers to invitations, no meetings, left out"
EXTRA_DATES = "with extra dates (RDATE), which Outlook's series cannot hold"
LEFT_OUT_BY_RULE = "with dates left out by a rule (EXRULE), which Outlook's series cannot hold"
THE_REST = "that change all later dates of a series (THISANDFUTURE), entered for one date"

ALL_VERSIONS = 2**31
"""Above every SEQUENCE: what a cancellation that names none means."""

ANSWERING = {"REPLY", "COUNTER", "DECLINECOUNTER", "REFRESH"}
"""Methods of what an attendee sends back (RFC 5546 §1.4)."""


class Unreadable(Exception):
    """The file cannot be used; the text says why, in words for its owner."""


def read_file(path: Path, zone: str) -> Export:
    """Read a file; ``zone`` serves where the file names none. Raises ``Unreadable``."""
    name = " ".join(harmless(path.name).split())
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        raise Unreadable(f"{name} cannot be opened: {error.strerror or error}") from error
    if len(raw) > LARGEST:
        raise Unreadable(f"{name} is larger than {LARGEST // 2**20} MB; export a shorter time")
    return read_bytes(raw, name, zone)


def read_text(text: str, name: str, zone: str) -> Export:
    """Read the text of a file called ``name``. Raises ``Unreadable``."""
    return read_bytes(text.encode("utf-8", "replace"), name, zone)


def read_bytes(raw: bytes, name: str, zone: str) -> Export:
    """Read what is in a file called ``name``. Raises ``Unreadable``."""
    remarks: Counter[str] = Counter()
    file = read_parts(lines_of(raw, remarks), remarks)
    _check(file, raw, name)
    heads = {part: properties_of(part, Counter())[0] for part in file.walk() if part.name in ("", "VCALENDAR")}
    export = _blank(heads.values(), name, zone, remarks)
    described = {part: described_zones(part, remarks) for part in heads}
    everywhere = dict(ChainMap(*described.values()))
    calendars = {
        part: _Calendar(head, export, Clock(_zone_of(head) or export.zone, everywhere | described[part]))
        for part, head in heads.items()
    }
    events = (part for part in file.walk() if part.name == EVENT)
    found = [version for part in events if (version := calendars[part.calendar].version(part))]
    export.entries = newest(found, remarks)
    if not export.entries:
        raise Unreadable(f"{name} holds no event that can be used{_listed(remarks)}")
    return export


def _check(file: Part, raw: bytes, name: str) -> None:
    """Raises ``Unreadable`` for a file that is no calendar, or the beginning of one only."""
    if not raw.strip():
        raise Unreadable(f"{name} is empty; export it again")
    for start, kind in PACKED.items():
        if raw.startswith(start):
            raise Unreadable(f"{name} is a {kind}: unpack it and give the calendar (.ics) that is in it")
    if not file.parts:
        raise Unreadable(f"{name} is no calendar file (.ics): nothing in it begins with BEGIN:VCALENDAR")
    if not any(part.whole and part.name in ("VCALENDAR", EVENT) for part in file.walk()):
        raise Unreadable(f"{name} holds no whole calendar; a file that was cut off must be exported again")


def _blank(heads: Iterable[Any], name: str, zone: str, remarks: Counter[str]) -> Export:
    """The file without its entries: each word about itself from the first of its calendars that says it."""
    told = [(text_of(head, "X-WR-CALNAME"), _owner(head), _zone_of(head)) for head in heads]
    names, owners, named = (next(filter(None, words), "") for words in zip(*told, strict=True))
    return Export(names or name, owners, named or zone, remarks=remarks)


def _listed(remarks: Counter[str]) -> str:
    return "".join(f"; {count} {remark}" for remark, count in remarks.items())


class _Calendar:
    """One calendar of a file: what its events are read with."""

    def __init__(self, head: Any, export: Export, clock: Clock) -> None:
        self._clock = clock
        self._method = text_of(head, "METHOD").upper()
        self._owner = export.owner
        self._remarks = export.remarks

    def version(self, part: Part) -> Version | None:
        """The event as one version of a meeting; one that is none or cannot be read is counted."""
        if not part.whole or self._method in ANSWERING:
            self._remarks[ANSWERS if part.whole else NOT_CLOSED] += 1
            return None
        try:
            return self._version(part)
        except Exception:  # noqa: BLE001 - whatever is in a file, it stops only the event it is in; counted and said
            self._remarks[UNREADABLE] += 1
            return None

    def _version(self, part: Part) -> Version:
        remarks: Counter[str] = Counter()
        event, unread = properties_of(part, remarks)
        cancels = self._method == "CANCEL" or text_of(event, "STATUS").upper() == "CANCELLED"
        at = next((self._when(given, event) for given in all_of(event, "RECURRENCE-ID")), None)
        sequence = ALL_VERSIONS if self._method == "CANCEL" and "SEQUENCE" not in event else _sequence(event)
        rank = (sequence, _stamp(event, "DTSTAMP"), _stamp(event, "LAST-MODIFIED"), cancels)
        uid = text_of(event, "UID")
        if self._method == "ADD" and not cancels:  # one more date of a series, which the series does not know
            uid = ""
        if cancels:
            return Version(uid, rank, at, None)
        if ESSENTIAL & unread:
            raise ValueError(f"malformed: {', '.join(sorted(ESSENTIAL & unread))}")
        return Version(uid, rank, at, self._entry(event, self._alarms(part, remarks), at, remarks), remarks)

    def _when(self, given: Any, event: Any) -> When:
        timed = isinstance(given.dt, datetime) and not _is_flagged(event)
        return self._clock.place(given, Counter())[0] if timed else self._clock.day(given, Counter())

    def _alarms(self, part: Part, remarks: Counter[str]) -> list[Any]:
        """The event's reminders that can be read."""
        trouble: Counter[str] = Counter()
        parts = [inner for inner in part.parts if inner.name == "VALARM"]
        read = [(alarm, *properties_of(alarm, trouble)) for alarm in parts]
        sound = [alarm for given, alarm, unread in read if given.whole and "TRIGGER" in alarm and not unread]
        if trouble or len(sound) < len(parts):
            remarks[BROKEN_ALARM] = 1
        return sound

    def _entry(self, event: Any, alarms: list[Any], at: When | None, remarks: Counter[str]) -> Entry:
        start, zone = self._start(event, remarks)
        end = self._end(event, start, remarks)
        if end < start or start.year < YEARS[0] or end.year > YEARS[1]:
            raise ValueError("the end lies before the start, or the time is no calendar's")
        if not isinstance(start, datetime) and end == start:
            end = start + timedelta(days=1)
        organizer = organizer_of(event, self._owner, remarks)
        return Entry(
            uid=text_of(event, "UID"),
            subject=subject_of(event, remarks),
            start=start,
            end=end,
            zone=zone,
            details=details_of(event, alarms, self._owner if not organizer else None, start, remarks),
            organizer=organizer,
            rule=_rule(event, remarks),
            left_out=tuple(self._clock.days(all_of(event, "EXDATE"), zone)),
            replaces=None if at is None else day_on(at, zone),
        )

    def _start(self, event: Any, remarks: Counter[str]) -> tuple[When, str]:
        given = first_of(event, "DTSTART")
        if _is_flagged(event):
            return self._clock.day(given, remarks), ""
        if not isinstance(given.dt, datetime):
            return self._clock.day(given, remarks), ""
        return self._clock.place(given, remarks)

    def _end(self, event: Any, start: When, remarks: Counter[str]) -> When:
        if event.get("DTEND") is not None:
            given = first_of(event, "DTEND")
            timed = isinstance(start, datetime)
            return self._clock.place(given, remarks)[0] if timed else self._clock.day(given, remarks)
        if event.get("DURATION") is not None:
            end: When = start + first_of(event, "DURATION").dt
            return end
        return start if isinstance(start, datetime) else start + timedelta(days=1)


def _is_flagged(event: Any) -> bool:
    return any(text_of(event, name).upper() == "TRUE" for name in ALL_DAY)


def _sequence(event: Any) -> int:
    number = text_of(event, "SEQUENCE")
    return int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0


def _stamp(event: Any, name: str) -> str:
    return next((moment(getattr(given, "dt", None)) for given in all_of(event, name)), "")


def _rule(event: Any, remarks: Counter[str]) -> Json | None:
    unheld = {EXTRA_DATES: "RDATE", LEFT_OUT_BY_RULE: "EXRULE"}
    remarks.update(text for text, name in unheld.items() if event.get(name) is not None)
    ranges = (str(given.params.get("RANGE", "")) for given in all_of(event, "RECURRENCE-ID"))
    remarks.update(THE_REST for named in ranges if named.upper() == "THISANDFUTURE")
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
