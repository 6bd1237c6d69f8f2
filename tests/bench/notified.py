"""What one of Graph's notifications costs the instance that answers it, where hundreds come at once.

Azurite holds tables and queue; the platform's own part (HTTP, the worker) is not in it. How many an instance of one
core answers in a second follows from the CPU.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import replace

from adapters.graph import GraphCalendar, GraphOptions, StaticCredential
from adapters.queues import WorkQueue
from adapters.queues import connect as connect_queue
from adapters.store import codec
from adapters.store.backend import Key, Op, Table, Verb
from adapters.store.tables import TableStore, connect
from jobs.app.notifications import receive_graph
from jobs.ports.graph import Subscription
from jobs.world import World
from simulators.azurite import Azurite
from tests.bench.figures import Budget, Figure
from tests.bench.timer import now, people_in_step, world_of

PEOPLE, AT_ONCE = 200, 16
"""Each is told of once in a burst, and so many requests an instance serves at once (infra)."""

PREFIX = "notified"


def measure(budget: Budget) -> Iterator[Figure]:
    """Bursts, one after the other."""
    with Azurite() as azurite:
        cpu, tables = asyncio.run(_bursts(azurite.connection_string, max(2, budget.repetitions // 3)))
    what = f"a notification, {PEOPLE} at once"
    yield Figure(what, "CPU", "ms", cpu)
    yield Figure(what, "table requests", "", tables)
    yield Figure(what, "in a second of a core", "", tuple(1000 / each for each in cpu))


async def _bursts(storage: str, times: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    cpu, tables = [], []
    async with AsyncExitStack() as opened:
        store = TableStore(connect(storage), PREFIX, now)
        opened.push_async_callback(store.close)
        queue = WorkQueue(lambda: connect_queue(storage), PREFIX)
        opened.push_async_callback(queue.close)
        calendar = GraphCalendar(GraphOptions(credential=lambda: StaticCredential("token")), clock=now)
        opened.push_async_callback(calendar.close)
        await store.prepare()
        await queue.prepare()
        bodies = [_told(one) for one in await _subscribed(store)]
        world = replace(world_of(store, calendar), queue=queue)
        await receive_graph(world, bodies[0])  # opens the connections
        for _ in range(times):
            began, asked = time.process_time(), store.reads + store.writes
            await _burst(world, bodies)
            cpu.append((time.process_time() - began) / PEOPLE * 1000)
            tables.append((store.reads + store.writes - asked) / PEOPLE)
    return tuple(cpu), tuple(tables)


async def _burst(world: World, bodies: list[bytes]) -> None:
    room = asyncio.Semaphore(AT_ONCE)

    async def answer(body: bytes) -> None:
        async with room:
            await receive_graph(world, body)

    await asyncio.gather(*map(answer, bodies))


async def _subscribed(store: TableStore) -> list[Subscription]:
    people = list(people_in_step(PEOPLE, "https://graph.example"))
    await store.backend.write_all(
        Table.USERS, [Op(Verb.PUT, Key("user", one.id), codec.encode(one)) for one in people]
    )
    made = [Subscription(one.id, "hush", id=one.id) for one in people]
    for one in made:
        await store.save_subscription(one)
    return made


def _told(one: Subscription) -> bytes:
    """A body of one notification."""
    item = {"clientState": one.client_state, "subscriptionId": one.id, "changeType": "updated"}
    return json.dumps({"value": [item]}).encode()
