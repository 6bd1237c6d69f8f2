"""One meeting, one activity: however many mailboxes hold it, in whatever order and however parallel their rounds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import permutations

import pytest

from jobs.commands.switch import disable, enable
from jobs.round.run import run_round
from jobs.world import World
from sync_core.content.ranges import uid_key
from tests.support.budget import IS_SOAK, each, told
from tests.support.colleagues import BORIS, KIM, NAMES, call_meeting, feeder, living
from tests.support.days import at, digits, only
from tests.support.house import ANNA, House, open_office, upn_of
from tests.support.moments import Moments

CLAIMS = {"read_claim", "read_claims", "save_claim", "save_claims"}
STEPS = frozenset({*CLAIMS, "find_paired", "find_linked", "write", "save"})
"""The calls of a round between which it matters who else is at work."""

MOST_STEPS = 27
"""More such calls than the round makes."""


ORGANIZERS = [ANNA, "zoe@acme.example", KIM]
"""Herself, one who is switched off, one of another company."""


def orders(names: Sequence[str], organizer: str) -> list[tuple[str, ...]]:
    """Every order of execution; of four or five mailboxes `make test` takes those that differ in the organizer's
    place or the first guest, `make soak` all."""
    found = list(permutations(map(upn_of, names)))
    if len(names) < 4 or IS_SOAK:
        return found
    told = {(organizer in o and o.index(organizer), next(x for x in o if x != organizer)): o for o in found}
    return list(told.values())


@pytest.mark.parametrize(("count", "organizer"), each([2, 3, 4, 5], ORGANIZERS), ids=told)
async def test_every_order_of_rounds_makes_one_activity(organizer: str, count: int) -> None:
    """Whoever comes first, one mailbox feeds one activity; afterwards everybody is at rest and no mail was sent."""
    names = NAMES[:count]
    async with open_office(*names) as house:
        await house.employ("zoe", enabled=False)
        await house.sync()
        for turn, order in enumerate(orders(names, organizer)):
            subject = f"Planning {turn}"
            call_meeting(house, organizer, names, subject, day=1 + turn % 25)
            with house.post() as post:
                await house.sync(*order)

            activity = only(house.desk().find(subject))
            assert await feeder(house, activity["Id"]) == (ANNA if organizer == ANNA else order[0])
            assert post == []
        assert await house.settle() == {}


@pytest.mark.parametrize("count", [2, 3])
async def test_an_activity_with_colleagues_in_it(count: int) -> None:
    """Begun in ERP.net, it stands once in everybody's calendar, in whatever order their rounds run."""
    names = NAMES[:count]
    async with open_office(*names) as house:
        await house.sync()
        for turn, order in enumerate(permutations(map(upn_of, names))):
            subject = f"Visit {turn}"
            day = 1 + turn
            activity = house.desk().create(subject, digits(day), digits(day, 12), participants=names[1:])
            with house.post() as post:
                await house.sync(*order)
                await house.sync(*order)

            assert only(house.desk().find(subject))["Id"] == activity
            assert await feeder(house, activity) == ANNA
            assert sorted(post) == [("invitation", upn_of(name)) for name in names[1:]]
            for name in names:
                assert [e["subject"] for e in house.outlook(upn_of(name)).events()].count(subject) == 1
        assert await house.settle() == {}


class TestAtOnce:
    """Two workers on one store."""

    @pytest.mark.parametrize(("organizer", "first"), each(ORGANIZERS, [ANNA, BORIS]), ids=told)
    async def test_a_round_inside_another_ones(self, organizer: str, first: str) -> None:
        """A whole round of one mailbox at every step of the other's: one activity, fed by one mailbox, no mail."""
        async with open_office("anna", "boris") as house:
            await house.employ("zoe", enabled=False)
            await house.sync()
            second = BORIS if first == ANNA else ANNA
            for n in range(MOST_STEPS):
                subject = f"Planning {n}"
                call_meeting(house, organizer, ("anna", "boris"), subject, day=1 + n)
                moments = Moments(n, partial(one_round, house, house.world, second), STEPS)
                with house.post() as post:
                    await one_round(house, moments.around(house.world), first)
                    await house.settle()

                activity = only(house.desk().find(subject))
                assert await feeder(house, activity["Id"]) in ((ANNA,) if organizer == ANNA else (ANNA, BORIS))
                assert post == []
                if not moments.hit:
                    return
            pytest.fail("the round takes more steps than this test looks at")

    async def test_five_at_once(self) -> None:
        """Five workers with five mailboxes: one activity for each of ten meetings."""
        async with open_office(*NAMES) as house:
            await house.sync()
            for day in range(1, 11):
                call_meeting(house, (ANNA, KIM)[day % 2], NAMES, f"Planning {day}", day=day)
            worlds = [replace(house.world, holder=f"worker {name}") for name in NAMES]
            await asyncio.gather(*(one_round(house, w, upn_of(n)) for w, n in zip(worlds, NAMES, strict=True)))
            await house.settle()

            subjects = sorted(row["Subject"] for row in house.desk().activities())
            assert subjects == sorted(f"Planning {day}" for day in range(1, 11))


