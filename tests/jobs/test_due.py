"""Who is due: what is stored says whether a round has something to do, without asking a side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.due import is_due, pause_of, reads_whole
from sync_core.model.instance import Instance
from sync_core.model.memory import InboxRow, Memory
from sync_core.model.pause import Pause
from sync_core.model.pending import Pending, PendingState
from sync_core.model.policy import Policy
from sync_core.model.sides import Side
from sync_core.model.user import User
from tests.support.house import START, House

Told = tuple[User, Memory, Instance]


def with_cursors(**told: object) -> Callable[[User, Memory, Instance], Told]:
    """The same, with other cursors."""
    return lambda u, m, i: (u, replace(m, cursors=replace(m.cursors, **told)), i)  # type: ignore[arg-type]


def with_link(**told: object) -> Callable[[User, Memory, Instance], Told]:
    """The same, with another link."""
    return lambda u, m, i: (u, replace(m, links=tuple(replace(one, **told) for one in m.links)), i)  # type: ignore[arg-type]


WAITS, PARKED = (Pending(Side.GRAPH, "E9", state=PendingState.WAITING, parked=parked) for parked in (False, True))

CASES: dict[str, tuple[Callable[[User, Memory, Instance], Told], bool]] = {
    "in-step": (lambda u, m, i: (u, m, i), False),
    "user/in-error": (lambda u, m, i: (replace(u, state="Error: no mailbox"), m, i), True),
    "user/zone-not-known": (lambda u, m, i: (replace(u, zone=""), m, i), True),
    "cursors/full-round-asked": (with_cursors(full_due=True), True),
    "cursors/no-delta-link": (with_cursors(delta_link=None), True),
    "cursors/no-delta-window": (with_cursors(delta_window=None), True),
    "cursors/another-day": (with_cursors(day=START.date() - timedelta(days=1)), True),
    "cursors/skips-are-decided-otherwise": (with_cursors(fingerprint="another"), True),
    "policy/skips-are-decided-otherwise": (
        lambda u, m, i: (u, m, replace(i, policy=replace(Policy(), activity_types=frozenset({"Visit"})))),
        True,
    ),
    "wake-token-not-served": (lambda u, m, i: (u, replace(m, wake="another"), i), True),
    "hint-of-the-pull": (lambda u, m, i: (u, replace(m, inbox=(InboxRow("A1", START),)), i), True),
    "link/read-again": (with_link(reread="a write was refused"), True),
    "link/not-seen-yet": (with_link(unseen=True), True),
    "item/waits": (lambda u, m, i: (u, replace(m, pending=(WAITS,)), i), True),
    "item/parked": (lambda u, m, i: (u, replace(m, pending=(PARKED,)), i), False),
}


async def in_step(house: House) -> Told:
    """Anna with one meeting in step, and nothing to do."""
    start = START + timedelta(days=2)
    house.outlook().create("Plan", start, start + timedelta(hours=1))
    await house.settle()
    instance, _ = await house.world.store.read_instance()
    return await house.user(), await house.recall(), instance


@pytest.mark.parametrize(("told", "expected"), CASES.values(), ids=CASES)
async def test_who_is_due(house: House, told: Callable[[User, Memory, Instance], Told], *, expected: bool) -> None:
    """One thing to do is enough; what is parked is none."""
    user, memory, instance = told(*await in_step(house))

    assert expected is is_due(house.world, user, memory, instance)


WHOLE = {
    "user/zone-not-known",
    "cursors/full-round-asked",
    "cursors/no-delta-link",
    "cursors/skips-are-decided-otherwise",
    "policy/skips-are-decided-otherwise",
}


@pytest.mark.parametrize("name", CASES)
async def test_whose_next_round_reads_both_sides_whole(house: House, name: str) -> None:
    """So that it lets the others pass; a zone decides skips as well."""
    change, _ = CASES[name]
    user, memory, instance = change(*await in_step(house))

    assert reads_whole(house.world, user, memory, instance) is (name in WHOLE)


@pytest.mark.mistaken
async def test_a_mistake_of_ours_makes_the_user_due(house: House) -> None:
    """So that the round reports it."""
    user, memory, instance = await in_step(house)

    assert is_due(house.world, replace(user, zone="Nowhere/Land"), memory, instance)


TONIGHT = Pause(START, until=START.date() + timedelta(days=1))


@pytest.mark.parametrize(("own", "everybodys"), [(TONIGHT, None), (None, TONIGHT)], ids=["own", "everybody's"])
def test_whoever_pauses_no_round_runs(own: Pause | None, everybodys: Pause | None) -> None:
    """Until it ends."""
    user = User("anna-id", "anna@acme.example", zone="Europe/Sofia", pause=own)
    instance = replace(Instance(), pause=everybodys)

    assert pause_of(user, instance, START) is not None
    assert pause_of(user, instance, START + timedelta(days=2)) is None
