"""This process's licence to call ERP.net: one session slot, shared by the rounds that run in it (design section 6).

The client sends one request at a time whoever asks (erpnet.md §3), so rounds may share it: the first takes the slot,
the last gives it back. Unlike ``waiting.erp_session`` nobody waits here: whoever gets no slot ends its message and
sends a later one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING

from jobs.ports import Slot
from sync_core.errors import LeaseLost, SlotsTaken, StoreError

if TYPE_CHECKING:
    from jobs.world import World

ERP_NET = "ERP.net (no free licence)"
"""Stands for the holder where ERP.net itself has no licence left."""


class Licence:
    """One per process and event loop."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._users = 0
        self._slot: Slot | None = None
        self._beating: asyncio.Task[None] | None = None
        self._rests_until: datetime | None = None

    @asynccontextmanager
    async def held(self, world: World) -> AsyncIterator[None]:
        """Hold a slot while calls are made. Raises ``SlotsTaken``, at once."""
        async with self._turn:
            if self._slot is None:
                await self._take(world)
            self._users += 1
        try:
            yield
        finally:
            async with self._turn:
                self._users -= 1
                if self._users == 0:
                    await self._give_back(world)

    def rest(self, until: datetime) -> None:
        """ERP.net had no licence for us: leave the slot to a process whose session still lives (erpnet.md §3)."""
        self._rests_until = until

    async def _take(self, world: World) -> None:
        if self._rests_until is not None and world.clock() < self._rests_until:
            raise SlotsTaken(ERP_NET, self._rests_until)
        stale = world.call_timeout_seconds / 2
        self._slot = await world.store.acquire_slot(world.holder, world.erp_sessions, stale)
        self._rests_until = None
        self._beating = asyncio.create_task(self._beat(world, stale / 3))

    async def _give_back(self, world: World) -> None:
        beating, self._beating = self._beating, None
        if beating is not None:
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating
        slot, self._slot = self._slot, None
        if slot is not None:
            with suppress(StoreError):  # a slot that cannot be freed falls silent and is taken over
                await world.store.free_slot(slot)

    async def _beat(self, world: World, every: float) -> None:
        """Signs of life. A slot that was taken over is not ours any more: the next round asks for another."""
        while self._slot is not None:
            await asyncio.sleep(every)
            try:
                self._slot = await world.store.beat_slot(self._slot)
            except LeaseLost:
                self._slot = None
            except StoreError:
                continue
