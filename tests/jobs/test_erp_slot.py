"""One process's slot to call ERP.net: shared by its rounds, kept alive, given back, lost without harm."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import pytest

from adapters.store.memory import MemoryBackend
from jobs import erp_slot
from jobs.ports import Slot
from jobs.waiting import erp_session
from jobs.world import World
from sync_core.errors import SlotsTaken, StoreUnavailable
from tests.support.house import House


async def is_free(world: World) -> bool:
    """Whether another process could take the slot now."""
    try:
        slot = await world.store.acquire_slot("stranger", 1, 15)
    except SlotsTaken:
        return False
    await world.store.free_slot(slot)
    return True


class Beats:
    """Watches the heartbeat: waits for the next heartbeat, or takes the storage away."""

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
def world(house: House, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose heart beats sixty times a second, and whose session at ERP.net is over."""
    house.advance(minutes=20)
    monkeypatch.setattr(erp_slot, "BEATS", 30)
    return replace(house.world, call_timeout_seconds=1)


async def test_rounds_of_a_process_share_the_slot(world: World) -> None:
    """The slot is taken with the first round and given back with the last, not earlier."""
    async with world.erp_session():
        async with world.erp_session():
            assert not await is_free(world)
        assert not await is_free(world)

    assert await is_free(world)


async def test_a_failed_round_gives_the_slot_back(world: World) -> None:
    """Whatever ends a round, the slot is free afterwards."""
    with pytest.raises(ZeroDivisionError):
        async with world.erp_session():
            raise ZeroDivisionError

    assert await is_free(world)


async def test_a_long_round_keeps_the_slot(house: House, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Heartbeats keep others away however long a round takes."""
    beats = Beats(world, monkeypatch)
    async with world.erp_session():
        house.advance(minutes=5)
        await beats.next()

        assert not await is_free(world)


async def test_storage_down_does_not_stop_the_heart(
    house: House, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missed heartbeat is made up for by the next one."""
    beats = Beats(world, monkeypatch)
    async with world.erp_session():
        beats.is_down = True
        await beats.next()
        beats.is_down = False
        house.advance(minutes=5)
        await beats.next()

        assert not await is_free(world)


async def test_a_slot_that_was_taken_over_is_not_ours(
    house: House, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a long silence somebody else has the slot: our next round learns it instead of calling."""
    beats = Beats(world, monkeypatch)
    async with world.erp_session():
        house.advance(minutes=5)
        await world.store.acquire_slot("stranger", 1, 15)
        await beats.next()

        with pytest.raises(SlotsTaken):
            async with world.erp_session():
                pass


# A fault at each call of the slot's life

WAYS = [pytest.param(lambda world: world.erp_session(), id="app"), pytest.param(erp_session, id="command")]
"""How a slot is held: by a message's round, which never waits, and by a command, which does."""

BEATS_SEEN = 3


class Fault:
    """Lets the ``at``-th call to the tables fail: before it is carried out, or after, its answer lost."""

    def __init__(self, backend: MemoryBackend, at: int, is_done: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        self._at, self._is_done, self.calls = at, is_done, 0
        for name in ("read", "scan", "write", "transact"):
            monkeypatch.setattr(backend, name, self._around(getattr(backend, name)))

    @property
    def hit(self) -> bool:
        """Whether there were so many calls."""
        return self.calls > self._at

    def _around(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def faulty(*args: Any) -> Any:
            fails, self.calls = self.calls == self._at, self.calls + 1
            answer = await call(*args) if self._is_done or not fails else None
            if fails:
                raise StoreUnavailable("no tables")
            return answer

        return faulty


@pytest.mark.parametrize("is_done", [False, True], ids=["not-done", "answer-lost"])
@pytest.mark.parametrize("hold", WAYS)
async def test_a_storage_fault_never_costs_the_answer_of_finished_work(
    house: House,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    hold: Callable[[World], AbstractAsyncContextManager[None]],
    is_done: bool,
) -> None:
    """Whichever call of the slot's life fails, work that was begun ends with its answer, and the next one begins."""
    assert house.memory is not None
    assert isinstance(house.memory.backend, MemoryBackend)
    began = []
    for at in range(50):
        with monkeypatch.context() as patching:
            beats, fault = Beats(world, patching), Fault(house.memory.backend, at, is_done, patching)
            answer = ""
            try:
                async with hold(world):
                    began.append(at)
                    for _ in range(BEATS_SEEN):
                        await beats.next()
                    answer = "done"
            except StoreUnavailable:
                assert at not in began
            else:
                assert answer == "done"
        async with hold(world):
            pass
        if not fault.hit:
            break
    assert len(began) > BEATS_SEEN + 1
    assert at == began[-1]


async def test_a_lost_answer_does_not_lose_the_slot(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A heartbeat that was stored but not answered leaves the slot ours, and it is given back at the end."""
    beats, beat = Beats(world, monkeypatch), world.store.beat_slot

    async def unanswered(slot: Slot) -> Slot:
        await beat(slot)
        raise StoreUnavailable("no answer")

    async with world.erp_session():
        with monkeypatch.context() as outage:
            outage.setattr(world.store, "beat_slot", unanswered)
            await beats.next()
        await beats.next()
        assert not await is_free(world)

    assert await is_free(world)
