"""Poison and patience: what always fails is parked and delays nobody; a side that is away costs time, never data."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from jobs.act import TRIES, pause_after
from jobs.pull import run_pull
from jobs.round import run_round
from sync_core.model import LinkStatus
from tests.budget import budget
from tests.jobs.house import House
from tests.jobs.play import Play
from tests.jobs.test_rules import at, digits, meeting


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
    event, activity = await meeting(house, "Poison", 20)
    other, row = await meeting(house, "Other", 21)
    await house.step()
    poison(house, event, activity, side, status)
    tried: list[datetime] = []
    known = 0
    for n in range(300):
        house.advance(minutes=5)
        if n % 10 == 0:
            house.desk().edit(row, subject=f"Other {n}")
        await quiet_round(house)
        if n % 10 == 0:
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


def test_the_pauses_grow() -> None:
    """Two minutes, four, eight … and never more than six hours."""
    pauses = [pause_after(n) for n in range(1, 12)]

    assert pauses[:3] == [timedelta(minutes=m) for m in (2, 4, 8)]
    assert pauses == sorted(pauses)
    assert max(pauses) == timedelta(hours=6)


async def test_an_hour_without_erp_net(house: House) -> None:
    """No write reaches Outlook meanwhile; then one sync catches up, and another has nothing to do."""
    event, activity = await meeting(house)
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
