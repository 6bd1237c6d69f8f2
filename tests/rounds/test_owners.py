"""One activity is one event, whoever owns it by now: who has it already is asked of everybody."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from adapters.store.backend import Op, Table, Verb
from jobs.commands.switch import disable, enable
from jobs.ports import Owned
from jobs.round.run import run_round
from sync_core.model.sides import ErpActivity
from sync_core.plan.tables import REASONS, Trait
from tests.support.colleagues import feeder, open_shop
from tests.support.days import at, digits, only
from tests.support.house import ANNA, House, upn_of

BORIS = upn_of("boris")
TAKEN = REASONS[Trait.TAKEN]


def calendars(house: House) -> tuple[list[str], list[str]]:
    """What stands in Anna's and in Boris's calendar, by name."""
    anna, boris = (sorted(e["subject"] for e in house.outlook(upn).events()) for upn in (ANNA, BORIS))
    return anna, boris


async def ordered(house: House) -> str:
    """An activity that a robot made for Anna, in her calendar."""
    activity = house.desk("robot").create("Visit", digits(3), digits(3, 12))
    house.desk("robot").change_owner(activity, "anna")
    await house.settle()
    assert calendars(house) == (["Visit"], [])
    return activity


class TestTheOwnerChanges:
    """A robot made it for Anna; then it is given to Boris."""

    @pytest.mark.parametrize("full", [False, True], ids=["small-round", "full-round"])
    async def test_it_stays_one_event(self, *, full: bool) -> None:
        """Boris does not get it a second time, and it goes on with Anna's."""
        async with open_shop() as house:
            activity = await ordered(house)
            house.desk("robot").change_owner(activity, "boris")
            house.advance(minutes=5)
            outcome = await house.sync(BORIS, full=full)
            await house.settle()
            await house.sync(full=True)
            assert calendars(house) == (["Visit"], [])
            assert not full or outcome.reports[0].skipped == {TAKEN: 1}

            house.desk("robot").edit(activity, subject="Visit 2")
            await house.settle()
            assert calendars(house) == (["Visit 2"], [])

    @pytest.mark.parametrize("who", ["void", "delete"])
    async def test_its_end_is_the_end_of_one_event(self, who: str) -> None:
        """Void in ERP.net or deleted in Outlook: nothing is left, and nothing is made anew."""
        async with open_shop() as house:
            activity = await ordered(house)
            house.desk("robot").change_owner(activity, "boris")
            await house.settle()
            if who == "void":
                house.desk("robot").void(activity)
            else:
                house.outlook().delete(only(house.outlook().events())["id"])
            await house.settle()
            await house.sync(full=True)

            assert calendars(house) == ([], [])
            assert house.desk().get(activity)["Void"] is True

    async def test_an_index_that_was_lost_is_rebuilt(self) -> None:
        """A full sync of all finds again who has what before the owner changes."""
        async with open_shop() as house:
            activity = await ordered(house)
            await lose_index(house)
            await house.sync(full=True)
            house.desk("robot").change_owner(activity, "boris")
            house.advance(minutes=5)
            await house.sync(full=True)
            await house.settle()

            assert calendars(house) == (["Visit"], [])

    async def test_an_event_that_is_being_made_counts(self) -> None:
        """Anna's create got no answer, then the owner changes: Boris waits for what became of it."""
        async with open_shop() as house:
            activity = house.desk("robot").create("Visit", digits(3), digits(3, 12))
            house.desk("robot").change_owner(activity, "anna")
            await house.world.store.begin_events((await house.user()).id, [activity])
            house.desk("robot").change_owner(activity, "boris")
            await house.sync(BORIS, full=True)
            assert calendars(house) == ([], [])

            await house.world.store.end_events((await house.user()).id, [activity])
            await house.sync(BORIS, full=True)
            assert calendars(house) == ([], ["Visit"])

    async def test_both_at_the_same_moment(self) -> None:
        """The owner changes between two readings: at most one event is made, and in the end one is."""
        async with open_shop() as house:
            activity = house.desk("robot").create("Visit", digits(3), digits(3, 12))
            house.desk("robot").change_owner(activity, "anna")
            stale = await house.world.erp.read_activities([activity])
            house.desk("robot").change_owner(activity, "boris")
            anna = replace(house.world, erp=Stale(house.world.erp, stale), holder="anna")  # type: ignore[arg-type]
            users = {u.upn: u for u in await house.world.store.list_users()}
            await asyncio.gather(
                run_round(anna, users[ANNA], full=True), run_round(house.world, users[BORIS], full=True)
            )
            await house.sync(full=True)
            await house.settle()

            assert sorted(map(len, calendars(house))) == [0, 1]


