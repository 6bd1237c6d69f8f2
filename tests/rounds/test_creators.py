"""R12 with people: the creator's switch decides, whoever takes part and whoever typed it, on, off and on again."""

from __future__ import annotations

from itertools import product

import pytest

from jobs.commands.switch import disable, enable
from sync_core.model.link import Role
from tests.support.colleagues import BORIS, copy_of, open_shop
from tests.support.days import at, digits, only
from tests.support.house import ANNA, House, attendees, participants, upn_of

TURNS = [
    pytest.param(creator, guest, typist, id=f"creator-{creator}/participant-{guest}/{typist}")
    for creator, guest, typist in product(("on", "off"), ("on", "off"), ("by-hand", "by-service"))
]


def visit(house: House, typist: str) -> str:
    """Boris's activity with Anna in it, typed by himself or by the robot for him."""
    if typist == "by-hand":
        return house.desk("boris").create("Visit", digits(1), digits(1, 12), participants=["anna"])
    activity = house.desk("robot").create("Visit", digits(1), digits(1, 12), participants=["anna"])
    house.desk("robot").change_owner(activity, "boris")
    return activity


async def switch(house: House, name: str, turn: str) -> None:
    """Turn somebody's sync on or off."""
    if turn == "on":
        await enable(house.world, upn_of(name))
    else:
        await disable(house.world, await house.user(upn_of(name)))


def calendars(house: House) -> dict[str, list[tuple[str, bool]]]:
    """What stands in both calendars: (subject, whether it is the owner's own event)."""
    return {
        name: [(e["subject"], e["isOrganizer"]) for e in house.outlook(upn_of(name)).events()]
        for name in ("anna", "boris")
    }


@pytest.mark.parametrize(("creator", "guest", "typist"), TURNS)
class TestSwitches:
    """Boris's activity, in which Anna takes part."""

    async def test_only_the_creators_switch_counts(self, creator: str, guest: str, typist: str) -> None:
        """On, it stands in Boris's calendar and Exchange invites Anna; off, in nobody's, whatever Anna's switch."""
        async with open_shop(anna=guest == "on", boris=creator == "on") as house:
            activity = visit(house, typist)
            await house.settle()
            await house.sync(full=True)

            own = [("Visit", True)] if creator == "on" else []
            invited = [("Visit", False)] if creator == "on" else []
            assert calendars(house) == {"anna": invited, "boris": own}
            assert [a["Id"] for a in house.desk().activities()] == [activity]
            assert participants(house.desk().get(activity)) == [ANNA]

    async def test_turned_over_and_back(self, creator: str, guest: str, typist: str) -> None:
        """Both switches are turned, edits made, and turned back: linked stays linked, each edit flows once."""
        async with open_shop() as house:
            activity = visit(house, typist)
            await house.settle()
            event = only(house.outlook(BORIS).events())["id"]
            await switch(house, "boris", creator)
            await switch(house, "anna", guest)
            house.desk("boris").edit(activity, notes="meanwhile")
            house.outlook(BORIS).edit(event, subject="Renamed")
            await house.settle()
            if creator == "off":
                assert house.desk().get(activity)["Subject"] == "Visit"
                assert house.outlook(BORIS).text(event).strip() == ""

            for name in ("anna", "boris"):
                await switch(house, name, "on")
            with house.post() as post:
                await house.settle()
            assert house.desk().get(activity)["Subject"] == "Renamed"
            assert house.outlook(BORIS).text(event).strip() == "meanwhile"
            assert post == ([("update", ANNA)] if creator == "off" else [])
            assert [a["Id"] for a in house.desk().activities()] == [activity]
            assert calendars(house) == {"anna": [("Renamed", False)], "boris": [("Renamed", True)]}
            assert (await house.link_of(event, BORIS)).role is Role.OWN


class TestWhatColleaguesBegan:
    """An activity typed in ERP.net is its creator's, on or off."""

    @pytest.mark.parametrize("typist", ["by-hand", "by-service"])
    async def test_a_copy_does_not_take_it_over(self, typist: str) -> None:
        """Boris is off, Anna has an invited copy: it feeds nothing that is Boris's, and makes no second one."""
        async with open_shop() as house:
            activity = visit(house, typist)
            await house.settle()
            event = only(house.outlook(BORIS).events())["id"]
            await switch(house, "boris", "off")
            house.outlook(BORIS).edit(event, subject="Renamed")
            await house.settle()
            await house.sync(full=True)

            assert [a["Id"] for a in house.desk().activities()] == [activity]
            assert house.desk().get(activity)["Subject"] == "Visit"

    async def test_the_participant_deletes_and_the_creator_stays(self) -> None:
        """Anna's deletion is her answer; Boris's event and activity live on."""
        async with open_shop() as house:
            activity = visit(house, "by-hand")
            await house.settle()
            house.outlook().delete(copy_of(house, "anna", "Visit"))
            await house.settle()

            assert house.desk().get(activity)["Void"] is False
            assert calendars(house) == {"anna": [], "boris": [("Visit", True)]}
            assert attendees(only(house.outlook(BORIS).events())) == [ANNA]

    async def test_an_event_is_its_organizers(self) -> None:
        """Made in Outlook by Boris with Anna in it: his switch decides about the activity; hers, once he is off."""
        async with open_shop(anna=False) as house:
            house.outlook(BORIS).create("Call", at(1), at(1, 10), attendees=[ANNA])
            await house.settle()

            row = only(house.desk().activities())
            assert (row["OwnerLogin"], participants(row)) == ("boris", [ANNA])

    async def test_handed_to_another_owner(self) -> None:
        """What Boris created stays in his calendar when it is handed to Anna (the creator rule), and only there."""
        async with open_shop() as house:
            activity = house.desk("boris").create("Visit", digits(1), digits(1, 12))
            await house.settle()
            house.desk("boris").change_owner(activity, "anna")
            await house.settle()
            await house.sync(full=True)

            assert calendars(house) == {"anna": [], "boris": [("Visit", True)]}
