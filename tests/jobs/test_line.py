"""The line before ERP.net's narrow gate: its one session busy, many users with something to do, the timers ticking.

The queue is simulated with its delays, the clock with it; what a message does is done by jobs/app/work.py itself.
"""

from __future__ import annotations

import asyncio
import heapq
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from jobs.app.dispatch import ask_for_pull, dispatch
from jobs.app.work import handle
from jobs.erp_slot import ErpSlot
from jobs.line import send_later, session_delay, take_turn
from jobs.messages import Round
from jobs.ports import Lease, Message, Slot
from jobs.wake import wake
from jobs.world import World
from sync_core.errors import StoreUnavailable
from tests.support.budget import budget
from tests.support.house import House, open_house

USERS = 20
HOUR = timedelta(hours=1)


@dataclass
class Conveyor:
    """The work queue: messages with the instant from which they are seen; counts those alive, hidden ones too."""

    house: House
    waiting: list[tuple[datetime, int, Message]] = field(default_factory=list)
    sent: int = 0
    most: int = 0
    under_way: int = 0
    served: Counter[str] = field(default_factory=Counter)

    async def send(self, message: Message, *, delay_seconds: float = 0) -> str:
        """See ``Queue.send``."""
        self.sent += 1
        due = self.house.now + timedelta(seconds=delay_seconds)
        heapq.heappush(self.waiting, (due, self.sent, json.loads(json.dumps(dict(message)))))
        self.most = max(self.most, len(self.waiting) + self.under_way)
        return str(self.sent)

    async def withdraw(self, receipt: str) -> None:
        """See ``Queue.withdraw``."""
        self.waiting = [one for one in self.waiting if one[1] != int(receipt)]
        heapq.heapify(self.waiting)

    async def count(self) -> tuple[int, int]:
        """See ``Queue.count``."""
        return len(self.waiting), 0

    async def run(self, worlds: list[World], until: datetime) -> None:
        """Hand messages over as they become visible, to one process after the other, until an instant."""
        while self.waiting and self.waiting[0][0] <= until:
            due, number, message = heapq.heappop(self.waiting)
            self.house.clock.set(max(due, self.house.now))
            self.under_way = 1
            self.served[str(message["kind"])] += 1
            await handle(worlds[number % len(worlds)], json.dumps(message))
            self.under_way = 0
        self.house.clock.set(max(until, self.house.now))

    @property
    def executions(self) -> int:
        """How often the function ran."""
        return self.served.total()


@dataclass
class Storm:
    """A company, its queue, and whoever keeps the session busy."""

    house: House
    queue: Conveyor
    ids: list[str]
    slot: Slot

    async def beat(self) -> None:
        """The other process is alive and busy."""
        self.slot = await self.house.world.store.beat_slot(self.slot)

    async def pass_minutes(self, minutes: int, worlds: list[World] | None = None) -> None:
        """Timers tick, and messages are handed over."""
        for _ in range(minutes):
            await ask_for_pull(self.house.world)
            if self.house.now.minute % 15 == 0:
                await dispatch(self.house.world)
            await self.queue.run(worlds or [self.house.world], self.house.now + timedelta(minutes=1))


@asynccontextmanager
async def storm(users: int = USERS, *, settled: bool = True) -> AsyncIterator[Storm]:
    """Everybody is in step, then ERP.net's session is another process's, and everybody plans a meeting."""
    async with open_house() as house:
        queue = Conveyor(house)
        house.world = replace(house.world, queue=queue)
        for number in range(users):
            await house.employ(f"user{number}")
        if settled:
            assert (await house.sync()).is_fine
        house.clock.set(house.now.replace(minute=0) + HOUR)
        slot = await house.world.store.acquire_slot("another process", 1, 60)
        ids = [user.id for user in await house.world.store.list_users()]
        yield Storm(house, queue, ids, slot)


