"""The world: what every job is given (the ports, the policy, the clock, the limits), and the fence of a round."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from jobs.erp_slot import ErpSlot, Terms
from jobs.in_turn import InTurn
from jobs.own_mistakes import unless_mistaken
from jobs.people import People
from jobs.ports import Calendar, Clock, Erp, Lease, Put, Queue, RowChange, Store, Subscriptions
from jobs.remembered import with_changes
from sync_core.content.names import names_of
from sync_core.errors import LeaseLost
from sync_core.model.ledger import Ledger, ledger_of
from sync_core.model.link import Link
from sync_core.model.memory import Memory
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


class Fence:
    """The lease of one round (fencing): every save and every request to a side happens under it.

    Each save renews it, and so does a request that it might not outlive. So two rounds of one user never write at
    once.
    """

    def __init__(self, world: World, lease: Lease) -> None:
        self._world = world
        self._lease = lease
        self._turn = asyncio.Lock()
        self.saved: list[RowChange] = []
        """What was saved under the lease: nobody else has changed the user's links, cursors or lists meanwhile."""
        self.memory: Memory | None = None
        """What is stored, where the round has read few links; each save keeps it, and the ledger by it. None where
        all were read: then the ledger goes with the first link that is saved, and ``prove`` brings it back."""

    @property
    def ledger(self) -> Ledger | None:
        """The ledger of the user's links as they are stored, None where it is not known."""
        return self._lease.ledger

    async def save(self, changes: Sequence[RowChange]) -> None:
        """Save row changes under the lease, which renews it. Raises ``LeaseLost``."""
        async with self._turn:
            after = with_changes(self.memory, changes) if self.memory is not None else None
            new, ledger = _known_by(self.memory, after, changes, self._lease.user_id)
            if new:
                await self._world.store.add_names(self._lease.user_id, new)
            self._lease = await self._world.store.save(self._lease, changes, ledger)
            self.memory = after
            self.saved += changes

    async def settle(self, served: str) -> None:
        """Take back the user's due mark, unless a round was asked for after the wake token that was ``served``."""
        async with self._turn:
            await self._world.store.settle(self._lease, served)

    async def prove(self, memory: Memory) -> frozenset[str]:
        """Make names and ledger those of all links, which ``memory`` holds as they are stored. Returns the events of
        links of which a name was not there."""
        user_id = self._lease.user_id
        ledger = unless_mistaken(lambda: _nameable(memory), lambda _: None, user_id)
        if ledger is None:
            return frozenset()
        async with self._turn:
            self._lease, lacking = await self._world.store.prove_names(self._lease, memory.links)
            if lacking is not None:
                self._lease = replace(self._lease, ledger=ledger)  # it is stored with the lease
        return lacking or frozenset()

    async def release(self) -> None:
        """Give the lease back; a lost one is no error."""
        await self._world.store.release_lease(self._lease)

    @asynccontextmanager
    async def covering(self) -> AsyncIterator[None]:
        """Make one request under the lease; the lease's end cuts it off.

        Raises ``LeaseLost``: the request may have been done.
        """
        await self._outlive_a_call()
        try:
            async with asyncio.timeout(self._left()) as limit:
                yield
        except TimeoutError as ended:
            if not limit.expired():  # the call's own time limit, which its adapter understands
                raise
            raise LeaseLost("the lease ran out while a call was under way") from ended

    async def _outlive_a_call(self) -> None:
        """Renew the lease if it may end before a call does. An expired lease is lost only if another holder took it,
        which the store finds by the etag."""
        async with self._turn:
            if self._left() < 2 * self._world.call_timeout_seconds:
                self._lease = await self._world.store.save(self._lease, ())

    def _left(self) -> float:
        return (self._lease.expires_at - self._world.clock()).total_seconds()


def _known_by(
    before: Memory | None, after: Memory | None, changes: Sequence[RowChange], user_id: str
) -> tuple[list[Link], Ledger | None]:
    """The links that must be named before they are saved, and the ledger of what is stored then.

    Without a ledger the next round reads all links. There is none where all were read, or our own code fails on one.
    """
    if before is None or after is None:
        return [], None
    return unless_mistaken(lambda: (_named_anew(before, changes), ledger_of(after)), lambda _: ([], None), user_id)


def _named_anew(before: Memory, changes: Sequence[RowChange]) -> list[Link]:
    """The links among the changes that have a name which they had not."""
    known = {link.event_id: names_of(link) for link in before.links}
    links = [change.row for change in changes if isinstance(change, Put) and isinstance(change.row, Link)]
    named = [(link, names_of(link)) for link in links]
    return [link for link, names in named if link.event_id not in known or names - known[link.event_id]]


def _nameable(memory: Memory) -> Ledger | None:
    """The ledger of all links, each of which can be named."""
    for link in memory.links:
        names_of(link)
    return ledger_of(memory)
