"""Retries in mid-round: no licence, a session or a token that ends, one mailbox that is throttled."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from tests.support.budget import budget
from tests.support.days import at, digits
from tests.support.house import House, open_house
from tests.support.moments import Moments
from tests.support.random_company import UPNS
from tests.support.random_pair import Play

ANNA, BORIS, _ = UPNS
MOST_CALLS = 60
STRIDE = budget(7, 1)
"""`make soak` looks at every call, `make test` at every seventh."""

MANY = 1000
ERP_CALLS = frozenset({"read_changes", "read_activities", "read_owned", "find_paired", "write"})
NO_LICENCE = {
    "error": {
        "message": "The maximum number of simultaneously connected users",
        "code": 8,
        "type": "Aloe.SystemFrameworks.E1LicenseException",
    }
}


async def a_day(house: House) -> None:
    """News on both sides: new, edited and deleted."""
    moved = house.outlook().create("Moved", at(1), at(1, 10))
    dropped = house.outlook().create("Dropped", at(2), at(2, 10))
    await house.step()
    house.outlook().edit(moved, subject="Moved again")
    house.outlook().delete(dropped)
    house.outlook().create("New", at(3), at(3, 10), body="agenda")
    house.desk().create("Visit", digits(4), digits(4, 12))


async def test_the_last_licence_goes_at_every_call_of_a_round() -> None:
    """From the n-th call on ERP.net has no licence: nobody is in error for it, and the next sync finishes."""
    for n in range(0, MOST_CALLS, STRIDE):
        async with open_house() as house:
            await house.employ()
            await a_day(house)
            fault = house.erp.add_fault(
                "*", status=503, headers={"Retry-After": "60"}, body=NO_LICENCE, skip=n, times=MANY
            )
            outcome = await house.sync()
            house.erp.faults.clear()
            assert (await house.user()).is_operational
            assert outcome.is_fine is (fault.times == MANY)
            house.advance(minutes=20)
            await Play(house).check()
            if fault.times == MANY:
                return
    pytest.fail("the round makes more calls than this test looks at")


@pytest.mark.parametrize(
    "ends",
    [
        pytest.param(lambda house: house.erp.gate.end_sessions(), id="session"),
        pytest.param(lambda house: house.erp.gate.revoke_tokens(), id="token"),
    ],
)
async def test_what_opens_erp_net_ends_at_every_call(ends: Callable[[House], None]) -> None:
    """A new session or token is opened in the middle of the round, which ends as if nothing had been."""
    for n in range(0, MOST_CALLS, STRIDE):
        async with open_house() as house:
            await house.employ()
            await a_day(house)
            moments = Moments(n, partial(_do, ends, house), ERP_CALLS)
            world, house.world = house.world, moments.around(house.world)
            await house.step()
            house.world = world
            await Play(house).check()
            if not moments.hit:
                return
    pytest.fail("the round makes more calls than this test looks at")


async def _do(ends: Callable[[House], None], house: House) -> None:
    ends(house)


async def test_a_throttled_mailbox_delays_nobody_else(house: House) -> None:
    """Anna's mailbox is over its limit for the whole sync: Boris's is synced, hers by the next one."""
    await house.employ("boris")
    await house.sync()
    for upn in (ANNA, BORIS):
        house.outlook(upn).create(f"Plan of {upn}", at(1), at(1, 10))
    anna = await house.user(ANNA)
    house.graph.add_fault(f"* */users/{anna.id}/*", status=429, headers={"Retry-After": "0.2"}, times=None)
    await house.sync()
    subjects = [row["Subject"] for row in house.desk().activities()]
    assert (subjects, (await house.user(ANNA)).is_operational) == ([f"Plan of {BORIS}"], True)
    house.graph.faults.clear()
    await house.sync()

    assert sorted(row["Subject"] for row in house.desk().activities()) == [f"Plan of {ANNA}", f"Plan of {BORIS}"]
