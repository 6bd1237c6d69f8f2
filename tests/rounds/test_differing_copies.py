"""Copies of one meeting that show it differently: whoever feeds the activity next writes nothing by that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from jobs.commands.switch import disable, enable
from simulators.graph.model import Address, Attendee
from sync_core.content.ranges import uid_key
from tests.support.budget import each, told
from tests.support.colleagues import BORIS, CARL, COLLEAGUES, KIM, call_meeting, copy_of, feeder, living, lose
from tests.support.days import at, digits, only
from tests.support.house import ANNA, House, open_office, participants, upn_of

GUEST = "guest@client.example"
DORA = upn_of("dora")

DIFFERENT: dict[str, dict[str, Any]] = {
    "subject": {"subject": "as this copy has it"},
    "body": {"body": "<html><body>other words</body></html>"},
    "time": {"start": at(3, 11), "end": at(3, 12)},
    "private": {"sensitivity": "private"},
    "priority": {"importance": "high"},
    "reminder": {"is_reminder_on": True, "reminder_minutes": 77},
    "people": {"attendees": (Attendee(Address("Boris", BORIS)),)},
}


def differ(house: House, name: str, *fields: str) -> None:
    """Somebody's copy shows the meeting differently, as Exchange left it or its owner changed it there."""
    item = house.outlook(upn_of(name))._find(copy_of(house, name)).item
    told: dict[str, Any] = {}
    for field in fields or DIFFERENT:
        told |= DIFFERENT[field]
    item.content = replace(item.content, **told)
    item.mailbox.touch(item)


def said(house: House, activity: str) -> dict[str, Any]:
    """What an activity says, who takes part included; not what calsync notes of answers."""
    row = house.desk().get(activity)
    names = ("Subject", "Notes", "StartTime", "EndTime", "ReminderTime", "Private", "Priority", "Void")
    return {name: row[name] for name in names} | {"people": participants(row)}


async def test_whoever_one_copy_does_not_list_stays_on_the_activity() -> None:
    """Anna invites Boris and a guest, then Carl, which only Carl's copy tells; Anna switches off: Carl stays."""
    async with open_office("anna", "boris") as house:
        event = house.outlook().create("Planning", at(1), at(1, 10), attendees=[BORIS, GUEST])
        await house.sync()
        house.outlook().edit(event, attendees=[BORIS, GUEST, CARL])
        await house.sync()
        activity = only(house.desk().activities())["Id"]
        before = said(house, activity)
        assert before["people"] == [BORIS, CARL, GUEST]
        await disable(house.world, await house.user())
        await house.sync()

        assert said(house, activity) == before
        await house.settle()
        assert await feeder(house, activity) == BORIS
        assert said(house, activity) == before


async def off(house: House) -> None:
    await disable(house.world, await house.user())


async def forgotten(house: House) -> None:
    await off(house)
    await house.world.store.forget_user((await house.user()).id)


async def in_trouble(house: House) -> None:
    house.graph.mailbox(ANNA).usable = False
    for _ in range(3):
        house.advance(days=1)
        await house.sync()


async def deleted(house: House) -> None:
    await lose(house, "anna", "delete")


async def declined(house: House) -> None:
    await lose(house, "anna", "decline")


WAYS: dict[str, tuple[str, Callable[[House], Awaitable[None]]]] = {
    "organizer off": (ANNA, off),
    "organizer forgotten": (ANNA, forgotten),
    "organizer in trouble for a day": (ANNA, in_trouble),
    "feeder off": (KIM, off),
    "feeder forgotten": (KIM, forgotten),
    "feeder deletes its copy": (KIM, deleted),
    "feeder declines": (KIM, declined),
    "feeder in trouble for a day": (KIM, in_trouble),
}


@pytest.mark.parametrize(("way", "seen"), each(WAYS, ["seen", "unseen"]), ids=told)
async def test_a_hand_over_writes_nothing(way: str, seen: str) -> None:
    """Boris's copy is different in every field, for a while already; it feeds next, and the activity stays as it is;
    what the organizer changes afterwards arrives, and nothing else does."""
    organizer, happens = WAYS[way]
    async with open_office("anna", "boris") as house:
        event = call_meeting(house, organizer, ("anna", "boris", "carl"), day=9)
        await house.settle()
        activity = only(house.desk().activities())["Id"]
        differ(house, "boris")
        before = said(house, activity)
        if seen == "seen":
            await house.settle()
        else:
            house.advance(minutes=1)
            await house.sync(ANNA)
        await happens(house)
        for _ in range(3):
            house.advance(minutes=5)
            await house.sync()

        assert said(house, activity) == before
        assert await feeder(house, activity) == BORIS
        host = house.graph.outsider(KIM) if organizer == KIM else house.outlook()
        item = host._find(event).item.copies[house.graph.mailbox(BORIS).id]
        item.content = replace(item.content, subject="Changed at last")
        item.mailbox.touch(item)
        await house.sync(BORIS)
        assert said(house, activity) == before | {"Subject": "Changed at last"}


