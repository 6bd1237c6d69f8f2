"""Projection: what each side can say, in common ground and back, and that a write changes nothing afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sync_core.content.changes import changed_in_graph
from sync_core.content.project import (
    BUSY_SUBJECT,
    NO_SUBJECT,
    cut_subject,
    erp_times,
    erp_when,
    from_erp,
    from_graph,
    graph_when,
    is_private,
    masked,
    reminder_digits,
    reminder_minutes,
    to_digits,
    to_erp,
    to_graph,
    to_instant,
)
from sync_core.content.ranges import SUBJECT_LIMIT
from sync_core.model.event import AllDay, Event, Priority, Timed, When
from sync_core.model.sides import ErpContent, Field, GraphContent
from tests.support.samples import SOFIA, noted, shown, utc, wall_clock

ZONES = (
    "UTC",
    "Europe/Sofia",
    "Europe/London",
    "America/St_Johns",
    "America/Havana",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Australia/Lord_Howe",
)
zones = st.sampled_from(ZONES).map(ZoneInfo)
digits = st.one_of(
    st.datetimes(datetime(2010, 1, 1), datetime(2050, 1, 1)),  # noqa: DTZ001
    st.dates(date(2010, 1, 1), date(2050, 1, 1)).map(lambda day: datetime(day.year, day.month, day.day)),  # noqa: DTZ001
)
instants = digits.map(lambda wall: wall.replace(tzinfo=UTC))
lengths = st.one_of(st.sampled_from([0, 1, 30, 60, 24 * 60, 48 * 60]), st.integers(0, 20_000)).map(
    lambda minutes: timedelta(minutes=minutes)
)
texts = st.text(max_size=320)
reminders = st.none() | st.integers(-900, 40_000)


@st.composite
def timed_contents(draw: st.DrawFn) -> GraphContent:
    """An event with a start, an end and everything else."""
    start = draw(instants)
    return draw(contents(start, start + draw(lengths), all_day=False))


@st.composite
def local_contents(draw: st.DrawFn) -> tuple[GraphContent, ZoneInfo]:
    """An event at or around a midnight of a zone: the edges that mean all day in ERP.net."""
    zone = draw(zones)
    near = st.sampled_from([-1440, -60, -1, 0, 0, 0, 1, 60, 1440]).map(lambda minutes: timedelta(minutes=minutes))
    day = draw(st.dates(date(2010, 1, 1), date(2050, 1, 1)))
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    start, end = sorted((midnight + draw(near), midnight + draw(near)))
    return draw(contents(start, end, all_day=False)), zone


@st.composite
def day_contents(draw: st.DrawFn) -> GraphContent:
    """An all-day event."""
    day = draw(st.dates(date(2010, 1, 1), date(2050, 1, 1)))
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return draw(contents(start, start + timedelta(days=draw(st.integers(1, 40))), all_day=True))


def contents(start: datetime, end: datetime, *, all_day: bool) -> st.SearchStrategy[GraphContent]:
    """Events of one span with any other content."""
    return st.builds(
        GraphContent,
        subject=texts,
        body=texts,
        start=st.just(start),
        end=st.just(end),
        all_day=st.just(all_day),
        reminder=reminders,
        sensitivity=st.sampled_from(["normal", "personal", "private", "confidential"]),
        importance=st.sampled_from(["low", "normal", "high"]),
        people=st.just(()),
    )


anyones = st.one_of(st.tuples(timed_contents(), zones), st.tuples(day_contents(), zones), local_contents())


@st.composite
def activities(draw: st.DrawFn) -> ErpContent:
    """An activity as people and programs leave them: any digits, in gaps and twice, with and without an end."""
    start = draw(digits)
    end = draw(st.none() | st.just(start) | lengths.map(lambda length: start + length))
    return ErpContent(
        subject=draw(texts),
        notes=draw(texts),
        start=start,
        end=end,
        planned_minutes=draw(st.none() | st.integers(0, 5000)),
        reminder=draw(st.none() | lengths.map(lambda length: start - length) | st.just(start + timedelta(hours=1))),
        private=draw(st.booleans()),
        priority=draw(st.sampled_from(["Lowest", "Low", "Medium", "High", "Highest"])),
    )


def without_plan(content: ErpContent) -> ErpContent:
    """The content without its planned duration, which says nothing where there is an end."""
    return replace(content, planned_minutes=None)


@given(anyones)
def test_common_ground_of_an_event_is_common_ground(seen: tuple[GraphContent, ZoneInfo]) -> None:
    """What both sides can say of an event, said by Graph, is the same again."""
    event = from_graph(seen[0])

    assert event == from_graph(to_graph(event))


@given(activities(), zones)
def test_projecting_an_activity_twice_is_projecting_it_once(content: ErpContent, zone: ZoneInfo) -> None:
    """Digits in a gap, repeated hours and midnights settle with the first write."""
    once = to_erp(from_erp(content, zone), zone)

    assert without_plan(once) == without_plan(to_erp(from_erp(once, zone), zone))


@given(anyones)
def test_a_written_event_reads_back_as_written(seen: tuple[GraphContent, ZoneInfo]) -> None:
    """An activity made from an event, read back beside it, tells the event's own time, text and marks."""
    content, zone = seen
    event = from_graph(content)
    written = to_erp(event, zone)

    read = from_erp(written, zone, (content, written))

    assert replace(event, reminder=None) == replace(read, reminder=None)
    assert written == replace(to_erp(replace(read, reminder=event.reminder), zone), people=written.people)


