"""kill -9 at random moments: a real process, several users, real tables. In the end nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

import pytest

from adapters.store.tables import TableStore, connect
from simulators.azurite import Azurite
from simulators.erpnet import ErpPerson
from simulators.graph import OutlookPerson
from sync_core.model.memory import Memory
from sync_core.model.user import User
from tests.support.budget import budget
from tests.support.forked_worker import HOLDER, Task
from tests.support.house import START, House, open_house
from tests.support.random_pair import ERP_ACTS, OUTLOOK_ACTS, Play, Step

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("anna", "boris", "vera")
PLAYS, KILLS = budget(1, 11), budget(4, 20)
"""So many plays, which the test workers share, with so many kills each: a play's calendars grow with every kill."""

LIVELY = [
    act for act in (*OUTLOOK_ACTS, *ERP_ACTS) if "create" in act or "edit" in act or "re" in act or "move" in act
]


class OwnDesk(ErpPerson):
    """A person who looks at their own activities only."""

    def __init__(self, desk: ErpPerson, login: str) -> None:
        super().__init__(desk._erp, login)
        self._login_name = login

    def activities(self) -> list[dict[str, Any]]:
        """Their own."""
        return [a for a in super().activities() if a["OwnerLogin"] == self._login_name]


class OwnHouse(House):
    """The house as one of its people sees it."""

    name = ""

    @classmethod
    def of(cls, house: House, name: str) -> OwnHouse:
        """The house as this person sees it."""
        own = cls(house.clock, house.graph, house.erp, house.world)
        own.name = name
        return own

    def outlook(self, upn: str = "") -> OutlookPerson:
        """Their Outlook."""
        return super().outlook(upn or f"{self.name}@acme.example")

    def desk(self, login: str = "") -> ErpPerson:
        """Their ERP.net."""
        return OwnDesk(super().desk(login or self.name), login or self.name)

    async def user(self, upn: str = "") -> User:
        """Their row."""
        return await super().user(upn or f"{self.name}@acme.example")

    async def recall(self, upn: str = "") -> Memory:
        """What is remembered of them."""
        return await super().recall(upn or f"{self.name}@acme.example")


class OwnPlay(Play):
    """A person's play; nobody else types their words."""

    def word(self) -> str:
        """A new text nobody has typed before."""
        assert isinstance(self.house, OwnHouse)
        return f"{self.house.name}'s {super().word()}"

    async def sync(self, *, full: bool = False) -> None:
        """A sync of everybody, here and without a kill."""
        async with self.nothing_lost():
            outcome = await self.house.sync(full=full)
        assert outcome.failure == ""
        assert [report.failures for report in outcome.reports] == [[]] * len(NAMES)


@asynccontextmanager
async def forge() -> AsyncIterator[Process]:
    """The process that forks the workers."""
    order = (sys.executable, "-m", "tests.support.forked_worker")
    made = await asyncio.create_subprocess_exec(*order, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, cwd=ROOT)
    try:
        yield made
    finally:
        assert made.stdin is not None
        made.stdin.close()
        await made.wait()


async def answer_of(process: Process) -> int:
    """The number of the next line."""
    assert process.stdout is not None
    return int((await process.stdout.readline()).split()[1])


async def sync_in(process: Process, task: Task, seconds: float | None) -> bool:
    """A sync by a new worker, killed after ``seconds``; whether the kill came before its end."""
    assert process.stdin is not None
    process.stdin.write(json.dumps(asdict(task)).encode() + b"\n")
    await process.stdin.drain()
    pid = await answer_of(process)
    ended = asyncio.create_task(answer_of(process))
    done, _ = await asyncio.wait({ended}, timeout=seconds)
    if not done:
        with suppress(ProcessLookupError):  # it came to its end at this very moment
            os.kill(pid, signal.SIGKILL)
    status = await ended
    assert status in (0, signal.SIGKILL)
    return status == signal.SIGKILL


@pytest.mark.parametrize("number", range(PLAYS))
async def test_kill_9_at_random_moments(azurite: Azurite, number: int) -> None:
    """Workers die at any moment while three people edit; then one quiet sync, and everything is in step."""
    dice = random.Random(20260125 + number)
    prefix = f"k{uuid4().hex[:10]}"
    opened: list[House] = []
    store = TableStore(connect(azurite.connection_string), prefix, lambda: opened[0].now if opened else START)
    async with AsyncExitStack() as closing:
        closing.push_async_callback(store.close)
        process = await closing.enter_async_context(forge())
        house = await closing.enter_async_context(open_house(store))
        opened.append(house)
        house.world = replace(house.world, holder=HOLDER)
        for name in NAMES:
            await house.employ(name)
        plays = [OwnPlay(OwnHouse.of(house, name)) for name in NAMES]

        def task() -> Task:
            place = (house.graph.url, house.graph.token, house.erp.url, azurite.connection_string, prefix)
            return Task(*place, house.now.isoformat())

        for play in plays:
            await play.do(Step("outlook create", dice=11))
            await play.do(Step("erp create", dice=22))
        began = monotonic()
        await sync_in(process, task(), None)
        usual = monotonic() - began
        kills = 0
        while kills < KILLS:
            for play in plays:
                for _ in range(2):
                    await play.do(Step(dice.choice(LIVELY), dice.randrange(6), dice.randrange(200)))
            kills += await sync_in(process, task(), dice.uniform(0.05, usual))
        house.advance(minutes=20)
        for play in plays:
            await play.check()
