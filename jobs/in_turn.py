"""The orders that wait for ERP.net's session, in turn, as one process knows them for some seconds.

One reading of the line serves all messages of a process: where thousands wait, reading all of them anew before each
order costs more than the orders. Whoever takes an order marks its row under the etag that was read, so an older
reading makes nobody's order run twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from jobs.ports import Clock, LineStore, Queued

BIG_YIELDS = timedelta(minutes=10)
"""How long a full round lets small rounds pass; after that its turn comes by age."""

LIFE = timedelta(seconds=2)
ROWS_A_SECOND = 500
"""How long a reading is believed while orders of it are left: two seconds, and another for each so many."""


def in_turn(found: Iterable[Queued], now: datetime) -> list[Queued]:
    """Those of the orders that wait for a session: by age, but small ones before a full round that is young."""

    def turn(one: Queued) -> tuple[bool, datetime]:
        assert one.since is not None
        return one.is_big and now - one.since < BIG_YIELDS, one.since

    return sorted((one for one in found if one.since is not None and one.message is not None), key=turn)


class InTurn:
    """The orders of one process's last reading that nobody in it has taken."""

    def __init__(self) -> None:
        self._rows: list[Queued] = []
        self._life = LIFE
        self._read_at: datetime | None = None
        self._turn = asyncio.Lock()

    async def is_empty(self, store: LineStore, clock: Clock) -> bool:
        """Whether nobody waits."""
        await self._read(store, clock)
        return not self._rows

    async def take(self, store: LineStore, clock: Clock, is_wanted: Callable[[Queued], bool]) -> Queued | None:
        """Take the next order that is wanted out of the reading; None if there is none."""
        await self._read(store, clock)
        for place, row in enumerate(self._rows):
            if is_wanted(row):
                return self._rows.pop(place)
        return None

    async def _read(self, store: LineStore, clock: Clock) -> None:
        async with self._turn:
            now = clock()
            if self._rows and self._read_at is not None and timedelta(0) <= now - self._read_at < self._life:
                return
            self._rows, self._read_at = in_turn(await store.list_queued(), now), now
            self._life = LIFE + timedelta(seconds=len(self._rows) / ROWS_A_SECOND)
