"""How many outside calls rounds cost: counted at the stand-ins, since ERP.net's are the narrow gate."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from adapters.store.backend import BATCH_OPS, Key, Op, Row, Table
from adapters.store.memory import MemoryBackend
from adapters.store.store import RowStore
from jobs.round.run import run_round
from sync_core.model.memory import Instance
from tests.support.days import at, digits, linked_meeting
from tests.support.house import START, House, open_house


def forget(house: House) -> None:
    """Start counting anew."""
    house.graph.forget_requests()
    house.erp.forget_requests()


class CountingBackend(MemoryBackend):
    """A memory backend that counts its requests by table, and those about claims and the index."""

    def __init__(self) -> None:
        super().__init__(lambda: START)
        self.asked: Counter[str] = Counter()

    async def read(self, table: Table, key: Key) -> Row | None:
        self.asked[table] += 1
        return await super().read(table, key)

    async def scan(self, table: Table, partition: str, limit: int | None = None, *, begin: str = "") -> list[Row]:
        self.asked[table] += 1
        return await super().scan(table, partition, limit, begin=begin)

    async def scan_from(self, table: Table, partition: str, key: str, limit: int) -> list[Row]:
        self.asked[table] += 1
        return await super().scan_from(table, partition, key, limit)

    async def write(self, table: Table, op: Op) -> str:
        self.asked[table] += 1
        return await super().write(table, op)

    async def transact(self, table: Table, ops: Sequence[Op]) -> list[str]:
        assert len({op.key.partition for op in ops}) == 1
        assert len({op.key for op in ops}) == len(ops) <= BATCH_OPS
        self.asked[table] += 1
        return await super().transact(table, ops)


@pytest.fixture
async def counted() -> AsyncIterator[tuple[House, Counter[str]]]:
    """A house whose table requests are counted by table."""
    backend = CountingBackend()
    async with open_house(RowStore(backend)) as house:
        backend._clock = house.clock.now
        await house.employ()
        yield house, backend.asked


def fill(house: House, **more: Any) -> None:
    """A thousand meetings in Outlook."""
    for n in range(1000):
        start = at(1 + n % 28, 6) + timedelta(minutes=n % 600)
        house.outlook().create(f"event {n}", start, start + timedelta(minutes=30), body=f"text {n}", **more)


async def test_a_first_sync_of_1000_events_in_tables(counted: tuple[House, Counter[str]]) -> None:
    """Links, claims, index and journal travel a hundred at once: at most 125 requests, 40 about claims and index."""
    house, asked = counted
    fill(house)
    asked.clear()
    report = await house.step()

    assert report.done == {"activity created": 1000}
    assert asked[Table.MEETINGS] <= 40
    assert asked[Table.STATE] <= 60
    assert asked.total() <= 125
    asked.clear()
    forget(house)
    report = await house.step()

    assert dict(report.done) == {}
    assert (len(house.graph.requests), len(house.erp.requests)) == (1, 2)
    assert asked.total() <= 55


async def test_a_first_sync_of_1000_activities_in_tables(counted: tuple[House, Counter[str]]) -> None:
    """The other way round each event's note is written before it, too: at most 190 requests."""
    house, asked = counted
    for n in range(1000):
        house.desk().create(f"activity {n}", digits(1 + n % 28), digits(1 + n % 28, 12))
    asked.clear()
    report = await house.step()

    assert report.done == {"event created": 1000}
    assert asked.total() <= 190


async def test_a_full_round_of_1000_linked_events_in_tables(counted: tuple[House, Counter[str]]) -> None:
    """Building the index anew is at most 40 requests about claims and index."""
    house, asked = counted
    fill(house)
    for _ in range(2):
        await house.step()
    asked.clear()
    report = await house.step(full=True)

    assert dict(report.done) == {}
    assert asked[Table.MEETINGS] <= 40


async def test_a_first_round_of_1000_activities(house: House) -> None:
    """ERP.net → M365: twenty events a request, at most 60 to Graph and 15 to ERP.net."""
    for n in range(1000):
        house.desk().create(f"activity {n}", digits(1 + n % 28), digits(1 + n % 28, 12))
    forget(house)
    report = await house.step()

    assert report.done == {"event created": 1000}
    assert len(house.graph.requests) <= 60
    assert len(house.erp.requests) <= 15


async def test_a_first_round_of_1000_events(house: House) -> None:
    """M365 → ERP.net: at most 8 Graph and 15 ERP.net requests."""
    fill(house)
    forget(house)
    report = await house.step()

    assert report.done == {"activity created": 1000}
    assert len(house.graph.requests) <= 8
    assert len(house.erp.requests) <= 15


async def test_a_first_round_of_1000_meetings_with_people(house: House) -> None:
    """Guests cost a look at ERP.net's users now and then, no more: the same limits hold."""
    for n in range(1000):
        start = at(1 + n % 28, 6) + timedelta(minutes=n % 600)
        guests = [f"guest{n % 150}@client.example", "boris@acme.example"]
        house.outlook().create(f"event {n}", start, start + timedelta(minutes=30), attendees=guests)
    forget(house)
    report = await house.step()

    assert report.done == {"activity created": 1000}
    assert len(house.graph.requests) <= 12
    assert len(house.erp.requests) <= 40


async def test_an_idle_sync_asks_twice_and_writes_only_its_report(house: House) -> None:
    """One look at the feed, one pull; in our store the session slot and the report."""
    await linked_meeting(house)
    house.desk().create("Visit", digits(2), digits(2, 12))
    for _ in range(3):
        await house.step()
    assert house.memory is not None
    before = await house.recall()
    forget(house)
    writes = house.memory.writes
    report = await house.step()

    assert dict(report.done) == {}
    assert (len(house.graph.requests), len(house.erp.requests)) == (1, 1)
    assert await house.recall() == before
    assert house.memory.writes - writes <= 3, "slot taken, slot freed, report"


@pytest.mark.parametrize("is_first", [True, False], ids=["a first round", "a later one"])
async def test_a_round_reads_the_instance_row_once(
    house: House, monkeypatch: pytest.MonkeyPatch, is_first: bool
) -> None:
    """All that a round knows of the company is one reading of it."""
    house.outlook().create("Planning", at(1), at(1, 10))
    if not is_first:
        await house.step()
    reads, read_instance = [], house.world.store.read_instance

    async def counted() -> tuple[Instance, str]:
        reads.append(await read_instance())
        return reads[-1]

    monkeypatch.setattr(house.world.store, "read_instance", counted)
    report = await run_round(house.world, await house.user(), full=True)

    assert (report.failures, report.done) == ([], {"activity created": 1} if is_first else {})
    assert len(reads) == 1


async def test_many_edits_travel_together(house: House) -> None:
    """100 activities edited: their events are patched 20 a call, and read with one question."""
    for n in range(100):
        house.desk().create(f"activity {n}", digits(1 + n % 28), digits(1 + n % 28, 12))
    for _ in range(2):
        await house.step()
    for row in house.desk().activities():
        house.desk().edit(row["Id"], subject=f"{row['Subject']} edited")
    forget(house)
    report = await house.step()

    assert report.done == {"event updated": 100}
    assert len(house.graph.requests) <= 8
    assert len(house.erp.requests) <= 3
