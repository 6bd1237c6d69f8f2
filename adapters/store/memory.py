"""The store in dicts: for tests, property tests and dry runs.

It keeps the very properties that the tables would keep, so it cannot hold what they cannot. Its clock is the
service's clock as well.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice, takewhile

from adapters.store.backend import Backend, Conflict, Key, Missing, Op, Row, Table, Verb
from adapters.store.store import RowStore
from jobs.ports import Clock, Message

NEVER = datetime.min.replace(tzinfo=UTC)


class MemoryBackend(Backend):
    """Rows in dicts, one table each."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._tables: dict[Table, dict[str, dict[str, Row]]] = {table: {} for table in Table}
        self._names: dict[tuple[Table, str], list[str]] = {}
        """The keys of each partition's rows, in order."""
        self._etag = 0
        self._written: dict[tuple[Table, str], dict[str, datetime]] = {}
        """When each partition's rows were written, in this order, by a clock that never goes back."""
        self._latest = NEVER

    def now(self) -> datetime:
        return self._clock()

    def earliest_now(self) -> datetime:
        return self._clock()

    def latest_now(self) -> datetime:
        return self._clock()

    async def prepare(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def read(self, table: Table, key: Key) -> Row | None:
        self.reads += 1
        return self._find(table, key)

    async def scan(self, table: Table, partition: str, limit: int | None = None, *, begin: str = "") -> list[Row]:
        self.reads += 1
        rows, names = self._tables[table].get(partition, {}), self._names.get((table, partition), [])
        found = takewhile(lambda name: name.startswith(begin), islice(names, bisect_left(names, begin), None))
        return [rows[name] for name in islice(found, limit)]

    async def scan_from(self, table: Table, partition: str, key: str, limit: int, until: str = "") -> list[Row]:
        self.reads += 1
        rows, names = self._tables[table].get(partition, {}), self._names.get((table, partition), [])
        first = bisect_left(names, key)
        end = bisect_left(names, until, first) if until else len(names)
        return [rows[name] for name in names[first : min(first + limit, end)]]

    async def scan_since(self, table: Table, partition: str, since: datetime) -> list[Row]:
        self.reads += 1
        rows, written = self._tables[table].get(partition, {}), self._written.get((table, partition), {})
        return [rows[name] for name, _ in takewhile(lambda one: one[1] >= since, reversed(written.items()))]

    async def scan_but(self, table: Table, partition: str, begin: str) -> list[Row]:
        self.reads += 2
        names = self._names.get((table, partition), [])
        first = bisect_left(names, begin)
        last = bisect_left(names, begin[:-1] + chr(ord(begin[-1]) + 1))
        return [self._tables[table][partition][name] for name in (*names[:first], *names[last:])]

    async def scan_each(self, table: Table, partition: str, begins: Sequence[str]) -> list[Row]:
        self.reads += 1
        rows = self._tables[table].get(partition, {})
        return [rows[name] for name in self._names.get((table, partition), []) if name.startswith(tuple(begins))]

    async def scan_partitions(self, table: Table, begin: str, limit: int) -> list[Row]:
        self.reads += 1
        found = sorted(name for name in self._tables[table] if name.startswith(begin))
        rows = (self._tables[table][name] for name in found)
        return [row for one in rows for _, row in sorted(one.items())][:limit]

    async def scan_all(self, table: Table) -> list[Row]:
        self.reads += 1
        return [row for rows in self._tables[table].values() for row in rows.values()]

    async def write(self, table: Table, op: Op) -> str:
        self.writes += 1
        self._check(table, op)
        return self._apply(table, op)

    async def transact(self, table: Table, ops: Sequence[Op]) -> list[str]:
        self.writes += 1
        for index, op in enumerate(ops):
            self._check(table, op)
            if op.verb is Verb.DELETE and self._find(table, op.key) is None:
                raise Missing(index)
        return [self._apply(table, op) for op in ops]

    def _find(self, table: Table, key: Key) -> Row | None:
        return self._tables[table].get(key.partition, {}).get(key.row)

    def _check(self, table: Table, op: Op) -> None:
        present = self._find(table, op.key)
        if op.verb is Verb.INSERT and present is not None:
            raise Conflict
        if op.verb is Verb.PUT and op.etag and (present is None or present.etag != op.etag):
            raise Conflict
        if op.verb is Verb.DELETE and op.etag and present is not None and present.etag != op.etag:
            raise Conflict

    def _apply(self, table: Table, op: Op) -> str:
        partition = self._tables[table].setdefault(op.key.partition, {})
        names = self._names.setdefault((table, op.key.partition), [])
        written = self._written.setdefault((table, op.key.partition), {})
        written.pop(op.key.row, None)
        if op.verb is Verb.DELETE:
            if partition.pop(op.key.row, None) is not None:
                del names[bisect_left(names, op.key.row)]
            return ""
        if op.key.row not in partition:
            insort(names, op.key.row)
        self._etag += 1
        self._latest = written[op.key.row] = max(self._latest, self._clock())
        etag = f"{self._etag}"
        partition[op.key.row] = Row(op.key, dict(op.properties), etag)
        return etag


class MemoryStore(RowStore):
    """``Store`` in memory; it dies with the process."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(MemoryBackend(clock))


class MemoryQueue:
    """``Queue`` (jobs/ports/queue.py) in memory: what was sent, in order, each with its delay in seconds."""

    def __init__(self) -> None:
        self.sent: list[tuple[Message, float]] = []
        self._receipts: dict[str, tuple[Message, float]] = {}

    async def send(self, message: Message, *, delay_seconds: float = 0) -> str:
        """Put a message into the queue."""
        sent, receipt = (dict(message), delay_seconds), str(len(self._receipts))
        self.sent.append(sent)
        self._receipts[receipt] = sent
        return receipt

    async def withdraw(self, receipt: str) -> None:
        """Take a message out that is still there."""
        wanted = self._receipts[receipt]
        self.sent = [sent for sent in self.sent if sent is not wanted]

    async def count(self) -> tuple[int, int]:
        """What waits; nothing is ever given up here."""
        return len(self.sent), 0

    def take(self) -> list[tuple[Message, float]]:
        """Everything that was sent, taken out."""
        taken, self.sent = self.sent, []
        return taken
