"""Serves both webhooks. A notification is only a hint: a round or a pull reads the change from the side itself.

An item of Graph's counts only with the right ``clientState`` (graph.md §11, T19); others are ignored silently. Each
user is woken once, however many items a body has. The endpoint must answer within three seconds, so for each user it
makes only two reads and sends one message. ERP.net's webhook asks for one pull.
"""

from __future__ import annotations

import hmac
import json
from collections import defaultdict
from typing import Any

from jobs.log import log_failure, log_line
from jobs.messages import Renew, write
from jobs.together import together
from jobs.wake import wake, wake_pull
from jobs.world import World
from sync_core.errors import CalsyncError, RowUnreadable

USERS_LIMIT = 500
"""The most users looked up for one body: a forged body must not keep the endpoint busy."""

RENEWING = frozenset({"reauthorizationRequired", "subscriptionRemoved"})


class MalformedBody(CalsyncError):
    """The body is no collection of notifications; answered with 400 and without details."""


async def receive_graph(world: World, body: bytes) -> None:
    """Wake the users whom a body of notifications names.

    Raises ``MalformedBody``, and ``StoreUnavailable``, after which Graph sends the notifications again.
    """
    items = parse(body)
    events = _by_sender(items)
    senders = list(events)[:USERS_LIMIT]
    verified = [sender for sender, ok in zip(senders, await _verify(world, senders), strict=True) if ok]
    await together(lambda sender: _serve(world, sender[0], events[sender]), verified)
    log_line("notifications", {"items": len(items), "users": len(verified), "ignored": len(events) - len(verified)})


async def receive_erp(world: World) -> None:
    """Ask for a pull, since ERP.net's webhook announced a change."""
    await wake_pull(world, world.clock())


def parse(body: bytes) -> list[dict[str, Any]]:
    """Read the items of a body. Raises ``MalformedBody``."""
    try:
        value = json.loads(body)["value"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise MalformedBody("no collection of notifications") from None
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise MalformedBody("no collection of notifications")
    return value


Sender = tuple[str, str]
"""The user whom a ``clientState`` names, and the ``clientState`` itself."""


def _by_sender(items: list[dict[str, Any]]) -> dict[Sender, set[str]]:
    """Sender → the lifecycle events among the items, '' for a plain change."""
    events: dict[Sender, set[str]] = defaultdict(set)
    for item in items:
        state = item.get("clientState")
        if isinstance(state, str) and (user_id := state.rpartition(".")[0]):
            events[user_id, state].add(str(item.get("lifecycleEvent") or ""))
    return events


async def _verify(world: World, senders: list[Sender]) -> list[bool]:
    async def one(sender: Sender) -> bool:
        try:
            known = await world.store.read_subscription(sender[0])
        except RowUnreadable as error:  # the timer finds this user; the others are woken now
            log_failure("notifications", error, user_id=sender[0])
            return False
        return known is not None and hmac.compare_digest(_bytes(known.client_state), _bytes(sender[1]))

    return await together(one, senders)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


async def _serve(world: World, user_id: str, events: set[str]) -> None:
    """Send an order to renew the subscription for a lifecycle event; wake the user for a change."""
    if events & RENEWING:
        await world.queue.send(write(Renew(user_id)))
    if events - {"reauthorizationRequired"}:
        await wake(world, user_id, notified=True)
