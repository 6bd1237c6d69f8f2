"""Entries become acts of a person at Outlook: dates shifted by whole weeks, series as Outlook can say them."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.base import Refused
from simulators.demo import SAMPLE
from simulators.demo.ics import Entry, Export, read_file
from simulators.demo.loading import (
    LOST_DATE,
    REFUSED,
    RULE_TOO_RICH,
    SHOWN,
    Deviation,
    Order,
    enter,
    orders,
    shift_for,
)
from simulators.demo.rules import Unsupported, to_recurrence

Json = dict[str, Any]

SOFIA = ZoneInfo("Europe/Sofia")
WEEKS = timedelta(weeks=3)


def meeting(day: date = date(2026, 3, 2), hour: int = 9, **more: Any) -> Entry:
    """An hour on a day in Sofia."""
    start = datetime(day.year, day.month, day.day, hour, tzinfo=SOFIA)
    return Entry("uid", "Talk", start, start + timedelta(hours=1), "Europe/Sofia", **more)


def ordered(*entries: Entry, shift: timedelta = WEEKS) -> tuple[list[Order], Counter[str]]:
    """The orders for these entries, and what was remarked."""
    export = Export("my.ics", "anna@acme.example", "Europe/Sofia", list(entries))
    return orders(export, shift), export.remarks


class Recorder:
    """An Outlook that takes notes; it refuses the acts in ``refusing``."""

    def __init__(self, *refusing: str) -> None:
        self.acts: list[tuple[str, Json]] = []
        self._refusing = refusing

    def act(self, do: str, **words: Any) -> str:
        """Note the act; its id is its number."""
        if do in self._refusing:
            raise Refused("not today")
        self.acts.append((do, words))
        return f"#{len(self.acts)}"


DAYS = [date(2026, 11, 23) + timedelta(days=n) for n in range(7)] + [
    date(2026, 1, 31),
    date(2026, 12, 31),
    date(2028, 2, 28),
    date(2028, 2, 29),
    date(2027, 3, 27),
    date(2027, 10, 31),
]
"""Each day of a week, ends of months and years, a leap day, days beside a change of the clocks."""

TODAY = date(2026, 11, 25)


def moved(entries: list[Entry], today: date) -> list[date]:
    """The days of the entries once they are moved."""
    shift = shift_for(entries, today)
    assert shift.days % 7 == 0
    return [entry.first_day + shift for entry in entries]


@pytest.mark.parametrize("today", DAYS, ids=str)
@pytest.mark.parametrize("weeks", [1, 5])
def test_an_export_of_old_weeks_plays_after_today(today: date, weeks: int) -> None:
    """Whatever day it is told, no meeting of a short export is over, and the first one is less than a week away."""
    first = date(2025, 2, 24)
    entries = [meeting(first + timedelta(days=day)) for day in range(7 * weeks) if day % 7 < 5]

    days = moved(entries, today)

    assert today < min(days) <= today + timedelta(days=7)
    assert max(days) <= today + timedelta(weeks=weeks + 1)


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_the_sample_plays_after_today(today: date) -> None:
    """The sample's single meetings lie ahead on any day, on the weekdays they have."""
    entries = read_file(SAMPLE, "UTC").entries

    days = moved(entries, today)

    assert today < min(day for entry, day in zip(entries, days, strict=True) if entry.rule is None)
    assert [e.first_day.weekday() for e in entries] == [day.weekday() for day in days]


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_an_export_of_the_coming_weeks_stays(today: date) -> None:
    """Also if it begins today or lately, as an export of "a month from the first" does, and goes on for long."""
    coming = [meeting(today + timedelta(days=day)) for day in range(1, 30)]
    lately = [meeting(today - timedelta(days=day)) for day in range(15)]
    later = [meeting(today + timedelta(days=day)) for day in range(36, 300, 2)]

    for entries in (coming, lately + coming, lately + coming + later, coming[10:12]):
        assert moved(entries, today) == [entry.first_day for entry in entries]


