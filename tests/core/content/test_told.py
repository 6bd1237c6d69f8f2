"""The times of an item in text: whatever is written is found again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.content.told import DAYS, INSTANT, SPAN, cut, days, follows_the_start, is_cut, span, when_in
from sync_core.model.event import AllDay, Timed

MINUTES = st.integers(0, 5_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds // 60 * 60, UTC))


@given(MINUTES, MINUTES)
def test_a_span_is_found_again_with_both_ends(start: datetime, end: datetime) -> None:
    """To the minute; each of its ends by itself, too."""
    found = SPAN.fullmatch(span(start, end))

    assert found is not None
    assert [datetime.fromisoformat(f"{found[n]}T{found[n + 1]}+00:00") for n in (1, 3)] == [start, end]
    assert len(INSTANT.findall(span(start, end))) == 2


@given(st.dates(), st.dates())
def test_days_are_found_again(first: date, until: date) -> None:
    """The first, and the one after the last."""
    found = DAYS.fullmatch(days(first, until))

    assert found is not None
    assert tuple(map(date.fromisoformat, found.groups())) == (first, until)


@given(MINUTES, st.timedeltas(timedelta(minutes=1), timedelta(days=40)), st.dates(date(1000, 1, 1), date(9000, 1, 1)))
def test_a_time_is_read_back(start: datetime, lasts: timedelta, first: date) -> None:
    """Whichever kind it is; another text tells none."""
    until = (start + lasts).replace(second=0, microsecond=0)
    assert when_in(span(start, until)) == Timed(start, until)
    assert when_in(days(first, first + timedelta(days=1))) == AllDay(first, first + timedelta(days=1))
    assert when_in(f"on {first}") is None


@pytest.mark.parametrize(
    ("name", "was", "now", "follows"),
    [
        ("erp.reminder", "15", "15", True),
        ("erp.reminder", "-30", "-30", True),
        ("erp.reminder", "15", "30", False),
        ("erp.reminder", "none", "15", False),
        ("erp.reminder", "(private)", "(private)", False),
        ("erp.priority", "1", "1", False),
    ],
)
def test_a_reminder_that_follows_the_start(name: str, was: str, now: str, *, follows: bool) -> None:
    """It is as many minutes before it as ever; of one that is hidden nobody can say so."""
    assert follows_the_start(name, {name: was}, {name: now}) == follows
    assert not follows_the_start(name, {}, {name: now})


@given(st.text(), st.integers(0, 20))
def test_a_cut_text_is_known_as_one(text: str, most: int) -> None:
    """By its end, which says how long it was."""
    assert is_cut(cut(text, most)) == (len(text) > most)
