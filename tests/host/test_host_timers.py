"""Timers: on time, never over themselves, missed ticks dropped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from azure.functions.timer import TimerRequest

from simulators.host.ncrontab import Schedule
from simulators.host.timers import TimerListener

EIGHT = datetime(2026, 3, 1, 8, tzinfo=UTC)


class Day:
    """A clock that sleepers move, and what happened by it."""

    def __init__(self, ends_after: timedelta) -> None:
        self.now = EIGHT
        self.fired: list[str] = []
        self.handed: list[TimerRequest] = []
        self._end = EIGHT + ends_after

    async def sleep(self, seconds: float) -> None:
        """Let time pass; the day's end cancels the sleeper."""
        self.now += timedelta(seconds=seconds)
        if self.now > self._end:
            raise asyncio.CancelledError

    async def live(self, expression: str, work: Callable[[], Awaitable[None]], **how: bool) -> list[str]:
        """Run a timer for the day; the wall-clock times at which it fired."""

        async def fire(request: TimerRequest) -> None:
            self.fired.append(f"{self.now:%H:%M:%S}")
            self.handed.append(request)
            await work()

        timer = TimerListener(Schedule(expression), fire, clock=lambda: self.now, sleep=self.sleep, **how)
        with pytest.raises(asyncio.CancelledError):
            await timer.listen()
        return self.fired


async def nothing() -> None:
    """A run that takes no time."""


async def test_timer_fires_at_every_tick() -> None:
    """Every tick of the schedule, once."""
    assert await Day(timedelta(minutes=50)).live("0 */15 * * * *", nothing) == ["08:15:00", "08:30:00", "08:45:00"]


async def test_long_run_is_followed_by_one_at_once() -> None:
    """A run over three ticks is followed by one more at its end, then by the next tick."""
    day = Day(timedelta(minutes=7))

    async def work() -> None:
        if len(day.fired) == 1:
            day.now += timedelta(minutes=3, seconds=30)

    assert await day.live("0 * * * * *", work) == ["08:01:00", "08:04:30", "08:05:00", "08:06:00", "08:07:00"]


async def test_failed_run_waits_for_the_next_tick() -> None:
    """A run that fails is not repeated and does not stop the timer."""

    async def work() -> None:
        raise RuntimeError

    assert await Day(timedelta(minutes=2)).live("0 * * * * *", work) == ["08:01:00", "08:02:00"]


async def test_run_on_startup_fires_first() -> None:
    """A timer with run_on_startup does not wait for its first tick."""
    day = Day(timedelta(minutes=1))

    assert await day.live("0 * * * * *", nothing, is_run_on_startup=True) == ["08:00:00", "08:01:00"]


async def test_what_a_timer_is_handed() -> None:
    """Not past due, the schedule's status with last and next."""
    day = Day(timedelta(minutes=2))
    await day.live("0 * * * * *", nothing)

    assert [request.past_due for request in day.handed] == [False, False]
    assert [
        (request.schedule_status["Last"][:19], request.schedule_status["Next"][:19]) for request in day.handed
    ] == [
        ("0001-01-01T00:00:00", "2026-03-01T08:02:00"),
        ("2026-03-01T08:01:00", "2026-03-01T08:03:00"),
    ]
