"""What rounds cost: requests to Graph and ERP.net, table requests, and CPU.

The stand-ins and the tables are in this process, so CPU holds them too; the requests are the app's own, and exact.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import astuple, dataclass
from datetime import timedelta

from tests.bench.figures import Budget, Figure
from tests.support.days import at, digits
from tests.support.house import House, open_house

EVENTS, CHANGES = 1_000, 10

GOALS: dict[tuple[str, str], float] = {
    ("first sync", "Graph requests"): 8,
    ("first sync", "ERP.net requests"): 15,
    ("first sync of activities", "Graph requests"): 60,
    ("10 changes on both sides", "outside requests"): 8,
}


@dataclass(frozen=True, slots=True)
class Spent:
    """What one sync took."""

    graph: int
    erp: int
    tables: int
    cpu_seconds: float


COSTS = ("Graph requests", "ERP.net requests", "table requests", "CPU with stand-ins")


def measure(_: Budget) -> Iterator[Figure]:
    """A mailbox with 1,000 events: first sync, its own echoes, an idle one, changes; then 1,000 activities. Once,
    since counts are exact."""
    for what, spent in asyncio.run(_syncs()):
        for cost, value in zip(COSTS, astuple(spent), strict=True):
            yield Figure(what, cost, "s" if "CPU" in cost else "", (value,), GOALS.get((what, cost)))
        outside = float(spent.graph + spent.erp)
        yield Figure(what, "outside requests", "", (outside,), GOALS.get((what, "outside requests")))


async def _syncs() -> list[tuple[str, Spent]]:
    async with open_house() as house:
        await house.employ()
        events = [_event(house, number) for number in range(EVENTS)]
        first = await _spent(house, house.step)
        found = [("first sync", first), ("its echoes", await _spent(house, house.step))]
        await house.settle()
        found.append(("idle", await _spent(house, house.step)))
        for event_id in events[:CHANGES]:
            house.outlook().edit(event_id, subject="Changed in Outlook")
        for row in house.desk().activities()[-CHANGES:]:
            house.desk().edit(row["Id"], subject="Changed in ERP.net")
        found.append((f"{CHANGES} changes on both sides", await _spent(house, house.step)))
    async with open_house() as house:
        await house.employ()
        for number in range(EVENTS):
            day = 1 + number % 28
            house.desk().create(f"activity {number}", digits(day), digits(day, 12))
        return [*found, ("first sync of activities", await _spent(house, house.step))]


def _event(house: House, number: int) -> str:
    start = at(1 + number % 28, 6) + timedelta(minutes=number % 600)
    return house.outlook().create(f"event {number}", start, start + timedelta(minutes=30), body=f"text {number}")


async def _spent(house: House, sync: Callable[[], Awaitable[object]]) -> Spent:
    assert house.memory is not None
    backend = house.memory
    house.graph.forget_requests()
    house.erp.forget_requests()
    tables, cpu = backend.reads + backend.writes, time.process_time()
    await sync()
    return Spent(
        len(house.graph.requests),
        len(house.erp.requests),
        backend.reads + backend.writes - tables,
        time.process_time() - cpu,
    )
