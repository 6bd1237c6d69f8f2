"""Graph's endpoint: the handshake, what is believed, and that it answers soon whatever comes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from jobs.ports import Subscription
from sync_core.errors import SettingsInvalid, StoreUnavailable
from tests.support.app import App

ROOT = Path(__file__).resolve().parents[3]
SECRET = "5" * 64


async def subscribed(app: App) -> str:
    """Anna has a subscription; her id."""
    user = await app.house.user()
    await app.house.world.store.save_subscription(Subscription(user.id, SECRET, "sub-1", "https://app/hook"))
    return user.id


def item(user_id: str, **more: Any) -> dict[str, Any]:
    """One notification as Graph sends it."""
    return {
        "subscriptionId": "sub-1",
        "subscriptionExpirationDateTime": "2026-01-28T08:00:00Z",
        "changeType": "updated",
        "resource": f"Users/{user_id}/Events/AAMk=",
        "resourceData": {"@odata.type": "#Microsoft.Graph.Event", "id": "AAMk="},
        "clientState": f"{user_id}.{SECRET}",
        "tenantId": "acme",
        **more,
    }


def body(*items: dict[str, Any]) -> bytes:
    """A body as Graph posts it."""
    return json.dumps({"value": items}).encode()


async def status(app: App, content: bytes) -> int:
    """What the endpoint answers to this body."""
    answer = await app.post("notifications", content)
    assert answer.get_body() == b""
    return int(answer.status_code)


# The handshake


async def test_the_handshake_gives_the_token_back(app: App) -> None:
    """The decoded token comes back as plain text, word for word."""
    token = "Validation: Testing <b>reachability</b> + ü&%"
    answer = await app.post("notifications", params={"validationToken": token})

    assert (answer.status_code, answer.mimetype, answer.get_body().decode()) == (200, "text/plain", token)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_an_endless_token_is_refused(app: App) -> None:
    """A token beyond two kilobytes is not echoed."""
    answer = await app.post("notifications", params={"validationToken": "x" * 2_049})

    assert (answer.status_code, answer.get_body()) == (400, b"")


def test_the_handshake_needs_no_package() -> None:
    """Shaking hands loads neither our jobs nor any SDK, so a cold start costs next to nothing."""
    probe = (
        "import asyncio, sys, azure.functions as func, function_app\n"
        "ask = function_app.notifications._function.get_user_function()\n"
        "asyncio.run(ask(func.HttpRequest('POST', '/', params={'validationToken': 't'}, body=b'')))\n"
        "print([m for m in ('jobs', 'adapters', 'sync_core', 'aiohttp', 'azure.core') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True)

    assert (answer.stdout.strip(), answer.stderr) == ("[]", "")


# What is believed


async def test_a_notification_wakes_its_user(app: App) -> None:
    """A token and one message, nothing more: no call to either side."""
    user_id = await subscribed(app)
    app.house.graph.forget_requests()
    app.house.erp.forget_requests()

    assert await status(app, body(item(user_id))) == 202
    assert app.queue.take() == [({"kind": "round", "user": user_id}, 0)]
    assert await app.house.world.store.read_wake(user_id) != ""
    assert (app.house.graph.requests, app.house.erp.requests) == ([], [])


@pytest.mark.parametrize(
    "state",
    [None, "", 7, SECRET, f".{SECRET}", "{user}.", "{user}.{wrong}", "{user}.\ud800", "nobody.{secret}"],
    ids=["none", "empty", "number", "secret-alone", "no-user", "no-secret", "wrong", "half-a-letter", "other-user"],
)
async def test_a_wrong_client_state_is_ignored(app: App, state: object) -> None:
    """A forged item wakes nobody, and its sender learns nothing: 202 as ever."""
    user_id = await subscribed(app)
    if isinstance(state, str):
        state = state.replace("{user}", user_id).replace("{wrong}", "6" * 64).replace("{secret}", SECRET)

    assert await status(app, body(item(user_id, clientState=state))) == 202
    assert app.queue.take() == []
    assert await app.house.world.store.read_wake(user_id) == ""


async def test_a_forged_item_does_not_taint_the_others(app: App) -> None:
    """Each item stands for itself: the true one among forged ones counts."""
    user_id = await subscribed(app)
    forged = item(user_id, clientState=f"{user_id}.{'6' * 64}")

    await status(app, body(forged, item(user_id), forged))
    assert len(app.queue.take()) == 1


async def test_a_burst_in_one_body_wakes_once(app: App) -> None:
    """A thousand items of one user in one body are one wake-up, answered within a second."""
    user_id = await subscribed(app)
    burst = body(*[item(user_id, changeType=kind) for kind in ("created", "updated") for _ in range(500)])
    began = time.monotonic()

    assert await status(app, burst) == 202
    assert time.monotonic() - began < 1
    assert len(app.queue.take()) == 1


async def test_a_burst_of_strangers_is_bounded(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """A forged body that names thousands of users costs a bounded number of lookups."""
    asked: list[str] = []

    async def look(user_id: str) -> None:
        asked.append(user_id)

    monkeypatch.setattr(app.house.world.store, "read_subscription", look)
    strangers = [{"clientState": f"user-{number}.{SECRET}"} for number in range(5_000)]

    assert await status(app, body(*strangers)) == 202
    assert len(asked) == 500


async def test_replayed_and_unordered_items_only_hint(app: App) -> None:
    """The same notifications again, in another order, cost one more message that finds nothing to do."""
    user_id = await subscribed(app)
    await app.house.step()
    app.queue.take()
    first, second = item(user_id), item(user_id, changeType="deleted")
    await status(app, body(first, second))
    await app.drain()
    app.queue.take()
    app.house.erp.forget_requests()

    await status(app, body(second, first))
    assert len(await app.drain()) == 1
    assert app.house.erp.requests == []


# Lifecycle


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("reauthorizationRequired", ["command"]),
        ("subscriptionRemoved", ["command", "round"]),
        ("missed", ["round"]),
    ],
)
async def test_lifecycle_events(app: App, event: str, expected: list[str]) -> None:
    """Each lifecycle event asks for what the contract says: renewal, a new subscription, a look."""
    user_id = await subscribed(app)
    lifecycle = {k: v for k, v in item(user_id, lifecycleEvent=event).items() if k not in ("changeType", "resource")}

    assert await status(app, body(lifecycle)) == 202
    assert [message["kind"] for message, _ in app.queue.take()] == expected


# Bad bodies


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"[]", b"{}", b'{"value":{}}', b'{"value":[1]}', b"\xff\xfe\x00", b"[" * 100_000],
    ids=["empty", "half", "null", "list", "nothing", "no-list", "no-items", "no-text", "deep"],
)
async def test_a_malformed_body_is_refused_without_details(app: App, content: bytes) -> None:
    """Malformed, and empty as a chunked one arrives: 400, without a word why."""
    assert await status(app, content) == 400


async def test_an_empty_list_is_fine(app: App) -> None:
    """No items, nothing to do."""
    assert await status(app, body()) == 202


async def test_an_oversized_body_is_refused_unread(app: App) -> None:
    """Beyond a megabyte nothing is parsed."""
    user_id = await subscribed(app)
    content = body(item(user_id, padding="x" * 1_000_000))

    assert await status(app, content) == 413
    assert app.queue.take() == []


@pytest.mark.parametrize(
    "failure", [StoreUnavailable("down"), SettingsInvalid(["X is missing."])], ids=["store", "set"]
)
async def test_not_now_makes_graph_send_again(app: App, failure: Exception) -> None:
    """Storage down, or settings wrong: 503 without details, and Graph tries for four hours."""
    user_id = await subscribed(app)
    app.process.failure = failure

    assert await status(app, body(item(user_id))) == 503
