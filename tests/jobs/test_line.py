"""The line before ERP.net's narrow gate: its one session busy, many users with something to do, the timers ticking.

The queue is simulated with its delays, the clock with it; what a message does is done by jobs/app/work.py itself.
"""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from jobs.app.dispatch import ask_for_pull, dispatch
from jobs.app.work import handle
from jobs.erp_slot import ErpSlot
from jobs.in_turn import in_turn
from jobs.line import session_delay
from jobs.ports import Message, Slot
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


async def test_a_first_sync_lets_small_rounds_pass() -> None:
    """Somebody's first sync has waited longest; when the session is free, everybody's small edits come first."""
    async with storm(4) as scene:
        await scene.house.employ("novice")
        [novice] = {user.id for user in await scene.house.world.store.list_users()} - set(scene.ids)
        await wake(scene.house.world, novice)
        await scene.queue.run([scene.house.world], scene.house.now)
        scene.house.advance(seconds=1)
        for number, user_id in enumerate(scene.ids):
            plan(scene.house, number)
            await wake(scene.house.world, user_id)
        await scene.queue.run([scene.house.world], scene.house.now)
        await scene.house.world.store.free_slot(scene.slot)
        order: list[str] = []
        recall = scene.house.world.store.acquire_lease

        async def watched(user_id: str, holder: str, seconds: int) -> object:
            order.append(user_id)
            return await recall(user_id, holder, seconds)

        with pytest.MonkeyPatch.context() as patching:
            patching.setattr(scene.house.world.store, "acquire_lease", watched)
            await scene.pass_minutes(2)

        assert set(order[:4]) == set(scene.ids)
        assert novice in order[4:]


async def test_a_full_round_is_not_passed_for_ever() -> None:
    """A full round that waits while small ones come without end gets its turn after ten minutes."""
    async with storm(3) as scene:
        await wake(scene.house.world, scene.ids[0], full=True)
        await scene.queue.run([scene.house.world], scene.house.now)
        rows = [row for row in await scene.house.world.store.list_queued() if row.key == scene.ids[0]]
        assert [row.since is not None for row in rows] == [True]
        await scene.house.world.store.save_queued(replace(rows[0], is_big=True))
        scene.house.advance(minutes=11)
        for user_id in scene.ids[1:]:
            await wake(scene.house.world, user_id)
        await scene.queue.run([scene.house.world], scene.house.now)
        waiting = in_turn(await scene.house.world.store.list_queued(), scene.house.now)
        assert waiting[0].key == scene.ids[0]


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
