"""An event loop whose time is simulated: whoever sleeps is woken at once, in the right order, with the clock put
forward. A week takes as long as its work. Nothing may wait for the world outside.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")


class _NoWait(selectors.SelectSelector):
    """Puts the clock forward instead of waiting."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everybody waits for something that does not come")
        self.now += max(0.0, timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop; ``start`` is what its clock shows at first."""

    def __init__(self, start: datetime) -> None:
        self._virtual = _NoWait()
        self._start = start
        super().__init__(self._virtual)

    def time(self) -> float:
        """Seconds since the start, simulated."""
        return self._virtual.now

    def clock(self) -> datetime:
        """The simulated instant."""
        return self._start + timedelta(seconds=self._virtual.now)


def run_simulated(work: Coroutine[Any, Any, T], loop: VirtualLoop) -> T:
    """Run to the end of ``work``; what still goes on then is cut off."""
    try:
        asyncio.set_event_loop(loop)
        return loop.run_until_complete(work)
    finally:
        for task in (left := asyncio.all_tasks(loop)):
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        asyncio.set_event_loop(None)
        loop.close()
