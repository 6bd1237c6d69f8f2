"""A stop at every single outside call and every store write: the next rounds end equal, nothing doubled or lost.

Exhaustive over the calls of a set of representative rounds. The deep fault tests have more kinds of misfortune; this
is the promise in its plainest form.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import pytest

from adapters.backend import Op, Table
from adapters.memory import MemoryBackend
from adapters.store import RowStore
from tests.budget import budget
from tests.jobs.house import START, House, open_house
from tests.jobs.play import Play
from tests.jobs.test_rules import at, digits

STRIDE = budget(8, 1)
"""`make soak` looks at every moment, `make test` at every eighth."""

MOST_CALLS = 60
"""More calls than any of the rounds makes; a round that makes more fails the test that counts them."""


class Killed(BaseException):
    """The process dies: nothing that runs may catch it."""


@dataclass
class Fuse:
    """Burns down with every store write, and kills when it is out."""

    left: int | None = None
    before: bool = True

    def burn(self) -> bool:
        """Whether this is the write at which the process dies."""
        if self.left is None:
            return False
        self.left -= 1
        return self.left < 0


class FusedBackend(MemoryBackend):
    """A memory backend whose process dies before or after its n-th write."""

    fuse = Fuse()

    async def write(self, table: Table, op: Op) -> str:
        return await self._fused(lambda: super(FusedBackend, self).write(table, op))

    async def transact(self, table: Table, ops: Sequence[Op]) -> str:
        return await self._fused(lambda: super(FusedBackend, self).transact(table, ops))

    async def _fused(self, work: Callable[[], Awaitable[str]]) -> str:
        dies = self.fuse.burn()
        if dies and self.fuse.before:
            raise Killed
        etag = await work()
        if dies:
            raise Killed
        return etag


async def first_sync(house: House) -> None:
    """New items on both sides."""
    house.outlook().create("Planning", at(1), at(1, 10), body="agenda", reminder=15)
    house.outlook().create("Trip", at(2), at(4), all_day=False)
    house.desk().create("Visit", digits(3), digits(3, 12), notes="papers")


async def settled(house: House) -> dict[str, str]:
    """Three linked meetings; returns subject → event id."""
    await first_sync(house)
    await house.step()
    await house.step()
    return {e["subject"]: e["id"] for e in house.outlook().events()}


async def edits(house: House) -> None:
    """One edit on each side, and both on one meeting."""
    events = await settled(house)
    rows = {a["Subject"]: a["Id"] for a in house.desk().activities()}
    house.advance(minutes=5)
    house.outlook().edit(events["Planning"], subject="Planning 2")
    house.desk().edit(rows["Planning"], notes="other agenda")
    house.desk().edit(rows["Visit"], start=digits(5), end=digits(5, 12))
    house.outlook().edit(events["Trip"], start=at(6), end=at(7))


async def clash(house: House) -> None:
    """The same field on both sides."""
    events = await settled(house)
    rows = {a["Subject"]: a["Id"] for a in house.desk().activities()}
    house.outlook().edit(events["Planning"], subject="Outlook's")
    house.advance(minutes=9)
    house.desk().edit(rows["Planning"], subject="ERP.net's")


async def locks(house: House) -> None:
    """A conflict that needs a mark."""
    events = await settled(house)
    rows = {a["Subject"]: a["Id"] for a in house.desk().activities()}
    house.desk().set_read_only(rows["Planning"], True)
    house.outlook().edit(events["Planning"], subject="Refused")


async def deletions(house: House) -> None:
    """One deletion on each side, one with an edit on the other."""
    events = await settled(house)
    rows = {a["Subject"]: a["Id"] for a in house.desk().activities()}
    house.outlook().delete(events["Planning"])
    house.desk().edit(rows["Planning"], notes="precious")
    house.desk().void(rows["Visit"], "no")


SCENES = [first_sync, edits, clash, locks, deletions]
Scene = Callable[[House], Awaitable[None]]


async def check(house: House) -> None:
    """Rounds after the stop end in step."""
    house.advance(minutes=20)
    await Play(house).check()
    subjects = [a["Subject"] for a in house.desk().activities() if not a["Void"]]
    assert len(subjects) == len(set(subjects))


async def broken_sync(house: House) -> None:
    """A sync that may fail in any way a sync may."""
    with suppress(Killed):
        await house.sync()


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
async def test_dying_at_every_store_write(scene: Scene, before: bool) -> None:
    """kill at the n-th write of our memory, for every n."""
    for n in range(0, MOST_CALLS, STRIDE):
        backend = FusedBackend(lambda: START)
        async with open_house(RowStore(backend)) as house:
            backend._clock = house.clock.now
            await house.employ()
            await scene(house)
            backend.fuse = Fuse(n, before)
            await broken_sync(house)
            died = backend.fuse.left is not None and backend.fuse.left < 0
            backend.fuse = Fuse()
            await check(house)
            if not died:
                return
    pytest.fail("the round makes more writes than this test looks at")


@pytest.mark.parametrize("kind", ["cut", "lose", "answer"])
@pytest.mark.parametrize("side", ["graph", "erp"])
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
async def test_losing_every_outside_call(scene: Scene, side: str, kind: str) -> None:
    """The n-th call of a side is cut, done without an answer, or answered 503, for every n."""
    for n in range(0, MOST_CALLS, STRIDE):
        async with open_house() as house:
            await house.employ()
            await scene(house)
            simulator = house.graph if side == "graph" else house.erp
            fault = simulator.add_fault("*", kind=kind, skip=n, times=3)
            await broken_sync(house)
            hit = fault.times != 3
            simulator.faults.clear()
            await check(house)
            if not hit:
                return
    pytest.fail("the round makes more calls than this test looks at")
