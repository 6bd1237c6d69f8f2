"""Holds this process's ERP.net session slot: one of a few rows that stand for the licences to call (design.md §6).

The client sends one request at a time (erpnet.md §3), so all jobs of a process share one slot. The first job takes
it and the last gives it back. A heartbeat shows that the slot is in use. The session that the calls opened outlives
them and cannot be ended. Until it ends, no other process gets a freed slot, or the slot of a process that died.
Nothing here waits: without a free slot ``SlotsTaken`` is raised at once. ``waiting.erp_session`` waits for one;
what a message does instead stands in ``app/defer.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.backoff import exponential
from jobs.ports import Clock, Erp, Slot, SlotStore
from sync_core.errors import LeaseLost, SlotsTaken, StoreError
from sync_core.model.sides import Side

LINGER = 20 * 60.0
"""Seconds that a session lives after its last call (erpnet.md §3)."""

ERP_NET = "ERP.net (no free licence, or a side gives no answer)"
"""The holder named in ``SlotsTaken`` when ERP.net itself has no licence left, or a side is away."""

SILENT: Mapping[Side, int] = {Side.GRAPH: 4, Side.ERP: 2}
"""After so many different orders in a row that a side did not answer it counts as away. One mailbox of Graph may be
out of reach by itself."""

BEATS = 3
"""Heartbeats within the time after which a silent slot counts as abandoned."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How to take a slot. ``holder`` asks for one of ``count`` slots; a holder without a heartbeat for
    ``stale_seconds`` counts as dead; ``last`` takes the highest free number first."""

    holder: str
    count: int
    stale_seconds: float
    last: bool = False


class ErpSlot:
    """The slot of one process and event loop, shared by its jobs."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._users = 0
        self._slot: Slot | None = None
        self._gave_back: Slot | None = None
        """The last slot, as it was given back."""
        self._beating: asyncio.Task[None] | None = None
        self._backs_off_until: datetime | None = None
        self._silent: dict[Side, list[str]] = {side: [] for side in Side}
        self.full_round = asyncio.Lock()
        """Held by a full round: one at a time in a process, so that small rounds always get their turn."""

    @asynccontextmanager
    async def held(self, store: SlotStore, erp: Erp, clock: Clock, terms: Terms) -> AsyncIterator[None]:
        """Hold a slot while calls are made. Raises ``SlotsTaken`` at once if none is free."""
        async with self._turn:
            if self._backs_off_until is not None and self.is_backing_off(clock()):
                raise SlotsTaken(ERP_NET, self._backs_off_until)
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

    def back_off(self, until: datetime) -> None:
        """Take no slot until then: ERP.net had no licence for us, and a process with a live session needs the slot
        (erpnet.md §3)."""
        self._backs_off_until = until

    def is_backing_off(self, now: datetime) -> bool:
        """Whether no slot is taken now."""
        return self._backs_off_until is not None and now < self._backs_off_until

    def hear(self, *sides: Side) -> None:
        """These sides have answered an order."""
        for side in sides:
            self._silent[side].clear()

    def hear_nothing(self, side: Side, key: str, now: datetime) -> None:
        """A side has not answered the order with this key.

        Where it is away, one order after the other would wait out its time limit, and all others behind them: after
        ``SILENT`` of them no slot is taken for a while, ever longer.
        """
        silent = self._silent[side]
        silent.append(key)
        if len(set(silent)) >= SILENT[side]:
            seconds = exponential(len(silent) - SILENT[side], first=15.0, longest=180.0)
            self.back_off(now + timedelta(seconds=seconds))

    async def _take(self, store: SlotStore, terms: Terms) -> None:
        await self._stop_beating()
        silence = terms.stale_seconds + LINGER
        known, self._gave_back = self._gave_back, None
        self._slot = await store.acquire_slot(terms.holder, terms.count, silence, last=terms.last, known=known)
        self._backs_off_until = None
        self._beating = asyncio.create_task(self._beat(store, terms.stale_seconds / BEATS))

    async def _give_back(self, store: SlotStore, lingers_seconds: float) -> None:
        await self._stop_beating()
        slot, self._slot = self._slot, None
        if slot is not None:
            with suppress(StoreError):  # without a heartbeat the slot is taken over later
                self._gave_back = await store.free_slot(slot, lingers_seconds)

    async def _stop_beating(self) -> None:
        beating, self._beating = self._beating, None
        if beating is not None:
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating

    async def _beat(self, store: SlotStore, every: float) -> None:
        """Send heartbeats; the next one makes up for one that fails.

        A slot that was taken over is not ours any more: the next job takes another.
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
