"""The window: the user's local days, what overlaps them, and how far a delta window reaches."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.content.window import (
    RENEW_BELOW,
    add_months,
    bounds,
    days_of,
    delta_window_at,
    is_delta_window_worn,
    is_inside,
    is_over,
    local_day,
    midnight,
    window_at,
)
from sync_core.model.event import AllDay, Timed, When, Window
from tests.support.samples import SOFIA, utc

ZONES = (
    "UTC",
    "Europe/Sofia",
    "America/St_Johns",
    "America/Havana",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Pacific/Pago_Pago",
    "Australia/Lord_Howe",
    "Africa/Cairo",
)
zones = st.sampled_from(ZONES).map(ZoneInfo)
instants = st.datetimes(datetime(2005, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def sofia_day(year: int, month: int, day: int) -> Timed:
    """An hour's meeting on a day in Sofia."""
    start = datetime(year, month, day, 10, tzinfo=SOFIA).astimezone(UTC)
    return Timed(start, start + timedelta(hours=1))


@pytest.mark.parametrize(
    ("now", "day", "expected"),
    [
        pytest.param(utc(2026, 1, 25, 8), (2026, 1, 25), True, id="today-is-in"),
        pytest.param(utc(2026, 1, 25, 8), (2026, 1, 24), False, id="yesterday-is-out"),
        pytest.param(utc(2026, 1, 25, 8), (2026, 2, 10), True, id="february-10-is-in-on-january-25"),
        pytest.param(utc(2026, 1, 25, 8), (2026, 2, 25), True, id="the-day-a-month-later-is-in"),
        pytest.param(utc(2026, 1, 25, 8), (2026, 2, 26), False, id="the-day-after-is-out"),
        pytest.param(utc(2026, 1, 25, 8), (2026, 3, 1), False, id="march-1-is-out-on-january-25"),
        pytest.param(utc(2026, 1, 31, 21, 59), (2026, 3, 1), False, id="march-1-is-out-until-january-ends"),
        pytest.param(utc(2026, 1, 31, 22), (2026, 3, 1), True, id="march-1-is-in-from-february-1-local-time"),
    ],
)
def test_the_window_rolls_by_local_days(now: datetime, day: tuple[int, int, int], expected: bool) -> None:
    """Events from today until a month later are in, and the window moves at the user's midnight (R6, R7)."""
    assert expected == is_inside(sofia_day(*day), window_at(now, SOFIA, 1), SOFIA)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        pytest.param(date(2026, 1, 25), 1, date(2026, 2, 25), id="same-day"),
        pytest.param(date(2026, 1, 31), 1, date(2026, 2, 28), id="clamped-to-february"),
        pytest.param(date(2028, 1, 31), 1, date(2028, 2, 29), id="clamped-to-a-leap-day"),
        pytest.param(date(2026, 3, 31), 1, date(2026, 4, 30), id="clamped-to-thirty"),
        pytest.param(date(2026, 12, 15), 1, date(2027, 1, 15), id="over-new-year"),
        pytest.param(date(2028, 2, 29), 12, date(2029, 2, 28), id="a-year-from-a-leap-day"),
        pytest.param(date(2026, 1, 25), 0, date(2026, 1, 25), id="no-month"),
    ],
)
def test_months_are_calendar_months(day: date, months: int, expected: date) -> None:
    """A month later is the same day of the next month, or its last one."""
    assert expected == add_months(day, months)


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        pytest.param("Europe/Sofia", date(2026, 3, 29), utc(2026, 3, 28, 22), id="clock-goes-forward-that-day"),
        pytest.param("Europe/Sofia", date(2026, 3, 30), utc(2026, 3, 29, 21), id="the-day-after-in-summer-time"),
        pytest.param("America/Havana", date(2026, 3, 8), utc(2026, 3, 8, 5), id="midnight-in-a-gap"),
        pytest.param("America/Havana", date(2026, 11, 1), utc(2026, 11, 1, 4), id="midnight-twice-means-the-first"),
        pytest.param("Pacific/Apia", date(2011, 12, 30), utc(2011, 12, 30, 10), id="a-day-that-never-was"),
        pytest.param("Pacific/Kiritimati", date(2026, 1, 25), utc(2026, 1, 24, 10), id="far-east"),
        pytest.param("Pacific/Pago_Pago", date(2026, 1, 25), utc(2026, 1, 25, 11), id="far-west"),
    ],
)
def test_a_day_begins_at_its_local_midnight(zone: str, day: date, expected: datetime) -> None:
    """Midnight is the first instant of the local day, whatever the clocks do that night."""
    assert expected == midnight(day, ZoneInfo(zone))


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        ("Pacific/Kiritimati", utc(2026, 1, 24, 10), utc(2026, 2, 25, 10)),
        ("Europe/Sofia", utc(2026, 1, 24, 22), utc(2026, 2, 25, 22)),
        ("UTC", utc(2026, 1, 25), utc(2026, 2, 26)),
        ("Pacific/Pago_Pago", utc(2026, 1, 24, 11), utc(2026, 2, 25, 11)),
    ],
)
def test_east_and_west_have_their_own_days(zone: str, start: datetime, end: datetime) -> None:
    """The same instant gives each zone the window of its own calendar day."""
    assert Window(start, end) == window_at(utc(2026, 1, 25, 8), ZoneInfo(zone), 1)


