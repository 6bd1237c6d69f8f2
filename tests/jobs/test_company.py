"""One company, one policy: the stored one is in force, whoever runs, and two builds at once agree."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

import pytest

from adapters.store.store import RowStore
from jobs.app.dispatch import dispatch
from jobs.commands.explain import explain
from jobs.company import TRIES, agreed, change_policy, in_force, revise_instance, stamp_policy
from jobs.pull import run_pull
from jobs.waiting import unheeded
from jobs.world import World
from sync_core.errors import PolicyDiffers, StaleWrite, WrongStore
from sync_core.model.instance import Instance
from sync_core.model.policy import Policy, PrivateRule
from sync_core.model.sides import Side
from tests.support.days import at, digits
from tests.support.fuse import Fuse, FusedBackend, Killed
from tests.support.house import START, House, open_house

SKIP = Policy(private=PrivateRule.SKIP)


async def stored(house: House) -> Instance:
    """The instance row."""
    return (await house.world.store.read_instance())[0]


def under(house: House, policy: Policy, *chosen: str) -> World:
    """A world whose environment has this policy."""
    return replace(house.world, policy=policy, chosen=frozenset(chosen))


class Untouchable:
    """An environment's own policy that nobody may act by."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was taken from the environment")


async def test_only_the_stored_policy_is_acted_by(house: House) -> None:
    """Pulls, rounds, full ones, dry runs, the timer and `why` never look at their environment's own."""
    await stamp_policy(under(house, SKIP), by_app=True)
    house.world = under(house, cast(Policy, Untouchable()))
    secret = house.outlook().create("Secret", at(2), at(2, 10), private=True)
    house.outlook().create("Open", at(3), at(3, 10))
    house.desk().create("Visit", digits(3), digits(3, 12))
    for how in ({"dry_run": True}, {}, {"full": True, "dry_run": True}, {"full": True}, {}):
        house.advance(hours=30)
        await house.sync(**how)
        await dispatch(house.world)
    assert [a["Subject"] for a in house.desk().activities()] == ["Visit", "Open"]
    user = await house.user()
    assert any("private" in one.reason for one in await explain(house.world, user, secret))


async def test_the_app_tells_whether_erpnet_may_call_it_and_how_often_it_looks(house: House) -> None:
    """Known to whoever reads the row; the command line, whose settings need not say so, changes nothing."""
    world = house.world
    await stamp_policy(replace(world, has_webhook=True, looks_every=5, late_after=20), by_app=True)
    await stamp_policy(world)
    told = (await world.store.read_instance())[0]
    assert (told.has_webhook, told.looks_every, told.late_after) == (True, 5, 20)
    await stamp_policy(world, by_app=True)
    assert not (await world.store.read_instance())[0].has_webhook


async def test_two_builds_with_other_policies_do_not_flap(house: House) -> None:
    """During an update an old and a new process work side by side: the last start decides, everybody is looked at
    once more, and then never again for it."""
    old, new = under(house, Policy()), under(house, SKIP)
    await stamp_policy(old, by_app=True)
    await house.settle()
    await stamp_policy(new, by_app=True)
    full = []
    for turn in range(8):
        house.world = (old, new)[turn % 2]
        house.advance(minutes=5)
        full.append([report.full for report in (await house.sync()).reports])
    assert full == [[True]] + [[False]] * 7


async def test_a_start_with_the_same_policy_writes_nothing(house: House) -> None:
    """Processes that come and go do not touch the row."""
    await stamp_policy(under(house, SKIP), by_app=True)
    _, etag = await house.world.store.read_instance()
    await stamp_policy(under(house, SKIP), by_app=True)
    assert etag == (await house.world.store.read_instance())[1]


async def test_starts_at_once_agree(house: House) -> None:
    """Of several processes that start at the same moment one has the last word, and none fails; what else stood in
    the row stays."""
    await house.step()
    before = await stored(house)
    policies = [replace(SKIP, months_ahead=n + 1) for n in range(5)]
    await asyncio.gather(*(stamp_policy(under(house, one), by_app=True) for one in policies), run_pull(house.world))
    after = await stored(house)
    assert after.policy in policies
    assert replace(after, policy=None, policy_by_app=False) == replace(before, met=after.met)


