"""Whatever stands beside the events of a calendar file, the events are read, and what is not is counted."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from datetime import date, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.demo import SAMPLE
from simulators.demo.clocks import BROKEN_ZONE, ODD_NAMES, UNKNOWN_ZONE
from simulators.demo.details import BROKEN_ALARM, NO_ADDRESS, NO_ORGANIZER, PEOPLE_LIMIT, TOO_MANY
from simulators.demo.entries import Entry
from simulators.demo.ics import (
    ANSWERS,
    EXTRA_DATES,
    LEFT_OUT_BY_RULE,
    NOT_CLOSED,
    THE_REST,
    UNREADABLE,
    Unreadable,
)
from simulators.demo.lines import lines_of
from simulators.demo.loading import orders, shift_for
from simulators.demo.parts import CUT_OFF, NO_EVENTS, STRAY, read_parts
from simulators.demo.properties import ATTACHED, BARE, TWICE, UNREAD
from simulators.demo.versions import CANCELLED, OLDER
from tests.budget import budget
from tests.demo.files import calendar, event, read, titles

RULES = "BEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:+0530\nTZOFFSETTO:+0530\nEND:STANDARD"
OF_WHOLE_EVENTS = (ANSWERS, CANCELLED, NOT_CLOSED, OLDER, UNREADABLE)
"""What is said of events that are left out."""

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

OF_EVENTS = {
    "without a start": ("BEGIN:VEVENT\nUID:bad\nSUMMARY:bad\nEND:VEVENT", UNREADABLE),
    "with a start of no calendar": (event("bad", "DTSTART:soon"), UNREADABLE),
    "that ends before it begins": (event("bad", "DTEND:20260302T080000Z"), UNREADABLE),
    "without its end": ("BEGIN:VEVENT\nUID:bad\nDTSTART:20260302T090000Z", NOT_CLOSED),
    "that begins twice": ("BEGIN:VEVENT", NOT_CLOSED),
}
"""Events that cannot be used."""


OPEN = ("a zone without an end", "a task without an end", "without its end", "that begins twice")
"""Of these two, what has no end of its own."""

Piece = tuple[str, str, str]
"""What it is good for, its text, the remark it causes."""


def sound(*lines: str) -> str:
    """An event that can be used, with something odd in it."""
    return event("odd", *lines)


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


@pytest.mark.parametrize("what", BESIDE)
def test_what_stands_beside_the_events_is_counted_and_the_events_are_read(what: str) -> None:
    """One unusable part does not make the file no calendar, wherever it stands."""
    part, remark = BESIDE[what]

    for file in (
        calendar(part, event("a"), event("b")),
        calendar(event("a"), part, event("b")),
        calendar(event("a"), event("b"), part),
    ):
        export = read(file)

        assert (["a", "b"], {remark: 1}) == (titles(export), export.remarks)


@pytest.mark.parametrize("what", OF_EVENTS)
def test_an_event_that_cannot_be_used_is_counted_and_the_others_are_read(what: str) -> None:
    """A broken event takes neither the one before nor the one after it along."""
    part, remark = OF_EVENTS[what]

    export = read(calendar(event("a"), part, event("b")))

    assert (["a", "b"], {remark: 1}) == (titles(export), export.remarks)


@pytest.mark.parametrize("what", ODD)
def test_an_odd_event_is_read_and_what_is_odd_is_counted(what: str) -> None:
    """What cannot be used of an event is said, once for the event; the event itself is there."""
    part, remark = ODD[what]

    export = read(calendar(event("a"), part, event("b")))

    assert (["a", "odd", "b"], {remark: 1}) == (titles(export), export.remarks)


def renamed(piece: Piece, number: int) -> str:
    """A piece with an id of its own."""
    _, text, _ = piece
    return text.replace("UID:odd", f"UID:odd{number}").replace("UID:bad", f"UID:bad{number}")


CLOSED = [("good", event("odd"), "")] + [("odd", *piece) for piece in ODD.values()]
CLOSED += [("bad", *piece) for what, piece in (OF_EVENTS | BESIDE).items() if what not in OPEN]
EVERYTHING = CLOSED + [("bad", *(OF_EVENTS | BESIDE)[what]) for what in OPEN]


def written(pieces: list[Piece]) -> tuple[str, list[str]]:
    """A file of these pieces, without its end, and the ids of its usable events."""
    usable = ["first", *(f"odd{number}" for number, piece in enumerate(pieces) if piece[0] != "bad")]
    file = calendar(event("first"), *(renamed(piece, number) for number, piece in enumerate(pieces)))
    return file.removesuffix("END:VCALENDAR\r\n"), usable


@settings(deadline=None)
@given(st.lists(st.sampled_from(CLOSED), max_size=12), st.booleans())
def test_events_read_are_events_written_and_all_else_is_counted_once(pieces: list[Piece], whole: bool) -> None:
    """Of any mixture every usable event is read, in its order, and everything else is counted exactly once."""
    file, usable = written(pieces)
    expected = Counter(remark for _, _, remark in pieces if remark) + Counter([] if whole else [CUT_OFF])

    export = read(file + "END:VCALENDAR" * whole)

    assert usable == [entry.uid for entry in export.entries]
    assert expected == export.remarks


@settings(deadline=None)
@given(st.lists(st.sampled_from(EVERYTHING), max_size=12))
def test_events_are_read_after_parts_without_an_end(pieces: list[Piece]) -> None:
    """A part without an end swallows other parts and lines, and is counted with them; it swallows no event."""
    file, usable = written(pieces)
    lost = sum(remark in (UNREADABLE, NOT_CLOSED) for _, _, remark in pieces)

    export = read(f"{file}END:VCALENDAR")

    assert usable == [entry.uid for entry in export.entries]
    assert lost == export.remarks[UNREADABLE] + export.remarks[NOT_CLOSED]
    assert bool(export.remarks) == any(remark for _, _, remark in pieces)


def test_a_file_that_was_cut_off_keeps_its_whole_events() -> None:
    """Wherever a file ends, the events that end before it are read, and the cut is said."""
    file = calendar(event("a"), event("b"), event("c"))
    for end in range(file.index("END:VEVENT") + len("END:VEVENT"), len(file) - len("END:VCALENDAR\r\n")):
        export = read(file[:end])

        begun = file[:end].count("BEGIN:VEVENT")
        assert len(export.entries) + export.remarks[NOT_CLOSED] == begun
        assert len(export.entries) == file[:end].count("END:VEVENT")
        assert export.remarks[CUT_OFF] == 1


def test_events_without_a_calendar_around_them_are_read() -> None:
    """Some programs write bare events one after another."""
    assert titles(read(event("a"), "\r\n", event("b"))) == ["a", "b"]


def test_a_file_of_beginnings_alone_ends() -> None:
    """A hundred thousand parts inside one another are refused in words, and soon."""
    with pytest.raises(Unreadable, match="no event"):
        read("BEGIN:VCALENDAR\n" + "BEGIN:X\na\n" * 100_000 + "END:X\n" * 100_000 + "END:VCALENDAR")


def test_people_whom_exchange_cannot_invite_are_counted() -> None:
    """Five hundred attendees are invited, each once; the others and those without an address are counted."""
    people = [f"ATTENDEE:mailto:p{number}@acme.example" for number in range(PEOPLE_LIMIT + 7)]
    nobody = ["ATTENDEE;CN=Jane:invalid:nomail", "ATTENDEE;CN=Room:", "ATTENDEE;CN=X:/O=ACME/CN=X"]
    export = read(calendar(event("a", *nobody, *people, people[0].upper())))

    assert len(export.entries[0].details["attendees"]) == PEOPLE_LIMIT
    assert export.remarks == {NO_ADDRESS: 3, TOO_MANY: 7}


def test_an_address_beside_an_id_is_taken() -> None:
    """RFC 7986's EMAIL names people whom an id of another kind stands for."""
    lines = ("ATTENDEE;CN=Jane;EMAIL=jane@acme.example:urn:uuid:1", "ATTENDEE:mailto: bob@acme.example")
    [entry] = read(calendar(event("a", *lines))).entries

    assert [one["emailAddress"]["address"] for one in entry.details["attendees"]] == [
        "jane@acme.example",
        "bob@acme.example",
    ]


