"""What every store does with the rows of users, and with that of the instance."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from unittest import mock

import pytest

from adapters.store.backend import Key, Row, Table
from adapters.store.store import OVERLAP, RowStore
from jobs.ports import Put
from sync_core.errors import LeaseLost, StaleWrite
from sync_core.model.claim import Claim
from sync_core.model.hold import Hold
from sync_core.model.instance import Instance
from sync_core.model.link import Role
from sync_core.model.memory import Cursors, InboxRow, Memory
from sync_core.model.sides import stamp_of
from sync_core.model.user import User
from tests.support.store_contract.rows import NOW, age, entry, follower, link, save
from tests.support.users import put_user


class UsersContract:
    """Users and the instance row."""

    async def test_instance_is_saved_by_etag(self, store: RowStore) -> None:
        """The instance row is saved only by whoever read it last."""
        before, etag = await store.read_instance()
        first = replace(before, tenant="t", watermark=NOW, endpoints=("https://a", "https://b"))
        new_etag = await store.save_instance(first, etag)

        with pytest.raises(StaleWrite):
            await store.save_instance(replace(first, tenant="other"), etag)

        assert (first, new_etag) == await store.read_instance()

    async def test_users_by_upn(self, store: RowStore, user_id: str) -> None:
        """Users are listed by UPN, whatever its letter case, each as last saved."""
        zoe = User(f"{user_id}-1", f"zoe-{user_id}@x", enabled=True)
        anna = User(f"{user_id}-2", f"Anna-{user_id}@x", synced_at=NOW, zone="Europe/Sofia")
        for user in (zoe, replace(anna, zone=""), anna):
            await put_user(store, user)

        assert [anna, zoe] == [one for one in await store.list_users() if one.id.startswith(user_id)]
        assert zoe == await store.read_user(zoe.id)

    async def test_unknown_user(self, store: RowStore, user_id: str) -> None:
        """A user never saved is not there."""
        assert await store.read_user(user_id) is None

    async def test_forgotten_user_leaves_nothing(self, store: RowStore, user_id: str) -> None:
        """After forgetting a user no table holds a row that names them, not even of unknown versions."""
        activities = [f"{user_id}-{number}" for number in range(120)]
        links = [link(one, one) for one in activities]
        await put_user(store, User(user_id, "gone@x"))
        await save(store, user_id, *[Put(one) for one in links], Put(Cursors()), Put(Hold("h", "", (), NOW)))
        await store.file_inbox(user_id, [InboxRow("a", NOW)])
        await store.write_wake(user_id, "t")
        await store.append_journal([entry(user_id, minutes) for minutes in range(120)])
        await store.save_claim(Claim(links[0].ical_uid, user_id, "", NOW))
        await age(store, Table.STATE, Key(user_id, "cursors"))

        await store.forget_user(user_id)

        assert Memory() == await store.recall(user_id)
        assert (await store.read_journal(user_id), await store.read_user(user_id)) == ([], None)
        assert not any((await store.find_linked(activities)).values())
        assert await store.read_claim(links[0].ical_uid) is None

    async def test_a_forgotten_user_has_no_copies(self, store: RowStore, user_id: str) -> None:
        """No meeting can be handed to somebody who was forgotten, and their claims are free."""
        uid, theirs, other = f"uid-{user_id}", f"uid-{user_id}-theirs", f"{user_id}-other"
        await save(store, user_id, Put(follower("e1", ical_uid=uid)), Put(follower("e2", ical_uid=uid)))
        await save(store, user_id, Put(link("e3", ical_uid=theirs, role=Role.INVITED)))
        await save(store, other, Put(follower("e1", ical_uid=uid)))
        await store.save_claim(Claim(theirs, user_id, "", NOW))
        await store.save_claim(Claim(uid, other, "", NOW))

        await store.forget_user(user_id)

        assert await store.find_copies(uid) == {other}
        assert await store.read_claim(theirs) is None
        assert await store.read_claim(uid) is not None

    async def test_forgetting_spares_others(self, store: RowStore, user_id: str) -> None:
        """Another user's link, claim and journal stay when the first one is forgotten."""
        other, activity = f"{user_id}-other", f"{user_id}-activity"
        shared, theirs = link(f"{user_id}-e", activity), link(f"{user_id}-e", activity)
        await save(store, user_id, Put(shared))
        await save(store, other, Put(theirs))
        claim = await store.save_claim(Claim(shared.ical_uid, other, activity, NOW))
        await store.append_journal([entry(other)])

        await store.forget_user(user_id)

        assert (theirs,) == (await store.recall(other)).links
        assert {activity: {other: stamp_of(NOW, 7)}} == await store.find_linked([activity])
        assert claim == await store.read_claim(claim.key)
        assert [entry(other)] == await store.read_journal(other)

    async def test_forgetting_stops_the_round(self, store: RowStore, user_id: str) -> None:
        """A round under way cannot store anything about a user who was forgotten."""
        lease = await store.acquire_lease(user_id, "round", 60)
        await store.forget_user(user_id)

        with pytest.raises(LeaseLost):
            await store.save(lease, [Put(link())])

        assert Memory() == await store.recall(user_id)

    async def test_revised_user_keeps_what_others_set(self, store: RowStore, user_id: str) -> None:
        """A revision is made of the row as stored; when somebody was faster it is made again of theirs."""
        await put_user(store, User(user_id, "anna@example.com", enabled=True))
        asked: list[User] = []

        def revise(stored: User) -> User:
            asked.append(stored)
            return replace(stored, zone="Europe/Sofia")

        read, overtaking = store.backend.read, iter([True])

        async def overtaken(table: Table, key: Key) -> Row | None:
            row = await read(table, key)
            if next(overtaking, False):
                await put_user(store, User(user_id, "anna@example.com", enabled=False))
            return row

        with mock.patch.object(store.backend, "read", overtaken):
            await store.revise_user(user_id, revise)

        assert User(user_id, "anna@example.com", zone="Europe/Sofia") == await store.read_user(user_id)
        assert [stored.enabled for stored in asked] == [True, False]

    async def test_a_row_that_was_read_lately_is_revised_as_it_is(self, store: RowStore, user_id: str) -> None:
        """It is not read again, unless somebody else has changed it since."""
        await put_user(store, User(user_id, "u", enabled=True, mail="first"))
        await store.read_user(user_id)
        asked = store.reads
        await store.revise_user(user_id, lambda known: replace(known, zone="UTC"), lately=True)
        read_again = store.reads - asked
        await store.read_user(user_id)
        await RowStore(store.backend).revise_user(user_id, lambda known: replace(known, mail="second"))
        await store.revise_user(user_id, lambda known: replace(known, display_name="U"), lately=True)
        kept = await store.read_user(user_id)

        assert read_again == 0
        assert kept == User(user_id, "u", enabled=True, mail="second", zone="UTC", display_name="U")

    async def test_revision_of_nobody_changes_nothing(self, store: RowStore, user_id: str) -> None:
        """An unknown user is not made by a revision, and None leaves a known one as they are."""
        await store.revise_user(user_id, lambda stored: replace(stored, zone="UTC"))
        assert await store.read_user(user_id) is None

        await put_user(store, User(user_id, "anna@example.com"))
        await store.revise_user(user_id, lambda stored: None)
        assert User(user_id, "anna@example.com") == await store.read_user(user_id)

    async def test_users_page_by_page(self, fresh_store: RowStore) -> None:
        """In the order of their ids, each once, those that cannot be read included."""
        ids = sorted(f"{number:02}-user" for number in range(7))
        for one in reversed(ids):
            await put_user(fresh_store, User(one, f"{one}@x"))
        await age(fresh_store, Table.USERS, Key("user", ids[3]))
        first = await fresh_store.list_users_after("", 3)
        second = await fresh_store.list_users_after(first[-1].id, 3)
        last = await fresh_store.list_users_after(second[-1].id, 3)
        between = await fresh_store.list_users_after(ids[1], 3, until="04")
        few = await fresh_store.list_users_after(ids[1], 3, until=ids[3])
        none = await fresh_store.list_users_after(ids[3], 3, until="03")

        assert [[one.id for one in page] for page in (first, second, last)] == [ids[:3], ids[3:6], ids[6:]]
        assert [[one.id for one in page] for page in (between, few, none)] == [ids[2:4], ids[2:3], []]
        assert second[0].unreadable

    async def test_users_that_were_written_since(
        self, fresh_store: RowStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """All at first, the second time and when somebody was forgotten; else those that were written since, one
        that cannot be read included."""
        monkeypatch.setattr("adapters.store.store.SMALL", 0)
        ids = sorted(f"{number:02}-user" for number in range(4))
        for one in ids:
            await put_user(fresh_store, User(one, f"{one}@x"))
        first = await fresh_store.follow_users((await fresh_store.follow_users()).mark)
        await put_user(fresh_store, User(ids[1], "new@x"))
        await age(fresh_store, Table.USERS, Key("user", ids[2]))
        second = await fresh_store.follow_users(first.mark)
        await fresh_store.forget_user(ids[3])
        third = await fresh_store.follow_users(second.mark)
        found = {one.id: one for one in second.users}

        assert [first.is_whole, second.is_whole, third.is_whole] == [True, False, True]
        assert sorted(one.id for one in first.users) == ids
        assert (found[ids[1]].upn, bool(found[ids[2]].unreadable)) == ("new@x", True)
        assert sorted(one.id for one in third.users) == ids[:3]

    async def test_what_was_not_written_for_long_is_not_read(
        self, fresh_store: RowStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """By the time that the service gave each row."""
        monkeypatch.setattr("adapters.store.store.SMALL", 0)
        await put_user(fresh_store, User("old", "old@x"))
        first = await fresh_store.follow_users()
        etag, _, at = (await fresh_store.follow_users(first.mark)).mark.rpartition("|")
        later = datetime.fromisoformat(at) + OVERLAP + timedelta(seconds=2)
        read = await fresh_store.follow_users(f"{etag}|{later.isoformat()}")

        assert (read.users, read.is_whole) == ((), False)

    async def test_a_few_users_of_many(self, fresh_store: RowStore) -> None:
        """Those that are known, the unreadable ones as everywhere."""
        for one in ("a", "b", "c", "d"):
            await put_user(fresh_store, User(one, f"{one}@x"))
        await age(fresh_store, Table.USERS, Key("user", "b"))
        found = {one.id: one for one in await fresh_store.list_users_of({"a", "b", "nobody"})}

        assert found.keys() == {"a", "b"}
        assert [one for one in await fresh_store.list_users() if one.id in found] == [found["a"], found["b"]]
        assert found["b"].unreadable
        assert await fresh_store.list_users_of(()) == []

    async def test_instance_starts_empty(self, fresh_store: RowStore) -> None:
        """Before the first save there is an empty instance without an etag, and only one insert succeeds."""
        assert (Instance(), "") == await fresh_store.read_instance()

        await fresh_store.save_instance(Instance("t", "d"), "")
        with pytest.raises(StaleWrite):
            await fresh_store.save_instance(Instance("other", "d"), "")

    async def test_prepare_again(self, fresh_store: RowStore) -> None:
        """Preparing a store that is in use harms nothing."""
        await put_user(fresh_store, User("u", "u@x"))
        await fresh_store.prepare()

        assert [User("u", "u@x")] == await fresh_store.list_users()
