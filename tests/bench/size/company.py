"""A company on the simulated platform: its week is a list of happenings, and what it cost is read off in the end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast
from unittest import mock

from adapters.store.store import RowStore
from jobs.app import pulls, work
from jobs.app import rounds as serving
from jobs.app.dispatch import ask_for_pull, dispatch
from jobs.app.housekeeping import keep_house
from jobs.erp_slot import ErpSlot
from jobs.ports import Calendar, Erp, Subscriptions
from jobs.wake import wake
from jobs.world import World
from sync_core.model.user import User
from tests.bench.size.people import STORMS, WORKDAYS, Todo, a_day
from tests.bench.size.platform import Bill, Flex, Serve, SimQueue, tick
from tests.bench.size.rounds import ZONE, Rounds
from tests.bench.size.sides import Gate, SimErp, SimGraph
from tests.bench.size.tables import SlowBackend
from tests.support.virtual_time import VirtualLoop, run_simulated

MONDAY = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
"""Six in the morning in Sofia."""

NOTIFIED_AFTER = (1.0, 3.0)
"""Assumed: seconds from a change in a mailbox to Graph's notification."""

HOUR = timedelta(hours=1)

EVERY = 20.0
"""Seconds between the changes of those who change something one after the other."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that befalls the company ``after`` its Monday morning, for an hour or at once."""

    name: str
    after: timedelta


def week_of(days: float) -> tuple[Happening, ...]:
    """What befalls it: the days are Monday, Tuesday …"""
    at_ten = timedelta(hours=4)
    first, *later = STORMS
    everything = [Happening(first, timedelta(hours=1, minutes=30)), Happening("newcomers", timedelta(hours=5))]
    everything += [Happening(name, timedelta(days=day + 1) + at_ten) for day, name in enumerate(later)]
    return tuple(one for one in everything if one.after < timedelta(days=days))


