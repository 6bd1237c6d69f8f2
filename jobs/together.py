"""Bounded concurrency: many small awaits at once, never more than a given number."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

AT_ONCE = 16
"""How many reads and writes of the store are under way at the same time."""


async def together(work: Callable[[T], Awaitable[R]], items: Iterable[T], at_once: int = AT_ONCE) -> list[R]:
    """Await ``work`` on each item, ``at_once`` at a time. The results are in the items' order.

    Raises the first error, after all have ended.
    """
    gate = asyncio.Semaphore(at_once)

    async def one(item: T) -> R:
        async with gate:
            return await work(item)

    results = await asyncio.gather(*(one(item) for item in items), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]


async def two_at_once(one: Awaitable[T], other: Awaitable[R]) -> tuple[T, R]:
    """Await two things of different kinds at the same time; raises as ``together``, the first one's error first."""
    first, second = await asyncio.gather(one, other, return_exceptions=True)
    for result in (first, second):
        if isinstance(result, BaseException):
            raise result
    assert not isinstance(first, BaseException)
    assert not isinstance(second, BaseException)
    return first, second


async def side_by_side(*work: Awaitable[R]) -> list[R]:
    """Await what does not depend on each other at the same time; raises as ``together``."""
    return await together(lambda one: one, work)
