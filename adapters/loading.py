"""Loads packages beside the event loop: Graph's handshake must be answered while they load (azure.md §2).

They load in one thread, one after the other: two threads in packages that import each other in a circle would each
see a half-made module of the other's. An import statement that follows ``load`` finds its module ready.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from typing import TypeVar

T = TypeVar("T")

_thread = ThreadPoolExecutor(1, thread_name_prefix="loading")
_loaded: set[str] = set()
"""Loaded to the end; ``sys.modules`` has a module from the beginning of its import."""


async def load(*modules: str) -> None:
    """Import these modules, in this order; others may have their turn between two. Raises what an import raises."""
    for name in modules:
        if name not in _loaded:
            await aside(partial(import_module, name))
            _loaded.add(name)


async def aside(call: Callable[[], T]) -> T:
    """What the call returns or raises, made where packages load; for what takes as long as an import."""
    return await asyncio.get_running_loop().run_in_executor(_thread, call)
