"""Whom the store owes a round bears a due mark, at every moment: so a process may die at any moment.

Every state that a process can leave behind is the state after one of its writes: all of them are looked at.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from adapters.store.backend import Op, Table
from adapters.store.memory import MemoryBackend, MemoryQueue
from adapters.store.store import RowStore
from jobs.app.dispatch import dispatch
from jobs.app.work import handle
from jobs.commands.switch import disable
from jobs.due import is_troubled, owes
from jobs.ports import Put
from jobs.round.run import run_round
from jobs.wake import wake
from sync_core.model.pending import Pending
from sync_core.model.sides import Side
from sync_core.model.user import User
from tests.support.budget import budget
from tests.support.days import linked_meeting
from tests.support.fuse import Fuse, Killed, Raced, raw
from tests.support.house import START, House, open_house
from tests.support.random_company import ACTS, OPENING, Act, Company
from tests.support.scenes import Scene, clash, deletions, edits, first_sync, locks
from tests.support.users import put_user

MOST_WRITES = 9
"""More than a pull of one change makes before its messages are sent."""


class WatchedBackend(MemoryBackend):
    """A memory backend that looks after each write whether anybody is owed a round of whom the timer would not
    know."""

    def __init__(self) -> None:
        super().__init__(lambda: START)
        self.looks = 0
        self.missed: list[str] = []
        self._reads = RowStore(self)
        self._is_looking = False

    async def write(self, table: Table, op: Op) -> str:
        etag = await super().write(table, op)
        await self._look()
        return etag

    async def transact(self, table: Table, ops: Sequence[Op]) -> list[str]:
        etags = await super().transact(table, ops)
        await self._look()
        return etags

    async def _look(self) -> None:
        if self._is_looking:
            return
        self._is_looking = True
        marked = await self._reads.list_due()
        for user in await self._reads.list_users():
            if self._is_settled_by_its_row(user) and user.id not in marked:
                self.looks += 1
                if owes(await self._reads.recall(user.id)):
                    self.missed.append(user.upn)
        self._is_looking = False

    def _is_settled_by_its_row(self, user: User) -> bool:
        return user.enabled and not is_troubled(user) and user.cursors is not None


@asynccontextmanager
async def watched() -> AsyncIterator[tuple[House, WatchedBackend]]:
    """A house whose every write is looked at."""
    backend = WatchedBackend()
    async with open_house(RowStore(backend)) as house:
        backend._clock = house.clock.now
        yield house, backend


async def serve(house: House) -> None:
    """Work the queue off."""
    assert isinstance(house.world.queue, MemoryQueue)
    while messages := house.world.queue.take():
        for message, delay in messages:
            house.clock.advance(timedelta(seconds=delay))
            await handle(house.world, raw(message))


@pytest.mark.parametrize("scene", [first_sync, edits, clash, locks, deletions], ids=lambda scene: scene.__name__)
async def test_whoever_is_owed_a_round_bears_a_mark(scene: Scene) -> None:
    """A wake-up, a pull, rounds, a switch; in the end nobody is owed anything, and nobody bears a mark."""
    async with watched() as (house, backend):
        await house.employ()
        await house.step()
        await scene(house)
        anna = await house.user()
        for _ in range(3):
            await wake(house.world, anna.id, notified=True)
            await handle(house.world, b'{"kind": "pull"}')
            await serve(house)
            house.advance(minutes=15)
        marked = await house.world.store.list_due()
        await disable(house.world, await house.user())

    assert (backend.missed, marked) == ([], frozenset())
    assert backend.looks > 10


async def test_what_a_pull_files_beside_a_round_waits_for_nobody() -> None:
    """Before each write of a pull another process wakes and serves the user, and after each later one the pull's
    process dies: the timers bring the edit all the same."""
    for at in range(budget(2, 0), budget(3, MOST_WRITES)):
        for left in range(budget(2, 0), budget(5, MOST_WRITES)):
            backend = Raced(lambda: START)
            async with open_house(RowStore(backend)) as house:
                backend._clock = house.clock.now
                await house.employ()
                _, activity = await linked_meeting(house)
                await handle(house.world, b'{"kind": "pull"}')  # with the day's repair
                await dispatch(house.world)
                await serve(house)
                await house.settle()
                house.desk().edit(activity, subject="Edited")
                backend.at, backend.meanwhile = at, partial(_wake_and_serve, house)
                backend.fuse = Fuse(left, before=False)
                with suppress(Killed):
                    await handle(house.world, b'{"kind": "pull"}')
                backend.at, backend.fuse = -1, Fuse()
                _lose_messages(house)
                for _ in range(2):
                    house.advance(minutes=15)
                    await handle(house.world, b'{"kind": "pull"}')
                    await dispatch(house.world)
                    await serve(house)

                assert [event["subject"] for event in house.outlook().events()] == ["Edited"], (at, left)


def _lose_messages(house: House) -> None:
    """What the process had taken from the queue dies with it."""
    assert isinstance(house.world.queue, MemoryQueue)
    house.world.queue.take()


async def _wake_and_serve(house: House) -> None:
    await wake(house.world, (await house.user()).id)
    await run_round(house.world, await house.user())


@pytest.mark.parametrize("seed", range(budget(1, 40)))
async def test_in_a_company_too(seed: int) -> None:
    """Whatever three colleagues and a stranger do to one another's meetings."""
    dice = random.Random(seed)
    async with watched() as (house, backend):
        company = await Company.open(house)
        acts = [Act(dice.choice(ACTS), dice.randrange(3), dice.randrange(6), dice.randrange(64)) for _ in range(20)]
        for act in [*OPENING, *acts]:
            await company.do(act)

    assert backend.missed == []
    assert backend.looks > 10


async def test_a_row_that_an_older_build_has_saved_is_not_believed() -> None:
    """It knows of no marks: whether such a user is due is read from all that is stored, as that build does."""
    async with open_house() as house:
        await house.employ()
        await house.step()
        await dispatch(house.world)
        anna = await house.user()
        lease = await house.world.store.acquire_lease(anna.id, "older build", 60)
        lease = await house.world.store.save(lease, [Put(Pending(Side.ERP, "item"))])
        await house.world.store.settle(lease, "")  # as if it had never been marked
        await house.world.store.release_lease(lease)
        unmarked = await dispatch(house.world)
        await put_user(house.world.store, replace(anna, cursors=None))

        assert (unmarked, await dispatch(house.world)) == (0, 1)
