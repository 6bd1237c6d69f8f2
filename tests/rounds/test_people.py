"""Attendees are participants and the reverse: on both sides, by e-mail, and nobody is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from simulators.erpnet import schema
from sync_core.model.policy import Invite
from tests.support.days import GUEST, at, digits, only
from tests.support.house import ANNA, House, attendees, open_office, participants, upn_of

BORIS, CARL = upn_of("boris"), upn_of("carl")


@pytest.fixture
async def office() -> AsyncIterator[House]:
    """Anna, Boris and Carl, all switched on and known; everybody may be invited."""
    async with open_office() as house:
        house.set_policy(invite=Invite.ALL)
        await house.settle()
        yield house


async def planning(house: House, *people: str) -> tuple[str, str]:
    """Anna's meeting with these people, in step: (event id, activity id)."""
    event = house.outlook().create("Planning", at(1), at(1, 10), attendees=people)
    await house.settle()
    return event, (await house.link_of(event)).activity_id


def persons(house: House) -> int:
    """How many persons ERP.net knows."""
    return len(house.erp.store.rows(schema.PERSONS))


class TestBothWays:
    """Who is invited takes part, and who takes part is invited."""

    async def test_attendees_become_participants(self, office: House) -> None:
        """Colleagues are known by their user, strangers by their e-mail alone; nobody is invented, nobody doubled."""
        known = persons(office)
        _, activity = await planning(office, "Boris@ACME.example", CARL, GUEST)

        row = office.desk().get(activity)
        assert participants(row) == [BORIS, CARL, GUEST]
        assert {p["Login"] for p in row["Participants"]} == {"boris", "carl", None}
        assert persons(office) == known

    async def test_participants_become_attendees(self, office: House) -> None:
        """Each once, however their address is written; the owner does not invite herself."""
        office.desk().create(
            "Visit", digits(1), digits(1, 12), participants=["anna", "boris", "Guest@Vendor.example"]
        )
        await office.settle()

        assert [a.lower() for a in attendees(only(office.outlook().events()))] == [BORIS, GUEST]
        assert [e["subject"] for e in office.outlook(BORIS).events()] == ["Visit"]
        assert len(office.desk().activities()) == 1

    async def test_an_attendee_added_and_one_taken_off(self, office: House) -> None:
        """The participants follow; the others keep their rows."""
        event, activity = await planning(office, BORIS, GUEST)
        before = {p["Email"]: p["Id"] for p in office.desk().get(activity)["Participants"]}
        office.outlook().edit(event, attendees=[CARL, GUEST])
        await office.settle()

        row = office.desk().get(activity)
        assert participants(row) == [CARL, GUEST]
        assert before[GUEST] in [p["Id"] for p in row["Participants"]]

    async def test_a_participant_added_and_one_taken_off(self, office: House) -> None:
        """The invitations follow: Carl gets one, Boris a cancellation, nobody else a word."""
        event, activity = await planning(office, BORIS, GUEST)
        office.desk().add_participant(activity, "carl")
        office.desk().remove_participant(activity, "boris")
        with office.post() as post:
            await office.settle()

        assert attendees(office.outlook().get(event)) == [CARL, GUEST]
        assert sorted(post) == [("cancellation", BORIS), ("invitation", CARL)]

    async def test_both_sides_add_people_and_nobody_is_lost(self, office: House) -> None:
        """Carl is added in ERP.net while Anna invites a guest: both stay, and so does Boris."""
        event, activity = await planning(office, BORIS)
        office.desk().add_participant(activity, "carl")
        office.outlook().edit(event, attendees=[BORIS, GUEST])
        await office.settle()

        assert attendees(office.outlook().get(event)) == [BORIS, CARL, GUEST]
        assert participants(office.desk().get(activity)) == [BORIS, CARL, GUEST]

    async def test_added_here_and_taken_off_there(self, office: House) -> None:
        """Who leaves one list leaves both, and who joins the other meanwhile still joins both."""
        event, activity = await planning(office, BORIS, GUEST)
        office.desk().remove_participant(activity, "boris")
        office.outlook().edit(event, attendees=[BORIS, GUEST, CARL])
        await office.settle()

        assert attendees(office.outlook().get(event)) == [CARL, GUEST]
        assert participants(office.desk().get(activity)) == [CARL, GUEST]

    @pytest.mark.parametrize("side", ["outlook", "erp"])
    async def test_the_same_person_added_on_both_sides(self, office: House, side: str) -> None:
        """In other letters, or by a user and an address: one person stays one person."""
        event, activity = await planning(office, GUEST)
        office.outlook().edit(event, attendees=[GUEST, "BORIS@acme.example", "New@Vendor.example"])
        office.desk().add_participant(activity, "boris")
        office.desk().add_participant(activity, "new@VENDOR.example")
        if side == "erp":
            office.desk().edit(activity, notes="and a text")
        await office.settle()

        people = [BORIS, GUEST, "new@vendor.example"]
        assert sorted(a.lower() for a in attendees(office.outlook().get(event))) == people
        assert sorted(p.lower() for p in participants(office.desk().get(activity))) == people

    async def test_a_colleague_by_an_alias_is_one_person(self) -> None:
        """Invited by one of her addresses, known to ERP.net by another: Dora is neither doubled nor taken off."""
        async with open_office("anna") as house:
            await house.employ("dora", aliases=("d.petrova@acme.example",))
            event, activity = await planning(house, "D.Petrova@acme.example")
            assert participants(house.desk().get(activity)) == [upn_of("dora")]

            house.desk().edit(activity, subject="Renamed")
            await house.settle()
            assert attendees(house.outlook().get(event)) == ["D.Petrova@acme.example"]
            assert participants(house.desk().get(activity)) == [upn_of("dora")]

    async def test_a_new_primary_address_changes_nobody(self) -> None:
        """Dora marries: she is still the same attendee and the same participant, and gets no mail about it."""
        async with open_office("anna", "dora") as house:
            event, activity = await planning(house, upn_of("dora"))
            house.graph.rename(upn_of("dora"), "dora.ivanova@acme.example")
            house.advance(days=1)
            await house.settle()
            house.desk().edit(activity, notes="a text")
            with house.post() as post:
                await house.settle()

            assert post == [("update", upn_of("dora"))]
            assert attendees(house.outlook().get(event)) == [upn_of("dora")]
            assert participants(house.desk().get(activity)) == [upn_of("dora")]