@settings(deadline=None)
@given(
    st.lists(st.dates(date(2024, 1, 1), date(2028, 12, 31)), min_size=1, max_size=40),
    st.dates(date(2026, 1, 1), date(2028, 12, 31)),
)
def test_half_of_what_can_be_seen_is_seen(days: list[date], today: date) -> None:
    """Moved or not, at least half as many meetings as any move could show lie in the five weeks after today."""
    entries = [meeting(day) for day in days]

    def seen(shift: timedelta) -> int:
        return sum(today < day + shift <= today + SHOWN for day in days)

    shift = shift_for(entries, today)
    best = max(seen(timedelta(weeks=weeks)) for weeks in range(-160, 270))
    assert 2 * seen(shift) >= best > 0
    if 2 * seen(timedelta(0)) >= best:
        assert shift == timedelta(0)
    if max(days) - min(days) < SHOWN - timedelta(weeks=1) and shift:
        assert min(days) + shift > today


def test_shift_follows_the_busiest_weeks() -> None:
    """One old event, or a series from years ago, does not push a month of meetings out of sight."""
    month = [meeting(date(2026, 3, day)) for day in range(2, 27)]
    old = meeting(date(2019, 1, 7))
    series = meeting(date(2015, 1, 5), rule={"FREQ": ["WEEKLY"]})

    assert timedelta(0) == shift_for([series, old, *month], date(2026, 3, 4))
    assert timedelta(weeks=52) == shift_for([series, old, *month], date(2027, 2, 28))


@pytest.mark.parametrize(
    ("rule", "stays"),
    [
        ({"FREQ": ["WEEKLY"]}, True),
        ({"FREQ": ["WEEKLY"], "UNTIL": [date(2027, 1, 1)]}, True),
        ({"FREQ": ["WEEKLY"], "UNTIL": [datetime(2026, 11, 1, tzinfo=SOFIA)]}, False),
        ({"FREQ": ["WEEKLY"], "COUNT": [3]}, False),
    ],
    ids=["for-ever", "until-later", "over", "counted"],
)
def test_a_file_of_series_stays_while_one_goes_on(rule: Json, stays: bool) -> None:
    """A weekly series of last year takes place in the coming weeks as it is; one that is over begins anew."""
    [day] = moved([meeting(date(2025, 3, 3), rule=rule)], TODAY)

    assert day == (date(2025, 3, 3) if stays else date(2026, 11, 30))


def test_wall_clock_stays_over_dst() -> None:
    """A meeting moved from winter to summer keeps its digits and its zone, and its length."""
    [order], _ = ordered(meeting(), shift=timedelta(weeks=20))

    assert (order.words["start"], order.words["end"]) == ("2026-07-20T09:00", "2026-07-20T10:00")
    assert order.words["zone"] == "Europe/Sofia"


def test_end_in_another_zone_is_told_on_the_starts_clock() -> None:
    """A flight that lands in another zone ends at the right instant."""
    start = datetime(2026, 3, 2, 9, tzinfo=SOFIA)
    flight = Entry("uid", "Flight", start, datetime(2026, 3, 2, 10, tzinfo=ZoneInfo("Europe/London")), "Europe/Sofia")

    [order], _ = ordered(flight)

    assert order.words["end"] == "2026-03-23T12:00"


def test_all_day_event_is_dates() -> None:
    """Whole days are shifted as dates, without a zone."""
    [order], _ = ordered(Entry("uid", "Fair", date(2026, 3, 4), date(2026, 3, 7), ""))

    assert Order("create", {"subject": "Fair", "all_day": True, "start": "2026-03-25", "end": "2026-03-28"}) == order


def test_meeting_from_outside_is_received() -> None:
    """Somebody else's meeting arrives as an invitation from them."""
    [order], _ = ordered(meeting(organizer="jane@northwind.example"))

    assert (order.do, order.words["organizer"]) == ("receive", "jane@northwind.example")


