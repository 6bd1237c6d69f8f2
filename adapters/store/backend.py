"""The backend of the store: five tables of keyed rows with etags, in Azure or in memory.

``memory`` and ``tables`` implement ``Backend``; ``store`` is written once on top of it. The limits of a
transaction (azure.md §10: 100 operations, 4 MiB, one partition, each row once) are kept here.
"""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Collection, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from adapters.store.codec import Properties

T = TypeVar("T")

AT_ONCE = 16
"""How many requests of one call are under way at the same time."""

TRANSACTIONS_AT_ONCE = 4
"""Of one partition, which takes 2,000 rows in a second (azure.md §10)."""

BATCH_OPS = 100
BATCH_BYTES = 1_000_000
"""Far below the service's 4 MiB: aiohttp sends a body beyond 1 MiB in one piece that holds up the event loop."""

MANY = 8
"""From how many texts on it is tried to find their rows by reading on from one to the next."""

PAGE, DENSE = 1_000, 0.05
"""The most rows of a page of such a read, and what share of a page must have been asked for to go on: reading twenty
small rows costs what a request does."""

FEW = 100
"""Rows of a partition that is read whole."""

RANGES = 7
"""Of keys in one request: a filter takes fifteen comparisons, of which one is the partition (learn.microsoft.com,
"Querying tables and entities")."""

SMALL = 1_000
"""Rows of a partition that the service may look through for one request: it does so for a filter with ``or``
(azure.md §10)."""

SLICE = 1_000
"""Rows that are erased before the next are read: a page."""

OP_OVERHEAD = 1_500
"""Bytes of headers and keys that each operation adds to a transaction (about 900 seen)."""


class Table(StrEnum):
    """The tables, each with ``STATE_PREFIX`` in front of its name (design.md §5)."""

    USERS = "Users"
    STATE = "State"
    MEETINGS = "Meetings"
    JOURNAL = "Journal"
    COMMANDS = "Commands"


@dataclass(frozen=True, slots=True)
class Key:
    """The key of a row in its table."""

    partition: str
    row: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row as read."""

    key: Key
    properties: Properties
    etag: str


class Verb(StrEnum):
    """The kinds of operation; an existing row is replaced as a whole, never merged."""

    INSERT = "insert"
    PUT = "put"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Op:
    """One write. PUT and DELETE are conditional where ``etag`` is not ''; an INSERT needs a free key."""

    verb: Verb
    key: Key
    properties: Properties = field(default_factory=dict)
    etag: str = ""

    @property
    def weight(self) -> int:
        """Bytes in a transaction, counted as the SDK writes them: JSON with everything but ASCII escaped."""
        return OP_OVERHEAD + sum(map(_json_length, self.properties.values()))


def _json_length(value: int | str) -> int:
    if isinstance(value, str) and value.isascii() and value.isprintable():
        return len(value) + 2 + value.count('"') + value.count("\\")
    return len(json.dumps(value))


class Conflict(Exception):
    """The condition of a write did not hold: another etag, a missing row, or a taken key."""


SUPERSEDED = "W/\"datetime'1601-01-01T00%3A00%3A00Z'\""
"""The etag of a row that was written and has been replaced since: it is no row's, so that no condition holds."""


class Missing(Exception):
    """A transaction wanted to delete a row that is not there; ``index`` is that operation's."""

    def __init__(self, index: int) -> None:
        super().__init__(f"operation {index} found no row")
        self.index = index


