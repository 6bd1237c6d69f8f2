"""Scenes: what two calendars do before a round goes wrong, and what must hold once all is quiet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from jobs.commands.switch import enable
from tests.support.colleagues import KIM
from tests.support.days import at, digits
from tests.support.house import ANNA, House


async def first_sync(house: House) -> None:
    """New items on both sides."""
    house.outlook().create("Planning", at(1), at(1, 10), body="agenda", reminder=15)
    house.outlook().create("Trip", at(2), at(4), all_day=False)
    house.desk().create("Visit", digits(3), digits(3, 12), notes="papers")


async def settled(house: House) -> dict[str, str]:
    """Three linked meetings; returns subject → event id."""
    await first_sync(house)
    await house.step()
    await house.step()
    return {e["subject"]: e["id"] for e in house.outlook().events()}


async def edits(house: House) -> None:
    """One edit on each side, and both on one meeting."""
    events = await settled(house)
    rows = {a["Subject"]: a["Id"] for a in house.desk().activities()}
    house.advance(minutes=5)
    house.outlook().edit(events["Planning"], subject="Planning 2")
    house.desk().edit(rows["Planning"], notes="other agenda")
    house.desk().edit(rows["Visit"], start=digits(5), end=digits(5, 12))
    house.outlook().edit(events["Trip"], start=at(6), end=at(7))


async def clash(house: House) -> None:
    """The same field on both sides."""
    events = await settled(house)
    rows = {a["Subject"]: a["Id"] for a in house.desk().activities()}
    house.outlook().edit(events["Planning"], subject="Outlook's")
    house.advance(minutes=9)
    house.desk().edit(rows["Planning"], subject="ERP.net's")


async def locks(house: House) -> None:
    """A conflict that sets the category."""
    events = await settled(house)
    rows = {a["Subject"]: a["Id"] for a in house.desk().activities()}
    house.desk().set_read_only(rows["Planning"], True)
    house.outlook().edit(events["Planning"], subject="Refused")


async def deletions(house: House) -> None:
    """One deletion on each side, one with an edit on the other."""
    events = await settled(house)
    rows = {a["Subject"]: a["Id"] for a in house.desk().activities()}
    house.outlook().delete(events["Planning"])
    house.desk().edit(rows["Planning"], notes="precious")
    house.desk().void(rows["Visit"], "no")


Scene = Callable[[House], Awaitable[None]]


async def forget_everything(house: House) -> None:
    """Delete the state tables, as an administrator in despair would, and switch Anna on again."""
    await house.world.store.forget_user((await house.user()).id)
    await enable(house.world, ANNA)
    house.graph.forget_requests()
    house.erp.forget_requests()


def forward(house: House, event: str, upn: str) -> None:
    """Put a copy of the stranger's meeting into a mailbox that it does not name, as a member of a group gets one."""
    item = house.graph.outsider(KIM).mailbox.find(event).item
    mailbox = house.graph.mailbox(upn)
    copy = mailbox.add(item.content, uid=item.ical_uid)
    copy.is_organizer = False
    mailbox.touch(copy, "created")
