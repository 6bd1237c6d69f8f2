"""Anyone's calendar file becomes entries: times, zones, words, people; what cannot be used is counted or refused."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cli import main
from simulators import demo
from simulators.demo import SAMPLE
from simulators.demo.details import LONG_TITLE
from simulators.demo.ics import (
    CANCELLED,
    EXTRA_DATES,
    UNKNOWN_ZONE,
    UNREADABLE,
    Entry,
    Export,
    Unreadable,
    read_file,
    read_text,
)

HOME = "FLE Standard Time"

CUSTOM_ZONE = """\
BEGIN:VTIMEZONE
TZID:Zone of My Own
BEGIN:STANDARD
DTSTART:16010101T000000
TZOFFSETFROM:+0530
TZOFFSETTO:+0530
END:STANDARD
END:VTIMEZONE
"""


def calendar(*events: str, head: str = "") -> str:
    """A file with these events, each given as its lines."""
    inside = "".join(f"BEGIN:VEVENT\nUID:{n}\n{event}\nEND:VEVENT\n" for n, event in enumerate(events))
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{head}{inside}END:VCALENDAR\n".replace("\n", "\r\n")


def read(*events: str, head: str = "") -> Export:
    """The events as an export of somebody in Sofia."""
    return read_text(calendar(*events, head=head), "my.ics", HOME)


def one(*lines: str, head: str = "") -> Entry:
    """The entry of an event with these lines, on 2 March 2026 unless they say otherwise."""
    given = "\n".join(lines)
    times = "" if "DTSTART" in given else "DTSTART:20260302T090000Z\n"
    [entry] = read(times + given, head=head).entries
    return entry


def instant(entry: Entry) -> datetime:
    """The start in UTC."""
    assert isinstance(entry.start, datetime)
    return entry.start.astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "zone", "expected"),
    [
        (';TZID="FLE Standard Time":20260302T090000', HOME, "2026-03-02T07:00"),
        (";TZID=Eastern Standard Time:20260302T090000", "Eastern Standard Time", "2026-03-02T14:00"),
        (";TZID=Europe/London:20260702T090000", "Europe/London", "2026-07-02T08:00"),
        (";TZID=/vendor.example/Europe/London:20260702T090000", "Europe/London", "2026-07-02T08:00"),
        (":20260302T090000Z", HOME, "2026-03-02T09:00"),
        (":20260302T090000", HOME, "2026-03-02T07:00"),
        (";TZID=Zone of My Own:20260302T090000", HOME, "2026-03-02T03:30"),
    ],
    ids=["windows", "windows-unquoted", "iana", "vendor-prefix", "utc", "floating", "described-in-file"],
)
def test_start(start: str, zone: str, expected: str) -> None:
    """A start is the right instant, and keeps the name of its zone where Outlook knows it."""
    entry = one(f"DTSTART{start}", head=CUSTOM_ZONE)

    assert (datetime.fromisoformat(f"{expected}+00:00"), zone) == (instant(entry), entry.zone)


def test_unknown_zone_is_the_owners_and_said() -> None:
    """A zone that neither the world nor the file knows is taken as the owner's, and counted."""
    export = read("DTSTART;TZID=Middle Earth:20260302T090000")

    assert datetime(2026, 3, 2, 7, tzinfo=UTC) == instant(export.entries[0])
    assert export.remarks == {UNKNOWN_ZONE: 1}


@pytest.mark.parametrize(
    ("head", "zone"),
    [
        ("X-WR-TIMEZONE:America/New_York\n", "America/New_York"),
        ('X-MS-OLK-WKHRSTART;TZID="GMT Standard Time":090000\n', "GMT Standard Time"),
        ("X-WR-TIMEZONE:Middle Earth\n", HOME),
    ],
    ids=["x-wr-timezone", "working-hours", "unknown"],
)
def test_zone_of_the_file(head: str, zone: str) -> None:
    """Floating times are in the zone the file names for itself, else in the reader's."""
    assert zone == one("DTSTART:20260302T090000", head=head).zone


