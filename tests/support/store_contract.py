"""What every store does, inherited by the tests of the memory store and of the tables on a real Azurite.

The module of a subclass gives the fixtures ``store``, ``fresh_store`` (nobody else's) and ``pass_time``, which moves
the service's clock. Each test works on users of its own, so ``store`` may be shared.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from unittest import mock
from uuid import uuid4

import pytest

from adapters.store import codec
from adapters.store.backend import Key, Op, Row, Table, Verb
from adapters.store.codec import SCHEMA
from adapters.store.old_index import OldIndex, old_key
from adapters.store.store import RowStore
from jobs.command import Asker, Command, Kind, State, Turn, Wish, new_id
from jobs.ports import Begin, Drop, Lease, Put, Queued, RowChange, Storable, Subscription
from sync_core.content.ranges import uid_key
from sync_core.errors import LeaseHeld, LeaseLost, RowUnreadable, SlotsTaken, StaleWrite, StoreError
from sync_core.model.claim import Claim
from sync_core.model.day import Day, by_day, lags_of
from sync_core.model.event import Window
from sync_core.model.link import (
    CategoryState,
    Clash,
    Conflict,
    EndedBy,
    Held,
    Link,
    LinkStatus,
    Pending,
    PendingState,
    Role,
)
from sync_core.model.memory import Approval, Cursors, Hold, InboxRow, Instance, JournalEntry, Memory, User
from sync_core.model.sides import ErpContent, Field, GraphContent, Seen, Side, stamp_of
from sync_core.model.unsynced import Unsynced, UnsyncedItem
from sync_core.plan.holds import item_of
from tests.support.ledger_contract import LedgerContract, NamesContract
from tests.support.users import put_user

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ODD = "AAMk/a\\b#c?d%e+f=g h'i\"j&k|ä😀"
PassTime = Callable[[float], None]


def graph(subject: str = "Weekly", body: str = "") -> GraphContent:
    """An event's content."""
    return GraphContent(subject, body, NOW, NOW + timedelta(hours=1), False, 15, people=("a@example.com",))


def erp(subject: str = "Weekly", notes: str = "") -> ErpContent:
    """An activity's content."""
    return ErpContent(subject, notes, datetime(2026, 3, 2, 11, 0), None, 60, None)  # noqa: DTZ001 - wall clock


def a_command(at: datetime) -> Command:
    """A command of somebody."""
    return Command(new_id(at), Wish(Kind.SYNC, everybody=True), Asker("o"), at, at + timedelta(days=1))


def link(event_id: str = "event", activity_id: str | None = None, **fields: object) -> Link:
    """A link; the activity id is fresh unless given."""
    activity_id = activity_id or str(uuid4())
    made = Link(event_id, activity_id, f"uid-{event_id}", "Europe/Sofia", graph(), erp(), "ck", 7, NOW)
    return replace(made, **fields)  # type: ignore[arg-type]


def follower(event_id: str, activity_id: str = "", **fields: object) -> Link:
    """The link of a copy that another mailbox feeds; whose activity may not be known."""
    return replace(link(event_id, "activity", role=Role.FOLLOWER, **fields), activity_id=activity_id)


def entry(user_id: str, minutes: int = 0) -> JournalEntry:
    """A journal entry, so many minutes after ``NOW``."""
    return JournalEntry(user_id, NOW + timedelta(minutes=minutes), "round-1", "updated", event_id="event")


async def save(store: RowStore, user_id: str, *changes: RowChange) -> Lease:
    """Store changes under a lease of their own, given back."""
    lease = await store.save(await store.acquire_lease(user_id, "setup", 60), changes)
    await store.release_lease(lease)
    return lease


async def old_rows(store: RowStore, begin: str) -> list[Row]:
    """The rows of an index that an older build wrote."""
    return await store.backend.scan_partitions(Table.MEETINGS, begin, 1_000)


async def index_as_before(store: RowStore) -> int:
    """Put every index row where the build before batches kept it; how many there are now."""
    for kind in ("activity", "copy"):
        for row in await store.backend.scan(Table.MEETINGS, kind):
            await store.backend.write(Table.MEETINGS, Op(Verb.PUT, old_key(row.key), row.properties))
            await store.backend.write(Table.MEETINGS, Op(Verb.DELETE, row.key))
    store.old_index = OldIndex(store.backend)
    return sum([len(await old_rows(store, begin)) for begin in ("activity-", "copy-")])


async def age(store: RowStore, table: Table, place: Key) -> None:
    """Turn a stored row into one of a schema version from the future."""
    row = await store.backend.read(table, place)
    assert row is not None
    await store.backend.write(table, Op(Verb.PUT, place, {**row.properties, "v": 99}))


@pytest.fixture
def user_id() -> str:
    """A user nobody else works on."""
    return str(uuid4())


class SubscriptionContract:
    """What Graph promised to tell us, one row per user."""

    async def test_subscription_comes_back_whole(self, store: RowStore, user_id: str) -> None:
        """A saved subscription is read as it was, secret and end included; the later of two counts."""
        begun = Subscription(user_id, "secret", url="https://app/hook")
        made = replace(begun, id="sub-1", expires_at=NOW)
        await store.save_subscription(begun)
        await store.save_subscription(made)

        assert await store.read_subscription(user_id) == made
        assert made in await store.list_subscriptions()

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

    async def test_revision_of_nobody_changes_nothing(self, store: RowStore, user_id: str) -> None:
        """An unknown user is not made by a revision, and None leaves a known one as they are."""
        await store.revise_user(user_id, lambda stored: replace(stored, zone="UTC"))
        assert await store.read_user(user_id) is None

        await put_user(store, User(user_id, "anna@example.com"))
        await store.revise_user(user_id, lambda stored: None)
        assert User(user_id, "anna@example.com") == await store.read_user(user_id)

    async def test_dropped_subscription_is_gone(self, store: RowStore, user_id: str) -> None:
        """A dropped subscription is not there any more; dropping it again is no error."""
        await store.save_subscription(Subscription(user_id, "secret"))
        await store.drop_subscription(user_id)
        await store.drop_subscription(user_id)

        assert await store.read_subscription(user_id) is None
        assert user_id not in [row.user_id for row in await store.list_subscriptions()]

    async def test_forgotten_user_has_no_subscription(self, store: RowStore, user_id: str) -> None:
        """Forgetting a user forgets their subscription's secret."""
        await store.save_subscription(Subscription(user_id, "secret"))
        await store.forget_user(user_id)

        assert await store.read_subscription(user_id) is None


class AccountContract:
    """Whose an ERP.net account is."""

    async def test_an_account_is_nobodys_at_first(self, store: RowStore, user_id: str) -> None:
        """No row, no etag."""
        assert await store.read_account(f"erp-{user_id}") == ("", "")

    async def test_of_two_who_take_an_account_one_does(self, store: RowStore, user_id: str) -> None:
        """Whoever comes second must look again, at the first time and whenever it changes hands."""
        account = f"erp-{user_id}"
        await store.save_account(account, user_id, "")
        with pytest.raises(StaleWrite):
            await store.save_account(account, "other", "")
        owner, etag = await store.read_account(account)
        await store.save_account(account, user_id, etag)
        with pytest.raises(StaleWrite):
            await store.save_account(account, "other", etag)

        assert owner == user_id
        assert (await store.read_account(account))[0] == user_id

    async def test_whoever_is_forgotten_has_no_account(self, store: RowStore, user_id: str) -> None:
        """Theirs is nobody's, the others' are untouched."""
        await store.save_account(f"erp-{user_id}", user_id, "")
        await store.save_account(f"erp2-{user_id}", f"other-{user_id}", "")
        await store.forget_user(user_id)

        assert await store.read_account(f"erp-{user_id}") == ("", "")
        assert (await store.read_account(f"erp2-{user_id}"))[0] == f"other-{user_id}"


