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
from simulators.demo.details import NO_ADDRESS, PEOPLE_LIMIT, TOO_MANY
from simulators.demo.entries import Entry
from simulators.demo.ics import (
    ANSWERS,
    NOT_CLOSED,
    UNREADABLE,
    Unreadable,
)
from simulators.demo.lines import lines_of
from simulators.demo.loading import orders, shift_for
from simulators.demo.parts import CUT_OFF, read_parts
from simulators.demo.versions import CANCELLED, OLDER
from tests.support.budget import budget
from tests.support.calendar_files import (
    BESIDE,
    ODD,
    Piece,
    calendar,
    read_calendars,
    renamed,
    titles,
    vevent,
)

OF_WHOLE_EVENTS = (ANSWERS, CANCELLED, NOT_CLOSED, OLDER, UNREADABLE)
"""What is said of events that are left out."""


OF_EVENTS = {
    "without a start": ("BEGIN:VEVENT\nUID:bad\nSUMMARY:bad\nEND:VEVENT", UNREADABLE),
    "with a start of no calendar": (vevent("bad", "DTSTART:soon"), UNREADABLE),
    "that ends before it begins": (vevent("bad", "DTEND:20260302T080000Z"), UNREADABLE),
    "without its end": ("BEGIN:VEVENT\nUID:bad\nDTSTART:20260302T090000Z", NOT_CLOSED),
    "that begins twice": ("BEGIN:VEVENT", NOT_CLOSED),
}
"""Events that cannot be used."""


OPEN = ("a zone without an end", "a task without an end", "without its end", "that begins twice")
"""Of these two, what has no end of its own."""


@pytest.mark.parametrize("what", BESIDE)
def test_what_stands_beside_the_events_is_counted_and_the_events_are_read(what: str) -> None:
    """One unusable part does not make the file no calendar, wherever it stands."""
    part, remark = BESIDE[what]

    for file in (
        calendar(part, vevent("a"), vevent("b")),
        calendar(vevent("a"), part, vevent("b")),
        calendar(vevent("a"), vevent("b"), part),
    ):
        export = read_calendars(file)

        assert (["a", "b"], {remark: 1}) == (titles(export), export.remarks)


@pytest.mark.parametrize("what", OF_EVENTS)
def test_an_event_that_cannot_be_used_is_counted_and_the_others_are_read(what: str) -> None:
    """A broken event takes neither the one before nor the one after it along."""
    part, remark = OF_EVENTS[what]

    export = read_calendars(calendar(vevent("a"), part, vevent("b")))

    assert (["a", "b"], {remark: 1}) == (titles(export), export.remarks)


@pytest.mark.parametrize("what", ODD)
def test_an_odd_event_is_read_and_what_is_odd_is_counted(what: str) -> None:
    """What cannot be used of an event is said, once for the event; the event itself is there."""
    part, remark = ODD[what]

    export = read_calendars(calendar(vevent("a"), part, vevent("b")))

    assert (["a", "odd", "b"], {remark: 1}) == (titles(export), export.remarks)


CLOSED = [("good", vevent("odd"), "")] + [("odd", *piece) for piece in ODD.values()]
CLOSED += [("bad", *piece) for what, piece in (OF_EVENTS | BESIDE).items() if what not in OPEN]
EVERYTHING = [piece for piece in CLOSED if piece[1] != "END:VEVENT"]  # it would end an event that is left open
EVERYTHING += [("bad", *(OF_EVENTS | BESIDE)[what]) for what in OPEN]


def written(pieces: list[Piece]) -> tuple[str, list[str]]:
    """A file of these pieces, without its end, and the ids of its usable events."""
    usable = ["first", *(f"odd{number}" for number, piece in enumerate(pieces) if piece[0] != "bad")]
    file = calendar(vevent("first"), *(renamed(piece, number) for number, piece in enumerate(pieces)))
    return file.removesuffix("END:VCALENDAR\r\n"), usable


@settings(deadline=None)
@given(st.lists(st.sampled_from(CLOSED), max_size=12), st.booleans())
def test_events_read_are_events_written_and_all_else_is_counted_once(pieces: list[Piece], whole: bool) -> None:
    """Of any mixture every usable event is read, in its order, and everything else is counted exactly once."""
    file, usable = written(pieces)
    expected = Counter(remark for _, _, remark in pieces if remark) + Counter([] if whole else [CUT_OFF])

    export = read_calendars(file + "END:VCALENDAR" * whole)

    assert usable == [entry.uid for entry in export.entries]
    assert expected == export.remarks


