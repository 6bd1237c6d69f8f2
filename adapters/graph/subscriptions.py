"""Subscribes to change notifications of a mailbox's events, as ``jobs.ports.Subscriptions``.

Facts: graph.md §11. Subscriptions are asked for at most ``LONGEST``; the end that Graph answers counts.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from adapters.graph.client import GraphClient
from adapters.graph.evidence import utc
from adapters.graph.pages import read_pages, rows_of
from adapters.graph.wire import Answer, Json, Request, failure, segment, usable_id
from jobs.ports import LiveSubscription, Subscription
from sync_core.errors import ItemGone, SideUnavailable
from sync_core.model.sides import Side

LONGEST = timedelta(minutes=4200)
"""The longest span that Graph accepts in practice; it refuses the documented 10,080 minutes (graph.md §11)."""

CHANGES = "created,updated,deleted"


class GraphSubscriptions:
    """The subscriptions of one app."""

    def __init__(self, client: GraphClient) -> None:
        self._client = client

    async def list_live(self) -> list[LiveSubscription]:
        """See ``Subscriptions.list_live``; rows that cannot be parsed are left out."""
        found: list[LiveSubscription] = []
        async for page in read_pages(self._client, Request("GET", "/subscriptions"), "", failure):
            found += [live for row in rows_of(page) if (live := _live(row)) is not None]
        return found

    async def subscribe(self, wanted: Subscription, until: datetime) -> Subscription:
        """See ``Subscriptions.subscribe``. Sent once only: a repeated create would be refused as a duplicate."""
        body: Json = {
            "changeType": CHANGES,
            "resource": f"/users/{segment(wanted.user_id)}/events",
            "notificationUrl": wanted.url,
            "lifecycleNotificationUrl": wanted.url,
            "clientState": wanted.client_state,
            "latestSupportedTlsVersion": "v1_2",
            "expirationDateTime": utc(self._bounded(until)),
        }
        answer = await self._client.send_once(Request("POST", "/subscriptions", body), safe=False)
        live = _live(self._fine(answer))
        if live is None:
            raise SideUnavailable(Side.GRAPH, "Microsoft Graph answered with something that is no subscription")
        return Subscription(wanted.user_id, wanted.secret, live.id, wanted.url, live.expires_at)

    async def renew(self, subscription_id: str, until: datetime) -> datetime | None:
        """See ``Subscriptions.renew``."""
        body: Json = {"expirationDateTime": utc(self._bounded(until))}
        answer = await self._client.send(Request("PATCH", _path(subscription_id), body))
        if answer.status == 404:  # the code is UNCONFIRMED (graph.md §11), so the status alone counts
            return None
        end = _instant(self._fine(answer).get("expirationDateTime"))
        return end or self._bounded(until)

    async def unsubscribe(self, subscription_id: str) -> None:
        """See ``Subscriptions.unsubscribe``."""
        answer = await self._client.send(Request("DELETE", _path(subscription_id)))
        if answer.status != 404:
            self._fine(answer)

    def _bounded(self, until: datetime) -> datetime:
        return min(until, self._client.clock() + LONGEST)

    def _fine(self, answer: Answer) -> Json:
        if not answer.ok:
            error = failure(answer, self._client.clock(), writing=True)
            if isinstance(error, ItemGone):
                error = SideUnavailable(Side.GRAPH, str(error))
            raise error
        return answer.body or {}


def _path(subscription_id: str) -> str:
    return f"/subscriptions/{segment(subscription_id)}"


def _live(row: object) -> LiveSubscription | None:
    if not isinstance(row, dict):
        return None
    key, ends = usable_id(row.get("id")), _instant(row.get("expirationDateTime"))
    if not key or ends is None:
        return None
    return LiveSubscription(key, str(row.get("resource") or ""), str(row.get("notificationUrl") or ""), ends)


def _instant(text: object) -> datetime | None:
    """Parse an instant of Graph's: UTC, with seven digits of a second or none."""
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
