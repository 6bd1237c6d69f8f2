"""Both webhooks. A notification is only a hint: what it is about is read from its own side by a round or a pull.

Graph is believed only with the right ``clientState`` (graph.md §11, T19). However many items a body has, each user in
it is woken once. Wrong items are ignored silently. The endpoint must answer within three seconds,
so here are two reads per named user and one message, nothing more. ERP.net's webhook brings one pull.
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
"""Users looked up for one body: a forged one must not keep the endpoint busy."""

RENEWING = frozenset({"reauthorizationRequired", "subscriptionRemoved"})


class MalformedBody(CalsyncError):
    """The body is no collection of notifications; answered with 400 and without details."""


async def receive(world: World, body: bytes) -> None:
    """Wake whom these notifications name. Raises ``MalformedBody``, and ``StoreUnavailable``: Graph sends again."""
    items = parse(body)
    events = _by_sender(items)
    senders = list(events)[:USERS_LIMIT]
    believed = [sender for sender, ok in zip(senders, await _believe(world, senders), strict=True) if ok]
    await together(lambda sender: _serve(world, sender[0], events[sender]), believed)
    log_line("notifications", {"items": len(items), "users": len(believed), "ignored": len(events) - len(believed)})


async def hear_erp(world: World) -> None:
    """ERP.net's webhook: something changed by now; what, the pull will find."""
    await wake_pull(world, world.clock())


def parse(body: bytes) -> list[dict[str, Any]]:
    """The items of a body. Raises ``MalformedBody``."""
    try:
        value = json.loads(body)["value"]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise MalformedBody("no collection of notifications") from None
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise MalformedBody("no collection of notifications")
    return value


Sender = tuple[str, str]
"""The user a ``clientState`` names, and the whole of it."""


def _by_sender(items: list[dict[str, Any]]) -> dict[Sender, set[str]]:
    """Sender → the lifecycle events among the items, '' for a plain change."""
    events: dict[Sender, set[str]] = defaultdict(set)
    for item in items:
        state = item.get("clientState")
        if isinstance(state, str) and (user_id := state.rpartition(".")[0]):
            events[user_id, state].add(str(item.get("lifecycleEvent") or ""))
    return events


async def _believe(world: World, senders: list[Sender]) -> list[bool]:
    async def one(sender: Sender) -> bool:
        try:
            known = await world.store.read_subscription(sender[0])
        except RowUnreadable as error:  # this user is found by the timer; the others are told now
            log_failure("notifications", error, user_id=sender[0])
            return False
        return known is not None and hmac.compare_digest(_bytes(known.client_state), _bytes(sender[1]))

    return await together(one, senders)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


async def _serve(world: World, user_id: str, events: set[str]) -> None:
    """Renewing also makes anew what was removed (and wakes then); all else means: look at the calendar."""
    if events & RENEWING:
        await world.queue.send(write(Renew(user_id)))
    if events - {"reauthorizationRequired"}:
        await wake(world, user_id, notified=True)