def test_nobody_is_invited_to_a_meeting_of_an_organizer_without_an_address() -> None:
    """It is entered as one's own, and not sent out in one's own name."""
    [entry] = read(calendar(event("a", "ORGANIZER;CN=Jane:nobody", "ATTENDEE:mailto:bob@acme.example"))).entries

    assert (entry.organizer, "attendees" in entry.details) == ("", False)


SAMPLE_LINES = [line.encode() for line in lines_of(SAMPLE.read_bytes(), Counter())][:180]
INSIDE = [
    number
    for number, line in enumerate(SAMPLE_LINES)
    if SAMPLE_LINES.index(b"BEGIN:VEVENT") < number and not line.startswith((b"BEGIN:", b"END:", b"UID:"))
]
"""The lines of the sample's events, but for those that begin, end or name something."""


EDGES = [b"\r\nEND:VEVENT\r\n", b"\r\nBEGIN:VTODO\r\n", b"\r\nEND:VCALENDAR\r\n", b"\r\n"]


@cache
def unspoilt() -> list[Entry]:
    """The sample's entries."""
    return read(b"\r\n".join(SAMPLE_LINES)).entries


def uid_around(number: int) -> str:
    """The id of the event that a line of the sample is in."""
    start = max(n for n in range(number) if SAMPLE_LINES[n] == b"BEGIN:VEVENT")
    return next(line.removeprefix(b"UID:").decode() for line in SAMPLE_LINES[start:] if line.startswith(b"UID:"))


