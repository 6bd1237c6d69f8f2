"""An edit in ERP.net that no round has carried yet, and everything that may happen before its meeting changes hands.

Differences between two copies are no edits; what was edited in the activity since both sides were last in step is one,
whoever feeds the meeting by then and in whatever order it came to that.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import permutations

import pytest

from jobs.commands.switch import disable, enable, forget
from sync_core.model.link import Link, Role
from sync_core.model.policy import PrivateRule
from tests.support.budget import IS_SOAK
from tests.support.colleagues import BORIS, CARL, COLLEAGUES, KIM, call_meeting, copy_of
from tests.support.days import only
from tests.support.house import ANNA, House, open_office

WORDS = "as ERP.net has it"

Act = Callable[[House], Awaitable[None]]


async def edit(house: House) -> None:
    desk = house.desk("boris")
    desk.edit(desk.activities()[0]["Id"], subject=WORDS)


async def copy_edited(house: House) -> None:
    """Anna changes her own copy, which no other shows."""
    if (event := house.outlook().find("Planning")) is not None:
        house.outlook().edit(event, importance="high", body="Anna's own words")


async def made_private(house: House) -> None:
    if (event := house.outlook().find("Planning")) is not None:
        house.outlook().edit(event, sensitivity="private")


async def moved_away(house: House) -> None:
    if (event := house.outlook().find("Planning")) is not None:
        house.outlook().move_to_calendar(event, "Old")


async def off(house: House) -> None:
    if await known(house):
        await disable(house.world, await house.user())


async def off_and_on(house: House) -> None:
    await off(house)
    await enable(house.world, ANNA)


async def forgotten(house: House) -> None:
    if await known(house):
        await forget(house.world, await house.user())


async def own_full_round(house: House) -> None:
    await house.sync(ANNA, full=True)


async def round_of_boris(house: House) -> None:
    await house.sync(BORIS)


async def boris_off(house: House) -> None:
    await disable(house.world, await house.user(BORIS))


async def boris_declines(house: House) -> None:
    if (event := house.outlook(BORIS).find("Planning")) is not None:
        house.outlook(BORIS).decline(event)


async def known(house: House) -> bool:
    return any(user.upn == ANNA for user in await house.world.store.list_users())


OTHERS: tuple[Act, ...] = (
    copy_edited,
    made_private,
    moved_away,
    off,
    off_and_on,
    forgotten,
    own_full_round,
    round_of_boris,
    boris_off,
    boris_declines,
)
HAND_OVERS = {moved_away, off, off_and_on, forgotten}

ORDERS = [
    order
    for length in (3, 4)
    for order in permutations((edit, *OTHERS), length)
    if edit in order and HAND_OVERS & set(order)
]
FEW = [order for order in ORDERS if len(order) == 3]
"""Those of `make test`; `make soak` tries them all."""


def told(order: tuple[Act, ...]) -> str:
    return ", ".join(act.__name__.replace("_", " ") for act in order)


async def feeding(house: House) -> list[Link]:
    """The links of those switched on who feed the meeting."""
    users = [user for user in await house.world.store.list_users() if user.enabled]
    links = [link for user in users for link in (await house.recall(user.upn)).links]
    return [link for link in links if link.role is not Role.FOLLOWER and link.status == "live"]


@pytest.mark.parametrize("order", ORDERS if IS_SOAK else FEW, ids=told)
async def test_an_edit_in_erpnet_is_listed_whoever_feeds_the_strangers_meeting_then(order: tuple[Act, ...]) -> None:
    """It cannot be written to somebody else's meeting: it is an open conflict of the one who feeds it."""
    async with open_office(*COLLEAGUES) as house:
        call_meeting(house, KIM, COLLEAGUES)
        await house.settle()
        for act in order:
            house.advance(minutes=1)
            await act(house)
        await house.settle()

        row = only(house.desk().activities())
        assert (row["Subject"], row["Void"]) == (WORDS, False)
        link = only(await feeding(house))
        assert link.conflict is not None
        assert {clash.field: clash.activity_value for clash in link.conflict.clashes} == {"subject": WORDS}
