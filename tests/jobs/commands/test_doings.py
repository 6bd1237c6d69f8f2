"""The journal as people read it: what was done is found behind however many rounds that did nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from adapters.store.memory import MemoryStore
from jobs.commands import doings
from jobs.commands.doings import newest
from sync_core.model.entries import JournalEntry

BEGIN = datetime(2026, 12, 7, tzinfo=UTC)
IDLE = JournalEntry("anna", BEGIN, "r", "round")


@pytest.fixture
def store() -> MemoryStore:
    """A store of its own."""
    return MemoryStore(lambda: BEGIN)


async def written(store: MemoryStore, *actions: str) -> None:
    """Entries of these actions, the oldest first, a minute apart."""
    ats = [BEGIN + timedelta(minutes=number) for number in range(len(actions))]
    await store.append_journal(
        [JournalEntry("anna", at, f"r{at:%H%M}", action) for at, action in zip(ats, actions, strict=True)]
    )


async def test_what_was_done_is_not_drowned(store: MemoryStore) -> None:
    """Behind four hundred rounds that did nothing; those between are counted with it."""
    await written(store, "activity created", "event created", *(["round"] * 400))

    for limit in (1, 2, 3):
        found = await newest(store, "anna", limit)
        assert [one.action for one in found if not one.is_idle] == ["event created", "activity created"][:limit]
        assert sum(one.is_idle for one in found) == 400


async def test_a_busy_journal_is_read_no_further_than_asked_for(store: MemoryStore) -> None:
    """The newest first."""
    await written(store, *(["round"] * 50), *(["activity updated"] * 5))

    assert [one.action for one in await newest(store, "anna", 3)] == ["activity updated"] * 3


async def test_how_far_is_read_has_a_bound(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long nothing was done."""
    monkeypatch.setattr(doings, "FARTHEST", 30)
    await written(store, "activity created", *(["round"] * 99))

    assert [one.action for one in await newest(store, "anna", 10)] == ["round"] * 30


@pytest.mark.parametrize(
    ("entry", "is_idle"),
    [
        (IDLE, True),
        (JournalEntry("anna", BEGIN, "r", "round", "full"), False),
        (JournalEntry("anna", BEGIN, "r", "round", after={"failed": "1"}), False),
        (JournalEntry("anna", BEGIN, "r", "activity created"), False),
    ],
    ids=["nothing", "full", "failed", "done"],
)
def test_a_round_is_idle_that_had_nothing_to_do(entry: JournalEntry, *, is_idle: bool) -> None:
    """One that was asked to read all, or that failed at something, is told."""
    assert entry.is_idle == is_idle