@settings(max_examples=budget(8, 500), deadline=None)
@given(st.sampled_from(INSIDE), st.binary(max_size=30).filter(lambda noise: not set(noise) & {10, 13}))
def test_a_spoilt_line_of_a_real_file_spoils_its_own_event_at_most(number: int, noise: bytes) -> None:
    """Every other event of the file is what it was, and the file can be entered."""
    spoilt = b"\r\n".join(b"x" + noise if n == number else line for n, line in enumerate(SAMPLE_LINES))
    untouched = [entry for entry in unspoilt() if entry.uid != uid_around(number)]

    export = read(spoilt)

    assert untouched == [entry for entry in export.entries if entry.uid != uid_around(number)]
    assert json.dumps([order.words for order in orders(export, timedelta(weeks=9))])


@settings(max_examples=budget(10, 2000), deadline=None)
@given(st.data())
def test_whatever_is_done_to_a_real_file_it_is_read_or_refused_in_words(data: st.DataObject) -> None:
    """Pieces lost, doubled, moved and overwritten: no event is unaccounted for."""
    raw = b"\r\n".join(SAMPLE_LINES)
    for _ in range(data.draw(st.integers(1, 6))):
        start, length = data.draw(st.integers(0, len(raw))), data.draw(st.integers(0, 200))
        piece = raw[start : start + length]
        instead = data.draw(st.sampled_from([b"", piece * 2, b"\xff" * 3, *EDGES]))
        raw = raw[:start] + instead + raw[start + length :]

    with suppress(Unreadable):
        export = read(raw)

        begun = sum(part.name == "VEVENT" for part in read_parts(lines_of(raw, Counter()), Counter()).walk())
        assert len(export.entries) + sum(export.remarks[text] for text in OF_WHOLE_EVENTS) == begun
        assert json.dumps([order.words for order in orders(export, shift_for(export.entries, date(2026, 11, 28)))])


HEADS = [
    "METHOD",
    "X-OWNER",
    "X-WR-CALNAME",
    "X-WR-TIMEZONE",
    "X-MS-OLK-WKHRSTART",
    "VERSION",
    "LAST-MODIFIED",
    "NAME",
]
JUNK = st.sampled_from(
    [";", ":", '"', "TZID=", "VALUE=DATE", "VALUE=BINARY", "X=", ",", "\\", "20260302T090000Z", "мир"]
)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(HEADS), st.lists(JUNK, max_size=6)), max_size=4))
def test_whatever_a_calendar_says_of_itself_its_events_are_read(heads: list[tuple[str, list[str]]]) -> None:
    """Its owner, zone and name may be spoilt; the event is there."""
    head = "\n".join(name + "".join(junk) for name, junk in heads)

    assert titles(read(calendar(event("a"), head=head))) == ["a"]


PROPERTIES = [
    *(
        "DTSTART",
        "DTEND",
        "DURATION",
        "RRULE",
        "EXDATE",
        "RDATE",
        "RECURRENCE-ID",
        "SUMMARY",
        "ORGANIZER",
        "ATTENDEE",
    ),
    *("CATEGORIES", "X-ALT-DESC", "DTSTAMP", "SEQUENCE", "UID", "STATUS", "CLASS", "X-MICROSOFT-CDO-ALLDAYEVENT"),
]
VALUES = [
    *("20260302T090000Z", "20260302", "00010101T000000Z", "99991231T235959Z", "20260302T090000/PT1H", "PT", "-P1D"),
    *("P99999999D", "FREQ=DAILY", "UNTIL=", "COUNT=0", "TRUE", "mailto:a@b", "TZID=Mars", "(UTC-05:00) x"),
    *(";VALUE=PERIOD", ";VALUE=DURATION", ";VALUE=DATE", ";FMTTYPE=text/html"),
]
LINE = st.builds(
    lambda name, junk: name + "".join(junk),
    st.sampled_from(PROPERTIES),
    st.lists(JUNK | st.sampled_from(VALUES), max_size=5),
)


@settings(deadline=None)
@given(st.lists(LINE, max_size=6))
def test_whatever_an_event_says_the_ones_beside_it_are_read_and_entered(lines: list[str]) -> None:
    """Values of another type, times at the edge of time, parameters without sense."""
    export = read(calendar(event("a"), event("odd", *lines), event("b")))

    assert [title for title in titles(export) if title in ("a", "b")] == ["a", "b"]
    assert len(export.entries) + sum(export.remarks[text] for text in OF_WHOLE_EVENTS) == 3
    assert json.dumps([order.words for order in orders(export, shift_for(export.entries, date(2026, 11, 28)))])