class FormKeyContract:
    """The key of the page's forms."""

    async def test_everybody_has_the_same_key(self, fresh_store: RowStore) -> None:
        """Whoever asks first makes it, also where many ask at once; a spoilt one is made anew."""
        keys = await asyncio.gather(*(fresh_store.read_form_key() for _ in range(5)))
        assert len(set(keys)) == 1
        assert len(keys[0]) == 32

        place = Key("portal", "form-key")
        await fresh_store.backend.write(Table.USERS, Op(Verb.PUT, place, {"v": 2, "data0": '{"key": "abc"}'}))
        anew = await fresh_store.read_form_key()
        assert len(anew) == 32
        assert anew == await fresh_store.read_form_key() != keys[0]


class LeaseContract:
    """One round per user."""

    async def test_second_holder_is_refused(self, store: RowStore, user_id: str) -> None:
        """A lease that is held refuses another holder and names the first one and when they end."""
        lease = await store.acquire_lease(user_id, "first", 60)

        with pytest.raises(LeaseHeld) as refused:
            await store.acquire_lease(user_id, "second", 60)

        assert refused.value.holder == "first"
        assert lease.expires_at <= refused.value.until <= lease.expires_at + timedelta(seconds=10)

    async def test_same_holder_takes_over(self, store: RowStore, user_id: str) -> None:
        """The same holder may take their lease again, and the older one is then lost."""
        older = await store.acquire_lease(user_id, "me", 60)
        newer = await store.acquire_lease(user_id, "me", 60)

        await store.save(newer, [])
        with pytest.raises(LeaseLost):
            await store.save(older, [])

    async def test_released_lease_is_free(self, store: RowStore, user_id: str) -> None:
        """A lease that was given back can be taken at once by somebody else."""
        await store.release_lease(await store.acquire_lease(user_id, "first", 60))

        assert (await store.acquire_lease(user_id, "second", 60)).holder == "second"

    async def test_expired_lease_is_taken_over(self, store: RowStore, user_id: str, pass_time: PassTime) -> None:
        """When its time is over by the service's clock, a lease goes to whoever asks."""
        await store.acquire_lease(user_id, "first", 60)
        pass_time(75)

        assert (await store.acquire_lease(user_id, "second", 60)).holder == "second"

    async def test_lease_just_before_its_end_is_held(
        self, store: RowStore, user_id: str, pass_time: PassTime
    ) -> None:
        """Until its time is over, a lease stays with its holder."""
        await store.acquire_lease(user_id, "first", 60)
        pass_time(40)

        with pytest.raises(LeaseHeld):
            await store.acquire_lease(user_id, "second", 60)

    async def test_lost_lease_stores_nothing(self, store: RowStore, user_id: str, pass_time: PassTime) -> None:
        """Whoever lost their lease is refused, and nothing of what they wanted to store is there."""
        lost = await store.acquire_lease(user_id, "first", 60)
        pass_time(75)
        await store.acquire_lease(user_id, "second", 60)

        with pytest.raises(LeaseLost):
            await store.save(lost, [Put(link("a")), Put(Cursors(served="token"))])

        assert await store.recall(user_id) == Memory()

    async def test_releasing_a_lost_lease_leaves_the_new_one(
        self, store: RowStore, user_id: str, pass_time: PassTime
    ) -> None:
        """Giving back a lease that was lost neither fails nor frees its successor."""
        lost = await store.acquire_lease(user_id, "first", 60)
        pass_time(75)
        held = await store.acquire_lease(user_id, "second", 60)

        await store.release_lease(lost)

        assert (await store.save(held, [])).holder == "second"

    async def test_saving_renews(self, store: RowStore, user_id: str, pass_time: PassTime) -> None:
        """Every save starts the lease's time anew, even one without changes."""
        lease = await store.acquire_lease(user_id, "first", 60)
        pass_time(40)
        lease = await store.save(lease, [])
        pass_time(40)

        with pytest.raises(LeaseHeld):
            await store.acquire_lease(user_id, "second", 60)
        assert (await store.save(lease, [])).etag != lease.etag

    async def test_older_lease_value_is_fenced_off(self, store: RowStore, user_id: str) -> None:
        """After a save only the lease it returned is good: a stray copy of the round cannot store."""
        lease = await store.acquire_lease(user_id, "first", 60)
        await store.save(lease, [Put(link("kept", "activity-1"))])

        with pytest.raises(LeaseLost):
            await store.save(lease, [Put(link("stray"))])

        assert [one.event_id for one in (await store.recall(user_id)).links] == ["kept"]

    async def test_broken_lease_stops_the_round(self, store: RowStore, user_id: str) -> None:
        """The switch breaks a lease: the round under way is refused at its next save."""
        lease = await store.acquire_lease(user_id, "first", 60)

        await store.break_lease(user_id)

        with pytest.raises(LeaseLost):
            await store.save(lease, [Put(link())])

    async def test_only_one_of_many_gets_the_lease(self, store: RowStore, user_id: str) -> None:
        """Of many who ask at the same time exactly one gets the lease."""
        asked = (store.acquire_lease(user_id, f"worker-{number}", 60) for number in range(8))
        answers = await asyncio.gather(*asked, return_exceptions=True)

        assert sum(isinstance(answer, Lease) for answer in answers) == 1
        assert sum(isinstance(answer, LeaseHeld) for answer in answers) == 7

    async def test_users_do_not_share_a_lease(self, store: RowStore, user_id: str) -> None:
        """A lease is one user's; ids that differ only in letter case are different users."""
        await store.acquire_lease(user_id + "-a", "first", 60)

        assert (await store.acquire_lease(user_id + "-A", "second", 60)).holder == "second"


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


