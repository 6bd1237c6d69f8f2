"""What every store does with the numbers of each day."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from adapters.store.backend import Op, Table, Verb
from adapters.store.codec import SCHEMA
from adapters.store.store import RowStore
from sync_core.model.day import Day, by_day, lags_of
from tests.support.store_contract.rows import NOW


class DayContract:
    """What the rounds of each day did, in numbers."""

    async def test_a_day_is_the_sum_of_its_rounds(self, fresh_store: RowStore) -> None:
        """Rounds of several people add up, at once or one after the other; old days go."""
        day, before = NOW.date(), NOW.date() - timedelta(days=40)
        told = Day(day, 2, 1, lags_of(4.0))
        await asyncio.gather(*(fresh_store.add_to_day(told, f"user {n}") for n in range(9)))
        await fresh_store.add_to_day(Day(before, 7), "user 0")

        found = by_day(await fresh_store.list_days())
        assert found == {before: Day(before, 7), day: Day(day, 18, 9, (0, 0, 0, 9))}
        await fresh_store.trim_days(day)
        assert [*by_day(await fresh_store.list_days())] == [day]

    @pytest.mark.parametrize("version", [SCHEMA, SCHEMA + 1], ids=["spoilt", "of a newer build"])
    async def test_a_days_row_that_cannot_be_read_takes_no_page_with_it(
        self, fresh_store: RowStore, version: int
    ) -> None:
        """It is left out and begun anew; that of a newer build is left to the newer build."""
        told = Day(NOW.date(), 1)
        await fresh_store.add_to_day(told, "u")
        [row] = await fresh_store.backend.scan(Table.JOURNAL, "day")
        await fresh_store.backend.write(Table.JOURNAL, Op(Verb.PUT, row.key, {"v": version, "data0": "{"}))
        assert await fresh_store.list_days() == []

        await fresh_store.add_to_day(told, "u")
        assert await fresh_store.list_days() == ([told] if version == SCHEMA else [])
