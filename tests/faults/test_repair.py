"""What a cursor can miss is found again: late commits, lost hints, watermarks gone astray, deletions nobody lists."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import NAMESPACE_DNS, uuid5

import pytest

from adapters.store import codec
from adapters.store.memory import MemoryBackend, MemoryQueue
from adapters.store.store import RowStore
from jobs import repair
from jobs.ports import PullReading
from jobs.pull import LOOK_BACK, MOST_MET, PullReport, run_pull
from jobs.repair import EVERY, MOST_USERS, pull_and_repair, run_repair
from jobs.world import World
from simulators.base import Clock
from sync_core.errors import CalsyncError, RowUnreadable
from sync_core.model.instance import Instance
from sync_core.model.memory import Memory
from sync_core.model.sides import ActivityChange
from sync_core.model.user import User
from tests.support.budget import budget
from tests.support.days import digits, linked_meeting
from tests.support.fuse import MOST_CALLS, Fuse, FusedBackend, Killed
from tests.support.house import ANNA, START, House, open_house
from tests.support.inboxes import ACTIVITIES, inbox_of, many_activities, watermark_of
from tests.support.misfortunes import LastMoment
from tests.support.random_pair import Play
from tests.support.users import put_user


async def remember(house: House, **what: object) -> None:
    """Put these into the instance row."""
    instance, etag = await house.world.store.read_instance()
    await house.world.store.save_instance(replace(instance, **what), etag)  # type: ignore[arg-type]


async def two_meetings(house: House) -> tuple[tuple[str, str], tuple[str, str]]:
    """Two linked meetings, each as event and activity; and a day's repair behind us."""
    pairs = await linked_meeting(house, "Planning", 25), await linked_meeting(house, "Visit", 26)
    await house.step()
    house.advance(minutes=40)
    await house.step()
    return pairs


def unseen(house: House, activity: str, **fields: object) -> None:
    """Somebody's edit that no cursor ever shows: its update time lies in the past of every pull."""
    house.desk().edit(activity, **fields)
    row = house.erp.store.get(ACTIVITIES, activity)
    assert row is not None
    house.erp.store.assign(row, "AggregateLastUpdateTimeUtc", "2026-01-01T00:00:00.000Z")


def buried(house: House, activity: str) -> None:
    """Hard-deleted, so long ago that the pull does not hear of it."""
    kept = house.erp.forgets_deleted
    document = house.desk().get(activity)["DocumentId"]
    house.desk().delete(activity)
    if not kept:
        row = house.erp.store.get("Systems_Core_ExtensibleDataObjects", document)
        assert row is not None
        house.erp.store.assign(row, "LastUpdateTimeUtc", "2026-01-01T00:00:00.000Z")


def asked(house: House) -> int:
    """Requests that ERP.net's Domain API has seen since the log was emptied."""
    return sum("/odata/" in seen.path for seen in house.erp.requests)


def is_there(house: House, event: str) -> bool:
    """Whether Anna's calendar holds the event."""
    return event in {one["id"] for one in house.outlook().events()}