class InboxContract:
    """The pull's notes, and wake tokens."""

    async def test_filing(self, store: RowStore, user_id: str) -> None:
        """Filed notes are recalled, the last one of each activity, each with an etag."""
        await store.file_inbox(user_id, [InboxRow("a", NOW), InboxRow("b", NOW, deleted=True)])
        await store.file_inbox(user_id, [InboxRow("a", NOW + timedelta(minutes=1))])

        inbox = (await store.recall(user_id)).inbox
        expected = {InboxRow("a", NOW + timedelta(minutes=1)), InboxRow("b", NOW, deleted=True)}
        assert expected == {replace(row, etag="") for row in inbox}
        assert all(row.etag for row in inbox)

    async def test_filing_during_a_round(self, store: RowStore, user_id: str) -> None:
        """Filing needs no lease and does not disturb the one that is held."""
        lease = await store.acquire_lease(user_id, "round", 60)
        await store.file_inbox(user_id, [InboxRow("a", NOW)])

        assert (await store.save(lease, [])).holder == "round"

    async def test_clearing_spares_newer_notes(self, store: RowStore, user_id: str) -> None:
        """Clearing removes the notes that were read; one filed anew in between stays."""
        await store.file_inbox(user_id, [InboxRow("a", NOW), InboxRow("b", NOW)])
        served = (await store.recall(user_id)).inbox
        newer = InboxRow("b", NOW + timedelta(minutes=1))
        await store.file_inbox(user_id, [newer])

        await store.clear_inbox(user_id, served)
        await store.clear_inbox(user_id, served)

        assert [newer] == [replace(row, etag="") for row in (await store.recall(user_id)).inbox]

    async def test_note_filed_again_with_the_same_time_stays(self, store: RowStore, user_id: str) -> None:
        """A note filed again after the read stays even if it says the same: somebody had a reason."""
        await store.file_inbox(user_id, [InboxRow("a", NOW)])
        served = (await store.recall(user_id)).inbox
        await store.file_inbox(user_id, [InboxRow("a", NOW)])

        await store.clear_inbox(user_id, served)

        assert len((await store.recall(user_id)).inbox) == 1

    async def test_many_notes(self, store: RowStore, user_id: str) -> None:
        """More notes than one transaction takes are all filed."""
        await store.file_inbox(user_id, [InboxRow(f"a{number}", NOW) for number in range(230)])

        assert len((await store.recall(user_id)).inbox) == 230

    async def test_wake(self, store: RowStore, user_id: str) -> None:
        """The newest wake token counts, and there is none at first."""
        first = await store.read_wake(user_id)
        await store.write_wake(user_id, "t1")
        await store.write_wake(user_id, "t2")

        assert (first, await store.read_wake(user_id)) == ("", "t2")

    async def test_served(self, store: RowStore, user_id: str) -> None:
        """The token in the cursors is the one that was served, and there is none at first."""
        first = await store.read_served(user_id)
        lease = await store.acquire_lease(user_id, "me", 60)
        await store.save(lease, [Put(Cursors(served="t1"))])

        assert (first, await store.read_served(user_id)) == ("", "t1")


class DueContract:
    """The marks by which the timer knows who is due."""

    @pytest.mark.parametrize(
        "row",
        [
            Pending(Side.GRAPH, "e"),
            Hold("h", "", (), NOW, Approval.APPROVED),
            link("e", "a", reread="why"),
            link("e", "a", unseen=True),
            Cursors(),
        ],
        ids=["pending", "approval", "to-be-read-again", "unseen", "full-round"],
    )
    async def test_what_makes_a_user_due_marks_them(self, store: RowStore, user_id: str, row: Storable) -> None:
        """A mark stands as long as nobody has taken it back."""
        lease = await store.acquire_lease(user_id, "me", 60)
        lease = await store.save(lease, [Put(row)])

        assert user_id in await store.list_due()
        assert await store.settle(lease, "")
        assert user_id not in await store.list_due()

    async def test_what_makes_nobody_due_leaves_no_mark(self, store: RowStore, user_id: str) -> None:
        """A link in step, an open hold, something parked."""
        hold, parked = Hold("h", "", (), NOW), Pending(Side.GRAPH, "e", parked=True)
        cursors = Cursors("https://x", Window(NOW, NOW + timedelta(days=1)), full_due=False)
        await save(store, user_id, Put(link("e", "a")), Put(hold), Put(parked), Put(cursors))

        assert user_id not in await store.list_due()

    async def test_a_mark_stays_until_its_token_is_served(self, store: RowStore, user_id: str) -> None:
        """A round that has served an older token takes back nothing, nor does one of which the pull is ahead."""
        lease = await store.acquire_lease(user_id, "me", 60)
        await store.write_wake(user_id, "t2")
        older = await store.settle(lease, "t1")
        served = await store.settle(lease, "t2")
        await store.file_inbox(user_id, [InboxRow("a", NOW)])

        assert (older, served, await store.settle(lease, "t2")) == (False, True, False)
        assert user_id in await store.list_due()

    async def test_a_save_keeps_the_token_of_a_mark(self, store: RowStore, user_id: str) -> None:
        """What a round leaves does not hide that somebody woke the user meanwhile."""
        lease = await store.acquire_lease(user_id, "me", 60)
        await store.write_wake(user_id, "t2")
        lease = await store.save(lease, [Put(Pending(Side.ERP, "a"))])

        assert not await store.settle(lease, "t1")

    async def test_a_forgotten_user_bears_no_mark(self, store: RowStore, user_id: str) -> None:
        """Nor any trace in that list."""
        await store.write_wake(user_id, "t")
        await store.forget_user(user_id)

        assert user_id not in await store.list_due()

    async def test_users_page_by_page(self, fresh_store: RowStore) -> None:
        """In the order of their ids, each once, those that cannot be read included."""
        ids = sorted(f"{number:02}-user" for number in range(7))
        for one in reversed(ids):
            await put_user(fresh_store, User(one, f"{one}@x"))
        await age(fresh_store, Table.USERS, Key("user", ids[3]))
        first = await fresh_store.list_users_after("", 3)
        second = await fresh_store.list_users_after(first[-1].id, 3)
        last = await fresh_store.list_users_after(second[-1].id, 3)

        assert [[one.id for one in page] for page in (first, second, last)] == [ids[:3], ids[3:6], ids[6:]]
        assert second[0].unreadable

    async def test_the_timer_knows_where_it_was(self, fresh_store: RowStore) -> None:
        """Nowhere at first, and after its end."""
        first = await fresh_store.read_reached()
        await fresh_store.save_reached("anna")
        reached = await fresh_store.read_reached()
        await fresh_store.save_reached("")

        assert (first, reached, await fresh_store.read_reached()) == ("", "anna", "")


