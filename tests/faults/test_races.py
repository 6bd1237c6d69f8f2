"""Two at once: workers on one user, a pull, a switch, a wake-up in the middle of a round. Nothing is lost or doubled.

What happens meanwhile happens before each single call of a round (some of them in `make test`).
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

import pytest

from adapters.store.backend import Op, Table
from adapters.store.memory import MemoryBackend, MemoryQueue, MemoryStore
from adapters.store.store import RowStore
from jobs.app.dispatch import ask_for_pull, dispatch
from jobs.app.work import handle
from jobs.checkup import save_findings
from jobs.commands.switch import disable, enable
from jobs.in_turn import InTurn
from jobs.people import People
from jobs.pull import run_pull
from jobs.round.report import Report
from jobs.round.run import run_round
from jobs.wake import wake
from jobs.world import World
from sync_core.errors import LeaseHeld, LeaseLost, WrongStore
from sync_core.model.user import User
from tests.support.budget import budget, each, told
from tests.support.days import at, digits
from tests.support.fuse import MOST_CALLS, Raced
from tests.support.house import ANNA, START, House, open_house
from tests.support.moments import Act, Moments, at_every_moment, ends_in_step, round_of
from tests.support.scenes import Scene, clash, deletions, edits, first_sync, locks
from tests.support.syncing import plan_sync, sync_all
from tests.support.users import put_user


async def test_two_workers_on_one_user(house: House) -> None:
    """One works, the other is told who does; nothing is doubled."""
    for day in range(1, 6):
        house.outlook().create(f"event {day}", at(day), at(day, 10))
        house.desk().create(f"activity {day}", digits(day, 15), digits(day, 16))
    await run_pull(house.world)
    rounds = (round_of(house, holder=name) for name in ("first", "second", "third"))
    results = await asyncio.gather(*rounds, return_exceptions=True)

    assert sorted(type(r).__name__ for r in results) == ["LeaseHeld", "LeaseHeld", "Report"]
    assert {r.holder for r in results if isinstance(r, LeaseHeld)} <= {"first", "second", "third"}
    assert (len(house.outlook().events()), len(house.desk().activities())) == (10, 10)
    await ends_in_step(house)


async def test_a_second_worker_takes_over_at_every_moment() -> None:
    """The lease runs out while its holder sleeps before a call; another worker does a whole round meanwhile.

    The sleeper's saves are refused, and no write of its reaches a side any more.
    """

    async def sleep(house: House) -> None:
        house.advance(seconds=house.world.lease_seconds + 1)
        await round_of(house, holder="second")
        house.graph.forget_requests()
        house.erp.forget_requests()

    async def check(house: House, moments: Moments, report: Report) -> None:
        if moments.at not in ("write", "acquire_lease", "release_lease", "read_wake"):
            late = [s.line for s in house.graph.requests if s.method in ("POST", "PATCH", "DELETE")]
            late = [line for line in late if not line.endswith("/$batch")]
            changes = [s for s in house.erp.requests if b"POST General" in s.body or b"PATCH General" in s.body]
            assert (late, changes) == ([], []), f"a write started after the lease was lost at {moments.at}"
        await ends_in_step(house)

    await at_every_moment(edits, sleep, check)


@pytest.mark.parametrize(
    ("scene", "is_after"), each([first_sync, edits, clash, locks, deletions], [False, True]), ids=told
)
async def test_a_second_worker_takes_over_at_every_write_of_our_memory(scene: Scene, is_after: bool) -> None:
    """The holder sleeps for longer than its lease in the midst of a save; another worker does a whole round."""
    for n in range(budget(5, 0), MOST_CALLS, budget(MOST_CALLS, 1)):
        backend = Raced(lambda: START)
        async with open_house(RowStore(backend)) as house:
            backend._clock = house.clock.now
            await house.employ()
            await scene(house)
            await run_pull(house.world)
            backend.at, backend.is_after, backend.meanwhile = n, is_after, partial(_take_over, house)
            with suppress(LeaseLost):
                await round_of(house)
            if backend.at >= 0:  # the round makes fewer writes
                return
            backend.at = -1
            await ends_in_step(house)
            house.advance(minutes=20)
            assert [report.done for report in (await house.sync()).reports] == [Counter()]
    assert n == budget(5, MOST_CALLS), "the round makes more writes than this test looks at"


async def _take_over(house: House) -> None:
    """Another worker finds the lease run out."""
    assert isinstance(house.world.store, RowStore)
    house.advance(seconds=house.world.lease_seconds + 1)
    other = replace(house.world, store=RowStore(house.world.store.backend), people=People(), in_turn=InTurn())
    with suppress(LeaseHeld):  # it has given its lease back already, or has not taken it yet
        await run_round(replace(other, holder="second"), await house.user(), asked=True)


async def test_a_lost_lease_stops_the_round_before_its_next_write(house: House) -> None:
    """The lease is broken just before the pending rows are saved: that save is refused, nothing is created."""
    house.outlook().create("New", at(1), at(1, 10))
    moments = Moments(0, lambda: house.world.store.break_lease(user.id), frozenset({"save"}))
    user = await house.user()
    report = await round_of(house, moments)

    assert isinstance(report.trouble, LeaseLost)
    assert house.desk().activities() == []


async def test_a_write_that_outlasts_the_lease_is_cut_off(house: House) -> None:
    """ERP.net keeps us waiting until the lease is over: the call ends with the lease, and is looked up later."""
    house.outlook().create("New", at(1), at(1, 10))
    house.world = replace(house.world, call_timeout_seconds=0)

    async def come_close() -> None:
        house.advance(seconds=house.world.lease_seconds - 0.05)
        house.erp.add_fault("POST */$batch", kind="delay", seconds=5.0)

    report = await round_of(house, Moments(1, come_close, frozenset({"append_journal"})))

    assert isinstance(report.trouble, LeaseLost)
    house.erp.faults.clear()
    house.world = replace(house.world, call_timeout_seconds=30)
    await ends_in_step(house)


class OvertakenBackend(MemoryBackend):
    """A backend in which somebody else is faster, once: ``first`` is done before the next write of a user row."""

    first: Act | None = None

    async def write(self, table: Table, op: Op) -> str:
        first, self.first = (self.first, None) if table is Table.USERS else (None, self.first)
        if first is not None:
            await first()
        return await super().write(table, op)


async def test_a_round_does_not_switch_a_user_on_again() -> None:
    """The switch goes off between reading and writing the user row: it stays off."""
    backend = OvertakenBackend(lambda: START)
    store = RowStore(backend)
    anna = User("anna", ANNA, enabled=True)
    await put_user(store, anna)
    backend.first = lambda: put_user(store, replace(anna, enabled=False))
    await save_findings(store, anna, replace(anna, state="Operational"))

    assert await store.read_user("anna") == replace(anna, enabled=False)


async def test_a_sync_of_an_idle_user_does_not_switch_them_on_again(house: House) -> None:
    """The switch goes off while others are synced: who has nothing to do is not saved as they were."""
    await house.step()
    await house.step()
    user = await house.user()
    await disable(house.world, user)
    await sync_all(house.world, [user])

    assert not (await house.user()).enabled


async def test_a_pull_at_every_moment_of_a_round() -> None:
    """A pull files an edit while the round is under way: the edit arrives, the older inbox row does not hide it."""

    async def edit_and_pull(house: House) -> None:
        rows = {a["Subject"]: a["Id"] for a in house.desk().activities()}
        house.advance(seconds=5)
        house.desk().edit(rows["Visit"], subject="Visit 2", notes="newest")
        await run_pull(house.world)

    async def check(house: House, *_: object) -> None:
        await ends_in_step(house)
        event = house.outlook().find("Visit 2")
        assert event is not None, "an edit made during a round is lost"
        assert "newest" in house.outlook().get(event)["body"]["content"]

    await at_every_moment(edits, edit_and_pull, check)


async def test_an_edit_in_outlook_at_every_moment_of_a_round() -> None:
    """Somebody types in Outlook while the round works: the newest value stands on both sides in the end."""

    async def edit(house: House) -> None:
        event = next(e for e in house.outlook().events() if e["subject"] == "Trip")
        house.advance(seconds=5)
        house.outlook().edit(event["id"], subject="Trip 2", body="newest")

    async def check(house: House, *_: object) -> None:
        await ends_in_step(house)
        [row] = [a for a in house.desk().activities() if a["Subject"] == "Trip 2"]
        assert row["Notes"] == "newest"

    await at_every_moment(edits, edit, check)


async def test_switching_off_at_every_moment_of_a_round() -> None:
    """Off is off: nothing is written after the save that follows, and the round does not switch it on again."""

    async def switch_off(house: House) -> None:
        await disable(house.world, await house.user())

    async def check(house: House, moments: Moments, _: Report) -> None:
        assert not (await house.user()).enabled, f"a round switched the user on again at {moments.at}"
        await enable(house.world, ANNA)
        await ends_in_step(house)

    await at_every_moment(edits, switch_off, check)


async def test_a_wake_up_at_every_moment_of_a_round() -> None:
    """Whoever wakes a user while a round runs is not forgotten: this round saw it or asks for another, or it was
    served so far that the wake-up sent a message of its own."""

    async def knock(house: House) -> None:
        await wake(house.world, (await house.user()).id)

    async def check(house: House, moments: Moments, report: Report) -> None:
        memory, queue = await house.recall(), house.world.queue
        assert isinstance(queue, MemoryQueue)
        heard = report.again or memory.cursors.served == memory.wake
        assert heard or queue.sent, f"a wake-up at {moments.at} is lost"

    await at_every_moment(edits, knock, check)


async def serve_the_queue(house: House) -> int:
    """Work off every message, and those that follow, however long they were to wait; how many that were."""
    queue = house.world.queue
    assert isinstance(queue, MemoryQueue)
    for n in range(40):
        if not queue.sent:
            return n
        message, delay = queue.sent.pop(0)
        house.advance(seconds=delay)
        await handle(house.world, json.dumps(message))
    pytest.fail(f"messages follow one another without end: {queue.sent}")


async def test_the_timers_at_every_moment_of_a_round() -> None:
    """Dispatcher and pull timer fire while a round is under way: the queue drains, and an edit meanwhile arrives."""

    async def fire(house: House) -> None:
        rows = {a["Subject"]: a["Id"] for a in house.desk().activities()}
        house.advance(seconds=5)
        house.desk().edit(rows["Visit"], subject="Visit 2")
        await dispatch(house.world)
        await ask_for_pull(house.world)

    async def check(house: House, moments: Moments, _: Report) -> None:
        await serve_the_queue(house)
        event = house.outlook().find("Visit 2")
        assert event is not None, f"an edit made at {moments.at} did not arrive by itself"
        await ends_in_step(house)

    await at_every_moment(edits, fire, check)


async def test_two_deployments_with_stores_of_their_own(house: House) -> None:
    """By mistake two apps sync the same people: they find each other's pairs by their marks, and double nothing."""
    other = replace(house.world, store=MemoryStore(house.clock.now), holder="other")
    await other.store.prepare()
    await enable(other, ANNA)
    one = house.world
    house.outlook().create("Planning", at(1), at(1, 10), body="agenda")
    house.desk().create("Visit", digits(3), digits(3, 12), notes="papers")
    for world in (one, other, one, other):
        house.world = world
        await house.step()
        house.advance(minutes=5)
    assert (len(house.outlook().events()), len(house.desk().activities())) == (2, 2)

    planning = house.outlook().find("Planning")
    assert planning is not None
    house.outlook().edit(planning, subject="Planning 2")
    house.outlook().create("New", at(5), at(5, 10))
    for world in (other, one, other):
        house.world = world
        await house.step()
    for world in (one, other):
        house.world = world
        await ends_in_step(house)


STRANGERS: dict[str, Callable[[World, User], Awaitable[object]]] = {
    "pull": lambda world, _: run_pull(world),
    "round": lambda world, anna: run_round(world, anna, full=True),
    "sync": lambda world, anna: sync_all(world, [anna]),
    "dry run": lambda world, anna: plan_sync(world, [anna]),
    "switch on": lambda world, anna: enable(world, anna.upn),
}


@pytest.mark.parametrize("name", ["tenant", "database"])
@pytest.mark.parametrize("what", STRANGERS)
async def test_another_deployment_on_the_same_store_touches_nothing(house: House, what: str, name: str) -> None:
    """Whatever it tries, it is told what to correct; calendars, activities and memory stay as they were."""
    await edits(house)
    user, before = await house.user(), await house.recall()
    house.graph.forget_requests()
    house.erp.forget_requests()
    try:
        told = str(await STRANGERS[what](replace(house.world, **{name: "other"}), user))  # type: ignore[arg-type]
    except WrongStore as error:
        told = str(error)

    assert "correct AZURE_TENANT_ID and ERPNET_URL" in told
    assert (house.graph_writes(), house.erp.requests) == ([], [])
    assert (await house.user(), await house.recall()) == (user, before)
