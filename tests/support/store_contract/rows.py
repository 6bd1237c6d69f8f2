"""The rows that the tests of every store keep, the fixture that they share, and how a stored row grows old."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from adapters.store import codec
from adapters.store.backend import Key, Op, Table, Verb
from adapters.store.store import RowStore
from jobs.ports import Lease, RowChange
from sync_core.model.entries import JournalEntry
from sync_core.model.link import Link, Role
from sync_core.model.sides import ErpContent, GraphContent

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ODD = "AAMk/a\\b#c?d%e+f=g h'i\"j&k|ä😀"
PassTime = Callable[[float], None]


def graph(subject: str = "Weekly", body: str = "") -> GraphContent:
    """An event's content."""
    return GraphContent(subject, body, NOW, NOW + timedelta(hours=1), False, 15, people=("a@example.com",))


def erp(subject: str = "Weekly", notes: str = "") -> ErpContent:
    """An activity's content."""
    return ErpContent(subject, notes, datetime(2026, 3, 2, 11, 0), None, 60, None)  # noqa: DTZ001 - wall clock


def link(event_id: str = "event", activity_id: str | None = None, **fields: object) -> Link:
    """A link; the activity id is fresh unless given."""
    activity_id = activity_id or str(uuid4())
    made = Link(event_id, activity_id, f"uid-{event_id}", "Europe/Sofia", graph(), erp(), "ck", 7, NOW)
    return replace(made, **fields)  # type: ignore[arg-type]


def follower(event_id: str, activity_id: str = "", **fields: object) -> Link:
    """The link of a copy that another mailbox feeds; whose activity may not be known."""
    return replace(link(event_id, "activity", role=Role.FOLLOWER, **fields), activity_id=activity_id)


def entry(user_id: str, minutes: int = 0) -> JournalEntry:
    """A journal entry, so many minutes after ``NOW``."""
    return JournalEntry(user_id, NOW + timedelta(minutes=minutes), "round-1", "updated", event_id="event")


async def save(store: RowStore, user_id: str, *changes: RowChange) -> Lease:
    """Store changes under a lease of their own, given back."""
    lease = await store.save(await store.acquire_lease(user_id, "setup", 60), changes)
    await store.release_lease(lease)
    return lease


async def age(store: RowStore, table: Table, place: Key) -> None:
    """Turn a stored row into one of a schema version from the future."""
    row = await store.backend.read(table, place)
    assert row is not None
    await store.backend.write(table, Op(Verb.PUT, place, {**row.properties, "v": 99}))


@pytest.fixture
def user_id() -> str:
    """A user nobody else works on."""
    return str(uuid4())


assert codec.key(ODD) != ODD, "the odd id must exercise the hashing of keys"
