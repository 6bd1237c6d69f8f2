"""A round by message: whether it is still wanted, what follows it, and what is told of it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.app.dispatch import dispatch
from jobs.commands.overview import last_heard
from jobs.messages import Round, write
from jobs.wake import wake
from sync_core.errors import StoreUnavailable
from sync_core.model.day import Day, by_day, joined, lags_of
from sync_core.model.instance import Instance
from tests.support.app import App, logged_facts
from tests.support.served import asks, plan, settle, woken_by_outlook
from tests.support.users import put_user


async def test_a_woken_round_brings_the_sides_in_step(app: App) -> None:
    """A round message carries a new event across, and nothing follows."""
    message = await woken_by_outlook(app)

    await app.hand_over(message)
    assert len(app.house.desk().find("Plan")) == 1
    assert app.queue.take() == []


@pytest.mark.parametrize("full", [False, True], ids=["woken", "full"])
async def test_a_message_reads_the_instance_row_once(
    app: App, monkeypatch: pytest.MonkeyPatch, *, full: bool
) -> None:
    """Whether the round is paused, due and by which policy: one reading of the company's row tells all of it."""
    message = await woken_by_outlook(app, full=full)
    store = app.house.world.store
    reads, read_instance = [], store.read_instance

    async def counted() -> tuple[Instance, str]:
        reads.append(await read_instance())
        return reads[-1]

    monkeypatch.setattr(store, "read_instance", counted)
    await app.hand_over(message)

    assert len(app.house.desk().find("Plan")) == 1
    assert len(reads) == 1


async def test_a_served_wake_up_asks_nobody(app: App) -> None:
    """The second message of the same wake-up is done at once, without a call to either side."""
    message = await woken_by_outlook(app)
    await app.hand_over(message)
    app.house.graph.forget_requests()
    app.house.erp.forget_requests()

    await app.hand_over(message)
    assert (app.house.graph.requests, app.house.erp.requests, app.queue.take()) == ([], [], [])


