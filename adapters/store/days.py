"""Counts what rounds do, day by day: a few rows for each day in a partition of ``Journal``.

Whoever reads them reads as many for ten people as for ten thousand. Rounds of different people mostly write different
rows of a day (``SHARDS``), so they seldom have to write twice.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from zlib import crc32

from adapters.store import codec, stored
from adapters.store.backend import Backend, Conflict, Key, Op, Row, Table, Verb
from sync_core.errors import RowUnreadable, StoreUnavailable
from sync_core.model.day import Day, joined

_PARTITION = "day"

SHARDS = 4
TRIES = 6


def _place(day: date, user_id: str) -> Key:
    return Key(_PARTITION, f"{day.isoformat()}-{crc32(user_id.encode('utf-8', 'surrogatepass')) % SHARDS}")


class Days:
    """Adding and reading; ``RowStore`` mixes it in."""

    backend: Backend

    async def add_to_day(self, told: Day, user_id: str) -> None:
        """Add what a round of this user did. A spoilt row is begun anew; one of a newer build is left to it.

        Raises ``StoreUnavailable``.
        """
        place = _place(told.day, user_id)
        for _ in range(TRIES):
            row = await self.backend.read(Table.JOURNAL, place)
            try:
                whole = joined(stored.value_of(Table.JOURNAL, row, Day), told) if row else told
            except RowUnreadable as error:
                if error.is_newer:
                    return
                whole = told
            verb, etag = (Verb.PUT, row.etag) if row else (Verb.INSERT, "")
            with suppress(Conflict):
                await self.backend.write(Table.JOURNAL, Op(verb, place, codec.encode(whole), etag))
                return
        raise StoreUnavailable("the row of the day changes hands too fast")

    async def list_days(self) -> list[Day]:
        """The parts of all days that are kept, the oldest first; a row that cannot be read is left out."""
        found = [_day_in(row) for row in await self.backend.scan(Table.JOURNAL, _PARTITION)]
        return [day for day in found if day is not None]

    async def trim_days(self, before: date) -> None:
        """Erase the days before this one."""
        old = [row.key for row in await self.backend.scan(Table.JOURNAL, _PARTITION) if row.key.row < f"{before}"]
        await self.backend.write_all(Table.JOURNAL, [Op(Verb.DELETE, place) for place in old])


def _day_in(row: Row) -> Day | None:
    with suppress(RowUnreadable):
        return stored.value_of(Table.JOURNAL, row, Day)
    return None
