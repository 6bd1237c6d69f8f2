"""The queue function: each message does its work or brings a later one; nothing known ever fails it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from jobs.app.dispatch import dispatch
from jobs.app.notifications import receive_erp
from jobs.commands.overview import last_heard
from jobs.commands.switch import enable
from jobs.messages import Round, write
from jobs.ports import Message
from jobs.wake import wake
from sync_core.errors import SettingsInvalid, SlotsTaken, StoreUnavailable
from sync_core.model.day import Day, by_day, joined, lags_of
from sync_core.model.instance import Instance
from tests.support.app import App, logged_facts
from tests.support.house import House
from tests.support.users import put_user


async def settle(app: App) -> str:
    """Bring Anna in step; her id."""
    await app.house.step()
    await app.hand_over({"kind": "pull"})
    app.queue.take()
    return (await app.house.user()).id


def plan(house: House, subject: str = "Plan") -> str:
    """Anna plans a meeting in Outlook, two days from now."""
    start = house.now + timedelta(days=2)
    return house.outlook().create(subject, start, start + timedelta(hours=1))


async def woken_by_outlook(app: App, *, full: bool = False) -> Message:
    """Anna plans a meeting and her wake-up waits in the queue."""
    user_id = await settle(app)
    plan(app.house)
    await wake(app.house.world, user_id)
    [(message, _)] = app.queue.take()
    return {**message, "full": True} if full else message


MARKS = ("ticket", "waits")
"""What a message bears for its way through the queue."""


def asks(message: Message) -> Message:
    """What a message asks for."""
    return {name: value for name, value in message.items() if name not in MARKS}


async def is_slot_free(house: House) -> bool:
    """Whether another process could call ERP.net now."""
    try:
        slot = await house.world.store.acquire_slot("stranger", 1, 60)
    except SlotsTaken:
        return False
    await house.world.store.free_slot(slot)
    return True


# Rounds


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


async def test_a_taken_slot_brings_the_same_message_later(app: App) -> None:
    """Without an ERP.net slot the message is completed and comes back after some seconds; then it is served."""
    message = await woken_by_outlook(app)
    app.house.advance(minutes=20)
    slot = await app.house.world.store.acquire_slot("another process", 1, 60)
    app.house.erp.forget_requests()

    await app.hand_over(message)
    [(again, delay)] = app.queue.take()
    assert (asks(again), app.house.erp.requests) == (asks(message), [])
    assert 4 <= delay <= 6

    await app.house.world.store.free_slot(slot)
    await app.hand_over(again)
    assert len(app.house.desk().find("Plan")) == 1


async def test_the_slot_is_given_back(app: App) -> None:
    """After a round another process may call ERP.net as soon as our session there is over."""
    await app.hand_over(await woken_by_outlook(app))
    at_once = await is_slot_free(app.house)
    app.house.advance(minutes=20)

    assert (at_once, await is_slot_free(app.house)) == (False, True)


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


async def test_no_licence_means_wait(app: App) -> None:
    """Where ERP.net has no licence the user's state stays as it was, the message comes back, and this process lets
    ERP.net alone for a while."""
    message = await woken_by_outlook(app)
    app.house.erp.revoke_tokens()
    app.house.erp.licences = 0

    await app.hand_over(message)
    [(again, _)] = app.queue.take()
    assert asks(again) == asks(message)
    assert (await app.house.user()).is_operational

    app.house.erp.forget_requests()
    await app.hand_over(again)
    assert app.house.erp.requests == []


async def test_a_pull_without_a_licence_is_told(app: App, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing fails and the message comes back, so only this line shows an alert that ERP.net has none for us."""
    await settle(app)
    app.house.advance(minutes=1)
    app.house.erp.revoke_tokens()
    app.house.erp.licences = 0
    with caplog.at_level(logging.INFO, "calsync"):
        await app.hand_over({"kind": "pull"})

    assert [(line["error"], line["side"]) for line in logged_facts(caplog.records, "failure")] == [
        ("LicencesTaken", "erp")
    ]
    assert logged_facts(caplog.records, "pull") == []