@pytest.mark.parametrize("field", DIFFERENT)
async def test_back_on(field: str) -> None:
    """Boris's copy fed while Anna was off; back on, her own event feeds, and differs from his as it did before."""
    async with open_office("anna", "boris") as house:
        event = call_meeting(house, ANNA, ("anna", "boris", "carl"))
        await house.settle()
        activity = only(house.desk().activities())["Id"]
        differ(house, "boris", field)
        await house.settle()
        before = said(house, activity)
        await disable(house.world, await house.user())
        await house.settle()
        await enable(house.world, ANNA)
        await house.settle()

        assert said(house, activity) == before
        assert await feeder(house, activity) == ANNA
        assert house.outlook().get(event)["subject"] == "Planning"


@pytest.mark.parametrize("field", DIFFERENT)
async def test_the_organizer_comes_on_later(field: str) -> None:
    """Anna's own event, which differs from Boris's copy in one field, takes over and writes nothing."""
    async with open_office("boris") as house:
        await house.employ("anna", enabled=False)
        call_meeting(house, ANNA, ("boris", "carl"))
        await house.settle()
        activity = only(house.desk().activities())["Id"]
        differ(house, "anna", field)
        await house.settle()
        before = said(house, activity)
        await enable(house.world, ANNA)
        await house.settle()

        assert said(house, activity) == before
        assert await feeder(house, activity) == ANNA


async def test_what_the_organizer_changed_before_coming_on_arrives() -> None:
    """Edited after Boris's copy was last looked at, and before Anna's first round: no edit is lost."""
    async with open_office("boris") as house:
        await house.employ("anna", enabled=False)
        event = call_meeting(house, ANNA, ("boris",))
        await house.settle()
        activity = only(house.desk().activities())["Id"]
        house.advance(minutes=5)
        house.outlook().edit(event, subject="Moved on", attendees=[BORIS, CARL])
        await enable(house.world, ANNA)
        await house.sync(ANNA)
        await house.settle()

        assert (said(house, activity)["Subject"], said(house, activity)["people"]) == ("Moved on", [CARL])
        assert len(living(house)) == 1


async def test_an_edit_while_the_feeder_was_in_trouble_arrives() -> None:
    """Kim's change came while Anna's mailbox could not be read, and Boris's copy only followed."""
    async with open_office("anna", "boris") as house:
        event = call_meeting(house, KIM, ("anna", "boris"), day=9)
        await house.settle()
        activity = only(house.desk().activities())["Id"]
        house.graph.mailbox(ANNA).usable = False
        house.advance(hours=1)
        await house.sync()
        house.graph.outsider(KIM).edit(event, subject="Meanwhile")
        for _ in range(3):
            house.advance(hours=12)
            await house.sync()

        assert await feeder(house, activity) == BORIS
        assert said(house, activity)["Subject"] == "Meanwhile"


@pytest.mark.parametrize("way", ["followed first", "fed at once"])
async def test_an_edit_that_came_with_the_invitation_arrives(way: str) -> None:
    """Anna's copy has shown nothing but what Boris, in trouble, has never seen."""
    async with open_office("anna", "boris") as house:
        event = call_meeting(house, KIM, ("boris",), day=9)
        await house.settle()
        activity = only(house.desk().activities())["Id"]
        house.graph.mailbox(BORIS).usable = False
        house.advance(hours=1)
        await house.sync()
        host = house.graph.outsider(KIM)
        host.edit(event, subject="Moved on", start=at(5), end=at(5, 10), attendees=[BORIS, ANNA])
        if way == "followed first":
            await house.sync(ANNA)
            assert await feeder(house, activity) == BORIS
        house.advance(days=1)
        await house.sync()

        assert await feeder(house, activity) == ANNA
        row = said(house, activity)
        assert (row["Subject"], row["StartTime"]) == ("Moved on", digits(5).isoformat() + "Z")
        assert len(house.desk().activities()) == 1


@pytest.mark.parametrize(
    ("how", "organizer"),
    each(["taken off", "taken off later", "deletes it", "moves it"], [KIM, "zoe@acme.example"]),
    ids=told,
)
async def test_an_edit_that_comes_as_the_feeder_loses_its_copy_arrives(organizer: str, how: str) -> None:
    """Moved, and Anna, whose copy fed the activity, is taken off by the same save, or tidies up before her next
    round: that round saw no edit any more, so whoever goes on brings it."""
    async with open_office("anna", "boris", "carl") as house:
        await house.employ("zoe", enabled=False)
        event = call_meeting(house, organizer, COLLEAGUES, day=3)
        await house.settle()
        activity = only(living(house))["Id"]
        host = house.graph.outsider(KIM) if organizer == KIM else house.outlook(organizer)
        house.advance(minutes=7)
        left = {"attendees": [BORIS, CARL]} if how == "taken off" else {}
        host.edit(event, subject="Moved on", start=at(5), end=at(5, 10), **left)
        if how == "taken off later":
            host.edit(event, attendees=[BORIS, CARL])
        elif how == "deletes it":
            house.outlook().delete(copy_of(house, "anna", "Moved on"))
        elif how == "moves it":
            house.outlook().move_to_calendar(copy_of(house, "anna", "Moved on"), "Old")
        await house.settle()

        assert await feeder(house, activity) == BORIS
        assert (said(house, activity)["Subject"], said(house, activity)["StartTime"]) == (
            "Moved on",
            digits(5).isoformat() + "Z",
        )
        assert len(house.desk().activities()) == 1