class TestLateCommits:
    """A row bears the time at which its transaction began to write, and is seen when that ends."""

    @pytest.mark.parametrize("minutes", [7, 29])
    async def test_a_row_committed_minutes_after_its_stamp_arrives_with_the_next_pull(
        self, house: House, minutes: int
    ) -> None:
        """Others were read meanwhile and moved the watermark past it: created and edited rows arrive all the same."""
        event, activity = await linked_meeting(house)
        await house.step()
        house.erp.commits_late_minutes = minutes
        house.desk().create("Late", digits(3), digits(3, 12))
        house.desk().edit(activity, subject="Late edit")
        house.erp.commits_late_minutes = 0
        house.advance(minutes=minutes - 1)
        house.desk().create("Meanwhile", digits(4), digits(4, 12))
        await house.step()
        assert house.outlook().find("Late") is None

        house.advance(minutes=1)
        await house.step()
        assert house.outlook().find("Late") is not None
        assert house.outlook().get(event)["subject"] == "Late edit"
        await Play(house).check()

    async def test_a_short_overlap_is_made_good_within_the_hour(self, house: House) -> None:
        """``ERPNET_LATE_COMMIT_MINUTES=5`` and a commit after seven: the look back of the next hour finds it."""
        house.set_policy(late_commit=timedelta(minutes=5))
        await house.step()
        house.erp.commits_late_minutes = 7
        house.desk().create("Late", digits(3), digits(3, 12))
        house.erp.commits_late_minutes = 0
        house.advance(minutes=6)
        house.desk().create("Meanwhile", digits(4), digits(4, 12))
        await house.step()
        house.advance(minutes=2)
        await house.step()
        assert house.outlook().find("Late") is None

        house.advance(minutes=55)
        await house.step()
        assert house.outlook().find("Late") is not None

    @pytest.mark.parametrize("since_look_back", [0, 20, 40, 59])
    @pytest.mark.parametrize(("overlap", "late"), [(5, 7), (5, 60), (30, 45), (30, 60), (30, 89)])
    async def test_a_commit_an_hour_beyond_the_overlap_arrives_whenever_the_last_look_back_was(
        self, house: House, overlap: int, late: int, since_look_back: int
    ) -> None:
        """Each pull meets something new, so the watermark is always of now; the row is seen within two hours."""
        house.set_policy(late_commit=timedelta(minutes=overlap))
        await house.step()
        await remember(house, looked_back_at=house.now - timedelta(minutes=since_look_back))
        house.erp.commits_late_minutes = late
        house.desk().create("Late", digits(3), digits(3, 12))
        house.erp.commits_late_minutes = 0
        for _ in range((late + 65) // 5):
            house.advance(minutes=5)
            house.desk().create("Meanwhile", digits(4), digits(4, 12))
            await run_pull(house.world)
        [late_one] = house.desk().find("Late")
        assert late_one["Id"] in await inbox_of(house)

    async def test_a_quiet_hour_files_nothing_twice(self, house: House) -> None:
        """The look back meets what was met before: no inbox row, and one request as always."""
        await house.step()
        many_activities(house, 5)
        await run_pull(house.world)
        await house.world.store.clear_inbox((await house.user()).id, (await house.recall()).inbox)
        house.advance(seconds=LOOK_BACK.total_seconds())
        house.erp.forget_requests()
        assert (await run_pull(house.world)).changes == 0
        assert asked(house) == 1
        assert (await watermark_of(house)).looked_back_at == house.now

    async def test_after_a_great_import_pulls_stay_small(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """More changes than can be remembered: pulls ask from the oldest of those on, and are not filed again."""
        await house.step()
        starts: list[datetime] = []
        imported = tuple(
            ActivityChange(f"{n:08x}-0000-4000-8000-000000000000", house.now + timedelta(milliseconds=100 * n), n)
            for n in range(MOST_MET + 500)
        )

        async def read_changes(since: datetime, _: object) -> PullReading:
            starts.append(since)
            return PullReading(tuple(x for x in imported if x.updated_at >= since), imported[-1].updated_at)

        monkeypatch.setattr(house.world.erp, "read_changes", read_changes)
        house.advance(minutes=20)
        await run_pull(house.world)
        assert len((await watermark_of(house)).met) == MOST_MET
        assert (await run_pull(house.world)).changes == 0
        assert starts[-1] == imported[500].updated_at


@pytest.mark.parametrize("hours", [1, 20, 24 * 400])
async def test_a_watermark_moved_too_far_hides_nothing(house: House, hours: int) -> None:
    """Whatever put it there, edits and new activities arrive with the next pull."""
    event, activity = await linked_meeting(house)
    await house.step()
    await remember(house, watermark=house.now + timedelta(hours=hours))
    house.advance(minutes=2)
    house.desk().edit(activity, subject="Edited")
    house.desk().create("New", digits(3), digits(3, 12))
    await house.step()
    assert house.outlook().get(event)["subject"] == "Edited"
    assert house.outlook().find("New") is not None
    await Play(house).check()


@pytest.mark.parametrize("ahead", [timedelta(minutes=90), timedelta(days=400)], ids=str)
async def test_a_clock_that_was_ahead_delays_neither_look(house: House, ahead: timedelta) -> None:
    """A process whose clock was wrong noted its looks: those after it come by their own clock all the same."""
    (event, activity), (_, other) = await two_meetings(house)
    await remember(house, looked_back_at=house.now + ahead, repair_began_at=house.now + ahead)
    unseen(house, activity, subject="Unseen")
    house.desk().edit(other, subject="Late edit")
    row = house.erp.store.get(ACTIVITIES, other)
    assert row is not None
    late = house.now - timedelta(minutes=80)
    house.erp.store.assign(row, "AggregateLastUpdateTimeUtc", f"{late:%Y-%m-%dT%H:%M:%S}.000Z")
    await run_pull(house.world)
    assert await inbox_of(house) == {other}

    await house.step()
    assert house.outlook().get(event)["subject"] == "Unseen"
    assert (await watermark_of(house)).looked_back_at == house.now


class TestTheDay:
    """Once a day all links are held against ERP.net."""

    async def test_an_edit_that_no_pull_saw_arrives_within_a_day(self, house: House) -> None:
        """Its update time lies before every cursor; the next day's repair finds its version, and nothing is written
        to what was in step."""
        (event, activity), _ = await two_meetings(house)
        unseen(house, activity, subject="Unseen")
        assert not (await house.step()).done

        house.advance(days=1)
        report = await house.step()
        assert report.done.total() == 1
        assert house.outlook().get(event)["subject"] == "Unseen"
        await Play(house).check()

    async def test_an_update_time_that_is_null_is_found_by_its_version(self, house: House) -> None:
        """No filter finds such a row; the repair does."""
        (event, activity), _ = await two_meetings(house)
        house.desk().edit(activity, subject="Timeless")
        row = house.erp.store.get(ACTIVITIES, activity)
        assert row is not None
        house.erp.store.assign(row, "AggregateLastUpdateTimeUtc", None)
        house.advance(days=1)
        await house.step()
        assert house.outlook().get(event)["subject"] == "Timeless"

    @pytest.mark.parametrize("listed", [True, False], ids=["listed", "never listed"])
    async def test_a_hard_deletion_that_no_pull_saw_arrives_within_a_day(self, house: House, listed: bool) -> None:
        """The event goes, whether ERP.net still lists the deletion or has forgotten the activity altogether."""
        (event, activity), (other, _) = await two_meetings(house)
        house.erp.forgets_deleted = not listed
        buried(house, activity)
        await house.step()
        assert is_there(house, event)

        house.advance(days=1)
        await house.step()
        assert not is_there(house, event)
        assert is_there(house, other)
        assert house.desk().find("Planning") == []

    @pytest.mark.parametrize("refused", [False, True], ids=["shown", "refused"])
    async def test_a_hidden_activity_is_no_deletion(self, house: House, refused: bool) -> None:
        """Out of the service user's sight, also where ERP.net does not say what is deleted: the event stays, and the
        pair is parked with its reason."""
        (event, activity), _ = await two_meetings(house)
        house.desk().hide(activity)
        if refused:
            house.erp.version = "25.1.0.0"
        house.advance(days=1)
        await house.step()
        assert is_there(house, event)
        assert (await house.link_of(event)).status == "parked"

    async def test_a_link_missing_in_the_index_is_indexed_again(self, house: House) -> None:
        """A process died between a link and its index row: the repair finds the edit, and the next pull the next."""
        (_event, activity), _ = await two_meetings(house)
        user = await house.user()
        store = house.world.store
        assert isinstance(store, RowStore)
        await store._unindex(user.id, [activity])
        unseen(house, activity, subject="Unseen")
        house.advance(days=1)
        await run_repair(house.world)
        assert user.id in (await store.find_linked([activity]))[activity]

    async def test_nothing_astray_costs_one_request_a_day(self, house: House) -> None:
        """Nobody is woken, nothing is filed. An hourly pull reads whose turn it is, and once Anna's links, and saves
        how far it came."""
        await two_meetings(house)
        house.advance(days=1)
        house.erp.forget_requests()
        assert await run_repair(house.world) == frozenset()
        assert asked(house) == 1

        store = house.world.store
        assert isinstance(store, RowStore)
        before = (store.reads, store.writes)
        for _ in range(23):
            house.advance(hours=1)
            assert await run_repair(house.world) == frozenset()
        assert (store.reads - before[0], store.writes - before[1]) == (2 * 23 + 1, 23)
        assert asked(house) == 2

    async def test_many_pulls_do_the_work_of_few(self, house: House) -> None:
        """ERP.net's webhook may cause a pull every second: a piece is done every five minutes all the same, the other
        pulls read the instance row."""
        await two_meetings(house)
        house.advance(days=1)
        await run_repair(house.world)
        store = house.world.store
        assert isinstance(store, RowStore)
        before = (store.reads, store.writes)
        for _ in range(600):
            house.advance(seconds=1)
            await run_repair(house.world)
        assert (store.reads - before[0], store.writes - before[1]) == (600 + 2, 2)

    async def test_a_dry_run_shows_what_the_repair_would_bring(self, house: House) -> None:
        """The plan names the item, and nothing is written."""
        (_, activity), _ = await two_meetings(house)
        unseen(house, activity, subject="Unseen")
        house.advance(days=1)
        before = await watermark_of(house)
        [line] = (await house.step(dry_run=True)).lines
        assert "Unseen" in str(line.after)
        assert await watermark_of(house) == before

    async def test_a_large_company_is_spread_over_pulls(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """A piece ends with the user who fills it; each pull does one, every link is looked at once, then none."""
        monkeypatch.setattr(repair, "MOST_LINKS", 2)
        names = ("boris", "carl", "dora", "emil")
        for name in names:
            await house.employ(name)
        made = {
            name: house.desk(name).create(f"Visit of {name}", digits(5), digits(5, 12)) for name in ("anna", *names)
        }
        await house.settle()
        house.advance(days=1)
        for name, activity in made.items():
            unseen(house, activity, subject=f"Unseen by {name}")
        pieces = []
        for _ in range(5):
            house.erp.forget_requests()
            woken = await run_repair(house.world)
            pieces.append((len(woken), asked(house)))
        assert pieces == [(2, 1), (2, 1), (1, 1), (0, 0), (0, 0)]
        await house.settle()
        for name in made:
            assert house.outlook(f"{name}@acme.example").find(f"Unseen by {name}") is not None

    async def test_a_spoilt_row_stops_nobody_elses_repair(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Boris's memory cannot be read: Anna's links are looked at."""
        (_event, activity), _ = await two_meetings(house)
        boris = await house.employ("boris")
        spoilt = (await house.user(boris)).id
        recall = house.world.store.recall

        async def spoilt_recall(user_id: str) -> object:
            if user_id == spoilt:
                raise RowUnreadable("a stored Link cannot be read")
            return await recall(user_id)

        monkeypatch.setattr(house.world.store, "recall", spoilt_recall)
        unseen(house, activity, subject="Unseen")
        house.advance(days=1)
        assert await run_repair(house.world) == {(await house.user(ANNA)).id}
        assert (await watermark_of(house)).repaired_to is None

    async def test_what_is_parked_is_left_to_a_person(self, house: House) -> None:
        """Parked means parked: the repair does not bring it back every day."""
        (_event, activity), _ = await two_meetings(house)
        house.desk().hide(activity)
        house.advance(days=1)
        await house.step()
        house.advance(days=1)
        assert await run_repair(house.world) == frozenset()

    async def test_a_repair_in_trouble_takes_nothing_from_the_pull(self, house: House) -> None:
        """ERP.net does not answer the repair's question: what the pull found is told, the next pull asks again."""
        (_event, activity), (_, other) = await two_meetings(house)
        house.advance(days=1)
        unseen(house, activity, subject="Unseen")
        house.desk().edit(other, subject="Seen")
        house.erp.add_fault("*/odata/*", skip=1, status=503, times=3)
        assert await pull_and_repair(house.world) == PullReport(1, frozenset({(await house.user()).id}))
        assert await inbox_of(house) == {other}

        assert (await pull_and_repair(house.world)).woken
        assert await inbox_of(house) == {activity, other}


class Looked(RowStore):
    """A store with users alone, which notes whose links were looked at when."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(MemoryBackend(clock.now))
        self.clock = clock
        self.at: dict[str, list[datetime]] = {}

    async def recall(self, user_id: str) -> Memory:
        self.at.setdefault(user_id, []).append(self.clock.now())
        return Memory()

    async def hire(self, people: int) -> None:
        """So many more, under ids such as Entra's."""
        more = [str(uuid5(NAMESPACE_DNS, f"{number}")) for number in range(len(self.at), len(self.at) + people)]
        for one in more:
            self.at[one] = []
            await put_user(self, User(one, f"{one}@acme.example", enabled=True))


class TestThePace:
    """Whose turn it is the time says, not the number of pulls."""

    @pytest.fixture
    def store(self) -> Looked:
        """Nobody works there yet."""
        return Looked(Clock(START))

    @pytest.fixture
    def world(self, store: Looked) -> World:
        """A process that asks nothing but the store."""
        return World(
            calendar=None,  # type: ignore[arg-type] # nobody has a link to ask about
            erp=None,  # type: ignore[arg-type]
            store=store,
            queue=MemoryQueue(),
            subscriptions=None,  # type: ignore[arg-type]
            clock=store.clock.now,
            holder="test",
        )

    async def run(self, world: World, store: Looked, hours: int, *, every: int) -> int:
        """Pull every so many minutes; how many people were looked at by one pull at most."""
        most = 0
        for _ in range(hours * 60 // every):
            store.clock.advance(timedelta(minutes=every))
            before = sum(map(len, store.at.values()))
            await run_repair(world)
            most = max(most, sum(map(len, store.at.values())) - before)
        return most

    async def test_everybody_has_a_turn_within_a_day(self, world: World, store: Looked) -> None:
        """And the work is spread: of 400 people few are looked at at once, whoever was hired in the middle of a day
        included, and after a night without pulls it is made up for."""
        await store.hire(300)
        await self.run(world, store, 7, every=1)
        await store.hire(100)
        usual = await self.run(world, store, 30, every=1)
        store.clock.advance(timedelta(hours=9))
        made_up = await self.run(world, store, 33, every=2)

        waits = [after - one for turns in store.at.values() for one, after in pairwise(turns)]
        late = [wait for wait in waits if wait > timedelta(days=1)]
        assert usual < 12
        assert made_up <= MOST_USERS
        assert all(len(turns) >= 3 for turns in store.at.values())
        assert len(late) < len(store.at) / 2, "those whose turn fell into the night"
        assert max(late) < timedelta(days=1, hours=10)

    @pytest.mark.parametrize("begin", ["", "00000000-", "ffffffff-", "~"])
    async def test_ids_that_begin_alike_have_their_turns(self, world: World, store: Looked, begin: str) -> None:
        """Whatever ids look like: all of them at one moment of the day is as many pieces as are needed."""
        for number in range(120):
            await put_user(store, User(f"{begin}{number:04}", f"{number}@acme.example", enabled=True))
        most = await self.run(world, store, 72, every=5)
        waits = [after - one for turns in store.at.values() for one, after in pairwise(turns)]
        assert (len(store.at), most <= MOST_USERS) == (120, True)
        assert {len(turns) for turns in store.at.values()} <= {3, 4, 5}
        assert max(waits) <= timedelta(days=1)

    async def test_what_an_older_build_left_is_gone_on_with(self, world: World, store: Looked) -> None:
        """It keeps the last user of its piece, and forgets it at the end of its day."""
        await store.hire(100)
        for left in (None, sorted(store.at)[49]):
            instance, etag = await store.read_instance()
            began = store.clock.now() - timedelta(hours=12)
            await store.save_instance(replace(instance, repair_began_at=began, repaired_to=left), etag)
            store.at = {one: [] for one in store.at}
            await self.run(world, store, 24, every=5)
            assert all(store.at.values())


async def test_killed_before_every_call(house: House) -> None:
    """The process dies before the n-th call of pull and repair, for every n: the next ones bring everything, and the
    piece under way is all that is done again."""
    (event, activity), _ = await two_meetings(house)
    for n in range(0, MOST_CALLS, budget(3, 1)):
        lost = house.desk().create(f"Lost {n}", digits(28), digits(28, 12))
        await house.step()
        house.advance(days=1)
        unseen(house, activity, subject=f"Unseen {n}")
        buried(house, lost)
        moment = LastMoment(n)
        with suppress(Killed, CalsyncError):
            await pull_and_repair(moment.around(house.world))
        await house.step()
        assert house.outlook().get(event)["subject"] == f"Unseen {n}"
        assert house.outlook().find(f"Lost {n}") is None
        day = (await watermark_of(house)).repair_began_at
        assert day is not None
        assert house.now - day < EVERY
        if not moment.hit:
            assert n > 8
            return
    pytest.fail("the repair makes more calls than this test looks at")


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
async def test_killed_at_every_write(before: bool) -> None:
    """The same at every write of our memory."""
    backend = FusedBackend(lambda: START)
    async with open_house(RowStore(backend)) as house:
        backend._clock = house.clock.now
        await house.employ()
        (event, activity), _ = await two_meetings(house)
        for n in range(MOST_CALLS):
            house.advance(days=1)
            unseen(house, activity, subject=f"Unseen {n}")
            backend.fuse = Fuse(n, before=before)
            died = True
            with suppress(Killed):
                await pull_and_repair(house.world)
                died = False
            backend.fuse = Fuse()
            await house.step()
            assert house.outlook().get(event)["subject"] == f"Unseen {n}"
            if not died:
                assert n > 2
                return
        pytest.fail("the repair makes more writes than this test looks at")


async def test_two_repairs_at_once_do_no_harm(house: House) -> None:
    """The app's and an operator's: both file the same row, one of them moves on."""
    (event, activity), _ = await two_meetings(house)
    unseen(house, activity, subject="Unseen")
    house.advance(days=1)
    await asyncio.gather(pull_and_repair(house.world), pull_and_repair(replace(house.world, holder="other")))
    assert await inbox_of(house) == {activity}
    await house.step()
    assert house.outlook().get(event)["subject"] == "Unseen"


def test_an_old_instance_row_is_read() -> None:
    """What an earlier build remembered of a pull is left; the rest stays."""
    old = {
        "v": 1,
        "data0": '{"tenant":"acme","watermark":"2026-01-25T08:00:00Z",'
        '"seen":[["2026-01-25T08:00:00Z","00000000-0000-4000-8000-000000000000","x/1"]]}',
    }
    assert codec.decode(old, Instance) == Instance(tenant="acme", watermark=START)