async def one_round(house: House, world: World, upn: str) -> None:
    """A round of one user, as a worker does it."""
    await run_round(world, await house.user(upn), asked=True)


class TestTheOrganizer:
    """An organizer who is with us feeds; the activity stays the same when they come and go."""

    async def test_on_later(self) -> None:
        """Boris feeds Anna's meeting while she is off; once on, it is hers, and both ways work."""
        async with open_office("boris") as house:
            await house.employ("anna", enabled=False)
            event = call_meeting(house, ANNA, ("boris",))
            await house.settle()
            activity = only(house.desk().activities())["Id"]
            assert await feeder(house, activity) == BORIS

            await enable(house.world, ANNA)
            await house.settle()
            assert await feeder(house, activity) == ANNA
            await flows(house, activity, event, ANNA)

    async def test_switched_off(self) -> None:
        """Anna switches off: Boris's copy goes on with the same activity, and Anna's edits still arrive by it. It is
        known all the time since when the meeting has it."""
        async with open_office() as house:
            event = call_meeting(house, ANNA, ("boris", "carl"))
            await house.settle()
            activity, began = only(house.desk().activities())["Id"], await began_at(house, event)
            house.advance(minutes=1)
            await disable(house.world, await house.user())
            await house.settle()
            assert (await feeder(house, activity), await began_at(house, event)) == (BORIS, began)

            house.outlook().edit(event, subject="Moved on", start=at(2), end=at(2, 11))
            await house.settle()
            assert (house.desk().get(activity)["Subject"], len(living(house))) == ("Moved on", 1)
            await enable(house.world, ANNA)
            await house.settle()
            assert (await feeder(house, activity), await began_at(house, event)) == (ANNA, began)
            await flows(house, activity, event, ANNA)

    async def test_in_trouble_for_a_day(self) -> None:
        """The organizer's mailbox is gone: after a day a copy feeds, until it is back."""
        async with open_office("anna", "boris") as house:
            event = call_meeting(house, ANNA, ("boris",), day=9)
            await house.settle()
            activity, began = only(house.desk().activities())["Id"], await began_at(house, event)
            house.graph.mailbox(ANNA).usable = False
            house.advance(hours=20)
            await house.sync()
            house.advance(hours=3)
            await house.sync()
            assert await feeder(house, activity) == ANNA

            house.advance(hours=30)
            await house.sync()
            await house.sync()
            assert (await feeder(house, activity), await began_at(house, event)) == (BORIS, began)
            assert [a["Id"] for a in living(house)] == [activity]
            house.graph.mailbox(ANNA).usable = True
            await house.settle()
            assert await feeder(house, activity) == ANNA
            await flows(house, activity, event, ANNA)

    async def test_known_by_an_alias(self) -> None:
        """Copies that name the organizer by an old address still know whose meeting it is."""
        async with open_office("boris") as house:
            await house.employ("anna")
            await house.sync()
            call_meeting(house, ANNA, ("boris",))
            house.graph.rename(ANNA, "anna.ivanova@acme.example")
            house.advance(days=1)
            await house.sync(BORIS)
            assert house.desk().activities() == []

            await house.sync()
            assert await feeder(house, only(house.desk().activities())["Id"]) == ANNA


async def began_at(house: House, event: str) -> datetime | None:
    """When Anna's meeting was first claimed."""
    claim = await house.world.store.read_claim(uid_key(house.outlook().get(event)["iCalUId"]))
    return claim.began_at if claim else None


async def flows(house: House, activity: str, event: str, organizer: str) -> None:
    """Edits go both ways between the organizer's event and the activity, which is still the only one."""
    house.outlook(organizer).edit(event, subject="From Outlook")
    await house.settle()
    assert house.desk().get(activity)["Subject"] == "From Outlook"
    house.desk().edit(activity, subject="From ERP.net")
    await house.settle()
    assert house.outlook(organizer).get(event)["subject"] == "From ERP.net"
    assert [a["Id"] for a in living(house)] == [activity]
