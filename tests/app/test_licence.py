"""One process's licence to call ERP.net: shared by its rounds, kept alive, given back, lost without harm."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from jobs.ports import Slot
from jobs.world import World
from sync_core.errors import SlotsTaken, StoreUnavailable
from tests.jobs.house import House


async def is_free(world: World) -> bool:
    """Whether another process could take the slot now."""
    try:
        slot = await world.store.acquire_slot("stranger", 1, 15)
    except SlotsTaken:
        return False
    await world.store.free_slot(slot)
    return True


class Beats:
    """Watches the heartbeat: waits for the next sign of life, or takes the storage away."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self._beat = world.store.beat_slot
        self._happened = asyncio.Event()
        self.is_down = False
        monkeypatch.setattr(world.store, "beat_slot", self._watched)

    async def _watched(self, slot: Slot) -> Slot:
        try:
            if self.is_down:
                raise StoreUnavailable("no tables")
            return await self._beat(slot)
        finally:
            self._happened.set()

    async def next(self) -> None:
        """Wait until the heart has tried to beat once more."""
        self._happened.clear()
        async with asyncio.timeout(10):
            await self._happened.wait()
        await asyncio.sleep(0)


@pytest.fixture
def world(house: House) -> World:
    """A world whose heart beats six times a second."""
    return replace(house.world, call_timeout_seconds=1)


async def test_rounds_of_a_process_share_the_slot(world: World) -> None:
    """The slot is taken with the first round and given back with the last, not earlier."""
    async with world.licence.held(world):
        async with world.licence.held(world):
            assert not await is_free(world)
        assert not await is_free(world)

    assert await is_free(world)


async def test_a_failed_round_gives_the_slot_back(world: World) -> None:
    """Whatever ends a round, the slot is free afterwards."""
    with pytest.raises(ZeroDivisionError):
        async with world.licence.held(world):
            raise ZeroDivisionError

    assert await is_free(world)


async def test_a_long_round_keeps_the_slot(house: House, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signs of life keep others away however long a round takes."""
    beats = Beats(world, monkeypatch)
    async with world.licence.held(world):
        house.advance(minutes=5)
        await beats.next()

        assert not await is_free(world)


async def test_storage_down_does_not_stop_the_heart(
    house: House, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missed sign of life is made up for by the next one."""
    beats = Beats(world, monkeypatch)
    async with world.licence.held(world):
        beats.is_down = True
        await beats.next()
        beats.is_down = False
        house.advance(minutes=5)
        await beats.next()

        assert not await is_free(world)


async def test_a_slot_that_was_taken_over_is_not_ours(
    house: House, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a long silence somebody else has the slot: our next round is told so instead of calling."""
    beats = Beats(world, monkeypatch)
    async with world.licence.held(world):
        house.advance(minutes=5)
        await world.store.acquire_slot("stranger", 1, 15)
        await beats.next()

        with pytest.raises(SlotsTaken):
            async with world.licence.held(world):
                pass