@pytest.mark.parametrize("first", ["boris", "carl"])
@pytest.mark.parametrize("how", ["declines it", "moves it"])
async def test_an_edit_arrives_though_who_feeds_next_has_no_copy_either(how: str, first: str) -> None:
    """Kim renames it as Anna switches off. It is Boris's to feed, who has lost his copy: his rounds look at nothing,
    so Carl brings the new name, whichever of them has a round first once Carl's mailbox can be asked."""
    async with open_office(*COLLEAGUES) as house:
        event = call_meeting(house, KIM, COLLEAGUES, day=9)
        await house.settle()
        activity = only(living(house))["Id"]
        house.advance(minutes=1)
        if how == "declines it":
            house.outlook(BORIS).decline(copy_of(house, "boris"))
        else:
            house.outlook(BORIS).move_to_calendar(copy_of(house, "boris"), "Old")
        house.advance(minutes=1)
        house.graph.outsider(KIM).edit(event, subject="Renamed")
        house.advance(minutes=1)
        await disable(house.world, await house.user())
        house.graph.mailbox(CARL).usable = False
        for _ in range(3):
            house.advance(minutes=5)
            await house.sync(BORIS)
        house.graph.mailbox(CARL).usable = True
        house.advance(minutes=5)
        await house.sync(upn_of(first))
        house.advance(days=1)
        await house.settle()

        assert await feeder(house, activity) == CARL
        assert said(house, activity)["Subject"] == "Renamed"


@pytest.mark.parametrize(
    ("organizer", "way"),
    [(KIM, "off"), (KIM, "in trouble for a day"), (KIM, "declined"), (ANNA, "off"), (ANNA, "in trouble for a day")],
)
async def test_an_edit_that_a_locked_activity_keeps_waiting_goes_on_with_the_next_feeder(
    organizer: str, way: str
) -> None:
    """Anna's round saw it and could not write it; whoever feeds the meeting next lists it, and writes it as soon as
    the activity is not locked any more."""
    async with open_office(*COLLEAGUES) as house:
        event = call_meeting(house, organizer, COLLEAGUES, day=9)
        await house.settle()
        activity = only(living(house))["Id"]
        house.desk().set_read_only(activity, True)
        host = house.graph.outsider(KIM) if organizer == KIM else house.outlook()
        invited = [upn_of(name) for name in COLLEAGUES if upn_of(name) != organizer]
        host.edit(event, subject="Renamed", attendees=[*invited, GUEST])
        await house.settle()
        if way == "off":
            await off(house)
        elif way == "declined":
            house.outlook().decline(copy_of(house, "anna", "Renamed"))
        else:
            await in_trouble(house)
        await house.sync()
        await house.sync()

        assert await feeder(house, activity) == BORIS
        [link] = (await house.recall(BORIS)).links
        assert link.conflict is not None
        clashes = {one.field: one.event_value for one in link.conflict.clashes}
        assert set(clashes) == {"subject", "people"}
        assert clashes["subject"] == "Renamed"
        house.desk().set_read_only(activity, False)
        house.advance(minutes=5)
        await house.sync()
        assert said(house, activity)["Subject"] == "Renamed"
        assert GUEST in said(house, activity)["people"]


async def test_what_the_former_feeder_left_goes_as_the_next_one_has_it() -> None:
    """Boris's first round as the feeder: from then on his looks count, and Carl's copy takes in what it shows."""
    async with open_office(*COLLEAGUES) as house:
        event = call_meeting(house, KIM, COLLEAGUES, day=9)
        await house.settle()
        house.advance(minutes=1)
        await disable(house.world, await house.user())
        [uid] = {link.ical_uid for link in (await house.recall(BORIS)).links}
        handed = await house.world.store.read_claim(uid_key(uid))
        await house.sync(BORIS)
        fed = await house.world.store.read_claim(uid_key(uid))
        assert handed is not None
        assert fed is not None
        assert (handed.left is None, fed.left) == (False, None)

        house.graph.outsider(KIM).edit(event, subject="Renamed")
        await house.settle(BORIS)
        await house.settle(CARL)
        [link] = (await house.recall(CARL)).links
        assert link.base_event.subject == "Renamed"
