"""Loads packages beside the event loop: Graph's handshake must be answered while they load (azure.md §2).

They load in one thread, one after the other: two threads in packages that import each other in a circle would each
see a half-made module of the other's. An import statement that follows ``load`` finds its module ready.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from typing import TypeVar

T = TypeVar("T")

TURN = 0.001
"""Seconds after which loading gives way to the event loop; Python's own five, for each of the turns that a handshake
takes, would be felt."""

_thread = ThreadPoolExecutor(1, thread_name_prefix="loading")
_loaded: set[str] = set()
"""Loaded to the end; ``sys.modules`` has a module from the beginning of its import."""


async def load(*modules: str) -> None:
    """Import these modules, in this order; others may have their turn between two. Raises what an import raises."""
    for name in modules:
        if name not in _loaded:
            await aside(partial(_import, name))
            _loaded.add(name)


async def aside(call: Callable[[], T]) -> T:
    """What the call returns or raises, made where packages load; for what takes as long as an import."""
    return await asyncio.get_running_loop().run_in_executor(_thread, partial(_giving_way, call))


def _import(name: str) -> None:
    import_module(name)
    gc.freeze()  # stays for good: else the collector's next turn goes through all of it, and everybody waits


def _giving_way(call: Callable[[], T]) -> T:
    """The event loop waits for one module at most, and not for the collector to go through what was just loaded."""
    interval, collects = sys.getswitchinterval(), gc.isenabled()
    sys.setswitchinterval(TURN)
    gc.disable()
    try:
        return call()
    finally:
        sys.setswitchinterval(interval)
        if collects:
            gc.enable()
