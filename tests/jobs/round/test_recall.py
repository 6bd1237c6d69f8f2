"""A round reads the links of which it has news, and all of them where those do not decide."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from adapters.store.backend import Op, Table, Verb
from adapters.store.codec import SCHEMA
from jobs.fence import Fence
from jobs.ports import Put
from jobs.pull import run_pull
from jobs.round.recall import MOST_NAMES, NeedsAll, Recall, recall_few
from jobs.round.report import Report
from jobs.round.run import run_round
from sync_core.content.names import Names, named, siblings_of
from sync_core.model.ledger import Ledger, ledger_of
from sync_core.model.link import Link
from sync_core.model.memory import Memory, Unread
from sync_core.model.series import Occurrence
from tests.support.days import at, digits, the_activity, the_event
from tests.support.few_links import every_plan_compared
from tests.support.house import ANNA, House, open_house
from tests.support.series import MONDAYS, mondays, on, open_series
from tests.support.store_contract.ledger import keep, pair
from tests.support.users import put_user


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """Anna's calendar at rest: two meetings from each side."""
    async with open_house() as house:
        await house.employ()
        for n in range(2):
            house.outlook().create(f"event {n}", at(1 + n), at(1 + n, 10))
            house.desk().create(f"activity {n}", digits(1 + n), digits(1 + n, 12))
        for _ in range(4):
            await house.step()
        yield house


async def a_round(house: House) -> Report:
    """One round of Anna's."""
    async with house.world.erp_session():
        return await run_round(house.world, await house.user())


async def ledger_is_true(house: House) -> bool:
    """Whether a ledger is stored, and is that of all links."""
    user = await house.user()
    lease = await house.world.store.acquire_lease(user.id, house.world.holder, 60)
    await house.world.store.release_lease(lease)
    return lease.ledger is not None and lease.ledger == ledger_of(await house.recall())


async def tell(house: House, ledger: Ledger | None) -> None:
    """Store this ledger, whatever the links are."""
    user = await house.user()
    lease = await house.world.store.acquire_lease(user.id, "somebody", 60)
    await house.world.store.release_lease(replace(lease, ledger=ledger))


async def test_a_round_without_a_ledger_reads_all_links_and_leaves_one(house: House) -> None:
    """As after an update from a build that kept none."""
    await tell(house, None)
    house.outlook().edit(house.outlook().events()[0]["id"], subject="Changed")
    first = await a_round(house)
    is_kept = await ledger_is_true(house)
    house.outlook().edit(house.outlook().events()[1]["id"], subject="Changed, too")
    second = await a_round(house)

    assert (first.done, first.read_all) == ({"activity updated": 1}, "")
    assert is_kept
    assert (second.done, second.read_all) == ({"activity updated": 1}, "")
    assert await ledger_is_true(house)
    assert first.links == second.links == 4


@pytest.mark.parametrize("told", [Ledger(1, 1), Ledger(4, 4, ("nobody",)), Ledger(0, 0)], ids=repr)
async def test_a_wrong_ledger_is_noticed_or_does_no_harm(house: House, told: Ledger) -> None:
    """Whatever it says: the change arrives, and a full round makes it anew."""
    await tell(house, told)
    house.outlook().edit(house.outlook().events()[0]["id"], subject="Changed")
    report = await a_round(house)
    assert report.done == {"activity updated": 1}
    await house.step(full=True)

    assert await ledger_is_true(house)


async def test_an_open_link_that_the_ledger_lacks_is_noticed_when_it_is_met(house: House) -> None:
    """The round begins anew with all links."""
    user, [first, *_] = await house.user(), (await house.recall()).links
    lease = await house.world.store.acquire_lease(user.id, "somebody", 60)
    asking = replace(first, reread="retry")
    await house.world.store.release_lease(await house.world.store.save(lease, [Put(asking)], Ledger(4, 4)))
    house.outlook().edit(first.event_id, subject="Changed")
    report = await a_round(house)

    assert (report.done, report.read_all) == ({"activity updated": 1}, "the ledger does not fit the links")
    assert await ledger_is_true(house)