class MeetingsContract:
    """The index by activity, and claims."""

    async def test_event_owners_have_an_event_or_are_about_to(self, store: RowStore, user_id: str) -> None:
        """A note before the create counts, a link takes its place, a tombstone has no event any more."""
        begun, given_up, over, unknown, other = (f"{name}-{user_id}" for name in ("b", "g", "o", "u", "other"))
        await store.begin_events(user_id, [begun, given_up])
        await store.begin_events(other, [begun])
        await store.end_events(user_id, [given_up, unknown])
        lease = await store.acquire_lease(user_id, "one", 180)
        ended = link("ended", over, status=LinkStatus.TOMBSTONE)
        lease = await store.save(lease, [Put(ended), Put(link("event", begun))])
        await store.end_events(user_id, [begun])
        await store.release_lease(lease)

        assert await store.find_event_owners([begun, given_up, over, unknown]) == {
            begun: {user_id, other},
            given_up: frozenset(),
            over: frozenset(),
            unknown: frozenset(),
        }

    async def test_a_create_that_is_given_up_leaves_no_note(self, store: RowStore, user_id: str) -> None:
        """With its pending row the note goes, one of a link stays; nothing of it is left of somebody forgotten."""
        dropped, made, kept = (f"{name}-{user_id}" for name in ("dropped", "made", "kept"))
        rows = [Pending(Side.ERP, one) for one in (dropped, made, kept)]
        lease = await store.acquire_lease(user_id, "one", 180)
        lease = await store.save(lease, [Put(row) for row in rows])
        await store.begin_events(user_id, [dropped, made, kept])
        lease = await store.save(lease, [Drop(rows[0]), Drop(rows[1]), Put(link("made", made))])
        await store.release_lease(lease)
        found = await store.find_event_owners([dropped, made, kept])
        await store.forget_user(user_id)

        assert found == {dropped: frozenset(), made: {user_id}, kept: {user_id}}
        assert set((await store.find_event_owners([made, kept])).values()) == {frozenset()}

    async def test_saved_links_are_indexed(self, store: RowStore, user_id: str) -> None:
        """Saving a link indexes it by its activity, for each user who has one."""
        activity, other = f"{user_id}-activity", f"{user_id}-other"
        await save(store, user_id, Put(link("e", activity)))
        await save(store, other, Put(link("f", activity, updated_at=None)))

        unknown = f"{user_id}-unknown"
        expected = {activity: {user_id: stamp_of(NOW, 7), other: stamp_of(None, 7)}, unknown: {}}
        assert expected == await store.find_linked([activity, unknown])

    async def test_index_follows_links(self, store: RowStore, user_id: str) -> None:
        """The index knows the newest state of a link's activity and forgets a dropped link."""
        first, second = f"{user_id}-1", f"{user_id}-2"
        await save(store, user_id, Put(link("e1", first)), Put(link("e2", second)))
        later = NOW + timedelta(hours=1)
        await save(store, user_id, Put(link("e1", first, updated_at=later)), Drop(link("e2", second)))

        assert {first: {user_id: stamp_of(later, 7)}, second: {}} == await store.find_linked([first, second])

    async def test_activity_linked_to_another_event(self, store: RowStore, user_id: str) -> None:
        """An activity whose link moves to another event in one save stays indexed."""
        activity = f"{user_id}-activity"
        await save(store, user_id, Put(link("old", activity)))

        await save(store, user_id, Put(link("new", activity)), Drop(link("old", activity)))

        assert {activity: {user_id: stamp_of(NOW, 7)}} == await store.find_linked([activity])

    async def test_reindex(self, store: RowStore, user_id: str) -> None:
        """Index rows can be written from links alone."""
        many = [link(f"e{number}", f"{user_id}-{number}") for number in range(40)]

        await store.reindex(user_id, many)

        assert {one.activity_id: {user_id: stamp_of(NOW, 7)} for one in many} == await store.find_linked(
            [one.activity_id for one in many]
        )

    async def test_a_follower_is_found_by_its_meeting(self, store: RowStore, user_id: str) -> None:
        """Whose copy follows is found by iCalUId in any letter case; whoever feeds the meeting is not among them."""
        uid, other, holder = f"UID-{user_id}", f"{user_id}-other", f"{user_id}-holder"
        await save(store, user_id, Put(follower("e", ical_uid=uid)))
        await save(store, other, Put(follower("f", ical_uid=uid.lower())))
        await save(store, holder, Put(link("g", ical_uid=uid, role=Role.INVITED)))

        assert await store.find_copies(uid.lower()) == await store.find_copies(uid) == {user_id, other}
        assert await store.find_copies(f"{uid}-x") == frozenset()

    async def test_a_follower_has_no_row_by_activity(self, store: RowStore, user_id: str) -> None:
        """Whoever follows does not hear of the activity; their row goes when their link becomes a follower."""
        activity, uid = f"{user_id}-activity", f"uid-{user_id}"
        feeding = link("e", activity, ical_uid=uid, role=Role.INVITED)
        await save(store, user_id, Put(feeding))
        before = await store.find_linked([activity]), await store.find_copies(uid)
        await save(store, user_id, Put(replace(feeding, role=Role.FOLLOWER)))

        assert before == ({activity: {user_id: stamp_of(NOW, 7)}}, frozenset())
        assert await store.find_linked([activity]) == {activity: {}}
        assert await store.find_copies(uid) == {user_id}

    @pytest.mark.parametrize("role", [Role.INVITED, Role.OWN])
    async def test_a_follower_that_feeds_has_a_row_by_activity(
        self, store: RowStore, user_id: str, role: Role
    ) -> None:
        """Whoever takes over hears of the activity from then on."""
        activity, uid = f"{user_id}-activity", f"uid-{user_id}"
        following = follower("e", activity, ical_uid=uid)
        await save(store, user_id, Put(following))
        await save(store, user_id, Put(replace(following, role=role)))

        assert await store.find_linked([activity]) == {activity: {user_id: stamp_of(NOW, 7)}}

    async def test_a_holder_is_no_copy_any_more(self, store: RowStore, user_id: str) -> None:
        """The meeting cannot be handed to whoever feeds it already."""
        following = follower("e", ical_uid=f"uid-{user_id}")
        await save(store, user_id, Put(following))
        await save(store, user_id, Put(replace(following, activity_id=f"{user_id}-a", role=Role.INVITED)))

        assert await store.find_copies(following.ical_uid) == frozenset()

    async def test_a_copy_that_is_gone_is_not_found(self, store: RowStore, user_id: str) -> None:
        """A tombstone is no copy; restored it is one again, and dropped it is none for good."""
        following = follower("e", ical_uid=f"uid-{user_id}")
        gone = replace(following, status=LinkStatus.TOMBSTONE)
        found = []
        for change in (Put(following), Put(gone), Put(following), Drop(following)):
            await save(store, user_id, change)
            found.append(await store.find_copies(following.ical_uid))

        assert [{user_id}, frozenset(), {user_id}, frozenset()] == found

    async def test_one_of_two_copies_is_left(self, store: RowStore, user_id: str) -> None:
        """A mailbox that has a meeting twice has it until both are gone."""
        uid = f"uid-{user_id}"
        first, second = follower("e1", ical_uid=uid), follower("e2", ical_uid=uid)
        await save(store, user_id, Put(first), Put(second))
        await save(store, user_id, Put(replace(first, status=LinkStatus.TOMBSTONE)))
        one_gone = await store.find_copies(uid)
        await save(store, user_id, Drop(second))

        assert (one_gone, await store.find_copies(uid)) == (frozenset({user_id}), frozenset())

    @pytest.mark.parametrize("turn", [1, -1])
    async def test_an_ended_copy_does_not_hide_the_one_that_feeds(
        self, store: RowStore, user_id: str, turn: int
    ) -> None:
        """A meeting handed on and met again under another id is heard of, in whatever order its links are indexed."""
        activity = f"{user_id}-activity"
        ended = follower("e1", activity, status=LinkStatus.TOMBSTONE)
        feeding = link("e2", activity, role=Role.INVITED)
        await save(store, user_id, *[Put(one) for one in (ended, feeding)][::turn])
        saved = await store.find_linked([activity])
        await store.reindex(user_id, [ended, feeding][::turn])

        assert [saved, await store.find_linked([activity])] == [{activity: {user_id: stamp_of(NOW, 7)}}] * 2

    async def test_an_event_that_clashes_is_a_copy(self, store: RowStore, user_id: str) -> None:
        """Its meeting can be handed to it, as long as it waits."""
        uid = f"uid-{user_id}"
        clash = Pending(Side.GRAPH, "e", uid, parked=True, state=PendingState.CLASH)
        found = []
        for change in (Put(replace(clash, state=PendingState.TWIN)), Put(clash), Drop(clash)):
            await save(store, user_id, change)
            found.append(await store.find_copies(uid))

        assert [frozenset(), {user_id}, frozenset()] == found

    async def test_forgetting_a_user_forgets_their_clashes(self, store: RowStore, user_id: str) -> None:
        """Nothing is handed to somebody who is not there."""
        uid = f"uid-{user_id}"
        await save(store, user_id, Put(Pending(Side.GRAPH, "e", uid, parked=True, state=PendingState.CLASH)))
        await store.forget_user(user_id)

        assert await store.find_copies(uid) == frozenset()

    @pytest.mark.parametrize("role", list(Role))
    async def test_a_link_that_takes_another_id_keeps_what_is_shared(
        self, store: RowStore, user_id: str, role: Role
    ) -> None:
        """Its activity, its claim and its copy are found as before; nobody is there twice."""
        activity, uid = f"{user_id}-activity", f"uid-{user_id}"
        old = link("e1", activity, ical_uid=uid, role=role)
        await save(store, user_id, Put(old))
        claim = await store.save_claim(Claim(uid, user_id, activity, NOW))
        before = await store.find_linked([activity]), await store.find_copies(uid)
        await save(store, user_id, Put(replace(old, event_id="e2")), Drop(old))

        assert (await store.find_linked([activity]), await store.find_copies(uid)) == before
        assert await store.read_claim(uid) == claim
        assert [x.event_id for x in (await store.recall(user_id)).links] == ["e2"]

    async def test_copies_can_be_indexed_from_links_alone(self, store: RowStore, user_id: str) -> None:
        """A full round writes the rows anew."""
        many = [follower(f"e{number}", ical_uid=f"{user_id}-{number}") for number in range(20)]

        await store.reindex(user_id, many)

        assert [await store.find_copies(one.ical_uid) for one in many] == [{user_id}] * 20

    async def test_index_rows_go_a_hundred_at_once(self, store: RowStore, user_id: str) -> None:
        """A save of many links costs two transactions for each hundred: the links, and what is found by them."""
        lease = await store.acquire_lease(user_id, "one", 180)
        writes = store.writes
        own = [link(f"e{number}", f"{user_id}-{number}") for number in range(99)]
        lease = await store.save(lease, [Put(one) for one in own])
        both = store.writes - writes
        copies = [follower(f"f{number}", ical_uid=f"{user_id}-{number}") for number in range(99)]
        await store.release_lease(await store.save(lease, [Put(one) for one in copies]))

        assert (both, store.writes - writes) == (2, 5), "and the lease that is given back"
        assert await store.find_linked([one.activity_id for one in own]) == {
            one.activity_id: {user_id: stamp_of(NOW, 7)} for one in own
        }
        assert [await store.find_copies(one.ical_uid) for one in copies] == [{user_id}] * 99

    async def test_ids_that_begin_alike_have_rows_of_their_own(self, store: RowStore, user_id: str) -> None:
        """An activity is not found by the beginning of its id."""
        ids = [f"{user_id}-1", f"{user_id}-11", f"{user_id}-1.", ODD + user_id, f"{ODD}{user_id}1"]
        await save(store, user_id, *[Put(link(f"e{number}", one)) for number, one in enumerate(ids)])
        found = await store.find_linked([*ids, user_id, ODD])

        assert found == {one: {user_id: stamp_of(NOW, 7)} for one in ids} | {user_id: {}, ODD: {}}

    async def test_claims_go_a_hundred_at_once(self, store: RowStore, user_id: str) -> None:
        """Many claims are one transaction for each hundred, and each has its own etag."""
        writes = store.writes
        saved = await store.save_claims([Claim(f"{user_id}-{n}", user_id, "", NOW) for n in range(250)])
        inserted = store.writes - writes
        claims = [replace(one, activity_id=f"a{n}") for n, one in enumerate(saved) if one is not None]
        moved = await store.save_claims(claims)

        assert (len(claims), inserted, store.writes - writes) == (250, 3, 6)
        assert [one.activity_id for one in moved if one is not None] == [f"a{n}" for n in range(250)]
        assert [await store.read_claim(one.key) for one in claims[::50]] == moved[::50]

    async def test_many_claims_are_read_as_each_is(self, store: RowStore, user_id: str) -> None:
        """Read together: the same claims, nothing for an unclaimed meeting, and why one cannot be read."""
        claims = [await store.save_claim(Claim(f"{user_id}-{n}", user_id, "a", NOW)) for n in range(12)]
        await age(store, Table.MEETINGS, Key("claim", codec.hashed(claims[3].key)))
        found = await store.read_claims([*(one.key for one in claims), user_id])

        assert [found[one.key] for one in claims if one != claims[3]] == [one for one in claims if one != claims[3]]
        assert "schema version 99" in found[claims[3].key].unreadable
        assert found[user_id] == Claim()

    async def test_many_rows_of_the_index_are_found_as_each_is(self, store: RowStore, user_id: str) -> None:
        """Asked for a hundred activities, the store knows of each whose link it is."""
        links = [link(f"e{number}", f"{user_id}-{number:03d}") for number in range(100)]
        await save(store, user_id, *map(Put, links[:60]))
        await save(store, "other", *map(Put, links[40:80]))
        found = await store.find_linked([one.activity_id for one in links])
        alone = [await store.find_linked([one.activity_id]) for one in links]

        assert [{one.activity_id: found[one.activity_id]} for one in links] == alone
        assert [len(found[one.activity_id]) for one in links] == [1] * 40 + [2] * 20 + [1] * 20 + [0] * 20

    @pytest.mark.parametrize("place", [0, 50, 99])
    async def test_a_claim_that_is_taken_leaves_the_others_alone(
        self, store: RowStore, user_id: str, place: int
    ) -> None:
        """One meeting of a hundred is another mailbox's already: it stays theirs, ninety-nine are claimed."""
        theirs = await store.save_claim(Claim(f"{user_id}-{place}", "other", "x", NOW))
        saved = await store.save_claims([Claim(f"{user_id}-{n}", user_id, "", NOW) for n in range(100)])
        again = await store.save_claims([replace(one, activity_id="y") for one in saved if one is not None])
        stale = await store.save_claims([replace(one, activity_id="z") for one in saved if one is not None])

        assert [n for n, one in enumerate(saved) if one is None] == [place]
        assert await store.read_claim(theirs.key) == theirs
        assert [one is not None and one.activity_id for one in again] == ["y"] * 99
        assert stale == [None] * 99
        assert await store.read_claim(f"{user_id}-{(place + 1) % 100}") in again

    async def test_of_two_claims_on_one_meeting_the_first_stands(self, store: RowStore, user_id: str) -> None:
        """A mailbox that has a meeting twice asks for it twice at once."""
        twice = [Claim(user_id, user_id, one, NOW) for one in ("first", "second")]
        saved = await store.save_claims(twice)

        assert saved == [await store.read_claim(user_id), None]

    async def test_an_old_index_is_read_beside_todays(self, store: RowStore, user_id: str) -> None:
        """Links that an older build indexed are heard of; what is written meanwhile counts, and what ends is gone."""
        activity, other, dropped, uid = (f"{user_id}-{name}" for name in ("a", "b", "c", "uid"))
        links = [link("e1", activity), link("e2", other), link("e3", dropped)]
        copies = [follower("f1", ical_uid=uid), follower("f2", ical_uid=f"{uid}-2")]
        await save(store, user_id, *[Put(one) for one in (*links, *copies)])
        await index_as_before(store)
        before = await store.find_linked([activity, other, dropped]), await store.find_copies(uid)
        later = NOW + timedelta(hours=1)
        gone = [Drop(links[2]), Drop(copies[1])]
        await save(store, user_id, Put(replace(links[0], updated_at=later)), *gone)
        await store.begin_events("other", [activity])

        stamps = {user_id: stamp_of(NOW, 7)}
        assert before == ({activity: stamps, other: stamps, dropped: stamps}, frozenset({user_id}))
        for _ in range(2):
            found = await store.find_linked([activity, other, dropped])
            newer = {user_id: stamp_of(later, 7), "other": ""}
            assert found == {activity: newer, other: stamps, dropped: {}}
            assert await store.find_copies(uid) == {user_id}
            assert await store.find_copies(f"{uid}-2") == frozenset()
            await store.move_old_index(1_000)

    async def test_an_old_index_is_moved_once(self, store: RowStore, user_id: str) -> None:
        """Moved rows are found, nothing of the old index is left, and there is nothing to move any more."""
        links = [link(f"e{n}", f"{user_id}-{n}") for n in range(120)]
        await save(store, user_id, *map(Put, links), Put(follower("f", ical_uid=user_id)))
        count = await index_as_before(store)
        moved = await store.move_old_index(10_000)
        left = [row for begin in ("activity-", "copy-") for row in await old_rows(store, begin)]

        assert (moved, left, await store.move_old_index(10_000)) == (count, [], 0)
        found = await store.find_linked([one.activity_id for one in links])
        assert set(map(str, found.values())) == {str({user_id: stamp_of(NOW, 7)})}
        assert await store.find_copies(user_id) == {user_id}

    async def test_nobody_forgotten_is_left_in_an_old_index(self, store: RowStore, user_id: str) -> None:
        """Erasing somebody erases what an older build wrote of them, too."""
        await save(store, user_id, Put(link("e", f"{user_id}-a")), Put(follower("f", ical_uid=user_id)))
        await index_as_before(store)
        await store.forget_user(user_id)

        about = [row for begin in ("activity-", "copy-") for row in await old_rows(store, begin)]
        assert not [row for row in about if user_id in str(row)]

    async def test_a_claim_is_found_in_any_letter_case(self, store: RowStore, user_id: str) -> None:
        """ERP.net compares ExternalIds case-blind: one meeting has one claim, however its iCalUId is written."""
        upper, lower = f"UID-{user_id.upper()}", f"uid-{user_id.lower()}"
        saved = await store.save_claim(Claim(lower, user_id, "", NOW, creator="anna", is_own=True))

        with pytest.raises(StaleWrite):
            await store.save_claim(Claim(upper, "other", "", NOW))
        assert saved == await store.read_claim(upper) == await store.read_claim(lower)

    async def test_of_two_who_move_a_claim_one_is_told(self, store: RowStore, user_id: str) -> None:
        """A take-over and a hand-over at the same time: one stands whole, the other hears of it."""
        first = await store.save_claim(Claim(user_id, "a", "x", NOW))
        moves = [replace(first, user_id=successor, is_own=successor == "b") for successor in ("b", "c", "d")]
        answers = await asyncio.gather(*map(store.save_claim, moves), return_exceptions=True)

        [moved] = [one for one in answers if isinstance(one, Claim)]
        assert sum(isinstance(one, StaleWrite) for one in answers) == 2
        assert moved == await store.read_claim(user_id)

    async def test_first_claim_wins(self, store: RowStore, user_id: str) -> None:
        """Of two claims on a meeting the first one stands."""
        claim = Claim(f"{ODD}{user_id}", user_id, "", NOW)
        saved = await store.save_claim(claim)

        with pytest.raises(StaleWrite):
            await store.save_claim(replace(claim, user_id="other"))

        assert saved == await store.read_claim(claim.key)

    @pytest.mark.parametrize("spoilt", [{"user_id": ""}, {"at": None}, {"key": "another meeting"}])
    async def test_a_claim_says_whose_it_is_since_when(
        self, store: RowStore, user_id: str, spoilt: dict[str, str | None]
    ) -> None:
        """A stored claim that leaves out its holder or its instant, or is another meeting's, is not read."""
        claim = replace(Claim(user_id, "a", "x", NOW), **spoilt)  # type: ignore[arg-type]
        place = Key("claim", codec.hashed(uid_key(user_id)))
        await store.backend.write(Table.MEETINGS, Op(Verb.PUT, place, codec.encode(claim)))

        with pytest.raises(RowUnreadable, match="claim the meeting anew"):
            await store.read_claim(user_id)

    async def test_claim_moves_by_etag(self, store: RowStore, user_id: str) -> None:
        """A claim is replaced by whoever read it last; anybody else is refused."""
        first = await store.save_claim(Claim(user_id, "a", "", NOW))
        moved = await store.save_claim(replace(first, user_id="b", activity_id="x"))

        with pytest.raises(StaleWrite):
            await store.save_claim(replace(first, user_id="c"))

        assert moved == await store.read_claim(user_id)

    @pytest.mark.parametrize(
        ("holder", "activity", "stays"),
        [("me", "mine", False), ("other", "mine", True), ("me", "anew", True)],
        ids=["its-own", "handed-on", "fed-anew"],
    )
    async def test_a_forgotten_link_takes_its_claim_along(
        self, store: RowStore, user_id: str, holder: str, activity: str, stays: bool
    ) -> None:
        """What ended long ago claims nothing; a claim that another mailbox or another activity has now stays."""
        who = user_id if holder == "me" else holder
        ended = link("e", f"{user_id}-mine", ical_uid=f"uid-{user_id}", status=LinkStatus.TOMBSTONE)
        await store.save_claim(Claim(ended.ical_uid, who, f"{user_id}-{activity}", NOW))
        await save(store, user_id, Put(ended))
        await save(store, user_id, Drop(ended))

        assert (await store.read_claim(ended.ical_uid) is not None) is stays

    async def test_no_claim(self, store: RowStore, user_id: str) -> None:
        """A meeting that nobody claimed has no claim."""
        assert await store.read_claim(user_id) is None