def plan(house: House, number: int, subject: str = "Plan") -> None:
    """A user plans a meeting in Outlook."""
    start = house.now + timedelta(days=2)
    house.outlook(f"user{number}@acme.example").create(subject, start, start + timedelta(hours=1))


async def test_an_hour_without_the_session_multiplies_nothing() -> None:
    """Twenty users with one edit each while the session is busy for an hour: never more messages alive than users
    and the pull, some dozen tries for each, nothing asked of anybody; then everything is done within minutes."""
    async with storm() as scene:
        for number, user_id in enumerate(scene.ids):
            plan(scene.house, number)
            await wake(scene.house.world, user_id, notified=True)
        await scene.queue.run([scene.house.world], scene.house.now)
        scene.house.graph.forget_requests()
        scene.house.erp.forget_requests()
        for _ in range(60):
            await scene.beat()
            await scene.pass_minutes(1)

        assert scene.queue.most <= USERS + 1 + 1
        assert scene.queue.executions <= 30 * (USERS + 1)
        assert scene.house.erp.requests == []
        probes = 4
        assert len(scene.house.graph.requests) <= probes

        await scene.house.world.store.free_slot(scene.slot)
        await scene.pass_minutes(4)
        assert len([a for a in scene.house.desk("user0").activities() if a["Subject"] == "Plan"]) == USERS
        await scene.pass_minutes(5)
        assert scene.queue.most <= USERS + 1 + 1


@pytest.mark.parametrize("side", ["graph", "erp"])
async def test_a_side_that_is_away_for_an_hour_is_asked_now_and_then(side: str) -> None:
    """Twenty users with edits every quarter of an hour while a side gives no answer: after a few orders have waited
    for it the others do not, until one is answered; then everything is done within minutes."""
    async with storm() as scene:
        await scene.house.world.store.free_slot(scene.slot)
        away = getattr(scene.house, side)
        fault = away.add_fault("*", status=503, times=None)
        away.forget_requests()
        for quarter in range(4):
            for number, user_id in enumerate(scene.ids):
                plan(scene.house, number, f"Plan {quarter}")
                await wake(scene.house.world, user_id, notified=True)
            await scene.pass_minutes(15)

        assert scene.queue.most <= USERS + 1 + 1
        assert scene.queue.executions <= 30 * (USERS + 1)
        assert len(away.requests) <= 3 * 60
        away.faults.remove(fault)
        await scene.pass_minutes(8)
        assert len(scene.house.desk("user0").activities()) == 4 * USERS


async def test_notifications_and_the_timer_before_the_first_message_is_taken() -> None:
    """Graph tells of each edit three times and the timer ticks before any message is handed over: one message a user,
    and everything is done."""
    async with storm() as scene:
        for number, user_id in enumerate(scene.ids):
            plan(scene.house, number)
            for _ in range(3):
                await wake(scene.house.world, user_id, notified=True)
        await dispatch(scene.house.world)
        await scene.house.world.store.free_slot(scene.slot)

        assert scene.queue.most == USERS
        await scene.pass_minutes(4)
        assert len([a for a in scene.house.desk("user0").activities() if a["Subject"] == "Plan"]) == USERS


async def test_a_wake_up_whose_message_could_not_be_sent_is_sent_by_the_next() -> None:
    """The queue fails once: the next wake-up, a moment later, does not rely on the message that never was."""
    async with storm(1) as scene:
        send, broken = scene.queue.send, True

        async def fail(message: Message, *, delay_seconds: float = 0) -> str:
            if broken:
                raise StoreUnavailable("the queue does not answer")
            return await send(message, delay_seconds=delay_seconds)

        scene.queue.send = fail  # type: ignore[method-assign]
        with pytest.raises(StoreUnavailable):
            await wake(scene.house.world, scene.ids[0], notified=True)
        broken = False
        await wake(scene.house.world, scene.ids[0], notified=True)

        assert len(scene.queue.waiting) == 1


