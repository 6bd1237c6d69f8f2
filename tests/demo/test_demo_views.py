"""Both calendars are paired, compared by what each side can hold, and judged by the rules alone."""

from __future__ import annotations

import io
import re
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from simulators.demo.cast import choose as choose_cast
from simulators.demo.report import round_of
from simulators.demo.screen import Screen, counted, when
from simulators.demo.views import (
    Activity,
    Event,
    Row,
    Span,
    World,
    is_due,
    is_in_window,
    last_day,
    pair,
    read_activity,
    read_event,
)

NINE = datetime(2026, 3, 2, 9)  # noqa: DTZ001 - digits on somebody's own clock
HOUR = timedelta(hours=1)
TODAY = date(2026, 3, 2)


def span(start: datetime = NINE, length: timedelta = HOUR) -> Span:
    """A span on Anna's clock."""
    return Span(start, start + length)


def event(ident: str = "e1", when: Span | None = None, **more: Any) -> Event:
    """A plain event."""
    return Event(ident, f"uid-{ident}", **{"subject": "Talk", "span": when or span(), "version": "v1", **more})


def activity(ident: str = "a1", when: Span | None = None, **more: Any) -> Activity:
    """The plain activity of event e1."""
    words = {"external_id": "uid-e1", "subject": "Talk", "span": when or span(), "version": 1, **more}
    return Activity(ident, **words)


def test_pairing() -> None:
    """An activity belongs to the event its ExternalId names, or to the event it lies under; others stand alone."""
    mine, born_in_erp, foreign = activity(), activity("a2", external_id=""), activity("a3", external_id="")
    world = pair([event(), event("e2")], [mine, born_in_erp, foreign], {"e2": "a2"})

    found = {(row.event and row.event.id, row.activity and row.activity.id) for row in world.rows}
    assert found == {("e1", "a1"), ("e2", "a2"), (None, "a3")}


DAY = Span(datetime(2026, 3, 4), datetime(2026, 3, 4), all_day=True)  # noqa: DTZ001
MIDNIGHT = span(datetime(2026, 3, 5))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("ours", "theirs", "differences"),
    [
        (event(), activity(), []),
        (event(subject="x" * 255), activity(subject="x" * 254), []),
        (event(subject=" a \n b "), activity(subject="a b"), []),
        (event(subject=""), activity(subject="(no subject)"), []),
        (event(), activity(subject="Walk"), ["subject"]),
        (event(), activity(private=True), ["privacy"]),
        (event(), activity(when=span(NINE + timedelta(minutes=1))), ["time"]),
        (event(when=MIDNIGHT), activity(when=Span(MIDNIGHT.start + timedelta(minutes=1), MIDNIGHT.end)), []),
        (event(when=DAY), activity(when=DAY), []),
        (event(when=DAY), activity(), ["time"]),
        (event(), activity(subject="Walk", void=True), []),
    ],
    ids=[
        "same",
        "long-title",
        "spaces",
        "no-title",
        "title",
        "private",
        "time",
        "midnight",
        "all-day",
        "all-day-and-timed",
        "void",
    ],
)
def test_differences(ours: Event, theirs: Activity, differences: list[str]) -> None:
    """A pair is in step when each side says what it can hold of the other; a void activity says nothing."""
    assert Row(ours, theirs).differences() == differences


def test_changed_rows() -> None:
    """A row is changed when it is new, a version moved or its event vanished."""
    before = World((Row(event(), activity()), Row(event("e2")), Row(event("e3"), activity("a3"))))
    after = World(
        (Row(event(version="v2"), activity()), Row(event("e2")), Row(None, activity("a3")), Row(event("e4")))
    )

    assert after.changed_since(before) == {"a1", "a3", "e4"}


def test_activity_without_end_lasts_its_planned_time() -> None:
    """No EndTime means the planned minutes, else half an hour; 00:00 to 00:00 means whole days."""
    told: dict[str, Any] = {"Id": "a", "ExternalId": None, "Subject": None, "ObjectVersion": 1, "OwnerLogin": "anna"}
    told |= {
        "Private": False,
        "Void": False,
        "ReadOnly": False,
        "StartTime": "2026-03-02T09:00:00Z",
        "Participants": [],
    }
    lengths = [
        read_activity(told | {"EndTime": end, "PlannedDurationMinutes": minutes}).span
        for end, minutes in ((None, 45), (None, None), ("2026-03-02T10:00:00Z", 45))
    ]
    days = {"StartTime": "2026-03-02T00:00:00Z", "EndTime": "2026-03-03T00:00:00Z", "PlannedDurationMinutes": None}

    assert lengths == [span(NINE, timedelta(minutes=45)), span(NINE, timedelta(minutes=30)), span()]
    assert read_activity(told | days).span == Span(NINE.replace(hour=0), NINE.replace(day=3, hour=0), all_day=True)


