"""ERP.net's sessions, counted where they are licences: never more at once than ``ERPNET_MAX_SESSIONS``.

Processes take turns, work long, end and are killed; each has its own token, so its own session, which lives on for
twenty minutes after its last call whatever becomes of its process (erpnet.md §3).
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from adapters.erp import ErpNet, ErpOptions
from adapters.http import Retries
from jobs.erp_slot import ErpSlot
from jobs.waiting import erp_session
from jobs.world import World
from sync_core.errors import SlotsTaken, Throttled
from tests.support.budget import budget
from tests.support.house import House, no_sleep, open_house

PLAYS = budget(4, 100)
ACTS = 60


@dataclass
class Process:
    """A process of the app or a command: its world and its own way to ERP.net."""

    world: World
    erp: ErpNet

    async def call(self, times: int = 1) -> None:
        """Call ERP.net under a slot, or be told that there is none."""
        async with self.world.erp_session():
            for _ in range(times):
                await self.erp.check_access()

    async def die(self) -> None:
        """``kill -9``: nothing is given back and no heartbeat follows."""
        await self.world.erp_slot._stop_beating()
        self.world.erp_slot._slot = None
        await self.erp.close()


class Company:
    """Processes that share a store and an ERP.net."""

    def __init__(self, house: House, sessions: int) -> None:
        self.house = house
        self.sessions = sessions
        self.started: list[Process] = []
        self.most = 0

    def start(self) -> Process:
        """A new process."""
        options = ErpOptions(self.house.erp.url, "calsync", "erp-sim-secret")
        erp = ErpNet(options, clock=self.house.clock.now, retries=Retries(tries=2, sleep=no_sleep))
        name = f"process-{len(self.started)}"
        world = replace(self.house.world, erp=erp, holder=name, erp_slot=ErpSlot(), erp_sessions=self.sessions)
        self.started.append(Process(world, erp))
        return self.started[-1]

    def count(self) -> int:
        """Sessions that ERP.net counts now."""
        self.most = max(self.most, self.house.erp.gate.open_sessions)
        assert self.most <= self.sessions
        return self.house.erp.gate.open_sessions

    async def beat(self, process: Process) -> None:
        """The heartbeat of a process in the middle of its work, as time passes."""
        slot = process.world.erp_slot
        if slot._slot is not None:
            slot._slot = await process.world.store.beat_slot(slot._slot)


@asynccontextmanager
async def company(sessions: int) -> AsyncIterator[Company]:
    """A company whose ERP.net has licences enough: what is counted is what calsync takes."""
    async with open_house() as house:
        opened = Company(house, sessions)
        try:
            yield opened
        finally:
            for process in opened.started:
                await process.die()


async def test_three_processes_taking_turns_open_one_session() -> None:
    """One session is allowed: whoever had it goes on with it, the others wait until it is over."""
    async with company(1) as office:
        first, second, third = (office.start() for _ in range(3))
        await first.call()
        for other in (second, third):
            with pytest.raises(SlotsTaken, match=r"session of process-0, whose work is done.*ERPNET_MAX_SESSIONS"):
                await other.call()
        await first.call()
        assert office.count() == 1

        office.house.advance(minutes=19)
        with pytest.raises(SlotsTaken) as refused:
            await second.call()
        office.house.clock.set(refused.value.until)
        await second.call()
        assert office.count() == 1
        with pytest.raises(SlotsTaken):
            await first.call()


async def test_a_killed_process_leaves_its_session_behind() -> None:
    """Its slot is nobody's while ERP.net still counts it, then the next process's."""
    async with company(1) as office:
        first, second = office.start(), office.start()
        async with first.world.erp_session():
            await first.erp.check_access()
            await first.die()
        office.house.advance(minutes=19, seconds=59)
        with pytest.raises(SlotsTaken, match="in use by process-0"):
            await second.call()
        office.house.advance(seconds=16)
        await second.call()
        assert office.count() == 1


async def test_work_without_a_call_keeps_nobody_waiting() -> None:
    """A process that opened no session frees its slot for whoever comes next."""
    async with company(1) as office:
        async with office.start().world.erp_session():
            pass
        await office.start().call()
        assert office.count() == 1


async def test_a_command_stays_out_of_the_way_of_the_app() -> None:
    """Where there are several, an app takes the first slot and a command the last one, so that an app with fewer
    finds its own free."""
    async with company(2) as office:
        command, app = office.start(), office.start()
        app.world = replace(app.world, erp_sessions=1)
        async with erp_session(command.world):
            await command.erp.check_access()
        await app.call()
        assert office.count() == 2


async def test_a_day_of_one_process_never_counts_twice() -> None:
    """A process that calls every minute goes through tokens and sessions, one at a time, with pauses of seconds."""
    async with company(1) as office:
        process, waits = office.start(), list[float]()
        for _ in range(5 * 60 * 4):
            office.house.advance(seconds=15.3)
            try:
                await process.call()
            except Throttled as throttled:
                waits.append(throttled.retry_after or 3600)
            office.count()
        assert len(waits) <= 2 * 6
        assert max(waits) <= 16


@pytest.mark.parametrize("sessions", [1, 2, 3])
async def test_whatever_processes_do_no_session_is_counted_too_many(sessions: int) -> None:
    """Random turns, long work, ends, kills and new processes, over hours; and somebody gets through all the time."""
    for play in range(PLAYS):
        chance = random.Random(f"{sessions} {play}")
        async with company(sessions) as office:
            served = await _play(office, chance)
        assert served > 0, play


async def _play(office: Company, chance: random.Random) -> int:
    alive, served, refused = [office.start() for _ in range(3)], 0, 0
    for _ in range(ACTS):
        process = chance.choice(alive)
        office.house.advance(seconds=chance.choice([0, 1, 20, 60, 300, 660, 1195, 1210]))
        try:
            match chance.randrange(6):
                case 0:
                    alive[alive.index(process)] = office.start()
                    await process.die()
                case 1:
                    alive[alive.index(process)] = office.start()
                    async with process.world.erp_session():
                        await process.erp.check_access()
                        await process.die()
                case 2:
                    async with process.world.erp_session():
                        for _ in range(chance.randrange(1, 12)):
                            await process.erp.check_access()
                            office.count()
                            office.house.advance(seconds=chance.randrange(90))
                            await office.beat(process)
                            served += 1
                case _:
                    await process.call(chance.randrange(3))
                    served += 1
        except (SlotsTaken, Throttled):
            refused += 1
        office.count()
    assert served + refused > ACTS / 2
    return served