async def test_a_process_without_a_licence_leaves_the_slot_to_others(app: App) -> None:
    """After a refusal for want of a licence this process does not take a slot for a minute."""
    message = await woken_by_outlook(app)
    app.house.advance(minutes=20)
    app.house.world.erp_slot.back_off(app.house.now + timedelta(seconds=60))
    app.house.erp.forget_requests()

    await app.hand_over(message)
    [(again, _)] = app.queue.take()
    assert (app.house.erp.requests, await is_slot_free(app.house)) == ([], True)

    app.house.advance(seconds=61)
    await app.hand_over(again)
    assert len(app.house.desk().find("Plan")) == 1


@pytest.mark.parametrize("status", [429, 503], ids=["throttled", "no-licence"])
@pytest.mark.parametrize("header", ["inf", "nan", "-7", "Fri, 31 Dec 9999 23:59:59 GMT"])
async def test_erp_net_asks_to_be_left_alone_for_ever(app: App, header: str, status: int) -> None:
    """Whatever ERP.net asks for, the message comes back within the hour and the meeting arrives."""
    message = await woken_by_outlook(app)
    body = {"error": {"message": "no licence", "code": 8}} if status == 503 else None
    app.house.erp.add_fault("*", status=status, headers={"Retry-After": header}, body=body, times=None)

    await app.hand_over(message)
    [(again, delay)] = app.queue.take()
    assert 0 < delay <= 3960
    app.house.erp.faults.clear()
    app.house.advance(hours=1, seconds=1)
    await app.hand_over(again)
    assert len(app.house.desk().find("Plan")) == 1


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


# The pull


async def test_a_pull_wakes_whom_it_concerns(app: App) -> None:
    """An activity entered in ERP.net reaches Outlook by the pull's message and the round's."""
    await settle(app)
    app.house.advance(minutes=1)
    start = (app.house.now + timedelta(days=2)).replace(tzinfo=None)
    app.house.desk().create("Visit", start, start + timedelta(hours=1))

    await app.tick("pull")
    served = await app.drain()
    assert [message["kind"] for message in served] == ["pull", "round"]
    assert app.house.outlook().find("Visit") is not None


async def test_a_pull_does_the_round_of_the_first_whom_it_wakes(app: App) -> None:
    """One person's edit in ERP.net is across when the pull ends; the message that was sent as well finds nothing."""
    plan(app.house)
    user_id = await settle(app)
    await app.house.settle()
    app.house.advance(minutes=1)
    [activity] = app.house.desk().activities()
    app.house.desk().edit(activity["Id"], subject="Visit")

    await app.hand_over({"kind": "pull", "asked_at": app.house.now.isoformat()})
    assert app.house.outlook().find("Visit") is not None
    assert [(message["user"], delay) for message, delay in app.queue.sent] == [(user_id, 0)]

    app.house.graph.forget_requests()
    app.house.erp.forget_requests()
    await app.drain()
    assert (app.house.graph.requests, app.house.erp.requests) == ([], [])


async def test_steps_of_pull_and_round_are_told(app: App, caplog: pytest.LogCaptureFixture) -> None:
    """In milliseconds, from the webhook's call or the wake-up on: the waiting, then each step of the work."""
    await settle(app)
    app.house.advance(minutes=1)
    asked_at = app.house.now
    start = (app.house.now + timedelta(days=2)).replace(tzinfo=None)
    app.house.desk().create("Visit", start, start + timedelta(hours=1))
    app.house.advance(seconds=2)
    with caplog.at_level(logging.INFO):
        await app.hand_over({"kind": "pull", "asked_at": asked_at.isoformat()})

    [pull], [line] = logged_facts(caplog.records, "pull"), logged_facts(caplog.records, "round")
    assert pull["steps"] == {"queue": 2000, "pull": 0}
    assert line["steps"] == dict.fromkeys(("queue", "lease", "read", "decide", "write"), 0)


async def test_a_timer_pull_right_after_another_is_dropped(app: App) -> None:
    """A pull that ran less than 30 seconds ago is enough for the timer."""
    await settle(app)
    app.house.erp.forget_requests()
    app.house.advance(seconds=29)

    await app.hand_over({"kind": "pull"})
    assert app.house.erp.requests == []

    app.house.advance(seconds=2)
    await app.hand_over({"kind": "pull"})
    assert app.house.erp.requests != []


