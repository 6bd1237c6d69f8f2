"""Runs a command's work until it ends or somebody presses Ctrl-C, which nothing under way can swallow.

The first Ctrl-C says what becomes of the work, lets what must not be cut off end, and leaves; the second leaves at
once. Cancelling alone would not do: a request under way may take the cancellation for a failure and try again.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from math import inf
from typing import Any

from cli.leaving import NOTHING_CHANGED, STOPPED, after_work, before_work, is_watched

GRACE = 5.0
"""Seconds that are given, after Ctrl-C, to what must not be cut off, and again to what closes connections."""


@dataclass
class Stop:
    """What ends a wait before its time. At Ctrl-C ``words`` are said at once, and ``first`` is let end before the
    process leaves. ``begin_within`` is for how many seconds an app is waited for that has not begun."""

    words: str = NOTHING_CHANGED
    begin_within: float = inf
    first: asyncio.Future[Any] | None = None


def run_until_stopped(work: Callable[[], Coroutine[Any, Any, int]], stop: Stop, notice: Callable[[str], None]) -> int:
    """The exit code that the work returns, or ``STOPPED``. Raises what the work raises."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(_watched(work, stop, notice))
    except KeyboardInterrupt:  # where no handler could be set
        return STOPPED
    finally:
        _wind_up(loop)


async def _watched(work: Callable[[], Coroutine[Any, Any, int]], stop: Stop, notice: Callable[[str], None]) -> int:
    pressed, again = asyncio.Event(), asyncio.Event()
    with _on_ctrl_c(lambda: (again if pressed.is_set() else pressed).set()):
        working = asyncio.ensure_future(work())
        await _first_of(working, asyncio.ensure_future(pressed.wait()))
        if working.done():
            return working.result()
        notice(stop.words)
        leaving = asyncio.ensure_future(again.wait())
        if stop.first is not None:
            await _first_of(stop.first, leaving, at_most=GRACE)
        working.cancel()
        await _first_of(working, leaving, at_most=0 if again.is_set() else GRACE)
    if working.done() and not working.cancelled():
        working.exception()  # whoever stops the work does not ask any more how it failed
    return STOPPED


async def _first_of(*waited: asyncio.Future[Any], at_most: float | None = None) -> None:
    await asyncio.wait(waited, timeout=at_most, return_when=asyncio.FIRST_COMPLETED)


@contextmanager
def _on_ctrl_c(press: Callable[[], None]) -> Iterator[None]:
    """Call ``press`` on the event loop for each Ctrl-C; outside the main thread there is none to wait for."""
    loop, is_ours = asyncio.get_running_loop(), is_watched()
    try:
        loop.add_signal_handler(signal.SIGINT, press)
    except (NotImplementedError, RuntimeError, ValueError):
        with _by_signal(lambda: loop.call_soon_threadsafe(press)):
            yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        if is_ours:
            signal.signal(signal.SIGINT, after_work)


@contextmanager
def _by_signal(press: Callable[[], object]) -> Iterator[None]:
    """The same where the event loop cannot watch signals, as on Windows."""
    try:
        before = signal.signal(signal.SIGINT, lambda *_: press())
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, after_work if before is before_work else before)


def _wind_up(loop: asyncio.AbstractEventLoop) -> None:
    """Close the loop; what does not end by itself is left behind, without a word about it."""
    left = [task for task in asyncio.all_tasks(loop) if not task.done()]
    for task in left:
        task.cancel()
    with suppress(KeyboardInterrupt):
        if left:
            loop.run_until_complete(asyncio.wait(left, timeout=0.5))
        loop.run_until_complete(asyncio.wait_for(loop.shutdown_asyncgens(), GRACE))
    loop.set_exception_handler(lambda *_: None)
    loop.close()
