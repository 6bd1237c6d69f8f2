"""A company to which things happen while calsync works: calls fail, processes die, leases run out.

Each misfortune strikes once, at a moment that dice choose; what follows it must be as if it had not been.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from adapters.store.store import RowStore
from jobs.pull import run_pull
from jobs.round.run import run_round
from jobs.world import World
from simulators.base import Simulator
from sync_core.errors import CalsyncError
from sync_core.model.policy import Policy
from sync_core.model.user import User
from tests.support.fuse import Fuse, FusedBackend, Killed
from tests.support.house import START, open_house
from tests.support.moments import Moments
from tests.support.random_company import Act, Company

MISFORTUNES = ("cut", "lose", "busy", "throttled", "die", "die", "kill", "kill", "lapse", "overtake")
FAULT_ACTS = tuple(f"fault {what}" for what in MISFORTUNES)
MOMENTS = 60
"""More calls than most rounds make: now and then nothing happens at all."""
ANSWERS: dict[str, dict[str, Any]] = {
    "cut": {"kind": "cut"},
    "lose": {"kind": "lose"},
    "busy": {"kind": "answer", "status": 503},
    "throttled": {"kind": "answer", "status": 429, "headers": {"Retry-After": "1"}},
}


class LastMoment(Moments):
    """The process dies before the n-th call: none that follows gets out either."""

    def __init__(self, n: int, names: frozenset[str] = frozenset()) -> None:
        super().__init__(n, self._die, names)

    async def on_call(self, name: str) -> None:
        """A call is about to start."""
        if self.hit:
            raise Killed
        await super().on_call(name)

    async def _die(self) -> None:
        raise Killed


class Unlucky(Company):
    """A company whose acts include misfortunes: each strikes while everybody's rounds run."""

    @property
    def backend(self) -> FusedBackend:
        """The memory that can die."""
        store = self.house.world.store
        assert isinstance(store, RowStore)
        assert isinstance(store.backend, FusedBackend)
        return store.backend

    async def work(self, how: str, act: Act) -> None:
        if how != "fault":
            await super().work(how, act)
            return
        await self.strike(act)
        self.recover()

    def recover(self) -> None:
        """Processes start again, sides answer, leases of the dead run out."""
        self.backend.fuse = Fuse()
        self.house.graph.faults.clear()
        self.house.erp.faults.clear()
        self.house.advance(minutes=5)

    async def strike(self, act: Act) -> None:
        what = act.what.partition(" ")[2]
        moment = act.pick * 64 + act.dice
        match what:
            case "die":
                self.backend.fuse = Fuse(moment % 30, before=bool(act.who % 2))
                await self.rush_of()
            case "kill":
                await self.rush_of(act.who, lambda world: LastMoment(moment % MOMENTS).around(world))
            case "lapse":
                await self.rush_of(act.who, lambda world: Moments(moment % MOMENTS, self.lapse).around(world))
            case "overtake":
                await self.overtake(act.who, moment % MOMENTS)
            case _:
                side: Simulator = self.house.graph if act.who % 2 else self.house.erp
                side.add_fault("*", skip=moment % 40, times=1 + act.dice % 4, **ANSWERS[what])
                await self.rush_of()

    async def lapse(self) -> None:
        self.house.advance(seconds=self.house.world.lease_seconds + 1)

    async def overtake(self, who: int, moment: int) -> None:
        """A user's lease runs out in mid-round, and another worker does a whole round of theirs meanwhile."""
        users = await self.users()
        if not users:
            return
        user = users[who % len(users)]

        async def step_in() -> None:
            await self.lapse()
            await _round(replace(self.house.world, holder="third"), user)

        await _pull(self.house.world)
        await _round(Moments(moment, step_in).around(self.house.world), user)

    async def rush_of(self, victim: int = -1, bewitched: Callable[[World], World] = lambda world: world) -> None:
        """Everybody's rounds at once, the ``victim``'s in a world of its own; whoever dies, the others go on."""
        await _pull(self.house.world)
        world = replace(self.house.world, holder="other")
        rounds = [
            _round(bewitched(self.house.world) if n == victim else world, user)
            for n, user in enumerate(await self.users())
        ]
        await asyncio.gather(*rounds)


async def _round(world: World, user: User) -> None:
    """A round that may end in any way a round may end."""
    with suppress(Killed, CalsyncError):
        await run_round(world, user)


async def _pull(world: World) -> None:
    with suppress(Killed, CalsyncError):
        await run_pull(world)


@asynccontextmanager
async def open_unlucky(
    at: datetime = START, zones: tuple[str, ...] = (), policy: Policy | None = None
) -> AsyncIterator[Unlucky]:
    """A company whose memory can die."""
    backend = FusedBackend(lambda: at)
    async with open_house(RowStore(backend), at=at, policy=policy) as house:
        backend._clock = house.clock.now
        yield await Unlucky.open(house, zones)