@pytest.mark.parametrize(
    ("lines", "start", "end"),
    [
        ("DTSTART;VALUE=DATE:20260302\nDTEND;VALUE=DATE:20260305", date(2026, 3, 2), date(2026, 3, 5)),
        ("DTSTART;VALUE=DATE:20260302", date(2026, 3, 2), date(2026, 3, 3)),
        ("DTSTART;VALUE=DATE:20260302\nDTEND;VALUE=DATE:20260302", date(2026, 3, 2), date(2026, 3, 3)),
        (
            "DTSTART:20260302T000000\nDTEND:20260304T000000\nX-MICROSOFT-CDO-ALLDAYEVENT:TRUE",
            date(2026, 3, 2),
            date(2026, 3, 4),
        ),
    ],
    ids=["several-days", "no-end", "empty", "outlooks-flag"],
)
def test_all_day(lines: str, start: date, end: date) -> None:
    """Whole days are dates with the end exclusive, at least one day long."""
    entry = one(lines)

    assert (start, end, True) == (entry.start, entry.end, entry.all_day)


@pytest.mark.parametrize(
    ("line", "length"),
    [
        ("DTEND:20260302T100000Z", timedelta(hours=1)),
        ("DURATION:PT45M", timedelta(minutes=45)),
        ("DTEND;TZID=Europe/London:20260302T100000", timedelta(hours=1)),
        ("", timedelta(0)),
    ],
    ids=["end", "duration", "end-in-another-zone", "neither"],
)
def test_length(line: str, length: timedelta) -> None:
    """The end is told by DTEND in its own zone, by a duration, or is the start."""
    entry = one(line)

    assert length == entry.end - entry.start  # type: ignore[operator]


@pytest.mark.parametrize(
    ("line", "name", "expected"),
    [
        ("CLASS:PRIVATE", "sensitivity", "private"),
        ("CLASS:CONFIDENTIAL", "sensitivity", "confidential"),
        ("CLASS:PUBLIC", "sensitivity", "normal"),
        ("PRIORITY:1", "importance", "high"),
        ("PRIORITY:9", "importance", "low"),
        ("PRIORITY:1\nX-MICROSOFT-CDO-IMPORTANCE:0", "importance", "low"),
        ("TRANSP:TRANSPARENT", "show_as", "free"),
        ("TRANSP:OPAQUE\nX-MICROSOFT-CDO-BUSYSTATUS:OOF", "show_as", "oof"),
        ("LOCATION:ul. Shipka 14\\, Sofia", "location", "ul. Shipka 14, Sofia"),
        ("CATEGORIES:Red,Blue\nCATEGORIES:Green", "categories", ["Red", "Blue", "Green"]),
        ("DESCRIPTION:first\\nsecond", "body", "first\nsecond"),
        ("DESCRIPTION:x\nX-ALT-DESC;FMTTYPE=text/html:<b>a\\, b</b>\\n", "html", "<b>a, b</b>\n"),
        ("BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT90M\nEND:VALARM", "reminder", 90),
        ("BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER;VALUE=DATE-TIME:20260302T083000Z\nEND:VALARM", "reminder", 30),
        ("BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:PT5M\nEND:VALARM", "reminder", 0),
        ("BEGIN:VALARM\nACTION:NONE\nTRIGGER;VALUE=DATE-TIME:19760401T005545Z\nEND:VALARM", "reminder", None),
        (
            "BEGIN:VALARM\nACTION:NONE\nTRIGGER:-PT5M\nEND:VALARM\n"
            "BEGIN:VALARM\nACTION:AUDIO\nTRIGGER:-PT9M\nEND:VALARM",
            "reminder",
            9,
        ),
        ("SUMMARY:x", "reminder", None),
    ],
)
def test_words(line: str, name: str, expected: object) -> None:
    """Each property becomes the word a person would use in Outlook; Outlook's own ones win."""
    assert expected == one(line).details[name]


def test_subject_is_one_line_of_outlooks_length() -> None:
    """A title keeps Cyrillic and emoji, loses line breaks and control characters, and is cut at 255 characters."""
    export = read(f"DTSTART:20260302T090000\nSUMMARY:Спринт\\n🚀\x1b[31m {'x' * 300}")

    subject = export.entries[0].subject
    assert subject == f"Спринт 🚀[31m {'x' * 300}"[:255]
    assert export.remarks == {LONG_TITLE: 1}


OWNER = 'X-OWNER;CN="Anna":mailto:Anna@Acme.example\n'


