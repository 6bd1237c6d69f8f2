"""Stores the journal: one row per entry, newest first, the same entry always under the same key (design.md §5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from adapters.store import codec, stored
from adapters.store.backend import Backend, Key, Op, Row, Table, Verb, gather
from jobs.ports import UNREADABLE
from sync_core.errors import RowUnreadable
from sync_core.model.memory import JournalEntry

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = 10**18 - 1
"""Beyond the microseconds of the year 9999."""


def _sort_key(at: datetime) -> str:
    return f"{_LAST - (at - _EPOCH) // timedelta(microseconds=1):018d}"


def _journal_key(entry: JournalEntry) -> Key:
    identity = codec.hashed(entry.round_id, entry.action, entry.event_id, entry.activity_id)
    return Key(codec.key(entry.user_id), f"{_sort_key(entry.at)}-{identity}")


class Journal:
    """Writing and reading; ``RowStore`` mixes it in."""

    backend: Backend

    async def append_journal(self, entries: Sequence[JournalEntry]) -> None:
        """Write journal rows, values cut (``codec.bounded``). The same entry (user, instant, round, action, ids)
        written twice is one row."""
        by_user: dict[str, dict[Key, Op]] = defaultdict(dict)
        for entry in entries:
            place = _journal_key(entry)
            by_user[place.partition][place] = Op(Verb.PUT, place, codec.encode(codec.bounded(entry)))
        await gather(self.backend.write_all(Table.JOURNAL, list(ops.values())) for ops in by_user.values())

    async def read_journal(self, user_id: str, limit: int = 100) -> list[JournalEntry]:
        """The newest entries first; an unreadable row gives an entry with the action ``UNREADABLE``."""
        found = await self.backend.scan(Table.JOURNAL, codec.key(user_id), limit)
        return [_entry_in(user_id, row) for row in found]

    async def trim_journal(self, user_id: str, before: datetime) -> int:
        """Erase entries older than ``before``; returns how many there were. Younger ones are not read."""
        border = f"{_sort_key(before)}."  # behind the border's own keys, which go on with a dash
        return await self.backend.erase_from(Table.JOURNAL, codec.key(user_id), border)


def _entry_in(user_id: str, row: Row) -> JournalEntry:
    try:
        entry = stored.value_of(Table.JOURNAL, row, JournalEntry)
        return stored.in_its_place(Table.JOURNAL, row, entry, _journal_key(entry))
    except RowUnreadable as error:
        return JournalEntry(user_id, _instant_of(row.key.row), "", UNREADABLE, str(error))


def _instant_of(row_key: str) -> datetime:
    """The instant in a row's key; the earliest instant for a key without one."""
    digits = row_key[:18]
    passed = _LAST - int(digits) if digits.isdecimal() else 0
    try:
        return _EPOCH + timedelta(microseconds=passed)
    except OverflowError:
        return _EPOCH
