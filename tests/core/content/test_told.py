"""The times of an item in text: whatever is written is found again."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from sync_core.content.told import DAYS, INSTANT, SPAN, days, span

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