@settings(deadline=None)
@given(st.lists(st.sampled_from(EVERYTHING), max_size=12))
def test_events_are_read_after_parts_without_an_end(pieces: list[Piece]) -> None:
    """A part without an end swallows other parts and lines, and is counted with them; it swallows no event."""
    file, usable = written(pieces)
    lost = sum(remark in (UNREADABLE, NOT_CLOSED) for _, _, remark in pieces)

    export = read_calendars(f"{file}END:VCALENDAR")

    assert usable == [entry.uid for entry in export.entries]
    assert lost == export.remarks[UNREADABLE] + export.remarks[NOT_CLOSED]
    assert bool(export.remarks) == any(remark for _, _, remark in pieces)


def test_an_event_whose_end_comes_late_is_an_event() -> None:
    """Lines that stand apart in the file are one event all the same: a beginning and the next end."""
    open_event = "BEGIN:VEVENT\nUID:late\nDTSTART:20260302T090000Z"

    export = read_calendars(calendar(vevent("first"), open_event, "END:VEVENT"))

    assert [entry.uid for entry in export.entries] == ["first", "late"]


def test_a_file_that_was_cut_off_keeps_its_whole_events() -> None:
    """Wherever a file ends, the events that end before it are read, and the cut is said."""
    file = calendar(vevent("a"), vevent("b"), vevent("c"))
    for end in range(file.index("END:VEVENT") + len("END:VEVENT"), len(file) - len("END:VCALENDAR\r\n")):
        export = read_calendars(file[:end])

        begun = file[:end].count("BEGIN:VEVENT")
        assert len(export.entries) + export.remarks[NOT_CLOSED] == begun
        assert len(export.entries) == file[:end].count("END:VEVENT")
        assert export.remarks[CUT_OFF] == 1


def test_events_without_a_calendar_around_them_are_read() -> None:
    """Some programs write bare events one after another."""
    assert titles(read_calendars(vevent("a"), "\r\n", vevent("b"))) == ["a", "b"]


def test_a_file_of_beginnings_alone_ends() -> None:
    """A hundred thousand parts inside one another are refused in words, and soon."""
    with pytest.raises(Unreadable, match="no event"):
        read_calendars("BEGIN:VCALENDAR\n" + "BEGIN:X\na\n" * 100_000 + "END:X\n" * 100_000 + "END:VCALENDAR")


def test_people_whom_exchange_cannot_invite_are_counted() -> None:
    """Five hundred attendees are invited, each once; the others and those without an address are counted."""
    people = [f"ATTENDEE:mailto:p{number}@acme.example" for number in range(PEOPLE_LIMIT + 7)]
    nobody = ["ATTENDEE;CN=Jane:invalid:nomail", "ATTENDEE;CN=Room:", "ATTENDEE;CN=X:/O=ACME/CN=X"]
    export = read_calendars(calendar(vevent("a", *nobody, *people, people[0].upper())))

    assert len(export.entries[0].details["attendees"]) == PEOPLE_LIMIT
    assert export.remarks == {NO_ADDRESS: 3, TOO_MANY: 7}


def test_an_address_beside_an_id_is_taken() -> None:
    """RFC 7986's EMAIL names people whom an id of another kind stands for."""
    lines = ("ATTENDEE;CN=Jane;EMAIL=jane@acme.example:urn:uuid:1", "ATTENDEE:mailto: bob@acme.example")
    [entry] = read_calendars(calendar(vevent("a", *lines))).entries

    assert [one["emailAddress"]["address"] for one in entry.details["attendees"]] == [
        "jane@acme.example",
        "bob@acme.example",
    ]


def test_nobody_is_invited_to_a_meeting_of_an_organizer_without_an_address() -> None:
    """It is entered as one's own, and not sent out in one's own name."""
    [entry] = read_calendars(
        calendar(vevent("a", "ORGANIZER;CN=Jane:nobody", "ATTENDEE:mailto:bob@acme.example"))
    ).entries

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
    return read_calendars(b"\r\n".join(SAMPLE_LINES)).entries


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

    export = read_calendars(spoilt)

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
        export = read_calendars(raw)

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

    assert titles(read_calendars(calendar(vevent("a"), head=head))) == ["a"]


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
    export = read_calendars(calendar(vevent("a"), vevent("odd", *lines), vevent("b")))

    assert [title for title in titles(export) if title in ("a", "b")] == ["a", "b"]
    assert len(export.entries) + sum(export.remarks[text] for text in OF_WHOLE_EVENTS) == 3
    assert json.dumps([order.words for order in orders(export, shift_for(export.entries, date(2026, 11, 28)))])
