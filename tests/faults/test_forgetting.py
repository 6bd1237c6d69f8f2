"""`users forget` while anything is under way: a last look finds no row of theirs anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import Context

import pytest

from adapters.store.backend import Op, Table
from adapters.store.memory import MemoryBackend, MemoryQueue
from adapters.store.store import RowStore
from jobs.app.notifications import receive_graph
from jobs.app.subscriptions import keep_all
from jobs.app.work import handle
from jobs.commands.switch import enable, forget
from jobs.wake import wake
from sync_core.errors import CalsyncError
from tests.support.app import FixedProcess, front_door
from tests.support.budget import budget, each, told
from tests.support.days import at, digits
from tests.support.fuse import raw
from tests.support.house import ANNA, START, House, open_house

BORIS = "boris@acme.example"

Meanwhile = Callable[[], Coroutine[None, None, None]]


class Killed(BaseException):
    """The process dies: nothing that runs may catch it."""


class WatchedBackend(MemoryBackend):
    """A memory backend that lets something happen right after its n-th write, and may die of it."""

    left = -1
    meanwhile: Meanwhile | None = None
    dies = False

    async def write(self, table: Table, op: Op) -> str:
        etag = await super().write(table, op)
        await self._count()
        return etag

    async def transact(self, table: Table, ops: Sequence[Op]) -> list[str]:
        etags = await super().transact(table, ops)
        await self._count()
        return etags

    async def _count(self) -> None:
        if self.meanwhile is None:
            return
        self.left -= 1
        if self.left < 0:
            act, self.meanwhile = self.meanwhile, None
            await asyncio.create_task(act(), context=Context())  # another process: nothing of this round's covers it
            if self.dies:
                raise Killed

    def rows_about(self, *ids: str) -> list[str]:
        """Every row in which one of these ids stands."""
        texts = [
            f"{table}/{row.key.partition}/{row.key.row} {row.properties}"
            for table, partitions in self._tables.items()
            for rows in partitions.values()
            for row in rows.values()
        ]
        return [text for text in texts if any(one in text for one in ids)]


@asynccontextmanager
async def open_company() -> AsyncIterator[House]:
    """Anna and Boris, who share a meeting that Anna feeds, with notifications, and something new for both."""
    backend = WatchedBackend(lambda: START)
    with pytest.MonkeyPatch.context() as patch:
        async with open_house(RowStore(backend)) as opened:
            backend._clock = opened.clock.now
            patch.setattr("adapters.wiring.process", FixedProcess(opened))
            for name in ("anna", "boris"):
                await opened.employ(name)
                opened.outlook(f"{name}@acme.example").create(f"{name.title()}'s", at(1), at(1, 10))
            opened.outlook().create("Shared", at(2), at(2, 10), attendees=[BORIS])
            await opened.settle()
            async with front_door(opened):
                await keep_all(opened.world)
                opened.world.queue.take()  # type: ignore[attr-defined]
                opened.outlook().create("New", at(3), at(3, 10), attendees=[BORIS])
                [first] = [e for e in opened.outlook().events() if e["subject"] == "Anna's"]
                opened.outlook().delete(first["id"])
                opened.desk().create("Newer", digits(4), digits(4, 12))
                opened.desk("boris").create("Newest", digits(5), digits(5, 12))
                yield opened


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """The company, opened for one test."""
    async with open_company() as opened:
        yield opened


def backend_of(house: House) -> WatchedBackend:
    """The store's backend."""
    backend = house.world.store.backend  # type: ignore[attr-defined]
    assert isinstance(backend, WatchedBackend)
    return backend


async def _drain(house: House) -> None:
    """Whatever waits in the queue is worked on, late as it is."""
    queue = house.world.queue
    assert isinstance(queue, MemoryQueue)
    for _ in range(5):
        for message, _delay in queue.take():
            await handle(house.world, raw(message))


async def _round(house: House, user_id: str) -> None:
    await wake(house.world, user_id)
    await _drain(house)


async def _sync(house: House, _: str) -> None:
    await house.sync(full=True)


async def _boris(house: House, _: str) -> None:
    await house.sync(BORIS, full=True)


