"""What a round knows without reading it again, and what tells that one is due without reading links: always true."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.store.backend import Row, Table
from adapters.store.leases import ledger_in
from adapters.store.memory import MemoryBackend
from adapters.store.store import RowStore
from jobs.app.dispatch import dispatch
from jobs.due import is_due
from jobs.ports import Drop, Put, RowChange, Store
from jobs.remembered import with_changes
from jobs.round.memory import RoundMemory
from jobs.round.run import run_round
from sync_core.content.names import Names, names_of
from sync_core.model.ledger import is_open, ledger_of
from sync_core.model.link import asks_for_a_look
from sync_core.model.memory import Cursors, Memory
from tests.rounds.test_company import STEPS
from tests.support.budget import budget
from tests.support.days import at, digits
from tests.support.few_links import every_plan_compared
from tests.support.fuse import MOST_CALLS, Fuse, FusedBackend, Killed, broken_sync
from tests.support.house import START, House, open_house
from tests.support.random_company import OPENING, Act, Company
from tests.support.scenes import Scene, clash, deletions, edits, first_sync, locks
from tests.support.store_contract.rows import link


def by_key(memory: Memory) -> tuple[object, ...]:
    """What one user's own rounds write, in no order."""
    links = {link.event_id: link for link in memory.links}
    pending = {(row.side, row.item_id): row for row in memory.pending}
    return memory.cursors, links, pending, {hold.key: hold for hold in memory.holds}


async def check_ledger(house: House) -> None:
    """Where a ledger is stored, it is that of the links, and each of a link's names leads to it."""
    store = house.world.store
    assert isinstance(store, RowStore)
    for user in await store.list_users():
        whole = await store.recall(user.id)
        ledger = ledger_in(await store.backend.scan(Table.STATE, user.id))
        assert ledger in (None, ledger_of(whole))
        if ledger is not None:
            await check_names(store, user.id, whole)


async def check_names(store: Store, user_id: str, whole: Memory) -> None:
    """Each of a link's names leads to it."""
    for one in whole.links:
        for names in each_alone(names_of(one)):
            assert one in await store.find_links(user_id, names)


def each_alone(names: Names) -> list[Names]:
    """The names one by one."""
    alone = [Names(events=frozenset({one})) for one in names.events]
    alone += [Names(activities=frozenset({one})) for one in names.activities]
    return alone + [Names(meetings=frozenset({one})) for one in names.meetings]


@contextmanager
def every_round_checked() -> Iterator[Counter[str]]:
    """Compare what each round thinks is left with what is stored; counts the looks."""
    looks: Counter[str] = Counter()
    stored_of = RoundMemory.stored

    async def checked(self: RoundMemory) -> Memory:
        left = await stored_of(self)
        whole = await self._world.store.recall(self._user_id)
        if left.unread is None:
            looks["all links"] += 1
            assert by_key(whole) == by_key(left)
            return left
        looks["few links"] += 1
        read = {one.event_id for one in left.links}
        few = [one for one in whole.links if one.event_id in read]
        assert by_key(replace(whole, links=tuple(few))) == by_key(left)
        assert self._fence is not None
        assert self._fence.ledger == ledger_of(whole)
        assert whole.running == left.running
        assert not [one for one in whole.links if is_open(one) and one.event_id not in read]
        await check_names(self._world.store, self._user_id, whole)
        return left

    with patch.object(RoundMemory, "stored", checked):
        yield looks


async def check_due(house: House) -> None:
    """Whether a round is due is the same with and without the links, and settled is who has no link that asks."""
    store = house.world.store
    instance, _ = await store.read_instance()
    for user in await store.list_users():
        known, small = await store.recall(user.id), await store.recall_due(user.id)
        assert not (known.cursors.settled and any(map(asks_for_a_look, known.links)))
        assert is_due(house.world, user, known, instance) == is_due(house.world, user, small, instance)
        assert replace(known, links=small.links, unread=small.unread) == small
        assert small.unread is None or small.running == known.running


