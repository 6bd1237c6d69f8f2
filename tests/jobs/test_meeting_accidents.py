"""A meeting in several mailboxes when workers die, memory is lost or a mailbox holds it twice: still one activity."""

from __future__ import annotations

from contextlib import suppress

import pytest

from adapters.memory import MemoryStore
from adapters.store import RowStore
from jobs.enrolment import enable
from jobs.ports import Claim
from sync_core.plan import SAME_UID
from tests.jobs.house import ANNA, START, House, open_office, upn_of
from tests.jobs.test_meetings import BORIS, COLLEAGUES, KIM, call, copy_of, feeder
from tests.jobs.test_rules import digits, only
from tests.jobs.test_stops import Fuse, FusedBackend, Killed

MOST_WRITES = 40
"""More store writes than the rounds of this file make."""


async def test_another_mailbox_goes_on_where_a_worker_died() -> None:
    """Anna's worker dies before the n-th write, with the activity made and not remembered too: one activity."""
    for n in range(MOST_WRITES):
        backend = FusedBackend(lambda: START)
        async with open_office("anna", "boris", store=RowStore(backend)) as house:
            backend._clock = house.clock.now
            await house.sync()
            call(house, KIM, ("anna", "boris"))
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


class Mortal(MemoryStore):
    """A store whose user dies right after a claim."""

    dies = False

    async def save_claim(self, claim: Claim) -> Claim:
        saved = await super().save_claim(claim)
        if self.dies:
            raise Killed
        return saved


async def test_dead_for_good() -> None:
    """Anna's worker dies between claim and create and never comes back: Boris takes the meeting over."""
    store = Mortal(lambda: START)
    async with open_office("anna", "boris", store=store) as house:
        store.backend._clock = house.clock.now  # type: ignore[attr-defined]
        await house.sync()
        call(house, KIM, ("anna", "boris"))
        store.dies = True
        with suppress(Killed):
            await house.sync(ANNA)
        store.dies = False
        await house.sync(BORIS)
        assert house.desk().activities() == []

        house.advance(minutes=10)
        await house.sync(BORIS)
        assert await feeder(house, only(house.desk().activities())["Id"]) == BORIS


async def test_the_same_meeting_twice_in_one_mailbox() -> None:
    """A second event with the same iCalUId makes no second activity, and is listed."""
    async with open_office("anna", "boris") as house:
        event = call(house, ANNA, ("boris",))
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
            call(house, organizer, COLLEAGUES, f"Planning {day}", day=day)
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


def double(house: House, upn: str, event: str) -> None:
    """Put a second item of the same meeting into a mailbox, as an import of a saved invitation does."""
    mailbox = house.graph.mailbox(upn)
    item = mailbox.find(event).item
    other = mailbox.add(item.content, uid=item.ical_uid)
    other.is_organizer = item.is_organizer
    mailbox.touch(other, "created")
