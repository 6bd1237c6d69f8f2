"""The mailbox that feeds a meeting loses its copy: the activity stays, and goes on from another one."""

from __future__ import annotations

import pytest

from jobs.enrolment import disable, enable
from tests.jobs.house import ANNA, House, notes, open_office, participants, upn_of
from tests.jobs.test_meetings import BORIS, CARL, COLLEAGUES, KIM, call, copy_of, feeder, living
from tests.jobs.test_rules import at, digits, only


async def pitch(house: House) -> tuple[str, str]:
    """A meeting to which Kim, of another company, invites all three; fed by Anna: (Kim's id, activity id)."""
    event = call(house, KIM, COLLEAGUES)
    await house.settle()
    activity = only(house.desk().activities())["Id"]
    assert await feeder(house, activity) == ANNA
    return event, activity


class TestTheHolderLosesItsCopy:
    """Deleted, declined or switched off: the next one feeds the same activity."""

    @pytest.mark.parametrize("how", ["delete", "decline", "off"])
    async def test_the_next_copy_feeds(self, how: str) -> None:
        """Anna's copy goes: Boris's feeds the same activity, the organizer's edits arrive, nothing is voided."""
        async with open_office(*COLLEAGUES) as house:
            event, activity = await pitch(house)
            await lose(house, "anna", how)
            await house.settle()
            assert await feeder(house, activity) == BORIS
            assert [a["Id"] for a in living(house)] == [activity]

            house.graph.outsider(KIM).edit(event, subject="Pitch 2", start=at(2), end=at(2, 11))
            await house.settle()
            row = house.desk().get(activity)
            assert (row["Subject"], row["StartTime"]) == ("Pitch 2", "2026-01-27T11:00:00Z")
            assert [a["Id"] for a in living(house)] == [activity]

    @pytest.mark.parametrize("how", ["delete", "decline"])
    async def test_the_last_copy_voids_once(self, how: str) -> None:
        """One after the other loses the meeting; with the last copy goes the activity, and it stays void."""
        async with open_office(*COLLEAGUES) as house:
            _, activity = await pitch(house)
            for name in COLLEAGUES:
                assert house.desk().get(activity)["Void"] is False
                await lose(house, name, how)
                await house.settle()

            assert house.desk().get(activity)["Void"] is True
            await house.sync(full=True)
            assert [a["Id"] for a in house.desk().activities()] == [activity]

    async def test_all_at_once(self) -> None:
        """All three delete it before any round: voided once, nothing is made anew."""
        async with open_office(*COLLEAGUES) as house:
            _, activity = await pitch(house)
            for name in COLLEAGUES:
                await lose(house, name, "delete")
            done = await house.settle()

            assert done["activity voided"] == 1
            assert [(a["Id"], a["Void"]) for a in house.desk().activities()] == [(activity, True)]

    async def test_taken_over_by_the_second_and_the_third(self) -> None:
        """Two hand-overs in a row keep the activity, and edits in ERP.net made between them are not lost."""
        async with open_office(*COLLEAGUES) as house:
            event, activity = await pitch(house)
            house.desk().edit(activity, notes="ERP.net's own words")
            await house.settle()
            await lose(house, "anna", "decline")
            await house.settle()
            await lose(house, "boris", "delete")
            await house.settle()
            assert await feeder(house, activity) == CARL

            house.graph.outsider(KIM).edit(event, subject="Pitch 3")
            await house.settle()
            row = house.desk().get(activity)
            assert (row["Subject"], row["Notes"]) == ("Pitch 3", "ERP.net's own words")

    async def test_handed_to_a_copy_that_is_gone(self) -> None:
        """Anna switches off and Boris deletes his copy before his round: Carl's feeds, with ERP.net's edit kept."""
        async with open_office(*COLLEAGUES) as house:
            event, activity = await pitch(house)
            house.desk().edit(activity, notes="ERP.net's own words")
            await house.settle()
            await lose(house, "anna", "off")
            await lose(house, "boris", "delete")
            await house.settle()
            assert await feeder(house, activity) == CARL

            house.graph.outsider(KIM).edit(event, subject="Pitch 2")
            await house.settle()
            row = house.desk().get(activity)
            assert (row["Subject"], row["Notes"]) == ("Pitch 2", "ERP.net's own words")

    async def test_handed_to_the_last_copy_that_is_gone(self) -> None:
        """Anna switches off and the others delete theirs: void once."""
        async with open_office(*COLLEAGUES) as house:
            _, activity = await pitch(house)
            await lose(house, "anna", "off")
            await lose(house, "boris", "delete")
            await lose(house, "carl", "delete")
            done = await house.settle()

            assert done["activity voided"] == 1
            assert [(a["Id"], a["Void"]) for a in house.desk().activities()] == [(activity, True)]

    async def test_everybody_off_and_one_on_again(self) -> None:
        """Nobody is left; the first who comes back goes on with the same activity."""
        async with open_office(*COLLEAGUES) as house:
            event, activity = await pitch(house)
            for name in COLLEAGUES:
                await disable(house.world, await house.user(upn_of(name)))
            house.graph.outsider(KIM).edit(event, subject="Meanwhile")
            await house.sync()
            assert house.desk().get(activity)["Subject"] == "Planning"

            await enable(house.world, CARL)
            await house.settle()
            assert await feeder(house, activity) == CARL
            assert [(a["Id"], a["Subject"]) for a in living(house)] == [(activity, "Meanwhile")]