async def test_asking_for_the_session_comes_before_reading() -> None:
    """A message without a session reads the slots and its own rows of the line, whatever its user has."""
    async with storm(1) as scene:
        memory = scene.house.memory
        assert memory is not None
        await wake(scene.house.world, scene.ids[0])
        before = memory.reads
        await scene.queue.run([scene.house.world], scene.house.now)

        assert memory.reads - before <= 4


async def test_many_edits_of_one_user_wait_as_one() -> None:
    """Thirty notifications while the session is busy are one message in the end, and one round."""
    async with storm(1) as scene:
        for minute in range(30):
            plan(scene.house, 0, f"Plan {minute}")
            await wake(scene.house.world, scene.ids[0], notified=True)
            await scene.queue.run([scene.house.world], scene.house.now)
            await scene.beat()
            await scene.pass_minutes(1)

        assert scene.queue.most <= 2 + 1
        await scene.house.world.store.free_slot(scene.slot)
        await scene.pass_minutes(4)
        assert len(scene.house.desk("user0").activities()) == 30


async def test_whoever_has_the_session_serves_those_who_wait() -> None:
    """Two processes, one session: what the other one's messages wait for is done by the one that has it, soon."""
    async with storm(6) as scene:
        await scene.house.world.store.free_slot(scene.slot)
        without = replace(scene.house.world, holder="without", erp_slot=ErpSlot())
        await scene.pass_minutes(1)  # the first one calls: its session is the only one now
        for number, user_id in enumerate(scene.ids):
            plan(scene.house, number)
            await wake(scene.house.world, user_id)
        await scene.pass_minutes(2, [without, scene.house.world])

        assert len(scene.house.desk("user0").activities()) == 6
        assert scene.house.erp.gate.open_sessions == 1


async def test_what_is_served_out_of_the_line_leaves_no_message() -> None:
    """The session is free, one message comes: everybody's order is done, and no message is left to come for it."""
    async with storm(6) as scene:
        for number, user_id in enumerate(scene.ids):
            plan(scene.house, number)
            await wake(scene.house.world, user_id)
        await scene.queue.run([scene.house.world], scene.house.now)
        assert len(scene.queue.waiting) == 6
        await scene.house.world.store.free_slot(scene.slot)
        next_due, *_ = scene.queue.waiting[0]
        await scene.queue.run([scene.house.world], next_due)

        assert len(scene.house.desk("user0").activities()) == 6
        assert scene.queue.waiting == []
        assert await scene.house.world.store.list_queued() == []


@pytest.mark.parametrize("fails", ["writing the receipt down", "withdrawing"])
async def test_a_message_that_cannot_be_withdrawn_finds_nothing_to_do(fails: str) -> None:
    """The order is done all the same, once."""
    async with storm(1) as scene:
        plan(scene.house, 0)
        await wake(scene.house.world, scene.ids[0])
        with pytest.MonkeyPatch.context() as patching:
            if fails == "withdrawing":
                patching.setattr(scene.queue, "withdraw", _no_queue)
            else:
                patching.setattr(scene.queue, "send", _without_receipt(scene.queue.send))
            await scene.queue.run([scene.house.world], scene.house.now)
            await scene.house.world.store.free_slot(scene.slot)
            await ask_for_pull(scene.house.world)
            await scene.queue.run([scene.house.world], scene.house.now)
            assert len(scene.house.desk("user0").activities()) == 1
            assert len(scene.queue.waiting) == 1
            scene.house.graph.forget_requests()
            await scene.queue.run([scene.house.world], scene.house.now + timedelta(minutes=4))

            assert scene.house.graph.requests == []
            assert scene.queue.waiting == []


async def _no_queue(receipt: str) -> None:
    raise StoreUnavailable("the queue does not answer")


def _without_receipt(send: Callable[..., Awaitable[str]]) -> Callable[..., Awaitable[str]]:
    async def sent(message: Message, *, delay_seconds: float = 0) -> str:
        await send(message, delay_seconds=delay_seconds)
        return ""

    return sent


