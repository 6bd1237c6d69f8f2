"""The journal: one row per entry, newest first, the same entry always under the same key (design section 5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from adapters import rows
from adapters.backend import Backend, Key, Op, Table, Verb, gather
from sync_core.model import JournalEntry

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = 10**18 - 1
"""Beyond the microseconds of the year 9999."""


def _sort_key(at: datetime) -> str:
    return f"{_LAST - (at - _EPOCH) // timedelta(microseconds=1):018d}"


def _journal_key(entry: JournalEntry) -> Key:
    identity = rows.hashed(entry.round_id, entry.action, entry.event_id, entry.activity_id)
    return Key(rows.key(entry.user_id), f"{_sort_key(entry.at)}-{identity}")


class Journal:
    """Writing and reading; ``RowStore`` mixes it in."""

    backend: Backend

    async def append_journal(self, entries: Sequence[JournalEntry]) -> None:
        """Write journal rows, values cut (``rows.bounded``). The same entry (user, instant, round, action, ids)
        written twice is one row."""
        by_user: dict[str, dict[Key, Op]] = defaultdict(dict)
        for entry in entries:
            place = _journal_key(entry)
            by_user[place.partition][place] = Op(Verb.PUT, place, rows.encode(rows.bounded(entry)))
        await gather(self.backend.write_all(Table.JOURNAL, list(ops.values())) for ops in by_user.values())

    async def read_journal(self, user_id: str, limit: int = 100) -> list[JournalEntry]:
        """The newest entries first."""
        found = await self.backend.scan(Table.JOURNAL, rows.key(user_id), limit)
        return [rows.decode(row.properties, JournalEntry) for row in found]

    async def trim_journal(self, user_id: str, before: datetime) -> int:
        """Erase entries older than ``before``; returns how many there were."""
        border = _sort_key(before)
        old = [
            row.key for row in await self.backend.scan(Table.JOURNAL, rows.key(user_id)) if row.key.row[:18] > border
        ]
        await self.backend.write_all(Table.JOURNAL, [Op(Verb.DELETE, place) for place in old])
        return len(old)
