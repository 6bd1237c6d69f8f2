"""Growth: what one changed item costs by how many meetings one person has linked, and by how many people there are.

It should be the same whatever the size; only a minute in which nothing changed has its piece of the day's repair,
which is everybody's links once a day. Links beyond a few are copies of one and people beyond one are rows, written
into a store in memory, since Azurite takes minutes for a hundred thousand; rounds and pulls are calsync's own,
against the stand-ins in this process (CPU holds them, too). ``build/growth.svg`` shows it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from statistics import mean, median

from adapters.store import codec
from adapters.store.backend import Key, Op, Table, Verb
from adapters.store.store import RowStore
from jobs.repair import pull_and_repair
from jobs.round.run import run_round
from tests.bench.figures import Budget, Figure
from tests.bench.plot import Curve, Panel, drawn
from tests.bench.timer import people_in_step
from tests.support.counted import CountingBackend, linked_many
from tests.support.days import at, digits
from tests.support.fresh import ROOT
from tests.support.house import House, open_house

LINKS = (100, 1_000, 5_000, 20_000, 100_000)
PEOPLE = (10, 100, 1_000, 10_000)
MINUTES = 60
QUICK = 20_000
"""The largest size of a quick run."""

PICTURE = ROOT / "build" / "growth.svg"

OUTSIDE, TABLES, ROWS, CPU = "requests outside", "table requests", "rows read", "CPU with stand-ins"
COUNTED = (OUTSIDE, TABLES, ROWS)
COSTS = (*COUNTED, CPU)

DRAWN = {OUTSIDE: OUTSIDE, TABLES: TABLES, ROWS: ROWS, CPU: "milliseconds of CPU"}
"""What a curve is called."""

GOALS = {ROWS: 15.0, CPU: 0.1}
"""Of 5,000 links: twelve rows and a page of small ones; CPU in seconds."""

Spent = dict[str, tuple[float, ...]]
"""Each cost, change by change."""


@dataclass
class Measured:
    """Somebody with linked meetings, a store that counts, and what each change has cost."""

    house: House
    backend: CountingBackend
    user_id: str = ""
    spent: Spent = field(default_factory=lambda: dict.fromkeys(COSTS, ()))

    async def count(self, *work: Callable[[], Awaitable[object]]) -> None:
        """Do what a change takes, and count it."""
        self.house.graph.forget_requests()
        self.house.erp.forget_requests()
        self.backend.asked.clear()
        self.backend.rows.clear()
        began = time.process_time()
        for part in work:
            await part()
        seconds = time.process_time() - began
        outside = len(self.house.graph.requests) + len(self.house.erp.requests)
        found = (outside, self.backend.asked.total(), len(self.backend.rows), seconds)
        self.spent = {cost: (*self.spent[cost], value) for cost, value in zip(COSTS, found, strict=True)}

    async def round(self) -> None:
        """A round of theirs."""
        user = await self.house.world.store.read_user(self.user_id)
        assert user is not None
        assert (await run_round(self.house.world, user)).is_fine

    async def pull(self) -> None:
        """A pull."""
        await pull_and_repair(self.house.world)

    async def in_erpnet(self, times: int, *, is_new: bool) -> None:
        """So many changes of theirs in ERP.net, one after the other, and what each costs."""
        desk = self.house.desk()
        for number in range(times):
            subject = f"Changed {number}"
            if is_new:
                desk.create(subject, digits(3), digits(3, 12))
            else:
                desk.edit(desk.activities()[0]["Id"], subject=subject)
            self.house.advance(minutes=1)
            await self.count(self.pull, self.round)
            assert self.house.outlook().find(subject) is not None
            await self.rest()

    async def rest(self) -> None:
        """Let the echoes pass."""
        for _ in range(2):
            self.house.advance(minutes=1)
            await self.pull()
            await self.round()


def measure(budget: Budget) -> Iterator[Figure]:
    """A change in Outlook by links, then one on either side by people, with the minutes between them; then the
    picture."""
    most = QUICK if budget.is_quick else LINKS[-1]
    found: dict[str, dict[int, Spent]] = {}
    for what, sizes, costs in (
        ("links", LINKS, _by_links),
        ("people, changed in Outlook", PEOPLE, _by_people),
        ("people, changed in ERP.net", PEOPLE, partial(_by_people_in_erp, is_new=False)),
        ("people, made in ERP.net", PEOPLE, partial(_by_people_in_erp, is_new=True)),
    ):
        found[what] = {size: asyncio.run(costs(size, budget.repetitions)) for size in sizes if size <= most}
        for size, spent in found[what].items():
            yield from _figures(f"one change among {size:,} {what}", spent, is_held=(what, size) == ("links", 5_000))
    for size in PEOPLE:
        yield from _figures(f"a minute without a change, {size:,} people", asyncio.run(_idle(size)), is_held=False)
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(drawn(list(_panels(found))), encoding="utf-8")


def _figures(what: str, spent: Spent, *, is_held: bool) -> Iterator[Figure]:
    for cost, values in spent.items():
        yield Figure(what, cost, "s" if cost == CPU else "", values, GOALS.get(cost) if is_held else None)


def _panels(found: dict[str, dict[int, Spent]]) -> Iterator[Panel]:
    for what, sizes in found.items():
        curves = [Curve(name, _points(sizes, cost)) for cost, name in DRAWN.items()]
        yield Panel(f"One change among so many {what}", curves)


def _points(sizes: dict[int, Spent], cost: str) -> list[tuple[float, float]]:
    unit = 1000 if cost == CPU else 1
    return [(size, median(spent[cost]) * unit) for size, spent in sizes.items()]


async def _by_links(links: int, times: int) -> Spent:
    async with opened() as one:
        await linked_many(one.house, one.backend, links)
        async with one.house.world.erp_session():
            return await _edited_in_outlook(one, times)


async def _by_people(people: int, times: int) -> Spent:
    async with opened(people) as one, one.house.world.erp_session():
        await link_one(one)
        return await _edited_in_outlook(one, times)


async def _by_people_in_erp(people: int, times: int, *, is_new: bool) -> Spent:
    async with opened(people) as one, one.house.world.erp_session():
        await link_one(one)
        await one.in_erpnet(times, is_new=is_new)
        return one.spent


async def _idle(people: int) -> Spent:
    """The mean minute of an hour: the pull timer's."""
    async with opened(people) as one, one.house.world.erp_session():
        await link_one(one)
        for _ in range(MINUTES):
            one.house.advance(minutes=1)
            await one.count(one.pull)
        return {cost: (mean(values),) for cost, values in one.spent.items()}