async def _pull(house: House, _: str) -> None:
    await handle(house.world, b'{"kind": "pull"}')
    await _drain(house)


async def _notification(house: House, user_id: str) -> None:
    known = await house.world.store.read_subscription(user_id)
    assert known is not None
    await receive_graph(house.world, f'{{"value":[{{"clientState":"{known.client_state}"}}]}}'.encode())
    await _drain(house)


async def _keeper(house: House, _: str) -> None:
    house.advance(hours=60)
    await keep_all(house.world)


async def _enable(house: House, _: str) -> None:
    await enable(house.world, ANNA, zone="Europe/Sofia")


DOINGS = [_round, _sync, _boris, _pull, _notification, _keeper, _enable]
MOST_WRITES = 240


@pytest.mark.parametrize(("doing", "then"), each(DOINGS, ["goes-on", "dies"]), ids=told)
async def test_forgotten_after_every_write(doing: Callable[[House, str], Awaitable[None]], then: str) -> None:
    """Anna is forgotten right after the n-th write of whatever is under way, for every n; that goes on, or dies, and
    what waits in the queue is worked on: no row names her any more, and nobody is told of her by Graph."""
    for n in range(0, MOST_WRITES, budget(47, 1)):
        async with open_company() as house:
            backend, anna = backend_of(house), await house.user()

            async def forgetting(house: House = house) -> None:
                await forget(house.world, anna)  # noqa: B023 - called within this turn of the loop

            backend.left, backend.dies, backend.meanwhile = n, then == "dies", forgetting
            with suppress(Killed, CalsyncError):
                await doing(house, anna.id)
            is_over = backend.meanwhile is not None
            backend.meanwhile = None
            if is_over:
                return
            house.advance(minutes=30)  # whoever died holds nothing any more
            await _drain(house)
            await house.sync(BORIS)
            assert backend.rows_about(anna.id) == []
            live = await house.world.subscriptions.list_live()
            assert [one for one in live if anna.id in one.resource] == []
    pytest.fail("this makes more writes than the test looks at")


async def test_a_queued_round_of_somebody_forgotten(house: House) -> None:
    """Messages of every kind that still wait when Anna is forgotten bring nothing back; Boris keeps what they shared,
    in one activity, fed from his calendar; Graph tells of him only."""
    backend, anna = backend_of(house), await house.user()
    await wake(house.world, anna.id)
    await house.world.queue.send({"kind": "round", "user": anna.id, "full": True})
    await house.world.queue.send({"kind": "command", "do": "renew", "user": anna.id})
    await forget(house.world, anna)
    await _drain(house)
    await house.settle()

    assert backend.rows_about(anna.id) == []
    told = [one.resource for one in await house.world.subscriptions.list_live()]
    assert [(await house.user(BORIS)).id in resource for resource in told] == [True]
    shared = [a for a in house.desk().activities() if a["Subject"] == "Shared" and not a["Void"]]
    assert len(shared) == 1
    assert [link.role.value for link in (await house.recall(BORIS)).links if "Shared" in link.base_event.subject] == [
        "holder"
    ]


async def test_somebody_forgotten_may_come_back(house: House) -> None:
    """Switched on again she is linked anew by the marks: nothing is doubled, and the last look leaves her alone."""
    anna = await house.user()
    before = sorted(e["subject"] for e in house.outlook().events())
    await forget(house.world, anna)
    await enable(house.world, ANNA)
    await _drain(house)
    await house.settle()

    assert sorted(e["subject"] for e in house.outlook().events()) == sorted([*before, "Newer"])
    assert (await house.recall()).links != ()


async def test_somebody_unreadable_can_be_forgotten(house: House) -> None:
    """What nobody can read can be erased: the remedy that the errors name works."""
    backend, anna = backend_of(house), await house.user()
    for table, partitions in backend._tables.items():
        for rows in partitions.values():
            for row in [r for r in rows.values() if anna.id in f"{r.key}" and table is not Table.JOURNAL]:
                row.properties.clear()
                row.properties.update({"v": 2, "data0": "{"})
    [unreadable] = [user for user in await house.world.store.list_users() if user.unreadable]
    await forget(house.world, unreadable)

    assert backend.rows_about(anna.id) == []