@pytest.mark.parametrize("asked", [False, True], ids=["timer", "webhook"])
async def test_a_pull_by_a_clock_that_was_ahead_stops_no_other(app: App, asked: bool) -> None:
    """A process whose clock was a day ahead noted its pull: those after it come all the same."""
    await settle(app)
    instance, etag = await app.house.world.store.read_instance()
    await app.house.world.store.save_instance(replace(instance, pulled_at=app.house.now + timedelta(days=1)), etag)
    app.house.advance(minutes=1)
    app.house.erp.forget_requests()
    await (receive_erp(app.house.world) if asked else app.tick("pull"))
    await app.drain()
    assert app.house.erp.requests != []


async def test_a_burst_of_webhooks_costs_one_pull(app: App) -> None:
    """Webhooks that came before a pull began are covered by it; one that comes after brings another."""
    await settle(app)
    app.house.advance(seconds=1)
    for _ in range(20):
        await receive_erp(app.house.world)
    app.house.advance(seconds=1)
    app.house.erp.forget_requests()
    await app.drain()
    first = len(app.house.erp.requests)
    app.house.advance(seconds=1)
    await receive_erp(app.house.world)
    app.house.advance(seconds=1)
    await app.drain()

    assert 1 <= first <= 2
    assert len(app.house.erp.requests) == 2 * first


async def test_that_the_webhook_called_is_remembered(app: App) -> None:
    """Within a minute, and of a call that an earlier pull has covered, too; the timer's pulls are no call."""
    store = app.house.world.store
    await settle(app)
    assert (await store.read_instance())[0].called_at is None
    called_at = app.house.now
    for seconds in (0, 30, 60):
        app.house.advance(seconds=seconds)
        await receive_erp(app.house.world)
        await app.drain()
        noted = (await store.read_instance())[0].called_at
        assert noted == (called_at if app.house.now - called_at < timedelta(minutes=1) else app.house.now)


async def test_a_pull_without_a_slot_comes_back(app: App) -> None:
    """While another process holds the slot the pull waits in the queue."""
    await app.house.world.store.acquire_slot("another process", 1, 60)

    await app.hand_over({"kind": "pull"})
    [(message, delay)] = app.queue.take()
    assert asks(message) == {"kind": "pull"}
    assert delay > 0


async def test_a_pull_that_fails_is_left_to_the_next_minute(app: App) -> None:
    """ERP.net out of reach completes the message; the watermark has not moved."""
    await settle(app)
    before, _ = await app.house.world.store.read_instance()
    app.house.advance(minutes=1)
    app.house.erp.add_fault("*", status=502, times=None)

    await app.hand_over({"kind": "pull"})
    assert app.queue.take() == []
    assert (await app.house.world.store.read_instance())[0] == before


# What is refused to everybody


REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "Graph": ("*", {"status": 401, "body": {"error": {"code": "InvalidAuthenticationToken", "message": "No."}}}),
    "ERP.net": ("*/connect/token", {"status": 400, "body": {"error": "invalid_client"}}),
}


@pytest.mark.parametrize("who", REFUSED)
async def test_after_a_refusal_the_first_pull_that_works_wakes_everybody(app: App, who: str) -> None:
    """A secret that has run out is nobody's state; once it is mended the next pull, not the next quarter of an hour,
    brings what was left, and those in error are looked at again."""
    message = await woken_by_outlook(app)
    boris = await app.house.employ("boris", enabled=False)
    await enable(app.house.world, boris)
    in_error = replace(await app.house.user(boris), state="Error: ERP.net was not there", troubled_at=app.house.now)
    await put_user(app.house.world.store, in_error)
    side = app.house.graph if who == "Graph" else app.house.erp
    match, answer = REFUSED[who]
    side.add_fault(match, times=None, **answer)
    app.house.erp.revoke_tokens()
    for _ in range(2):
        app.house.advance(minutes=1)
        await app.hand_over(message)
        await app.tick("pull")
        await app.drain()
        assert (await app.house.user()).is_operational
        assert (await app.house.world.store.read_instance())[0].refused != ""
    app.queue.take()

    side.faults.clear()
    app.house.advance(minutes=1)
    await app.tick("pull")
    await app.drain()
    assert len(app.house.desk().find("Plan")) == 1
    assert (await app.house.user(boris)).is_operational
    assert (await app.house.world.store.read_instance())[0].refused == ""

    app.house.advance(minutes=1)
    app.house.graph.forget_requests()
    await app.tick("pull")
    await app.drain()
    assert app.house.graph.requests == []


