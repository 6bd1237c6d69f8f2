"""Poison and retries: what always fails is parked and delays nobody; a side that is away costs time, never data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from jobs.approvals import retry
from jobs.ports import Erp
from jobs.pull import run_pull
from jobs.round.outcomes import pause_after
from jobs.round.run import run_round
from jobs.wake import wake
from sync_core.errors import ItemRejected
from sync_core.model.link import TRIES, LinkStatus
from sync_core.model.memory import InboxRow
from sync_core.model.sides import Side
from sync_core.model.writes import CreateActivity, ErpIdentity, ErpWrite, Outcome
from tests.support.budget import budget
from tests.support.days import at, digits, linked_meeting
from tests.support.house import ANNA, House
from tests.support.random_pair import Play


def poison(house: House, event: str, activity: str, side: str, status: int) -> None:
    """A side answers every write of this meeting so."""
    if side == "graph":
        house.graph.add_fault(f"PATCH /v1.0/users/*/events/{event}", status=status, times=None)
        house.desk().edit(activity, subject="Poison 2")
        return
    row = house.erp.store.get("General_Activities_Activities", activity)
    assert row is not None
    elsewhere = house.erp.add_location(house.erp.add_company("Elsewhere"), "Office")
    house.erp.store.assign(row, "EnterpriseCompanyLocation", elsewhere)  # every update is refused now
    house.outlook().edit(event, subject="Poison 2")


async def quiet_round(house: House) -> None:
    """A pull and a round that nobody asked for: back-off counts."""
    await run_pull(house.world)
    await run_round(house.world, await house.user())


@pytest.mark.parametrize(
    ("side", "status", "why"),
    [
        ("graph", 429, "answered 429"),
        ("erp", 500, "R27482"),
        ("graph", 400, "answered 400"),
        ("graph", 500, "answered 500"),
        ("graph", 504, "answered 504"),
    ][: budget(2, 5)],
)
async def test_one_meeting_that_always_fails_never_delays_the_others(
    house: House, side: str, status: int, why: str
) -> None:
    """Tried ten times with growing pauses, then parked with the reason; whatever else is edited arrives at once."""
    event, activity = await linked_meeting(house, "Poison", 20)
    other, row = await linked_meeting(house, "Other", 21)
    await house.step()
    poison(house, event, activity, side, status)
    tried: list[datetime] = []
    known = 0
    for n in range(300):
        house.advance(minutes=budget(20, 5))
        if n % 5 == 0:
            house.desk().edit(row, subject=f"Other {n}")
        await quiet_round(house)
        if n % 5 == 0:
            assert house.outlook().get(other)["subject"] == f"Other {n}"
        link = await house.link_of(event)
        if link.tries != known:
            known = link.tries
            tried.append(house.now)
        if link.status is LinkStatus.PARKED:
            break
    pauses = [later - earlier for earlier, later in pairwise(tried)]

    assert (link.status, link.tries, len(tried)) == (LinkStatus.PARKED, TRIES, TRIES)
    assert why in link.reason
    assert pauses == sorted(pauses)
    assert pauses[-1] >= timedelta(hours=6)


async def exhaust(house: House) -> None:
    """Rounds until everything that fails is parked."""
    for _ in range(60):
        house.advance(hours=1)
        await quiet_round(house)
        memory = await house.recall()
        if any(x.status is LinkStatus.PARKED for x in memory.links) or any(p.parked for p in memory.pending):
            return
    raise AssertionError("nothing was parked")


async def every_way_to_look_again(house: House) -> None:
    """Twelve days with their daily looks, full rounds asked for, new settings, a colleague's wake-ups, new tokens."""
    for _ in range(12):
        house.advance(days=1)
        await house.sync()
    house.set_policy(months_ahead=2)
    await house.sync()
    await house.sync(full=True)
    user = await house.user()
    memory = await house.recall()
    told = [*(x.activity_id for x in memory.links), *(p.item_id for p in memory.pending)]
    await house.world.store.file_inbox(user.id, [InboxRow(one, house.now) for one in told])
    await wake(house.world, user.id)
    await house.sync()
    house.graph.expire_delta(ANNA)
    await house.sync()


@pytest.mark.parametrize(("side", "status"), [("graph", 500), ("graph", 400), ("erp", 500)])
async def test_a_parked_meeting_is_not_written_to_again(house: House, side: str, status: int) -> None:
    """Whatever looks at it; a new edit is tried, and so is a retry."""
    event, activity = await linked_meeting(house, "Poison", 30)
    await house.step()
    poison(house, event, activity, side, status)
    await exhaust(house)
    link = await house.link_of(event)
    house.graph.forget_requests()
    house.erp.forget_requests()
    await every_way_to_look_again(house)
    assert tried(house, event, activity) == 0
    assert await house.link_of(event) == link

    if side == "graph":
        house.desk().edit(activity, subject="Poison 3")
    else:
        house.outlook().edit(event, subject="Poison 3")
    await house.sync()
    assert (tried(house, event, activity) > 0, (await house.link_of(event)).status) == (True, LinkStatus.LIVE)
    await exhaust(house)
    house.graph.forget_requests()
    house.erp.forget_requests()
    await house.sync(full=True)
    assert tried(house, event, activity) == 0
    assert await retry(house.world, await house.user()) == 1
    await house.sync()
    assert tried(house, event, activity) > 0


