"""When something is: a span that is no span cannot be made."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest

from sync_core.model.event import AllDay, Timed, Window
from tests.support.samples import NOW, utc, wall_clock

SOFIA_OFFSET = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param(wall_clock(2026, 2, 2, 8), utc(2026, 2, 2, 9), id="naive-start"),
        pytest.param(utc(2026, 2, 2, 8), wall_clock(2026, 2, 2, 9), id="naive-end"),
        pytest.param(datetime(2026, 2, 2, 10, tzinfo=SOFIA_OFFSET), utc(2026, 2, 2, 9), id="another-zone"),
        pytest.param(utc(2026, 2, 2, 9), utc(2026, 2, 2, 8), id="end-before-start"),
    ],
)
@pytest.mark.parametrize("kind", [Timed, Window])
def test_spans_are_utc_instants_in_order(kind: type[Timed] | type[Window], start: datetime, end: datetime) -> None:
    """A naive, foreign or reversed span cannot exist."""
    with pytest.raises(ValueError, match=r"UTC|before"):
        kind(start, end)


@pytest.mark.parametrize("kind", [Timed, Window])
def test_spans_may_be_empty(kind: type[Timed] | type[Window]) -> None:
    """Zero length is a length."""
    assert kind(NOW, NOW).end == NOW


@pytest.mark.parametrize("until", [date(2026, 2, 2), date(2026, 2, 1)])
def test_whole_days_are_at_least_one(until: date) -> None:
    """An all-day span without a day cannot exist."""
    with pytest.raises(ValueError, match="at least one day"):
        AllDay(date(2026, 2, 2), until)
