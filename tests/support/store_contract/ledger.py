"""What every store does with the ledger of a user's links, and with the names by which links are found."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

import pytest

from adapters.store import codec
from adapters.store.backend import Key, Op, Table, Verb
from adapters.store.codec import SCHEMA
from adapters.store.store import RowStore
from jobs.ports import Drop, Put
from sync_core.content.names import ALL_FOLLOWERS, Names, named
from sync_core.errors import LeaseHeld, RowUnreadable
from sync_core.model.hold import Hold
from sync_core.model.ledger import Ledger, ledger_of
from sync_core.model.link import Held, Link, LinkStatus, Role
from sync_core.model.memory import Cursors, Memory, Unread
from sync_core.model.pending import Pending
from sync_core.model.sides import Side
from sync_core.model.user import User
from tests.support.samples import NOW, a_link
from tests.support.users import put_user


@dataclass(frozen=True)
class LeaseRow:
    """The lease as a build wrote it that knew of no ledger."""

    holder: str
    until: datetime
    seconds: int


def pair(name: str, **told: object) -> Link:
    """A link that is called so on all sides."""
    return a_link(event_id=f"E-{name}", activity_id=f"A-{name}", ical_uid=f"U-{name}", **told)


async def keep(store: RowStore, user_id: str, *links: Link) -> Ledger:
    """Save links as a round does that has read them all; return the ledger."""
    ledger = ledger_of(Memory(links=links))
    assert ledger is not None
    lease = await store.acquire_lease(user_id, "me", 60)
    await store.add_names(user_id, links)
    await store.release_lease(await store.save(lease, [Put(one) for one in links], ledger))
    return ledger


async def ledger_now(store: RowStore, user_id: str) -> Ledger | None:
    """The ledger that the next holder of the lease gets."""
    lease = await store.acquire_lease(user_id, "me", 60)
    await store.release_lease(lease)
    return lease.ledger


async def found(store: RowStore, user_id: str, names: Names, known: Collection[str] = ()) -> set[str]:
    """The event ids of the links that have one of these names."""
    return {one.event_id for one in await store.find_links(user_id, names, known)}


class LedgerContract:
    """The ledger is that of the links, or is not there."""

    async def test_the_ledger_stays_when_the_lease_is_given_back(self, store: RowStore, user_id: str) -> None:
        """And whoever takes the lease next may do so at once."""
        kept = await keep(store, user_id, pair("one"), pair("two", reread="retry"))
        other = await store.acquire_lease(user_id, "another", 60)

        assert (other.holder, other.ledger) == ("another", kept)
        assert kept == Ledger(2, 2, ("E-two",))

    async def test_a_lease_that_was_met_free_is_taken_without_reading_it(self, store: RowStore, user_id: str) -> None:
        """Whoever has just recalled the user knows its etag; once, since it is not free any more then."""
        kept = await keep(store, user_id, pair("one"))
        await store.recall_due(user_id)
        reads = store.reads
        lease = await store.acquire_lease(user_id, "me", 60)

        assert (store.reads - reads, lease.ledger) == (0, kept)
        with pytest.raises(LeaseHeld):
            await store.acquire_lease(user_id, "another", 60)

    @pytest.mark.parametrize("is_over", [False, True], ids=["under way", "over"])
    async def test_a_lease_that_was_taken_after_it_was_met_counts(
        self, store: RowStore, user_id: str, is_over: bool
    ) -> None:
        """Another process had it meanwhile: it has it, or has left another ledger."""
        await keep(store, user_id, pair("one"))
        await store.recall_due(user_id)
        other = RowStore(store.backend)
        theirs = await other.acquire_lease(user_id, "another", 60)
        theirs = await other.save(theirs, [Put(pair("two"))], Ledger(2, 2))
        if is_over:
            await other.release_lease(theirs)
            assert (await store.acquire_lease(user_id, "me", 60)).ledger == Ledger(2, 2)
        else:
            with pytest.raises(LeaseHeld):
                await store.acquire_lease(user_id, "me", 60)

    async def test_links_that_are_saved_without_it_take_it_away(self, store: RowStore, user_id: str) -> None:
        """Other rows do not."""
        kept = await keep(store, user_id, pair("one"))
        lease = await store.acquire_lease(user_id, "me", 60)
        lease = await store.save(lease, [Put(Pending(Side.ERP, "x")), Put(Cursors(served="t"))])
        after_others = lease.ledger
        lease = await store.save(lease, [])
        after_none = lease.ledger
        await store.release_lease(await store.save(lease, [Drop(pair("one"))]))

        assert (after_others, after_none) == (kept, kept)
        assert await ledger_now(store, user_id) is None

    async def test_a_save_of_many_links_has_it_at_its_end(self, store: RowStore, user_id: str) -> None:
        """Several transactions: a lease that was lost between them has none."""
        many = [pair(f"{n}") for n in range(150)]
        before = await keep(store, user_id, pair("one"))

        assert await keep(store, user_id, *many) == await ledger_now(store, user_id) != before

    async def test_an_older_build_takes_it_away(self, store: RowStore, user_id: str) -> None:
        """It reads a row with a ledger, and writes one without."""
        await keep(store, user_id, pair("one"))
        place = Key(user_id, "lease")
        row = await store.backend.read(Table.STATE, place)
        assert row is not None
        old = codec.decode(row.properties, LeaseRow)
        await store.backend.write(Table.STATE, Op(Verb.PUT, place, codec.encode(old), row.etag))

        assert old.holder == ""
        assert await ledger_now(store, user_id) is None

    async def test_one_by_other_rules_is_not_believed(self, store: RowStore, user_id: str) -> None:
        """Another build may list other links as open."""
        lease = await store.acquire_lease(user_id, "me", 60)
        await store.release_lease(await store.save(lease, [Put(pair("one"))], Ledger(1, 1, (), rules=99)))

        assert await ledger_now(store, user_id) is None
        assert await store.recall_open(user_id) is None

    async def test_a_broken_lease_has_none(self, store: RowStore, user_id: str) -> None:
        """Whoever switches a user off lets the next round read everything."""
        await keep(store, user_id, pair("one"))
        await store.break_lease(user_id)

        assert await ledger_now(store, user_id) is None

    async def test_open_links_are_recalled_without_the_others(self, store: RowStore, user_id: str) -> None:
        """With everything else that is remembered, and the number of links that run."""
        held = pair("held", status=LinkStatus.HELD, held=Held("h", "void"))
        waiting, hold = Pending(Side.GRAPH, "x"), Hold("h", "why", (), NOW)
        await keep(store, user_id, pair("one"), held, pair("two"), pair("parked", status=LinkStatus.PARKED))
        lease = await store.acquire_lease(user_id, "me", 60)
        await store.save(lease, [Put(waiting), Put(hold), Put(Cursors(served="t"))])
        await store.write_wake(user_id, "token")
        few, whole = await store.recall_open(user_id), await store.recall(user_id)
        assert few is not None

        assert {one.event_id for one in few.links} == {"E-held", "E-parked"}
        assert (few.running, few.unread) == (whole.running, Unread(2, 2)) == (3, Unread(2, 2))
        assert few.holds == whole.holds != ()
        assert replace(whole, links=few.links, unread=few.unread) == few

    @pytest.mark.parametrize(
        "told", [Ledger(1, 1, ("E-one",)), Ledger(2, 2, ("E-gone", "E-open")), Ledger(0, 0, ("E-open",))], ids=repr
    )
    async def test_one_that_does_not_fit_is_not_believed(self, store: RowStore, user_id: str, told: Ledger) -> None:
        """It lists a link that is not open, or is not there, or counts less than it lists."""
        lease = await store.acquire_lease(user_id, "me", 60)
        links = [Put(pair("one")), Put(pair("open", reread="retry"))]
        await store.release_lease(await store.save(lease, links, told))

        assert await store.recall_open(user_id) is None

    async def test_a_spoilt_link_is_met_by_whoever_asks_for_it(self, store: RowStore, user_id: str) -> None:
        """And by nobody else."""
        await keep(store, user_id, pair("one"), pair("two"))
        rows = await store.backend.scan(Table.STATE, user_id, begin="link-")
        spoilt = next(row for row in rows if "E-one" in str(row.properties))
        await store.backend.write(Table.STATE, Op(Verb.PUT, spoilt.key, {"v": SCHEMA, "data0": "{"}))

        assert await store.recall_open(user_id) is not None
        assert await found(store, user_id, named(activities=["A-two"])) == {"E-two"}
        with pytest.raises(RowUnreadable, match="a stored Link cannot be read"):
            await store.find_links(user_id, named(activities=["A-one"]))


class NamesContract:
    """A link is found by its names."""

    async def test_a_link_is_found_by_each_of_its_names(self, store: RowStore, user_id: str) -> None:
        """Its event, its activity and its meeting in any letter case; nothing else leads to it."""
        await keep(store, user_id, pair("one"), pair("two"), pair("three"))

        for names in (named(events=["E-one"]), named(activities=["A-one"]), named(ical_uids=["u-ONE"])):
            assert await found(store, user_id, names) == {"E-one"}
        both = named(events=["E-one"], activities=["A-two", "A-none"], ical_uids=["U-two"])
        assert await found(store, user_id, both) == {"E-one", "E-two"}
        assert await found(store, user_id, both, ["E-one"]) == {"E-two"}
        assert await found(store, user_id, named(events=["E-none"], ical_uids=["E-one"])) == set()

    async def test_a_colleagues_link_is_found_without_the_lease(self, store: RowStore, user_id: str) -> None:
        """Where a ledger says that names are whole; else the colleague must be read whole."""
        unknown = await store.find_feeding(user_id, "A-one")
        await keep(store, user_id, pair("one"), pair("two"))
        known = await store.find_feeding(user_id, "A-one")
        lease = await store.acquire_lease(user_id, "me", 60)
        await store.release_lease(await store.save(lease, [Put(pair("three"))]))

        assert (unknown, known) == (None, (pair("one"),))
        assert await store.find_feeding(user_id, "A-one") is None

    async def test_links_of_one_meeting_or_activity_are_found_together(self, store: RowStore, user_id: str) -> None:
        """As after an import."""
        twin = replace(pair("one"), event_id="E-twin")
        await keep(store, user_id, pair("one"), twin)

        assert await found(store, user_id, named(activities=["A-one"])) == {"E-one", "E-twin"}

    async def test_followers_are_found_by_being_followers(self, store: RowStore, user_id: str) -> None:
        """Whatever activity is meant by now."""
        following = replace(pair("two"), role=Role.FOLLOWER, activity_id="")
        was_own = replace(pair("three"), role=Role.FOLLOWER)
        await keep(store, user_id, pair("one"), following, was_own)

        assert await found(store, user_id, ALL_FOLLOWERS) == {"E-two", "E-three"}
        assert await found(store, user_id, named(activities=["A-three"])) == {"E-three"}

    async def test_names_of_users_are_their_own(self, store: RowStore, user_id: str) -> None:
        """A colleague's link of the same meeting is not found."""
        await keep(store, user_id, pair("one"))
        await keep(store, f"{user_id}-b", replace(pair("one"), event_id="E-other"))

        assert await found(store, user_id, named(ical_uids=["U-one"])) == {"E-one"}

    async def test_names_added_at_once_are_all_there(self, store: RowStore, user_id: str) -> None:
        """Nobody takes another one's name away."""
        many = [pair(f"{n}") for n in range(6)]
        lease = await store.acquire_lease(user_id, "me", 60)
        await store.save(lease, [Put(one) for one in many])
        alike = [replace(one, activity_id="A", ical_uid="U") for one in many]
        for one in (alike[:2], alike[2:4]):
            await asyncio.gather(*(store.add_names(user_id, [link]) for link in one))

        assert await found(store, user_id, named(activities=["A"])) == {one.event_id for one in many[:4]}

    async def test_proved_names_are_those_of_the_links(self, store: RowStore, user_id: str) -> None:
        """What was missing is there, and counted; what leads nowhere is gone."""
        kept, lost = [pair(f"{n}") for n in range(40)], pair("lost")
        lease = await store.acquire_lease(user_id, "me", 60)
        lease = await store.save(lease, [Put(one) for one in (*kept, lost)])
        await store.add_names(user_id, [*kept[:30], lost])
        lease, counted = await store.prove_names(lease, kept)
        lease, again = await store.prove_names(lease, kept)
        seen = [await found(store, user_id, named(activities=[one.activity_id])) for one in kept]

        assert (counted, again) == (frozenset(one.event_id for one in kept[30:]), frozenset())
        assert seen == [{one.event_id} for one in kept]
        assert await found(store, user_id, named(activities=["A-lost"], ical_uids=["U-lost"])) == set()

    @pytest.mark.parametrize("among", [None, 30, 300, 30_000])
    async def test_many_links_are_found_however_many_there_are(
        self, store: RowStore, user_id: str, among: int | None
    ) -> None:
        """Several at once, in a request each or page by page: it depends on among how many they are."""
        await keep(store, user_id, *[pair(f"{number}") for number in range(30)])
        asked = {f"E-{number}" for number in range(0, 30, 2)}
        links = await store.find_links(user_id, Names(events=frozenset(asked)), (), among)

        assert sorted(link.event_id for link in links) == sorted(asked)

    async def test_spoilt_names_are_made_anew_by_whoever_proves_them(self, store: RowStore, user_id: str) -> None:
        """Until then whoever asks for them is told."""
        await keep(store, user_id, pair("one"))
        for row in await store.backend.scan(Table.STATE, f"{user_id}:names"):
            await store.backend.write(Table.STATE, Op(Verb.PUT, row.key, {"v": SCHEMA, "data0": "["}))
        with pytest.raises(RowUnreadable, match="a stored NamesRow cannot be read"):
            await store.find_links(user_id, named(activities=["A-one"]))

        lease = await store.acquire_lease(user_id, "me", 60)
        _, counted = await store.prove_names(lease, [pair("one")])

        assert counted == frozenset({"E-one"})
        assert await found(store, user_id, named(activities=["A-one"])) == {"E-one"}

    async def test_a_newer_builds_names_are_left_alone(self, store: RowStore, user_id: str) -> None:
        """They are not proved, so no ledger is believed."""
        await keep(store, user_id, pair("one"))
        rows = await store.backend.scan(Table.STATE, f"{user_id}:names")
        await store.backend.write(Table.STATE, Op(Verb.PUT, rows[0].key, {"v": 99, "data0": "{}"}))

        lease = await store.acquire_lease(user_id, "me", 60)

        assert await store.prove_names(lease, [pair("one")]) == (lease, None)

    async def test_whoever_has_lost_the_lease_takes_no_name_away(self, store: RowStore, user_id: str) -> None:
        """They do not know of the links that came since, whose names they read among the others."""
        await keep(store, user_id, pair("one"))
        lost = await store.acquire_lease(user_id, "slow", -60)
        kept = await store.acquire_lease(user_id, "me", 60)
        await store.add_names(user_id, [pair("new")])
        await store.save(kept, [Put(pair("new"))], Ledger(2, 2))

        assert await store.prove_names(lost, [pair("one")]) == (lost, None)
        assert await found(store, user_id, named(activities=["A-new"])) == {"E-new"}

    async def test_a_forgotten_users_names_are_gone(self, store: RowStore, user_id: str) -> None:
        """With the rest of what was remembered."""
        await put_user(store, User(user_id, "anna@acme.example"))
        await keep(store, user_id, pair("one"))
        await store.forget_user(user_id)

        assert await store.backend.scan(Table.STATE, f"{user_id}:names") == []
        assert await store.backend.scan(Table.STATE, user_id) == []
