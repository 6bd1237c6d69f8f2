"""The world: what every job is given (the ports, the policy, the clock, the limits)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date, timedelta

from jobs.erp_slot import ErpSlot, Terms
from jobs.in_turn import InTurn
from jobs.people import People
from jobs.ports import Calendar, Clock, Erp, Queue, Store, Subscriptions
from sync_core.model.instance import Instance
from sync_core.model.policy import Policy


@dataclass(frozen=True, slots=True)
class World:
    """What a job is given.

    ``holder`` names this process in leases and slots. ``tenant`` and ``database`` stamp the store. ``public_url`` is
    where Graph reaches the app, '' if the app polls. ``licence_wait`` is how long a command waits for an ERP.net
    session; ``secret_ends`` is the last day of the app's secret in ERP.net, None if unknown. ``policy`` is that of
    the settings here until the stored one is read (jobs/company.py); ``chosen`` are the names of the settings given
    here. ``digest_to`` are the logins or addresses of whom ERP.net notifies once a day. ``warnings``
    are what Azure reads otherwise than a person in the settings. ``activity_url`` is the
    pattern of an activity's address, with ``{id}``, '' if nobody told it. ``has_webhook``: ERP.net's may call.
    ``looks_every`` and ``late_after`` as in ``Instance``; after ``pull_late_after`` minutes without a pull the app
    is not well.
    ``tries_series``: plans are made as if dates of series were synced (``SYNC_SERIES=window``).
    ``opened_on`` is the instance row with its etag as it was read when the world was opened, for whoever begins then.
    ``serve`` goes on with the command of this id and says whether it has ended; None where none is served. ``heard``
    is told how many of how many meetings a round has written; None where nobody waits for it.
    """

    calendar: Calendar
    erp: Erp
    store: Store
    queue: Queue
    subscriptions: Subscriptions
    clock: Clock
    holder: str
    policy: Policy = field(default_factory=Policy)
    chosen: frozenset[str] = frozenset()
    tenant: str = ""
    database: str = ""
    lease_seconds: int = 180
    call_timeout_seconds: int = 30
    round_limit: timedelta = timedelta(minutes=8)
    erp_sessions: int = 1
    licence_wait: timedelta = timedelta(minutes=25)
    public_url: str = ""
    secret_ends: date | None = None
    digest_to: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()
    activity_url: str = ""
    has_webhook: bool = False
    looks_every: int = 15
    late_after: int = 60
    pull_late_after: int = 60
    tries_series: bool = False
    opened_on: tuple[Instance, str] | None = None
    serve: Callable[[World, str], Awaitable[bool]] | None = None
    heard: Callable[[int, int], Awaitable[None]] | None = None
    erp_slot: ErpSlot = field(default_factory=ErpSlot)
    in_turn: InTurn = field(default_factory=InTurn)
    people: People = field(default_factory=People)

    def erp_session(self, *, last: bool = False) -> AbstractAsyncContextManager[None]:
        """Hold an ERP.net session slot while calls are made; a command takes the ``last`` free one.

        Raises ``SlotsTaken`` at once if none is free.
        """
        terms = Terms(self.holder, self.erp_sessions, self.call_timeout_seconds / 2, last)
        return self.erp_slot.held(self.store, self.erp, self.clock, terms)
