"""A pause: it ends at a midnight of the person's own zone, or when somebody resumes."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from sync_core.model.pause import Pause, longest

SINCE = datetime(2026, 1, 25, 8, tzinfo=UTC)
MONDAY = date(2026, 2, 2)


@pytest.mark.parametrize(
    ("zone", "first_second"),
    [
        pytest.param("Europe/Sofia", datetime(2026, 2, 1, 22, tzinfo=UTC), id="east"),
        pytest.param("America/New_York", datetime(2026, 2, 2, 5, tzinfo=UTC), id="west"),
        pytest.param("", datetime(2026, 2, 2, tzinfo=UTC), id="zone-not-known"),
    ],
)
def test_a_pause_ends_at_midnight_of_ones_own_zone(zone: str, first_second: datetime) -> None:
    """Until that very instant no round runs."""
    pause = Pause(SINCE, MONDAY)

    assert pause.ends_at(zone) == first_second
    assert pause.is_on(first_second.replace(year=2025), zone)
    assert not pause.is_on(first_second, zone)


def test_a_pause_without_an_end_lasts() -> None:
    """Until somebody resumes."""
    assert Pause(SINCE).is_on(datetime(2036, 1, 1, tzinfo=UTC), "Europe/Sofia")


@pytest.mark.parametrize(
    ("pauses", "expected"),
    [
        pytest.param([None, None], None, id="none"),
        pytest.param([Pause(SINCE, MONDAY), None], Pause(SINCE, MONDAY), id="one's-own"),
        pytest.param([Pause(SINCE, MONDAY), Pause(SINCE)], Pause(SINCE), id="everybody's-lasts-longer"),
        pytest.param([Pause(SINCE, date(2026, 1, 20)), Pause(SINCE, MONDAY)], Pause(SINCE, MONDAY), id="one-is-over"),
    ],
)
def test_the_pause_that_ends_last_counts(pauses: list[Pause | None], expected: Pause | None) -> None:
    """One's own and everybody's: rounds run again when both are over."""
    assert longest(pauses, SINCE, "Europe/Sofia") == expected