@given(activities(), zones)
def test_an_event_made_from_an_activity_tells_the_same(content: ErpContent, zone: ZoneInfo) -> None:
    """The write and the read after it change nothing in common ground nor in the event's own terms."""
    event = from_erp(content, zone)
    written = to_graph(event)

    assert event == from_graph(written)
    assert event.when == erp_when(content, zone, (written, content))
    assert frozenset() == changed_in_graph(written, to_graph(from_graph(written)))


@given(anyones)
def test_an_activity_never_ends_before_it_starts(seen: tuple[GraphContent, ZoneInfo]) -> None:
    """ERP.net refuses an end before the start (R28916), and the clock going back must not make one."""
    written = to_erp(from_graph(seen[0]), seen[1])

    assert written.end is not None
    assert written.start <= written.end


@given(anyones)
def test_midnight_means_all_day_and_nothing_else_does(seen: tuple[GraphContent, ZoneInfo]) -> None:
    """Both edges stand at 00:00 for whole days, neither for anything else (R38488)."""
    written = to_erp(from_graph(seen[0]), seen[1])
    at_midnight = [edge.time() == datetime.min.time() for edge in (written.start, written.end) if edge]

    assert [seen[0].all_day] * 2 == at_midnight


@given(activities(), zones)
def test_any_activity_has_a_valid_time(content: ErpContent, zone: ZoneInfo) -> None:
    """Whatever digits an activity holds, its time is whole minutes and does not end before it starts."""
    when = erp_when(content, zone)

    assert isinstance(when, AllDay) or (when.start <= when.end and when.start.second == when.end.second == 0)


MIDNIGHTS = [
    pytest.param(
        utc(2026, 2, 1, 22),
        utc(2026, 2, 1, 23),
        wall_clock(2026, 2, 2, 0, 1),
        wall_clock(2026, 2, 2, 1),
        id="starts-at",
    ),
    pytest.param(
        utc(2026, 2, 2, 21),
        utc(2026, 2, 2, 22),
        wall_clock(2026, 2, 2, 23),
        wall_clock(2026, 2, 2, 23, 59),
        id="ends-at",
    ),
    pytest.param(
        utc(2026, 2, 1, 22),
        utc(2026, 2, 2, 22),
        wall_clock(2026, 2, 2, 0, 1),
        wall_clock(2026, 2, 2, 23, 59),
        id="from-one-to-the-next",
    ),
    pytest.param(
        utc(2026, 2, 1, 22),
        utc(2026, 2, 1, 22),
        wall_clock(2026, 2, 2, 0, 1),
        wall_clock(2026, 2, 2, 0, 1),
        id="empty-at-midnight",
    ),
    pytest.param(
        utc(2026, 2, 1, 22),
        utc(2026, 2, 1, 22, 1),
        wall_clock(2026, 2, 2, 0, 1),
        wall_clock(2026, 2, 2, 0, 1),
        id="first-minute",
    ),
    pytest.param(
        utc(2026, 2, 1, 21, 59),
        utc(2026, 2, 1, 22),
        wall_clock(2026, 2, 1, 23, 59),
        wall_clock(2026, 2, 1, 23, 59),
        id="last-minute",
    ),
]