class Company:
    """People, both sides and the platform. Made inside the simulated loop."""

    def __init__(
        self,
        people: int,
        *,
        sessions: int,
        instances: int = 0,
        newcomers: int = 0,
        seed: int = 1,
    ) -> None:
        self.loop = cast("VirtualLoop", asyncio.get_running_loop())
        self.ids = [f"person-{number:05}" for number in range(people)]
        self.newcomers = [f"newcomer-{number:05}" for number in range(newcomers)]
        self.dice = random.Random(seed)
        self.backend = SlowBackend(self.loop.clock)
        self.bill, self.queue, self.graph, self.todo = Bill(), SimQueue(), SimGraph(), Todo()
        self.gate = Gate(self.loop.clock, sessions)
        self.rounds = Rounds(people + newcomers, self.todo, self.graph, self.backend, self._tell)
        self.sessions = sessions
        self.calls = set[asyncio.Task[None]]()
        self.flex = Flex(self.queue, self.bill, self._process, instances or sessions)

    def world(self, holder: str) -> World:
        """The world of one process."""
        return World(
            calendar=cast("Calendar", self.graph),
            erp=cast("Erp", SimErp(self.gate, holder)),
            store=RowStore(self.backend),
            queue=self.queue,
            subscriptions=cast("Subscriptions", None),
            clock=self.loop.clock,
            holder=holder,
            erp_sessions=self.sessions,
            erp_slot=ErpSlot(),
        )

    def _process(self, number: int) -> Serve:
        world = self.world(f"work-{number}")

        async def serve(body: bytes, redelivered: bool) -> None:
            await work.handle(world, body, redelivered=redelivered)

        return serve

    async def live(self, until: timedelta, happenings: Sequence[Happening]) -> None:
        """Let time pass, with everything that befalls them."""
        timers = (("sync", 1, 900, dispatch), ("pull", 30, 60, ask_for_pull), ("nightly", 80_000, 86_400, keep_house))
        doing = [self._tick(*timer) for timer in timers]
        doing += [self._befall(one) for one in happenings]
        doing += [self._working_day(day) for day in range(until.days + 1) if day % 7 < WORKDAYS]
        tasks = [asyncio.create_task(one) for one in doing]
        await asyncio.sleep(until.total_seconds())
        failed = [error for task in tasks if task.done() and (error := task.exception()) is not None]
        if failed:
            raise failed[0]

    async def _tick(self, name: str, first: float, every: float, job: Callable[[World], Awaitable[object]]) -> None:
        world = self.world(name)
        await asyncio.sleep(first)
        await tick(self.bill, name, every, lambda: job(world))

    async def _working_day(self, day: int) -> None:
        start = MONDAY.astimezone(ZONE) + timedelta(days=day)
        for at, user_id, is_outlook in a_day(start, self.ids, self.dice):
            wait = (at - self.loop.clock()).total_seconds()
            if wait > 0:
                await asyncio.sleep(wait)
            if user_id not in self.todo.first and wait > -1:
                self.change(user_id, is_outlook=is_outlook)

    def change(self, user_id: str, *, is_outlook: bool) -> None:
        """Somebody changes one of their meetings."""
        if is_outlook:
            self.todo.outlook[user_id].append(self.loop.clock())
            self._tell(user_id)
        else:
            self.todo.erp[user_id].append(self.loop.clock())
            self.todo.to_pull.append(user_id)

    def _tell(self, user_id: str) -> None:
        """Somebody's calendar has changed: Graph notifies."""
        self.graph.news.add(user_id)
        self.loop.call_later(self.dice.uniform(*NOTIFIED_AFTER), self._notify, user_id)

    def _notify(self, user_id: str) -> None:
        if self.graph.is_away:
            return
        self.bill.executions["http"] += 1
        self.bill.add("http", 0.1)
        task = asyncio.create_task(wake(self.world("http"), user_id, notified=True))
        self.calls.add(task)
        task.add_done_callback(self.calls.discard)

    async def _befall(self, one: Happening) -> None:
        await asyncio.sleep(one.after.total_seconds())
        self.todo.storms.append((one.name, self.loop.clock(), self.loop.clock() + 2 * HOUR))
        match one.name:
            case "switched on":
                await self.switch_on(self.ids)
            case "newcomers":
                await self.switch_on(self.newcomers)
            case "one after the other":
                for user_id in self.ids:
                    self.change(user_id, is_outlook=True)
                    await asyncio.sleep(EVERY)
            case "everybody":
                for user_id in self.ids:
                    self.change(user_id, is_outlook=True)
            case "ERP.net away":
                self.gate.is_away = True
                await asyncio.sleep(HOUR.total_seconds())
                self.gate.is_away = False
            case "Graph away":
                self.graph.is_away = True
                await asyncio.sleep(HOUR.total_seconds())
                self.graph.is_away = False
            case "no licence":
                self.gate.sessions.clear()
                self.gate.licences = 0
                await asyncio.sleep(HOUR.total_seconds())
                self.gate.licences = self.sessions
            case "mass edit":
                for user_id in self.ids * 10:
                    self.change(user_id, is_outlook=False)

    async def switch_on(self, ids: Sequence[str]) -> None:
        """An administrator switches people on, all at once."""
        world = self.world("admin")
        for user_id in ids:
            now = self.loop.clock()
            new = User(user_id, f"{user_id}@acme.example", enabled=True, enabled_at=now, zone=ZONE.key, erp_login="x")
            self.todo.first[user_id] = now
            await world.store.revise_user(user_id, lambda user: user, new=new)
            await wake(world, user_id)


def simulate(
    people: int,
    days: float,
    *,
    sessions: int,
    instances: int = 0,
    newcomers: int = 0,
    happenings: Sequence[Happening] = (),
    seed: int = 1,
) -> Company:
    """Let a company live so many days from a Monday morning on; ``instances`` of the queue function at most, 0 = as
    many as ``sessions``. ``newcomers`` are switched on at eleven on Monday. ``happenings`` take the place of those of
    its week."""
    random.seed(seed)
    loop = VirtualLoop(MONDAY)

    async def live() -> Company:
        company = Company(people, sessions=sessions, instances=instances, newcomers=newcomers, seed=seed)
        with (
            mock.patch.object(serving, "run_round", company.rounds.run_round),
            mock.patch.object(pulls, "pull_and_repair", company.rounds.pull_and_repair),
        ):
            await company.live(timedelta(days=days), happenings or week_of(days))
        return company

    return run_simulated(live(), loop)
