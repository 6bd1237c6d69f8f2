"""The properties of one part, read by the library that knows their types; a line that it cannot read stays alone."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any

from icalendar import Event

from simulators.demo.clocks import plain_dates
from simulators.demo.parts import Part, name_of

BARE = "with lines that are no property, left out"
UNREAD = "with properties not understood, left out"
ATTACHED = "with attachments, left out"
TWICE = "with a property given twice, the first one taken"

ONCE = {
    "CLASS",
    "DESCRIPTION",
    "DTEND",
    "DTSTART",
    "DURATION",
    "LOCATION",
    "ORGANIZER",
    "RECURRENCE-ID",
    "RRULE",
    "SEQUENCE",
    "STATUS",
    "SUMMARY",
    "TRANSP",
    "UID",
}
"""What an event has at most once (RFC 5545 §3.6.1), of what is used."""


def properties_of(part: Part, remarks: Counter[str]) -> tuple[Any, set[str]]:
    """The part's own properties, and the names of those that could not be read. Each kind of trouble counts once."""
    named = [(name_of(line), line) for line in part.lines]
    counted = Counter(name for name, _ in named)
    lines = [plain for name, line in named if name not in ("", "ATTACH") for plain in plain_dates(line.rstrip())]
    properties = _try(lines)
    unread: set[str] = set()
    if properties is None:
        sound = [line for line in lines if _try([line]) is not None]
        unread = {name_of(line) for line in lines} - {name_of(line) for line in sound}
        properties = _read(sound)
    unread |= {str(name or "").upper() for name, _ in properties.errors}
    twice = any(counted[name] > 1 for name in ONCE)
    troubles = {BARE: counted[""], ATTACHED: counted["ATTACH"], UNREAD: unread, TWICE: twice}
    remarks.update(text for text, there in troubles.items() if there)
    return properties, unread


def _try(lines: Sequence[str]) -> Any:
    try:
        return _read(lines)
    except Exception:  # noqa: BLE001 - the library's failures have no family; the caller looks for the line
        return None


def _read(lines: Sequence[str]) -> Any:
    """Every part is read as an event: of all parts the library forgives this one most."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is not understood is counted
        return Event.from_ical("\r\n".join(("BEGIN:VEVENT", *lines, "END:VEVENT")))