def test_event_is_told_on_annas_clock() -> None:
    """Instants come out as Anna's wall clock, whole days with the last one included."""
    told = {"id": "e", "iCalUId": "u", "subject": "Talk", "sensitivity": "private", "isOrganizer": True}
    told |= {"changeKey": "k", "type": "singleInstance", "isCancelled": False, "attendees": [], "categories": []}
    told |= {"responseStatus": {"response": "organizer"}}
    hours = {
        name: {"dateTime": f"2026-03-02T{hour}:00:00.0000000"} for name, hour in (("start", "07"), ("end", "08"))
    }
    days = {name: {"dateTime": f"2026-03-{day}T00:00:00.0000000"} for name, day in (("start", "04"), ("end", "07"))}

    timed = read_event(told | hours | {"isAllDay": False}, ZoneInfo("Europe/Sofia"))
    whole = read_event(told | days | {"isAllDay": True}, ZoneInfo("Europe/Sofia"))

    assert (timed.span, timed.private) == (span(), True)
    assert whole.span == Span(DAY.start, DAY.start + timedelta(days=2), all_day=True)


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 1, 25), date(2026, 2, 25)),
        (date(2026, 1, 31), date(2026, 2, 28)),
        (date(2026, 12, 9), date(2027, 1, 9)),
    ],
)
def test_last_day(today: date, expected: date) -> None:
    """The window ends one calendar month later, clamped to the month's length."""
    assert last_day(today) == expected


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        (datetime(2026, 3, 2), HOUR, True),  # noqa: DTZ001
        (datetime(2026, 3, 1, 23), HOUR, False),  # noqa: DTZ001
        (datetime(2026, 3, 1, 23), 2 * HOUR, True),  # noqa: DTZ001
        (datetime(2026, 4, 2, 23), HOUR, True),  # noqa: DTZ001
        (datetime(2026, 4, 3), HOUR, False),  # noqa: DTZ001
        (datetime(2026, 3, 2), timedelta(0), True),  # noqa: DTZ001
    ],
)
def test_window(start: datetime, length: timedelta, expected: bool) -> None:
    """What touches a day from today to a month later is inside."""
    assert is_in_window(span(start, length), TODAY) is expected


@pytest.mark.parametrize(
    "reason",
    [{"kind": "seriesMaster"}, {"cancelled": True}],
    ids=["series", "cancelled"],
)
def test_not_due(reason: dict[str, Any]) -> None:
    """Series and cancelled meetings want no activity; a plain one does, and so does one from another company."""
    invited = event(organizer="jane@northwind.example")

    assert [is_due(one, TODAY) for one in (event(), invited, event(**reason))] == [True, True, False]


def test_cast_takes_plain_future_meetings_each_title_once() -> None:
    """Only plain meetings by day from tomorrow on play a role, in the calendar's order."""
    tomorrow = span(NINE + timedelta(days=1))
    suited = [event("e1", tomorrow), event("e2", tomorrow, subject="Walk")]
    unsuited = [
        event("today", subject="a"),
        event("again", tomorrow),
        event("private", tomorrow, subject="b", private=True),
        event("people", tomorrow, subject="c", people=("boris@acme.example",)),
        event("night", span(NINE.replace(day=3, hour=22)), subject="d"),
        event("late", span(NINE + timedelta(days=26)), subject="e"),
    ]

    assert choose_cast([*unsuited[:1], suited[0], *unsuited[1:], suited[1]], TODAY) == {
        "moved": "e1",
        "renamed": "e2",
    }


def shown_of(rows: list[Row], changed: set[str]) -> str:
    """What the audience sees of both calendars."""
    told = io.StringIO()
    Screen(console=Console(file=told, width=118)).calendars(World(tuple(rows)), changed)
    return told.getvalue()


