"""A pull by message: whom it wakes, when one is enough, and what is remembered of it."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from jobs.app.notifications import receive_erp
from jobs.commands.switch import enable
from sync_core.errors import StoreUnavailable
from tests.support.app import App, logged_facts
from tests.support.served import plan, settle, woken_by_outlook
from tests.support.users import put_user


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


async def test_a_pull_that_fails_is_left_to_the_next_minute(app: App) -> None:
    """ERP.net out of reach completes the message; the watermark has not moved."""
    await settle(app)
    before, _ = await app.house.world.store.read_instance()
    app.house.advance(minutes=1)
    app.house.erp.add_fault("*", status=502, times=None)

    await app.hand_over({"kind": "pull"})
    assert app.queue.take() == []
    assert (await app.house.world.store.read_instance())[0] == before


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
