"""What every store does with what is on its way through the queue."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.store import codec
from adapters.store.backend import Key, Op, Table, Verb
from adapters.store.store import RowStore
from jobs.ports import Queued
from sync_core.errors import StaleWrite
from tests.support.store_contract.rows import NOW, ODD


class LineContract:
    """What is on its way through the queue. These tests need a store of their own."""

    async def test_queued_is_read_back(self, fresh_store: RowStore) -> None:
        """What was saved is read and listed as it is, under an odd key, too."""
        wanted = Queued(ODD, "t", NOW, {"kind": "round", "full": True, "tries": 2}, NOW, NOW, is_big=True)
        saved = await fresh_store.save_queued(wanted)

        assert replace(wanted, etag=saved.etag) == saved
        assert await fresh_store.read_queued(ODD) == saved
        assert await fresh_store.list_queued() == [saved]
        assert await fresh_store.read_queued("other") is None

    async def test_queued_is_written_by_one(self, fresh_store: RowStore) -> None:
        """Of two who insert, replace or delete what both have read, one is told that the other was faster."""
        first = await fresh_store.save_queued(Queued("u", "t", NOW))
        with pytest.raises(StaleWrite):
            await fresh_store.save_queued(Queued("u", "other", NOW))
        assert await fresh_store.list_queued() == [first]
        second = await fresh_store.save_queued(replace(first, ticket="second"))
        assert await fresh_store.list_queued() == [second]
        with pytest.raises(StaleWrite):
            await fresh_store.save_queued(replace(first, ticket="late"))
        with pytest.raises(StaleWrite):
            await fresh_store.drop_queued(first)

        assert await fresh_store.read_queued("u") == second
        await fresh_store.drop_queued(second)
        assert await fresh_store.read_queued("u") is None

    async def test_queued_goes_with_its_user(self, fresh_store: RowStore) -> None:
        """A user who is forgotten leaves nothing in the line; the others stay."""
        await fresh_store.save_queued(Queued("u", "t", NOW))
        await fresh_store.save_queued(Queued("pull", "t", NOW))
        await fresh_store.forget_user("u")

        assert [one.key for one in await fresh_store.list_queued()] == ["pull"]

    async def test_spoilt_queued_counts_as_lost(self, fresh_store: RowStore) -> None:
        """A row that cannot be read stops nobody: it is long overdue, and the next message writes it anew."""
        saved = await fresh_store.save_queued(Queued("u", "t", NOW))
        place = Key("queued", codec.key("u"))
        await fresh_store.backend.write(
            Table.USERS, Op(Verb.PUT, place, {"v": codec.SCHEMA, "data0": "{"}, saved.etag)
        )
        found = await fresh_store.read_queued("u")

        assert found is not None
        assert found.due_at < NOW - timedelta(days=9999)
        assert await fresh_store.list_queued() == []
        await fresh_store.save_queued(replace(found, due_at=NOW))
        assert [one.key for one in await fresh_store.list_queued()] == ["u"]