@pytest.mark.parametrize(("start", "end", "first", "last"), MIDNIGHTS)
def test_a_timed_edge_at_midnight_stands_a_minute_inside(
    start: datetime, end: datetime, first: datetime, last: datetime
) -> None:
    """Timed meetings keep away from 00:00, and the planned duration tells their true length."""
    minutes = int((end - start).total_seconds() // 60)

    assert (first, last, minutes) == erp_times(Timed(start, end), SOFIA)


@pytest.mark.parametrize(("start", "end", "first", "last"), MIDNIGHTS)
def test_the_true_edge_comes_from_the_base(start: datetime, end: datetime, first: datetime, last: datetime) -> None:
    """Digits that still are the base's stand for the event's true instants, so the minute is no edit."""
    base = (shown(start=start, end=end), noted(start=first, end=last))

    assert Timed(start, end) == erp_when(noted(start=first, end=last), SOFIA, base)


def test_only_the_edge_that_moved_is_read_anew() -> None:
    """Someone who moves the end in ERP.net does not move the start away from midnight in Outlook."""
    base = (
        shown(start=utc(2026, 2, 1, 22), end=utc(2026, 2, 1, 23)),
        noted(start=wall_clock(2026, 2, 2, 0, 1), end=wall_clock(2026, 2, 2, 1)),
    )

    assert Timed(utc(2026, 2, 1, 22), utc(2026, 2, 2, 0)) == erp_when(
        noted(start=wall_clock(2026, 2, 2, 0, 1), end=wall_clock(2026, 2, 2, 2)), SOFIA, base
    )


def test_a_base_that_no_longer_fits_does_not_turn_time_round() -> None:
    """A true edge is not taken where the end would come before the start."""
    base = (
        shown(start=utc(2026, 2, 2, 8), end=utc(2026, 2, 2, 9)),
        noted(start=wall_clock(2026, 2, 2, 12), end=wall_clock(2026, 2, 2, 13)),
    )
    moved = noted(start=wall_clock(2026, 2, 2, 12, 30), end=wall_clock(2026, 2, 2, 13))

    assert Timed(utc(2026, 2, 2, 10, 30), utc(2026, 2, 2, 11)) == erp_when(moved, SOFIA, base)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        pytest.param(
            AllDay(date(2026, 2, 2), date(2026, 2, 3)),
            (wall_clock(2026, 2, 2), wall_clock(2026, 2, 2), 1440),
            id="one-day",
        ),
        pytest.param(
            AllDay(date(2026, 2, 27), date(2026, 3, 2)),
            (wall_clock(2026, 2, 27), wall_clock(2026, 3, 1), 3 * 1440),
            id="three-days",
        ),
    ],
)
def test_all_day_ends_inclusive_in_erp(when: AllDay, expected: tuple[datetime, datetime, int]) -> None:
    """ERP.net names the last day, Graph the day after it."""
    assert expected == erp_times(when, SOFIA)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        pytest.param(
            wall_clock(2026, 2, 2), wall_clock(2026, 2, 2), AllDay(date(2026, 2, 2), date(2026, 2, 3)), id="same-day"
        ),
        pytest.param(wall_clock(2026, 2, 2), None, AllDay(date(2026, 2, 2), date(2026, 2, 3)), id="no-end"),
        pytest.param(
            wall_clock(2026, 2, 2),
            wall_clock(2026, 2, 4),
            AllDay(date(2026, 2, 2), date(2026, 2, 5)),
            id="three-days",
        ),
        pytest.param(
            wall_clock(2026, 2, 2),
            wall_clock(2026, 2, 1),
            AllDay(date(2026, 2, 2), date(2026, 2, 3)),
            id="end-before-start",
        ),
        pytest.param(
            wall_clock(2026, 2, 2),
            wall_clock(2026, 2, 2, 8),
            Timed(utc(2026, 2, 1, 22), utc(2026, 2, 2, 6)),
            id="half-timed",
        ),
    ],
)
def test_midnight_digits_are_whole_days(start: datetime, end: datetime | None, expected: When) -> None:
    """00:00 to 00:00, or 00:00 without an end, is all day; 00:00 to any other time is not."""
    assert expected == erp_when(noted(start=start, end=end), SOFIA)


