"""The convergence play under every behaviour that a contract leaves open: random edits end in step all the same.

One switch of a stand-in at a time, at its harshest setting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.base import Clock
from tests.support.budget import a_few, budget
from tests.support.house import ANNA, House, open_house
from tests.support.random_pair import OPENING, STEPS, Play, Step

MOST_STEPS = budget(14, 30)
LEAST_STEPS = budget(4, 0)
"""Hypothesis begins with the fewest: of two examples neither is to be nothing."""


def graph(**choices: object) -> Callable[[House], None]:
    """Set switches of the Graph stand-in."""

    def turn(house: House) -> None:
        for name, choice in choices.items():
            setattr(house.graph.switches, name, choice)

    return turn


def erp(**choices: object) -> Callable[[House], None]:
    """Set switches of the ERP.net stand-in."""

    def turn(house: House) -> None:
        for name, choice in choices.items():
            setattr(house.erp, name, choice)

    return turn


def skewed(*, erp_net: int = 0, ours: int = 0) -> Callable[[House], None]:
    """ERP.net's clock and ours off by so many minutes; Graph's is right."""

    def turn(house: House) -> None:
        house.erp.clock = SkewedClock(house.clock, timedelta(minutes=erp_net))
        our_clock = SkewedClock(house.clock, timedelta(minutes=ours))
        house.world = replace(house.world, clock=our_clock.now)
        assert house.memory is not None
        house.memory.backend.now = our_clock.now  # type: ignore[method-assign]

    return turn


class SkewedClock(Clock):
    """A clock that is always off by the same."""

    def __init__(self, true: Clock, by: timedelta) -> None:
        super().__init__()
        self._true = true
        self._by = by

    def now(self) -> datetime:
        """The wrong instant."""
        return self._true.now() + self._by


SWITCHES = {
    "delta lags": graph(delta_lag=timedelta(minutes=4)),
    "delta replays": graph(delta_replays=5),
    "delta repeats": graph(delta_repeats=True, delta_page=1, delta_empty_pages=2),
    "deleted items answer": graph(deleted_items_readable=True),
    "deleted transactions answer": graph(transactions_after_delete="answer"),
    "deleted transactions are forgotten": graph(transactions_after_delete="forget"),
    "events are touched after a create": graph(touch_after_create=True),
    "masters are left out": graph(delta_omits_masters=True, delta_removes_occurrences=True),
    "delta names masters alone": graph(delta_series="master", occurrence_uids="series", occurrence_ids_stay=False),
    "series are told of in part": graph(
        delta_series="exceptions", delta_original_start=False, view_hides_exceptions=True
    ),
    "series keep what they can": graph(
        series_edit_drops_exceptions=False, series_keep_wall_clock=False, occurrence_details="ignored"
    ),
    "ERP.net cuts its filters": erp(utc_filters_cut=True),
    "ERP.net ignores versions": erp(version_check="ignored"),
    "ERP.net refuses versions": erp(version_check="refused"),
    "ERP.net's next links are absolute": erp(absolute_next_links=True),
    "ERP.net's batches stop at an error": erp(batch_stops_at_error=True),
    "ERP.net's clock is fast": skewed(erp_net=10),
    "ERP.net's clock is slow": skewed(erp_net=-10),
    "Graph's clock is fast": skewed(erp_net=-10, ours=-10),
    "Graph's clock is slow": skewed(erp_net=10, ours=10),
    "our clock is fast": skewed(ours=10),
    "our clock is slow": skewed(ours=-10),
}


def play(steps: list[Step], turn: Callable[[House], None], before: Callable[[House], None] | None = None) -> None:
    """Carry out the steps in a house with its switches turned; ``before`` runs ahead of each."""

    async def run() -> None:
        async with open_house() as house:
            await house.employ()
            turn(house)
            on = Play(house)
            for step in [*OPENING, *steps]:
                if before is not None:
                    before(house)
                await on.do(step)
            house.advance(minutes=30)
            await on.check()

    asyncio.run(run())


@pytest.mark.parametrize("name", SWITCHES)
@a_few()
@given(steps=st.lists(STEPS, min_size=LEAST_STEPS, max_size=MOST_STEPS))
def test_random_edits_end_in_step_where(name: str, steps: list[Step]) -> None:
    """Whichever way the outside systems turn out to behave, two people's edits end equal."""
    play(steps, SWITCHES[name])


@pytest.mark.parametrize("form", ["gone", "location", "syncStateNotFound", "resyncRequired", "syncStateInvalid"])
@a_few()
@given(steps=st.lists(STEPS, min_size=LEAST_STEPS, max_size=MOST_STEPS))
def test_a_cursor_that_expires_before_every_step(form: str, steps: list[Step]) -> None:
    """410 in each documented form, again and again: everything is read anew, nothing skipped or doubled."""
    play(steps, graph(delta_expiry=form), lambda house: house.graph.expire_delta(ANNA))


@a_few()
@given(steps=st.lists(STEPS, min_size=LEAST_STEPS, max_size=MOST_STEPS))
def test_a_precondition_that_fails_without_reason(steps: list[Step]) -> None:
    """Graph's spurious 412: read again, written again, in step."""
    play(steps, graph(), lambda house: setattr(house.graph.switches, "spurious_conflicts", 2))


def test_what_a_person_overwrites_before_it_is_carried_is_theirs() -> None:
    """A meeting that became a series is left alone; a title typed over there twice is nobody else's to remember."""
    steps = [
        Step("outlook series"),
        *(Step("outlook create", dice=n) for n in range(11)),
        Step("erp retitle"),
        Step("full"),
        Step("erp retitle"),
    ]
    play(steps, graph(), lambda house: setattr(house.graph.switches, "spurious_conflicts", 2))


@pytest.mark.parametrize(
    "name", ["delta names masters alone", "series are told of in part", "series keep what they can"]
)
def test_dates_of_a_series_are_nobody_elses(name: str) -> None:
    """A meeting became a series, its dates are changed, moved, deleted and cut off: all left alone."""
    dates = [Step("outlook date", pick, dice) for pick in (0, 1) for dice in (4, 9, 2, 11)]
    play([Step("outlook series"), Step("sync"), *dates, Step("full"), Step("outlook single")], SWITCHES[name])


def test_a_meeting_that_became_a_series_and_was_deleted() -> None:
    """Its id still answers from Deleted Items and no view ever shows a series: it is not asked about for ever."""
    play([Step("outlook series"), Step("outlook delete")], graph(deleted_items_readable=True))
