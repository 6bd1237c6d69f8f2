"""Calendar files for the tests, written line by line."""

from __future__ import annotations

from simulators.demo.clocks import BROKEN_ZONE, ODD_NAMES, UNKNOWN_ZONE
from simulators.demo.details import BROKEN_ALARM, NO_ADDRESS, NO_ORGANIZER
from simulators.demo.entries import Export
from simulators.demo.ics import (
    EXTRA_DATES,
    LEFT_OUT_BY_RULE,
    THE_REST,
    read_bytes,
)
from simulators.demo.parts import NO_EVENTS, STRAY
from simulators.demo.properties import ATTACHED, BARE, TWICE, UNREAD

HOME = "FLE Standard Time"
MORNING = "DTSTART:20260302T090000Z"


def vevent(uid: str, *lines: str) -> str:
    """An event on 2 March 2026 unless a line says otherwise; its title is its id unless a line gives one."""
    start = () if any("DTSTART" in line for line in lines) else (MORNING,)
    title = () if any("SUMMARY" in line for line in lines) else (f"SUMMARY:{uid}",)
    return "\n".join(("BEGIN:VEVENT", f"UID:{uid}", *start, *title, *lines, "END:VEVENT"))


def calendar(*parts: str, head: str = "") -> str:
    """A calendar with these parts."""
    inside = "".join(f"{part}\n" for part in (head, *parts) if part)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{inside}END:VCALENDAR\n".replace("\n", "\r\n")


def read_calendars(*files: str | bytes) -> Export:
    """These calendars as one file of somebody in Sofia."""
    raw = b"".join(file if isinstance(file, bytes) else file.encode() for file in files)
    return read_bytes(raw, "my.ics", HOME)


def titles(export: Export) -> list[str]:
    """The titles of what was read."""
    return [entry.subject for entry in export.entries]


RULES = "BEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:+0530\nTZOFFSETTO:+0530\nEND:STANDARD"


UNKNOWN_KIND = NO_EVENTS.format("of an unknown kind")


BESIDE = {
    "a zone without rules, as Microsoft 365 publishes": (
        "BEGIN:VTIMEZONE\nTZID:W. Europe Standard Time\nEND:VTIMEZONE",
        BROKEN_ZONE,
    ),
    "a zone with two names": (f"BEGIN:VTIMEZONE\nTZID:One\nTZID:Two\n{RULES}\nEND:VTIMEZONE", ODD_NAMES),
    "a zone without a name": (f"BEGIN:VTIMEZONE\n{RULES}\nEND:VTIMEZONE", ODD_NAMES),
    "a zone of no known offset": (
        f"BEGIN:VTIMEZONE\nTZID:One\n{RULES.replace('+0530', 'east')}\nEND:VTIMEZONE",
        BROKEN_ZONE,
    ),
    "a zone whose clocks change every second": (
        f"BEGIN:VTIMEZONE\nTZID:One\n{RULES.replace('END', 'RRULE:FREQ=SECONDLY' + chr(10) + 'END')}\nEND:VTIMEZONE",
        BROKEN_ZONE,
    ),
    "a zone without an end": (f"BEGIN:VTIMEZONE\nTZID:One\n{RULES}", BROKEN_ZONE),
    "free time that ends before it begins": (
        "BEGIN:VFREEBUSY\nDTSTART:20260302T090000Z\nDTEND:20260301T090000Z\nEND:VFREEBUSY",
        NO_EVENTS.format("VFREEBUSY"),
    ),
    "a task that is due some day": ("BEGIN:VTODO\nDUE:some day\nEND:VTODO", NO_EVENTS.format("VTODO")),
    "a task without an end": ("BEGIN:VTODO\nSUMMARY:x", NO_EVENTS.format("VTODO")),
    "a task with a reminder": (
        "BEGIN:VTODO\nBEGIN:VALARM\nTRIGGER:-PT5M\nEND:VALARM\nEND:VTODO",
        NO_EVENTS.format("VTODO"),
    ),
    "a part of no known kind": ("BEGIN:X-THING\nhello\nBEGIN:INNER\nEND:INNER\nEND:X-THING", UNKNOWN_KIND),
    "a reminder of nothing": ("BEGIN:VALARM\nTRIGGER:-PT5M\nEND:VALARM", UNKNOWN_KIND),
    "a stray line": ("hello, world", STRAY),
    "a stray line with a colon": ("Phone: 5", STRAY),
    "the beginning of nothing": ("BEGIN:ALPHA", STRAY),
    "the end of nothing": ("END:OMEGA", STRAY),
    "the end of an event that never began": ("END:VEVENT", STRAY),
    "a calendar in the calendar": ("BEGIN:VCALENDAR\nEND:VCALENDAR\nhello", STRAY),
}
"""What a file may have beside its events, and how it is counted."""


