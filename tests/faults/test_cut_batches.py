"""One item to which ERP.net's batch always breaks off: the others arrive, it alone is parked, nothing is doubled."""

from __future__ import annotations

import pytest
from aiohttp import web

from simulators.base import Handler
from sync_core.model.link import TRIES
from tests.support.days import at
from tests.support.house import ANNA, House, open_house
from tests.support.random_pair import Play

MATES = [f"Mate {n}" for n in range(7)]


def breaks_off(house: House, *, done: bool) -> None:
    """ERP.net's answer to any batch that writes the cursed item is cut in the middle, whether it was done or not."""
    usual = house.erp._door

    async def door(request: web.Request, handler: Handler) -> web.StreamResponse:
        body = await request.read()
        if b"Cursed" not in body:
            return await usual(request, handler)
        answer = await usual(request, handler) if done else web.Response(body=b"")
        assert isinstance(answer, web.Response)
        assert isinstance(answer.body, bytes)
        return web.Response(
            body=answer.body[: len(answer.body) // 2], headers={"Content-Type": "multipart/mixed; boundary=x"}
        )

    house.erp._door = door  # type: ignore[method-assign]


def titles(house: House) -> list[str]:
    return sorted(row["Subject"] for row in house.desk().activities())


@pytest.mark.parametrize("place", [0, 3, 7], ids=["first", "in the middle", "last"])
async def test_new_events_arrive_beside_one_to_which_the_batch_always_breaks_off(place: int) -> None:
    """Nothing of its batches is ever done: after three tries the others have got through."""
    async with open_house() as house:
        await house.employ()
        await house.settle()
        for n, subject in enumerate([*MATES[:place], "Cursed", *MATES[place:]]):
            house.outlook().create(subject, at(2 + n), at(2 + n, 10))
        breaks_off(house, done=False)
        for _ in range(5):
            house.advance(minutes=10)
            await house.sync()
        assert titles(house) == MATES

        for _ in range(2 * TRIES):
            house.advance(hours=7)
            await house.sync()
        assert titles(house) == MATES
        [parked] = [row for row in (await house.recall()).pending if row.parked]
        assert parked.tries == TRIES
        assert (await house.user(ANNA)).state == "Operational"


async def test_edits_arrive_beside_one_to_which_the_batch_always_breaks_off() -> None:
    """The same for linked pairs: each edit gets through, and the odd one's event keeps its text."""
    async with open_house() as house:
        await house.employ()
        events = [house.outlook().create(f"Old {n}", at(2 + n), at(2 + n, 10)) for n in range(8)]
        await house.settle()
        for event, subject in zip(events, [*MATES[:4], "Cursed", *MATES[4:]], strict=True):
            house.outlook().edit(event, subject=subject)
        breaks_off(house, done=False)
        for _ in range(5):
            house.advance(minutes=10)
            await house.sync()
        assert titles(house) == sorted([*MATES, "Old 4"])


async def test_what_was_done_before_the_answer_broke_off_is_done_once() -> None:
    """ERP.net does the work and its answer breaks off: it is looked up, and no activity is made a second time."""
    async with open_house() as house:
        await house.employ()
        await house.settle()
        for n, subject in enumerate([*MATES, "Cursed"]):
            house.outlook().create(subject, at(2 + n), at(2 + n, 10))
        breaks_off(house, done=True)
        for _ in range(5):
            house.advance(minutes=10)
            await house.sync()
        assert titles(house) == sorted([*MATES, "Cursed"])
        await Play(house).check()