@pytest.mark.parametrize(("last", "until"), [(3, 3), (2, 3), (5, 5)])
def test_an_all_day_event_floats(last: int, until: int) -> None:
    """Its midnights are dates and are never converted, and it has at least one day."""
    content = shown(start=utc(2026, 2, 2), end=utc(2026, 2, last), all_day=True)

    assert AllDay(date(2026, 2, 2), date(2026, 2, until)) == graph_when(content)


@pytest.mark.parametrize(
    ("planned", "minutes"),
    [
        pytest.param(90, 90, id="planned-duration"),
        pytest.param(None, 30, id="nothing-planned"),
        pytest.param(0, 30, id="zero-planned"),
    ],
)
def test_without_an_end_the_planned_duration_counts(planned: int | None, minutes: int) -> None:
    """An activity without an end lasts as long as planned, else half an hour."""
    when = erp_when(noted(end=None, planned_minutes=planned), SOFIA)

    assert Timed(utc(2026, 2, 2, 8), utc(2026, 2, 2, 8) + timedelta(minutes=minutes)) == when


def test_a_new_planned_duration_moves_an_open_end() -> None:
    """Where there is no end, a changed planned duration is an edit of the time and not the base's old end."""
    base = (shown(end=utc(2026, 2, 2, 8, 30)), noted(end=None, planned_minutes=30))

    assert Timed(utc(2026, 2, 2, 8), utc(2026, 2, 2, 10)) == erp_when(
        noted(end=None, planned_minutes=120), SOFIA, base
    )


@pytest.mark.parametrize(
    ("zone", "wall", "expected"),
    [
        pytest.param("Europe/Sofia", wall_clock(2026, 3, 29, 3, 30), utc(2026, 3, 29, 1, 30), id="gap-moves-forward"),
        pytest.param(
            "Europe/Sofia", wall_clock(2026, 10, 25, 3, 30), utc(2026, 10, 25, 0, 30), id="overlap-means-first"
        ),
        pytest.param(
            "Australia/Lord_Howe", wall_clock(2026, 10, 4, 2, 15), utc(2026, 10, 3, 15, 45), id="half-hour-gap"
        ),
        pytest.param(
            "Australia/Lord_Howe", wall_clock(2026, 4, 5, 1, 45), utc(2026, 4, 4, 14, 45), id="half-hour-overlap"
        ),
        pytest.param("America/St_Johns", wall_clock(2026, 2, 2, 10), utc(2026, 2, 2, 13, 30), id="half-hour-zone"),
        pytest.param("Asia/Kathmandu", wall_clock(2026, 2, 2, 10), utc(2026, 2, 2, 4, 15), id="quarter-hour-zone"),
        pytest.param("Pacific/Apia", wall_clock(2011, 12, 30, 10), utc(2011, 12, 30, 20), id="day-that-never-was"),
    ],
)
def test_digits_become_instants(zone: str, wall: datetime, expected: datetime) -> None:
    """A gap moves forward by its length, an overlap means its first hour."""
    assert expected == to_instant(wall, ZoneInfo(zone))


def test_the_second_hour_reads_back_from_the_base_only() -> None:
    """A meeting in the repeated hour is written with the digits of the first and known by its base."""
    start, end = utc(2026, 10, 25, 1, 15), utc(2026, 10, 25, 1, 45)
    written = to_erp(from_graph(shown(start=start, end=end)), SOFIA)

    assert (wall_clock(2026, 10, 25, 3, 15), wall_clock(2026, 10, 25, 3, 45)) == (written.start, written.end)
    assert Timed(start, end) == erp_when(written, SOFIA, (shown(start=start, end=end), written))


def test_the_clock_going_back_inside_a_meeting_keeps_its_length() -> None:
    """Digits that would end before they start end after the meeting's true length."""
    when = Timed(utc(2026, 10, 25, 0, 50), utc(2026, 10, 25, 1, 20))

    assert (wall_clock(2026, 10, 25, 3, 50), wall_clock(2026, 10, 25, 4, 20), 30) == erp_times(when, SOFIA)


@given(instants, zones)
def test_digits_of_an_instant_name_it_or_its_twin(instant: datetime, zone: ZoneInfo) -> None:
    """Writing digits and reading them loses at most the second pass of a repeated hour."""
    wall = to_digits(instant, zone)

    assert wall.tzinfo is None
    assert wall == to_digits(to_instant(wall, zone), zone)
    assert to_instant(wall, zone) <= instant


