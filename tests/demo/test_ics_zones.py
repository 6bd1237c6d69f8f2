"""Times of a calendar file are the right instants, whatever their zone is called; whole days are the right days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.demo.clocks import LIKELY_ZONE, UNKNOWN_ZONE
from simulators.demo.zone_names import SHOWN, known_zone, likely_zone
from simulators.graph import zones
from tests.support.calendar_files import HOME, calendar, read_calendars, vevent

EASTERN = "(UTC-05:00) Eastern Time (US & Canada)"


def start_of(*lines: str, head: str = "") -> datetime:
    """The start of the one event with these lines, in UTC."""
    [entry] = read_calendars(calendar(vevent("a", *lines), head=head)).entries
    assert isinstance(entry.start, datetime)
    return entry.start.astimezone(UTC)


@pytest.mark.parametrize("quoted", [f'"{EASTERN}"', EASTERN], ids=["quoted", "bare"])
def test_an_event_in_the_words_that_windows_shows_is_at_that_clock(quoted: str) -> None:
    """Exchange writes display names, with colons in them, quoted or not; the meeting is at ten in New York."""
    export = read_calendars(
        calendar(vevent("a", f"DTSTART;TZID={quoted}:20261214T100000", f"DTEND;TZID={quoted}:20261214T110000"))
    )

    [entry] = export.entries
    assert datetime(2026, 12, 14, 15, tzinfo=UTC) == entry.start
    assert (timedelta(hours=1), "Eastern Standard Time") == (entry.end - entry.start, entry.zone)  # type: ignore[operator]
    assert export.remarks == {}


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        (EASTERN, "Eastern Standard Time"),
        ("(GMT-05:00) Eastern Time (US and Canada)", "Eastern Standard Time"),
        ("(UTC-08:00) Pacific Time (US & Canada); Tijuana", "Pacific Standard Time"),
        ("(UTC-08:00) Pacific Time (US &amp; Canada)", "Pacific Standard Time"),
        ("(UTC+02:00) Helsinki\\, Kyiv\\, Riga\\, Sofia\\, Tallinn\\, Vilnius", HOME),
        ("(UTC+02:00) Helsinki, Kyiv, Riga, Sofia, Tallinn, Vilnius", HOME),
        ("(UTC+02:00) Helsinki, Kiev, Riga, Sofia, Tallinn, Vilnius", HOME),
        ("(GMT) Greenwich Mean Time: Dublin, Edinburgh, Lisbon, London", "GMT Standard Time"),
        ("(UTC) Coordinated Universal Time", "UTC"),
        ("(UTC+05:00) Astana", "Qyzylorda Standard Time"),
        ("(UTC+06:00) Astana", "Central Asia Standard Time"),
        ("(UTC-06:00) Guadalajara, Mexico City, Monterrey - New", "Central Standard Time (Mexico)"),
        ("W. Europe Standard Time", "W. Europe Standard Time"),
        ("w. europe standard time", "W. Europe Standard Time"),
        ("W. Europe Daylight Time", "W. Europe Standard Time"),
        ("Eastern Standard Time 1", "Eastern Standard Time"),
        ("/freeassociation.sourceforge.net/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("/mozilla.org/20050126_1/Europe/Berlin", "Europe/Berlin"),
        ("europe/sofia", "Europe/Sofia"),
        ("tzone://Microsoft/Utc", "UTC"),
        ("UTC+02:00", "Etc/GMT-2"),
        ("GMT-0300", "Etc/GMT+3"),
        ("Customized Time Zone", ""),
        ("tzone://Microsoft/Custom", ""),
        ("Middle Earth", ""),
        ("localtime", ""),
        ("../../etc/passwd", ""),
        ("", ""),
    ],
)
def test_names_of_zones(name: str, zone: str) -> None:
    """Every name that the field writes leads to the zone that Outlook knows, in any spelling; a stranger to none."""
    assert zone == known_zone(name)


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rom, Stockholm, Wien", "W. Europe Standard Time"),
        ("(UTC+02:00) Хелзинки, Киев, Рига, София, Талин, Вилнюс", HOME),
        ("(UTC+02:00) Athens, Bucharest, Istanbul, Minsk", "GTB Standard Time"),
        ("(GMT+01.00) Amsterdam / Berlin / Bern / Rome / Stockholm / Vienna", "W. Europe Standard Time"),
        ("(UTC-10:00) Somewhere", "Etc/GMT+10"),
        ("(UTC+05:30) Somewhere", ""),
        ("Somewhere", ""),
    ],
)
def test_words_of_another_language_or_year_are_guessed_by_places_and_offset(name: str, zone: str) -> None:
    """The places that are known decide, then the offset alone: the owner's zone where it fits."""
    assert ("", zone) == (known_zone(name), likely_zone(name, HOME))