async def test_a_second_look_gives_way_to_an_edit() -> None:
    """A notified round that finds nothing looks again after 45 seconds; an edit before that is one message, not two,
    and another look follows if it finds nothing either."""
    async with storm(1) as scene:
        await scene.house.world.store.free_slot(scene.slot)
        await wake(scene.house.world, scene.ids[0], notified=True)
        await scene.queue.run([scene.house.world], scene.house.now)
        [(looks_at, _, look)] = scene.queue.waiting
        assert look["look"] is True
        assert looks_at > scene.house.now
        plan(scene.house, 0)
        await wake(scene.house.world, scene.ids[0], notified=True)

        [(due_at, _, message)] = scene.queue.waiting
        assert (due_at, message) == (scene.house.now, {"kind": "round", "user": scene.ids[0]})
        await scene.queue.run([scene.house.world], scene.house.now)
        assert len(scene.house.desk("user0").activities()) == 1


def test_who_waits_among_thousands_asks_less_often() -> None:
    """So that together they ask about once a second; a few ask as if they were alone."""
    alone = [session_delay(0, few) for few in (0, 1)]
    many = [session_delay(0, 5_000) for _ in range(2_000)]

    assert max(alone) <= 6
    assert 4_500 < sum(many) / len(many) < 5_500


@dataclass
class Begun:
    """Whose rounds have begun, in order, and whether any has."""

    ids: list[str] = field(default_factory=list)
    any: asyncio.Event = field(default_factory=asyncio.Event)


@contextmanager
def rounds_of(world: World) -> Iterator[Begun]:
    """Watch whose rounds begin."""
    begun = Begun()
    acquire = world.store.acquire_lease

    async def watched(user_id: str, holder: str, seconds: int) -> Lease:
        begun.ids.append(user_id)
        begun.any.set()
        return await acquire(user_id, holder, seconds)

    with pytest.MonkeyPatch.context() as patching:
        patching.setattr(world.store, "acquire_lease", watched)
        yield begun


async def novices(scene: Storm, count: int) -> list[str]:
    """People who are switched on and whose first sync waits for the session."""
    for number in range(count):
        await scene.house.employ(f"novice{number}")
    found = sorted({user.id for user in await scene.house.world.store.list_users()} - set(scene.ids))
    for user_id in found:
        await wake(scene.house.world, user_id)
    await scene.queue.run([scene.house.world], scene.house.now)
    await wait_as_full_rounds(scene)
    return found


async def wait_as_full_rounds(scene: Storm) -> None:
    """Whoever waits in the line has been found to need a full round, as by a message that came while one ran."""
    for row in await scene.house.world.store.list_queued():
        await scene.house.world.store.save_queued(replace(row, is_big=True))


@pytest.mark.parametrize(
    ("minutes", "turns"),
    [
        pytest.param(0, "SSSSSFFF", id="young/all-edits-pass"),
        pytest.param(11, "SSFSSFSF", id="old/every-third-place"),
    ],
)
async def test_first_syncs_let_edits_pass(minutes: int, turns: str) -> None:
    """Three first syncs wait, then five people edit something: edits come first (S), and a first sync (F) that has
    let them pass for ten minutes is not passed for ever."""
    async with storm(5) as scene:
        await novices(scene, 3)
        scene.house.advance(minutes=minutes, seconds=1)
        await scene.beat()
        for number, user_id in enumerate(scene.ids):
            plan(scene.house, number)
            await wake(scene.house.world, user_id)
        await scene.queue.run([scene.house.world], scene.house.now)
        await scene.house.world.store.free_slot(scene.slot)
        with rounds_of(scene.house.world) as begun:
            await scene.house.world.in_turn.is_empty(scene.house.world.store, scene.house.world.clock)
            await handle(scene.house.world, json.dumps({"kind": "pull"}))

        assert "".join("S" if user_id in scene.ids else "F" for user_id in begun.ids) == turns


