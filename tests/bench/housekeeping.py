"""What a night's housekeeping costs a person: table requests and CPU where a day of fifty rounds is over.

A store in memory, as there are thousands of journals; requests are exact, and CPU is calsync's own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from adapters.store.memory import MemoryQueue, MemoryStore
from jobs.app.housekeeping import JOURNAL_KEPT, keep_house
from jobs.world import World
from sync_core.model.action import Action
from sync_core.model.entries import JournalEntry
from sync_core.model.user import User
from tests.bench.figures import Budget, Figure
from tests.bench.timer import now, people_in_step

PEOPLE, QUICK = (100, 1_000, 10_000), (100, 1_000)
ROUNDS = 50
"""Of one day, each with an entry of its own row."""


def measure(budget: Budget) -> Iterator[Figure]:
    """A night each: so many people are repetitions enough."""
    for people in QUICK if budget.is_quick else PEOPLE:
        requests, cpu = asyncio.run(_night(people))
        what = f"housekeeping, {people:,} people"
        yield Figure(what, "table requests a person", "", (requests / people,))
        yield Figure(what, "CPU a person", "ms", (cpu / people * 1000,))


async def _night(people: int) -> tuple[int, float]:
    """Table requests and seconds of CPU of a night in which a day's journal of everybody goes."""
    store, began = MemoryStore(now), now()
    for user in people_in_step(people, "https://graph.example"):
        await _write_days(store, user, began)
    before, cpu = store.reads + store.writes, time.process_time()
    erased = await keep_house(_world(store))
    spent = time.process_time() - cpu
    assert erased == people * ROUNDS
    return store.reads + store.writes - before, spent


def _world(store: MemoryStore) -> World:
    """A process that asks neither side."""
    return World(
        calendar=None,  # type: ignore[arg-type] # housekeeping asks the store alone
        erp=None,  # type: ignore[arg-type]
        store=store,
        queue=MemoryQueue(),
        subscriptions=None,  # type: ignore[arg-type]
        clock=now,
        holder="bench",
    )


async def _write_days(store: MemoryStore, user: User, today: datetime) -> None:
    """The day beyond the border, and the one before it, which stays."""
    await store.revise_user(user.id, lambda _: user, new=user)
    for age in (JOURNAL_KEPT + timedelta(hours=12), JOURNAL_KEPT - timedelta(hours=12)):
        rounds = [today - age + timedelta(minutes=2 * number) for number in range(ROUNDS)]
        await store.append_journal(
            [JournalEntry(user.id, at, f"{at:%H%M}", Action.ACTIVITY_UPDATED) for at in rounds]
        )
