"""Stores the leases: one row in each user's partition, which fences every save.

The row says until when its holder may work, by the service's clock; taking, renewing and saving are conditional on
its etag, so whoever lost it cannot store anything any more. Whether somebody else's lease is over is judged by the
service's now by its ``Date`` headers (``Backend.earliest_now``): a worker whose own clock is wrong cannot
steal. ``Lease.expires_at`` is by our clock and counted from before the request that took or renewed it, so it
never promises more than the row does.

Since every transaction that writes links writes this row, it holds their ledger as well. It stays when the lease is
given back. An older build knows of no ledger: it writes the row without one, and so takes it away.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from adapters.store import codec, stored
from adapters.store.backend import Backend, Conflict, Key, Op, Row, Table, Verb
from jobs.ports import Lease
from sync_core.errors import LeaseHeld, LeaseLost, RowUnreadable, StoreUnavailable
from sync_core.model.ledger import RULES, Ledger

MOST_MET = 32
"""So many leases are known as they were met last."""

TRIES = 5
"""The most tries to write a row against other writers; then ``StoreUnavailable`` is raised."""


@dataclass(frozen=True, slots=True)
class LeaseRow:
    """The lease as stored; ``until`` by the service's clock, ``seconds`` is what each save renews it by. ``ledger``
    is that of the user's links, None = not known."""

    holder: str
    until: datetime
    seconds: int
    ledger: Ledger | None = None


GIVEN_BACK = datetime(2000, 1, 1, tzinfo=UTC)
"""When the lease ended in a row that is kept for its ledger."""


LEASE = "lease"


def lease_key(user_id: str) -> Key:
    """The key of a user's lease."""
    return Key(codec.key(user_id), LEASE)


class Leases:
    """Taking, renewing and giving back; ``RowStore`` mixes it in."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self._seconds: dict[tuple[str, str], int] = {}
        self._met: dict[str, Row] = {}
        """The rows of leases that nobody held when their users were recalled last, a few."""

    async def acquire_lease(self, user_id: str, holder: str, seconds: int) -> Lease:
        """Take or (as the same holder) take over the lease for ``seconds``. Raises ``LeaseHeld``.

        A free one that was met just before is not read again: whoever took it since has changed its etag.
        """
        met = self._met.pop(user_id, None)
        for attempt in range(TRIES):
            row = (met if not attempt else None) or await self.backend.read(Table.STATE, lease_key(user_id))
            self._refuse_held(row, holder)
            with suppress(Conflict):
                return await self._take(user_id, holder, seconds, row)
        raise StoreUnavailable(f"the lease of user {user_id} changes hands too fast to be taken")

    async def release_lease(self, lease: Lease) -> None:
        """Give the lease back; a lost one is no error. The row stays where it has a ledger."""
        self._seconds.pop((lease.user_id, lease.holder), None)
        key, row = lease_key(lease.user_id), codec.encode(LeaseRow("", GIVEN_BACK, 0, lease.ledger))
        op = Op(Verb.PUT, key, row, lease.etag) if lease.ledger else Op(Verb.DELETE, key, etag=lease.etag)
        with suppress(Conflict):
            await self.backend.write(Table.STATE, op)

    async def break_lease(self, user_id: str) -> None:
        """Make whoever works on this user stop at their next save (design.md §4 "The switch")."""
        await self.backend.write(Table.STATE, Op(Verb.DELETE, lease_key(user_id)))

    def _meet(self, user_id: str, rows: Iterable[Row]) -> None:
        """Remember the lease among the user's rows that were just read, if it can be taken as it is."""
        self._met.pop(user_id, None)
        row = next((row for row in rows if row.key.row == LEASE), None)
        with suppress(RowUnreadable):  # a newer build's
            if row is not None and (held := _held_in(row)) is not None and not held.holder:
                self._met[user_id] = row
        if len(self._met) > MOST_MET:
            del self._met[next(iter(self._met))]

    async def _take(self, user_id: str, holder: str, seconds: int, row: Row | None) -> Lease:
        verb, etag = (Verb.PUT, row.etag) if row else (Verb.INSERT, "")
        known = Lease(user_id, holder, self.backend.now(), etag, ledger_in([row]) if row else None)
        fence, expires_at = self._fence(known, seconds, verb)
        etag = await self.backend.write(Table.STATE, fence)
        self._seconds[user_id, holder] = seconds
        return replace(known, expires_at=expires_at, etag=etag)

    async def _fenced(self, lease: Lease, ops: list[Op]) -> Lease:
        """Carry out ``ops`` in one transaction with the lease, which is renewed by it. Raises ``LeaseLost``."""
        seconds = await self._span(lease)
        fence, expires_at = self._fence(lease, seconds, Verb.PUT)
        try:
            etag = await self.backend.commit(Table.STATE, [fence, *ops])
        except Conflict as conflict:
            raise _lost(lease) from conflict
        return replace(lease, expires_at=expires_at, etag=etag)

    async def _span(self, lease: Lease) -> int:
        """How long a renewal lasts; a lease taken by another process of ours says it in its row."""
        known = self._seconds.get((lease.user_id, lease.holder))
        if known is not None:
            return known
        row = await self.backend.read(Table.STATE, lease_key(lease.user_id))
        if row is None:
            raise _lost(lease)
        return stored.value_of(Table.STATE, row, LeaseRow).seconds

    def _fence(self, lease: Lease, seconds: int, verb: Verb) -> tuple[Op, datetime]:
        span = timedelta(seconds=seconds)
        stored = LeaseRow(lease.holder, self.backend.latest_now() + span, seconds, lease.ledger)
        return Op(verb, lease_key(lease.user_id), codec.encode(stored), lease.etag), self.backend.now() + span

    def _refuse_held(self, row: Row | None, holder: str) -> None:
        held = _held_in(row) if row else None
        if held is None:
            return
        left = held.until - self.backend.earliest_now()
        if held.holder != holder and left > timedelta(0):
            raise LeaseHeld(held.holder, self.backend.now() + left)


def ledger_in(rows: Iterable[Row]) -> Ledger | None:
    """The ledger in the lease's row, None where it is not there or by other rules than this build's."""
    row = next((row for row in rows if row.key.row == LEASE), None)
    held = _held_in(row) if row else None
    return held.ledger if held and held.ledger and held.ledger.rules == RULES else None


def _held_in(row: Row) -> LeaseRow | None:
    """The lease in a row; a spoilt one holds nothing any more, since its holder's etag is not the row's."""
    try:
        return stored.value_of(Table.STATE, row, LeaseRow)
    except RowUnreadable as error:
        if error.is_newer:
            raise
        return None


def _lost(lease: Lease) -> LeaseLost:
    return LeaseLost(f"the lease of {lease.holder} on user {lease.user_id} was taken over, ended or broken")
