"""The index as builds wrote it until batches: a partition for each activity and for each meeting.

Their rows cannot be written together, so today's index has one partition of each kind (``claims``). While such a row
is left, both are read, today's row counts where both say something of the same user, and notes of events under way
are written to both, since a build of before may run beside this one during an update. Housekeeping moves the rows.
Whether one is left is asked once in a while, by one small read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from adapters.store.backend import Backend, Key, Op, Row, Table, Verb, gather

KINDS = ("activity", "copy")
"""Today's partitions; an old one's name goes on with a dash and what the key of a row begins with today."""

ASKED_EVERY = timedelta(minutes=10)

AT_A_TIME = 500
"""Rows that are moved before the next are read."""


def old_key(key: Key) -> Key:
    """Where a row of today's index used to be."""
    first, _, second = key.row.partition(":")
    return Key(f"{key.partition}-{first}", second)


def new_key(key: Key) -> Key:
    """Where an old row belongs today."""
    kind, _, first = key.partition.partition("-")
    return Key(kind, f"{first}:{key.row}")


@dataclass(slots=True)
class OldIndex:
    """The old rows of one store."""

    backend: Backend
    _asked: dict[str, tuple[datetime, bool]] = field(default_factory=dict)
    """When it was asked about each kind, and whether none is left."""
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def is_empty(self, kind: str) -> bool:
        """Whether no row of a kind is left, as of the last minutes. Of many who want to know at once, one asks."""
        async with self._turn:
            now = self.backend.now()
            asked_at, empty = self._asked.get(kind, (None, False))
            if asked_at is None or not timedelta(0) <= now - asked_at < ASKED_EVERY:
                empty = not await self._left(kind, 1)
                self._asked[kind] = now, empty
            return empty

    async def _left(self, kind: str, most: int) -> list[Row]:
        return await self.backend.scan_partitions(Table.MEETINGS, f"{kind}-", most)

    async def find(self, kind: str, first: str, known: Sequence[Row]) -> list[Row]:
        """The old rows beside the ``known`` ones of today, as if they were in their new place."""
        if await self.is_empty(kind):
            return []
        taken = {row.key for row in known}
        found = await self.backend.scan(Table.MEETINGS, f"{kind}-{first}")
        return [replace(row, key=key) for row in found if (key := new_key(row.key)) not in taken]

    async def put(self, ops: Sequence[Op]) -> None:
        """Write rows of today's index in the old place as well, while there is one."""
        kinds = {op.key.partition for op in ops}
        present = {kind for kind in kinds if not await self.is_empty(kind)}
        left = [op for op in ops if op.key.partition in present]
        await gather(self.backend.write(Table.MEETINGS, replace(op, key=old_key(op.key), etag="")) for op in left)

    async def drop(self, keys: Iterable[Key]) -> None:
        """Delete what is in the old place of these rows."""
        found = [*keys]
        present = {kind for kind in {key.partition for key in found} if not await self.is_empty(kind)}
        ops = [Op(Verb.DELETE, old_key(key)) for key in found if key.partition in present]
        await gather(self.backend.write(Table.MEETINGS, op) for op in ops)

    async def move(self, most: int) -> int:
        """Move old rows, about ``most`` at once; a row of today's stays as it is. Returns how many there were."""
        moved = 0
        for kind in KINDS:
            while moved < most and (rows := await self._left(kind, AT_A_TIME)):
                ops = [Op(Verb.INSERT, new_key(row.key), row.properties) for row in rows]
                await self.backend.write_each(Table.MEETINGS, ops)
                gone = [Op(Verb.DELETE, row.key, etag=row.etag) for row in rows]
                await gather(self.backend.try_write(Table.MEETINGS, op) for op in gone)
                moved += len(rows)
        return moved
