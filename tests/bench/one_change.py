"""What one change costs by how many meetings are linked: it should be the same.

The links beyond a few are copies of one, written by the store; the stand-ins are in this process, so CPU holds them
too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from adapters.store.store import RowStore
from jobs.round.run import run_round
from tests.bench.figures import Budget, Figure
from tests.support.counted import CountingBackend, linked_many
from tests.support.house import open_house

LINKS = (100, 1_000, 5_000, 20_000)

GOALS = {"rows read": 15.0, "CPU with stand-ins": 0.1}
"""Of 5,000 links: twelve rows and a page of small ones; CPU in seconds."""


def measure(budget: Budget) -> Iterator[Figure]:
    """An event is renamed, again and again, in calendars of growing size."""
    for links in LINKS:
        for cost, values in asyncio.run(_costs(links, budget.repetitions)).items():
            goal = GOALS[cost] if links == 5_000 else None
            yield Figure(f"one change among {links:,} links", cost, "s" if "CPU" in cost else "", values, goal)


async def _costs(links: int, times: int) -> dict[str, tuple[float, ...]]:
    backend = CountingBackend()
    async with open_house(RowStore(backend)) as house:
        backend._clock = house.clock.now
        await house.employ()
        await linked_many(house, backend, links)
        event_id, user = house.outlook().events()[0]["id"], await house.user()
        rows: list[float] = []
        seconds: list[float] = []
        async with house.world.erp_session():
            for number in range(times):
                house.outlook().edit(event_id, subject=f"Renamed {number}")
                backend.rows.clear()
                began = time.process_time()
                report = await run_round(house.world, user)
                seconds.append(time.process_time() - began)
                rows.append(len(backend.rows))
                assert report.done == {"activity updated": 1}
        return {"rows read": tuple(rows), "CPU with stand-ins": tuple(seconds)}