@pytest.mark.parametrize(
    ("zone", "remarks"),
    [
        ("Middle Earth", {UNKNOWN_ZONE: 1}),
        ("(UTC+01:00) Bern, Rom, Wien", {LIKELY_ZONE: 1}),
        ("(UTC+05:30) Somewhere", {UNKNOWN_ZONE: 1}),
    ],
)
def test_a_guess_is_said_once_for_an_event(zone: str, remarks: dict[str, int]) -> None:
    """Events are counted, not their times."""
    times = [f'{name};TZID="{zone}":20260302T1{n}0000' for n, name in enumerate(("DTSTART", "DTEND", "EXDATE"))]

    assert remarks == read_calendars(calendar(vevent("a", *times, "RRULE:FREQ=DAILY"))).remarks


@pytest.mark.parametrize("shown", sorted(SHOWN))
def test_each_shown_name_is_a_zone_that_outlook_knows(shown: str) -> None:
    """The table leads to Windows names, one for each offset, and its words need no offset to be known."""
    found = SHOWN[shown]

    assert set(found) <= set(zones.WINDOWS)
    assert found[0] == known_zone(shown)


def test_every_zone_of_windows_can_be_shown() -> None:
    """Only the zones that Windows got this year have no words yet."""
    shown = {windows for found in SHOWN.values() for windows in found}

    assert set(zones.WINDOWS) - shown == {
        "Alberta Standard Time",
        "British Columbia Standard Time",
        "Manitoba Standard Time",
    }


def test_utc_wins_over_a_zone() -> None:
    """A time that ends in Z is in UTC, whatever zone stands beside it."""
    assert datetime(2026, 12, 14, 10, tzinfo=UTC) == start_of("DTSTART;TZID=America/New_York:20261214T100000Z")
    assert datetime(2026, 12, 14, 10, tzinfo=UTC) == start_of("DTSTART;TZID=Middle Earth:20261214T100000Z")


def test_utc_wins_for_each_date_of_a_list() -> None:
    """Of dates that a series leaves out some may be in UTC and others in a zone."""
    lines = (
        "DTSTART;TZID=America/New_York:20260302T200000",
        "RRULE:FREQ=DAILY",
        "EXDATE;TZID=America/New_York:20260304T010000Z,20260305T200000",
    )
    [entry] = read_calendars(calendar(vevent("a", *lines))).entries

    assert (date(2026, 3, 3), date(2026, 3, 5)) == entry.left_out


def test_a_zone_that_another_calendar_of_the_file_describes() -> None:
    """Descriptions serve the whole file, each calendar's own one first."""
    lines = "BEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:+0{0}30\nTZOFFSETTO:+0{0}30\nEND:STANDARD"
    described = f"BEGIN:VTIMEZONE\nTZID:Mine\n{lines}\nEND:VTIMEZONE"
    times = vevent("a", "DTSTART;TZID=Mine:20260302T090000"), vevent("b", "DTSTART;TZID=Mine:20260302T090000")
    files = calendar(described.format(5), times[0]), calendar(described.format(3), times[1])
    alone = calendar(vevent("c", "DTSTART;TZID=Mine:20260302T090000"))

    five, three, first = (entry.start.astimezone(UTC) for entry in read_calendars(*files, alone).entries)  # type: ignore[union-attr]
    assert [f"{at:%H:%M}" for at in (five, three, first)] == ["03:30", "05:30", "03:30"]