@settings(
    max_examples=budget(4, 200),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(steps=st.lists(STEPS, max_size=20))
def test_what_is_known_without_reading_is_what_is_stored(steps: list[Act]) -> None:
    """Whatever a company does: no round is wrong about what it has left or plans otherwise than one that has read all
    links, and no timer is wrong about who is due."""

    async def run() -> None:
        async with open_house() as house:
            company = await Company.open(house)
            with every_round_checked() as looks, every_plan_compared():
                for step in [*OPENING, *steps]:
                    await company.do(step)
                    await check_due(house)
                await company.check()
            await check_due(house)
            assert looks.total()

    asyncio.run(run())


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("scene", [first_sync, edits, clash, locks, deletions], ids=lambda scene: scene.__name__)
async def test_whoever_dies_leaves_nobody_settled_who_is_not(scene: Scene, before: bool) -> None:
    """The process dies at any write: who counts as settled has no link that asks for a look, and no ledger lies."""
    for n in range(0, MOST_CALLS, budget(8, 1)):
        backend = FusedBackend(lambda: START)
        async with open_house(RowStore(backend)) as house:
            backend._clock = house.clock.now
            await house.employ()
            await scene(house)
            backend.fuse = Fuse(n, before)
            await broken_sync(house)
            died = backend.fuse.left is not None and backend.fuse.left < 0
            backend.fuse = Fuse()
            await check_due(house)
            await check_ledger(house)
            if not died:
                return
    pytest.fail("the round makes more writes than this test looks at")


class LinksRead(MemoryBackend):
    """A memory backend that counts the link rows it hands out."""

    def __init__(self) -> None:
        super().__init__(lambda: START)
        self.links = 0

    async def scan(self, table: Table, partition: str, limit: int | None = None, *, begin: str = "") -> list[Row]:
        return self._counted(await super().scan(table, partition, limit, begin=begin))

    async def scan_but(self, table: Table, partition: str, begin: str) -> list[Row]:
        return self._counted(await super().scan_but(table, partition, begin))

    async def scan_from(self, table: Table, partition: str, key: str, limit: int, until: str = "") -> list[Row]:
        return self._counted(await super().scan_from(table, partition, key, limit, until))

    def _counted(self, rows: list[Row]) -> list[Row]:
        self.links += sum(row.key.row.startswith("link-") for row in rows)
        return rows


async def test_the_timer_reads_no_link_of_somebody_at_rest() -> None:
    """Whom nothing concerns costs two small reads, however many meetings are linked; a round reads its news'."""
    backend = LinksRead()
    async with open_house(RowStore(backend)) as house:
        backend._clock = house.clock.now
        await house.employ()
        for n in range(20):
            house.outlook().create(f"event {n}", at(1 + n), at(1 + n, 10))
            house.desk().create(f"activity {n}", digits(1 + n), digits(1 + n, 12))
        for _ in range(4):
            await house.step()
        backend.links = 0
        woken = await dispatch(house.world)
        at_rest = backend.links
        house.outlook().edit(house.outlook().events()[0]["id"], subject="Changed")
        await dispatch(house.world)
        noticed = backend.links
        async with house.world.erp_session():
            report = await run_round(house.world, await house.user())

        assert (woken, at_rest, noticed) == (0, 0, 0)
        assert sum(report.done.values()) == 1
        assert backend.links == 1


async def test_a_link_that_asks_for_a_look_makes_its_user_due() -> None:
    """Whoever saves such a link, and whatever else the save holds, the cursors say so in the same transaction."""
    async with open_house() as house:
        await house.employ()
        house.outlook().create("Planning", at(1), at(1, 10))
        for _ in range(3):
            await house.step()
        user = await house.user()
        store = house.world.store
        rested = await store.recall(user.id)
        [known] = rested.links
        lease = await store.acquire_lease(user.id, "somebody", 180)
        lease = await store.save(lease, [Put(replace(known, reread="retry"))])
        alone = (await store.recall(user.id)).cursors
        lease = await store.save(lease, [Put(replace(known, unseen=True)), Put(replace(rested.cursors, served="x"))])
        together = (await store.recall(user.id)).cursors
        await store.release_lease(lease)

        assert rested.cursors.settled
        assert replace(rested.cursors, settled=False) == alone
        assert replace(rested.cursors, settled=False, served="x") == together


@pytest.mark.parametrize("reread", ["", "retry"], ids=["nothing more", "a look is asked for"])
@pytest.mark.parametrize("first", [True, False], ids=["cursors first", "cursors last"])
async def test_the_cursors_never_pass_what_is_not_stored(first: bool, reread: str) -> None:
    """A save of many changes breaks off at any of its writes: moved cursors mean that all links are there, and a link
    that asks for a look is never one of cursors that are settled."""
    for n in range(MOST_CALLS):
        backend = FusedBackend(lambda: START)
        store = RowStore(backend)
        rested = Cursors(served="before", settled=True)
        lease = await store.save(await store.acquire_lease("anna", "me", 60), [Put(rested)])
        links: list[RowChange] = [Put(link(f"e{number}", reread=reread)) for number in range(150)]
        moved: list[RowChange] = [Put(replace(rested, served="after"))]
        backend.fuse = Fuse(n)
        with suppress(Killed):
            await store.save(lease, [*moved, *links] if first else [*links, *moved])
        died = backend.fuse.left is not None and backend.fuse.left < 0
        backend.fuse = Fuse()
        memory = await store.recall("anna")

        assert memory.cursors.served == "before" or len(memory.links) == 150
        assert not (memory.cursors.settled and reread and memory.links)
        if not died:
            assert memory.cursors.served == "after"
            return
    pytest.fail("a save makes more writes than this test looks at")


def test_changes_are_made_in_order() -> None:
    """Of several changes of one row the last counts; what others write stays."""
    first, second = link("e1"), link("e2")
    memory = Memory(links=(first,), wake="token")
    later = replace(second, reason="later")
    changed = with_changes(memory, [Put(second), Drop(first), Put(later)])

    assert changed == Memory(links=(later,), wake="token")