MORNING = Timed(utc(2026, 2, 2, 8), utc(2026, 2, 2, 9))
DAY = AllDay(date(2026, 2, 2), date(2026, 2, 3))


@pytest.mark.parametrize(
    ("when", "minutes", "wall"),
    [
        pytest.param(MORNING, 15, wall_clock(2026, 2, 2, 9, 45), id="before-a-meeting"),
        pytest.param(MORNING, 0, wall_clock(2026, 2, 2, 10), id="at-its-start"),
        pytest.param(MORNING, None, None, id="none"),
        pytest.param(DAY, 900, wall_clock(2026, 2, 1, 9), id="the-morning-before-a-whole-day"),
        pytest.param(
            Timed(utc(2026, 3, 29, 7), utc(2026, 3, 29, 8)),
            720,
            wall_clock(2026, 3, 28, 21),
            id="over-the-spring-change",
        ),
        pytest.param(
            AllDay(date(2026, 3, 30), date(2026, 3, 31)), 1440, wall_clock(2026, 3, 29), id="wall-clock-all-day"
        ),
        pytest.param(
            Timed(utc(2026, 2, 1, 22), utc(2026, 2, 1, 23)),
            10,
            wall_clock(2026, 2, 1, 23, 50),
            id="from-the-true-midnight",
        ),
        pytest.param(DAY, -540, wall_clock(2026, 2, 2, 9), id="at-nine-on-the-day"),
        pytest.param(DAY, -1, wall_clock(2026, 2, 2, 0, 1), id="a-minute-into-the-day"),
        pytest.param(MORNING, 200_000_000, wall_clock(1645, 10, 28, 12, 13, 16), id="centuries-before"),
    ],
)
def test_reminders_are_minutes_before_the_start(when: When, minutes: int | None, wall: datetime | None) -> None:
    """Minutes become digits and come back; real time for meetings, wall clock for whole days."""
    assert wall == reminder_digits(when, minutes, SOFIA)
    assert minutes == reminder_minutes(when, wall, SOFIA)


def test_a_reminder_after_the_start_counts_as_at_the_start() -> None:
    """A meeting's reminder rings when it begins at the latest."""
    assert reminder_minutes(MORNING, wall_clock(2026, 2, 2, 12), SOFIA) == 0
    assert from_graph(shown(reminder=-540)).reminder == 0
    assert wall_clock(2026, 2, 2, 10) == reminder_digits(MORNING, -540, SOFIA)


@pytest.mark.parametrize("minutes", [2**31 - 1, 1_525_252_321, 1_000_000_000])
@pytest.mark.parametrize("when", [MORNING, DAY])
def test_a_reminder_beyond_any_calendar_is_left_out(when: When, minutes: int) -> None:
    """Outlook writes 1525252321 for "default": ERP.net has none then, and nothing is raised."""
    assert reminder_digits(when, minutes, SOFIA) is None


EMOJI = "\N{GRINNING FACE}"


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        pytest.param("x" * 254, "x" * 254, id="just-fits"),
        pytest.param("x" * 255, "x" * 254, id="one-too-long"),
        pytest.param("x" * 252 + EMOJI, "x" * 252 + EMOJI, id="emoji-that-fits"),
        pytest.param("x" * 253 + EMOJI, "x" * 253, id="emoji-across-the-border"),
        pytest.param(EMOJI * 200, EMOJI * 127, id="emoji-count-twice"),
        pytest.param("x" * 253 + " y", "x" * 253, id="no-space-at-the-end"),
        pytest.param("е\u0301" * 127, "е\u0301" * 127, id="combining-marks-count"),
        pytest.param("е\u0301" * 128, "е\u0301" * 127, id="combining-marks-cut"),
        pytest.param("Бюджет", "Бюджет", id="cyrillic"),
        pytest.param("  two\t lines\r\n ", "two lines", id="white-space"),
        pytest.param("half \ud83d gone", "half gone", id="lone-surrogate"),
        pytest.param("\ude00", NO_SUBJECT, id="nothing-but-half-a-character"),
        pytest.param("", NO_SUBJECT, id="empty"),
        pytest.param(" \n", NO_SUBJECT, id="blank"),
    ],
)
def test_a_subject_fits_an_activity(subject: str, expected: str) -> None:
    """At most 254 UTF-16 units, whole characters only, never empty."""
    assert expected == cut_subject(subject)


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=300))
@example("a \ud800 b")
@example("x" * 253 + "\ud83d\ude00")
def test_a_cut_subject_stays_as_it_is(subject: str) -> None:
    """Whatever people type, the cut text is short, clean and not cut again."""
    cut = cut_subject(subject)

    assert 0 < len(cut.encode("utf-16-le")) <= SUBJECT_LIMIT * 2
    assert cut == cut_subject(cut)


