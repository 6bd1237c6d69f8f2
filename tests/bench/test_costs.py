"""What the simulator takes a round and a pull to cost is what real ones cost: exact, so that no figure can drift."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from adapters.store.store import RowStore
from jobs.people import LIFE, People
from jobs.repair import pull_and_repair
from jobs.round.run import run_round
from jobs.wake import wake
from jobs.world import World
from tests.bench.growth import COUNTED, link_one, opened
from tests.bench.size.company import MONDAY, Company
from tests.bench.size.people import MEETINGS
from tests.bench.size.rounds import COSTS, IN_A_BATCH, PULL, Cost
from tests.support.counted import CountingBackend
from tests.support.days import at
from tests.support.fresh import ROOT
from tests.support.house import House, open_house
from tests.support.virtual_time import VirtualLoop, run_simulated


@dataclass
class Real:
    """A company of one with real rounds over a store that counts."""

    house: House
    backend: CountingBackend
    events: list[str]

    async def round(self) -> Cost:
        """Run a round of somebody who was woken as the queue function does, in a process that knows who works here
        and has seen that they are due; what it asked for."""
        world, user = self.house.world, await self.house.user()
        row = await world.store.read_instance()
        await wake(world, user.id)
        await world.store.recall_due(user.id)
        await world.people.read(world.store, world.clock)
        self._forget()
        report = await run_round(world, user, row=row)
        assert report.is_fine
        return self._spent()

    async def pull(self) -> Cost:
        """Pull a minute later; what it asked for."""
        self.house.advance(minutes=1)
        self._forget()
        await pull_and_repair(self.house.world)
        return self._spent()

    async def rest(self) -> None:
        """Let echoes and what follows pass."""
        for _ in range(2):
            await self.pull()
            await self.round()

    def edit_in_outlook(self, events: int) -> None:
        """So many meetings get another subject in Outlook."""
        for ident in self.events[:events]:
            self.house.outlook().edit(ident, subject=f"Outlook at {self.house.now:%H:%M}")

    def edit_in_erpnet(self, activities: int) -> None:
        """So many meetings get another subject in ERP.net."""
        for row in self.house.desk().activities()[:activities]:
            self.house.desk().edit(row["Id"], subject=f"ERP.net at {self.house.now:%H:%M}")

    def _forget(self) -> None:
        self.house.graph.forget_requests()
        self.house.erp.forget_requests()
        self.backend.asked.clear()
        self.backend.rows.clear()

    def _spent(self) -> Cost:
        sides = len(self.house.graph.requests), len(self.house.erp.requests)
        return Cost(*sides, self.backend.asked.total(), len(self.backend.rows))


@pytest.fixture
async def real() -> AsyncIterator[Real]:
    """Somebody with as many meetings as the simulated people, who was just switched on; pulls go on already."""
    backend = CountingBackend()
    async with open_house(RowStore(backend)) as house:
        backend._clock = house.clock.now
        await house.employ()
        days = [1 + number % 28 for number in range(MEETINGS)]
        events = [house.outlook().create(f"event {day}", at(day, 6), at(day, 7)) for day in days]
        async with house.world.erp_session():
            one = Real(house, backend, events)
            for _ in range(2):
                await one.pull()
            yield one


async def test_rounds_cost_what_the_simulator_takes_them_to(real: Real) -> None:
    """Each kind, request by request and row by row. Change ``COSTS`` where a round has become cheaper."""
    found = {"first": await real.round()}
    await real.rest()
    found["idle"] = await real.round()
    real.edit_in_outlook(1)
    found["to ERP.net"] = await real.round()
    await real.rest()
    real.edit_in_erpnet(1)
    await real.pull()
    found["to Outlook"] = await real.round()
    await real.rest()
    real.house.advance(days=1)
    await real.pull()
    found["new day"] = await real.round()

    assert found == dict(COSTS)


def test_the_docs_say_so() -> None:
    """Requests to Graph, ERP.net and the tables of each kind of round."""
    page = (ROOT / "docs" / "capacity.md").read_text(encoding="utf-8")
    idle, to_erp, to_outlook, day, first = (
        (one.graph, one.erp, one.tables)
        for one in map(COSTS.__getitem__, ("idle", "to ERP.net", "to Outlook", "new day", "first"))
    )
    either = [f"{one}, {other}" for one, other in zip(to_erp, to_outlook, strict=True)]
    for what, asked in (
        ("that finds nothing", idle),
        ("with a change in Outlook, in ERP.net", either),
        ("on a new day", day),
        ("over 30 events", first),
    ):
        assert f"round {what} | {' | '.join(map(str, asked))} |" in page


async def test_many_changes_travel_as_the_simulator_lets_them(real: Real) -> None:
    """As many as a request holds cost what one does, more cost one more."""
    await real.round()
    await real.rest()
    real.edit_in_outlook(MEETINGS)
    to_erp = await real.round()
    await real.rest()
    real.edit_in_erpnet(IN_A_BATCH["to Outlook"])
    await real.pull()
    a_batch = await real.round()
    await real.rest()
    real.edit_in_erpnet(IN_A_BATCH["to Outlook"] + 1)
    await real.pull()
    more = await real.round()

    assert IN_A_BATCH["to ERP.net"] >= MEETINGS
    assert (to_erp.graph, to_erp.erp) == (COSTS["to ERP.net"].graph, COSTS["to ERP.net"].erp)
    assert (a_batch.graph, a_batch.erp) == (COSTS["to Outlook"].graph, COSTS["to Outlook"].erp)
    assert (more.graph, more.erp) == (a_batch.graph + 1, a_batch.erp)


async def test_pulls_ask_erpnet_what_the_simulator_takes_them_to(real: Real) -> None:
    """With news and without."""
    await real.round()
    await real.rest()
    quiet = await real.pull()
    real.edit_in_erpnet(1)
    with_news = await real.pull()

    assert (quiet.erp, with_news.erp) == (PULL, PULL)


@pytest.mark.parametrize("kind", COSTS)
def test_a_simulated_round_costs_as_much(kind: str) -> None:
    """What the imitation asks of the store itself, and what is reckoned, are together what a real one asks."""
    logging.disable(logging.WARNING)
    loop = VirtualLoop(MONDAY)
    assert run_simulated(_simulated(kind), loop) == COSTS[kind]
    logging.disable(logging.NOTSET)


async def _simulated(kind: str) -> Cost:
    company = Company(1, sessions=1)
    world, [user_id] = company.world("work"), company.ids
    await company.switch_on(company.ids)
    if kind != "first":
        await _round(company, world)
    if kind == "new day":
        await asyncio.sleep(timedelta(days=1).total_seconds())
    if kind == "to ERP.net":
        company.todo.outlook[user_id].append(company.loop.clock())
    if kind == "to Outlook":
        company.change(user_id, is_outlook=False)
    await company.rounds.pull_and_repair(world)
    await wake(world, user_id)
    await company.rounds.know_people(world)
    spent = await _round(company, world)
    assert company.rounds.rounds[kind] == 1
    return spent


@pytest.mark.parametrize("is_new", [False, True], ids=["edited", "made"])
async def test_a_change_in_erpnet_costs_the_same_whatever_the_company(is_new: bool) -> None:
    """Request by request and row by row, its pull and its round: anybody may have made a new activity, and nobody is
    looked for among all."""
    costs = [await _spent_on_a_change(people, is_new=is_new) for people in (20, 400)]

    assert costs[0] == costs[1]


async def _spent_on_a_change(people: int, *, is_new: bool) -> list[Cost]:
    async with opened(people) as one, one.house.world.erp_session():
        await link_one(one)
        await one.in_erpnet(3, is_new=is_new)
        return [Cost(0, *map(int, spent)) for spent in zip(*(one.spent[cost] for cost in COUNTED), strict=True)]


@pytest.mark.parametrize(("small", "requests"), [(0, [1, 0, 2, 2]), (1, [1, 0, 1, 1])])
async def test_who_works_here_is_read_by_a_process_twice_a_minute(
    monkeypatch: pytest.MonkeyPatch, small: int, requests: list[int]
) -> None:
    """As the simulator reckons it: a page for each thousand people; from then on also whether somebody was forgotten,
    and after the second time only the rows that were written since. A small company's page is read each time."""
    people = People()
    async with open_house() as house:
        await house.employ()
        monkeypatch.setattr("adapters.store.store.SMALL", small)
        store, asked = house.world.store, []
        for seconds in (0, LIFE.seconds - 1, 1, LIFE.seconds):
            house.advance(seconds=seconds)
            assert house.memory is not None
            before = house.memory.reads
            await people.read(store, house.world.clock)
            asked.append(house.memory.reads - before)

    assert asked == requests


async def _round(company: Company, world: World) -> Cost:
    user = await world.store.read_user(company.ids[0])
    assert user is not None
    await world.store.recall_due(user.id)
    before = _asked(company)
    report = await company.rounds.run_round(world, user)
    assert report.trouble is None
    return Cost(*(after - earlier for after, earlier in zip(_asked(company), before, strict=True)))


def _asked(company: Company) -> tuple[int, int, int, int]:
    backend = company.backend
    return company.graph.requests, company.gate.requests, backend.reads + backend.writes, backend.rows