class JournalContract:
    """What was done and why."""

    async def test_newest_first(self, store: RowStore, user_id: str) -> None:
        """The journal reads newest first, and no more than asked for."""
        entries = [entry(user_id, minutes) for minutes in (2, 0, 3, 1)]
        await store.append_journal(entries)

        newest = await store.read_journal(user_id, 3)
        assert [entries[2], entries[0], entries[3]] == newest

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

    async def test_slots_that_may_be_open_are_counted(self, fresh_store: RowStore) -> None:
        """One in use and one whose session lingers; a free one is none."""
        first = await fresh_store.acquire_slot("a", 3, 60)
        second = await fresh_store.acquire_slot("b", 3, 60)
        assert await fresh_store.count_slots(3, 60) == 2
        await fresh_store.free_slot(second, 1_200)
        await fresh_store.free_slot(first)
        assert await fresh_store.count_slots(3, 60) == 1

    async def test_more_unsynced_items_than_a_row_holds_are_cut(self, fresh_store: RowStore) -> None:
        """The first are kept, and every count: a list for people never fails the round that made it."""
        items = tuple(UnsyncedItem(f"{n:03}" * 50, "", "skipped", "я" * 300, NOW, "я" * 300) for n in range(500))
        with mock.patch.object(codec, "PARTS", 1):
            await fresh_store.save_unsynced("u", Unsynced(items, {"я": 500}))

        found = await fresh_store.read_unsynced("u")
        assert (0 < len(found.items) < 500, found.items) == (True, items[: len(found.items)])
        assert (found.counts, await fresh_store.count_unsynced()) == ({"я": 500}, {"u": {"я": 500}})


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


