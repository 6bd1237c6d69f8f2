"""Journal rows of several entries: what fits into one, and what of one that cannot be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.store import codec
from adapters.store.backend import Key, Op, Table, Verb
from adapters.store.journal import APART, LONGEST, MOST
from adapters.store.memory import MemoryBackend
from adapters.store.store import RowStore
from sync_core.model.action import Action
from sync_core.model.entries import JournalEntry
from tests.support.store_contract.rows import NOW, entry

ANNA = "anna"


def entries_at(*seconds: float, text: str = "") -> list[JournalEntry]:
    """Entries of one round, so many seconds after ``NOW``."""
    return [
        replace(entry(ANNA), at=NOW + timedelta(seconds=one), event_id=f"e{n}", after={"body": text})
        for n, one in enumerate(seconds)
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 400), st.sampled_from([0, 1_999])), max_size=130),
    st.integers(1, 140),
    st.integers(0, 400),
)
async def test_entries_do_not_depend_on_their_rows(told: list[tuple[int, int]], limit: int, border: int) -> None:
    """Whatever is written at once: as read, each entry stands for itself, and a clean-up keeps what is younger."""
    backend = MemoryBackend(lambda: NOW)
    store = RowStore(backend)
    written = [replace(entries_at(at, text="x" * size)[0], event_id=f"e{n}") for n, (at, size) in enumerate(told)]
    await store.append_journal(written)
    alone = MemoryBackend(lambda: NOW)
    for one in written:
        await RowStore(alone).append_journal([one])

    assert await store.read_journal(ANNA, limit) == await RowStore(alone).read_journal(ANNA, limit)
    for row in await backend.scan(Table.JOURNAL, ANNA):
        assert sum(len(str(part)) for part in row.properties.values()) <= LONGEST + MOST * 100
    at = NOW + timedelta(seconds=border)
    await store.trim_journal(ANNA, at)
    left = await store.read_journal(ANNA, 1_000)
    assert [one for one in left if one.at >= at] == [
        one for one in await RowStore(alone).read_journal(ANNA, 1_000) if one.at >= at
    ]
    assert all(one.at > at - APART for one in left)


SPOILS = {
    "cut off": lambda row: {**row, "data0": str(row["data0"])[:-5]},
    "without entries": lambda row: {**row, "data0": '{"entries":[]}'},
    "with another entry": lambda row: {**row, "data0": str(row["data0"]).replace("e1", "e9")},
    "of a newer build": lambda row: {**row, "v": codec.SCHEMA + 2},
}


@pytest.mark.parametrize("how", SPOILS)
async def test_a_spoilt_row_costs_its_own_entries(how: str) -> None:
    """It says of itself that it cannot be read; all others are told."""
    backend = MemoryBackend(lambda: NOW)
    store = RowStore(backend)
    early, late = entries_at(1, 2, 3), entries_at(101, 102)
    await store.append_journal(early)
    await store.append_journal(late)
    *_, row = await backend.scan(Table.JOURNAL, ANNA)
    await backend.write(Table.JOURNAL, Op(Verb.PUT, row.key, SPOILS[how](row.properties)))
    found = await store.read_journal(ANNA)

    assert found[:2] == late[::-1]
    [said] = found[2:]
    assert (said.action, said.at) == (Action.UNREADABLE, early[-1].at)
    assert row.key.row in said.reason


async def test_a_row_in_anothers_place_is_not_believed() -> None:
    """A row that stands where another person's entries do tells nobody anything."""
    backend = MemoryBackend(lambda: NOW)
    store = RowStore(backend)
    await store.append_journal(entries_at(1, 2))
    [row] = await backend.scan(Table.JOURNAL, ANNA)
    await backend.write(Table.JOURNAL, Op(Verb.PUT, Key("boris", row.key.row), row.properties))

    assert [one.action for one in await store.read_journal("boris")] == [Action.UNREADABLE]
