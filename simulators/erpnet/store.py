"""Stores rows in memory; every change can be undone, for atomic changesets and API transactions."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from simulators.erpnet.model import EntitySet
from simulators.erpnet.schema import SETS


@dataclass(eq=False, slots=True)
class Row:
    """One record; references are kept as the target's key. ``hidden`` = the service user may not see it."""

    entity: EntitySet
    id: str
    values: dict[str, Any] = field(default_factory=dict)
    hidden: bool = False

    @property
    def path(self) -> str:
        """Its address, as in ``@odata.id``."""
        return f"{self.entity.name}({self.id})"

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name)


class Change(NamedTuple):
    """One reversible step: ``name`` empty = the row came (``new``) or went."""

    row: Row
    name: str
    old: Any
    new: Any


class Store:
    """All rows by set and key."""

    def __init__(self) -> None:
        self.sets: dict[str, dict[str, Row]] = {name: {} for name in SETS}
        self._owned: dict[tuple[str, str], dict[str, Row]] = {}
        self._log: list[Change] = []
        self._depth = 0
        self._random = random.Random(20260125)

    def new_id(self) -> str:
        """A guid; the sequence is the same in every run."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def rows(self, name: str) -> list[Row]:
        """All rows of a set, in no promised order."""
        return list(self.sets[name].values())

    def get(self, name: str, key: str | None) -> Row | None:
        """The row with this key, if there is one."""
        return self.sets[name].get(key) if key else None

    def at(self, name: str, key: str) -> Row:
        """The row with this key, which must exist."""
        return self.sets[name][key]

    def find(self, name: str, **values: Any) -> list[Row]:
        """Rows whose stored values equal all the given ones."""
        return [r for r in self.sets[name].values() if all(r[k] == v for k, v in values.items())]

    def insert(self, row: Row) -> None:
        """Add a row."""
        self._do(Change(row, "", False, True))

    def remove(self, row: Row) -> None:
        """Take a row away."""
        self._do(Change(row, "", True, False))

    def assign(self, row: Row, name: str, value: Any) -> None:
        """Set one value."""
        self._do(Change(row, name, row.values.get(name), value))

    def children(self, name: str, owner: str) -> list[Row]:
        """The rows of a child set that belong to this owner (fixed for life, hence an index)."""
        return list(self._owned.get((name, owner), {}).values())

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """All or nothing: an exception takes back every change made inside."""
        mark = len(self._log)
        self._depth += 1
        try:
            yield
        except BaseException:
            self._undo(mark)
            raise
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._log.clear()

    @contextmanager
    def rehearsal(self, changes: list[Change]) -> Iterator[None]:
        """Inside, ``changes`` are in force; afterwards they and what was added are only in the list."""
        with self.atomic():
            mark = len(self._log)
            replayed = list(changes)
            for change in replayed:
                self._do(change)
            try:
                yield
                changes.extend(self._log[mark + len(replayed) :])
            finally:
                self._undo(mark)

    def replay(self, changes: list[Change]) -> None:
        """Carry out recorded changes for good."""
        for change in changes:
            self._do(change)

    def _do(self, change: Change) -> None:
        self._log.append(change._replace(old=self._swap(change.row, change.name, change.new)))
        if self._depth == 0:
            self._log.clear()

    def _undo(self, mark: int) -> None:
        while len(self._log) > mark:
            change = self._log.pop()
            self._swap(change.row, change.name, change.old)

    def _swap(self, row: Row, name: str, value: Any) -> Any:
        if name:
            old = row.values.get(name)
            row.values[name] = value
            return old
        homes = [self.sets[row.entity.name]]
        if row.entity.owner:
            homes.append(self._owned.setdefault((row.entity.name, row[row.entity.owner]), {}))
        present = row.id in homes[0]
        for home in homes:
            if value:
                home[row.id] = row
            else:
                home.pop(row.id, None)
        return present
