"""A meeting in several mailboxes when workers die, memory is lost or a mailbox holds it twice: still one activity."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import pytest

from adapters.store.memory import MemoryStore
from adapters.store.store import RowStore
from jobs.commands.switch import disable, enable
from jobs.round.run import run_round
from sync_core.model.claim import Claim
from sync_core.plan.tables import SAME_UID
from tests.support.budget import budget
from tests.support.colleagues import BORIS, COLLEAGUES, KIM, NAMES, call_meeting, copy_of, feeder, living
from tests.support.days import at, digits, only
from tests.support.fuse import Fuse, FusedBackend, Killed
from tests.support.house import ANNA, START, House, open_office, upn_of
from tests.support.moments import Moments
from tests.support.scenes import forward

MOST_WRITES = 40
"""More store writes than the rounds of this file make."""


async def test_another_mailbox_goes_on_where_a_worker_died() -> None:
    """Anna's worker dies before the n-th write, with the activity made and not remembered too: one activity."""
    for n in range(0, MOST_WRITES, budget(5, 1)):
        backend = FusedBackend(lambda: START)
        async with open_office("anna", "boris", store=RowStore(backend)) as house:
            backend._clock = house.clock.now
            await house.sync()
            call_meeting(house, KIM, ("anna", "boris"))
            backend.fuse = Fuse(n)
            with suppress(Killed):
                await house.sync(ANNA)
            died = backend.fuse.left is not None and backend.fuse.left < 0
            backend.fuse = Fuse()
            house.advance(minutes=20)
            await house.sync(BORIS)
            assert len(house.desk().activities()) <= 1
            await house.settle(BORIS, ANNA)

            assert await feeder(house, only(house.desk().activities())["Id"]) in (ANNA, BORIS)
            if not died:
                return
    pytest.fail("the round makes more writes than this test looks at")


@pytest.mark.parametrize("is_noticed", [False, True], ids=["boris-has-had-no-round", "two-workers-met-at-it"])
async def test_declined_before_a_colleagues_copy_was_known(is_noticed: bool) -> None:
    """Anna declines what only her calendar has brought over so far; Boris has it too, and it goes on from his."""
    async with open_office("anna", "boris") as house:
        await house.sync()
        event = call_meeting(house, KIM, ("anna", "boris"))
        if is_noticed:
            await asyncio.gather(*[run_round(house.world, await house.user(upn)) for upn in (ANNA, BORIS)])
        else:
            await house.sync(ANNA)
        house.outlook().decline(copy_of(house, "anna"))
        await house.sync(ANNA)
        await house.settle()
        house.graph.outsider(KIM).edit(event, subject="Renamed")
        await house.settle()

        activity = only(house.desk().activities())
        assert (activity["Subject"], activity["Void"]) == ("Renamed", False)
        assert await feeder(house, activity["Id"]) == BORIS
        assert [e["subject"] for e in house.outlook(BORIS).events()] == ["Renamed"]


async def test_deleted_by_its_organizer_who_told_nobody() -> None:
    """Anna's own meeting leaves her calendar without a word before Boris had a round: he goes on having it."""
    async with open_office("anna", "boris") as house:
        await house.sync()
        event = call_meeting(house, ANNA, ("boris",))
        await house.sync(ANNA)
        lose(house, ANNA, event)
        await house.settle(ANNA, BORIS)

        activity = only(house.desk().activities())
        assert not activity["Void"]
        assert [e["subject"] for e in house.outlook(BORIS).events()] == ["Planning"]


async def test_forwarded_after_it_was_given_up() -> None:
    """Nobody has the meeting any more, its activity is void; a copy that turns up later gets a new activity."""
    async with open_office("anna", "boris") as house:
        event = call_meeting(house, KIM, ("anna",))
        await house.settle()
        house.outlook().decline(copy_of(house, "anna"))
        await house.settle()
        forward(house, event, BORIS)
        await house.settle()
        house.advance(minutes=20)
        await house.settle()

        assert [row["Void"] for row in house.desk().activities()].count(True) == 1
        assert await feeder(house, only(living(house))["Id"]) == BORIS


