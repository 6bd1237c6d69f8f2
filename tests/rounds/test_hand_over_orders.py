"""An edit in ERP.net that no round has carried yet, and everything that may happen before its meeting changes hands.

Differences between two copies are no edits. What was edited in the activity since both sides were last in step is
one, whoever feeds the meeting by then, and in whatever order it came to that.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import permutations

import pytest

from jobs.commands.switch import disable, enable, forget
from sync_core.model.link import Link, Role
from tests.support.budget import budget
from tests.support.colleagues import BORIS, COLLEAGUES, KIM, call_meeting
from tests.support.days import only
from tests.support.house import ANNA, House, open_office, upn_of

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


def orders(length: int) -> list[tuple[Act, ...]]:
    """Every order of so many acts, with the edit in ERP.net among them and something that takes Anna's copy away."""
    found = permutations((edit, *OTHERS), length)
    return [order for order in found if edit in order and HAND_OVERS & set(order)]


ORDERS = [*orders(3)[:: budget(11, 1)], *orders(4)[:: budget(997, 13)]]


def told(order: tuple[Act, ...]) -> str:
    return ", ".join(act.__name__.replace("_", " ") for act in order)


async def linked(house: House, name: str) -> list[Link]:
    """The links of somebody, none unless they are switched on."""
    users = [user for user in await house.world.store.list_users() if user.upn == upn_of(name) and user.enabled]
    return [link for user in users for link in (await house.recall(user.upn)).links]


def titles(house: House) -> list[str]:
    """What Anna's events are called, in both of her calendars."""
    mailbox = house.graph.mailbox(ANNA)
    calendars = (mailbox.calendar_id, mailbox.calendar_named("Old").id)
    return [item.content.subject for calendar in calendars for item in mailbox.items(calendar)]


@pytest.mark.parametrize("order", ORDERS, ids=told)
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
        links = [link for name in COLLEAGUES for link in await linked(house, name)]
        [link] = [link for link in links if link.role is Role.INVITED and link.status == "live"]
        assert link.conflict is not None
        assert {clash.field: clash.activity_value for clash in link.conflict.clashes} == {"subject": WORDS}


@pytest.mark.parametrize("order", ORDERS, ids=told)
async def test_an_edit_in_erpnet_reaches_the_organizer_or_is_listed_with_who_feeds_instead(
    order: tuple[Act, ...],
) -> None:
    """Anna's own event gets it while she is on; on a colleague's copy, which cannot be changed, it is a conflict. An
    event in another calendar is left alone, and the edit waits."""
    async with open_office(*COLLEAGUES) as house:
        call_meeting(house, ANNA, COLLEAGUES)
        await house.settle()
        for act in order:
            house.advance(minutes=1)
            await act(house)
        await house.settle()

        row = only(house.desk().activities())
        assert (row["Subject"], row["Void"]) == (WORDS, False)
        links = [link for name in COLLEAGUES for link in await linked(house, name) if link.role is not Role.FOLLOWER]
        listed = [clash.activity_value for link in links if link.conflict for clash in link.conflict.clashes]
        waits = [link for link in links if link.status == "parked" and link.base_activity.subject == "Planning"]
        assert WORDS in listed or WORDS in titles(house) or waits
