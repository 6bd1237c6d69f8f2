"""Transactions stay within the service's limits, and requests within ours."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import pytest

from adapters.store.backend import (
    AT_ONCE,
    BATCH_BYTES,
    TRANSACTIONS_AT_ONCE,
    Key,
    Op,
    Table,
    Verb,
    batches,
    gather,
)
from adapters.store.memory import MemoryBackend


def put(number: int, text: str = "") -> Op:
    """One write."""
    return Op(Verb.PUT, Key("p", f"{number}"), {"v": 1, "data0": text})


@pytest.mark.parametrize(
    ("count", "reserved", "sizes"),
    [(0, 0, []), (1, 0, [1]), (100, 0, [100]), (101, 0, [100, 1]), (99, 1, [99]), (100, 1, [99, 1])],
)
def test_operations_of_a_transaction(count: int, reserved: int, sizes: list[int]) -> None:
    """A transaction holds a hundred operations, the reserved ones included."""
    assert sizes == [len(batch) for batch in batches([put(number) for number in range(count)], reserved)]


def test_order_is_kept() -> None:
    """Cut into transactions, operations keep their order: what must come last comes last."""
    ops = [put(number) for number in range(250)]

    assert ops == [op for batch in batches(ops, 1) for op in batch]


@pytest.mark.parametrize("letter", ["a", "я", "😀"])
def test_bytes_of_a_transaction(letter: str) -> None:
    """Counted as they are sent, where anything but ASCII is escaped, no transaction is beyond its bytes."""
    ops = [put(number, letter * 20_000) for number in range(60)]

    cut = list(batches(ops))

    assert all(sum(op.weight for op in batch) <= BATCH_BYTES for batch in cut)
    assert ops == [op for batch in cut for op in batch]
    assert len(cut) > 1


def test_large_operation_goes_alone() -> None:
    """One operation beyond the usual bytes is still sent, in a transaction of its own."""
    ops = [put(1), put(2, "я" * 400_000), put(3)]

    assert [len(batch) for batch in batches(ops)] == [1, 1, 1]


def keyed(name: str) -> Op:
    """A row of the partition that is searched."""
    return Op(Verb.PUT, Key("p", name), {"v": 1, "data0": name})


@pytest.mark.parametrize("rows", [None, 64, 1_000, 50_000])
@pytest.mark.parametrize("every", [1, 2, 15, 40, 400])
async def test_what_is_found_does_not_depend_on_how_it_is_read(every: int, rows: int | None) -> None:
    """Whether few or many of a partition's rows are asked for, each gets its rows, in order, and nobody else's."""
    backend = MemoryBackend(lambda: datetime(2026, 1, 1, tzinfo=UTC))
    names = [f"{number:04d}:{letter}" for number in range(1_500) for letter in "ab"[: 1 + number % 2]]
    await backend.write_all(Table.MEETINGS, [keyed(name) for name in names])
    asked = {f"{number:04d}:" for number in range(0, 1_600, every)} | {"zzz:"}
    found = await backend.find_each(Table.MEETINGS, "p", asked, rows)

    assert {begin: [name for name in names if name.startswith(begin)] for begin in asked} == {
        begin: [row.key.row for row in rows] for begin, rows in found.items()
    }


@pytest.mark.parametrize(
    ("rows", "asked", "known", "most"),
    [
        pytest.param(1_000, 1_000, False, 2, id="all of a small partition"),
        pytest.param(20_000, 1_000, False, 21, id="every twentieth row"),
        pytest.param(20_000, 100, False, 101, id="few of a large partition: one page is tried"),
        pytest.param(1_000, 7, False, 7, id="a handful is asked for one by one"),
        pytest.param(1_000, 0, False, 0, id="nothing"),
        pytest.param(64, 20, True, 1, id="of a few rows that are known to be few"),
        pytest.param(1_000, 20, True, 3, id="of a partition that is known to be small: several at once"),
        pytest.param(1_000, 7, True, 1, id="a handful of it"),
        pytest.param(20_000, 100, True, 100, id="of one that is known to be large: each by itself, no page is tried"),
    ],
)
async def test_requests_to_find_many(rows: int, asked: int, known: bool, most: int) -> None:
    """Many are found in few requests where they lie close, and never in more than one each and a page."""
    backend = MemoryBackend(lambda: datetime(2026, 1, 1, tzinfo=UTC))
    await backend.write_all(Table.MEETINGS, [keyed(f"{number:05d}:") for number in range(rows)])
    step = rows // asked if asked else 1
    begins = {f"{number * step:05d}:" for number in range(asked)}
    found = await backend.find_each(Table.MEETINGS, "p", begins, rows if known else None)

    assert [len(one) for one in found.values()] == [1] * asked
    assert backend.reads <= most


async def test_requests_at_once() -> None:
    """No more than sixteen requests of one call are under way at the same time, and all are made."""
    running, most = 0, 0

    async def work(number: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return number

    assert list(range(50)) == await gather(work(number) for number in range(50))
    assert most == AT_ONCE


async def test_first_error_after_all_have_ended() -> None:
    """An error is raised only when nothing is under way any more."""
    ended = []

    async def work(number: int) -> None:
        if number == 0:
            raise ValueError("first")
        await asyncio.sleep(0)
        ended.append(number)

    with pytest.raises(ValueError, match="first"):
        await gather(work(number) for number in range(5))
    assert ended == [1, 2, 3, 4]


class SlowBackend(MemoryBackend):
    """Writes take a while; how many transactions were under way at once."""

    def __init__(self) -> None:
        super().__init__(lambda: datetime(2026, 1, 1, tzinfo=UTC))
        self.running = self.most = 0

    async def transact(self, table: Table, ops: Sequence[Op]) -> list[str]:
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        return await super().transact(table, ops)


@pytest.mark.parametrize("write", [SlowBackend.write_all, SlowBackend.write_each])
async def test_transactions_at_once(write: Callable[..., Awaitable[list[str | None] | None]]) -> None:
    """A few of one partition are under way together; of a row that is written twice the last counts."""
    backend = SlowBackend()
    etags = await write(backend, Table.STATE, [put(n) for n in range(950)])

    assert backend.most == TRANSACTIONS_AT_ONCE
    rows = {row.key.row: row for row in await backend.scan(Table.STATE, "p")}
    assert len(rows) == 950
    assert etags is None or etags == [rows[f"{n}"].etag for n in range(950)]
    backend.most = 0
    await write(backend, Table.STATE, [put(n % 120, f"{n}") for n in range(240)])

    assert backend.most == 1
    rows = {row.key.row: row for row in await backend.scan(Table.STATE, "p")}
    assert [rows[f"{n}"].properties["data0"] for n in range(120)] == [f"{n + 120}" for n in range(120)]