def test_table_shows_what_changed_and_nothing_else() -> None:
    """At most twelve rows; how many more there are, and how many stayed as they were, is said."""
    rows = [Row(event(f"e{n}", span(NINE + n * HOUR), subject=f"Talk {n}.")) for n in range(30)]

    few, many = shown_of(rows, {"e10"}), shown_of(rows, {f"e{n}" for n in range(20)})

    assert (re.findall(r"Talk \d+", few), re.findall(r"Talk \d+", many)) == (
        ["Talk 10"],
        [f"Talk {n}" for n in range(12)],
    )
    assert few.endswith("\n  29 others did not change\n")
    assert many.endswith("\n  … and 8 more; 10 others did not change\n")
    assert shown_of(rows, set()) == "    neither calendar changed\n"


def left_alone(screen: Screen, told: io.StringIO, *users: tuple[str, dict[str, int], str], full: bool = False) -> str:
    """The line about what was left alone after a sync of users: name, skips by reason, reason of one action."""
    told.truncate(0)
    action = {"what": "activity voided", "subject": "Talk", "event_id": "e", "before": {}, "after": {}}
    people = [
        {
            "upn": f"{name}@acme.example",
            "full": full,
            "skipped": skipped,
            "lines": [{**action, "reason": reason}] if reason else [],
        }
        for name, skipped, reason in users
    ]
    screen.round(round_of(0, {"users": people}))
    return next((line.strip() for line in told.getvalue().splitlines() if "left alone" in line), "")


def test_what_the_sync_before_did_is_no_news() -> None:
    """The next sync comes upon the voided activity and leaves it alone: said once, not again a step later."""
    told = io.StringIO()
    screen = Screen(console=Console(file=told, width=118))
    gone = "deleted in Outlook"

    lines = [
        left_alone(screen, told, ("anna", {}, gone)),
        left_alone(screen, told, ("anna", {gone: 1}, "")),
        left_alone(screen, told, ("anna", {gone: 1}, "")),
        left_alone(screen, told, ("anna", {gone: 1}, ""), full=True),
    ]

    assert lines == ["", "", f"left alone: 1 × {gone}", f"left alone of all that was read: 1 × {gone}"]


def test_what_is_left_alone_is_said_of_each_person() -> None:
    """Three copies in two calendars are not three of one meeting."""
    told = io.StringIO()
    screen = Screen(console=Console(file=told, width=118))

    line = left_alone(screen, told, ("anna", {}, ""), ("boris", {"fed": 2}, ""), ("carl", {"fed": 1, "old": 1}, ""))

    assert line == "left alone: Boris: 2 × fed; Carl: 1 × fed, 1 × old"


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (span(), "Mon 02.03.26 09:00–10:00"),
        (span(NINE, timedelta(0)), "Mon 02.03.26 09:00"),
        (DAY, "Wed 04.03.26 all day"),
        (Span(DAY.start, DAY.start + timedelta(days=2), all_day=True), "Wed 04.03. – Fri 06.03.26"),
    ],
)
def test_when(shown: Span, text: str) -> None:
    """A span reads like a calendar."""
    assert when(shown) == text


def test_round_reads_calsyncs_report() -> None:
    """The report's counts, reasons and written-over values are found by event."""
    line: dict[str, Any] = {
        "what": "activity updated",
        "subject": "Talk",
        "reason": "so",
        "event_id": "e1",
        "activity_id": "a1",
    }
    line |= {"before": {"erp.subject": "old"}, "after": {"erp.subject": "new"}}
    user = {"upn": "anna", "state": "Operational", "full": True, "done": {"activity updated": 1}, "lines": [line]}
    told = round_of(0, {"failure": "", "users": [user]})

    assert (told.told("e1"), told.reasons("e1"), told.before("e1")) == (["activity updated"], "so", ["old"])
    assert (told.is_fine, told.full, counted(told.done)) == (True, True, "1 × activity updated")


@pytest.mark.parametrize(
    ("code", "more"), [(1, {}), (0, {"failure": "ERP.net is away"}), (0, {"users": [{"failures": ["one item"]}]})]
)
def test_round_is_not_fine(code: int, more: dict[str, Any]) -> None:
    """A non-zero exit code, a failure of the whole sync or of an item is not fine."""
    assert not round_of(code, {"failure": "", "users": [], **more}).is_fine


def test_empty_report() -> None:
    """A sync that reached no user leaves an empty report that says so."""
    told = round_of(1, {"failure": "ERP.net is away", "users": []})

    assert (told.failure, told.done, told.lines) == ("ERP.net is away", Counter(), ())
