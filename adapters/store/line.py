"""Stores the line: one row for each order that is on its way through the work queue, in a partition of ``Users``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from adapters.store import codec, stored
from adapters.store.backend import Backend, Conflict, Key, Op, Row, Table, Verb
from jobs.ports import Queued
from sync_core.errors import RowUnreadable, StaleWrite
from sync_core.model.sides import Side

_PARTITION = "queued"

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def _place(key: str) -> Key:
    return Key(_PARTITION, codec.key(key))


class Line:
    """Reading and writing; ``RowStore`` mixes it in.

    A row that cannot be read counts as one that got lost on its way: the next message about the same thing writes it
    anew.
    """

    backend: Backend
    _last_listed: Mapping[str, Queued] = {}
    """By the row's key: where thousands wait, few have changed since this process listed them last."""

    async def read_queued(self, key: str) -> Queued | None:
        """The order with this key, None if none is on its way."""
        row = await self.backend.read(Table.USERS, _place(key))
        return _queued_in(row, key) if row else None

    async def list_queued(self) -> list[Queued]:
        """Every order that is on its way; unreadable rows are left out."""
        before = self._last_listed
        self._last_listed = {
            row.key.row: known
            if (known := before.get(row.key.row)) and known.etag == row.etag
            else _queued_in(row, "")
            for row in await self.backend.scan(Table.USERS, _PARTITION)
        }
        return [one for one in self._last_listed.values() if one.key]

    async def save_queued(self, queued: Queued) -> Queued:
        """Insert (etag '') or replace; with its new etag. Raises ``StaleWrite`` when somebody was faster."""
        verb, stored_as = Verb.PUT if queued.etag else Verb.INSERT, codec.encode(replace(queued, etag=""))
        return replace(queued, etag=await self._write_queued(Op(verb, _place(queued.key), stored_as, queued.etag)))

    async def drop_queued(self, queued: Queued) -> None:
        """Delete what was read; a missing one is fine. Raises ``StaleWrite`` when somebody was faster."""
        await self._write_queued(Op(Verb.DELETE, _place(queued.key), etag=queued.etag))

    async def _write_queued(self, op: Op) -> str:
        try:
            return await self.backend.write(Table.USERS, op)
        except Conflict as conflict:
            raise StaleWrite(Side.ERP, "somebody else's message changed this row") from conflict

    async def _forget_queued(self, key: str) -> None:
        await self.backend.write(Table.USERS, Op(Verb.DELETE, _place(key)))


def _queued_in(row: Row, key: str) -> Queued:
    try:
        return replace(stored.value_of(Table.USERS, row, Queued), etag=row.etag)
    except RowUnreadable:
        return Queued(key, "", _LONG_AGO, etag=row.etag)
