"""Patterns of series as dates: each kind with what is odd about it, ranges, and what is refused; graph.md §6."""

from __future__ import annotations

from datetime import date
from itertools import islice
from typing import Any

import pytest

from simulators.graph.errors import GraphError
from simulators.graph.recurrence import Recurrence, parse

MONDAY = "2026-11-23"
FAR = date(2100, 1, 1)


def series(pattern: dict[str, Any], start: str = MONDAY, **limits: Any) -> Recurrence:
    """The recurrence of this pattern, without an end if no limits are given."""
    return parse(
        {"pattern": pattern, "range": {"startDate": start, **(limits or {"type": "noEnd"})}}, "UTC", date.min
    )


def dates(found: Recurrence, count: int = 4) -> list[str]:
    """The first dates of a series."""
    return [day.isoformat() for day in islice(found.dates(found.start, FAR), count)]


@pytest.mark.parametrize(
    ("pattern", "start", "expected"),
    [
        pytest.param(
            {"type": "daily", "interval": 10},
            MONDAY,
            ["2026-11-23", "2026-12-03", "2026-12-13", "2026-12-23"],
            id="every ten days",
        ),
        pytest.param(
            {"type": "weekly", "interval": 2, "daysOfWeek": ["sunday", "monday"], "firstDayOfWeek": "monday"},
            MONDAY,
            ["2026-11-23", "2026-11-29", "2026-12-07", "2026-12-13"],
            id="every other week, which begins on Monday",
        ),
        pytest.param(
            {"type": "weekly", "interval": 2, "daysOfWeek": ["sunday", "monday"]},
            MONDAY,
            ["2026-11-23", "2026-12-06", "2026-12-07", "2026-12-20"],
            id="every other week, which begins on Sunday if nothing is said",
        ),
        pytest.param(
            {"type": "weekly", "interval": 1, "daysOfWeek": ["Tuesday"]},
            MONDAY,
            ["2026-11-24", "2026-12-01", "2026-12-08", "2026-12-15"],
            id="begins on the first date of the pattern, not on the range's start",
        ),
        pytest.param(
            {"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31},
            "2027-01-05",
            ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"],
            id="the 31st is the last day of a shorter month",
        ),
        pytest.param(
            {"type": "absoluteMonthly", "interval": 3, "dayOfMonth": 10},
            MONDAY,
            ["2027-02-10", "2027-05-10", "2027-08-10", "2027-11-10"],
            id="a day that is over in the first month",
        ),
        pytest.param(
            {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["friday"], "index": "last"},
            MONDAY,
            ["2026-11-27", "2026-12-25", "2027-01-29", "2027-02-26"],
            id="the last Friday",
        ),
        pytest.param(
            {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["saturday", "sunday"], "index": "second"},
            MONDAY,
            ["2026-12-06", "2027-01-03", "2027-02-07", "2027-03-07"],
            id="the second day of a weekend",
        ),
        pytest.param(
            {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["monday"]},
            MONDAY,
            ["2026-12-07", "2027-01-04", "2027-02-01", "2027-03-01"],
            id="the first Monday if no index is given",
        ),
        pytest.param(
            {"type": "absoluteYearly", "interval": 1, "dayOfMonth": 29, "month": 2},
            MONDAY,
            ["2027-02-28", "2028-02-29", "2029-02-28", "2030-02-28"],
            id="the 29th of February",
        ),
        pytest.param(
            {
                "type": "relativeYearly",
                "interval": 2,
                "daysOfWeek": ["thursday"],
                "index": "fourth",
                "month": 11,
            },
            MONDAY,
            ["2026-11-26", "2028-11-23", "2030-11-28", "2032-11-25"],
            id="the fourth Thursday of November every other year",
        ),
    ],
)
def test_a_pattern_falls_on(pattern: dict[str, Any], start: str, expected: list[str]) -> None:
    """Dates of the calendar, found by hand."""
    found = series(pattern, start)

    assert dates(found) == expected
    assert found.first().isoformat() == expected[0]
    assert all(found.has(date.fromisoformat(day)) for day in expected)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"type": "numbered", "numberOfOccurrences": 2}, ["2026-11-23", "2026-11-30"]),
        ({"type": "endDate", "endDate": "2026-12-07"}, ["2026-11-23", "2026-11-30", "2026-12-07"]),
        ({"type": "endDate", "endDate": "2026-12-06"}, ["2026-11-23", "2026-11-30"]),
        ({"type": "endDate", "endDate": MONDAY}, ["2026-11-23"]),
    ],
    ids=["numbered", "until a date of it", "until another day", "one date"],
)
def test_a_range_ends(limits: dict[str, Any], expected: list[str]) -> None:
    """After so many dates of the pattern, or with a day, that one included."""
    assert dates(series({"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]}, **limits)) == expected


def test_a_series_of_many_years_is_asked_for_one_week() -> None:
    """Only the dates in question, both ends included."""
    old = series({"type": "daily", "interval": 1}, "2015-01-01")

    assert [d.day for d in old.dates(date(2026, 11, 23), date(2026, 11, 25))] == [23, 24, 25]
    assert list(old.dates(date(2014, 1, 1), date(2014, 12, 31))) == []


def test_the_neighbours_of_a_date() -> None:
    """The next ones that take place on either side, and none beyond the ends."""
    weekly = series(
        {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]}, type="numbered", numberOfOccurrences=4
    )
    first, second, third, last = (date.fromisoformat(day) for day in dates(weekly))

    assert weekly.neighbours(second, ()) == (first, third)
    assert weekly.neighbours(second, {third}) == (first, last)
    assert weekly.neighbours(first, ()) == (None, second)
    assert weekly.neighbours(last, {second, third}) == (first, None)


@pytest.mark.parametrize(
    ("limits", "before", "after"),
    [
        ({"type": "noEnd"}, ["2026-11-23", "2026-11-24"], ["2026-11-25", "2026-11-26", "2026-11-27", "2026-11-28"]),
        ({"type": "numbered", "numberOfOccurrences": 3}, ["2026-11-23", "2026-11-24"], ["2026-11-25"]),
        ({"type": "endDate", "endDate": "2026-11-26"}, ["2026-11-23", "2026-11-24"], ["2026-11-25", "2026-11-26"]),
    ],
    ids=["endless", "numbered", "until a day"],
)
def test_a_series_is_cut_in_two(limits: dict[str, Any], before: list[str], after: list[str]) -> None:
    """No date is lost and none is in both; a number of dates is divided."""
    whole = series({"type": "daily", "interval": 1}, **limits)

    assert dates(whole.until(date(2026, 11, 24))) == before
    assert dates(whole.since(date(2026, 11, 25))) == after


@pytest.mark.parametrize(
    ("pattern", "limits"),
    [
        ({"type": "hourly", "interval": 1}, {}),
        ({"type": "daily", "interval": 0}, {}),
        ({"type": "daily", "interval": -1}, {}),
        ({"type": "daily", "interval": "1"}, {}),
        ({"type": "daily", "interval": True}, {}),
        ({"type": "weekly", "interval": 1, "daysOfWeek": []}, {}),
        ({"type": "weekly", "interval": 1, "daysOfWeek": "monday"}, {}),
        ({"type": "weekly", "interval": 1, "daysOfWeek": ["Montag"]}, {}),
        ({"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "first"}, {}),
        ({"type": "absoluteMonthly", "interval": 1}, {}),
        ({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 32}, {}),
        ({"type": "absoluteYearly", "interval": 1, "dayOfMonth": 1, "month": 13}, {}),
        ({"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["monday"], "index": "fifth"}, {}),
        ({"type": "daily", "interval": 1}, {"type": "for ever"}),
        ({"type": "daily", "interval": 1}, {"type": "endDate"}),
        ({"type": "daily", "interval": 1}, {"type": "endDate", "endDate": "soon"}),
        ({"type": "daily", "interval": 1}, {"type": "endDate", "endDate": "2026-11-22"}),
        ({"type": "daily", "interval": 1}, {"type": "numbered", "numberOfOccurrences": 0}),
        ({"type": "daily", "interval": 1}, {"type": "noEnd", "until": "2026-12-01"}),
        ({"type": "daily", "interval": 1}, {"type": "noEnd", "startDate": "2026-02-30"}),
    ],
)
def test_what_is_no_recurrence_is_refused(pattern: dict[str, Any], limits: dict[str, Any]) -> None:
    """400, whatever is missing, unknown, of another type or impossible."""
    with pytest.raises(GraphError) as refused:
        series(pattern, **limits)
    assert refused.value.status == 400
