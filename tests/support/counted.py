"""A store that counts what is asked of it, and calendars with very many links."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from adapters.store.backend import BATCH_OPS, Key, Op, Row, Table
from adapters.store.memory import MemoryBackend
from adapters.store.store import RowStore
from jobs.ports import Put
from jobs.repair import run_repair
from sync_core.model.ledger import ledger_of
from tests.support.days import at, digits
from tests.support.house import START, House

SLOT = "slot"
"""The partition of the slots, each of which stands for a session that ERP.net may count."""


class CountingBackend(MemoryBackend):
    """A memory backend that counts its requests by table, the rows that they read, and the operations that write.

    Writes to a slot's row are counted apart: a session that is kept is said anew every so often, so their number
    tells how long a test took.
    """

    def __init__(self) -> None:
        super().__init__(lambda: START)
        self.asked: Counter[str] = Counter()
        self.rows: list[Key] = []
        self.written: Counter[str] = Counter()
        self.slots_said = 0

    def _counted(self, table: Table, rows: Sequence[Row]) -> None:
        self.asked[table] += 1
        self.rows += [row.key for row in rows]

    async def read(self, table: Table, key: Key) -> Row | None:
        row = await super().read(table, key)
        self._counted(table, [row] if row else [])
        return row

    async def scan(self, table: Table, partition: str, limit: int | None = None, *, begin: str = "") -> list[Row]:
        rows = await super().scan(table, partition, limit, begin=begin)
        self._counted(table, rows)
        return rows

    async def scan_from(self, table: Table, partition: str, key: str, limit: int, until: str = "") -> list[Row]:
        rows = await super().scan_from(table, partition, key, limit, until)
        self._counted(table, rows)
        return rows

    async def scan_since(self, table: Table, partition: str, since: datetime) -> list[Row]:
        rows = await super().scan_since(table, partition, since)
        self._counted(table, rows)
        return rows

    async def scan_but(self, table: Table, partition: str, begin: str) -> list[Row]:
        rows = await super().scan_but(table, partition, begin)
        self._counted(table, rows)
        self.asked[table] += 1  # what stands before, and what stands behind
        return rows

    async def scan_each(self, table: Table, partition: str, begins: Sequence[str]) -> list[Row]:
        rows = await super().scan_each(table, partition, begins)
        self._counted(table, rows)
        return rows

    async def write(self, table: Table, op: Op) -> str:
        if op.key.partition == SLOT:
            self.slots_said += 1
        else:
            self.asked[table] += 1
            self.written[table] += 1
        return await super().write(table, op)

    async def transact(self, table: Table, ops: Sequence[Op]) -> list[str]:
        assert len({op.key.partition for op in ops}) == 1
        assert len({op.key for op in ops}) == len(ops) <= BATCH_OPS
        self.asked[table] += 1
        self.written[table] += len(ops)
        return await super().transact(table, ops)


async def linked_many(house: House, backend: CountingBackend, number: int) -> None:
    """A calendar at rest with so many linked meetings: eight real ones, and links like theirs."""
    for n in range(4):
        house.outlook().create(f"event {n}", at(1 + n), at(1 + n, 10))
        house.desk().create(f"activity {n}", digits(1 + n), digits(1 + n, 12))
    for _ in range(4):
        await house.step()
    async with house.world.erp_session():
        await run_repair(house.world)
    store, user = RowStore(backend), await house.user()
    memory = await store.recall(user.id)
    like = memory.links[0]
    more = [replace(like, event_id=f"E{n}", activity_id=f"A{n}", ical_uid=f"U{n}") for n in range(number - 8)]
    whole = replace(memory, links=(*memory.links, *more))
    lease = await store.acquire_lease(user.id, "somebody", 180)
    lease, _ = await store.prove_names(lease, whole.links)
    await store.release_lease(await store.save(lease, [Put(link) for link in more], ledger_of(whole)))
    backend.rows.clear()