async def test_a_refusal_shows_in_the_rounds_line(app: App, caplog: pytest.LogCaptureFixture) -> None:
    """The alert for users who cannot be synced counts it, though nobody's state says so."""
    message = await woken_by_outlook(app)
    match, answer = REFUSED["Graph"]
    app.house.graph.add_fault(match, times=None, **answer)
    with caplog.at_level(logging.INFO, "calsync"):
        await app.hand_over(message)
    assert [line["operational"] for line in logged_facts(caplog.records, "round")] == [False]


# What goes wrong


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"kind":"dance"}', b'{"kind":"round"}', b'{"kind":"command","do":"x","user":"u"}',
     b"\xff\xfe", b'{"kind":["pull"]}', b"[" * 100_000],
    ids=["empty", "half", "list", "null", "unknown", "nobody", "unknown-command", "no-text", "wrong-type", "deep"],
)  # fmt: skip
async def test_a_message_nobody_understands_is_completed(
    app: App, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """A malformed message leaves one line in the log and nothing in the queue: repeating it would not help."""
    with caplog.at_level(logging.INFO, "calsync"):
        await app.hand_over(body)

    assert len(logged_facts(caplog.records, "failure")) == 1
    assert app.queue.take() == []


async def test_storage_down_for_a_minute_loses_nothing(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the tables do not answer the message comes back later, and is served when they do."""
    message = await woken_by_outlook(app)

    async def down(_: str) -> None:
        raise StoreUnavailable("no tables")

    with monkeypatch.context() as outage:
        outage.setattr(app.house.world.store, "read_user", down)
        await app.hand_over(message)
    [(again, delay)] = app.queue.take()
    assert delay > 0

    await app.hand_over(again)
    assert len(app.house.desk().find("Plan")) == 1


async def test_storage_down_altogether_leaves_the_message_to_the_host(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With tables and queues down the function fails, so that the host keeps the message."""

    async def down(*_: object, **__: object) -> None:
        raise StoreUnavailable("no storage")

    monkeypatch.setattr(app.house.world.store, "read_user", down)
    monkeypatch.setattr(app.house.world.queue, "send", down)

    with pytest.raises(StoreUnavailable):
        await app.hand_over(write(Round("u")))


async def test_wrong_settings_complete_the_message(app: App, caplog: pytest.LogCaptureFixture) -> None:
    """A message under wrong settings is done with, and the log says what is wrong."""
    app.process.failure = SettingsInvalid(["ERPNET_URL is missing: set the instance root."])
    with caplog.at_level(logging.INFO, "calsync"):
        await app.hand_over({"kind": "pull"})

    [failure] = logged_facts(caplog.records, "failure")
    assert failure["text"] == "ERPNET_URL is missing: set the instance root."


async def test_an_unexpected_error_reaches_the_host(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody expected fails the message, so that it ends in the poison queue where somebody looks."""

    async def broken(_: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(app.house.world.store, "read_user", broken)

    with pytest.raises(ZeroDivisionError):
        await app.hand_over(write(Round("u")))


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


async def test_a_pull_notes_how_long_the_queues_are(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever looks at the app reads it from the row; a queue that does not answer stops no pull."""

    async def count() -> tuple[int, int]:
        return 4, 2

    async def fail() -> tuple[int, int]:
        raise StoreUnavailable("queue storage does not answer")

    await settle(app)
    first_seen_at = app.house.now + timedelta(minutes=1)
    for told in (count, fail):
        monkeypatch.setattr(app.queue, "count", told)
        app.house.advance(minutes=1)
        pulled_at = app.house.now
        await app.tick("pull")
        await app.drain()
        instance, _ = await app.house.world.store.read_instance()
        assert (instance.queued, instance.poisoned, instance.pulled_at) == (4, 2, pulled_at)
        assert instance.poisoned_since == first_seen_at

    async def none() -> tuple[int, int]:
        return 0, 0

    monkeypatch.setattr(app.queue, "count", none)
    app.house.advance(minutes=1)
    await app.tick("pull")
    await app.drain()
    instance, _ = await app.house.world.store.read_instance()
    assert (instance.poisoned, instance.poisoned_since) == (0, None)


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
