"""A stop at every single call and every store write while meetings of several people are synced.

The next rounds end with one activity for each meeting, nobody is mailed twice, nothing is voided that lives.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from adapters.store.store import RowStore
from jobs.commands.switch import disable, enable
from tests.support.budget import budget, each, told
from tests.support.days import at, digits
from tests.support.fuse import Fuse, FusedBackend, broken_sync
from tests.support.house import START, House, open_house
from tests.support.random_company import STRANGER, UPNS, Company

MOST_CALLS = 90
ANNA, BORIS, CARL = UPNS


async def first_meetings(house: House) -> None:
    """A meeting from each place where one can begin, each with people."""
    house.outlook(ANNA).create("Plan", at(1), at(1, 10), attendees=[BORIS, "guest@client.example"])
    house.desk("boris").create("Review", digits(2), digits(2, 12), participants=[ANNA, "guest@client.example"])
    house.graph.outsider(STRANGER).create("Pitch", at(3), at(3, 10), attendees=[BORIS, CARL])


async def ids_of(house: House) -> dict[str, str]:
    """The first meetings synced: subject → activity."""
    await first_meetings(house)
    await house.sync()
    return {row["Subject"]: row["Id"] for row in house.desk().activities()}


async def people_on_both_sides(house: House) -> None:
    """Somebody joins here, somebody else there, somebody leaves, somebody answers."""
    rows = await ids_of(house)
    house.outlook(BORIS).accept(_copy(house, BORIS, "Plan"))
    house.desk("anna").add_participant(rows["Plan"], CARL)
    house.outlook(ANNA).edit(_copy(house, ANNA, "Plan"), subject="The plan")
    house.desk("boris").remove_participant(rows["Review"], ANNA)


async def holder_leaves(house: House) -> None:
    """The one whose calendar feeds the stranger's meeting declines it; a meeting is moved in ERP.net."""
    rows = await ids_of(house)
    house.outlook(BORIS).decline(_copy(house, BORIS, "Pitch"))
    house.desk("boris").edit(rows["Review"], start=digits(4), end=digits(4, 12))


async def stranger_cancels(house: House) -> None:
    """The stranger's meeting is off, for both who were invited."""
    await ids_of(house)
    kim = house.graph.outsider(STRANGER)
    pitch = kim.find("Pitch")
    assert pitch is not None
    kim.cancel(pitch)


async def organizer_comes_on(house: House) -> None:
    """Anna's meeting was fed from Boris's calendar until she switched on."""
    await disable(house.world, await house.user(ANNA))
    await first_meetings(house)
    await house.sync()
    await enable(house.world, ANNA)


def _copy(house: House, upn: str, subject: str) -> str:
    found = house.outlook(upn).find(subject)
    assert found is not None
    return found


SCENES = [first_meetings, people_on_both_sides, holder_leaves, stranger_cancels, organizer_comes_on]
Scene = Callable[[House], Awaitable[None]]
STRIDE = budget(37, 1)
"""Every call and every misfortune in `make soak`, the harshest at every twenty-third in `make test`."""


async def check(company: Company, mails: int) -> None:
    """One activity each, quiet, and the mails of the broken sync and after: each at most once."""
    company.house.advance(minutes=20)
    await company.check(mails=False)
    twice = Counter((m.kind, m.to, m.ical_uid, m.subject) for m in company.house.graph.mails[mails:])
    assert [mail for mail, count in twice.items() if count > 1] == []


@pytest.mark.parametrize(("scene", "when"), each(SCENES, ["before", "after"]), ids=told)
async def test_dying_at_every_store_write_of_a_meeting(scene: Scene, when: str) -> None:
    """kill at the n-th write of our memory, for every n."""
    for n in range(0, MOST_CALLS * 2, STRIDE):
        backend = FusedBackend(lambda: START)
        async with open_house(RowStore(backend)) as house:
            backend._clock = house.clock.now
            company = await Company.open(house)
            await scene(house)
            mails = len(house.graph.mails)
            backend.fuse = Fuse(n, when == "before")
            await broken_sync(house)
            died = backend.fuse.left is not None and backend.fuse.left < 0
            backend.fuse = Fuse()
            await check(company, mails)
            if not died:
                return
    pytest.fail("the round makes more writes than this test looks at")


@pytest.mark.parametrize(
    ("scene", "side", "kind"), each(SCENES, ["graph", "erp"], ["lose", "cut", "answer"]), ids=told
)
async def test_losing_every_outside_call_of_a_meeting(scene: Scene, side: str, kind: str) -> None:
    """The n-th call of a side is cut, done without an answer, or answered 503, for every n."""
    for n in range(0, MOST_CALLS, STRIDE):
        async with open_house() as house:
            company = await Company.open(house)
            await scene(house)
            mails = len(house.graph.mails)
            simulator = house.graph if side == "graph" else house.erp
            fault = simulator.add_fault("*", kind=kind, skip=n, times=3)
            await broken_sync(house)
            hit = fault.times != 3
            simulator.faults.clear()
            await check(company, mails)
            if not hit:
                return
    pytest.fail("the round makes more calls than this test looks at")
