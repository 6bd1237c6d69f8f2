"""Ctrl-C where no work is under way: before it begins, and when it has ended. Loads nothing.

Python's own answer is an exception that can come in the middle of an import, where some code swallows it, or as the
words of whoever does not expect it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

STOPPED = 130
"""The exit code of a command that was stopped by Ctrl-C."""

NOTHING_CHANGED = "Stopped; nothing was changed."


def before_work(_number: int, _frame: FrameType | None) -> NoReturn:
    """Nothing has begun: say so, and leave."""
    with suppress(OSError):  # nobody reads it any more
        os.write(2, f"{NOTHING_CHANGED}\n".encode())
    os._exit(STOPPED)


def after_work(_number: int, _frame: FrameType | None) -> NoReturn:
    """What became of the work has been said, line by line, and only connections are left to close: leave at once."""
    os._exit(STOPPED)


def watch() -> None:
    """Answer Ctrl-C from here on; as the first thing that a process does."""
    with suppress(ValueError):  # not the main thread, which alone is told of signals
        signal.signal(signal.SIGINT, before_work)


def is_watched() -> bool:
    """Whether this process answers Ctrl-C by this module: not where others drive the commands."""
    return signal.getsignal(signal.SIGINT) in (before_work, after_work)


@contextmanager
def as_python_does() -> Iterator[None]:
    """Let Ctrl-C be Python's ``KeyboardInterrupt`` again, for a part that takes it."""
    if not is_watched():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