def test_an_empty_subject_stays_empty_in_outlook() -> None:
    """The stand-in for an empty subject is ERP.net's affair and never reaches the event."""
    event = from_graph(shown(subject=""))

    assert to_erp(event, SOFIA).subject == NO_SUBJECT
    assert to_graph(from_erp(to_erp(event, SOFIA), SOFIA)).subject == ""


@pytest.mark.parametrize(
    ("said", "priority", "said_back"),
    [
        ("Lowest", Priority.LOW, "Low"),
        ("Low", Priority.LOW, "Low"),
        ("Medium", Priority.NORMAL, "Medium"),
        ("High", Priority.HIGH, "High"),
        ("Highest", Priority.HIGH, "High"),
        ("Urgent", Priority.NORMAL, "Medium"),
    ],
)
def test_five_priorities_are_three_classes(said: str, priority: Priority, said_back: str) -> None:
    """ERP.net's five fall into Outlook's three and come back as the middle of each; an unknown one is normal."""
    event = from_erp(noted(priority=said), SOFIA)

    assert priority is event.priority
    assert priority.value == to_graph(event).importance
    assert said_back == to_erp(event, SOFIA).priority


def test_an_unknown_importance_is_normal() -> None:
    """Words Graph may add one day do not stop a sync."""
    assert Priority.NORMAL is from_graph(shown(importance="urgent")).priority


@pytest.mark.parametrize(
    ("sensitivity", "private", "said_back"),
    [
        ("normal", False, "normal"),
        ("personal", True, "private"),
        ("private", True, "private"),
        ("confidential", True, "private"),
    ],
)
def test_any_sensitivity_but_normal_is_private(sensitivity: str, private: bool, said_back: str) -> None:
    """ERP.net knows private or not; Outlook's three shades of it are one."""
    event = from_graph(shown(sensitivity=sensitivity))

    assert private is to_erp(event, SOFIA).private
    assert said_back == to_graph(event).sensitivity


def test_busy_shows_time_only() -> None:
    """A private item under the busy rule has no title, text or people, and keeps its time, reminder and marks."""
    people = ("boris@acme.example",)
    event = shown(sensitivity="private", people=people)
    activity = noted(private=True, people=people)

    assert shown(subject=BUSY_SUBJECT, body="", sensitivity="private") == masked(event)
    assert noted(subject=BUSY_SUBJECT, notes="", private=True) == masked(activity)


def test_what_is_not_private_is_not_masked() -> None:
    """The busy rule touches private items only."""
    assert not is_private(shown())
    assert not is_private(noted())
    assert shown() == masked(shown())
    assert noted() == masked(noted())


def test_common_ground_says_what_both_sides_say() -> None:
    """The two readings of one meeting are one event."""
    expected = Event("Budget", "Agenda", MORNING, 15, False, Priority.NORMAL)

    assert expected == from_graph(shown())
    assert expected == from_erp(noted(), SOFIA)
    assert shown() == to_graph(expected)
    assert noted() == to_erp(expected, SOFIA)


def test_seconds_are_no_part_of_common_ground() -> None:
    """Times are whole minutes on both sides."""
    assert graph_when(shown(start=utc(2026, 2, 2, 8, 0, 59), end=utc(2026, 2, 2, 9, 0, 1))) == MORNING
    assert (
        erp_when(noted(start=wall_clock(2026, 2, 2, 10, 0, 59), end=wall_clock(2026, 2, 2, 11, 0, 1)), SOFIA)
        == MORNING
    )
    assert Field.TIME in changed_in_graph(shown(), shown(start=utc(2026, 2, 2, 8, 0, 59)))
