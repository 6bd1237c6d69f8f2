"""Several people in the same meetings, random acts: one activity for each meeting, nobody lost, no mail twice."""

from __future__ import annotations

import asyncio

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.budget import a_few, budget
from tests.support.house import open_house
from tests.support.random_company import ACTS, OPENING, SERIES_ACTS, SERIES_OPENING, Act, Company
from tests.support.series import READINGS, WINDOWED, read_as

STEPS = st.builds(
    Act,
    what=st.sampled_from(ACTS),
    who=st.integers(0, 2),
    pick=st.integers(0, 5),
    dice=st.integers(0, 63),
)


SERIES_STEPS = st.builds(
    Act,
    what=st.sampled_from((*ACTS, *SERIES_ACTS, *SERIES_ACTS)),
    who=st.integers(0, 2),
    pick=st.integers(0, 5),
    dice=st.integers(0, 63),
)


@settings(
    max_examples=budget(6, 400),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(steps=st.lists(STEPS, max_size=25))
def test_whatever_a_company_does_each_meeting_is_one_activity(steps: list[Act]) -> None:
    """Colleagues and a stranger create, invite, answer, cancel, switch off and on, at once and one by one."""

    async def run() -> None:
        async with open_house() as house:
            company = await Company.open(house)
            for step in [*OPENING, *steps]:
                await company.do(step)
            await company.check()

    asyncio.run(run())


@a_few(budget(2, 200))
@given(steps=st.lists(SERIES_STEPS, max_size=25), readings=st.sampled_from(sorted(READINGS)))
def test_whatever_a_company_does_to_series_each_date_is_one_activity(steps: list[Act], readings: str) -> None:
    """They also make series, give them another pattern, split and end them, and change, answer and pass on dates."""

    async def run() -> None:
        async with open_house(policy=WINDOWED) as house:
            read_as(house, readings)
            company = await Company.open(house)
            for step in [*SERIES_OPENING, *steps]:
                await company.do(step)
            await company.check()

    asyncio.run(run())
