"""What every store does with the memory of a user."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from adapters.store import codec
from adapters.store.backend import Key, Table
from adapters.store.store import RowStore
from jobs.ports import Begin, Drop, Put, RowChange
from sync_core.errors import RowUnreadable, StoreError
from sync_core.model.conflict import CategoryState, Clash, Conflict
from sync_core.model.event import Window
from sync_core.model.hold import Approval, Hold
from sync_core.model.link import EndedBy, Held, LinkStatus
from sync_core.model.memory import Cursors, InboxRow, Memory
from sync_core.model.pending import Pending, PendingState
from sync_core.model.sides import Field, Seen, Side, stamp_of
from sync_core.model.user import User
from sync_core.plan.holds import item_of
from tests.support.store_contract.rows import NOW, ODD, age, erp, graph, link, save
from tests.support.users import put_user


class StateContract:
    """What a round recalls and saves."""

    async def test_unknown_user_is_empty(self, store: RowStore, user_id: str) -> None:
        """About a user never seen there is nothing to recall."""
        assert Memory() == await store.recall(user_id)

    async def test_everything_comes_back(self, store: RowStore, user_id: str) -> None:
        """What was saved is recalled as the same values, of every kind and with every field set."""
        conflict = Conflict((Clash(Field.BODY, "a", "б", "both changed"),), NOW, CategoryState.TAKEN_OFF)
        full = link("one", "activity", creator="ivan", status=LinkStatus.HELD, reason="r", reread="stale", tries=3)
        full = replace(full, retry_at=NOW, conflict=conflict, ended_at=NOW, origin=Side.ERP)
        on, seen = Held("h1", "void", 2), Seen("key", "stamp")
        full = replace(full, ended_by=EndedBy.ERP, given_up_at=seen, held=on)
        waiting = Pending(Side.GRAPH, "item", "uid", 2, 4, NOW, True, "why", PendingState.RELEASED, seen)
        hold = Hold("h1", "mass deletion", (item_of(full, on),), NOW, Approval.APPROVED)
        span = Window(NOW, NOW + timedelta(days=30))
        cursors = Cursors("https://x/delta", span, NOW, date(2026, 3, 2), False, (NOW, NOW), "t1", "f1")

        await save(store, user_id, Put(full), Put(waiting), Put(hold), Put(cursors))
        await store.write_wake(user_id, "t2")

        expected = Memory(cursors, (full,), (waiting,), (), (hold,), "t2")
        assert expected == await store.recall(user_id)

    async def test_put_replaces(self, store: RowStore, user_id: str) -> None:
        """A row saved again is replaced as a whole, also by a shorter one."""
        await save(store, user_id, Put(link("e", "a", base_event=graph(body="x" * 100_000))))
        short = link("e", "a")
        await save(store, user_id, Put(short))

        assert (short,) == (await store.recall(user_id)).links

    async def test_drop_removes(self, store: RowStore, user_id: str) -> None:
        """A dropped row is gone; dropping one that is not there changes nothing else."""
        kept, gone = link("kept"), Pending(Side.ERP, "gone")
        await save(store, user_id, Put(kept), Put(gone))

        await save(
            store, user_id, Drop(gone), Drop(link("never")), Put(Cursors(served="t")), Drop(Hold("n", "", (), NOW))
        )

        assert Memory(Cursors(served="t"), (kept,)) == await store.recall(user_id)

    async def test_last_change_of_a_row_counts(self, store: RowStore, user_id: str) -> None:
        """Several changes of one row in one save are allowed, and the last one counts."""
        first, second = link("e", "a", tries=1), link("e", "a", tries=2)
        waiting = Pending(Side.GRAPH, "item")

        await save(store, user_id, Put(first), Put(waiting), Put(second), Drop(waiting))

        assert Memory(links=(second,)) == await store.recall(user_id)

    async def test_more_than_a_transaction_holds(self, store: RowStore, user_id: str) -> None:
        """A save of more changes than one transaction takes is stored whole."""
        many = [link(f"event-{number:03d}", f"{user_id}-{number}") for number in range(205)]

        await save(store, user_id, *[Put(one) for one in many])

        recalled = (await store.recall(user_id)).links
        assert many == sorted(recalled, key=lambda one: one.event_id)

    async def test_few_transactions(self, store: RowStore, user_id: str) -> None:
        """A save of ninety-nine changes takes one transaction, one of a hundred takes two."""
        lease = await store.acquire_lease(user_id, "me", 60)
        lease = await store.save(lease, [Put(Pending(Side.ERP, "marks the user as due"))])
        before = store.writes
        lease = await store.save(lease, [Put(Pending(Side.ERP, f"{n}")) for n in range(99)])
        middle = store.writes
        await store.save(lease, [Put(Pending(Side.ERP, f"{n}")) for n in range(100)])

        assert (middle - before, store.writes - middle) == (1, 2)

    async def test_creates_that_begin_together_stand_in_one_row(self, store: RowStore, user_id: str) -> None:
        """A hundred that begin are one row in, their links a hundred and one row out; in between all are known."""
        begun = [Pending(Side.GRAPH, f"e{n}", f"uid-e{n}") for n in range(90)]
        lease = await store.save(await store.acquire_lease(user_id, "me", 60), [Begin(one) for one in begun])
        rows = await store.backend.scan(Table.STATE, codec.key(user_id))
        assert len(rows) == 2
        assert (await store.recall(user_id)).pending == tuple(begun)
        before = store.writes
        made = [link(one.item_id) for one in begun]
        changes: list[RowChange] = [x for new, row in zip(made, begun, strict=True) for x in (Put(new), Drop(row))]
        await store.save(lease, changes)

        found = await store.recall(user_id)
        assert (set(found.links), found.pending) == (set(made), ())
        assert store.writes - before == 2
        assert len(await store.backend.scan(Table.STATE, codec.key(user_id))) == 1 + len(made)

    async def test_a_create_that_fails_gets_a_row_of_its_own(self, store: RowStore, user_id: str) -> None:
        """Its tries and its reason stand there; the others stay together, for whoever takes the lease next, too."""
        begun = [Pending(Side.ERP, f"a{n}") for n in range(3)]
        await save(store, user_id, *[Begin(one) for one in begun])
        failed = replace(begun[1], tries=1, reason="refused")
        await save(store, user_id, Put(failed))
        assert set((await store.recall(user_id)).pending) == {begun[0], failed, begun[2]}

        await save(store, user_id, Put(begun[0]), Drop(failed), Drop(begun[2]), Drop(Pending(Side.ERP, "nothing")))

        assert (await store.recall(user_id)).pending == (begun[0],)
        await save(store, user_id, Drop(begun[0]))
        assert Memory() == await store.recall(user_id)
        assert await store.backend.scan(Table.STATE, codec.key(user_id)) == []

    async def test_recall_is_one_read(self, store: RowStore, user_id: str) -> None:
        """All that is remembered about a user costs one query."""
        await save(store, user_id, Put(link("a")), Put(Cursors()), Put(Pending(Side.ERP, "x")))
        before = store.reads

        await store.recall(user_id)

        assert before + 1 == store.reads

    async def test_long_texts(self, store: RowStore, user_id: str) -> None:
        """Texts far beyond one property's limit come back unharmed, whatever they are made of."""
        text = "Здравей 😀 \x00\t\n" * 8_000
        long = link("long", base_event=graph(body=text), base_activity=erp(notes="x" + "😀" * 40_000))

        await save(store, user_id, Put(long))

        assert (long,) == (await store.recall(user_id)).links

    async def test_many_long_texts(self, store: RowStore, user_id: str) -> None:
        """Changes that together exceed a transaction's size are stored whole."""
        many = [link(f"e{n}", f"{user_id}-{n}", base_event=graph(body="я" * 100_000)) for n in range(12)]

        await save(store, user_id, *[Put(one) for one in many])

        assert set(many) == set((await store.recall(user_id)).links)

    async def test_too_long_is_refused(self, store: RowStore, user_id: str) -> None:
        """A value that no row can hold is refused with a sentence, before anything is stored."""
        lease = await store.acquire_lease(user_id, "me", 60)

        with pytest.raises(StoreError, match="does not fit a row"):
            await store.save(lease, [Put(link("a")), Put(link("b", base_event=graph(body="x" * 500_000)))])

        assert Memory() == await store.recall(user_id)

    async def test_odd_ids(self, store: RowStore, user_id: str) -> None:
        """Ids with characters that keys forbid work everywhere an id does, the user's own included."""
        user_id = f"{user_id}-{ODD}"
        odd = link(ODD, f"{user_id}-activity")
        waiting, hold = Pending(Side.GRAPH, ODD), Hold(ODD, "w", (), NOW)
        noted = InboxRow(ODD, NOW)

        await save(store, user_id, Put(odd), Put(waiting), Put(hold))
        await store.file_inbox(user_id, [noted])
        await put_user(store, User(user_id, "odd@example.com"))

        found = await store.recall(user_id)
        assert ((odd,), (waiting,), (hold,)) == (found.links, found.pending, found.holds)
        assert noted == replace(found.inbox[0], etag="")
        assert {odd.activity_id: {user_id: stamp_of(NOW, 7)}} == await store.find_linked([odd.activity_id])
        assert User(user_id, "odd@example.com") == await store.read_user(user_id)

    async def test_ids_that_differ_in_case(self, store: RowStore, user_id: str) -> None:
        """Ids are compared exactly: Graph's differ in letter case alone."""
        upper, lower = link("AAMkAb="), link("AAMkaB=")

        await save(store, user_id, Put(upper), Put(lower))

        assert {upper, lower} == set((await store.recall(user_id)).links)

    async def test_same_item_pending_on_both_sides(self, store: RowStore, user_id: str) -> None:
        """A pending row belongs to its side: the same id on the other side is another row."""
        both = (Pending(Side.ERP, "same"), Pending(Side.GRAPH, "same"))

        await save(store, user_id, *[Put(one) for one in both])

        assert set(both) == set((await store.recall(user_id)).pending)

    async def test_unknown_version_is_refused(self, store: RowStore, user_id: str) -> None:
        """A row of a schema version this build does not know is refused, not guessed at."""
        await save(store, user_id, Put(Cursors(served="t")))
        await age(store, Table.STATE, Key(user_id, "cursors"))

        with pytest.raises(RowUnreadable, match="schema version 99"):
            await store.recall(user_id)
