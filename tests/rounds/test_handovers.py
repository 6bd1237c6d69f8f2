"""The mailbox that feeds a meeting loses its copy: the activity stays, and goes on from another one."""

from __future__ import annotations

import pytest

from jobs.commands.switch import disable, enable
from tests.support.colleagues import BORIS, CARL, COLLEAGUES, KIM, call_meeting, feeder, living, lose, pitch
from tests.support.days import at, only
from tests.support.house import ANNA, open_office, upn_of


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

    async def test_a_feeder_in_trouble_comes_back(self) -> None:
        """Anna's mailbox is gone for two days: Boris's feeds; back again, hers follows and both see the same."""
        async with open_office(*COLLEAGUES) as house:
            event = call_meeting(house, KIM, COLLEAGUES, day=9)
            await house.settle()
            activity = only(house.desk().activities())["Id"]
            house.graph.mailbox(ANNA).usable = False
            for _ in range(3):
                house.advance(days=1)
                await house.sync()
            assert await feeder(house, activity) == BORIS

            house.graph.mailbox(ANNA).usable = True
            house.graph.outsider(KIM).edit(event, subject="Pitch 2")
            await house.settle()
            assert await feeder(house, activity) == BORIS
            assert [(a["Id"], a["Subject"]) for a in living(house)] == [(activity, "Pitch 2")]

    async def test_a_locked_activity_changes_hands_all_the_same(self) -> None:
        """Nothing can be noted or voided: Boris's copy feeds; the last copy gone, it is a conflict till unlocked."""
        async with open_office("anna", "boris") as house:
            call_meeting(house, KIM, ("anna", "boris"))
            await house.settle()
            activity = only(house.desk().activities())["Id"]
            house.desk().set_read_only(activity, True)
            await lose(house, "anna", "decline")
            await house.settle()
            assert await feeder(house, activity) == BORIS

            await lose(house, "boris", "delete")
            await house.settle()
            assert [link.conflict is not None for link in (await house.recall(BORIS)).links] == [True]
            house.desk().set_read_only(activity, False)
            await house.settle()
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

    @pytest.mark.parametrize("how", ["delete", "decline"])
    @pytest.mark.parametrize("minutes", [1, 60])
    async def test_the_last_one_who_is_on_leaves_an_organizers_meeting(self, how: str, minutes: int) -> None:
        """Boris fed Anna's meeting while she was off, and his copy goes with its activity. That ends nothing of hers:
        once she is back, her meeting stands, gets a new activity, and nobody is told of a cancellation."""
        async with open_office("anna", "boris") as house:
            event = call_meeting(house, ANNA, ("boris",))
            await house.settle()
            await lose(house, "anna", "off")
            await house.settle()
            await lose(house, "boris", how)
            await house.settle()
            assert living(house) == []

            house.graph.mails.clear()
            house.advance(minutes=minutes)
            await enable(house.world, ANNA)
            await house.settle()
            assert house.graph.mails == []
            assert [e["id"] for e in house.outlook().events()] == [event]
            assert await feeder(house, only(living(house))["Id"]) == ANNA
