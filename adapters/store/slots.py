"""Stores the slots, the licences to call ERP.net: a few numbered rows shared by all processes (design.md §6).

A slot is in use while its holder sends heartbeats. Freed, it remembers its last holder and stays theirs for as
long as their ERP.net session lingers (erpnet.md §3): whoever opened another one meanwhile would take a licence more.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.store import codec, stored
from adapters.store.backend import Backend, Conflict, Key, Op, Row, Table, Verb
from jobs.ports import Slot
from sync_core.errors import LeaseLost, RowUnreadable, SlotsTaken

TRIES = 3
"""The most tries to write a heartbeat: only its own lost answers can come in between."""


@dataclass(frozen=True, slots=True)
class SlotRow:
    """A slot as stored, by the service's clock: ``beat_at`` is the last heartbeat, or when it was freed;
    ``lingers_until`` the end of the session behind a freed one, None where there is none."""

    holder: str
    beat_at: datetime
    free: bool = False
    lingers_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Candidate:
    number: int
    row: Row | None
    stored: SlotRow | None

    @property
    def etag(self) -> str:
        """That of the row, '' where there is none."""
        return self.row.etag if self.row else ""

    def rank(self, holder: str) -> int:
        """The sort key: our own slot first, then one that was never used."""
        if self.stored is None:
            return 1
        return 0 if self.stored.holder == holder else 2


def _slot_key(number: int) -> Key:
    return Key("slot", f"{number:04d}")


class Slots:
    """Taking, keeping and giving back; ``RowStore`` mixes it in."""

    backend: Backend

    async def acquire_slot(
        self,
        holder: str,
        count: int,
        stale_after_seconds: float,
        *,
        last: bool = False,
        known: Slot | None = None,
    ) -> Slot:
        """Take one of ``count`` slots: our own, a free one, or one silent for ``stale_after_seconds``; of several the
        first, or the ``last``. The ``known`` one, as we gave it back, is tried without a look at the others. Raises
        ``SlotsTaken`` with the earliest instant at which one may be had."""
        if known is not None and known.holder == holder and known.number < count:
            with suppress(Conflict):
                return await self._take_slot(known)
        stale_after = timedelta(seconds=stale_after_seconds)
        candidates = [c for c in await self._read_slots(count) if self._left(c, holder, stale_after) <= timedelta(0)]
        for candidate in sorted(candidates, key=lambda c: (c.rank(holder), -c.number if last else c.number)):
            with suppress(Conflict):
                return await self._take_slot(Slot(candidate.number, holder, candidate.etag))
        raise await self._taken(count, stale_after)

    async def beat_slot(self, slot: Slot) -> Slot:
        """Send a heartbeat. Raises ``LeaseLost`` if the slot was taken over."""
        return await self._renew(slot, free=False)

    async def free_slot(self, slot: Slot, lingers_seconds: float = 0) -> Slot | None:
        """Give the slot back; returns it as it is then, None for a lost one. For ``lingers_seconds`` it stays its
        holder's."""
        with suppress(LeaseLost):
            return await self._renew(slot, free=True, lingers=timedelta(seconds=lingers_seconds))
        return None

    async def count_slots(self, count: int, stale_after_seconds: float) -> int:
        """How many of the slots are held, or stand for a session that may still be open."""
        stale_after = timedelta(seconds=stale_after_seconds)
        return sum(self._left(c, "", stale_after) > timedelta(0) for c in await self._read_slots(count))

    async def _renew(self, slot: Slot, *, free: bool, lingers: timedelta = timedelta(0)) -> Slot:
        """Write the slot's row. A write whose answer was lost has moved the etag: the row still names its holder."""
        for _ in range(TRIES):
            with suppress(Conflict):
                return Slot(slot.number, slot.holder, await self._write_slot(slot, free=free, lingers=lingers))
            row = await self.backend.read(Table.USERS, _slot_key(slot.number))
            if row is None or codec.decode(row.properties, SlotRow).holder != slot.holder:
                break
            slot = Slot(slot.number, slot.holder, row.etag)
        raise LeaseLost(f"ERP.net slot {slot.number} of {slot.holder} was taken over")

    async def _read_slots(self, count: int) -> list[_Candidate]:
        found = {row.key: row for row in await self.backend.scan(Table.USERS, "slot")}
        return [_candidate(number, found.get(_slot_key(number))) for number in range(count)]

    def _left(self, candidate: _Candidate, holder: str, stale_after: timedelta) -> timedelta:
        """For how long the slot still belongs to another holder."""
        stored = candidate.stored
        if stored is None or stored.holder == holder:
            return timedelta(0)
        end = stored.lingers_until if stored.free else stored.beat_at + stale_after
        return end - self.backend.earliest_now() if end is not None else timedelta(0)

    async def _take_slot(self, slot: Slot) -> Slot:
        return Slot(slot.number, slot.holder, await self._write_slot(slot, free=False))

    async def _write_slot(self, slot: Slot, *, free: bool, lingers: timedelta = timedelta(0)) -> str:
        verb, now = Verb.PUT if slot.etag else Verb.INSERT, self.backend.latest_now()
        stored = SlotRow(slot.holder, now, free, now + lingers if lingers else None)
        return await self.backend.write(
            Table.USERS, Op(verb, _slot_key(slot.number), codec.encode(stored), slot.etag)
        )

    async def _taken(self, count: int, stale_after: timedelta) -> SlotsTaken:
        """The error that names the holder of the slot that is free first; the slots are read again."""
        waits = [
            (self._left(c, "", stale_after), c.stored.holder, not c.stored.free)
            for c in await self._read_slots(count)
            if c.stored is not None
        ]
        left, holder, is_in_use = min(waits)
        return SlotsTaken(holder, self.backend.now() + max(left, timedelta(0)), is_in_use=is_in_use)


def _candidate(number: int, row: Row | None) -> _Candidate:
    return _Candidate(number, row, _slot_in(row) if row else None)


def _slot_in(row: Row) -> SlotRow | None:
    """The slot in a row; a spoilt one is nobody's, since its holder's etag is not the row's."""
    try:
        return stored.value_of(Table.USERS, row, SlotRow)
    except RowUnreadable as error:
        if error.is_newer:
            raise
        return None