async def test_a_copy_that_fed_the_meeting_meanwhile_is_no_second_event() -> None:
    """Boris, who owns the activity by now and is invited, fed Anna's meeting while she was in trouble. Back, hers is
    the event, and gets what he could not write."""
    async with open_shop() as house:
        event = house.outlook().create("Visit", at(9), at(9, 10), attendees=[BORIS])
        await house.settle()
        activity = only(house.desk().activities())["Id"]
        house.desk().change_owner(activity, "boris")
        await house.settle()
        house.graph.mailbox(ANNA).usable = False
        house.desk().edit(activity, subject="Visit 2")
        for _ in range(3):
            house.advance(hours=13)
            await house.sync()
        assert await feeder(house, activity) == BORIS
        house.graph.mailbox(ANNA).usable = True
        house.advance(hours=13)
        await house.sync()

        assert await feeder(house, activity) == ANNA
        assert house.outlook().get(event)["subject"] == "Visit 2"


async def test_whoever_is_invited_while_its_owner_is_in_trouble_makes_nothing_anew() -> None:
    """Boris made it in ERP.net, and it does not name its event yet: the claim on the meeting names it."""
    async with open_shop() as house:
        activity = house.desk("boris").create("Visit", digits(9), digits(9, 12))
        await house.settle()
        house.graph.mailbox(BORIS).usable = False
        for _ in range(3):
            house.advance(hours=13)
            await house.sync()
        visit = only(house.outlook(BORIS).events())["id"]
        house.outlook(BORIS).edit(visit, subject="Visit 2", attendees=[ANNA])
        for _ in range(3):
            house.advance(minutes=5)
            await house.sync()

        row = only(house.desk().activities())
        assert (row["Id"], row["Subject"]) == (activity, "Visit 2")
        assert await feeder(house, activity) == ANNA


class TestTheFormerOwnerIsOff:
    """Anna has left; what was hers and is Boris's now is in his calendar."""

    async def test_the_new_owner_gets_it(self) -> None:
        """Whoever is off has nothing that counts."""
        async with open_shop() as house:
            activity = await ordered(house)
            await disable(house.world, await house.user())
            house.desk("robot").change_owner(activity, "boris")
            await house.settle()
            assert calendars(house) == (["Visit"], ["Visit"])

            house.desk("robot").edit(activity, subject="Visit 2")
            await house.settle()
            assert calendars(house) == (["Visit"], ["Visit 2"])

    async def test_she_comes_back(self) -> None:
        """Her old event is left alone, and its deletion takes nothing from Boris."""
        async with open_shop() as house:
            activity = await ordered(house)
            await disable(house.world, await house.user())
            house.desk("robot").change_owner(activity, "boris")
            await house.settle()
            await enable(house.world, ANNA)
            house.outlook().edit(only(house.outlook().events())["id"], subject="Old")
            await house.settle()
            await house.sync(full=True)
            assert calendars(house) == (["Old"], ["Visit"])

            house.outlook().delete(only(house.outlook().events())["id"])
            await house.settle()
            await house.sync(full=True)
            assert calendars(house) == ([], ["Visit"])
            assert house.desk().get(activity)["Void"] is False

    @pytest.mark.parametrize("who", ["void", "delete"])
    async def test_the_new_owner_ends_it(self, who: str) -> None:
        """Void in ERP.net, or deleted in Boris's calendar while Anna's old event is still there."""
        async with open_shop() as house:
            activity = await ordered(house)
            await disable(house.world, await house.user())
            house.desk("robot").change_owner(activity, "boris")
            await house.settle()
            await enable(house.world, ANNA)
            await house.settle()
            if who == "void":
                house.desk("robot").void(activity)
            else:
                house.outlook(BORIS).delete(only(house.outlook(BORIS).events())["id"])
            await house.settle()
            await house.sync(full=True)

            assert calendars(house) == ([], [])
            assert house.desk().get(activity)["Void"] is True


async def lose_index(house: House) -> None:
    """The table of what several users share is emptied."""
    assert house.memory is not None
    backend = house.memory.backend
    activities = [row["Id"] for row in house.desk().activities()]
    for activity in activities:
        for row in await backend.scan(Table.MEETINGS, "activity", begin=activity):
            await backend.write(Table.MEETINGS, Op(Verb.DELETE, row.key))


class Stale:
    """An ERP.net that was read before its activities changed."""

    def __init__(self, erp: object, stale: dict[str, ErpActivity]) -> None:
        self._erp = erp
        self._stale = stale

    def __getattr__(self, name: str) -> object:
        return getattr(self._erp, name)

    async def read_owned(self, *_: object) -> Owned:
        """What was read, whoever asks."""
        return Owned(tuple(self._stale.values()))
