"""Every call of a round answered by trouble: throttled, failing, silent. The rounds after it end in step.

`make soak` looks at every call and every scene, `make test` at some calls of one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest

from adapters.erp import ErpNet, ErpOptions
from adapters.graph import GraphCalendar, GraphOptions, StaticCredential
from adapters.http import Retries
from adapters.store.store import RowStore
from simulators.base import Simulator
from sync_core.errors import CalsyncError
from tests.support.budget import budget
from tests.support.fuse import MOST_CALLS
from tests.support.house import START, House, no_sleep, open_house
from tests.support.random_pair import Play
from tests.support.scenes import Scene, clash, deletions, edits, first_sync, locks
from tests.support.troubled import TroubledBackend

STRIDE = budget(29, 1)
TABLE_STRIDE = budget(59, 1)

TROUBLES: dict[str, dict[str, Any]] = {
    "429 with a wait": {"status": 429, "headers": {"Retry-After": "2"}},
    "429 without a wait": {"status": 429},
    "500": {"status": 500},
    "502": {"status": 502},
    "503 with a wait": {"status": 503, "headers": {"Retry-After": "600"}},
    "504": {"status": 504},
    "a page of a proxy": {"status": 200, "body": "<html>welcome</html>"},
    "an empty answer": {"status": 200},
    "silence": {"kind": "delay", "seconds": 60.0},
}


async def refresh(house: House) -> None:
    """What a full round finds after edits: the company's choices have changed."""
    await edits(house)
    house.set_policy(months_ahead=2)


SCENES = [edits, refresh, first_sync, clash, deletions, locks][: budget(1, 6)]


@asynccontextmanager
async def newcomer(house: House, timeout_seconds: float) -> AsyncIterator[None]:
    """Another process, with connections and time limits of its own, does what the house does meanwhile."""
    retries = Retries(tries=3, sleep=no_sleep)
    graph = GraphOptions(
        credential=lambda: StaticCredential(house.graph.token),
        url=house.graph.url,
        retries=retries,
        timeout_seconds=timeout_seconds,
    )
    erp = ErpOptions(house.erp.url, "calsync", "erp-sim-secret", timeout_seconds=timeout_seconds)
    calendar = GraphCalendar(graph, clock=house.clock.now)
    erp_net = ErpNet(erp, clock=house.clock.now, retries=retries)
    usual, house.world = house.world, replace(house.world, calendar=calendar, erp=erp_net)
    try:
        yield
    finally:
        house.world = usual
        await calendar.close()
        await erp_net.close()


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("side", ["graph", "erp"])
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
async def test_every_call_in_trouble(scene: Scene, side: str, trouble: str) -> None:
    """The n-th call and the ones that repeat it are answered so, for every n: in step in the end."""
    for n in range(0, MOST_CALLS, STRIDE):
        async with open_house() as house:
            await house.employ()
            await scene(house)
            simulator: Simulator = house.graph if side == "graph" else house.erp
            fault = simulator.add_fault("*", skip=n, times=4, **TROUBLES[trouble])
            async with newcomer(house, 0.25 if trouble == "silence" else 30.0):
                with suppress(CalsyncError):
                    await house.sync()
            hit = fault.times != 4
            simulator.faults.clear()
            house.advance(minutes=20)
            await Play(house).check()
            if not hit:
                return
    pytest.fail("the round makes more calls than this test looks at")


@pytest.mark.parametrize("kind", ["before", "after", "overtaken"])
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
async def test_every_table_call_in_trouble(scene: Scene, kind: str) -> None:
    """The n-th read or write of our memory fails, done or not, for every n: in step in the end."""
    for n in range(0, 2 * MOST_CALLS, TABLE_STRIDE):
        backend = TroubledBackend(lambda: START)
        async with open_house(RowStore(backend)) as house:
            backend._clock = house.clock.now
            await house.employ()
            await scene(house)
            backend.left, backend.kind = n, kind
            with suppress(CalsyncError):
                await house.sync()
            was_hit, backend.left = backend.left < 0, None
            house.advance(minutes=20)
            await Play(house).check()
            if not was_hit:
                return
    pytest.fail("the round makes more calls than this test looks at")