async def test_an_edit_does_not_wait_for_first_syncs_under_way() -> None:
    """One process has the only session and makes first syncs of thirty meetings each, one after the other. An edit of
    somebody else is across before more than one other first sync has begun."""
    async with storm(1) as scene:
        world = scene.house.world
        for number in range(6):
            upn = await scene.house.employ(f"novice{number}")
            for hour in range(30):
                start = scene.house.now + timedelta(days=1, hours=hour)
                scene.house.outlook(upn).create("Plan", start, start + timedelta(hours=1))
        first = {user.id for user in await world.store.list_users()} - set(scene.ids)
        for user_id in first:
            await wake(world, user_id)
        await scene.queue.run([world], scene.house.now)
        await wait_as_full_rounds(scene)
        await world.store.free_slot(scene.slot)
        with rounds_of(world) as begun:
            serving = asyncio.create_task(handle(world, json.dumps({"kind": "pull"})))
            await begun.any.wait()
            plan(scene.house, 0, "Edit")
            await handle(world, json.dumps({"kind": "round", "user": scene.ids[0], "look": True}))
            begun_by_then = set(begun.ids) & first
            assert len(scene.house.desk("user0").find("Edit")) == 1
            await serving

        assert len(begun_by_then) <= 2
        assert set(begun.ids) >= first


@pytest.mark.parametrize("receipt", [True, False], ids=["receipt", "no-receipt"])
async def test_an_order_that_two_processes_have_read_is_taken_by_one(*, receipt: bool) -> None:
    """To the other nothing is left, though the row that it has read is gone; an order that came meanwhile stays."""
    async with storm(1) as scene:
        world = scene.house.world
        await wake(world, scene.ids[0])
        if not receipt:
            scene.queue.send = _without_receipt(scene.queue.send)  # type: ignore[method-assign, assignment]
        await scene.queue.run([world], scene.house.now)
        [row] = await world.store.list_queued()
        assert bool(row.receipt) is receipt

        assert [await take_turn(world, row), await take_turn(world, row)] == [True, False]
        assert len(scene.queue.waiting) == (0 if receipt else 1)
        await send_later(world, Round(scene.ids[0]), 5, since=scene.house.now)
        assert not await take_turn(world, row)
        [later] = await world.store.list_queued()
        assert later.message is not None


async def test_an_order_that_was_changed_since_the_line_was_read_is_read_again() -> None:
    """As the timer changes the rows of all who wait: whoever has the session does it all the same, in the same go."""
    async with storm(2) as scene:
        world = scene.house.world
        for user_id in scene.ids:
            await wake(world, user_id)
        await scene.queue.run([world], scene.house.now)
        await world.store.free_slot(scene.slot)
        assert not await world.in_turn.is_empty(world.store, world.clock)
        scene.house.advance(seconds=1)
        for user_id in scene.ids:
            await send_later(world, Round(user_id), 0)
        with rounds_of(world) as begun:
            await handle(world, json.dumps({"kind": "pull"}))

        assert sorted(begun.ids) == sorted(scene.ids)


async def test_a_full_round_that_comes_by_message_waits_for_no_other() -> None:
    """It lets small ones pass, not those who wait for the same: no command waits behind a company's first syncs."""
    async with storm(2) as scene:
        first, *rest = await novices(scene, 3)
        await scene.house.world.store.free_slot(scene.slot)
        [message] = [message for _, _, message in scene.queue.waiting if message["user"] == first]
        with rounds_of(scene.house.world) as begun:
            await handle(scene.house.world, json.dumps(message))

        assert begun.ids == [first, *rest]


