"""Moments: a store and two sides that let a test act just before or after any of their calls."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from contextvars import Context
from dataclasses import replace
from typing import Any, cast

import pytest

from jobs.in_turn import InTurn
from jobs.people import People
from jobs.ports import Calendar, Erp, Store
from jobs.pull import run_pull
from jobs.round.report import Report
from jobs.round.run import run_round
from jobs.world import World
from tests.support.budget import budget
from tests.support.fuse import MOST_CALLS
from tests.support.house import House, open_house
from tests.support.random_pair import Play

Act = Callable[[], Awaitable[None]]


async def _awaited(act: Act) -> None:
    await act()


class Watched:
    """Any port; ``on_call`` is awaited before each of its calls with the call's name."""

    def __init__(self, port: object, on_call: Callable[[str], Awaitable[None]]) -> None:
        self._port = port
        self._on_call = on_call

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not inspect.iscoroutinefunction(found):
            return found

        async def call(*args: Any, **kwargs: Any) -> Any:
            await self._on_call(name)
            return await found(*args, **kwargs)

        return call


class Moments:
    """Counts the calls of a world's store and sides, and acts once, before the n-th of them.

    ``names`` limits it to calls with these names. ``hit`` tells whether that call came.
    """

    def __init__(self, n: int, act: Act, names: frozenset[str] = frozenset()) -> None:
        self._left = n
        self._act = act
        self._names = names
        self._busy = False
        self.hit = False
        self.at = ""
        """The call it acted before."""
        self.calls: list[str] = []
        """Every call since, by name."""

    async def on_call(self, name: str) -> None:
        """A call is about to start."""
        if self._busy:
            return
        if self.hit:
            self.calls.append(name)
        if self.hit or (self._names and name not in self._names):
            return
        self._left -= 1
        if self._left < 0:
            self.hit, self.at, self._busy = True, name, True
            try:
                # by another process: nothing of this round's covers what it does
                await asyncio.create_task(_awaited(self._act), context=Context())
            finally:
                self._busy = False

    def around(self, world: World) -> World:
        """The world, watched, as one process has it: what acts meanwhile is another one, with a memory of its own of
        who works here and who waits."""
        return replace(
            world,
            people=People(),
            in_turn=InTurn(),
            store=cast(Store, Watched(world.store, self.on_call)),
            calendar=cast(Calendar, Watched(world.calendar, self.on_call)),
            erp=cast(Erp, Watched(world.erp, self.on_call)),
        )


STRIDE = budget(19, 1)
"""`make soak` looks at every moment, `make test` at every nineteenth."""


async def round_of(house: House, moments: Moments | None = None, holder: str = "first") -> Report:
    """One round of Anna's by a worker of this name."""
    world = replace(house.world, holder=holder)
    return await run_round(moments.around(world) if moments else world, await house.user(), asked=True)


async def at_every_moment(
    scene: Callable[[House], Awaitable[None]],
    act: Callable[[House], Awaitable[None]],
    check: Callable[[House, Moments, Report], Awaitable[None]],
) -> None:
    """A round after ``scene``, once for each of its calls, with ``act`` before that call; then ``check``."""
    for n in range(0, MOST_CALLS, STRIDE):
        async with open_house() as house:
            await house.employ()
            await scene(house)
            await run_pull(house.world)
            moments = Moments(n, lambda house=house: act(house))  # type: ignore[misc]
            report = await round_of(house, moments)
            if not moments.hit:
                assert n > 8
                return
            await check(house, moments, report)
    pytest.fail("the round makes more calls than this test looks at")


async def ends_in_step(house: House, *_: object) -> None:
    """The rounds that follow bring everything in step."""
    house.advance(minutes=20)
    await Play(house).check()