WINDOW = window_at(utc(2026, 1, 25, 8), SOFIA, 1)
BEFORE, FIRST, LAST, AFTER = date(2026, 1, 24), date(2026, 1, 25), date(2026, 2, 25), date(2026, 2, 26)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        pytest.param(AllDay(BEFORE, FIRST), False, id="all-day-yesterday"),
        pytest.param(AllDay(BEFORE, FIRST + timedelta(days=1)), True, id="all-day-yesterday-and-today"),
        pytest.param(AllDay(LAST, AFTER), True, id="all-day-on-the-last-day"),
        pytest.param(AllDay(AFTER, AFTER + timedelta(days=1)), False, id="all-day-the-day-after"),
        pytest.param(AllDay(BEFORE, AFTER + timedelta(days=1)), True, id="longer-than-the-window"),
        pytest.param(Timed(WINDOW.start - timedelta(hours=1), WINDOW.start), False, id="ends-as-it-opens"),
        pytest.param(
            Timed(WINDOW.start - timedelta(hours=1), WINDOW.start + timedelta(minutes=1)), True, id="overlaps"
        ),
        pytest.param(Timed(WINDOW.end - timedelta(minutes=1), WINDOW.end), True, id="last-minute"),
        pytest.param(Timed(WINDOW.end, WINDOW.end + timedelta(hours=1)), False, id="starts-as-it-closes"),
        pytest.param(Timed(WINDOW.start, WINDOW.start), True, id="empty-at-the-opening"),
        pytest.param(Timed(WINDOW.end, WINDOW.end), False, id="empty-at-the-closing"),
        pytest.param(Timed(utc(2026, 2, 1, 9), utc(2026, 2, 1, 9)), True, id="empty-inside"),
    ],
)
def test_overlap_counts(when: When, expected: bool) -> None:
    """What has a part in the window is in; an empty span counts where it stands."""
    assert expected == is_inside(when, WINDOW, SOFIA)


def test_the_same_whole_day_has_different_edges_in_different_zones() -> None:
    """An all-day event floats: each user's own midnights bound it."""
    day = AllDay(FIRST, FIRST + timedelta(days=1))

    assert (utc(2026, 1, 24, 22), utc(2026, 1, 25, 22)) == bounds(day, SOFIA)
    assert (utc(2026, 1, 24, 18, 15), utc(2026, 1, 25, 18, 15)) == bounds(day, ZoneInfo("Asia/Kathmandu"))


def test_over_means_ended_before_and_not_at_the_instant() -> None:
    """A span that ends exactly at the limit is not older than it (R8)."""
    span = Timed(utc(2026, 1, 24, 7), utc(2026, 1, 24, 8))

    assert not is_over(span, utc(2026, 1, 24, 8), SOFIA)
    assert is_over(span, utc(2026, 1, 24, 8, 0, 1), SOFIA)


def test_days_of_includes_its_last_day() -> None:
    """The last day is in, so the exclusive end is the day after."""
    assert AllDay(date(2026, 2, 27), date(2026, 3, 2)) == days_of(date(2026, 2, 27), date(2026, 3, 1))


def test_a_token_reaches_from_yesterday_to_a_month_past_the_window() -> None:
    """A delta link is asked for more than the window, so that the window can roll inside it."""
    expected = Window(utc(2026, 1, 23, 22), utc(2026, 2, 25, 22) + timedelta(days=31))

    assert expected == delta_window_at(utc(2026, 1, 25, 8), SOFIA, 1)


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        pytest.param(RENEW_BELOW, False, id="seven-days-left"),
        pytest.param(RENEW_BELOW - timedelta(seconds=1), True, id="a-second-less"),
        pytest.param(timedelta(days=-3), True, id="outrun"),
    ],
)
def test_a_token_is_worn_with_less_than_seven_days_left(left: timedelta, expected: bool) -> None:
    """A new token is due when the window comes within a week of its end."""
    assert expected == is_delta_window_worn(Window(WINDOW.start, WINDOW.end + left), WINDOW)


@given(instants, zones, st.integers(0, 14))
def test_now_is_always_inside(now: datetime, zone: ZoneInfo, months: int) -> None:
    """Whatever the zone, the present moment lies in the window and the window lies in its token."""
    window, token = window_at(now, zone, months), delta_window_at(now, zone, months)

    assert window.start <= now < window.end
    assert token.start < window.start
    assert not is_delta_window_worn(token, window)


@given(instants, st.timedeltas(timedelta(0), timedelta(days=400)), zones)
def test_time_only_moves_the_window_forward(now: datetime, later: timedelta, zone: ZoneInfo) -> None:
    """A later window never begins or ends earlier, so that nothing that was taken in falls behind its end."""
    first, second = window_at(now, zone, 1), window_at(now + later, zone, 1)

    assert first.start <= second.start
    assert first.end <= second.end


@given(st.dates(date(2005, 1, 1), date(2060, 1, 1)), st.integers(1, 10), zones)
def test_whole_days_belong_to_the_window_of_their_days(first: date, days: int, zone: ZoneInfo) -> None:
    """An all-day event is inside exactly the windows whose days it shares."""
    event = AllDay(first, first + timedelta(days=days))
    today = Window(midnight(first, zone), midnight(first + timedelta(days=1), zone))
    after = Window(midnight(event.until, zone), midnight(event.until + timedelta(days=1), zone))

    assert is_inside(event, today, zone) == (today.start < today.end)
    assert not is_inside(event, after, zone)


@given(instants, zones)
def test_the_local_day_holds_its_instant(now: datetime, zone: ZoneInfo) -> None:
    """An instant lies between the midnights of its own local day."""
    day = local_day(now, zone)

    assert midnight(day, zone) <= now < midnight(day + timedelta(days=1), zone)
