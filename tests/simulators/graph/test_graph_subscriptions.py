"""Subscriptions and notifications: graph.md §11, traps T19 and T20."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from simulators.graph import GraphSimulator
from tests.support.graph_client import ANN, BOB, BareGraphClient, GraphReply, daily

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ONE = datetime(2026, 11, 23, 13, tzinfo=UTC)


class Endpoint:
    """Our side: answers handshakes as told and keeps what is delivered."""

    def __init__(self) -> None:
        self.url = ""
        self.echo = True
        self.handshakes: list[str] = []
        self.items: list[dict[str, Any]] = []
        self.refuse = 0

    async def receive(self, request: web.Request) -> web.Response:
        """Handshake or delivery."""
        if "validationToken" in request.query:
            self.handshakes.append(request.path_qs.partition("&validationToken")[0])
            return web.Response(text=request.query["validationToken"] if self.echo else "no")
        if self.refuse > 0:
            self.refuse -= 1
            return web.Response(status=503)
        self.items += (await request.json())["value"]
        return web.Response(status=202)


@pytest_asyncio.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    """A listening endpoint."""
    mine = Endpoint()
    app = web.Application()
    app.add_routes([web.post("/{which}", mine.receive)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    mine.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield mine
    await runner.cleanup()


async def subscribe(client: BareGraphClient, endpoint: Endpoint, **changes: Any) -> GraphReply:
    """POST a subscription to Ann's events, some of its properties changed."""
    body = {
        "changeType": "created,updated,deleted",
        "resource": f"/users/{client.graph.mailbox(ANN).id}/events",
        "notificationUrl": f"{endpoint.url}/notify?code=k",
        "lifecycleNotificationUrl": f"{endpoint.url}/lifecycle?code=k",
        "clientState": "secret",
        "expirationDateTime": (client.graph.clock.now() + timedelta(minutes=4200)).isoformat(),
        **changes,
    }
    return await client.post("subscriptions", body)


async def test_both_urls_shake_hands_before_the_subscription_exists(
    client: BareGraphClient, endpoint: Endpoint
) -> None:
    """T20: notificationUrl and lifecycleNotificationUrl echo the decoded token; their own query stays."""
    made = await subscribe(client, endpoint)

    assert made.status == 201
    assert endpoint.handshakes == ["/notify?code=k", "/lifecycle?code=k"]
    assert [s["id"] for s in (await client.get("subscriptions")).value] == [made["id"]]


async def test_failed_handshake_refuses_the_subscription(client: BareGraphClient, endpoint: Endpoint) -> None:
    """T20: a wrong echo, or nobody there, is 400 ``ValidationError`` and leaves nothing behind."""
    endpoint.echo = False
    wrong = await subscribe(client, endpoint)
    nobody = await subscribe(client, endpoint, notificationUrl="http://127.0.0.1:9/notify")

    assert (wrong.status, wrong.code) == (400, "ValidationError")
    assert (nobody.status, nobody.code) == (400, "ValidationError")
    assert (await client.get("subscriptions")).value == []


@pytest.mark.parametrize(
    "changes",
    [
        {"changeType": "moved"},
        {"resource": f"/users/{ANN}/calendarView"},
        {"clientState": "x" * 129},
        {"resource": "/users/nobody@example.test/events"},
        {"colour": "red"},
    ],
    ids=["change", "resource", "state", "user", "unknown"],
)
async def test_invalid_subscription_is_refused(
    client: BareGraphClient, endpoint: Endpoint, changes: dict[str, Any]
) -> None:
    """What a subscription cannot be is refused before any handshake."""
    answer = await subscribe(client, endpoint, **changes)

    assert answer.status in (400, 404)
    assert endpoint.handshakes == []


async def test_expiry_has_its_limits(client: BareGraphClient, endpoint: Endpoint) -> None:
    """Too far is 400, too near is raised to 45 minutes, and an expired one vanishes silently."""
    client.graph.clock.set(NOON)
    far = await subscribe(client, endpoint, expirationDateTime=(NOON + timedelta(minutes=4231)).isoformat())
    near = await subscribe(client, endpoint, expirationDateTime=(NOON + timedelta(minutes=1)).isoformat())
    path = f"subscriptions/{near['id']}"
    renewed = await client.patch(path, {"expirationDateTime": (NOON + timedelta(minutes=60)).isoformat()})
    client.graph.clock.advance(timedelta(hours=2))

    assert (far.status, far.code) == (400, "ErrorInvalidParameter")
    assert near["expirationDateTime"] == "2026-11-23T12:45:00.0000000Z"
    assert renewed["expirationDateTime"] == "2026-11-23T13:00:00.0000000Z"
    assert (await client.patch(path, {"expirationDateTime": ONE.isoformat()})).status == 404


async def test_second_equal_subscription_is_a_duplicate(client: BareGraphClient, endpoint: Endpoint) -> None:
    """T20: same resource and changeType is 409 and names the first."""
    first = await subscribe(client, endpoint)
    second = await subscribe(client, endpoint)

    assert (second.status, second.code) == (409, "ObjectIdentifierInUse")
    assert first["id"] in second["error"]["message"]
    assert (await client.delete(f"subscriptions/{first['id']}")).status == 204
    assert (await subscribe(client, endpoint)).status == 201


