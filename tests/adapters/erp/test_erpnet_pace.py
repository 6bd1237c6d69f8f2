"""How many writes travel in one call: more as long as ERP.net is quick, fewer where its time limit is near."""

from __future__ import annotations

import pytest

from adapters.erp.client import ErpNet
from adapters.erp.write import FEWEST, FIRST, MOST, Pace
from simulators.erpnet import ErpSimulator
from sync_core.errors import SideUnavailable
from sync_core.model.writes import CreateActivity, ErpIdentity
from tests.adapters.erp.test_erpnet_simulated import content


@pytest.mark.parametrize(
    ("took", "then"),
    [
        pytest.param([(50, 0.1)], 100, id="quick"),
        pytest.param([(50, 0.1), (100, 0.2), (200, 0.4)], MOST, id="no more than the most"),
        pytest.param([(50, 5.0)], 75, id="seven seconds and a half are its share"),
        pytest.param([(50, 15.0)], 25, id="slow"),
        pytest.param([(50, 29.0), (12, 20.0)], FEWEST, id="slower still"),
        pytest.param([(50, 29.0), (12, 0.5)], 24, id="quick again, and twice as many at once"),
        pytest.param([(1, 0.5)], 50, id="a single one tells little"),
        pytest.param([(50, 0.0)], 100, id="no time at all"),
    ],
)
def test_the_next_batch_takes_its_share_of_the_time_limit(took: list[tuple[int, float]], then: int) -> None:
    """The size of a batch follows from how long each write of the last one took."""
    pace = Pace(30)
    for count, seconds in took:
        pace.took(count, seconds)

    assert then == pace.at_once


def test_half_as_many_after_a_batch_without_an_answer() -> None:
    """A batch that ran out of time may have been too large; a few always go."""
    pace = Pace(30)
    sizes = []
    for _ in range(4):
        pace.failed()
        sizes.append(pace.at_once)

    assert (FIRST, sizes) == (50, [25, 12, 10, 10])


async def test_batches_grow_while_erpnet_is_quick(live: ErpNet, who: ErpIdentity, simulator: ErpSimulator) -> None:
    """Four hundred activities are four calls: of 50, 100, 200 and the last 50."""
    await live.check_access()
    simulator.forget_requests()
    outcomes = await live.write(who, [CreateActivity(f"04-{n}", content()) for n in range(400)])
    sizes = [seen.body.count(b"POST General_Activities_Activities HTTP") for seen in simulator.requests]

    assert [outcome.error for outcome in outcomes] == [None] * 400
    assert sizes == [50, 100, 200, 50]
    assert live.writes_at_once == MOST


async def test_a_lost_batch_is_followed_by_a_smaller_one(
    live: ErpNet, who: ErpIdentity, simulator: ErpSimulator
) -> None:
    """What went with the answer that was lost is unclear, the rest was not sent, and the next call is smaller."""
    await live.check_access()
    simulator.add_fault("POST */$batch", kind="lose")
    outcomes = await live.write(who, [CreateActivity(f"04-{n}", content()) for n in range(60)])

    errors = [outcome.error for outcome in outcomes]
    assert [isinstance(error, SideUnavailable) and error.unclear for error in errors] == [True] * 50 + [False] * 10
    assert live.writes_at_once == FIRST // 2
