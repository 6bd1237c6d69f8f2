"""Two users' rounds on one meeting, at every interleaving: one does a whole round before each call of the other's.

In the end the meeting is one activity, fed from one calendar, and nobody was told twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from jobs.commands.switch import disable, enable
from jobs.pull import run_pull
from jobs.round.run import run_round
from sync_core.errors import CalsyncError
from sync_core.model.link import Role
from tests.support.budget import budget, each, told
from tests.support.days import at, digits
from tests.support.house import House, open_house, participants
from tests.support.moments import Moments
from tests.support.random_acts import GUEST
from tests.support.random_company import STRANGER, UPNS, Company
from tests.support.scenes import forward

ANNA, BORIS, CARL = UPNS
MOST_CALLS = 90
STRIDE = budget(61, 1)
"""Every call in `make soak`, every sixty-first in `make test`."""


async def new_meeting(house: House) -> None:
    """The stranger invites all; nobody has seen it yet."""
    house.graph.outsider(STRANGER).create("Pitch", at(3), at(3, 10), attendees=[ANNA, BORIS, CARL, GUEST])


async def known_meeting(house: House) -> None:
    """The stranger's meeting, fed from Anna's calendar."""
    await new_meeting(house)
    await house.settle()


async def made_in_erp(house: House) -> None:
    """Boris has typed a meeting with all in ERP.net; nobody has seen it yet."""
    house.desk("boris").create("Review", digits(2), digits(2, 12), participants=[ANNA, CARL, GUEST])


async def holder_declines(house: House) -> None:
    """Whose calendar feeds the meeting loses it."""
    await known_meeting(house)
    _decline(house, ANNA, "Pitch")


async def both_lose_it(house: House) -> None:
    """The holder and the next in turn decline; Carl alone keeps it."""
    await holder_declines(house)
    _decline(house, BORIS, "Pitch")


async def declined_unseen(house: House) -> None:
    """Only Anna's calendar has been looked at when she declines; Boris and Carl have the meeting all the same."""
    await house.sync()
    await new_meeting(house)
    await house.sync(ANNA)
    _decline(house, ANNA, "Pitch")


async def forwarded(house: House) -> None:
    """Anna declines what only she was invited to; a copy has come to Boris that the meeting does not name."""
    await house.sync()
    event = house.graph.outsider(STRANGER).create("Pitch", at(3), at(3, 10), attendees=[ANNA])
    await house.sync()
    forward(house, event, BORIS)
    _decline(house, ANNA, "Pitch")


async def exchanged(house: House) -> None:
    """The stranger takes Anna off the list and puts Boris on it, at one go: her copy never names him."""
    await house.sync()
    kim = house.graph.outsider(STRANGER)
    event = kim.create("Pitch", at(3), at(3, 10), attendees=[ANNA, GUEST])
    await house.sync()
    kim.edit(event, attendees=[BORIS, GUEST])


async def organizer_comes_on(house: House) -> None:
    """Boris' own meeting was fed from Anna's calendar until he switched on."""
    await disable(house.world, await house.user(BORIS))
    house.outlook(BORIS).create("Plan", at(3), at(3, 10), attendees=[ANNA, CARL])
    await house.settle()
    await enable(house.world, BORIS)


async def people_on_both_sides(house: House) -> None:
    """Anna adds the guest in Outlook, Boris adds Carl in ERP.net and answers."""
    house.outlook(ANNA).create("Plan", at(3), at(3, 10), attendees=[BORIS])
    await house.settle()
    [row] = house.desk().activities()
    house.outlook(BORIS).accept(_copy(house, BORIS, "Plan"))
    house.outlook(ANNA).edit(_copy(house, ANNA, "Plan"), attendees=[BORIS, GUEST])
    house.desk("boris").add_participant(row["Id"], CARL)


async def stranger_cancels(house: House) -> None:
    """The meeting is off for all."""
    await known_meeting(house)
    kim = house.graph.outsider(STRANGER)
    kim.cancel(kim.events()[0]["id"])


def _copy(house: House, upn: str, subject: str) -> str:
    found = house.outlook(upn).find(subject)
    assert found is not None
    return found


def _decline(house: House, upn: str, subject: str) -> None:
    house.outlook(upn).decline(_copy(house, upn, subject))


Scene = Callable[[House], Awaitable[None]]
SCENES: list[Scene] = [
    new_meeting,
    made_in_erp,
    holder_declines,
    both_lose_it,
    declined_unseen,
    organizer_comes_on,
    people_on_both_sides,
    stranger_cancels,
]


async def round_of(house: House, upn: str, moments: Moments | None = None) -> None:
    """A whole round of this user's; one that stops itself is the next one's to finish."""
    world = moments.around(house.world) if moments else house.world
    report = await run_round(world, await house.user(upn), asked=True)
    assert report.trouble is None or isinstance(report.trouble, CalsyncError)


PAIRS = [(ANNA, BORIS), (BORIS, ANNA), (BORIS, CARL)]
CASES = [(scene, *pair) for scene, pair in each(SCENES, PAIRS)]
"""Every scene with every two of them in `make soak`, with one pair in `make test`."""


@pytest.mark.parametrize(("scene", "first", "second"), CASES, ids=lambda one: getattr(one, "__name__", one))
async def test_a_colleagues_round_at_every_moment_of_ones_own(scene: Scene, first: str, second: str) -> None:
    """Whichever call the other's round comes before, the meeting has one activity and one that feeds it."""
    for n in range(0, MOST_CALLS, STRIDE):
        async with open_house() as house:
            company = await Company.open(house)
            await scene(house)
            await run_pull(house.world)
            mails = len(house.graph.mails)
            moments = Moments(n, lambda house=house: round_of(house, second))  # type: ignore[misc]
            await round_of(house, first, moments)
            await company.check(mails=False)
            check_ends(house, scene, mails)
            if not moments.hit:
                return
    pytest.fail("the round makes more calls than this test looks at")


