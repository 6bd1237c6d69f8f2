"""The orders that wait for ERP.net's session, in turn, as one process knows them for some seconds.

Small orders first, by age; a full round that has let them pass for long has every third place. So neither does an
edit wait behind a whole company's first syncs, nor a first sync behind edits without end. One reading of the line
serves all messages of a process: where thousands wait, reading them anew before each order costs more than orders do.
Whoever takes an order marks its row under the etag that was read, so an older reading makes nobody's order run twice.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from jobs.ports import Clock, LineStore, Queued

BIG_YIELDS = timedelta(minutes=10)
"""How long a full round lets every small one pass."""

PASSING = 2
"""How many small ones pass a full round that has waited longer than that."""

LIFE = timedelta(seconds=2)
ROWS_A_SECOND = 200
"""How long a reading is believed while orders of it are left: two seconds, and another for each so many."""


class InTurn:
    """The orders of one process's last reading that nobody in it has taken."""

    def __init__(self) -> None:
        self._small, self._big = deque[Queued](), deque[Queued]()
        """Apart: where thousands wait for a first sync, a message that may do none does not go through them."""
        self._passed = 0
        """How many small ones were taken since the last full round."""
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
        small = _first(self._small, is_wanted)
        big = _first(self._big, is_wanted) if is_big_wanted() else None
        if big is not None and (small is None or (self._passed >= PASSING and _has_yielded(big, clock()))):
            self._passed = 0
            self._big.remove(big)
            return big
        if small is not None:
            self._passed += 1
            self._small.remove(small)
        return small

    def ahead(self, *, is_big: bool) -> int:
        """How many of the last reading's are before an order that comes now."""
        return len(self) if is_big else len(self._small)

    def __len__(self) -> int:
        """How many of the last reading are left."""
        return len(self._small) + len(self._big)

    async def _read(self, store: LineStore, clock: Clock) -> None:
        async with self._turn:
            now = clock()
            if len(self) and self._read_at is not None and timedelta(0) <= now - self._read_at < self._life:
                return
            found = _by_age(await store.list_queued(), now)
            self._small = deque(one for one in found if not one.is_big)
            self._big = deque(one for one in found if one.is_big)
            self._read_at = now
            self._life = LIFE + timedelta(seconds=len(self) / ROWS_A_SECOND)


def _by_age(found: Iterable[Queued], now: datetime) -> list[Queued]:
    """Those of the orders that wait for a session by now, who has waited longest first."""
    waiting = [
        (one.since, one.key, one) for one in found if one.since and one.since <= now and one.message is not None
    ]
    return [one for _, _, one in sorted(waiting, key=lambda row: row[:2])]


def _has_yielded(big: Queued, now: datetime) -> bool:
    return big.since is not None and now - big.since >= BIG_YIELDS


def _first(rows: Iterable[Queued], is_wanted: Callable[[Queued], bool]) -> Queued | None:
    return next((one for one in rows if is_wanted(one)), None)
