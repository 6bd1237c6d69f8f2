"""Runs timer triggers: one loop per timer, which never overlaps itself (azure.md §5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from azure.functions.timer import TimerRequest

from simulators.host.ncrontab import Schedule

LONGEST_NAP = timedelta(seconds=30)
"""A machine that slept, or whose clock was set, is noticed after so long."""

NEVER = "0001-01-01T00:00:00"
"""How .NET writes an instant that has not been."""

ENDLESS = "9999-12-31T23:59:59.9999999"
"""How .NET writes an instant that never comes."""

Fire = Callable[[TimerRequest], Awaitable[Any]]


class TimerListener:
    """Fires when its schedule says so. ``fire`` may fail: the next tick is the next chance."""

    def __init__(
        self,
        schedule: Schedule,
        fire: Fire,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
        is_run_on_startup: bool = False,
    ) -> None:
        self._schedule = schedule
        self._fire = fire
        self._clock = clock
        self._sleep = sleep
        self._is_run_on_startup = is_run_on_startup
        self._last: datetime | None = None

    async def listen(self) -> None:
        """Run until cancelled.

        Next is reckoned from the start of a run: after one that outlasts its interval another starts at once, and
        the other missed ticks are dropped.
        """
        due = self._clock() if self._is_run_on_startup else self._schedule.after(self._clock())
        while True:
            await self._wait_until(due)
            started = self._clock()
            due = self._schedule.after(started)
            await self._run(started, due)

    async def _run(self, started: datetime, following: datetime | None) -> None:
        request = self.request(following)
        self._last = started
        try:
            await self._fire(request)
        except Exception:  # noqa: BLE001 - the worker has logged it; a failed run is not repeated
            return

    def request(self, following: datetime | None) -> TimerRequest:
        """What the function is handed; nothing is past due here, because no tick outlives the process."""
        last = self._last.isoformat() if self._last else NEVER
        following_at = following.isoformat() if following else ENDLESS
        status = {"Last": last, "Next": following_at, "LastUpdated": last}
        return TimerRequest(past_due=False, schedule_status=status, schedule={"AdjustForDST": True})

    async def _wait_until(self, due: datetime | None) -> None:
        while (left := due - self._clock() if due else LONGEST_NAP) > timedelta(0):
            await self._sleep(min(left, LONGEST_NAP).total_seconds())
