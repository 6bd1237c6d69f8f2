"""What the tests of both systems' adapters share: a clock that stands still, and waiting that costs nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from simulators.base import Clock

NOW = datetime(2026, 1, 25, 8, tzinfo=UTC)


class Pauses(list[float]):
    """Waiting that only writes down how long it would have been."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def pauses() -> Pauses:
    """The waits the adapter asked for."""
    return Pauses()


@pytest.fixture
def clock() -> Clock:
    """Sunday, 25 January 2026, 08:00 UTC."""
    return Clock(NOW)
