"""Random edits on both sides end equal: nothing lost, nothing doubled, and a further round writes nothing."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.budget import budget
from tests.support.house import open_house
from tests.support.random_pair import OPENING, STEPS, Play, Step


@pytest.mark.parametrize("opening", [[], OPENING], ids=["from nothing", "from a meeting of each side"])
@settings(
    max_examples=budget(10, 200),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(steps=st.lists(STEPS, max_size=30))
def test_random_edits_on_both_sides_end_equal(opening: list[Step], steps: list[Step]) -> None:
    """Whatever two people do, the calendars end in step and stay so."""

    async def run() -> None:
        async with open_house() as house:
            await house.employ()
            play = Play(house)
            for step in [*opening, *steps]:
                await play.do(step)
            await play.check()

    asyncio.run(run())
