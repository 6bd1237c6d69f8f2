"""Stores what is not in step: in ``Journal``, a row of items for each user, and beside it one of counts.

The counts of all users stand in one partition, so that an answer about everybody is one scan of small rows.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace

from adapters.store import codec, stored
from adapters.store.backend import Backend, Key, Op, Row, Table, Verb
from sync_core.errors import RowUnreadable, StoreError
from sync_core.model.unsynced import Unsynced, UnsyncedItem

_ITEMS, _COUNTS = "unsynced", "unsynced-counts"


@dataclass(frozen=True, slots=True)
class CountsRow:
    """One user's counts by reason."""

    user_id: str
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnsyncedRow:
    """One user's items."""

    user_id: str
    unsynced: Unsynced


def _key(partition: str, user_id: str) -> Key:
    return Key(partition, codec.key(user_id))


class UnsyncedRows:
    """Reading and writing; ``RowStore`` mixes it in. A row that cannot be read is none: rounds make it anew."""

    backend: Backend

    async def save_unsynced(self, user_id: str, unsynced: Unsynced) -> None:
        """Replace what is not in step of a user's; of more than a row holds the first items, and every count."""
        counts = CountsRow(user_id, dict(unsynced.counts))
        await self.backend.write(Table.JOURNAL, Op(Verb.PUT, _key(_ITEMS, user_id), _encoded(user_id, unsynced)))
        await self.backend.write(Table.JOURNAL, Op(Verb.PUT, _key(_COUNTS, user_id), codec.encode(counts)))

    async def read_unsynced(self, user_id: str) -> Unsynced:
        """What is not in step of a user's; empty where nothing is known."""
        row = await self.backend.read(Table.JOURNAL, _key(_ITEMS, user_id))
        with suppress(RowUnreadable):
            return _counted(stored.value_of(Table.JOURNAL, row, UnsyncedRow).unsynced) if row else Unsynced()
        return Unsynced()

    async def count_unsynced(self) -> dict[str, dict[str, int]]:
        """User id → reason → how many items, of everybody."""
        found = [_counts_in(row) for row in await self.backend.scan(Table.JOURNAL, _COUNTS)]
        return {row.user_id: row.counts for row in found if row is not None}

    async def _drop_unsynced(self, user_id: str) -> None:
        for partition in (_ITEMS, _COUNTS):
            await self.backend.write(Table.JOURNAL, Op(Verb.DELETE, _key(partition, user_id)))


def _counted(unsynced: Unsynced) -> Unsynced:
    """As what an item is counted, which an earlier build did not store: the longest beginning of its reason."""
    counts = unsynced.counts

    def group(item: UnsyncedItem) -> str:
        return max((one for one in counts if item.reason.startswith(one)), key=len, default="")

    items = (x if x.counted or x.reason in counts else replace(x, counted=group(x)) for x in unsynced.items)
    return replace(unsynced, items=tuple(items))


def _encoded(user_id: str, unsynced: Unsynced) -> codec.Properties:
    items = unsynced.items
    while True:
        try:
            return codec.encode(UnsyncedRow(user_id, replace(unsynced, items=items)))
        except StoreError:
            if not items:
                raise
            items = items[: len(items) // 2]


def _counts_in(row: Row) -> CountsRow | None:
    with suppress(RowUnreadable):
        return stored.value_of(Table.JOURNAL, row, CountsRow)
    return None