def test_own_meeting_has_its_people() -> None:
    """The owner's own meeting keeps its attendees without the owner."""
    lines = (
        "ORGANIZER:mailto:anna@acme.example",
        'ATTENDEE;CN="Boris";ROLE=OPT-PARTICIPANT:MAILTO:boris@acme.example',
        "ATTENDEE:mailto:anna@acme.example",
        "ATTENDEE:invalid",
    )
    entry = one(*lines, head=OWNER)

    boris = {"emailAddress": {"name": "Boris", "address": "boris@acme.example"}, "type": "optional"}
    assert ("", [boris]) == (entry.organizer, entry.details["attendees"])


def test_meeting_from_outside_has_its_organiser() -> None:
    """Somebody else's meeting names its organiser, and nobody is invited a second time."""
    lines = ("ORGANIZER:mailto:jane@northwind.example", "ATTENDEE:mailto:boris@acme.example")
    entry = one(*lines, head=OWNER)

    assert (entry.organizer, "attendees" in entry.details) == ("jane@northwind.example", False)


def test_owner_by_the_calendars_name() -> None:
    """A calendar named after an address, as Google exports it, belongs to that address."""
    entry = one("ORGANIZER:mailto:anna@acme.example", head="X-WR-CALNAME:anna@acme.example\n")

    assert entry.organizer == ""


def test_series_with_exceptions() -> None:
    """A rule, the dates it leaves out and the date an entry stands for are local dates of the series."""
    export = read(
        "DTSTART;TZID=Europe/Sofia:20260302T010000\nRRULE:FREQ=WEEKLY;BYDAY=MO\nEXDATE:20260308T230000Z",
        "DTSTART;TZID=Europe/Sofia:20260316T090000\nRECURRENCE-ID;TZID=Europe/Sofia:20260316T010000",
    )

    series, exception = export.entries
    assert series.rule == {"FREQ": ["WEEKLY"], "BYDAY": ["MO"]}
    assert (date(2026, 3, 9),) == series.left_out
    assert date(2026, 3, 16) == exception.replaces


@pytest.mark.parametrize(
    ("event", "remark"),
    [
        ("DTSTART:20260302T090000\nSTATUS:CANCELLED", CANCELLED),
        ("SUMMARY:no start", UNREADABLE),
        ("DTSTART:garbage", UNREADABLE),
        ("DTSTART:20260302T090000\nDTEND:20260302T080000", UNREADABLE),
        ("DTSTART:20260302T090000\nDTEND:garbage", UNREADABLE),
        ("DTSTART:20260302T090000\nRRULE:FREQ=SOMETIMES", UNREADABLE),
        ("DTSTART:99990302T090000Z", UNREADABLE),
        ("DTSTART:00010101T000000Z", UNREADABLE),
        ("DTSTART:20260302T090000\nDURATION:P999999999D", UNREADABLE),
    ],
)
def test_useless_event_is_left_out_and_counted(event: str, remark: str) -> None:
    """A cancelled or malformed event is left out with a reason; the others stay."""
    export = read(event, "DTSTART:20260303T090000")

    assert ({remark: 1}, 1) == (export.remarks, len(export.entries))


def test_extra_dates_are_said() -> None:
    """Dates added to a series cannot be loaded, and that is counted."""
    assert read("DTSTART:20260302T090000\nRRULE:FREQ=DAILY\nRDATE:20260310T090000").remarks == {EXTRA_DATES: 1}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        (" \r\n\r\n", "is empty"),
        ("PK\x03\x04" + calendar("DTSTART:20260302T090000"), "ZIP archive"),
        ("hello", "no calendar file"),
        ("%PDF-1.7\n\x00\x01\x02", "no calendar file"),
        ("BEGIN:VCARD\nFN:Anna\nEND:VCARD", "no whole calendar"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260302T090000", "no whole calendar"),
        ("BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR", "no event"),
        (
            "BEGIN:VCALENDAR\nMETHOD:CANCEL\nBEGIN:VEVENT\nDTSTART:20260302T090000\nEND:VEVENT\nEND:VCALENDAR",
            CANCELLED,
        ),
        ("BEGIN:VCALENDAR\n" + "BEGIN:X\n" * 5000 + "END:X\n" * 5000 + "END:VCALENDAR", "nested|no event"),
    ],
    ids=["empty", "blank", "zip", "text", "pdf", "vcard", "cut-off", "no-events", "all-cancelled", "nested"],
)
def test_garbage_is_refused_in_plain_words(text: str, reason: str) -> None:
    """A file that is no calendar, or has nothing to use, is refused with the reason."""
    with pytest.raises(Unreadable, match=reason):
        read_text(text, "my.ics", HOME)