async def test_a_wake_up_during_a_round_is_not_lost(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token written while a round works is seen when it ends, and brings one message more."""
    message = await woken_by_outlook(app)
    world, store = app.house.world, app.house.world.store
    release = store.release_lease

    async def release_and_wake(lease: object) -> None:
        await store.write_wake(str(message["user"]), "2026-01-25T08:00:00+00:00 late")
        await release(lease)  # type: ignore[arg-type]

    monkeypatch.setattr(world.store, "release_lease", release_and_wake)
    await app.hand_over(message)

    assert app.queue.take() == [({"kind": "round", "user": message["user"], "tries": 1}, 0)]


async def test_a_busy_user_completes_the_message(app: App) -> None:
    """While another round works on the user the message is done with: its holder sees the token."""
    message = await woken_by_outlook(app)
    lease = await app.house.world.store.acquire_lease(str(message["user"]), "another", 60)

    await app.hand_over(message)
    assert app.queue.take() == []

    await app.house.world.store.release_lease(lease)
    app.house.advance(minutes=15)
    await dispatch(app.house.world)
    await app.tick("pull")
    await app.drain()
    assert len(app.house.desk().find("Plan")) == 1


@pytest.mark.parametrize(("full", "dequeue_count"), [(True, 1), (False, 2)], ids=["full", "cut-off"])
async def test_a_message_that_must_not_get_lost_waits_for_the_lease(app: App, full: bool, dequeue_count: int) -> None:
    """A full round, or one whose earlier try was cut off, comes back when the lease in its way is over."""
    message = {**await woken_by_outlook(app), "full": full}
    await app.house.world.store.acquire_lease(str(message["user"]), "dead", 60)

    await app.hand_over(message, dequeue_count=dequeue_count)
    [(again, delay)] = app.queue.take()
    assert again["user"] == message["user"]
    assert again.get("full", False) == full
    assert 55 <= delay <= 67


async def test_two_messages_of_one_user_do_not_meet(app: App, caplog: pytest.LogCaptureFixture) -> None:
    """In one process, too, only one round works on a user at a time, and none takes the other's lease."""
    message = await woken_by_outlook(app)
    with caplog.at_level(logging.INFO, "calsync"):
        await asyncio.gather(app.hand_over(message), app.hand_over(message))

    assert len(app.house.desk().find("Plan")) == 1
    assert (len(logged_facts(caplog.records, "round")), logged_facts(caplog.records, "failure")) == (1, [])


async def test_a_user_without_sync_is_left_alone(app: App) -> None:
    """A message for someone unknown, or switched off meanwhile, is done with."""
    message = await woken_by_outlook(app)
    await put_user(app.house.world.store, replace(await app.house.user(), enabled=False))

    await app.hand_over(message)
    await app.hand_over(write(Round("nobody")))
    assert app.house.desk().find("Plan") == []
    assert app.queue.take() == []


async def test_an_outage_brings_later_tries_with_growing_pauses(app: App) -> None:
    """While ERP.net is down a wake-up is tried again, ever later, and at last left to the timer."""
    message = await woken_by_outlook(app)
    app.house.erp.add_fault("*", status=503, times=None)
    delays = []
    for _ in range(10):
        await app.hand_over(message)
        waiting = app.queue.take()
        if not waiting:
            break
        [(message, delay)] = waiting
        delays.append(delay)
        app.house.advance(seconds=delay)

    assert len(delays) == 5
    assert 12 <= delays[0] <= 18
    assert delays[4] > 8 * delays[0]
    assert await dispatch(app.house.world) == 1


async def test_a_round_that_stops_itself_goes_on_by_message(app: App) -> None:
    """A round whose time is over leaves the cursors and sends itself one message, still full."""
    user_id = await settle(app)
    plan(app.house)
    app.house.world = replace(app.house.world, round_limit=timedelta(seconds=-1))
    await wake(app.house.world, user_id)
    [(message, _)] = app.queue.take()

    await app.hand_over({**message, "full": True})
    assert app.queue.take() == [({"kind": "round", "user": user_id, "full": True, "tries": 1}, 0)]
    assert app.house.desk().find("Plan") == []

    app.house.world = replace(app.house.world, round_limit=timedelta(minutes=8))
    await app.hand_over({"kind": "round", "user": user_id, "full": True, "tries": 1})
    assert len(app.house.desk().find("Plan")) == 1


async def test_a_notified_round_that_finds_nothing_looks_again(app: App) -> None:
    """Graph's feed may lag behind its notification: one more look after 45 seconds, and only one."""
    user_id = await settle(app)
    await wake(app.house.world, user_id, notified=True)
    await app.drain()
    [(message, delay)] = app.queue.take()
    assert asks(message) == {"kind": "round", "user": user_id, "look": True}
    assert 45 <= delay <= 49.5

    plan(app.house)
    await app.hand_over({"kind": "round", "user": user_id, "look": True})
    assert len(app.house.desk().find("Plan")) == 1


async def test_a_second_look_without_news_costs_one_probe(app: App) -> None:
    """The second look asks Graph once and ERP.net never, and nothing follows."""
    user_id = await settle(app)
    app.house.graph.forget_requests()
    app.house.erp.forget_requests()

    await app.hand_over({"kind": "round", "user": user_id, "look": True})
    assert (len(app.house.graph.requests), app.house.erp.requests, app.queue.take()) == (1, [], [])


async def test_a_refusal_shows_in_the_rounds_line(app: App, caplog: pytest.LogCaptureFixture) -> None:
    """The alert for users who cannot be synced counts it, though nobody's state says so."""
    message = await woken_by_outlook(app)
    refusal = {"error": {"code": "InvalidAuthenticationToken", "message": "No."}}
    app.house.graph.add_fault("*", status=401, body=refusal, times=None)
    with caplog.at_level(logging.INFO, "calsync"):
        await app.hand_over(message)
    assert [line["operational"] for line in logged_facts(caplog.records, "round")] == [False]


async def test_a_round_is_counted_in_its_day(app: App) -> None:
    """Its actions, and how long the person waited; a round without an action costs no row."""
    user_id = await settle(app)
    before = by_day(await app.house.world.store.list_days())
    today = app.house.now.date()
    plan(app.house, "Budget")
    await wake(app.house.world, user_id)
    app.house.advance(seconds=3)
    await app.drain()
    after = by_day(await app.house.world.store.list_days())

    assert (await app.house.user()).tally.lag == 3, "and their own row tells how long they waited"
    told = Day(today, 1, lags=lags_of(3.0))
    assert after == before | {today: joined(before.get(today, Day(today)), told)}
    await wake(app.house.world, user_id)
    await app.drain()
    assert by_day(await app.house.world.store.list_days()) == after


async def test_the_last_notification_is_the_last_that_came(app: App) -> None:
    """Though it led to nothing; the row that every round writes keeps it, and a round of the timer leaves it."""
    user_id = await settle(app)
    assert (await app.house.user()).heard_at is None
    came_at = app.house.now
    await wake(app.house.world, user_id, notified=True)
    app.house.advance(seconds=3)
    await app.drain()
    assert (await app.house.user()).heard_at == came_at
    app.house.advance(minutes=20)
    await wake(app.house.world, user_id)
    await app.drain()

    assert (await app.house.user()).heard_at == came_at
    assert last_heard(await app.house.world.store.list_users()) == came_at


async def test_a_day_that_cannot_be_counted_is_no_failure_of_the_round(
    app: App, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The meeting is across; the log tells of the count."""

    async def refuse(*_: object) -> None:
        raise StoreUnavailable("the row of the day changes hands too fast")

    await settle(app)
    plan(app.house, "Budget")
    monkeypatch.setattr(app.house.memory, "add_to_day", refuse)
    with caplog.at_level(logging.INFO, "calsync"):
        await app.house.step()

    assert len(app.house.desk().find("Budget")) == 1
    assert [one["text"] for one in logged_facts(caplog.records, "failure")] == [
        "the row of the day changes hands too fast"
    ]


async def test_a_round_is_told_in_one_line_without_content(app: App, caplog: pytest.LogCaptureFixture) -> None:
    """One line per round: user id and counts, the lag from wake-up to write, and not a word of the meeting."""
    user_id = await settle(app)
    plan(app.house, "Salary of Boris")
    await wake(app.house.world, user_id)
    app.house.advance(seconds=3)
    with caplog.at_level(logging.INFO):
        await app.drain()

    [line] = logged_facts(caplog.records, "round")
    assert (line["user"], sum(line["actions"].values()), line["failures"]) == (user_id, 1, 0)
    assert line["lag_seconds"] == 3
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name == "calsync")
    assert "Salary" not in ours
    assert "anna@" not in ours