class TestTheWholeList:
    """A list is sent whole: nobody on it loses their place, their answer or their kind."""

    async def test_guests_and_their_answers_survive(self, office: House) -> None:
        """A participant added in ERP.net leaves the others' answers, kinds and names as they are."""
        guest = office.graph.outsider(GUEST)
        guests = [
            {"emailAddress": {"address": GUEST, "name": "A Guest"}, "type": "optional"},
            {"emailAddress": {"address": "room1@acme.example", "name": "Room 1"}, "type": "resource"},
            {"emailAddress": {"address": BORIS}, "type": "required"},
        ]
        event, activity = await planning(office, *guests)  # type: ignore[arg-type]
        office.outlook(BORIS).accept(only(office.outlook(BORIS).events())["id"])
        guest.accept(only(guest.events())["id"])
        before = office.outlook().get(event)["attendees"]
        office.desk().add_participant(activity, "carl")
        await office.settle()

        after = office.outlook().get(event)["attendees"]
        assert after[:3] == before
        assert [a["status"]["response"] for a in after[:3]] == ["accepted", "none", "accepted"]
        assert [a["emailAddress"]["address"] for a in after[3:]] == [CARL]
        assert participants(office.desk().get(activity)) == [BORIS, CARL, GUEST]

    async def test_an_edit_in_erp_keeps_every_guest(self, office: House) -> None:
        """A new subject from ERP.net says nothing about people."""
        event, activity = await planning(office, GUEST)
        office.desk().edit(activity, subject="Board meeting")
        await office.settle()

        got = office.outlook().get(event)
        assert (got["subject"], attendees(got)) == ("Board meeting", [GUEST])

    async def test_sixty_attendees(self, office: House) -> None:
        """All of them take part, and all of them stay when one more is added in ERP.net."""
        many = [f"guest{n:02}@vendor.example" for n in range(60)]
        event, activity = await planning(office, *many)
        assert participants(office.desk().get(activity)) == many

        office.desk().add_participant(activity, "boris")
        with office.post() as post:
            await office.settle()
        assert attendees(office.outlook().get(event)) == [BORIS, *many]
        assert post == [("invitation", BORIS)]


