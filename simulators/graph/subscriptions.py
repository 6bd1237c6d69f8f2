"""Serves ``/subscriptions`` and sends their notifications (graph.md §11).

Creating one shakes hands with both URLs first.  Every change then sends a notification per subscription,
soon, in no order, and a create both as ``created`` and ``updated``.  Deliveries that fail are tried again a few
times and then lost, as Graph does, only faster.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import aiohttp

from simulators.base import Clock, Refused
from simulators.graph import ids, outbound, zones
from simulators.graph.calls import Answer, Call
from simulators.graph.errors import GraphError, bad_request
from simulators.graph.mailbox import Mailbox
from simulators.graph.model import Item
from simulators.graph.world import World

Json = dict[str, Any]

LONGEST, SHORTEST = timedelta(minutes=4230), timedelta(minutes=45)
HANDSHAKE_SECONDS, DELIVERY_SECONDS = 10.0, 3.0
LIFECYCLE = ("reauthorizationRequired", "subscriptionRemoved", "missed")
_KNOWN = frozenset(
    (
        "changeType", "resource", "notificationUrl", "lifecycleNotificationUrl", "clientState",
        "latestSupportedTlsVersion", "expirationDateTime", "includeResourceData",
    )
)  # fmt: skip
_CHANGES = frozenset(("created", "updated", "deleted"))


@dataclass
class Subscription:
    """One subscription to the events of one mailbox."""

    id: str
    mailbox: Mailbox
    resource: str
    changes: frozenset[str]
    url: str
    lifecycle_url: str | None
    client_state: str | None
    expires_at: datetime
    immutable: bool

    def as_json(self) -> Json:
        """The ``subscription`` resource; the client state is not given back."""
        return {
            "id": self.id,
            "resource": self.resource,
            "changeType": ",".join(sorted(self.changes)),
            "clientState": None,
            "notificationUrl": self.url,
            "lifecycleNotificationUrl": self.lifecycle_url,
            "expirationDateTime": zones.instant_text(self.expires_at),
            "latestSupportedTlsVersion": "v1_2",
        }


@dataclass
class Deliveries:
    """How notifications travel: switches for tests, and what is under way."""

    on: bool = True
    attempts: int = 3
    pause_seconds: float = 0.05
    lost: int = 0  # so many next notifications are never sent
    copies: int = 1  # so often the same notification comes
    twins: bool = False  # whether a second equal subscription is accepted
    under_way: set[asyncio.Task[None]] = field(default_factory=set)


class SubscriptionDesk:
    """Keeps the subscriptions and sends what they ask for."""

    def __init__(self, clock: Clock, world: World) -> None:
        self.deliveries = Deliveries()
        self._clock = clock
        self._world = world
        self._known: dict[str, Subscription] = {}
        self._session: aiohttp.ClientSession | None = None
        self._shuffle = random.Random(11)
        world.listeners.append(self._changed)

    async def create(self, call: Call) -> Answer:
        """POST subscriptions: validate, shake hands, keep."""
        wanted = self._checked(call)
        twin = next((s for s in self._live() if _same(s, wanted)), None)
        if twin is not None and not self.deliveries.twins:
            raise GraphError(
                409,
                "ObjectIdentifierInUse",
                f"Subscription Id {twin.id} already exists for the requested combination",
            )
        for url in filter(None, (wanted.url, wanted.lifecycle_url)):
            await self._shake_hands(url)
        self._known[wanted.id] = wanted
        shown = {**wanted.as_json(), "clientState": wanted.client_state}
        return Answer(201, {"@odata.context": f"{call.origin}/v1.0/$metadata#subscriptions/$entity", **shown})

    def own(self, call: Call) -> Answer:
        """GET subscriptions: the application's own live ones."""
        return Answer(200, {"value": [s.as_json() for s in self._live()]})

    def get(self, call: Call, ident: str) -> Answer:
        """GET subscriptions/{id}."""
        return Answer(200, self._find(ident).as_json())

    def renew(self, call: Call, ident: str) -> Answer:
        """PATCH subscriptions/{id}: a new expiry, nothing else matters."""
        found = self._find(ident)
        if set(call.body) - {"expirationDateTime", "notificationUrl"}:
            raise bad_request("ErrorInvalidParameter", "Only expirationDateTime can be changed.")
        found.expires_at = self._expiry(call.body)
        return Answer(200, found.as_json())

    def reauthorize(self, call: Call, ident: str) -> Answer:
        """POST subscriptions/{id}/reauthorize."""
        self._find(ident)
        return Answer(204)

    def delete(self, call: Call, ident: str) -> Answer:
        """DELETE subscriptions/{id}."""
        self._find(ident)
        del self._known[ident]
        return Answer(204)

    def lifecycle(self, upn: str, event: str) -> None:
        """Send a lifecycle event for each subscription of a mailbox; ``subscriptionRemoved`` also drops it."""
        if event not in LIFECYCLE:
            raise Refused(f"there is no lifecycle event '{event}'")
        for one in [s for s in self._live() if s.mailbox.upn.lower() == upn.lower()]:
            if event == "subscriptionRemoved":
                del self._known[one.id]
            if one.lifecycle_url:
                self._send(one.lifecycle_url, {**self._head(one), "lifecycleEvent": event})

    def forge(self, upn: str, client_state: str = "forged") -> None:
        """Send a notification with a wrong client state."""
        for one in [s for s in self._live() if s.mailbox.upn.lower() == upn.lower()]:
            item = {**self._head(one), "clientState": client_state, "changeType": "updated"}
            self._send(one.url, {**item, "resource": f"Users/{one.mailbox.id}/Events/x"})

    async def settle(self) -> None:
        """Wait until everything under way is delivered or lost."""
        while self.deliveries.under_way:
            await asyncio.gather(*self.deliveries.under_way)

    async def close(self) -> None:
        """Stop sending."""
        for task in self.deliveries.under_way:
            task.cancel()
        await asyncio.gather(*self.deliveries.under_way, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def reset(self) -> None:
        """Forget every subscription and put the deliveries back to normal."""
        self._known.clear()
        self.deliveries = Deliveries(under_way=self.deliveries.under_way)

    def _live(self) -> list[Subscription]:
        """Subscriptions that are not over; an expired one vanishes silently."""
        now = self._clock.now()
        for ident in [s.id for s in self._known.values() if s.expires_at <= now]:
            del self._known[ident]
        return list(self._known.values())

    def _find(self, ident: str) -> Subscription:
        self._live()
        if ident not in self._known:
            raise GraphError(404, "ResourceNotFound", "The object was not found.")  # code UNCONFIRMED
        return self._known[ident]

    def _checked(self, call: Call) -> Subscription:
        body = call.body
        if not isinstance(body, dict) or set(body) - _KNOWN:
            raise bad_request("InvalidRequest", "The subscription has properties that do not exist.")
        changes = frozenset(part.strip() for part in str(body.get("changeType", "")).split(","))
        if not changes or not changes <= _CHANGES:
            raise bad_request("InvalidRequest", "The changeType is not valid.")
        if not isinstance(body.get("notificationUrl"), str) or len(body.get("clientState") or "") > 128:
            raise bad_request("InvalidRequest", "The notificationUrl or clientState is not valid.")
        return Subscription(
            id=ids.account_id(secrets.token_hex(16)),
            mailbox=self._mailbox(str(body.get("resource", ""))),
            resource=str(body["resource"]),
            changes=changes,
            url=body["notificationUrl"],
            lifecycle_url=body.get("lifecycleNotificationUrl"),
            client_state=body.get("clientState"),
            expires_at=self._expiry(body),
            immutable=call.view.immutable,
        )

    def _mailbox(self, resource: str) -> Mailbox:
        parts = resource.strip("/").split("/")
        if len(parts) != 3 or (parts[0].lower(), parts[2].lower()) != ("users", "events"):
            raise bad_request("InvalidRequest", f"Subscriptions to '{resource}' are not supported.")
        try:
            return self._world.mailbox(parts[1])
        except GraphError as error:
            # The same cause has another code and status text here (graph.md §2).
            raise GraphError(
                error.status,
                "ExtensionError",
                "Operation: Create; Exception: [Status Code: NotFound; Reason: REST API is not yet supported for "
                "this mailbox.]",
            ) from error

    def _expiry(self, body: Json) -> datetime:
        text = body.get("expirationDateTime")
        if not isinstance(text, str):
            raise bad_request("InvalidRequest", "The expirationDateTime is required.")
        at, now = zones.parse_instant(text), self._clock.now()
        if at > now + LONGEST:
            minutes = int(LONGEST.total_seconds() // 60)
            raise bad_request(
                "ErrorInvalidParameter", f"Subscription expiration can only be {minutes} minutes in the future."
            )
        return max(at, now + SHORTEST)

    async def _shake_hands(self, url: str) -> None:
        token = f"Validation: Testing client application reachability for subscription <{secrets.token_hex(8)}> + ü&%"
        joint = "&" if "?" in url else "?"
        try:
            async with self._open().post(
                f"{url}{joint}validationToken={quote(token, safe='')}",
                headers={"Content-Type": "text/plain; charset=utf-8"},
                timeout=aiohttp.ClientTimeout(total=HANDSHAKE_SECONDS),
            ) as answer:
                said = await answer.text()
                good = answer.status == 200 and answer.content_type == "text/plain" and said == token
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _handshake_failed() from error
        if not good:
            raise _handshake_failed()

    def _changed(self, item: Item, kind: str) -> None:
        if not self._known or not self.deliveries.on:
            return
        kinds = ("created", "updated") if kind == "created" else (kind,)
        for one in self._live():
            if one.mailbox is item.mailbox:
                for each in sorted(one.changes.intersection(kinds)) * self.deliveries.copies:
                    self._send(one.url, self._notification(one, item, each))

    def _notification(self, one: Subscription, item: Item, kind: str) -> Json:
        ident = item.immutable_id if one.immutable else item.regular_id
        resource = f"Users/{one.mailbox.id}/Events/{ident}"
        return {
            **self._head(one),
            "changeType": kind,
            "resource": resource,
            "resourceData": {
                "@odata.type": "#Microsoft.Graph.Event",
                "@odata.id": resource,
                "@odata.etag": outbound.etag(item),
                "id": ident,
            },
        }

    def _head(self, one: Subscription) -> Json:
        return {
            "subscriptionId": one.id,
            "subscriptionExpirationDateTime": zones.instant_text(one.expires_at),
            "clientState": one.client_state,
            "tenantId": "graph-sim-tenant",
        }

    def _send(self, url: str, item: Json) -> None:
        if self.deliveries.lost > 0:
            self.deliveries.lost -= 1
            return
        task = asyncio.get_running_loop().create_task(self._deliver(url, {"value": [item]}))
        self.deliveries.under_way.add(task)
        task.add_done_callback(self.deliveries.under_way.discard)

    async def _deliver(self, url: str, body: Json) -> None:
        await asyncio.sleep(self._shuffle.random() * self.deliveries.pause_seconds)
        for _ in range(self.deliveries.attempts):
            try:
                async with self._open().post(
                    url, json=body, timeout=aiohttp.ClientTimeout(total=DELIVERY_SECONDS)
                ) as answer:
                    if 200 <= answer.status < 300:
                        return
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(self.deliveries.pause_seconds)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession()
        return self._session


def _same(one: Subscription, other: Subscription) -> bool:
    return (one.mailbox, one.changes) == (other.mailbox, other.changes)


def _handshake_failed() -> GraphError:
    return bad_request("ValidationError", "Subscription validation request timed out.")
