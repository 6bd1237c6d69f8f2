"""Everything a job is handed: the ports, the company's policy, the clock and the limits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from jobs.erp_slot import ErpSlot, Terms
from jobs.ports import Calendar, Clock, Erp, Lease, Queue, Store, Subscriptions
from sync_core.errors import LeaseLost
from sync_core.policy import Policy

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class World:
    """``holder`` names this process in leases and slots; ``tenant`` and ``database`` stamp the store; ``public_url``
    is where Graph reaches the app, '' where the app polls. ``licence_wait`` is how long a command waits for ERP.net.
    """

    calendar: Calendar
    erp: Erp
    store: Store
    queue: Queue
    subscriptions: Subscriptions
    clock: Clock
    holder: str
    policy: Policy = field(default_factory=Policy)
    tenant: str = ""
    database: str = ""
    lease_seconds: int = 180
    call_timeout_seconds: int = 30
    round_limit: timedelta = timedelta(minutes=8)
    erp_sessions: int = 1
    licence_wait: timedelta = timedelta(minutes=25)
    public_url: str = ""
    erp_slot: ErpSlot = field(default_factory=ErpSlot)

    def erp_session(self) -> AbstractAsyncContextManager[None]:
        """Hold an ERP.net session slot while calls are made. Raises ``SlotsTaken``, at once."""
        terms = Terms(self.holder, self.erp_sessions, self.call_timeout_seconds / 2)
        return self.erp_slot.held(self.store, self.clock, terms)


class Fence:
    """The lease of one round: no outside write starts unless the lease outlives the call's time limit."""

    def __init__(self, world: World, lease: Lease) -> None:
        self._world = world
        self.lease = lease

    async def check(self) -> None:
        """Renew the lease where it would not outlive one more call. Raises ``LeaseLost``."""
        if self._left() <= 0:
            raise LeaseLost("the lease ran out while this round was busy")
        if self._left() < 2 * self._world.call_timeout_seconds:
            self.lease = await self._world.store.save(self.lease, ())

    async def within(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do ``work`` on the lease's time and cut it off when that ends: patience with a side that throttles may
        outlast it, and then the user is somebody else's. Raises ``LeaseLost``; the work may have been done."""
        await self.check()
        try:
            async with asyncio.timeout(self._left()):
                return await work()
        except TimeoutError as ended:
            raise LeaseLost("the lease ran out while a write was under way") from ended

    def _left(self) -> float:
        return (self.lease.expires_at - self._world.clock()).total_seconds()