async def test_who_cannot_be_asked_keeps_the_meeting_alive() -> None:
    """Boris' mailbox has no licence when Anna declines: the activity waits, and goes once he has declined, too."""
    async with open_office("anna", "boris") as house:
        await house.sync()
        call_meeting(house, KIM, ("anna", "boris"))
        await house.sync(ANNA)
        house.outlook().decline(copy_of(house, "anna"))
        house.graph.mailbox(BORIS).usable = False
        await house.sync(ANNA)
        assert len(living(house)) == 1

        house.graph.mailbox(BORIS).usable = True
        house.outlook(BORIS).decline(copy_of(house, "boris"))
        await house.settle()
        assert living(house) == []


async def test_a_lost_meeting_costs_a_question_for_each_of_its_people() -> None:
    """A company's other mailboxes are not asked, however many there are. Boris's is asked once more, by the round in
    which he takes the meeting over."""
    async with open_office(*NAMES) as house:
        await house.sync()
        call_meeting(house, KIM, ("anna", "boris"))
        await house.sync(ANNA)
        house.outlook().decline(copy_of(house, "anna"))
        house.graph.forget_requests()
        await house.sync(ANNA)

        asked = {n: sum(house.graph.mailbox(upn_of(n)).id in s.line for s in house.graph.requests) for n in NAMES}
        assert asked.pop("anna") > 0
        assert asked == {"boris": 2, "carl": 0, "dora": 0, "emil": 0}


class Mortal(MemoryStore):
    """A store whose user dies right after a claim."""

    dies = False

    async def save_claims(self, claims: Sequence[Claim]) -> list[Claim | None]:
        saved = await super().save_claims(claims)
        if self.dies and claims:
            raise Killed
        return saved


async def test_dead_for_good() -> None:
    """Anna's worker dies between claim and create and never comes back: Boris takes the meeting over."""
    store = Mortal(lambda: START)
    async with open_office("anna", "boris", store=store) as house:
        store.backend._clock = house.clock.now  # type: ignore[attr-defined]
        await house.sync()
        call_meeting(house, KIM, ("anna", "boris"))
        store.dies = True
        with suppress(Killed):
            await house.sync(ANNA)
        store.dies = False
        await house.sync(BORIS)
        assert house.desk().activities() == []

        house.advance(minutes=10)
        await house.sync(BORIS)
        assert await feeder(house, only(house.desk().activities())["Id"]) == BORIS


@pytest.mark.parametrize(
    "call", ["add_names", "revise_user"], ids=["before its link is saved", "before its round ends"]
)
async def test_dead_for_good_with_the_activity_made(call: str) -> None:
    """Anna's worker dies, her licence goes, and Kim moves the meeting: Boris, who is invited only then, brings it."""

    async def die() -> None:
        raise Killed

    async with open_office("anna", "boris") as house:
        await house.sync()
        event = call_meeting(house, KIM, ("anna",), day=9)
        with suppress(Killed):
            await run_round(Moments(0, die, frozenset({call})).around(house.world), await house.user())
        house.graph.mailbox(ANNA).usable = False
        house.advance(minutes=7)
        house.graph.outsider(KIM).edit(event, start=at(5), end=at(5, 10), attendees=[ANNA, BORIS])
        for _ in range(3):
            house.advance(hours=13)
            await house.sync()

        row = only(house.desk().activities())
        assert await feeder(house, row["Id"]) == BORIS
        assert row["StartTime"] == digits(5).isoformat() + "Z"