class SlotContract:
    """Licences to call ERP.net. These tests need a store of their own: slots are the instance's."""

    async def test_slots_are_counted(self, fresh_store: RowStore, pass_time: PassTime) -> None:
        """As many holders as there are slots get one each; the next is told who keeps it and until when."""
        first = await fresh_store.acquire_slot("a", 2, 30)
        pass_time(10)
        second = await fresh_store.acquire_slot("b", 2, 30)

        with pytest.raises(SlotsTaken) as refused:
            await fresh_store.acquire_slot("c", 2, 30)

        assert {0, 1} == {first.number, second.number}
        assert refused.value.holder == "a"
        wait = refused.value.until - fresh_store.backend.now()
        assert timedelta(seconds=15) <= wait <= timedelta(seconds=25)

    async def test_own_slot_again(self, fresh_store: RowStore) -> None:
        """Whoever has a slot and asks again gets the same one."""
        first = await fresh_store.acquire_slot("a", 3, 30)

        assert first.number == (await fresh_store.acquire_slot("a", 3, 30)).number

    async def test_silent_slot_is_taken_over(self, fresh_store: RowStore, pass_time: PassTime) -> None:
        """A slot without a heartbeat for long enough goes to whoever asks, and its holder learns it."""
        lost = await fresh_store.acquire_slot("a", 1, 30)
        pass_time(45)

        taken = await fresh_store.acquire_slot("b", 1, 30)

        assert ("b", lost.number) == (taken.holder, taken.number)
        with pytest.raises(LeaseLost):
            await fresh_store.beat_slot(lost)

    async def test_beating_slot_is_kept(self, fresh_store: RowStore, pass_time: PassTime) -> None:
        """Heartbeats keep a slot beyond the time after which a silent one is lost."""
        slot = await fresh_store.acquire_slot("a", 1, 30)
        pass_time(20)
        await fresh_store.beat_slot(slot)
        pass_time(20)

        with pytest.raises(SlotsTaken):
            await fresh_store.acquire_slot("b", 1, 30)

    async def test_freed_slot_is_free(self, fresh_store: RowStore) -> None:
        """A slot that was given back can be taken at once."""
        await fresh_store.free_slot(await fresh_store.acquire_slot("a", 1, 30))

        assert (await fresh_store.acquire_slot("b", 1, 30)).holder == "b"

    async def test_freed_slot_lingers(self, fresh_store: RowStore, pass_time: PassTime) -> None:
        """A slot given back for a while is nobody else's meanwhile, who is told so, and its holder's at any time."""
        slot = await fresh_store.acquire_slot("a", 1, 30)
        await fresh_store.free_slot(slot, 40)

        pass_time(20)
        with pytest.raises(SlotsTaken, match="of a, whose work is done") as refused:
            await fresh_store.acquire_slot("b", 1, 30)
        wait = refused.value.until - fresh_store.backend.now()
        assert timedelta(seconds=15) <= wait <= timedelta(seconds=25)

        again = await fresh_store.acquire_slot("a", 1, 30)
        await fresh_store.free_slot(again, 40)
        pass_time(45)
        assert (await fresh_store.acquire_slot("b", 1, 30)).holder == "b"

    async def test_last_slot_first(self, fresh_store: RowStore) -> None:
        """Who asks for the last slot gets the last one that is free, but their own before any other."""
        numbers = [(await fresh_store.acquire_slot(holder, 3, 30, last=True)).number for holder in ("a", "b", "a")]

        assert numbers == [2, 1, 2]
        assert (await fresh_store.acquire_slot("c", 1, 30)).number == 0

    async def test_last_holder_is_preferred(self, fresh_store: RowStore) -> None:
        """Of several free slots a holder gets the one they had before, where their session still lingers."""
        for holder in ("a", "b", "c"):
            await fresh_store.acquire_slot(holder, 3, 30)
        again = [await fresh_store.acquire_slot(holder, 3, 30) for holder in ("a", "b", "c")]
        for slot in again:
            await fresh_store.free_slot(slot)

        numbers = [(await fresh_store.acquire_slot(holder, 3, 30)).number for holder in ("c", "a", "b")]

        assert [again[2].number, again[0].number, again[1].number] == numbers

    async def test_freeing_a_lost_slot(self, fresh_store: RowStore, pass_time: PassTime) -> None:
        """Giving back a slot that was taken over neither fails nor frees it."""
        lost = await fresh_store.acquire_slot("a", 1, 30)
        pass_time(45)
        await fresh_store.acquire_slot("b", 1, 30)

        await fresh_store.free_slot(lost)

        with pytest.raises(SlotsTaken):
            await fresh_store.acquire_slot("c", 1, 30)

    async def test_only_one_of_many_gets_the_slot(self, fresh_store: RowStore) -> None:
        """Of many who ask for the only slot at the same time exactly one gets it."""
        asked = (fresh_store.acquire_slot(f"worker-{number}", 1, 30) for number in range(6))
        answers = await asyncio.gather(*asked, return_exceptions=True)

        assert sum(isinstance(answer, SlotsTaken) for answer in answers) == 5

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