class Backend(ABC):
    """Tables of rows. ``reads`` and ``writes`` count calls that would be requests (a transaction is one).

    The service's own now is only known within bounds: ``earliest_now`` judges whether somebody else's time is
    over, ``latest_now`` dates what we write, so an error of the clocks only ever makes a lease last longer.
    """

    def __init__(self) -> None:
        self.reads = 0
        self.writes = 0

    @abstractmethod
    def now(self) -> datetime:
        """Our own clock, aware UTC."""

    @abstractmethod
    def earliest_now(self) -> datetime:
        """The service's now is not before this."""

    @abstractmethod
    def latest_now(self) -> datetime:
        """The service's now is not after this."""

    @abstractmethod
    async def prepare(self) -> None:
        """Create missing tables."""

    @abstractmethod
    async def close(self) -> None:
        """Close the connections."""

    @abstractmethod
    async def read(self, table: Table, key: Key) -> Row | None:
        """One row."""

    @abstractmethod
    async def scan(self, table: Table, partition: str, limit: int | None = None, *, begin: str = "") -> list[Row]:
        """The first ``limit`` rows of a partition, or all, in the order of their keys; those whose key begins so."""

    @abstractmethod
    async def scan_from(self, table: Table, partition: str, key: str, limit: int, until: str = "") -> list[Row]:
        """The first ``limit`` rows, at most 1,000, of a partition from this key on, and before ``until``."""

    @abstractmethod
    async def scan_since(self, table: Table, partition: str, since: datetime) -> list[Row]:
        """The rows of a partition that were written at ``since`` or later, by the service's clock, which gives each
        row its time."""

    @abstractmethod
    async def scan_but(self, table: Table, partition: str, begin: str) -> list[Row]:
        """The rows of a partition whose key does not begin so, in the order of their keys."""

    @abstractmethod
    async def scan_each(self, table: Table, partition: str, begins: Sequence[str]) -> list[Row]:
        """The rows whose key begins with one of at most ``RANGES`` texts, in order; the whole partition is looked
        through for them."""

    @abstractmethod
    async def scan_partitions(self, table: Table, begin: str, limit: int) -> list[Row]:
        """The first ``limit`` rows, at most 1,000, of the partitions whose name begins so."""

    @abstractmethod
    async def scan_all(self, table: Table) -> list[Row]:
        """Every row of a table: for rare jobs that must miss no row."""

    @abstractmethod
    async def write(self, table: Table, op: Op) -> str:
        """Carry out one operation; return the new etag ('' after a delete). Raises ``Conflict``.

        Deleting a missing row is no conflict.
        """

    @abstractmethod
    async def transact(self, table: Table, ops: Sequence[Op]) -> list[str]:
        """Carry out all or none (one partition, within the limits); return the operations' new etags.

        Raises ``Conflict`` for the condition of any, ``Missing`` for an unconditional delete.
        """

    async def commit(self, table: Table, ops: Sequence[Op]) -> str:
        """``transact``, with deletes of missing rows left out; return the new etag of the first operation."""
        left = list(ops)
        while left:
            try:
                return (await self.transact(table, left))[0]
            except Missing as missing:
                del left[missing.index]
        return ""

    async def write_all(self, table: Table, ops: Sequence[Op]) -> None:
        """Carry out unconditional operations of one partition, in as few transactions as possible."""
        work = [
            self.commit(table, batch) if len(batch) > 1 else self.write(table, batch[0]) for batch in batches(ops)
        ]
        await gather(work, _at_once(ops))

    async def erase_from(self, table: Table, partition: str, key: str) -> int:
        """Erase the rows of a partition from this key on, slice by slice, so that whoever is cut off has got further;
        how many there were. Rows before the key are not read."""
        erased = 0
        while rows := await self.scan_from(table, partition, key, SLICE):
            await self.write_all(table, [Op(Verb.DELETE, row.key) for row in rows])
            erased += len(rows)
            if len(rows) < SLICE:
                break
        return erased

    async def find_each(
        self, table: Table, partition: str, begins: Collection[str], rows: int | None = None
    ) -> dict[str, list[Row]]:
        """The rows whose key begins with each of these texts, none of which begins with another. The partition has
        about so many ``rows``, None = not known.

        They are read in the order of their keys, page by page, as long as enough of what a page holds was asked for;
        else several at once in a small partition, and each by itself in any other.
        """
        left, found = sorted(begins), dict[str, list[Row]]()
        if rows is None or rows < FEW or len(left) >= rows * DENSE * RANGES:
            found, left = await self.read_on(table, partition, left, min(PAGE, rows + 1 if rows else len(left)))
        at_once = RANGES if rows is not None and rows <= SMALL else 1
        cut = [left[first : first + at_once] for first in range(0, len(left), at_once)]
        for rest in await gather(self._find_some(table, partition, some) for some in cut):
            found |= rest
        return found

    async def read_on(
        self, table: Table, partition: str, left: list[str], size: int
    ) -> tuple[dict[str, list[Row]], list[str]]:
        """The rows of the first of these texts, which are in order, and the other texts, where the rows lie too far
        apart to be read on. The first page has ``size`` rows."""
        found: dict[str, list[Row]] = {}
        while len(left) >= MANY:
            rows = await self.scan_from(table, partition, left[0], size)
            read = len(left)
            if len(rows) == size:
                read = bisect_right(left, rows[-1].key.row) - 1
                read += left[read] == rows[-1].key.row
            found |= _by_begin(left[:read], rows)  # the page may end in the middle of the next one
            left, is_dense = left[read:], read >= max(1, size * DENSE - 1)
            size = min(4 * size, PAGE)
            if not is_dense:
                break
        return found, left

    async def _find_some(self, table: Table, partition: str, begins: Sequence[str]) -> dict[str, list[Row]]:
        if len(begins) == 1:
            return {begins[0]: await self.scan(table, partition, begin=begins[0])}
        return _by_begin(begins, await self.scan_each(table, partition, begins))

    async def write_each(self, table: Table, ops: Sequence[Op]) -> list[str | None]:
        """Carry out operations of one partition that stand or fall alone, in as few transactions as possible.

        Returns their new etags, None for one whose condition did not hold. Such a one makes its transaction fail,
        whose operations are then carried out one by one.
        """
        etags = await gather([self._write_batch(table, batch) for batch in batches(ops)], _at_once(ops))
        return [etag for batch in etags for etag in batch]

    async def _write_batch(self, table: Table, batch: Sequence[Op]) -> list[str | None]:
        try:
            return [*await self.transact(table, batch)] if len(batch) > 1 else [await self.write(table, batch[0])]
        except (Conflict, Missing):
            return await gather(self.try_write(table, op) for op in batch) if len(batch) > 1 else [None]

    async def try_write(self, table: Table, op: Op) -> str | None:
        """``write``; None if the condition did not hold."""
        try:
            return await self.write(table, op)
        except Conflict:
            return None


