"""Licences to call ERP.net: a few numbered rows shared by all processes (design section 6).

A slot is in use while its holder gives signs of life; freed, it remembers its last holder, whose ERP.net session
lingers for twenty minutes and costs nothing more when it comes back (erpnet.md §3).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters import rows, stored
from adapters.backend import Backend, Conflict, Key, Op, Row, Table, Verb
from jobs.ports import Slot
from sync_core.errors import LeaseLost, RowUnreadable, SlotsTaken

TRIES = 3
"""How often a sign of life is written: its own lost answers are all that can come in between."""


@dataclass(frozen=True, slots=True)
class SlotRow:
    """A slot as stored; ``beat_at`` (the service's clock) is the last sign of life, or when it was freed."""

    holder: str
    beat_at: datetime
    free: bool = False


@dataclass(frozen=True, slots=True)
class _Candidate:
    number: int
    row: Row | None
    stored: SlotRow | None

    def rank(self, holder: str) -> tuple[int, datetime | None]:
        """Ours first, then untouched ones, then whose session in ERP.net is closest to its end."""
        if self.stored is None:
            return 1, None
        if self.stored.holder == holder:
            return 0, self.stored.beat_at
        return 2, self.stored.beat_at


def _slot_key(number: int) -> Key:
    return Key("slot", f"{number:04d}")


class Slots:
    """Taking, keeping and giving back; ``RowStore`` mixes it in."""

    backend: Backend

    async def acquire_slot(self, holder: str, count: int, stale_after_seconds: float) -> Slot:
        """Take one of ``count`` slots: our own, a free one (last held by us first), or one silent for
        ``stale_after_seconds``. Raises ``SlotsTaken`` with the earliest instant at which one may be stale."""
        stale_after = timedelta(seconds=stale_after_seconds)
        candidates = [c for c in await self._read_slots(count) if self._left(c, holder, stale_after) <= timedelta(0)]
        for candidate in sorted(candidates, key=lambda c: c.rank(holder)):
            with suppress(Conflict):
                return await self._take_slot(candidate, holder)
        raise await self._taken(count, stale_after)

    async def beat_slot(self, slot: Slot) -> Slot:
        """Sign of life. Raises ``LeaseLost`` when the slot was taken over."""
        return await self._renew(slot, free=False)

    async def free_slot(self, slot: Slot) -> None:
        """Give the slot back; a lost one is no error."""
        with suppress(LeaseLost):
            await self._renew(slot, free=True)

    async def _renew(self, slot: Slot, *, free: bool) -> Slot:
        """Write the slot's row. A write whose answer was lost has moved the etag: the row still names its holder."""
        for _ in range(TRIES):
            with suppress(Conflict):
                return Slot(slot.number, slot.holder, await self._write_slot(slot, free=free))
            row = await self.backend.read(Table.USERS, _slot_key(slot.number))
            if row is None or rows.decode(row.properties, SlotRow).holder != slot.holder:
                break
            slot = Slot(slot.number, slot.holder, row.etag)
        raise LeaseLost(f"ERP.net slot {slot.number} of {slot.holder} was taken over")

    async def _read_slots(self, count: int) -> list[_Candidate]:
        found = {row.key: row for row in await self.backend.scan(Table.USERS, "slot")}
        return [_candidate(number, found.get(_slot_key(number))) for number in range(count)]

    def _left(self, candidate: _Candidate, holder: str, stale_after: timedelta) -> timedelta:
        """How long the slot is still somebody else's."""
        stored = candidate.stored
        if stored is None or stored.free or stored.holder == holder:
            return timedelta(0)
        return stored.beat_at + stale_after - self.backend.earliest_now()

    async def _take_slot(self, candidate: _Candidate, holder: str) -> Slot:
        etag = candidate.row.etag if candidate.row else ""
        slot = Slot(candidate.number, holder, etag)
        return Slot(slot.number, holder, await self._write_slot(slot, free=False))

    async def _write_slot(self, slot: Slot, *, free: bool) -> str:
        verb = Verb.PUT if slot.etag else Verb.INSERT
        stored = SlotRow(slot.holder, self.backend.latest_now(), free)
        return await self.backend.write(Table.USERS, Op(verb, _slot_key(slot.number), rows.encode(stored), slot.etag))

    async def _taken(self, count: int, stale_after: timedelta) -> SlotsTaken:
        """Who keeps us waiting, read anew: the first one to become stale."""
        waits = [
            (self._left(c, "", stale_after), c.stored.holder)
            for c in await self._read_slots(count)
            if c.stored is not None
        ]
        left, holder = min(waits)
        return SlotsTaken(holder, self.backend.now() + max(left, timedelta(0)))


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