async def test_others_that_are_always_faster_are_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that changes under every try ends in an error and not in an endless loop."""
    tries = 0

    async def save(*_: object) -> str:
        nonlocal tries
        tries += 1
        raise StaleWrite(Side.ERP, "somebody was faster")

    monkeypatch.setattr(house.world.store, "save_instance", save)
    with pytest.raises(StaleWrite):
        await revise_instance(house.world, lambda one: replace(one, refused="x"))
    assert tries == TRIES


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
async def test_killed_while_stamping(before: bool) -> None:
    """A process that dies at its stamp leaves the old policy or the new one, whole."""
    backend = FusedBackend(lambda: START)
    async with open_house(RowStore(backend)) as house:
        backend._clock = house.clock.now
        await stamp_policy(under(house, Policy()), by_app=True)
        backend.fuse = Fuse(0, before=before)
        with suppress(Killed):
            await stamp_policy(under(house, SKIP), by_app=True)
        backend.fuse = Fuse()
        assert (await stored(house)).policy == (Policy() if before else SKIP)
        await stamp_policy(under(house, SKIP), by_app=True)
        assert (await stored(house)).policy == SKIP


async def test_the_command_line_stamps_what_nobody_stamped(house: House) -> None:
    """Its first sync does; a later one with other settings changes nothing by itself, nor does it take the app's."""
    await stamp_policy(under(house, SKIP))
    assert ((await stored(house)).policy, (await stored(house)).policy_by_app) == (SKIP, False)
    await stamp_policy(under(house, Policy()))
    assert (await stored(house)).policy == SKIP
    await stamp_policy(under(house, SKIP), by_app=True)
    await stamp_policy(under(house, Policy()))
    assert ((await stored(house)).policy, (await stored(house)).policy_by_app) == (SKIP, True)


async def test_a_command_with_other_settings_is_refused(house: House) -> None:
    """Each setting is named with both values and the remedy; the remedy is the app's settings or a command."""
    own = under(house, Policy(months_ahead=2), "SYNC_PRIVATE", "SYNC_MONTHS_AHEAD", "SYNC_INVITE")
    await stamp_policy(under(house, SKIP), by_app=True)
    with pytest.raises(PolicyDiffers) as refused:
        await agreed(own, unheeded)
    private, months = refused.value.mistakes
    assert private.startswith("SYNC_PRIVATE is sync here and skip for the app: leave it out here")
    assert "the app's settings" in private
    assert months.startswith("SYNC_MONTHS_AHEAD is 2 here and 1 for the app")

    await change_policy(under(house, SKIP), take_over=True)
    with pytest.raises(PolicyDiffers, match="calsync policy --set"):
        await agreed(own, unheeded)


async def test_what_is_not_set_is_taken_and_said(house: House) -> None:
    """A bare shell works by the company's policy, and says what that changes."""
    await stamp_policy(under(house, SKIP), by_app=True)
    told: list[str] = []
    world = await agreed(under(house, Policy(), "SYNC_INVITE"), told.append)
    assert world.policy == SKIP
    assert told == ["Not set here, taken from the company's policy: SYNC_PRIVATE=skip."]


async def test_a_store_of_others_is_neither_stamped_nor_agreed_with(house: House) -> None:
    """Another ERP.net's store keeps its policy."""
    await house.step()
    other = replace(under(house, SKIP), database="else.example")
    for act in (stamp_policy(other, by_app=True), change_policy(other), agreed(other, unheeded)):
        with pytest.raises(WrongStore):
            await act
    assert (await stored(house)).policy is None


async def test_the_policy_changes_by_an_explicit_act_only(house: House) -> None:
    """Where the app decides, only a take-over changes it; then what is set here, and nothing else, is changed."""
    await stamp_policy(under(house, replace(SKIP, months_ahead=3)), by_app=True)
    here = under(house, Policy(), "SYNC_PRIVATE")
    with pytest.raises(PolicyDiffers, match="--take-over"):
        await change_policy(here)
    await change_policy(here, take_over=True)
    assert (await stored(house)).policy == Policy(months_ahead=3)
    assert in_force(here, await stored(house)).policy == Policy(months_ahead=3)