async def lose(house: House, name: str, how: str) -> None:
    """Somebody loses their copy."""
    outlook = house.outlook(upn_of(name))
    house.advance(minutes=1)
    if how == "delete":
        outlook.delete(copy_of(house, name))
    elif how == "decline":
        outlook.decline(copy_of(house, name))
    else:
        await disable(house.world, await house.user(upn_of(name)))


class TestCopies:
    """What an attendee does to their copy concerns them alone; what the organizer does concerns all."""

    @pytest.mark.parametrize("organizer", [ANNA, KIM], ids=["inside", "outside"])
    async def test_a_copy_is_never_patched(self, organizer: str) -> None:
        """Whatever ERP.net edits and whoever answers: nothing but our category is ever sent to an invited copy."""
        async with open_office(*COLLEAGUES) as house:
            event = call(house, organizer, COLLEAGUES)
            await house.settle()
            activity = only(house.desk().activities())["Id"]
            house.graph.forget_requests()
            house.desk().edit(activity, subject="ERP.net's", notes="words", start=digits(3), end=digits(3, 12))
            house.desk().add_participant(activity, "new@vendor.example")
            house.outlook(CARL).accept(copy_of(house, "carl"))
            await house.settle()
            house.desk().remove_participant(activity, "boris")
            await house.settle()

            copies = {i for one in COLLEAGUES for i in ids(house, upn_of(one))} - {event}
            sent = [body for ident, body in house.patches() if ident in copies]
            assert [sorted(body) for body in sent] == ([["categories"]] if organizer == KIM else [])

    async def test_a_colleague_deletes_their_copy(self) -> None:
        """Boris alone is marked as not coming; Anna's event and the activity are as they were."""
        async with open_office(*COLLEAGUES) as house:
            event = call(house, ANNA, COLLEAGUES)
            await house.settle()
            before = house.outlook().get(event)
            await lose(house, "boris", "delete")
            await house.settle()

            row = only(house.desk().activities())
            assert (row["Void"], participants(row)) == (False, [BORIS, CARL])
            assert notes(row) == {BORIS: "Outlook: deleted from the calendar"}
            assert house.outlook().get(event) == before

    @pytest.mark.parametrize("how", ["cancel", "delete", "hard_delete"])
    async def test_the_organizers_end_voids_once(self, how: str) -> None:
        """Cancelled or deleted by Anna: void, once, whoever's round is first; the copies make nothing anew."""
        async with open_office(*COLLEAGUES) as house:
            event = call(house, ANNA, COLLEAGUES)
            await house.settle()
            getattr(house.outlook(), how)(event)
            house.advance(minutes=5)
            await house.sync(BORIS, CARL)
            done = await house.settle(CARL, ANNA, BORIS)
            await house.sync(full=True)

            assert done["activity voided"] == 1
            assert [a["Void"] for a in house.desk().activities()] == [True]

    async def test_an_outsiders_cancellation_voids_once(self) -> None:
        """Kim cancels: void once, and no copy takes over."""
        async with open_office(*COLLEAGUES) as house:
            event, activity = await pitch(house)
            house.graph.outsider(KIM).cancel(event)
            done = await house.settle(CARL, BORIS, ANNA)
            await house.sync(full=True)

            assert done["activity voided"] == 1
            assert [(a["Id"], a["Void"]) for a in house.desk().activities()] == [(activity, True)]

    async def test_uninvited_by_the_organizer(self) -> None:
        """Anna takes Boris off: his copy is cancelled, he is no participant, the meeting goes on."""
        async with open_office(*COLLEAGUES) as house:
            event = call(house, ANNA, COLLEAGUES)
            await house.settle()
            house.outlook().edit(event, attendees=[CARL])
            await house.settle()

            row = only(house.desk().activities())
            assert (row["Void"], participants(row)) == (False, [CARL])

    async def test_an_uninvited_holder_hands_on(self) -> None:
        """Kim takes Anna off, whose copy fed: Boris's goes on with the same activity."""
        async with open_office(*COLLEAGUES) as house:
            event, activity = await pitch(house)
            house.graph.outsider(KIM).edit(event, attendees=[BORIS, CARL])
            await house.settle()

            assert await feeder(house, activity) == BORIS
            assert [a["Id"] for a in living(house)] == [activity]