def _by_begin(begins: Sequence[str], rows: Iterable[Row]) -> dict[str, list[Row]]:
    """The rows that begin with each of these texts, which are in order."""
    found: dict[str, list[Row]] = {begin: [] for begin in begins}
    for row in rows:
        place = bisect_right(begins, row.key.row) - 1
        if place >= 0 and row.key.row.startswith(begins[place]):
            found[begins[place]].append(row)
    return found


def batches(ops: Sequence[Op], reserved: int = 0) -> Iterator[list[Op]]:
    """Cut operations, in order, into transactions within the limits; ``reserved`` places are kept free."""
    batch: list[Op] = []
    keys = set[Key]()
    weight = reserved * OP_OVERHEAD
    for op in ops:
        own = op.weight
        is_full = len(batch) + reserved >= BATCH_OPS or weight + own > BATCH_BYTES
        if batch and (is_full or op.key in keys):
            yield batch
            batch, keys, weight = [], set(), reserved * OP_OVERHEAD
        batch.append(op)
        keys.add(op.key)
        weight += own
    if batch:
        yield batch


def _at_once(ops: Sequence[Op]) -> int:
    """How many transactions of these operations may be under way: of a row that is written twice the last counts."""
    return TRANSACTIONS_AT_ONCE if len({op.key for op in ops}) == len(ops) else 1


async def gather(work: Iterable[Coroutine[Any, Any, T]], at_once: int = AT_ONCE) -> list[T]:
    """Await all, so many at a time; the first error is raised after the others have ended."""
    gate = asyncio.Semaphore(at_once)

    async def one(item: Coroutine[Any, Any, T]) -> T:
        async with gate:
            return await item

    items = [*work]
    try:
        results = await asyncio.gather(*map(one, items), return_exceptions=True)
    finally:  # cut off, those that had not begun would complain that nobody awaited them
        for item in items:
            item.close()
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]
