"""Rounds that last longer than the lease: they keep it as long as nobody takes it, and stop where somebody did."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.erp import ErpNet, ErpOptions
from adapters.graph import GraphCalendar, GraphOptions, StaticCredential
from adapters.http import Retries
from jobs.commands import sync
from jobs.round.report import Report
from jobs.round.run import run_round
from simulators.base import Fault
from sync_core.errors import LeaseHeld, LeaseLost
from tests.support.days import at, digits
from tests.support.house import House, open_house
from tests.support.moments import Moments, at_every_moment, ends_in_step
from tests.support.scenes import edits

SLOW = 29
"""Seconds that Graph asks for at each page: longer in all than any lease, each shorter than a call may wait."""

PAGES = 16


class EverySecond(Fault):
    """Refuses one request, lets the next one pass, and so on: everything is asked for twice."""

    passes = True

    def hits(self, line: str) -> bool:
        self.passes = not self.passes
        return not self.passes and super().hits(line)


@asynccontextmanager
async def slow_house(on_wait: Callable[[House], object] = lambda house: None) -> AsyncIterator[House]:
    """A house in which waiting takes the house's time, and pages of Graph hold few events."""
    async with open_house() as house:

        async def wait(seconds: float) -> None:
            house.advance(seconds=seconds)
            outcome = on_wait(house)
            if asyncio.iscoroutine(outcome):
                await outcome

        options = GraphOptions(
            credential=lambda: StaticCredential(house.graph.token),
            url=house.graph.url,
            retries=Retries(sleep=wait),
            page_size=5,
        )
        calendar = GraphCalendar(options, clock=house.clock.now)
        erp_options = ErpOptions(url=house.erp.url, client_id="calsync", client_secret="erp-sim-secret")
        erp = ErpNet(erp_options, clock=house.clock.now, retries=Retries(sleep=wait))
        house.world = replace(house.world, calendar=calendar, erp=erp)
        try:
            await house.employ()
            yield house
        finally:
            await calendar.close()
            await erp.close()


def throttle_pages(house: House) -> None:
    """Graph answers every other request with 429: each page is asked for twice."""
    house.graph.faults.append(EverySecond("*", status=429, headers={"Retry-After": str(SLOW)}, times=None))


def fill(house: House, count: int = 5 * PAGES) -> None:
    """Both sides have much to tell."""
    for number in range(count):
        house.outlook().create(f"Event {number}", at(1 + number % 20, 8), at(1 + number % 20, 9))


async def take(house: House) -> None:
    """Another worker tries to take Anna over."""
    with pytest.raises(LeaseHeld):
        await house.world.store.acquire_lease((await house.user()).id, "other", 180)


async def full_round(house: House) -> Report:
    """A full round of Anna's."""
    return await run_round(house.world, await house.user(), full=True, asked=True)


async def test_a_full_round_over_slow_pages_ends() -> None:
    """Graph throttles every page for 29 seconds, for longer than the lease: the first full round reads to the end and
    writes, one over all its links ends as well, and nobody could take its user meanwhile."""
    async with slow_house(take) as house:
        fill(house)
        throttle_pages(house)
        for made in (5 * PAGES, 0):
            began = house.now
            report = await full_round(house)

            assert (house.now - began).total_seconds() > 2 * house.world.lease_seconds
            assert (report.trouble, report.failures) == (None, [])
            assert report.done.total() == made
            assert len(house.desk().activities()) == len((await house.recall()).links) == 5 * PAGES


async def test_reading_that_takes_all_the_rounds_time_leaves_time_to_write() -> None:
    """Reading outlasts the time a round has: it writes all the same, or the next round would get no further."""
    async with slow_house() as house:
        fill(house)
        house.world = replace(house.world, round_limit=house.world.round_limit / 8)
        began = house.now
        throttle_pages(house)
        report = await full_round(house)

        assert house.now - began > house.world.round_limit
        assert report.trouble is None
        assert len(house.desk().activities()) == 5 * PAGES


async def test_a_lease_past_its_time_is_still_ours_while_nobody_takes_it() -> None:
    """Before any call of a round time passes beyond the lease: the round ends as if nothing had been."""

    async def oversleep(house: House) -> None:
        house.advance(seconds=house.world.lease_seconds + 1)

    async def check(house: House, moments: Moments, report: Report) -> None:
        assert (report.trouble, report.failures) == (None, []), moments.at
        await ends_in_step(house)

    await at_every_moment(edits, oversleep, check)


@pytest.mark.parametrize("is_taken", [False, True], ids=["alone", "taken-over"])
async def test_waiting_for_erp_nets_turn_is_not_writing(house: House, is_taken: bool) -> None:
    """A round waits for its turn at ERP.net beyond its lease: it goes on if nobody took its user, else it writes
    nothing more."""
    house.outlook().create("New", at(1), at(1, 10))
    house.desk().create("Visit", digits(2), digits(2, 12))
    erp = house.world.erp
    assert isinstance(erp, ErpNet)
    turn = erp._session._lock

    async def queue_for_erp_net() -> None:
        await turn.acquire()
        asyncio.get_running_loop().call_later(0.05, overtime)

    def overtime() -> None:
        house.advance(seconds=house.world.lease_seconds + 1)
        others.append(asyncio.ensure_future(other()))

    async def other() -> None:
        if is_taken:
            await house.world.store.acquire_lease((await house.user()).id, "other", 180)
        turn.release()

    others: list[asyncio.Future[None]] = []
    moments = Moments(0, queue_for_erp_net, frozenset({"write"}))
    house.erp.forget_requests()
    report = await run_round(moments.around(house.world), await house.user(), full=True, asked=True)
    await asyncio.gather(*others)

    assert moments.hit
    assert isinstance(report.trouble, LeaseLost) is is_taken
    assert len(house.desk().find("New")) == (not is_taken)


@pytest.mark.parametrize(("minutes", "fulls"), [(-1, [True, True, True]), (8, [True])])
async def test_a_full_sync_that_stops_itself_goes_on_full(
    monkeypatch: pytest.MonkeyPatch, minutes: int, fulls: list[bool]
) -> None:
    """A full refresh that was cut off reads both sides whole again, or what it had not come to is never compared."""
    ran: list[bool] = []

    async def counted(*args: Any, full: bool = False, **more: Any) -> Report:
        ran.append(full)
        return await run_round(*args, full=full, **more)

    monkeypatch.setattr(sync, "run_round", counted)
    monkeypatch.setattr(sync, "ROUNDS", 3)
    async with open_house() as house:
        await house.employ()
        house.outlook().create("Plan", at(3, 9), at(3, 10))
        house.world = replace(house.world, round_limit=timedelta(minutes=minutes))
        await house.sync(full=True)

    assert ran == fulls
