"""This process's ERP.net session slot: one of a few rows that stand for the licences to call (design.md §6).

The client sends one request at a time whoever asks (erpnet.md §3), so everything in a process shares one slot: the
first who calls takes it, the last gives it back. A heartbeat shows that it is in use. The session that the calls
opened outlives them and cannot be ended. Until it has ended, nobody else gets a freed slot, or that of a process
that died. Nobody waits here: whoever gets no slot is told at once (``waiting.erp_session`` waits).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

from jobs.ports import Clock, Erp, Slot, SlotStore
from sync_core.errors import LeaseLost, SlotsTaken, StoreError

LINGER = 20 * 60.0
"""Seconds that a session lives after its last call (erpnet.md §3): a dead process may have called until it died."""

ERP_NET = "ERP.net (no free licence)"
"""Stands for the holder where ERP.net itself has no licence left."""

BEATS = 3
"""Signs of life within the time after which a silent slot counts as abandoned."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Who asks for a slot, how many there are, the seconds without a sign of life after which its holder is dead, and
    whether the last one is taken first."""

    holder: str
    count: int
    stale_seconds: float
    last: bool = False


class ErpSlot:
    """One per process and event loop."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._users = 0
        self._slot: Slot | None = None
        self._beating: asyncio.Task[None] | None = None
        self._rests_until: datetime | None = None
        self.full_round = asyncio.Lock()
        """Full rounds of a process take turns: small ones must always find their way through the session."""

    @asynccontextmanager
    async def held(self, store: SlotStore, erp: Erp, clock: Clock, terms: Terms) -> AsyncIterator[None]:
        """Hold a slot while calls are made. Raises ``SlotsTaken``, at once."""
        async with self._turn:
            if self._rests_until is not None and self.is_resting(clock()):
                raise SlotsTaken(ERP_NET, self._rests_until)
            if self._slot is None:
                await self._take(store, terms)
            self._users += 1
        try:
            yield
        finally:
            async with self._turn:
                self._users -= 1
                if self._users == 0:
                    await self._give_back(store, _left_of(erp.session_ends_at, clock()))

    def rest(self, until: datetime) -> None:
        """ERP.net had no licence for us: leave the slot to a process whose session still lives (erpnet.md §3)."""
        self._rests_until = until

    def is_resting(self, now: datetime) -> bool:
        """Whether ERP.net is to be left alone."""
        return self._rests_until is not None and now < self._rests_until

    async def _take(self, store: SlotStore, terms: Terms) -> None:
        await self._stop_beating()
        silence = terms.stale_seconds + LINGER
        self._slot = await store.acquire_slot(terms.holder, terms.count, silence, last=terms.last)
        self._rests_until = None
        self._beating = asyncio.create_task(self._beat(store, terms.stale_seconds / BEATS))

    async def _give_back(self, store: SlotStore, lingers_seconds: float) -> None:
        await self._stop_beating()
        slot, self._slot = self._slot, None
        if slot is not None:
            with suppress(StoreError):  # a slot that cannot be freed falls silent and is taken over
                await store.free_slot(slot, lingers_seconds)

    async def _stop_beating(self) -> None:
        beating, self._beating = self._beating, None
        if beating is not None:
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating

    async def _beat(self, store: SlotStore, every: float) -> None:
        """Signs of life; one that fails is made up for by the next.

        A slot that was taken over is not ours any more: whoever calls next asks for another.
        """
        while self._slot is not None:
            await asyncio.sleep(every)
            try:
                self._slot = await store.beat_slot(self._slot)
            except LeaseLost:
                self._slot = None
            except StoreError:
                continue


def _left_of(ends_at: datetime | None, now: datetime) -> float:
    return max(0.0, (ends_at - now).total_seconds()) if ends_at is not None else 0.0
