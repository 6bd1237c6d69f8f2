"""Every call of a round answered by trouble: throttled, failing, silent. The rounds after it end in step.

`make soak` looks at every call and every scene, `make test` at some calls of one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any, TypeVar

import pytest

from adapters.backend import Conflict, Key, Op, Row, Table, Verb
from adapters.erp import ErpNet, ErpOptions
from adapters.graph import GraphCalendar, GraphOptions, StaticCredential
from adapters.http import Patience
from adapters.memory import MemoryBackend
from adapters.store import RowStore
from simulators.base import Simulator
from sync_core.errors import CalsyncError, StoreUnavailable
from tests.budget import budget
from tests.jobs.house import START, House, no_sleep, open_house
from tests.jobs.play import Play
from tests.jobs.test_stops import MOST_CALLS, Scene, clash, deletions, edits, first_sync, locks

STRIDE = budget(19, 1)
TABLE_STRIDE = budget(37, 1)

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

T = TypeVar("T")


async def refresh(house: House) -> None:
    """What a full round finds after edits: the company's choices have changed."""
    await edits(house)
    house.set_policy(months_ahead=2)


SCENES = [edits, refresh, first_sync, clash, deletions, locks][: budget(1, 6)]


@asynccontextmanager
async def newcomer(house: House, timeout_seconds: float) -> AsyncIterator[None]:
    """Another process, with connections and time limits of its own, does what the house does meanwhile."""
    patience = Patience(tries=3, sleep=no_sleep)
    graph = GraphOptions(
        credential=lambda: StaticCredential(house.graph.token),
        url=house.graph.url,
        patience=patience,
        timeout_seconds=timeout_seconds,
    )
    erp = ErpOptions(house.erp.url, "calsync", "erp-sim-secret", timeout_seconds=timeout_seconds)
    calendar = GraphCalendar(graph, clock=house.clock.now)
    erp_net = ErpNet(erp, clock=house.clock.now, patience=patience)
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


class TroubledBackend(MemoryBackend):
    """A backend whose n-th call and the one after it fail: ``before`` or ``after`` the work is done.

    ``overtaken``: done, the answer lost, and the SDK's own second try refused because of the first.
    """

    left: int | None = None
    kind = "before"

    async def read(self, table: Table, key: Key) -> Row | None:
        return await self._troubled(lambda: super(TroubledBackend, self).read(table, key))

    async def scan(self, table: Table, partition: str, limit: int | None = None) -> list[Row]:
        return await self._troubled(lambda: super(TroubledBackend, self).scan(table, partition, limit))

    async def write(self, table: Table, op: Op) -> str:
        return await self._troubled(lambda: super(TroubledBackend, self).write(table, op), is_fenced=_is_fenced(op))

    async def transact(self, table: Table, ops: Sequence[Op]) -> str:
        return await self._troubled(
            lambda: super(TroubledBackend, self).transact(table, ops), is_fenced=_is_fenced(ops[0])
        )

    async def _troubled(self, work: Callable[[], Awaitable[T]], *, is_fenced: bool = False) -> T:
        if self.left is None:
            return await work()
        self.left -= 1
        if self.left >= 0 or self.left < -2:
            return await work()
        if self.kind != "before":
            await work()
        if self.kind == "overtaken" and is_fenced:
            raise Conflict
        raise StoreUnavailable("the tables do not answer")


def _is_fenced(op: Op) -> bool:
    """Whether doing it a second time is refused."""
    return bool(op.etag) or op.verb is Verb.INSERT


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
