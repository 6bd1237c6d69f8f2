"""What every port shares: the clock, and the cover that a round puts over its requests."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from contextvars import ContextVar
from datetime import datetime
from typing import Protocol

Cover = Callable[[], AbstractAsyncContextManager[None]]


cover: ContextVar[Cover] = ContextVar("cover", default=nullcontext)
"""The adapters make every request to a side inside ``cover.get()()``. A round sets it to its lease (``Fence``), which
is then renewed however long a read or a write of many requests takes."""


class Clock(Protocol):
    """Tells the current instant, aware UTC."""

    def __call__(self) -> datetime: ...