async def _edited_in_outlook(one: Measured, times: int) -> Spent:
    event_id = one.house.outlook().events()[0]["id"]
    for number in range(times):
        one.house.outlook().edit(event_id, subject=f"Renamed {number}")
        await one.count(one.round)
        assert any(row["Subject"] == f"Renamed {number}" for row in one.house.desk().activities())
    return one.spent


@asynccontextmanager
async def opened(people: int = 1) -> AsyncIterator[Measured]:
    """Somebody whose sync is on, and colleagues in step."""
    backend = CountingBackend()
    async with open_house(RowStore(backend)) as house:
        backend._clock = house.clock.now
        await house.employ()
        [anna] = await house.world.store.list_users()
        others = islice(people_in_step(people, house.graph.url), 1, None)
        await backend.write_all(Table.USERS, [Op(Verb.PUT, Key("user", one.id), codec.encode(one)) for one in others])
        yield Measured(house, backend, anna.id)


async def _begin_a_day(house: House) -> None:
    """The repair has looked at everybody, as it does at once in a company that is new to it."""
    instance, etag = await house.world.store.read_instance()
    await house.world.store.save_instance(replace(instance, repair_began_at=house.now, repaired_to=None), etag)


async def link_one(one: Measured) -> None:
    """Somebody's meeting, in step; the repair's day begins."""
    for _ in range(2):
        one.house.advance(minutes=1)
        await one.pull()
    await _begin_a_day(one.house)
    one.house.outlook().create("Plan", at(2), at(2, 10))
    await one.round()
    await one.rest()