async def test_the_same_meeting_twice_in_one_mailbox() -> None:
    """A second event with the same iCalUId makes no second activity, and is listed."""
    async with open_office("anna", "boris") as house:
        event = call_meeting(house, ANNA, ("boris",))
        await house.settle()
        double(house, BORIS, copy_of(house, "boris"))
        double(house, ANNA, event)
        await house.settle()

        assert len(house.desk().activities()) == 1
        assert [(p.parked, p.reason) for p in (await house.recall()).pending] == [(True, SAME_UID)]


@pytest.mark.parametrize("organizer", [ANNA, KIM], ids=["own", "outside"])
async def test_the_state_tables_are_lost(organizer: str) -> None:
    """All is forgotten and everybody switched on again: 0 creates, 0 mails, the same activities."""
    async with open_office(*COLLEAGUES) as house:
        for day in range(1, 8):
            call_meeting(house, organizer, COLLEAGUES, f"Planning {day}", day=day)
            house.desk("boris").create(f"Visit {day}", digits(day, 15), digits(day, 16), participants=["carl"])
        await house.settle()
        before = sorted(a["Id"] for a in house.desk().activities())
        house.world = house.world_with(RowStore(FusedBackend(house.clock.now)))
        await house.world.store.prepare()
        for name in COLLEAGUES:
            await enable(house.world, upn_of(name))
        house.graph.forget_requests()
        with house.post() as post:
            done = await house.settle()

        assert {what: n for what, n in done.items() if "created" in what} == {}
        assert post == []
        assert sorted(a["Id"] for a in house.desk().activities()) == before
        if organizer == ANNA:
            event = house.outlook().find("Planning 3")
            activity = only(house.desk().find("Planning 3"))["Id"]
            assert event is not None
            house.outlook().edit(event, subject="Renamed")
            await house.settle()
            assert house.desk().get(activity)["Subject"] == "Renamed"


def lose(house: House, upn: str, event: str) -> None:
    """Delete an organizer's event without a message to anybody, as an administrator's tool does."""
    mailbox = house.graph.mailbox(upn)
    mailbox.purge(mailbox.find(event).item)


def double(house: House, upn: str, event: str) -> None:
    """Put a second item of the same meeting into a mailbox, as an import of a saved invitation does."""
    mailbox = house.graph.mailbox(upn)
    item = mailbox.find(event).item
    other = mailbox.add(item.content, uid=item.ical_uid)
    other.is_organizer = item.is_organizer
    mailbox.touch(other, "created")


async def test_renamed_as_its_feeder_switches_off_and_on_again() -> None:
    """Kim renames the meeting, then Anna, whose copy fed it, switches off and on before anybody's round: Boris's copy
    feeds next, Anna's follows, and the new title arrives."""
    async with open_office("anna", "boris") as house:
        await house.sync()
        event = call_meeting(house, KIM, ("anna", "boris"))
        await house.settle()
        fed_by = await feeder(house, only(living(house))["Id"])
        house.advance(minutes=5)
        house.graph.outsider(KIM).edit(event, subject="Renamed")
        house.advance(minutes=5)
        await disable(house.world, await house.user(fed_by))
        await enable(house.world, fed_by)
        await house.settle()

        assert [a["Subject"] for a in living(house)] == ["Renamed"]


async def test_its_organizer_is_back_just_as_a_guest_begins_to_feed() -> None:
    """Anna switches off and on, and Boris's first round as the feeder writes the claim just before hers does: hers
    takes it in the next round, without a full one."""
    async with open_office("anna", "boris") as house:
        await house.sync()
        call_meeting(house, ANNA, ("boris",))
        await house.settle()
        await disable(house.world, await house.user())
        await enable(house.world, ANNA)

        async def guest() -> None:
            await house.sync(BORIS)

        moments = Moments(0, guest, frozenset({"save_claims"}))
        await run_round(moments.around(house.world), await house.user())
        assert moments.hit
        for upn in (ANNA, BORIS):
            await run_round(house.world, await house.user(upn))

        assert await feeder(house, only(living(house))["Id"]) == ANNA