Piece = tuple[str, str, str]
"""What it is good for, its text, the remark it causes."""


def sound(*lines: str) -> str:
    """An event that can be used, with something odd in it."""
    return vevent("odd", *lines)


ODD = {
    "description on bare lines": (sound("DESCRIPTION:first", "second, without a colon", "Phone: 5"), BARE),
    "address on a bare line": (sound("DESCRIPTION:see", "https://example.com/a"), BARE),
    "BEGIN in a description": (sound("DESCRIPTION:see", "BEGIN: at nine"), BARE),
    "reminder some day": (sound("BEGIN:VALARM\nTRIGGER:soon\nEND:VALARM"), BROKEN_ALARM),
    "reminder without an end": (sound("BEGIN:VALARM\nTRIGGER:-PT5M"), BROKEN_ALARM),
    "reminder of no time": (sound("BEGIN:VALARM\nACTION:DISPLAY\nEND:VALARM"), BROKEN_ALARM),
    "reminder with a stray line": (sound("BEGIN:VALARM\nTRIGGER:-PT5M\nhello\nEND:VALARM"), BROKEN_ALARM),
    "reminder beyond all time": (sound("BEGIN:VALARM\nTRIGGER:-P999999999D\nEND:VALARM"), BROKEN_ALARM),
    "part of no known kind": (sound("BEGIN:X-THING\nEND:X-THING"), UNKNOWN_KIND),
    "beginning of nothing": (sound("BEGIN:ALPHA"), STRAY),
    "end of nothing": (sound("END:VALARM"), STRAY),
    "place that nobody can be at": (sound("GEO:here"), UNREAD),
    "attachment": (sound("ATTACH;ENCODING=BASE64;VALUE=BINARY:AAAA"), ATTACHED),
    "created some day": (sound("CREATED:some day"), UNREAD),
    "two titles": (sound("SUMMARY:odd", "SUMMARY:other"), TWICE),
    "two starts": (sound("DTSTART:20260302T090000Z", "DTSTART:20260303T090000Z"), TWICE),
    "unknown zone, twice": (
        sound("DTSTART;TZID=Mars:20260302T090000", "DTEND;TZID=Mars:20260302T100000"),
        UNKNOWN_ZONE,
    ),
    "extra dates": (sound("RRULE:FREQ=DAILY", "RDATE:20260309T090000Z"), EXTRA_DATES),
    "dates left out by a rule": (sound("RRULE:FREQ=DAILY", "EXRULE:FREQ=WEEKLY"), LEFT_OUT_BY_RULE),
    "all later dates": (sound("RECURRENCE-ID;RANGE=THISANDFUTURE:20260302T090000Z"), THE_REST),
    "attendee without an address": (sound("ATTENDEE;CN=Jane:invalid:nomail"), NO_ADDRESS),
    "organizer without an address": (sound("ORGANIZER;CN=Jane:invalid:nomail"), NO_ORGANIZER),
}
"""Events that can be used but for something in them."""


def renamed(piece: Piece, number: int) -> str:
    """A piece with an id of its own."""
    _, text, _ = piece
    return text.replace("UID:odd", f"UID:odd{number}").replace("UID:bad", f"UID:bad{number}")