async def test_a_round_that_a_new_policy_makes_whole_waits_as_a_full_one() -> None:
    """The company syncs other types from now on: everybody's next round reads both sides whole, one at a time."""
    async with storm(2) as scene:
        world = scene.house.world
        await world.store.free_slot(scene.slot)
        instance, etag = await world.store.read_instance()
        policy = replace(world.policy, activity_types=frozenset({"Visit"}))
        await world.store.save_instance(replace(instance, policy=policy), etag)
        for user_id in scene.ids:
            await wake(world, user_id)
        async with world.erp_slot.full_round:
            await scene.queue.run([world], scene.house.now)

        assert [row.is_big for row in await world.store.list_queued()] == [True, True]


@pytest.mark.parametrize("by", ["notifications", "timer"])
async def test_a_queue_that_nobody_serves_does_not_fill(by: str) -> None:
    """The queue function does not run for some hours while people edit and both timers tick: one message for each
    thing to do; when it runs again everything is done, and nothing is left."""
    async with storm(3) as scene:
        await scene.house.world.store.free_slot(scene.slot)
        for number in range(3):
            plan(scene.house, number)
        for minute in range(budget(3, 12) * 60):
            if by == "notifications":
                for user_id in scene.ids:
                    await wake(scene.house.world, user_id, notified=True)
            await ask_for_pull(scene.house.world)
            if minute % 15 == 0:
                await dispatch(scene.house.world)
            scene.house.advance(minutes=1)

        assert scene.queue.most == 3 + 1
        await scene.queue.run([scene.house.world], scene.house.now + timedelta(seconds=1))
        assert len(scene.house.desk("user0").activities()) == 3
        await scene.pass_minutes(10)
        assert scene.queue.waiting == []


@pytest.mark.parametrize("lost", ["row", "message", "both"])
async def test_what_gets_lost_on_the_way_is_healed_by_the_timer(lost: str) -> None:
    """The row, the message or both vanish while somebody waits: the edit arrives all the same."""
    async with storm(1) as scene:
        plan(scene.house, 0)
        await wake(scene.house.world, scene.ids[0])
        await scene.queue.run([scene.house.world], scene.house.now)
        if lost != "row":
            scene.queue.waiting.clear()
        if lost != "message":
            for row in await scene.house.world.store.list_queued():
                await scene.house.world.store.drop_queued(row)
        await scene.house.world.store.free_slot(scene.slot)
        await scene.pass_minutes(20)

        assert len(scene.house.desk("user0").activities()) == 1


async def test_storage_that_fails_anywhere_loses_no_wake_up() -> None:
    """Each call to the tables fails once while a wake-up finds its way through the line: its edit arrives."""
    for at in range(0, 40, budget(4, 1)):
        async with storm(1) as scene:
            plan(scene.house, 0)
            await wake(scene.house.world, scene.ids[0])
            assert scene.house.memory is not None
            failing = _FailsAt(scene.house.memory.backend, at)
            await scene.queue.run([scene.house.world], scene.house.now + timedelta(seconds=30))
            with pytest.MonkeyPatch.context() as patching:
                failing.patch(patching)
                await scene.queue.run([scene.house.world], scene.house.now + timedelta(minutes=1))
            await scene.house.world.store.free_slot(scene.slot)
            await scene.pass_minutes(20)

            assert len(scene.house.desk("user0").activities()) == 1, at
            if failing.left >= 0:
                return
    pytest.fail("the way through the line makes more calls than this test looks at")


class _FailsAt:
    """Lets one call of a backend fail."""

    def __init__(self, backend: object, at: int) -> None:
        self._backend = backend
        self.left = at

    def patch(self, patching: pytest.MonkeyPatch) -> None:
        """Watch the calls from now on."""
        for name in ("read", "scan", "write", "transact"):
            patching.setattr(self._backend, name, self._around(getattr(self._backend, name)))

    def _around(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def faulty(*args: object) -> object:
            self.left -= 1
            if self.left == -1:
                raise StoreUnavailable("no tables")
            return await call(*args)

        return faulty
