"""Waiting for what another process holds: a lease without end, ERP.net's session for a while; one notice a holder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.waiting import LONGEST_NAP, take_when_free
from jobs.world import World
from sync_core.errors import CalsyncError, LeaseHeld, LicencesTaken, SlotsTaken
from sync_core.model.sides import Side
from tests.support.house import START, House

SOON = START + timedelta(seconds=2)
FAR = START + timedelta(hours=1)


class Naps:
    """Naps that end at once; how long each would have been."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def sleep(self, seconds: float) -> None:
        """Do not sleep."""
        self.taken.append(seconds)


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> Naps:
    """No test waits."""
    found = Naps()
    monkeypatch.setattr("jobs.waiting.asyncio.sleep", found.sleep)
    monkeypatch.setattr("jobs.waiting.jittered", lambda seconds: seconds)
    return found


@pytest.fixture
def world(house: House) -> World:
    """A world that waits for ERP.net's session for ten seconds."""
    return replace(house.world, licence_wait=timedelta(seconds=10))


async def taking(world: World, *met: CalsyncError, forever: bool = False) -> tuple[str, list[str]]:
    """Meet these errors one after the other (the last one again and again), then have it; the notices given."""
    notices: list[str] = []
    left = list(met)

    async def take() -> str:
        if left:
            raise left[0] if forever and len(left) == 1 else left.pop(0)
        return "taken"

    return await take_when_free(take, world, notices.append, "Anna's calendar"), notices


def held(holder: str = "app-1", until: object = SOON) -> LeaseHeld:
    """Somebody's lease."""
    return LeaseHeld(holder, until)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("met", "notices", "waited"),
    [
        pytest.param([], 0, [], id="free"),
        pytest.param([held()], 1, [2], id="until-the-lease-ends"),
        pytest.param([held(until=FAR)], 1, [LONGEST_NAP], id="looks-again-before-a-long-lease-ends"),
        pytest.param([held(), held()], 1, [2, 2], id="the-same-holder-is-named-once"),
        pytest.param([held(), held("app-2"), held()], 3, [2, 2, 2], id="each-change-of-holder-is-told"),
        pytest.param([LicencesTaken(Side.ERP, "none left", retry_after=3)], 1, [3], id="as-long-as-erpnet-asks"),
        pytest.param([LicencesTaken(Side.ERP, "none left", retry_after=99)], 1, [10], id="no-longer-than-the-limit"),
    ],
)
async def test_it_is_taken_once_it_is_free(
    world: World, naps: Naps, met: Sequence[CalsyncError], notices: int, waited: list[float]
) -> None:
    """Whoever waits hears of each holder, and looks again often enough."""
    result, told = await taking(world, *met)

    assert (result, len(told), naps.taken) == ("taken", notices, waited)


@pytest.mark.parametrize(
    "taken", [SlotsTaken("app-1", FAR), LicencesTaken(Side.ERP, "none left", retry_after=4)], ids=["slot", "licence"]
)
async def test_the_wait_for_erpnet_has_an_end(world: World, naps: Naps, taken: CalsyncError) -> None:
    """A process that keeps calling never frees its session: after the limit the error says so."""
    with pytest.raises(type(taken)):
        await taking(world, taken, forever=True)
    assert sum(naps.taken) == 10


async def test_the_wait_for_a_lease_has_none(world: World, naps: Naps) -> None:
    """A lease expires by itself."""
    result, _ = await taking(world, *[held(until=FAR)] * 50)

    assert (result, len(naps.taken)) == ("taken", 50)
