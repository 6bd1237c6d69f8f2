"""What the instance row says of one user's calendar."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sync_core.model.instance import Instance
from sync_core.model.user import User

EIGHT, NINE, TEN = (datetime(2026, 2, 2, hour, tzinfo=UTC) for hour in (8, 9, 10))


@pytest.mark.parametrize(
    ("looked_at", "woken_at", "synced_at", "expected"),
    [
        pytest.param(TEN, None, None, None, id="no-round-yet"),
        pytest.param(None, None, NINE, NINE, id="no-timer-yet"),
        pytest.param(TEN, None, NINE, TEN, id="nothing-new-to-the-timer"),
        pytest.param(NINE, None, TEN, TEN, id="a-round-since"),
        pytest.param(TEN, NINE, EIGHT, NINE, id="waits-for-a-round"),
        pytest.param(TEN, EIGHT, NINE, TEN, id="woken-and-served"),
    ],
)
def test_when_a_calendar_was_last_looked_at(
    looked_at: datetime | None, woken_at: datetime | None, synced_at: datetime | None, expected: datetime | None
) -> None:
    """By a round, or by the timer where nothing was new; whoever waits for a round was last looked at when woken."""
    woken = {"anna-id": woken_at} if woken_at else {}
    user = User("anna-id", "anna@acme.example", synced_at=synced_at)

    assert expected == Instance(looked_at=looked_at, woken=woken).looked_at_user(user)
