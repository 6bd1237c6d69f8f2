"""Whether an index of an older build is left is asked once, however many want to know."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from adapters.store.backend import Row, Table
from adapters.store.old_index import ASKED_EVERY
from adapters.store.store import RowStore
from tests.support.counted import CountingBackend
from tests.support.store_contract.rows import NOW


class FarBackend(CountingBackend):
    """Its answers take a while, so that others ask meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0
        self.passed = timedelta(0)
        self._clock = lambda: NOW + self.passed

    async def scan_partitions(self, table: Table, begin: str, limit: int) -> list[Row]:
        self.looks += 1
        await asyncio.sleep(0)
        return await super().scan_partitions(table, begin, limit)


async def test_many_who_look_for_links_ask_once() -> None:
    """Of a hundred activities, far apart in a large table, each is looked up by itself, the older index once."""
    backend = FarBackend()
    store = RowStore(backend)
    asked = [f"a{n}" for n in range(100)]
    await asyncio.gather(*(store.find_linked([one]) for one in asked))
    assert backend.looks == 1

    backend.passed = ASKED_EVERY
    await store.find_linked(asked)
    assert backend.looks == 2