def tried(house: House, event: str, activity: str) -> int:
    """How often somebody wrote to the event or to its activity."""
    erp = [seen.body for seen in house.erp.requests if b"PATCH " in seen.body and activity.encode() in seen.body]
    return len([one for one, _ in house.patches() if one == event]) + len(erp)


class Refusing:
    """Stands before ERP.net and refuses to make activities."""

    def __init__(self, erp: Erp) -> None:
        self.write_through = erp.write
        self.creates = 0
        self.heals = False

    async def write(self, who: ErpIdentity, writes: Sequence[ErpWrite]) -> list[Outcome]:
        """``Erp.write``."""
        made = [one for one in writes if isinstance(one, CreateActivity)]
        self.creates += len(made)
        if self.heals or not made:
            return await self.write_through(who, writes)
        return [Outcome(error=ItemRejected(Side.ERP, "ERP.net refused: no"))] * len(writes)


@pytest.mark.parametrize("side", Side)
async def test_a_create_that_was_parked_is_not_sent_again(
    house: House, side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An item whose counterpart cannot be made: ten creates, then none, until it is edited or somebody asks."""
    refusing = Refusing(house.world.erp)
    monkeypatch.setattr(house.world.erp, "write", refusing.write)
    house.graph.add_fault("POST /v1.0/users/*/events", status=400, times=None)
    by_graph, by_erp = house.outlook().create, house.desk().create
    item = (
        by_erp("Poison", digits(30), digits(30, 12)) if side is Side.GRAPH else by_graph("Poison", at(20), at(20, 11))
    )
    edit = house.desk().edit if side is Side.GRAPH else house.outlook().edit

    def creates() -> int:
        return len(house.graph_writes()) if side is Side.GRAPH else refusing.creates

    house.graph.forget_requests()
    await house.sync()
    await exhaust(house)
    assert creates() == TRIES
    await every_way_to_look_again(house)
    assert creates() == TRIES
    assert [p.parked for p in (await house.recall()).pending] == [True]

    edit(item, subject="Poison 2")
    await house.sync()
    assert creates() > TRIES
    await exhaust(house)
    known = creates()
    await house.sync(full=True)
    assert creates() == known
    assert await retry(house.world, await house.user()) == 1
    refusing.heals = True
    house.graph.faults.clear()
    await house.step()
    assert len(house.outlook().events()) == len(house.desk().activities()) == 1


@pytest.mark.parametrize("side", Side)
async def test_a_parked_create_whose_item_is_deleted_is_not_listed_any_more(
    house: House, side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever deletes what could never be synced sees nothing parked in the next sync, without a retry."""
    refusing = Refusing(house.world.erp)
    monkeypatch.setattr(house.world.erp, "write", refusing.write)
    house.graph.add_fault("POST /v1.0/users/*/events", status=400, times=None)
    if side is Side.GRAPH:
        event = house.outlook().create("Poison", at(20), at(20, 11))
    else:
        activity = house.desk().create("Poison", digits(30), digits(30, 12))
    await house.sync()
    await exhaust(house)
    assert [(p.side, p.parked) for p in (await house.recall()).pending] == [(side, True)]

    if side is Side.GRAPH:
        house.outlook().delete(event)
    else:
        house.desk().delete(activity)
    house.advance(minutes=5)
    report = await house.step()

    assert (report.parked, (await house.recall()).pending) == (0, ())


async def test_an_item_parked_for_its_time_that_is_deleted_is_not_listed_any_more(house: House) -> None:
    """Outlook tells of it at once, of ERP.net the next day's look does: nothing is left to see to."""
    activity = house.desk().create("Never", digits(30), datetime(4501, 1, 1))  # noqa: DTZ001
    event = house.outlook().create("Never", at(20), datetime(4500, 12, 31, 23, 30, tzinfo=UTC))
    assert (await house.step()).parked == 2

    house.outlook().delete(event)
    assert (await house.step()).parked == 1
    house.desk().delete(activity)
    house.advance(days=1)
    assert (await house.step()).parked == 0
    assert (await house.recall()).pending == ()


def test_the_pauses_grow() -> None:
    """Two minutes, four, eight … and never more than six hours."""
    pauses = [pause_after(n) for n in range(1, 12)]

    assert pauses[:3] == [timedelta(minutes=m) for m in (2, 4, 8)]
    assert pauses == sorted(pauses)
    assert max(pauses) == timedelta(hours=6)


async def test_an_hour_without_erp_net(house: House) -> None:
    """No write reaches Outlook meanwhile; then one sync catches up, and another has nothing to do."""
    event, activity = await linked_meeting(house)
    await house.step()
    house.erp.add_fault("*", status=503, times=None)
    house.outlook().edit(event, subject="Edited meanwhile")
    new = house.outlook().create("New", at(3), at(3, 10))
    house.graph.forget_requests()
    for _ in range(4):
        house.advance(minutes=15)
        await house.sync()
    assert house.graph_writes() == []

    house.erp.faults.clear()
    house.desk().create("Visit", digits(5), digits(5, 12))
    report = await house.step()
    assert house.desk().get(activity)["Subject"] == "Edited meanwhile"
    assert (await house.link_of(new)).status is LinkStatus.LIVE
    assert house.outlook().find("Visit") is not None
    assert sum(report.done.values()) == 3
    await Play(house).check()