def test_series_carries_its_exceptions() -> None:
    """A changed and a left-out date belong to the series, shifted with it; they are no events of their own."""
    series = meeting(rule={"FREQ": ["WEEKLY"], "COUNT": [9]}, left_out=(date(2026, 3, 9),))
    changed = meeting(date(2026, 3, 16), 11, replaces=date(2026, 3, 16))

    [order], _ = ordered(series, changed)

    assert [date(2026, 4, 6), date(2026, 3, 30)] == [d.day for d in order.deviations]
    assert [d.words and d.words["start"] for d in order.deviations] == ["2026-04-06T11:00", None]


def test_exception_without_its_series_is_an_event() -> None:
    """An export of a few weeks may hold a changed date and not its series: it is entered by itself."""
    [order], _ = ordered(meeting(replaces=date(2026, 3, 2)))

    assert (order.do, "recurrence" in order.words) == ("create", False)


@pytest.mark.parametrize(
    "rule", [{"FREQ": ["HOURLY"]}, {}, {"FREQ": ["WEEKLY"], "BYDAY": ["XX"]}, {"FREQ": ["DAILY"], "WKST": ["?"]}]
)
def test_rule_that_outlook_cannot_hold_is_entered_once_and_said(rule: Json) -> None:
    """An hourly rule, or one that means nothing, leaves one event and a remark."""
    [order], remarks = ordered(meeting(rule=rule))

    assert (remarks, "recurrence" in order.words) == ({RULE_TOO_RICH: 1}, False)


NO_END = {"type": "noEnd"}


@pytest.mark.parametrize(
    ("rule", "pattern"),
    [
        ({"FREQ": ["DAILY"], "INTERVAL": [2]}, {"type": "daily", "interval": 2}),
        ({"FREQ": ["DAILY"], "BYDAY": ["MO", "FR"]}, {"type": "weekly", "daysOfWeek": ["monday", "friday"]}),
        ({"FREQ": ["WEEKLY"]}, {"type": "weekly", "daysOfWeek": ["wednesday"]}),
        (
            {"FREQ": ["WEEKLY"], "BYDAY": ["TU"], "WKST": ["MO"]},
            {"firstDayOfWeek": "monday", "type": "weekly", "daysOfWeek": ["tuesday"]},
        ),
        ({"FREQ": ["MONTHLY"], "BYMONTHDAY": [18]}, {"type": "absoluteMonthly", "dayOfMonth": 25}),
        ({"FREQ": ["MONTHLY"], "BYMONTHDAY": [-1]}, {"type": "absoluteMonthly", "dayOfMonth": 31}),
        (
            {"FREQ": ["MONTHLY"], "BYDAY": ["3WE"]},
            {"type": "relativeMonthly", "daysOfWeek": ["wednesday"], "index": "fourth"},
        ),
        (
            {"FREQ": ["MONTHLY"], "BYDAY": ["WE"], "BYSETPOS": [-1]},
            {"type": "relativeMonthly", "daysOfWeek": ["wednesday"], "index": "last"},
        ),
        ({"FREQ": ["YEARLY"], "BYMONTH": [3]}, {"type": "absoluteYearly", "dayOfMonth": 25, "month": 11}),
        (
            {"FREQ": ["YEARLY"], "BYDAY": ["4WE"], "BYMONTH": [3]},
            {"type": "relativeYearly", "daysOfWeek": ["wednesday"], "index": "fourth", "month": 11},
        ),
    ],
)
def test_pattern(rule: Json, pattern: Json) -> None:
    """Each rule becomes Outlook's pattern; days and months follow the shifted start, 25 November 2026."""
    told = to_recurrence(rule, date(2026, 11, 25), WEEKS, "Europe/Sofia")

    assert {"pattern": {"interval": 1, **pattern}, "range": {"startDate": "2026-11-25", **NO_END}} == told


