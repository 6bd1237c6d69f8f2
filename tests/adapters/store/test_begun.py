"""Creates that are under way, in one row: whenever the process dies, an item is begun, pending or linked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.store import codec
from adapters.store.backend import Op, Table, Verb
from adapters.store.begun import LONGEST, MOST, begun_key
from adapters.store.memory import MemoryBackend
from adapters.store.store import RowStore
from jobs.ports import Begin, Drop, Lease, Put, RowChange
from sync_core.errors import RowUnreadable
from sync_core.model.memory import Memory
from sync_core.model.pending import Pending
from sync_core.model.sides import Side
from tests.support.store_contract.rows import NOW, link, save

ANNA = "anna"


class Dying(Exception):
    """The process ends."""


class MortalBackend(MemoryBackend):
    """Its process dies at a write of the users' partitions."""

    def __init__(self) -> None:
        super().__init__(lambda: NOW)
        self.left: float = float("inf")

    async def transact(self, table: Table, ops: Sequence[Op]) -> list[str]:
        self._live(table)
        return await super().transact(table, ops)

    async def write(self, table: Table, op: Op) -> str:
        self._live(table)
        return await super().write(table, op)

    def _live(self, table: Table) -> None:
        if table is Table.STATE:
            self.left -= 1
            if self.left < 0:
                raise Dying


def item(number: int) -> Pending:
    """An item that waits for its counterpart."""
    return Pending(Side.GRAPH, f"e{number}", f"uid-{number}")


def linked(numbers: Sequence[int]) -> list[RowChange]:
    """What a round saves of creates that got through."""
    return [x for n in numbers for x in (Put(link(f"e{n}", f"a{n}")), Drop(item(n)))]


def known(memory: Memory) -> set[str]:
    """The items that have a link or wait for one."""
    return {one.event_id for one in memory.links} | {one.item_id for one in memory.pending}


@pytest.mark.parametrize("chunk", [1, 60, MOST, MOST + 30])
def test_a_death_between_any_two_writes_forgets_no_item(chunk: int) -> None:
    """Every item of a chunk is known from its begin on, none has both rows, and the next round ends it."""
    numbers = range(chunk)

    async def play(left: float) -> bool:
        backend = MortalBackend()
        store = RowStore(backend)
        lease = await store.save(await store.acquire_lease(ANNA, "setup", 60), [Begin(item(n)) for n in numbers])
        backend.left = left
        with suppress(Dying):
            await store.save(lease, linked(numbers))
        died, backend.left = backend.left < 0, float("inf")
        memory = await RowStore(backend).recall(ANNA)
        assert known(memory) == {f"e{n}" for n in numbers}
        assert len(memory.links) + len(memory.pending) == chunk
        await save(RowStore(backend), ANNA, *linked([n for n in numbers if item(n) in memory.pending]))
        after = await RowStore(backend).recall(ANNA)
        assert (len(after.links), after.pending) == (chunk, ())
        return died

    for left in count():
        if not asyncio.run(play(left)):
            assert left >= 1
            break


ACTS = st.lists(
    st.tuples(st.sampled_from(["begin", "fail", "park", "link", "drop", "again", "lease"]), st.integers(0, 5)),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(ACTS)
def test_what_is_recalled_does_not_depend_on_how_it_is_stored(acts: list[tuple[str, int]]) -> None:
    """Any acts of a round leave what they would with a row for each item."""
    wanted: dict[int, Pending] = {}

    async def play() -> None:
        store = RowStore(MemoryBackend(lambda: NOW))
        lease: Lease = await store.acquire_lease(ANNA, "me", 60)
        for act, n in acts:
            change = change_for(act, n, wanted)
            if act == "lease":
                lease = await store.acquire_lease(ANNA, "me", 60)
            elif change is not None:
                lease = await store.save(lease, [change])
            assert set((await store.recall(ANNA)).pending) == set(wanted.values())

    asyncio.run(play())


def change_for(act: str, n: int, wanted: dict[int, Pending]) -> RowChange | None:
    """The change that an act saves, and what then waits; None where it does not fit."""
    before = wanted.get(n)
    if act == "begin" and before is None:
        wanted[n] = item(n)
        return Begin(item(n))
    if before is None:
        return None
    if act in ("link", "drop"):
        del wanted[n]
        return Drop(before)
    if act in ("fail", "park"):
        wanted[n] = replace(before, tries=before.tries + 1, parked=act == "park", reason=act)
        return Put(wanted[n])
    return Put(before) if act == "again" else None


async def test_one_row_stays_small() -> None:
    """More items than it holds, and one of great length, have rows of their own."""
    backend = MemoryBackend(lambda: NOW)
    store = RowStore(backend)
    long = Pending(Side.GRAPH, "long", "u" * LONGEST)
    await save(store, ANNA, *[Begin(item(n)) for n in range(MOST + 5)], Begin(long))
    row = await backend.read(Table.STATE, begun_key(ANNA))

    assert row is not None
    assert sum(len(str(part)) for part in row.properties.values()) < MOST * (LONGEST + 10)
    assert len((await store.recall(ANNA)).pending) == MOST + 6
    assert sum(name.startswith("pending-") for name in backend._tables[Table.STATE][ANNA]) == 1 + 5 + 1


async def test_items_of_a_spoilt_row_are_not_taken_for_none() -> None:
    """Whoever cannot read it says so, and saves nothing about items."""
    backend = MemoryBackend(lambda: NOW)
    store = RowStore(backend)
    await backend.write(Table.STATE, Op(Verb.PUT, begun_key(ANNA), {"v": codec.SCHEMA, "data0": "[1]"}))
    lease = await store.acquire_lease(ANNA, "me", 60)

    with pytest.raises(RowUnreadable, match="Begun"):
        await store.recall(ANNA)
    with pytest.raises(RowUnreadable, match="Begun"):
        await store.save(lease, [Begin(item(1))])
