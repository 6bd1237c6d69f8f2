"""Keeps Graph's subscriptions: makes and renews them, replaces lost ones, ends those of users switched off.

Facts: graph.md §11. The row with the secret is stored before Graph is asked, so that the first notification can be
verified already. A subscription to our address that has no row is ended: its secret is lost, so its notifications
could not be verified.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

from jobs.forgotten import erase_if_forgotten
from jobs.log import log_failure, log_line
from jobs.ports import LiveSubscription, Subscription
from jobs.together import together
from jobs.wake import wake
from jobs.world import World
from sync_core.errors import CalsyncError, ItemRejected, SideError

ROUTE = "/api/webhooks/graph"

SPAN = timedelta(minutes=4200)
"""How long a subscription is asked for (graph.md §11)."""

MARGIN = timedelta(hours=24)
"""How long before its end a subscription is renewed: it survives a day of failures."""

AT_ONCE = 4
"""How many subscriptions are made at the same time: each costs two handshakes with our own endpoint."""

IN_USE = "objectidentifierinuse"


def address(world: World) -> str:
    """Where Graph sends notifications, '' if the app polls."""
    return f"{world.public_url}{ROUTE}" if world.public_url else ""


async def keep_all(world: World) -> None:
    """Keep every user's subscription, once an hour: read Graph's list, then make only the calls that are needed.

    A user whose subscription cannot be kept is polled until the next hour. Raises ``SideError`` if Graph cannot be
    asked at all.
    """
    live = await world.subscriptions.list_live()
    users = {user.id for user in await world.store.list_users() if user.enabled} if address(world) else set()
    rows = {row.user_id: row for row in await world.store.list_subscriptions()}
    ids = {one.id for one in live}

    async def keep(user_id: str) -> bool:
        return await _keep_or_log(world, user_id, ids)

    kept = await together(keep, sorted(users), AT_ONCE)
    ended = [row for user_id, row in sorted(rows.items()) if user_id not in users and not row.unreadable]
    await together(lambda row: _end_or_log(world, row), ended, AT_ONCE)
    await _end_unknown(world, live, list(rows.values()))
    log_line("keeper", {"users": len(users), "kept": sum(kept), "ended": len(ended)})


async def keep_user(world: World, user_id: str, *, renew: bool = False, live: Collection[str] | None = None) -> None:
    """Keep one user's subscription. Raises what Graph raises.

    ``renew`` renews it whatever its end, which also reauthorizes it. ``live`` are the ids that Graph lists, None if
    unknown. A lost subscription is replaced, and the user is woken, since a change may have been missed.
    """
    row = await world.store.read_subscription(user_id)
    if row is not None and row.id and row.url != address(world):
        await world.subscriptions.unsubscribe(row.id)
    elif row is not None and row.id and (live is None or row.id in live):
        if not renew and row.expires_at is not None and row.expires_at - world.clock() > MARGIN:
            return
        until = await world.subscriptions.renew(row.id, world.clock() + SPAN)
        if until is not None:
            await world.store.save_subscription(replace(row, expires_at=until))
            await erase_if_forgotten(world, user_id)
            return
    await _make(world, user_id)
    if row is not None:
        await wake(world, user_id)


async def end_user(world: World, user_id: str) -> None:
    """End a user's subscription. If Graph cannot end it now, its row stays and ``keep_all`` ends it."""
    row = await world.store.read_subscription(user_id)
    if row is not None:
        await _end_or_log(world, row)


async def _make(world: World, user_id: str) -> None:
    wanted = Subscription(user_id, secrets.token_hex(32), url=address(world))
    await world.store.save_subscription(wanted)
    made = await _subscribe(world, wanted)
    await world.store.save_subscription(made)
    user = await world.store.read_user(user_id)
    if user is None or not user.enabled:
        await _end_or_log(world, made)


async def _subscribe(world: World, wanted: Subscription) -> Subscription:
    """Subscribe. If Graph has a subscription of the same mailbox and address (409), end it first: its secret is
    lost."""
    until = world.clock() + SPAN
    try:
        return await world.subscriptions.subscribe(wanted, until)
    except ItemRejected as refused:
        if refused.code.casefold() != IN_USE:
            raise
    for twin in await world.subscriptions.list_live():
        if twin.url == wanted.url and _is_about(twin, wanted):
            await world.subscriptions.unsubscribe(twin.id)
    return await world.subscriptions.subscribe(wanted, until)


async def _keep_or_log(world: World, user_id: str, live: Collection[str]) -> bool:
    try:
        await keep_user(world, user_id, live=live)
    except CalsyncError as error:
        log_failure("keeper", error, user_id=user_id)
        return False
    return True


async def _end_or_log(world: World, row: Subscription) -> None:
    try:
        if row.id:
            await world.subscriptions.unsubscribe(row.id)
        await world.store.drop_subscription(row.user_id)
    except SideError as error:
        log_failure("keeper", error, user_id=row.user_id)


async def _end_unknown(world: World, live: Collection[LiveSubscription], rows: Collection[Subscription]) -> None:
    """End the live subscriptions to our address that have no row. One that is being made has a row without an id."""
    known = {row.id for row in rows}
    begun = [row for row in rows if not row.id]
    for one in live:
        is_ours = one.url == address(world) and one.id not in known
        if is_ours and not any(_is_about(one, row) for row in begun):
            await _end_or_log(world, Subscription("", "", one.id))


def _is_about(live: LiveSubscription, row: Subscription) -> bool:
    """Whether both are about the same mailbox; Graph chooses the resource's letter case and leading slash."""
    return row.user_id.casefold() in live.resource.casefold().split("/")