@pytest.mark.parametrize(
    ("rule", "limits"),
    [
        ({"COUNT": [8]}, {"type": "numbered", "numberOfOccurrences": 8}),
        ({"UNTIL": [date(2026, 12, 1)]}, {"type": "endDate", "endDate": "2026-12-22"}),
        (
            {"UNTIL": [datetime(2026, 11, 30, 23, tzinfo=ZoneInfo("UTC"))]},
            {"type": "endDate", "endDate": "2026-12-22"},
        ),
        ({"UNTIL": [date(9999, 12, 31)]}, NO_END),
        ({"UNTIL": [datetime(9999, 12, 31, 23, 59, 59, tzinfo=ZoneInfo("UTC"))]}, NO_END),
    ],
    ids=["count", "until-date", "until-instant", "until-the-end-of-time", "until-the-last-instant"],
)
def test_range(rule: Json, limits: Json) -> None:
    """A series ends after so many dates, or on a date of its own zone that is shifted with it."""
    told = to_recurrence({"FREQ": ["DAILY"], **rule}, date(2026, 11, 25), WEEKS, "Europe/Sofia")

    assert {"startDate": "2026-11-25", **limits} == told["range"]


@pytest.mark.parametrize(
    "rule",
    [
        {"FREQ": ["SECONDLY"]},
        {"FREQ": ["YEARLY"], "BYWEEKNO": [7]},
        {"FREQ": ["MONTHLY"], "BYMONTHDAY": [1, 15]},
        {"FREQ": ["MONTHLY"], "BYDAY": ["1MO", "3MO"]},
        {"FREQ": ["MONTHLY"], "BYDAY": ["MO"]},
        {"FREQ": ["MONTHLY"], "BYDAY": ["MO"], "BYSETPOS": [-2]},
        {"FREQ": ["MONTHLY"], "BYDAY": ["FR"], "BYMONTHDAY": [13]},
        {"FREQ": ["DAILY"], "INTERVAL": [2], "BYDAY": ["MO"]},
        {"FREQ": ["WEEKLY"], "BYMONTH": [3]},
        {"FREQ": ["WEEKLY"], "BYDAY": ["1MO"]},
        {"FREQ": ["YEARLY"], "BYMONTH": [3, 9]},
        {"FREQ": ["DAILY"], "INTERVAL": [0]},
        {"FREQ": ["DAILY"], "COUNT": [0]},
    ],
)
def test_unsupported_rule(rule: Json) -> None:
    """What Outlook's series cannot say is refused, never bent into another meaning."""
    with pytest.raises(Unsupported):
        to_recurrence(rule, date(2026, 11, 25), WEEKS, "Europe/Sofia")


def test_deviations_follow_their_series() -> None:
    """The series is entered, then its occurrence is looked up and edited or deleted."""
    outlook = Recorder()
    changed, dropped = Deviation(date(2026, 3, 9), {"subject": "Later"}), Deviation(date(2026, 3, 16), None)

    remarks = enter(outlook, [Order("create", {"subject": "Talk"}, (changed, dropped))])

    assert outlook.acts == [
        ("create", {"subject": "Talk"}),
        ("occurrence", {"ident": "#1", "day": "2026-03-09"}),
        ("edit", {"ident": "#2", "subject": "Later"}),
        ("occurrence", {"ident": "#1", "day": "2026-03-16"}),
        ("delete", {"ident": "#4"}),
    ]
    assert remarks == {"entered": 1}


def test_refusals_are_counted_and_the_rest_goes_on() -> None:
    """What Outlook refuses is told with its reason; the next event is entered all the same."""
    remarks = enter(Recorder("receive"), [Order("receive", {}), Order("create", {})])

    assert {f"{REFUSED}: not today": 1, "entered": 1} == remarks


def test_lost_date_of_a_series_is_counted() -> None:
    """A changed date that the series' rule does not have is counted; the series stays."""
    order = Order("create", {}, (Deviation(date(2026, 3, 9), None),))

    assert enter(Recorder("occurrence"), [order]) == {LOST_DATE: 1, "entered": 1}