async def test_a_mistake_about_a_link_that_was_read_reads_all(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our own code fails on it before the round has news: nothing of this person's is held up."""

    def fail(_: object) -> Names:
        raise OverflowError

    monkeypatch.setattr("jobs.round.recall.siblings_of", fail)
    house.outlook().edit(house.outlook().events()[0]["id"], subject="Changed")

    assert (await a_round(house)).done == {"activity updated": 1}


async def test_a_new_day_reads_all_links(house: House) -> None:
    """Once a day every link is looked at, and the ledger proved."""
    house.advance(days=1)
    report = await a_round(house)

    assert report.read_all == "a full or daily round"
    assert await ledger_is_true(house)


async def test_an_expired_delta_link_reads_all_links(house: House) -> None:
    """The whole calendar is read anew."""
    house.graph.expire_delta(ANNA)
    report = await a_round(house)

    assert report.read_all == "the whole calendar was read anew"
    assert await ledger_is_true(house)


async def test_a_colleague_whose_row_cannot_be_read_lets_all_links_be_read(house: House) -> None:
    """Whoever made one of the linked meetings may be that colleague."""
    assert house.memory is not None
    await house.employ("boris")
    boris = await house.user("boris@acme.example")
    row = next(row for row in await house.memory.backend.scan(Table.USERS, "user") if row.key.row == boris.id)
    await house.memory.backend.write(Table.USERS, Op(Verb.PUT, row.key, {"v": SCHEMA, "data0": "{"}))
    house.outlook().edit(house.outlook().events()[0]["id"], subject="Changed")
    report = await a_round(house)

    assert (report.done, report.read_all) == ({"activity updated": 1}, "the row of a user cannot be read")


HAPPENS: dict[str, tuple[Callable[[House, str], object], str]] = {
    "nothing": (lambda _house, _series: None, ""),
    "a single event": (lambda h, _: h.outlook().edit(the_event(h, "Single"), subject="Single, too"), ""),
    "its activity": (lambda h, _: h.desk().edit(the_activity(h, "Single, too"), subject="Alone"), ""),
    "a new event": (lambda h, _: h.outlook().create("New", at(11), at(11, 10)), ""),
    "a new activity": (lambda h, _: h.desk().create("Newer", digits(11), digits(11, 12)), ""),
    "a lost event": (lambda h, _: h.outlook().delete(the_event(h, "Alone")), ""),
    "a date": (lambda h, series: h.outlook().edit_date(series, MONDAYS[2], subject="Special"), ""),
    "a date's activity": (lambda h, _: h.desk().edit(on(h, MONDAYS[1])["Id"], subject="Changed"), ""),
    "the series": (lambda h, series: h.outlook().edit(series, subject="Weekly"), ""),
    "its end": (lambda h, series: h.outlook().delete(series), ""),
}
"""What has news in a calendar with a series and other meetings, and why all links are read, '' = they are not."""


async def test_dates_of_a_series_are_read_where_the_series_has_news() -> None:
    """Not where anything else has; the guard counts the series once all the same."""
    async with open_series() as house:
        series = mondays(house)
        house.outlook().create("Single", at(10), at(10, 10))
        await house.settle()
        found: dict[str, str] = {}
        with every_plan_compared() as plans:
            for what, (happens, _) in HAPPENS.items():
                happens(house, series)
                async with house.world.erp_session():
                    await run_pull(house.world)
                report = await a_round(house)
                found[what] = report.read_all
                assert report.done or what == "nothing", what
                await house.step()

        assert found == {what: why for what, (_, why) in HAPPENS.items()}
        assert plans["of few"] >= 6


def a_date(series: str, week: int, master: str = "") -> Link:
    """A date of a weekly series at rest."""
    day = date(2026, 2, 2) + timedelta(days=7 * week)
    return replace(pair(f"{series}{week}"), occurrence=Occurrence(series, day, master or f"master of {series}"))


class TestRecall:
    """Links are read once each."""

    async def test_what_was_read_is_not_read_again(self, house: House) -> None:
        """By whatever name it is asked for."""
        recall = await self.opened(house, pair("one"), pair("two"))
        first = await recall.find(named(events=["E-one"], activities=["A-one"]))
        reads = self.reads(house)
        again = await recall.find(named(events=["E-one"], activities=["A-one"]))
        unread = self.reads(house) - reads
        more = await recall.find(named(ical_uids=["U-one", "U-two"]))

        assert [one.event_id for one in first] == ["E-one"]
        assert (again, unread) == ((), 0)
        assert [one.event_id for one in more] == ["E-two"]
        assert (recall.memory.unread, recall.memory.running) == (Unread(0, 0), 2)

    async def test_with_a_date_its_series_is_read(self, house: House) -> None:
        """By whatever name the date was found, and under whatever ids Graph has the others; no other series is."""
        dates = [a_date("S", n, f"master {n // 2}") for n in range(4)]
        recall = await self.opened(house, *dates, a_date("T", 9), pair("one"))
        found = await recall.find(named(activities=["A-S0"]))
        reads = self.reads(house)

        assert {one.event_id for one in found} == {one.event_id for one in dates}
        assert (recall.memory.unread, recall.memory.units, recall.memory.running) == (Unread(2, 2), 3, 6)
        assert await recall.find(siblings_of(dates)) == ()
        assert self.reads(house) == reads

    async def test_an_open_date_brings_its_series_with_it(self, house: House) -> None:
        """A round knows it from the beginning."""
        dates = [a_date("S", n) for n in range(3)]
        recall = await self.opened(house, replace(dates[0], reread="retry"), *dates[1:], pair("one"), is_none=False)

        assert {one.event_id for one in recall.memory.links} == {one.event_id for one in dates}
        assert (recall.memory.unread, recall.memory.units) == (Unread(1, 1), 2)

    async def test_much_news_reads_all(self, house: House) -> None:
        """Hundreds of single reads cost more than a few pages."""
        recall = await self.opened(house, pair("one"))

        with pytest.raises(NeedsAll, match="much news"):
            await recall.find(named(events=[f"E{n}" for n in range(MOST_NAMES + 1)]))

    async def test_a_spoilt_row_reads_all(self, house: House) -> None:
        """Which says whose row it is, if it is a link's."""
        recall = await self.opened(house, pair("one"))
        assert house.memory is not None
        for row in await house.memory.backend.scan(Table.STATE, f"{recall.user_id}:names"):
            await house.memory.backend.write(Table.STATE, Op(Verb.PUT, row.key, {"v": SCHEMA, "data0": "["}))

        with pytest.raises(NeedsAll, match="cannot be read"):
            await recall.find(named(activities=["A-one"]))

    async def opened(self, house: House, *links: Link, is_none: bool = True) -> Recall:
        """A round of a colleague who has these links, which has read none of them (``is_none``), or the open ones."""
        assert house.memory is not None
        user = replace(await house.user(), id="colleague", upn="c@acme.example")
        await put_user(house.memory, user)
        await keep(house.memory, user.id, *links)
        fence = Fence(house.world, await house.world.store.acquire_lease(user.id, "me", 60))
        fence.memory = await recall_few(house.world, fence, user.id)
        assert isinstance(fence.memory, Memory)
        assert (fence.memory.links == ()) is is_none
        return Recall(house.world, fence, user.id)

    def reads(self, house: House) -> int:
        """How many requests the store has had."""
        assert house.memory is not None
        return house.memory.reads
