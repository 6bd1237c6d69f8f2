"""A day in numbers: what is counted, and how long half of the people, or nearly all, have waited."""

from __future__ import annotations

from datetime import date

import pytest

from sync_core.model.day import UP_TO, Day, by_day, joined, lags_of

DAY = date(2026, 11, 30)


def a_day(*lags: float) -> Day:
    """A day with a round for each of these lags."""
    whole = Day(DAY)
    for lag in lags:
        whole = joined(whole, Day(DAY, actions=1, lags=lags_of(lag)))
    return whole


@pytest.mark.parametrize(
    ("lags", "half", "nearly_all"),
    [
        ((), None, None),
        ((4.0,), 5, 5),
        ((0.2, 0.9, 1.0, 7.5), 1, 8),
        ((*(2.0,) * 19, 500.0), 2, 2),
        ((*(2.0,) * 18, 500.0, 500.0), 2, 600),
        ((10_000.0,), 3_600, 3_600),
    ],
    ids=["nothing", "one", "a few", "one in twenty is late", "two in twenty are late", "beyond the last class"],
)
def test_within_how_many_seconds(lags: tuple[float, ...], half: int | None, nearly_all: int | None) -> None:
    """The upper end of the class in which the round lies that so many were faster than, or as fast as."""
    assert (a_day(*lags).lag_of(0.5), a_day(*lags).lag_of(0.95)) == (half, nearly_all)


def test_every_lag_has_one_class() -> None:
    """At its upper end it still belongs to it."""
    assert [len(lags_of(float(seconds))) for seconds in UP_TO] == [*range(1, len(UP_TO) + 1)]
    assert lags_of(None) == ()


def test_the_parts_of_a_day_are_joined() -> None:
    """Numbers add up; days stay apart."""
    parts = [Day(DAY, 1, 2, (1,)), Day(DAY, 10, 20, (0, 1)), Day(date(2026, 12, 1), 5)]

    assert by_day(parts) == {
        DAY: Day(DAY, 11, 22, (1, 1)),
        date(2026, 12, 1): Day(date(2026, 12, 1), 5),
    }
