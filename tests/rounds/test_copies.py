"""Attendee copies are never patched; what an attendee does is theirs, what the organizer does is everybody's."""

from __future__ import annotations

import pytest

from jobs.commands.switch import enable, forget
from tests.support.colleagues import BORIS, CARL, COLLEAGUES, KIM, call_meeting, copy_of, feeder, living, lose, pitch
from tests.support.days import at, digits, only
from tests.support.house import ANNA, House, notes, open_office, participants, upn_of


class TestCopies:
    """What an attendee does to their copy concerns them alone; what the organizer does concerns all."""

    @pytest.mark.parametrize("organizer", [ANNA, KIM], ids=["inside", "outside"])
    async def test_a_copy_is_never_patched(self, organizer: str) -> None:
        """Whatever ERP.net edits and whoever answers: nothing but our category is ever sent to an invited copy."""
        async with open_office(*COLLEAGUES) as house:
            event = call_meeting(house, organizer, COLLEAGUES)
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
            event = call_meeting(house, ANNA, COLLEAGUES)
            await house.settle()
            before = house.outlook().get(event)
            await lose(house, "boris", "delete")
            await house.settle()

            row = only(house.desk().activities())
            assert (row["Void"], participants(row)) == (False, [BORIS, CARL])
            assert notes(row) == {BORIS: "Outlook: deleted from the calendar"}
            assert house.outlook().get(event) == before

    async def test_an_update_brings_a_deleted_copy_back(self) -> None:
        """Boris deleted it, Anna moves it, Outlook puts it back: he is no longer said to have deleted it."""
        async with open_office(*COLLEAGUES) as house:
            event = call_meeting(house, ANNA, COLLEAGUES)
            await house.settle()
            await lose(house, "boris", "delete")
            await house.settle()
            house.outlook().edit(event, start=at(2), end=at(2, 10))
            await house.settle()

            row = only(house.desk().activities())
            assert (row["StartTime"], participants(row), notes(row)) == ("2026-01-27T11:00:00Z", [BORIS, CARL], {})
            house.outlook(BORIS).accept(copy_of(house, "boris"))
            await house.settle()
            assert notes(only(house.desk().activities())) == {BORIS: "Outlook: accepted"}

    async def test_a_deleted_copy_comes_back_to_somebody_forgotten(self) -> None:
        """Boris deleted it and was forgotten; ERP.net has it in his name when it is back: the note of then goes."""
        async with open_office(*COLLEAGUES) as house:
            event = call_meeting(house, ANNA, COLLEAGUES)
            await house.settle()
            await lose(house, "boris", "delete")
            await house.settle()
            await forget(house.world, await house.user(BORIS))
            activity = only(house.desk().activities())["Id"]
            house.desk().change_owner(activity, "boris")
            await house.settle(ANNA)
            assert notes(only(house.desk().activities())) == {BORIS: "Outlook: deleted from the calendar"}

            house.outlook().edit(event, start=at(2), end=at(2, 10))
            await enable(house.world, BORIS)
            await house.settle()
            assert (await feeder(house, activity), notes(only(house.desk().activities()))) == (ANNA, {})

    @pytest.mark.parametrize("how", ["delete", "decline"])
    async def test_invited_again(self, how: str) -> None:
        """Boris leaves, and Kim invites him anew: the same activity, fed as before."""
        async with open_office(*COLLEAGUES) as house:
            event, activity = await pitch(house)
            for name in ("anna", "boris"):
                await lose(house, name, how)
                await house.settle()
            kim = house.graph.outsider(KIM)
            kim.edit(event, attendees=[CARL])
            await house.settle()
            kim.edit(event, attendees=[ANNA, BORIS, CARL])
            await house.settle()

            assert await feeder(house, activity) == CARL
            assert [a["Id"] for a in house.desk().activities()] == [activity]

    @pytest.mark.parametrize("how", ["cancel", "delete", "hard_delete"])
    async def test_the_organizers_end_voids_once(self, how: str) -> None:
        """Cancelled or deleted by Anna: void, once, whoever's round is first; the copies make nothing anew."""
        async with open_office(*COLLEAGUES) as house:
            event = call_meeting(house, ANNA, COLLEAGUES)
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
            event = call_meeting(house, ANNA, COLLEAGUES)
            await house.settle()
            house.outlook().edit(event, attendees=[CARL])
            await house.settle()

            row = only(house.desk().activities())
            assert (row["Void"], participants(row)) == (False, [CARL])

    async def test_an_uninvited_feeder_hands_on(self) -> None:
        """Kim takes Anna off, whose copy fed: Boris's goes on with the same activity."""
        async with open_office(*COLLEAGUES) as house:
            event, activity = await pitch(house)
            house.graph.outsider(KIM).edit(event, attendees=[BORIS, CARL])
            await house.settle()

            assert await feeder(house, activity) == BORIS
            assert [a["Id"] for a in living(house)] == [activity]


class TestTheOutsidersWord:
    """A meeting organised outside: ERP.net's edits stay in conflict until the organizer's next change wins."""

    async def test_conflict_category_and_victory(self) -> None:
        """The category comes and goes once, ERP.net's value ends in the journal, nobody gets a mail."""
        async with open_office(*COLLEAGUES) as house:
            event, activity = await pitch(house)
            house.desk("anna").edit(activity, subject="Ours")
            with house.post() as post:
                await house.settle()
                assert [categories(house, name) for name in COLLEAGUES] == [["ERP.net conflict"], [], []]
                assert house.desk().get(activity)["Subject"] == "Ours"

            assert post == []
            house.graph.outsider(KIM).edit(event, subject="Theirs")
            with house.post() as post:
                await house.settle()
            assert house.desk().get(activity)["Subject"] == "Theirs"
            assert [categories(house, name) for name in COLLEAGUES] == [[], [], []]
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
            assert [categories(house, name) for name in ("boris", "carl")] == [[], []]

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


def categories(house: House, name: str) -> list[str]:
    """The categories on somebody's only event."""
    return list(only(house.outlook(upn_of(name)).events())["categories"])


def ids(house: House, upn: str) -> list[str]:
    """The ids of all events of a mailbox."""
    return [event["id"] for event in house.outlook(upn).events()]
