"""What every store does with the journal, and with the list of what is not in step."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from unittest import mock

import pytest

from adapters.store import codec
from adapters.store.backend import Table
from adapters.store.store import RowStore
from sync_core.model.entries import EnteredDate
from sync_core.model.series import Occurrence
from sync_core.model.unsynced import Unsynced, UnsyncedItem
from tests.support.store_contract.rows import NOW, entry


class JournalContract:
    """What was done and why."""

    async def test_newest_first(self, store: RowStore, user_id: str) -> None:
        """The journal reads newest first, and no more than asked for."""
        entries = [entry(user_id, minutes) for minutes in (2, 0, 3, 1)]
        await store.append_journal(entries)

        newest = await store.read_journal(user_id, 3)
        assert [entries[2], entries[0], entries[3]] == newest

    async def test_dates_of_a_series_in_one_entry(self, store: RowStore, user_id: str) -> None:
        """Each with its own ids and values."""
        day = Occurrence("", date(2026, 6, 25))
        dates = tuple(EnteredDate(f"E{n}", f"A{n}", day, {"erp.time": str(n)}, {"erp.time": "9"}) for n in range(32))
        whole = replace(entry(user_id), occurrence=day, dates=dates)
        await store.append_journal([whole])

        assert [whole] == await store.read_journal(user_id)

    async def test_repeated_entry_is_one(self, store: RowStore, user_id: str) -> None:
        """The same entry written twice, together or one after the other, is one row."""
        await store.append_journal([entry(user_id), entry(user_id)])
        await store.append_journal([entry(user_id)])

        assert [entry(user_id)] == await store.read_journal(user_id)

    @pytest.mark.parametrize("field", ["round_id", "action", "event_id", "activity_id"])
    async def test_different_entries_are_kept_apart(self, store: RowStore, user_id: str, field: str) -> None:
        """Entries of one instant that differ in round, action or an id are different rows."""
        other = replace(entry(user_id), **{field: "another"})  # type: ignore[arg-type]
        await store.append_journal([entry(user_id), other])

        assert len(await store.read_journal(user_id)) == 2

    async def test_long_values_are_cut(self, store: RowStore, user_id: str) -> None:
        """A value beyond 2,000 characters is cut to that length and says how long it was."""
        before, after = {"body": "я" * 2_000}, {"body": "😀" * 12_345}
        long = replace(entry(user_id), subject="s" * 3_000, before=before, after=after)
        await store.append_journal([long])

        [found] = await store.read_journal(user_id)
        assert long.before == found.before
        assert found.after["body"].endswith("… (cut, 12,345 characters)")
        assert (len(found.after["body"]), len(found.subject)) == (2_000, 2_000)

    async def test_many_users_and_entries(self, store: RowStore, user_id: str) -> None:
        """One call takes entries of several users, and more than one transaction's worth."""
        mine = [entry(user_id, minutes) for minutes in range(130)]
        other = f"{user_id}-other"
        await store.append_journal([*mine, entry(other)])

        assert mine[::-1] == await store.read_journal(user_id, 1_000)
        assert [entry(other)] == await store.read_journal(other)

    async def test_what_is_done_at_once_stands_together(self, store: RowStore, user_id: str) -> None:
        """A hundred and twenty entries of a round are three rows, read one by one, in order, with others around them;
        those written again, alone or with others, count once."""
        done = [replace(entry(user_id), at=NOW + timedelta(milliseconds=n), event_id=f"e{n}") for n in range(120)]
        before, after = entry(user_id, -10), entry(user_id, 10)
        await store.append_journal([before])
        writes = store.writes
        await store.append_journal(done)
        await store.append_journal([after])
        await store.append_journal([done[7]])
        await store.append_journal(done[5:9])

        expected = [after, *done[::-1], before]
        assert store.writes - writes == 4
        rows = await store.backend.scan(Table.JOURNAL, codec.key(user_id))
        assert len(rows) == 2 + 3 + 2
        for limit in (1, 2, 60, 121, 122, 1_000):
            assert await store.read_journal(user_id, limit) == expected[:limit]
        assert await store.trim_journal(user_id, NOW + timedelta(minutes=5)) == len(rows) - 1
        assert await store.read_journal(user_id) == [after]

    async def test_a_journal_of_many_rows_is_read_on(self, store: RowStore, user_id: str) -> None:
        """As far as somebody asks, page by page, and no entry twice or not at all."""
        entries = [entry(user_id, minutes) for minutes in range(600)]
        await store.append_journal(entries)

        for limit in (99, 100, 101, 499, 500, 501, 1_000):
            assert await store.read_journal(user_id, limit) == entries[::-1][:limit]

    async def test_trimming(self, store: RowStore, user_id: str) -> None:
        """Trimming erases what is older than the given instant and counts it."""
        await store.append_journal([entry(user_id, minutes) for minutes in range(4)])

        assert await store.trim_journal(user_id, NOW + timedelta(minutes=2)) == 2
        assert [entry(user_id, 3), entry(user_id, 2)] == await store.read_journal(user_id)

    async def test_trimming_reads_only_what_is_over(self, store: RowStore, user_id: str) -> None:
        """What is younger is neither read nor touched, however much it is; what is over goes a hundred at once."""
        await store.append_journal([entry(user_id, minutes) for minutes in range(250)])
        reads, writes = store.reads, store.writes
        erased = await store.trim_journal(user_id, NOW + timedelta(minutes=150))
        again = await store.trim_journal(user_id, NOW + timedelta(minutes=150))

        assert (erased, again) == (150, 0)
        assert (store.reads - reads, store.writes - writes) == (2, 2)
        left = await store.read_journal(user_id, 1_000)
        assert [(one.at - NOW) // timedelta(minutes=1) for one in left] == [*range(249, 149, -1)]

    async def test_what_is_not_in_step_is_kept(self, store: RowStore, user_id: str) -> None:
        """The newest list counts, in items and in numbers; a forgotten user leaves neither."""
        assert await store.read_unsynced(user_id) == Unsynced()
        item = UnsyncedItem("E1", "", "skipped", "outside the window", NOW, "Budget", end=NOW)
        await store.save_unsynced(user_id, Unsynced())
        await store.save_unsynced(user_id, Unsynced((item,), {item.reason: 1}))

        assert await store.read_unsynced(user_id) == Unsynced((item,), {item.reason: 1})
        assert (await store.count_unsynced())[user_id] == {item.reason: 1}
        await store.forget_user(user_id)
        assert (await store.read_unsynced(user_id), user_id in await store.count_unsynced()) == (Unsynced(), False)

    async def test_an_earlier_build_did_not_say_what_an_item_is_counted_as(
        self, store: RowStore, user_id: str
    ) -> None:
        """It is the longest beginning of its reason that the counts have."""
        reasons = ("two name it: a1, a2", "two name it elsewhere", "two name it", "locked")
        items = tuple(UnsyncedItem(f"E{n}", "", "parked", reason, NOW) for n, reason in enumerate(reasons))
        await store.save_unsynced(user_id, Unsynced(items, {"two name it": 2, "two name it elsewhere": 1}))

        found = await store.read_unsynced(user_id)
        assert [one.group for one in found.items] == ["two name it", *reasons[1:]]

    async def test_more_unsynced_items_than_a_row_holds_are_cut(self, fresh_store: RowStore) -> None:
        """The first are kept, and every count: a list for people never fails the round that made it."""
        long = "я" * 300
        items = tuple(UnsyncedItem(f"{n:03}" * 50, "", "skipped", long, NOW, long, counted="я") for n in range(500))
        with mock.patch.object(codec, "PARTS", 1):
            await fresh_store.save_unsynced("u", Unsynced(items, {"я": 500}))

        found = await fresh_store.read_unsynced("u")
        assert (0 < len(found.items) < 500, found.items) == (True, items[: len(found.items)])
        assert (found.counts, await fresh_store.count_unsynced()) == ({"я": 500}, {"u": {"я": 500}})
