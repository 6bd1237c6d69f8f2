"""Everything a job is handed: the ports, the company's policy, the clock and the limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from jobs.licence import Licence
from jobs.ports import Calendar, Clock, Erp, Lease, Queue, Store, Subscriptions
from sync_core.errors import LeaseLost
from sync_core.policy import Policy


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
    licence: Licence = field(default_factory=Licence)


class Fence:
    """The lease of one round: no outside call starts unless the lease outlives the call's time limit."""

    def __init__(self, world: World, lease: Lease) -> None:
        self._world = world
        self.lease = lease

    async def check(self) -> None:
        """Renew the lease where it would not outlive one more call. Raises ``LeaseLost``."""
        left = (self.lease.expires_at - self._world.clock()).total_seconds()
        if left <= 0:
            raise LeaseLost("the lease ran out while this round was busy")
        if left < 2 * self._world.call_timeout_seconds:
            self.lease = await self._world.store.save(self.lease, ())