class TestWhoCannotBeCarried:
    """One by one, with a reason; never the whole meeting."""

    async def test_a_participant_without_an_address(self, office: House) -> None:
        """A person ERP.net has no e-mail of stays a participant, and is counted as not carried."""
        nameless = office.erp.add_person("Old Friend")
        activity = office.desk().create("Visit", digits(1), digits(1, 12), participants=["boris"])
        office.desk().add_participant(activity, person=nameless)
        await office.settle()

        event = only(office.outlook().events())
        assert attendees(event) == [BORIS]
        assert (await office.link_of(event["id"])).reason == "1 without an e-mail address in ERP.net"
        office.outlook().edit(event["id"], attendees=[BORIS, CARL])
        await office.settle()
        assert participants(office.desk().get(activity)) == [None, BORIS, CARL]

    async def test_a_distribution_list(self, office: House) -> None:
        """It is an address like any other: one participant, and no person record."""
        known = persons(office)
        event, activity = await planning(office, "all.staff@acme.example", BORIS)

        assert participants(office.desk().get(activity)) == ["all.staff@acme.example", BORIS]
        assert persons(office) == known
        assert attendees(office.outlook().get(event)) == ["all.staff@acme.example", BORIS]

    @pytest.mark.parametrize("odd", ["two words@vendor.example", f"{'x' * 300}@vendor.example"], ids=["odd", "long"])
    async def test_an_address_that_erp_cannot_hold(self, office: House, odd: str) -> None:
        """The others take part; this one is counted as not carried and keeps its invitation."""
        event, activity = await planning(office, odd, BORIS)
        assert participants(office.desk().get(activity)) == [BORIS]
        assert "1 with an address that the other side cannot hold" in (await office.link_of(event)).reason

        office.desk().edit(activity, subject="Renamed")
        office.desk().add_participant(activity, "carl")
        await office.settle()
        got = office.outlook().get(event)
        assert (got["subject"], odd in attendees(got)) == ("Renamed", True)

    async def test_an_address_that_outlook_cannot_hold(self, office: House) -> None:
        """Free text in ERP.net's e-mail field invites nobody and is not taken off either."""
        office.desk().create("Visit", digits(1), digits(1, 12), participants=["call me", "boris"])
        await office.settle()
        event = only(office.outlook().events())
        assert attendees(event) == [BORIS]

        office.outlook().edit(event["id"], attendees=[BORIS, CARL])
        await office.settle()
        assert participants(only(office.desk().activities())) == [BORIS, "call me", CARL]

    async def test_rooms_are_no_participants(self, office: House) -> None:
        """A room is booked in Outlook and takes part in nothing."""
        room = {"emailAddress": {"address": "room1@acme.example"}, "type": "resource"}
        _, activity = await planning(office, room, BORIS)  # type: ignore[arg-type]

        assert participants(office.desk().get(activity)) == [BORIS]

    async def test_nobody_but_the_organizer(self, office: House) -> None:
        """Anna among her own attendees, or as participant of her own activity, is nobody's guest."""
        _, activity = await planning(office, ANNA, BORIS)

        assert participants(office.desk().get(activity)) == [BORIS]
