"""iCalUIds longer than ERP.net's ExternalId: one short form stands for them everywhere, and is found again."""

from __future__ import annotations

from datetime import date

import pytest

from simulators.graph import ids
from sync_core.content.ranges import external_id_of
from sync_core.model.link import Role
from sync_core.plan.tables import PARTNER_GONE
from tests.support.days import at, digits, only
from tests.support.house import House, open_office
from tests.support.scenes import forget_everything

LONG = "CALENDAR-040000008200E000-" + "aB3-" * 252 + "@provider.example"


def uid_of(length: int) -> str:
    """An iCalUId of this length."""
    return (LONG * 2)[:length]


def name(house: House, event: str, uid: str, upn: str = "anna@acme.example") -> None:
    """Give an event the iCalUId that another system made for it."""
    house.outlook(upn)._find(event).item.ical_uid = uid


@pytest.mark.parametrize("length", [254, 255, 1034])
class TestOneMeeting:
    """One event with an iCalUId of 254 characters, which fits, or of more."""

    async def test_it_is_synced_like_any_other(self, house: House, length: int) -> None:
        """Made, linked, edited from both sides and voided with the event."""
        event = house.outlook().create("Planning", at(1), at(1, 10))
        name(house, event, uid_of(length))
        await house.settle()

        row = only(house.desk().activities())
        assert (row["ExternalId"] == uid_of(length)) is (length == 254)
        assert len(row["ExternalId"]) <= 254
        house.desk().edit(row["Id"], subject="Budget")
        await house.settle()
        house.outlook().edit(event, start=at(2), end=at(2, 10))
        await house.settle()
        assert house.outlook().get(event)["subject"] == "Budget"
        assert house.desk().get(row["Id"])["StartTime"] == "2026-01-27T11:00:00Z"

        house.outlook().delete(event)
        await house.settle()
        assert house.desk().get(row["Id"])["Void"]

    @pytest.mark.parametrize("far", [False, True], ids=["in the window", "far ahead"])
    async def test_it_is_found_again_after_lost_memory(self, house: House, length: int, far: bool) -> None:
        """Nothing is made and nobody asked, also where no feed shows the event any more."""
        event = house.outlook().create("Planning", at(1), at(1, 10))
        name(house, event, uid_of(length))
        await house.settle()
        if far:
            house.outlook().edit(event, start=at(200), end=at(200, 10))
            await house.settle()
        await forget_everything(house)
        report = await house.step(full=True)

        assert {what: n for what, n in report.done.items() if "created" in what} == {}
        (link,) = (await house.recall()).links
        assert (link.event_id, link.activity_id) == (event, only(house.desk().activities())["Id"])
        assert (await house.recall()).pending == ()
        assert not await house.settle()

    async def test_letter_case_makes_no_other_meeting(self, house: House, length: int) -> None:
        """Told in other letters, it is the same meeting, and its activity is found."""
        event = house.outlook().create("Planning", at(1), at(1, 10))
        name(house, event, uid_of(length))
        await house.settle()
        await forget_everything(house)
        name(house, event, uid_of(length).upper())
        await house.step(full=True)

        assert [link.event_id for link in (await house.recall()).links] == [event]
        assert len(house.desk().activities()) == 1

    async def test_it_is_written_to_an_activity_made_in_erp(
        self, house: House, length: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The pair that marks an activity holds the same form, so that lost memory finds it by that as well."""
        monkeypatch.setattr(ids, "ical_uid", lambda *_: uid_of(length))
        house.desk().create("Visit", digits(2), digits(2, 12))
        await house.settle()
        house.outlook().edit(only(house.outlook().events())["id"], subject="Visit of Kim")
        await house.settle()

        row = only(house.desk().activities())
        assert (row["Subject"], row["ExternalId"]) == ("Visit of Kim", external_id_of(uid_of(length)))

    async def test_several_mailboxes_have_one_activity(self, length: int) -> None:
        """The colleague's copy follows, whatever the letter case of its iCalUId."""
        async with open_office("anna", "boris") as office:
            event = office.outlook().create("Planning", at(1), at(1, 10), attendees=["boris@acme.example"])
            copy = only(office.outlook("boris@acme.example").events())["id"]
            name(office, event, uid_of(length))
            name(office, copy, uid_of(length).upper(), "boris@acme.example")
            await office.settle("boris@acme.example", "anna@acme.example")

            assert len(office.desk().activities()) == 1
            assert [x.role for x in (await office.recall()).links] == [Role.OWN]
            assert [x.role for x in (await office.recall("boris@acme.example")).links] == [Role.FOLLOWER]


async def test_two_long_ones_that_begin_alike_are_two(house: House) -> None:
    """It is not the beginning that stands for the whole."""
    for number, day in enumerate((27, 28)):
        event = house.outlook().create(f"Day {number}", date(2026, 1, day), date(2026, 1, day + 1), all_day=True)
        name(house, event, f"{uid_of(1000)}{number}")
    await house.settle()

    assert len({row["ExternalId"] for row in house.desk().activities()}) == 2
    assert len((await house.recall()).links) == 2


async def test_a_partner_that_is_nowhere_is_listed(house: House) -> None:
    """Its event moved while everything was forgotten, too far to be found: nothing is made until a person chooses."""
    event = house.outlook().create("Planning", at(1), at(1, 10))
    name(house, event, uid_of(1034))
    await house.settle()
    await forget_everything(house)
    house.outlook().edit(event, start=at(200), end=at(200, 10))
    await house.step(full=True)

    assert (len(house.outlook().events()), len(house.desk().activities())) == (1, 1)
    assert [row.reason for row in (await house.recall()).pending] == [PARTNER_GONE]