class CommandContract:
    """What was asked, and the answers."""

    async def test_a_command_is_read_back(self, fresh_store: RowStore) -> None:
        """With all it says, under its own id."""
        wish = Wish(Kind.RESOLVE, (ODD,), item="c1", choice="fields", fields={"subject": "outlook"})
        asked = Command(new_id(NOW), wish, Asker("o", ODD), NOW, NOW + timedelta(days=1), items=(ODD, ""))
        saved = await fresh_store.save_command(asked)

        assert await fresh_store.read_command(asked.id) == saved
        assert replace(saved, etag="") == asked
        assert await fresh_store.read_command(new_id(NOW)) is None

    async def test_a_command_is_saved_by_one(self, fresh_store: RowStore) -> None:
        """Neither filed twice under one id nor saved over what somebody else saved."""
        asked = a_command(NOW)
        first = await fresh_store.save_command(asked)
        with pytest.raises(StaleWrite):
            await fresh_store.save_command(asked)
        second = await fresh_store.save_command(replace(first, state=State.RUNNING))
        with pytest.raises(StaleWrite):
            await fresh_store.save_command(replace(first, done=1))

        assert await fresh_store.read_command(asked.id) == second

    async def test_the_newest_commands_come_first(self, fresh_store: RowStore) -> None:
        """However many there are; a spoilt one is left out."""
        hours = (0, 2, 1)
        old, young, spoilt = [await fresh_store.save_command(a_command(NOW + timedelta(hours=n))) for n in hours]
        place = Key("command", spoilt.id)
        await fresh_store.backend.write(Table.COMMANDS, Op(Verb.PUT, place, {"v": codec.SCHEMA, "data0": "{"}))

        assert await fresh_store.list_commands() == [young, old]
        assert await fresh_store.list_commands(1) == [young]
        with pytest.raises(RowUnreadable, match="ask again"):
            await fresh_store.read_command(spoilt.id)

    async def test_a_command_of_a_newer_build_is_found_by_who_is_in_it(self, fresh_store: RowStore) -> None:
        """Though it cannot be read: by a whole name, not by a part of one; it goes with its answer."""
        kept, newer = a_command(NOW), a_command(NOW + timedelta(hours=1))
        await fresh_store.save_command(kept)
        row: codec.Properties = {"v": codec.SCHEMA + 7, "data0": '{"people":["Anna@acme.example"],"more":1}'}
        await fresh_store.backend.write(Table.COMMANDS, Op(Verb.PUT, Key("command", newer.id), row))
        await fresh_store.save_part(newer.id, 0, {"text": "t"})

        assert await fresh_store.unreadable_commands() == [newer.id]
        others, hers = ["boris@acme.example", "nna@acme.example"], ["x", "anna@acme.example"]
        for names, found in ((others, []), (hers, [newer.id])):
            page = await fresh_store.list_commands_from("", 100, naming=names)
            assert ([one.id for one in page.commands], page.unreadable, page.next) == ([kept.id], found, "")
        for _ in range(2):
            await fresh_store.drop_command(newer.id)
        assert (await fresh_store.unreadable_commands(), await fresh_store.read_parts(newer.id)) == ([], [])
        assert [one.id for one in await fresh_store.list_commands()] == [kept.id]

    async def test_all_commands_are_read_in_pages(self, fresh_store: RowStore) -> None:
        """Each once, newest first, one that cannot be read counted like any other."""
        saved = [await fresh_store.save_command(a_command(NOW + timedelta(hours=n))) for n in range(5)]
        place = Key("command", saved[2].id)
        await fresh_store.backend.write(Table.COMMANDS, Op(Verb.PUT, place, {"v": codec.SCHEMA, "data0": "{}"}))
        seen: list[Command] = []
        first = ""
        for _ in range(3):
            page = await fresh_store.list_commands_from(first, 2, naming=["anna"])
            seen, first = [*seen, *page.commands], page.next

        assert (seen, first) == ([saved[4], saved[3], saved[1], saved[0]], "")

    async def test_an_answer_is_read_in_order(self, fresh_store: RowStore) -> None:
        """By number, each once, and of this command only."""
        asked = a_command(NOW)
        for number, text in ((1_000, "b"), (0, "a"), (1_000, ODD)):
            await fresh_store.save_part(asked.id, number, {"text": text})
        await fresh_store.save_part(new_id(NOW), 0, {"text": "another's"})

        assert await fresh_store.read_parts(asked.id) == [{"text": "a"}, {"text": ODD}]
        await fresh_store.drop_parts(asked.id)
        assert await fresh_store.read_parts(asked.id) == []

    async def test_an_answer_longer_than_a_row_is_read_whole(self, fresh_store: RowStore) -> None:
        """In several rows, also when it is written again shorter; one that lacks a row is not shown in half."""
        asked = a_command(NOW)
        long = [{"subject": ODD, "text": '"\\😀' * 5_000} for _ in range(40)]
        for lines in (long, long[:25]):
            await fresh_store.save_part(asked.id, 0, {"lines": lines})
            await fresh_store.save_part(asked.id, 1, {"fine": True})
            assert await fresh_store.read_parts(asked.id) == [{"lines": lines}, {"fine": True}]
        with pytest.raises(StoreError, match="ask for less"):
            await fresh_store.save_part(asked.id, 2, {"lines": long * 20})

        place = Key(f"answer-{asked.id}", "000000-001")
        await fresh_store.backend.write(Table.COMMANDS, Op(Verb.DELETE, place))
        with pytest.raises(RowUnreadable, match="ask again"):
            await fresh_store.read_parts(asked.id)
        await fresh_store.drop_parts(asked.id)
        assert await fresh_store.read_parts(asked.id) == []

    async def test_whose_turn_it_was_is_noted_by_one(self, fresh_store: RowStore) -> None:
        """Neither over another's nor for longer than asked; a spoilt note is nobody's and can be replaced."""
        old, young = Turn(NOW, "a", "enable"), Turn(NOW + timedelta(hours=1), "b", "disable")
        await fresh_store.save_turn(ODD, old)
        with pytest.raises(StaleWrite):
            await fresh_store.save_turn(ODD, young)
        noted = await fresh_store.read_turn(ODD)
        assert noted is not None
        assert replace(noted, etag="") == old
        await fresh_store.save_turn(ODD, replace(young, etag=noted.etag))
        with pytest.raises(StaleWrite):
            await fresh_store.drop_turn(ODD, noted)
        await fresh_store.trim_turns(NOW + timedelta(minutes=1))
        assert await fresh_store.read_turn(ODD) is not None

        [row] = await fresh_store.backend.scan(Table.COMMANDS, "turn")
        await fresh_store.backend.write(Table.COMMANDS, Op(Verb.PUT, row.key, {"v": codec.SCHEMA, "data0": "{"}))
        spoilt = await fresh_store.read_turn(ODD)
        assert spoilt is not None
        await fresh_store.save_turn(ODD, replace(young, etag=spoilt.etag))
        await fresh_store.trim_turns(NOW + timedelta(hours=2))
        assert await fresh_store.read_turn(ODD) is None

    async def test_old_commands_go_with_their_answers(self, fresh_store: RowStore) -> None:
        """Whatever was asked for before a time, unreadable rows included."""
        old, young = a_command(NOW - timedelta(days=1)), a_command(NOW)
        for asked in (old, young):
            await fresh_store.save_command(asked)
            await fresh_store.save_part(asked.id, 0, {"text": "t"})
        place = Key("command", new_id(NOW - timedelta(days=2)))
        await fresh_store.backend.write(Table.COMMANDS, Op(Verb.PUT, place, {"v": codec.SCHEMA, "data0": "{"}))

        assert await fresh_store.trim_commands(NOW - timedelta(hours=1)) == 2
        assert [one.id for one in await fresh_store.list_commands()] == [young.id]
        assert (await fresh_store.read_parts(old.id), len(await fresh_store.read_parts(young.id))) == ([], 1)


class StoreContract(
    CommandContract,
    AccountContract,
    FormKeyContract,
    SubscriptionContract,
    LeaseContract,
    LedgerContract,
    NamesContract,
    StateContract,
    InboxContract,
    DueContract,
    MeetingsContract,
    JournalContract,
    UsersContract,
    SlotContract,
    LineContract,
):
    """Everything a store must do."""


assert codec.key(ODD) != ODD, "the odd id must exercise the hashing of keys"
