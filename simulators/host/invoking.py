"""Calls functions as the worker does: coroutines on the one loop, plain ones in a pool of threads (azure.md §2)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Set
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from simulators.host.plugin import Function

LOG = logging.getLogger("simulators.host")


class Worker:
    """Invokes functions and tells the log how each went."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(thread_name_prefix="function")

    async def invoke(self, function: Function, argument: Any) -> Any:
        """Call it and return its answer; raises what it raises, after saying so in the log.

        A timer or queue function that returns something has failed: there is no binding to take it.
        """
        began = time.monotonic()
        try:
            answer = await self._call(function, argument)
            if answer is not None and function.kind != "httpTrigger":
                raise TypeError(f"{function.name} returned something and has no $return binding")
        except Exception:
            LOG.exception("Executed '%s' (Failed, %d ms)", function.name, _since(began))
            raise
        LOG.info("Executed '%s' (Succeeded, %d ms)", function.name, _since(began))
        return answer

    async def _call(self, function: Function, argument: Any) -> Any:
        given = {function.parameter: argument}
        if function.is_async:
            return await function.call(**given)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: function.call(**given))

    def close(self) -> None:
        """Let the threads go; what still runs in them is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)


async def finish(tasks: Set[asyncio.Task[Any]], grace: timedelta) -> None:
    """Let tasks end by themselves; those that take longer are cancelled."""
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=grace.total_seconds())
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
