"""A stop at every single outside call and every store write: the next rounds end equal, nothing doubled or lost.

Exhaustive over the calls of a set of representative rounds. The deep fault tests have more kinds of misfortune; this
is the promise in its plainest form.
"""

from __future__ import annotations

import pytest

from adapters.store.store import RowStore
from tests.support.budget import budget, each, told
from tests.support.fuse import MOST_CALLS, Fuse, FusedBackend, broken_sync
from tests.support.house import START, House, open_house
from tests.support.random_pair import Play
from tests.support.scenes import Scene, clash, deletions, edits, first_sync, locks

STRIDE = budget(13, 1)
"""`make soak` looks at every moment, `make test` at every thirteenth."""


SCENES = [first_sync, edits, clash, locks, deletions]


async def check(house: House) -> None:
    """Rounds after the stop end in step."""
    house.advance(minutes=20)
    await Play(house).check()
    subjects = [a["Subject"] for a in house.desk().activities() if not a["Void"]]
    assert len(subjects) == len(set(subjects))


@pytest.mark.parametrize(("scene", "when"), each(SCENES, ["before", "after"]), ids=told)
async def test_dying_at_every_store_write(scene: Scene, when: str) -> None:
    """kill at the n-th write of our memory, for every n."""
    for n in range(0, MOST_CALLS, STRIDE):
        backend = FusedBackend(lambda: START)
        async with open_house(RowStore(backend)) as house:
            backend._clock = house.clock.now
            await house.employ()
            await scene(house)
            backend.fuse = Fuse(n, when == "before")
            await broken_sync(house)
            died = backend.fuse.left is not None and backend.fuse.left < 0
            backend.fuse = Fuse()
            await check(house)
            if not died:
                return
    pytest.fail("the round makes more writes than this test looks at")


@pytest.mark.parametrize(
    ("scene", "side", "kind"), each(SCENES, ["graph", "erp"], ["cut", "lose", "answer"]), ids=told
)
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
