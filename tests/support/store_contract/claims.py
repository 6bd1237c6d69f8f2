"""What every store does with what several users share: the indexes and the claims."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.store import codec
from adapters.store.backend import Key, Op, Row, Table, Verb
from adapters.store.old_index import OldIndex, old_key
from adapters.store.store import RowStore
from jobs.ports import Drop, Put
from sync_core.content.ranges import uid_key
from sync_core.errors import RowUnreadable, StaleWrite
from sync_core.model.claim import Claim
from sync_core.model.link import LinkStatus, Role
from sync_core.model.pending import Pending, PendingState
from sync_core.model.sides import Side, stamp_of
from tests.support.store_contract.rows import NOW, ODD, age, follower, link, save

SIZES = (0, 90, 900, 9_000)
"""So many links a company may be said to have: not known, a page, few enough to look through, too many."""


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


class ClaimContract:
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

    @pytest.mark.parametrize("about", SIZES)
    async def test_many_claims_are_read_as_each_is(self, store: RowStore, user_id: str, about: int) -> None:
        """Read together: the same claims, nothing for an unclaimed meeting, and why one cannot be read. However many
        links the company was said to have."""
        store.links_of = {user_id: about}
        claims = [await store.save_claim(Claim(f"{user_id}-{n}", user_id, "a", NOW)) for n in range(12)]
        await age(store, Table.MEETINGS, Key("claim", codec.hashed(claims[3].key)))
        found = await store.read_claims([*(one.key for one in claims), user_id])

        assert [found[one.key] for one in claims if one != claims[3]] == [one for one in claims if one != claims[3]]
        assert "schema version 99" in found[claims[3].key].unreadable
        assert found[user_id] == Claim()

    @pytest.mark.parametrize("about", SIZES)
    async def test_many_rows_of_the_index_are_found_as_each_is(
        self, store: RowStore, user_id: str, about: int
    ) -> None:
        """Asked for a hundred activities, the store knows of each whose link it is, likewise."""
        store.links_of = {user_id: about}
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