def test_unusable_file_ends_the_demo_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Garbage, a folder and a missing file each end the demo with exit code 2 and a message, nothing started."""
    garbage = tmp_path / "my.ics"
    garbage.write_bytes(b"\x00\xff\xfe garbage")

    codes = [demo.main(main, path) for path in (garbage, tmp_path, tmp_path / "missing.ics")]

    told = capsys.readouterr().err.splitlines()
    assert codes == [2, 2, 2]
    assert all(line.startswith("This calendar cannot be used: ") for line in told)
    assert [name in line for name, line in zip(("my.ics", "", "missing.ics"), told, strict=True)] == [
        True,
        True,
        True,
    ]


def test_no_more_is_read_than_a_calendar_can_be() -> None:
    """A device without an end is refused as a large file is."""
    with pytest.raises(Unreadable, match="larger than"):
        read_file(Path("/dev/zero"), HOME)


def test_a_compressed_calendar_is_told_from_a_wrong_file(tmp_path: Path) -> None:
    """What to do stands in the message."""
    path = tmp_path / "my.ics"
    path.write_bytes(gzip.compress(calendar("DTSTART:20260302T090000").encode()))

    with pytest.raises(Unreadable, match="unpack it"):
        read_file(path, HOME)


def test_nothing_of_a_file_reaches_the_terminal_but_letters(tmp_path: Path) -> None:
    """Neither its name nor a title can clear a screen or turn a line round."""
    path = tmp_path / "my\x1b[2J\n\u202e.ics"
    path.write_bytes(calendar("DTSTART:20260302T090000\nSUMMARY:\x1b[2Ja\u202eb\u2066c").encode())
    export = read_file(path, HOME)
    path.write_bytes(b"")

    assert (export.name, export.entries[0].subject) == ("my[2J .ics", "[2Jabc")
    with pytest.raises(Unreadable) as refused:
        read_file(path, HOME)
    assert not {"\x1b", "\n", "\u202e"} & set(str(refused.value))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encoding(tmp_path: Path, encoding: str) -> None:
    """UTF-8 with and without a mark, UTF-16 and Windows-1252 are read."""
    path = tmp_path / "my.ics"
    path.write_bytes(calendar("DTSTART:20260302T090000\nSUMMARY:Café").encode(encoding))

    assert read_file(path, HOME).entries[0].subject == "Café"


def sample(**wanted: Any) -> list[Entry]:
    """The sample's entries with these attributes."""
    entries = read_file(SAMPLE, "UTC").entries
    return [e for e in entries if all(getattr(e, name) == value for name, value in wanted.items())]


def test_sample_is_a_month_of_a_real_person() -> None:
    """The sample has all that a real export has: zones, whole days, private, series, invitations, HTML."""
    export = read_file(SAMPLE, "UTC")

    zones = {e.zone for e in export.entries}
    assert (export.owner, export.zone, len(export.entries)) == ("anna@acme.example", HOME, 40)
    assert export.remarks == {LONG_TITLE: 1, CANCELLED: 1}
    assert {
        "FLE Standard Time",
        "GMT Standard Time",
        "Eastern Standard Time",
        "Europe/Sofia",
        "Europe/London",
    } < zones
    assert sum(e.rule is not None for e in export.entries) == 2
    assert sum(e.replaces is not None for e in export.entries) == 1
    assert sum(e.details["sensitivity"] == "private" for e in export.entries) == 3
    assert {"jane.smith@northwind.example", "marco.rossi@fabrikam.example", ""} == {
        e.organizer for e in export.entries
    }
    assert sum("html" in e.details for e in export.entries) == 1
    assert sum("attendees" in e.details for e in export.entries) == 1
    assert {timedelta(days=1), timedelta(days=3)} == {e.end - e.start for e in sample(all_day=True)}  # type: ignore[operator]


def test_sample_has_a_midnight_a_custom_zone_and_emoji() -> None:
    """An event starts at midnight, one is in a zone the file describes, titles hold Cyrillic and emoji."""
    [migration] = sample(subject="Server migration: switch-over at midnight")
    [move] = sample(subject="Desk move to the third floor")
    titles = " ".join(e.subject for e in sample())

    assert datetime(2026, 3, 5, tzinfo=ZoneInfo("Europe/Kiev")) == migration.start
    assert datetime(2026, 4, 1, 6, tzinfo=UTC) == instant(move)
    assert "Планиране" in titles
    assert "🚀" in titles
