"""A whole company under misfortune: calls fail, processes die, leases run out, licences go, settings change.

Days pass, clocks are put forward and back. In the end each meeting is one activity, every text ever typed stands
somewhere or in a journal, and nobody was told twice.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.budget import a_few, budget
from tests.support.house import START
from tests.support.misfortunes import FAULT_ACTS, Unlucky, open_unlucky
from tests.support.random_company import ACTS, CONTENT_ACTS, OFFICE_ACTS, OPENING, SERIES_ACTS, SERIES_OPENING, Act
from tests.support.series import READINGS, WINDOWED, read_as

EVERYTHING = (*ACTS, *CONTENT_ACTS, *OFFICE_ACTS, *FAULT_ACTS)
SERIES = (*EVERYTHING, *SERIES_ACTS, *SERIES_ACTS, "series rule")
TROUBLE = (*ACTS, *FAULT_ACTS, *FAULT_ACTS)
STARTS = (START, datetime(2026, 3, 26, 8, tzinfo=UTC), datetime(2026, 10, 22, 8, tzinfo=UTC))
"""The house's own, and before clocks are put forward and back."""
ZONES = ((), ("FLE Standard Time", "GMT Standard Time", "Eastern Standard Time"))
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


def acts(kinds: tuple[str, ...]) -> st.SearchStrategy[list[Act]]:
    """A play of these acts."""
    one = st.builds(
        Act, what=st.sampled_from(kinds), who=st.integers(0, 2), pick=st.integers(0, 5), dice=st.integers(0, 63)
    )
    return st.lists(one, max_size=25)


async def play(steps: list[Act], start: datetime, zones: tuple[str, ...]) -> None:
    """Carry out the acts under these circumstances."""
    async with open_unlucky(start, zones) as company:
        await live(company, [*OPENING, *steps])


async def live(company: Unlucky, steps: list[Act]) -> None:
    """Carry out the acts; what must be true is true under the settings of the moment, and with all put right."""
    for step in steps:
        await company.do(step)
    await company.check(is_rested=False)
    company.put_right()
    await company.check()


@settings(max_examples=budget(3, 350), deadline=None, suppress_health_check=SLOW)
@given(steps=acts(EVERYTHING), start=st.sampled_from(STARTS), zones=st.sampled_from(ZONES))
def test_whatever_happens_to_a_company_in_a_year(steps: list[Act], start: datetime, zones: tuple[str, ...]) -> None:
    """Content, people, settings, licences, days and misfortunes, all mixed."""
    asyncio.run(play(steps, start, zones))


@settings(max_examples=budget(3, 250), deadline=None, suppress_health_check=SLOW)
@given(steps=acts(TROUBLE))
def test_meetings_of_several_people_in_a_streak_of_bad_luck(steps: list[Act]) -> None:
    """Every third act is a misfortune; mails are counted to the last one."""
    asyncio.run(play(steps, START, ()))


@a_few(budget(2, 250))
@given(
    steps=acts(SERIES),
    start=st.sampled_from(STARTS),
    zones=st.sampled_from(ZONES),
    readings=st.sampled_from(sorted(READINGS)),
)
def test_series_of_several_people_whatever_happens(
    steps: list[Act], start: datetime, zones: tuple[str, ...], readings: str
) -> None:
    """All of that to recurring meetings as well, which are switched off and on meanwhile."""

    async def run() -> None:
        async with open_unlucky(start, zones, WINDOWED) as company:
            read_as(company.house, readings)
            await live(company, [*SERIES_OPENING, *steps])

    asyncio.run(run())


async def test_only_a_forwarded_guest_is_excused_where_one_sync_makes_and_hands_on_a_date() -> None:
    """Anna makes the activity from her copy, which does not list Boris; the organizer is well again and feeds it."""
    async with open_unlucky(policy=WINDOWED) as company:
        weekly, illnesses = Act("series weekly", who=2, dice=1), [Act("licence", who=one) for one in (1, 2)]
        await live(company, [weekly, *illnesses, Act("sync"), Act("date forward", who=0, dice=1)])
        company.passed_on.clear()
        with pytest.raises(AssertionError, match=r"boris@acme\.example'} are invited and do not take part"):
            await company.check()
