"""The orders that wait for ERP.net's session, in turn, as one process knows them for some seconds.

One reading of the line serves all messages of a process: where thousands wait, reading all of them anew before each
order costs more than the orders. Whoever takes an order marks its row under the etag that was read, so an older
reading makes nobody's order run twice.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from jobs.ports import Clock, LineStore, Queued

BIG_YIELDS = timedelta(minutes=10)
"""How long a full round lets small rounds pass; after that its turn comes by age."""

LIFE = timedelta(seconds=2)
ROWS_A_SECOND = 200
"""How long a reading is believed while orders of it are left: two seconds, and another for each so many."""


def in_turn(found: Iterable[Queued], now: datetime) -> list[Queued]:
    """Those of the orders that wait for a session: by age, but small ones before a full round that is young."""

    def turn(one: Queued) -> tuple[bool, datetime]:
        assert one.since is not None
        return one.is_big and now - one.since < BIG_YIELDS, one.since

    return sorted((one for one in found if one.since is not None and one.message is not None), key=turn)


_Placed = tuple[int, Queued]
"""How many stood before an order when the line was read, and the order."""


class InTurn:
    """The orders of one process's last reading that nobody in it has taken."""

    def __init__(self) -> None:
        self._small, self._big = deque[_Placed](), deque[_Placed]()
        """Apart: where thousands wait for a first sync, a message that may do none does not go through them."""
        self._life = LIFE
        self._read_at: datetime | None = None
        self._turn = asyncio.Lock()

    async def is_empty(self, store: LineStore, clock: Clock) -> bool:
        """Whether nobody waits."""
        await self._read(store, clock)
        return not len(self)

    async def take(
        self,
        store: LineStore,
        clock: Clock,
        is_wanted: Callable[[Queued], bool] = lambda _: True,
        is_big_wanted: Callable[[], bool] = lambda: True,
    ) -> Queued | None:
        """Take the next order that is wanted out of the reading, a full round if any is; None if there is none."""
        await self._read(store, clock)
        kinds = (self._small, self._big) if is_big_wanted() else (self._small,)
        firsts = [(found, rows) for rows in kinds if (found := _first(rows, is_wanted)) is not None]
        if not firsts:
            return None
        found, rows = min(firsts, key=lambda first: first[0][0])
        rows.remove(found)
        return found[1]

    def __len__(self) -> int:
        """How many of the last reading are left."""
        return len(self._small) + len(self._big)

    async def _read(self, store: LineStore, clock: Clock) -> None:
        async with self._turn:
            now = clock()
            if len(self) and self._read_at is not None and timedelta(0) <= now - self._read_at < self._life:
                return
            placed = list(enumerate(in_turn(await store.list_queued(), now)))
            self._small = deque(one for one in placed if not one[1].is_big)
            self._big = deque(one for one in placed if one[1].is_big)
            self._read_at = now
            self._life = LIFE + timedelta(seconds=len(self) / ROWS_A_SECOND)


def _first(rows: Iterable[_Placed], is_wanted: Callable[[Queued], bool]) -> _Placed | None:
    return next((one for one in rows if is_wanted(one[1])), None)