async def outsiders_meeting_without_feeder(house: House, *guests: str) -> str:
    """Carl's copy has fed a stranger's meeting; his mailbox is in error for a day. The event at the stranger."""
    for name in ("anna", "boris", "carl"):
        await house.employ(name)
    event = house.graph.outsider(STRANGER).create("Pitch", at(9), at(9, 10), attendees=[*guests, CARL])
    await house.sync(CARL)
    await house.settle()
    house.graph.mailbox(CARL).usable = False
    for _ in range(2):
        await house.sync(CARL)
        house.advance(days=1, minutes=5)
    return event


async def outrun(house: House) -> None:
    """Anna claims the meeting just before Boris does."""
    await run_pull(house.world)
    moments = Moments(0, lambda: round_of(house, ANNA), frozenset({"save_claims"}))
    await round_of(house, BORIS, moments)
    assert moments.hit
    assert [x.role for x in (await house.recall(ANNA)).links] == [Role.INVITED]


async def test_a_new_copy_whose_meeting_somebody_else_takes_over_is_known_all_the_same() -> None:
    """Boris is invited when Carl's mailbox no longer feeds the meeting; Anna claims it just before him: he follows,
    and when she declines, his copy goes on with the same activity."""
    async with open_house() as house:
        event = await outsiders_meeting_without_feeder(house, ANNA)
        house.graph.outsider(STRANGER).edit(event, attendees=[ANNA, BORIS, CARL])
        await outrun(house)
        await house.sync(ANNA, BORIS)

        assert [x.role for x in (await house.recall(BORIS)).links] == [Role.FOLLOWER]
        _decline(house, ANNA, "Pitch")
        await house.sync(ANNA, BORIS)
        await house.sync(ANNA, BORIS)
        assert [row["Void"] for row in house.desk().activities()] == [False]
        assert [x.role for x in (await house.recall(BORIS)).links] == [Role.INVITED]


async def test_an_answer_given_while_somebody_else_takes_the_meeting_over_arrives() -> None:
    """Boris accepts when Carl's mailbox no longer feeds the meeting, and Anna claims it just before him."""
    async with open_house() as house:
        await outsiders_meeting_without_feeder(house, ANNA, BORIS)
        house.outlook(BORIS).accept(_copy(house, BORIS, "Pitch"))
        await outrun(house)
        await house.sync(ANNA, BORIS)

        [row] = house.desk().activities()
        assert {p["Email"]: p["Notes"] for p in row["Participants"]}[BORIS] == "Outlook: accepted"


CLAIMS = {"read_claim", "read_claims", "save_claim", "save_claims"}
LINKS = {"recall", "recall_open", "find_links", "find_feeding"}
TELLING = frozenset({*CLAIMS, *LINKS, "find_copies", "find_by_uid", "save", "write"})
"""The calls between which it matters who else is at work on a meeting that somebody loses."""


@pytest.mark.parametrize("scene", [holder_declines, declined_unseen, both_lose_it], ids=lambda scene: scene.__name__)
async def test_a_third_round_at_every_moment_of_a_second_one(scene: Scene) -> None:
    """Anna has lost the meeting; Boris' round falls into hers, and Carl's into his: nothing that lives is voided."""
    for n in range(0, MOST_CALLS, budget(17, 1)):
        for k in range(0, MOST_CALLS, budget(17, 1)):
            async with open_house() as house:
                company = await Company.open(house)
                await scene(house)
                await run_pull(house.world)
                inner = Moments(k, lambda house=house: round_of(house, CARL), TELLING)  # type: ignore[misc]
                outer = Moments(n, lambda house=house, inner=inner: round_of(house, BORIS, inner), TELLING)  # type: ignore[misc]
                await round_of(house, ANNA, outer)
                await company.check(mails=False)
                assert [row["Void"] for row in house.desk().activities()] == [False]
            if not inner.hit:
                break
        if not outer.hit:
            return
    pytest.fail("the rounds make more calls than this test looks at")


@pytest.mark.parametrize(("scene", "first"), each([forwarded, exchanged], [ANNA, BORIS]), ids=told)
async def test_a_copy_that_the_meeting_does_not_name(scene: Scene, first: str) -> None:
    """Anna loses the meeting while Boris' first round sees his copy, at every moment: in the end he feeds a living
    activity, if need be a new one."""
    second = BORIS if first == ANNA else ANNA
    for n in range(0, MOST_CALLS, budget(17, 1)):
        async with open_house() as house:
            company = await Company.open(house)
            await scene(house)
            moments = Moments(n, lambda house=house: round_of(house, second))  # type: ignore[misc]
            await round_of(house, first, moments)
            house.advance(minutes=20)
            await house.settle()
            house.advance(minutes=20)
            await company.check(mails=False)
            assert [row["Void"] for row in house.desk().activities()].count(False) == 1
            assert [x.role for x in (await house.recall(BORIS)).links] == [Role.INVITED]
            if not moments.hit:
                return
    pytest.fail("the round makes more calls than this test looks at")


def check_ends(house: House, scene: Scene, mails: int) -> None:
    """One activity, void only where the meeting is off, with everybody's people; no mail twice."""
    rows = house.desk().activities()
    assert [row["Void"] for row in rows] == [scene is stranger_cancels]
    if scene is people_on_both_sides:
        assert {CARL, GUEST} <= set(participants(rows[0]))
    told = [(m.kind, m.to, m.ical_uid) for m in house.graph.mails[mails:] if m.kind != "response"]
    assert sorted(set(told)) == sorted(told)
