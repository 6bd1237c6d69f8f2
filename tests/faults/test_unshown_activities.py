"""One activity that ERP.net fails to show: the company goes on, it is listed, and read once it is shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web

from jobs.commands.vitals import examine_app
from jobs.pull import LOOK_BACK, run_pull
from jobs.repair import run_repair
from simulators.base import Handler
from simulators.erpnet import query
from simulators.erpnet.errors import ErpError
from sync_core.errors import CalsyncError
from tests.faults.test_repair import asked, two_meetings, unseen
from tests.support.days import digits
from tests.support.house import House, open_house
from tests.support.inboxes import inbox_of, many_activities, watermark_of
from tests.support.random_pair import Play

Spoil = Callable[[House, pytest.MonkeyPatch, set[str]], None]


def refused(_: House, monkeypatch: pytest.MonkeyPatch, bad: set[str]) -> None:
    """ERP.net answers 500 to a read that holds it."""
    render = query.render

    def failing(world: Any, row: Any, shape: Any, **how: bool) -> Any:
        if row.id in bad:
            raise ErpError("Object reference not set to an instance of an object.")
        return render(world, row, shape, **how)

    monkeypatch.setattr(query, "render", failing)


def cut_off(house: House, monkeypatch: pytest.MonkeyPatch, bad: set[str]) -> None:
    """The answer that holds it, of a whole batch, breaks off."""
    usual = house.erp._door

    async def door(request: web.Request, handler: Handler) -> web.StreamResponse:
        answer = await usual(request, handler)
        if isinstance(answer, web.Response) and isinstance(answer.body, bytes):
            text = answer.body
            if any(key.encode() in text for key in bad):
                answer.body = text[: len(text) // 2]
        return answer

    monkeypatch.setattr(house.erp, "_door", door)


SPOILS: list[Spoil] = [refused, cut_off]


async def listed(house: House) -> list[str]:
    """What doctor tells of changes that are not shown."""
    return [one.found.text async for one in examine_app(house.world) if "fails to show" in one.found.text]


@pytest.mark.parametrize("cut", [False, True], ids=["to the second", "to the date"])
@pytest.mark.parametrize("spoil", SPOILS)
async def test_one_activity_that_is_not_shown_stops_nobodys_pull(
    house: House, monkeypatch: pytest.MonkeyPatch, spoil: Spoil, cut: bool
) -> None:
    """All others arrive meanwhile, at the latest the next day where ERP.net cuts its filters to the date. It is told,
    costs few requests, and arrives itself within two hours of being shown again."""
    house.set_policy(late_commit=timedelta(minutes=5))
    await house.step()
    house.erp.utc_filters_cut = cut
    bad: set[str] = set()
    spoil(house, monkeypatch, bad)
    made: set[str] = set()
    for n in range(4):
        house.advance(minutes=3)
        made |= many_activities(house, 3, first=4 * n)
        if n == 1:
            house.advance(seconds=2)
            bad |= many_activities(house, 1, first=7)
        house.erp.forget_requests()
        await run_pull(house.world)
        assert asked(house) < 200
        house.advance(seconds=31)
    if not cut:
        assert made <= await inbox_of(house)
        house.erp.forget_requests()
        await run_pull(house.world)
        assert asked(house) <= 12
    assert not bad & await inbox_of(house)
    assert len(await listed(house)) == 1

    house.advance(days=1)
    made |= many_activities(house, 3, first=20)
    await run_pull(house.world)
    assert not bad & await inbox_of(house)
    assert len(await listed(house)) == 1

    shown = set(bad)
    bad.clear()
    for _ in range(2):
        house.advance(seconds=LOOK_BACK.total_seconds())
        await run_pull(house.world)
    assert made | shown <= await inbox_of(house)
    assert await listed(house) == []
    assert (await watermark_of(house)).unread == ()
    await Play(house).check()


@pytest.mark.parametrize("spoil", SPOILS)
async def test_a_linked_activity_that_is_not_shown_hides_nobodys_edit_from_the_repair(
    house: House, monkeypatch: pytest.MonkeyPatch, spoil: Spoil
) -> None:
    """The other's edit arrives within the day; the one is left to its user's round, and nothing of it is lost."""
    (event, activity), (other, odd) = await two_meetings(house)
    for activity_id, subject in ((activity, "Unseen"), (odd, "Unseen, too")):
        unseen(house, activity_id, subject=subject)
    bad = {odd}
    spoil(house, monkeypatch, bad)
    house.advance(days=1)
    house.erp.forget_requests()
    await run_repair(house.world)
    assert asked(house) <= 12
    assert await inbox_of(house) == {activity, odd}

    await house.sync()
    assert house.outlook().get(event)["subject"] == "Unseen"
    assert house.outlook().get(other)["subject"] == "Visit"

    bad.clear()
    house.advance(hours=7)
    await house.settle()
    assert house.outlook().get(other)["subject"] == "Unseen, too"
    await Play(house).check()


async def test_an_erp_net_that_refuses_everything_passes_nothing(house: House) -> None:
    """That is an outage: the watermark stays, no second is put aside, and few requests are made of it."""
    await house.step()
    house.advance(minutes=10)
    made = many_activities(house, 20)
    before = await watermark_of(house)
    house.erp.add_fault("*/odata/*", status=500, times=None, body={"error": {"message": "Sorry.", "code": 0}})
    house.erp.forget_requests()
    with pytest.raises(CalsyncError, match=r"Sorry\."):
        await run_pull(house.world)
    assert asked(house) <= 80
    assert await watermark_of(house) == before

    house.erp.faults.clear()
    await run_pull(house.world)
    assert await inbox_of(house) == made


async def test_a_repair_in_which_everything_is_refused_files_nothing(house: House) -> None:
    """A hundred links and no answer about any: an outage, and the next pull repairs them."""
    made = [house.desk().create(f"Visit {n}", digits(3), digits(3, 12)) for n in range(100)]
    await house.settle()
    house.advance(days=1)
    unseen(house, made[0], subject="Unseen")
    house.erp.add_fault("*/odata/*", status=500, times=None, body={"error": {"message": "Sorry.", "code": 0}})
    house.erp.forget_requests()
    with pytest.raises(CalsyncError, match=r"Sorry\."):
        await run_repair(house.world)
    assert asked(house) <= 130
    assert await inbox_of(house) == set()

    house.erp.faults.clear()
    await run_repair(house.world)
    assert await inbox_of(house) == {made[0]}


async def test_a_company_begins_though_one_activity_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first watermark is taken before it, and the first pull lists it."""
    async with open_house() as house:
        await house.employ()
        bad = many_activities(house, 1)
        refused(house, monkeypatch, bad)
        await run_pull(house.world)
        house.advance(minutes=1)
        made = many_activities(house, 2, first=5)
        house.advance(minutes=5)
        await run_pull(house.world)
        assert made <= await inbox_of(house)
        assert len(await listed(house)) == 1
