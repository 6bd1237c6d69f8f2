"""The tables in memory, whose requests take simulated time and are counted, also by what makes them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from adapters.store.backend import Key, Op, Row, Table
from adapters.store.memory import MemoryBackend

A_REQUEST, A_PAGE = 0.008, 0.03
"""Assumed: seconds of a request to the tables, and of each further thousand rows that it reads."""


@dataclass(slots=True)
class Requests:
    """How many were made, and the rows that they read."""

    made: int = 0
    rows: int = 0


counted: ContextVar[Requests | None] = ContextVar("counted", default=None)
"""Where whoever makes requests just now has them counted."""


class SlowBackend(MemoryBackend):
    """A memory backend whose requests take simulated time, and whose rows read are counted."""

    rows = 0

    async def read(self, table: Table, key: Key) -> Row | None:
        row = await super().read(table, key)
        await self._passed(rows=1 if row else 0)
        return row

    async def scan(self, table: Table, partition: str, limit: int | None = None, *, begin: str = "") -> list[Row]:
        return await self._read(await super().scan(table, partition, limit, begin=begin))

    async def scan_from(self, table: Table, partition: str, key: str, limit: int, until: str = "") -> list[Row]:
        return await self._read(await super().scan_from(table, partition, key, limit, until))

    async def scan_since(self, table: Table, partition: str, since: datetime) -> list[Row]:
        return await self._read(await super().scan_since(table, partition, since))

    async def scan_but(self, table: Table, partition: str, begin: str) -> list[Row]:
        return await self._read(await super().scan_but(table, partition, begin), requests=2)

    async def write(self, table: Table, op: Op) -> str:
        await self._passed()
        return await super().write(table, op)

    async def transact(self, table: Table, ops: Sequence[Op]) -> list[str]:
        await self._passed()
        return await super().transact(table, ops)

    async def reckon(self, requests: int, rows: int) -> None:
        """Make up for what a real piece of work asks beside what is counted for this one."""
        own = counted.get() or Requests()
        left, rows = max(0, requests - own.made), max(0, rows - own.rows)
        self.reads += left
        await asyncio.sleep(left * A_REQUEST)
        self._count(left, rows)

    async def _read(self, rows: list[Row], requests: int = 1) -> list[Row]:
        self.reads += len(rows) // 1_000
        await self._passed(requests, len(rows))
        return rows

    async def _passed(self, requests: int = 1, rows: int = 0) -> None:
        self._count(requests, rows)
        await asyncio.sleep(A_REQUEST + A_PAGE * (rows // 1_000))

    def _count(self, requests: int, rows: int) -> None:
        self.rows += rows
        own = counted.get()
        if own is not None:
            own.made += requests
            own.rows += rows