async def test_create_notifies_as_created_and_as_updated(
    client: BareGraphClient, graph: GraphSimulator, endpoint: Endpoint
) -> None:
    """T19: one create gives two notifications with the client state and the immutable id."""
    await subscribe(client, endpoint)
    ident = graph.person(ANN).create("New", NOON, ONE)
    graph.person(BOB).create("Elsewhere", NOON, ONE)
    await graph.subscriptions.settle()

    assert sorted(i["changeType"] for i in endpoint.items) == ["created", "updated"]
    assert {i["resourceData"]["id"] for i in endpoint.items} == {ident}
    assert {i["clientState"] for i in endpoint.items} == {"secret"}
    assert endpoint.items[0]["resource"] == f"Users/{graph.mailbox(ANN).id}/Events/{ident}"


async def test_a_change_of_one_date_notifies_as_an_update_of_its_master(
    client: BareGraphClient, graph: GraphSimulator, endpoint: Endpoint
) -> None:
    """Changed, deleted or moved: the series is named, never the date."""
    ann = graph.person(ANN)
    ident = ann.create("Daily", NOON, ONE, zone="UTC", **daily())
    await subscribe(client, endpoint)
    ann.edit_date(ident, date(2026, 11, 24), subject="Special")
    ann.move_date(ident, date(2026, 11, 25), NOON + timedelta(hours=50), ONE + timedelta(hours=50))
    ann.delete_date(ident, date(2026, 11, 26))
    await graph.subscriptions.settle()

    assert [(i["changeType"], i["resourceData"]["id"]) for i in endpoint.items] == [("updated", ident)] * 3


async def test_id_kind_of_notifications_is_that_of_the_subscription(
    client: BareGraphClient, graph: GraphSimulator, endpoint: Endpoint
) -> None:
    """T17: a subscription made without the header notifies with regular ids."""
    url = {"notificationUrl": f"{endpoint.url}/n?a=1", "lifecycleNotificationUrl": None}
    body_of = await subscribe(client, endpoint, **url)
    await client.delete(f"subscriptions/{body_of['id']}")
    body = {
        "changeType": "updated",
        "resource": f"users/{ANN}/events",
        "notificationUrl": f"{endpoint.url}/n?a=1",
        "expirationDateTime": (graph.clock.now() + timedelta(hours=2)).isoformat(),
    }
    assert (await client.post("subscriptions", body, prefer="")).status == 201
    ident = graph.person(ANN).create("New", NOON, ONE)
    await graph.subscriptions.settle()

    assert endpoint.items[0]["resourceData"]["id"] != ident


async def test_deletion_notifies_and_refused_delivery_is_tried_again(
    client: BareGraphClient, graph: GraphSimulator, endpoint: Endpoint
) -> None:
    """T19: ``deleted`` arrives although the first delivery was refused."""
    ident = graph.person(ANN).create("Old", NOON, ONE)
    await subscribe(client, endpoint)
    endpoint.refuse = 1
    graph.person(ANN).delete(ident)
    await graph.subscriptions.settle()

    assert [i["changeType"] for i in endpoint.items] == ["deleted"]


async def test_notifications_get_lost_and_come_twice(
    client: BareGraphClient, graph: GraphSimulator, endpoint: Endpoint
) -> None:
    """T19: at least once, or never."""
    ident = graph.person(ANN).create("Old", NOON, ONE)
    await subscribe(client, endpoint)
    graph.subscriptions.deliveries.lost = 1
    graph.person(ANN).edit(ident, subject="A")
    graph.subscriptions.deliveries.copies = 2
    graph.person(ANN).edit(ident, subject="B")
    await graph.subscriptions.settle()

    assert [i["changeType"] for i in endpoint.items] == ["updated", "updated"]


@pytest.mark.parametrize(
    ("event", "left"), [("reauthorizationRequired", 1), ("subscriptionRemoved", 0), ("missed", 1)]
)
async def test_lifecycle_events(
    client: BareGraphClient, graph: GraphSimulator, endpoint: Endpoint, event: str, left: int
) -> None:
    """A lifecycle item has its event instead of a change; a removed subscription is gone."""
    made = await subscribe(client, endpoint)
    graph.subscriptions.lifecycle(ANN, event)
    await graph.subscriptions.settle()

    assert [(i["lifecycleEvent"], i["subscriptionId"]) for i in endpoint.items] == [(event, made["id"])]
    assert "changeType" not in endpoint.items[0]
    assert len((await client.get("subscriptions")).value) == left


async def test_subscription_to_a_mailbox_that_is_none(
    client: BareGraphClient, graph: GraphSimulator, endpoint: Endpoint
) -> None:
    """T22: the missing mailbox has another code here: ``ExtensionError``."""
    graph.mailbox(ANN).usable = False

    assert (await subscribe(client, endpoint)).code == "ExtensionError"