class TestTheOutsidersWord:
    """A meeting organised outside: ERP.net's edits are a marked conflict until the organizer's next change wins."""

    async def test_conflict_mark_and_victory(self) -> None:
        """The mark comes and goes once, ERP.net's value ends in the journal, nobody gets a mail."""
        async with open_office(*COLLEAGUES) as house:
            event, activity = await pitch(house)
            house.desk("anna").edit(activity, subject="Ours")
            with house.post() as post:
                await house.settle()
                assert [marks(house, name) for name in COLLEAGUES] == [["ERP.net conflict"], [], []]
                assert house.desk().get(activity)["Subject"] == "Ours"

            assert post == []
            house.graph.outsider(KIM).edit(event, subject="Theirs")
            with house.post() as post:
                await house.settle()
            assert house.desk().get(activity)["Subject"] == "Theirs"
            assert [marks(house, name) for name in COLLEAGUES] == [[], [], []]
            journal = await house.world.store.read_journal((await house.user()).id)
            assert "Ours" in [v for e in journal if e.action == "value kept" for v in e.before.values()]
            assert post == []

    async def test_the_mark_goes_with_the_feeding(self) -> None:
        """Anna declines while the conflict is open: the meeting goes on at Boris's, and the organizer still wins."""
        async with open_office(*COLLEAGUES) as house:
            event, activity = await pitch(house)
            house.desk("anna").edit(activity, subject="Ours")
            await house.settle()
            await lose(house, "anna", "decline")
            await house.settle()
            house.graph.outsider(KIM).edit(event, subject="Theirs")
            await house.settle()

            assert house.desk().get(activity)["Subject"] == "Theirs"
            assert [marks(house, name) for name in ("boris", "carl")] == [[], []]

    async def test_voided_in_erp_the_copies_stay(self) -> None:
        """Nobody's invitation is deleted for it, and the organizer's next change does not make it anew."""
        async with open_office(*COLLEAGUES) as house:
            event, activity = await pitch(house)
            house.desk("anna").void(activity, "not for us")
            await house.settle()
            house.graph.outsider(KIM).edit(event, subject="Pitch 2")
            await house.settle()

            assert [len(house.outlook(upn_of(name)).events()) for name in COLLEAGUES] == [1, 1, 1]
            assert [(a["Id"], a["Void"]) for a in house.desk().activities()] == [(activity, True)]


def marks(house: House, name: str) -> list[str]:
    """The categories on somebody's only event."""
    return list(only(house.outlook(upn_of(name)).events())["categories"])


def ids(house: House, upn: str) -> list[str]:
    """The ids of all events of a mailbox."""
    return [event["id"] for event in house.outlook(upn).events()]
