"""A fuse in the store: it blows at a chosen call, and the round dies there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass
from typing import TypeVar

from adapters.store.backend import Op, Table
from adapters.store.memory import MemoryBackend
from jobs.ports import Message
from tests.support.house import House

T = TypeVar("T")

MOST_CALLS = 60
"""More calls than any of the rounds makes; a round that makes more fails the test that counts them."""


class Killed(BaseException):
    """The process dies: nothing that runs may catch it."""


@dataclass
class Fuse:
    """Burns down with every store write, and kills when it is out."""

    left: int | None = None
    before: bool = True

    def burn(self) -> bool:
        """Whether this is the write at which the process dies."""
        if self.left is None:
            return False
        self.left -= 1
        return self.left < 0


class FusedBackend(MemoryBackend):
    """A memory backend whose process dies before or after its n-th write."""

    fuse = Fuse()

    async def write(self, table: Table, op: Op) -> str:
        return await self._fused(lambda: super(FusedBackend, self).write(table, op))

    async def transact(self, table: Table, ops: Sequence[Op]) -> list[str]:
        return await self._fused(lambda: super(FusedBackend, self).transact(table, ops))

    async def _fused(self, work: Callable[[], Awaitable[T]]) -> T:
        dies = self.fuse.burn()
        if dies and self.fuse.before:
            raise Killed
        done = await work()
        if dies:
            raise Killed
        return done


class Raced(FusedBackend):
    """A fused backend. ``meanwhile`` happens once, by another process: just before the write that ``at`` counts down
    to, or just after it."""

    at = -1
    is_after = False
    meanwhile: Callable[[], Coroutine[None, None, None]]

    async def _fused(self, work: Callable[[], Awaitable[T]]) -> T:
        self.at -= 1
        is_now = self.at == -1
        if is_now and not self.is_after:
            await self._race()
        done = await super()._fused(work)
        if is_now and self.is_after:
            await self._race()
        return done

    async def _race(self) -> None:
        fuse, self.fuse = self.fuse, Fuse()
        await asyncio.create_task(self.meanwhile(), context=Context())
        self.fuse = fuse


async def broken_sync(house: House) -> None:
    """A sync that may fail in any way a sync may."""
    with suppress(Killed):
        await house.sync()


def raw(message: Message) -> bytes:
    """A message as the queue hands it over."""
    return json.dumps(dict(message)).encode()