def test_a_zone_as_lotus_notes_describes_it() -> None:
    """Notes names the hour and minute at which the clocks change."""
    half = "BEGIN:{}\nDTSTART:{}T020000\nRRULE:FREQ=YEARLY;BYMINUTE=0;BYHOUR=2;BYDAY=-1SU;BYMONTH={}\n"
    winter = half.format("STANDARD", "19501029", 10) + "TZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\n"
    summer = half.format("DAYLIGHT", "19500326", 3) + "TZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nEND:DAYLIGHT\n"
    described = f"BEGIN:VTIMEZONE\nTZID:Western/Central Europe\n{winter}{summer}END:VTIMEZONE"
    times = [f'DTSTART;TZID="Western/Central Europe":2026{month}02T090000' for month in ("03", "07")]
    export = read_calendars(calendar(described, *(vevent(str(n), line) for n, line in enumerate(times))))

    starts = [entry.start.astimezone(UTC).hour for entry in export.entries]  # type: ignore[union-attr]
    assert (starts, export.remarks) == ([8, 7], {})


def test_each_calendar_of_a_file_has_its_own_clock() -> None:
    """A time without a zone floats in the zone of its own calendar."""
    files = [
        calendar(vevent("a", "DTSTART:20260302T090000"), head=f"X-WR-TIMEZONE:{zone}")
        for zone in ("UTC", "Asia/Tokyo")
    ]
    files[1] = files[1].replace("UID:a", "UID:b")

    assert [entry.start.astimezone(UTC).hour for entry in read_calendars(*files).entries] == [9, 0]  # type: ignore[union-attr]


PLACES = [
    "Pacific/Honolulu",
    "America/Los_Angeles",
    "America/New_York",
    "America/St_Johns",
    "UTC",
    "Europe/Berlin",
    "Europe/Sofia",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Adelaide",
    "Pacific/Auckland",
]


@settings(deadline=None)
@given(
    st.sampled_from(PLACES),
    st.sampled_from(PLACES),
    st.dates(date(2025, 1, 1), date(2027, 12, 31)),
    st.integers(1, 9),
)
def test_a_whole_day_told_in_utc_is_the_day_it_was_for_its_organizer(
    organizer: str, owner: str, day: date, days: int
) -> None:
    """Outlook's flag makes midnights of an organizer anywhere whole days, in a calendar kept anywhere."""
    start, end = (
        datetime(at.year, at.month, at.day, tzinfo=ZoneInfo(organizer)).astimezone(UTC)
        for at in (day, day + timedelta(days=days))
    )
    lines = (f"DTSTART:{start:%Y%m%dT%H%M%SZ}", f"DTEND:{end:%Y%m%dT%H%M%SZ}", "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE")
    [entry] = read_calendars(calendar(vevent("a", *lines), head=f"X-WR-TIMEZONE:{owner}")).entries

    assert (day, day + timedelta(days=days), "") == (entry.start, entry.end, entry.zone)


@pytest.mark.parametrize("zone", ["Europe/Sofia", "America/New_York", "Pacific/Auckland", "UTC"])
def test_a_series_of_whole_days_in_utc_leaves_out_the_right_day(zone: str) -> None:
    """Also the dates that a series skips, and those an exception stands for, are days and no instants."""
    midnight = datetime(2026, 3, 9, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    flag, at = "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE", f"{midnight:%Y%m%dT%H%M%SZ}"
    series = vevent("a", "DTSTART;VALUE=DATE:20260302", "RRULE:FREQ=WEEKLY", f"EXDATE:{at}", flag)
    changed = vevent("a", "DTSTART;VALUE=DATE:20260310", f"RECURRENCE-ID:{at}", flag)

    entries = read_calendars(calendar(series, changed, head=f"X-WR-TIMEZONE:{zone}")).entries
    assert ((date(2026, 3, 9),), date(2026, 3, 9)) == (entries[0].left_out, entries[1].replaces)


def test_an_exception_moved_to_another_zone_stands_for_the_right_date() -> None:
    """The date it stands for is one of the series' clock, not of its own."""
    series = vevent("a", "DTSTART;TZID=Europe/Sofia:20260302T010000", "RRULE:FREQ=WEEKLY")
    changed = vevent("a", "DTSTART;TZID=America/New_York:20260316T120000", "RECURRENCE-ID:20260315T230000Z")

    assert [entry.replaces for entry in read_calendars(calendar(changed, series)).entries] == [
        date(2026, 3, 16),
        None,
    ]
