"""A store in trouble: each of its calls may fail before, after or instead of its work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

from adapters.store.backend import Conflict, Key, Op, Row, Table, Verb
from adapters.store.memory import MemoryBackend
from sync_core.errors import StoreUnavailable

T = TypeVar("T")


class TroubledBackend(MemoryBackend):
    """A backend whose n-th call and the one after it fail: ``before`` or ``after`` the work is done.

    ``overtaken``: done, the answer lost, and the SDK's own second try refused because of the first.
    """

    left: int | None = None
    kind = "before"

    async def read(self, table: Table, key: Key) -> Row | None:
        return await self._troubled(lambda: super(TroubledBackend, self).read(table, key))

    async def scan(self, table: Table, partition: str, limit: int | None = None, *, begin: str = "") -> list[Row]:
        return await self._troubled(lambda: super(TroubledBackend, self).scan(table, partition, limit, begin=begin))

    async def scan_from(self, table: Table, partition: str, key: str, limit: int, until: str = "") -> list[Row]:
        return await self._troubled(
            lambda: super(TroubledBackend, self).scan_from(table, partition, key, limit, until)
        )

    async def scan_since(self, table: Table, partition: str, since: datetime) -> list[Row]:
        return await self._troubled(lambda: super(TroubledBackend, self).scan_since(table, partition, since))

    async def scan_but(self, table: Table, partition: str, begin: str) -> list[Row]:
        return await self._troubled(lambda: super(TroubledBackend, self).scan_but(table, partition, begin))

    async def scan_partitions(self, table: Table, begin: str, limit: int) -> list[Row]:
        return await self._troubled(lambda: super(TroubledBackend, self).scan_partitions(table, begin, limit))

    async def write(self, table: Table, op: Op) -> str:
        return await self._troubled(lambda: super(TroubledBackend, self).write(table, op), is_fenced=_is_fenced(op))

    async def transact(self, table: Table, ops: Sequence[Op]) -> list[str]:
        return await self._troubled(
            lambda: super(TroubledBackend, self).transact(table, ops), is_fenced=_is_fenced(ops[0])
        )

    async def _troubled(self, work: Callable[[], Awaitable[T]], *, is_fenced: bool = False) -> T:
        if self.left is None:
            return await work()
        self.left -= 1
        if self.left >= 0 or self.left < -2:
            return await work()
        if self.kind != "before":
            await work()
        if self.kind == "overtaken" and is_fenced:
            raise Conflict
        raise StoreUnavailable("the tables do not answer")


def _is_fenced(op: Op) -> bool:
    """Whether doing it a second time is refused."""
    return bool(op.etag) or op.verb is Verb.INSERT
