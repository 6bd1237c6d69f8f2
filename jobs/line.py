"""The line before ERP.net: at most one message on its way for each order, and which order is next.

Whatever has to come later (no session is free, a side does not answer, a second look) has a row and one message that
bears the row's ticket. Another wish for the same thing is written into the row and sends nothing: hidden messages
count for the platform's scaling (azure.md §6). Whoever holds a session serves those who wait for one, in turn; their
messages then find nothing left to do. A message that got lost is noticed by being overdue, and nothing hangs on one:
an unserved wake token makes its user due at the next timer (design.md §7).
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from jobs.messages import Call, merged, read_call, write
from jobs.pauses import growing
from jobs.ports import LineStore, Queued
from jobs.world import World
from sync_core.errors import StaleWrite, StoreError, StoreUnavailable

OVERDUE = timedelta(minutes=5)
"""A message that is not seen so long after its time got lost: the next one takes its place."""

BIG_YIELDS = timedelta(minutes=10)
"""A full round lets small ones pass for so long; then it is its turn as anybody's."""

RACES = 5
"""How often a row is tried to be written against others; after that somebody's message is certainly on its way."""


def pause(waits: int) -> float:
    """Seconds until a session is asked for again: 5, 10, 20 … at most three minutes."""
    return growing(waits, first=5.0, longest=180.0)


async def later(
    world: World, order: Call, delay: float, *, since: datetime | None = None, is_big: bool = False
) -> None:
    """Do this after ``delay`` seconds; or before, if it waits for a session (``since``) and its turn comes."""
    now = world.clock()
    due_at = now + timedelta(seconds=delay)
    wish = Queued(order.key, secrets.token_hex(6), due_at, _without_ticket(order), since, due_at, is_big)
    for _ in range(RACES):
        known = await world.store.read_queued(order.key)
        is_on_its_way = known is not None and _is_on_its_way(known, now)
        row = _joined(known, wish) if known and is_on_its_way else replace(wish, etag=known.etag if known else "")
        with suppress(StaleWrite):
            row = await world.store.save_queued(row)
            if not is_on_its_way:
                await _send(world, row, order, delay)
            return


async def at_once(world: World, order: Call) -> None:
    """Send this now, unless it waits for a session already: then it is done when it is its turn."""
    known, now = await world.store.read_queued(order.key), world.clock()
    if known is not None and known.since is not None and _is_on_its_way(known, now):
        with suppress(StaleWrite):  # else its message was seen just now
            wish = Queued(order.key, "", now, _without_ticket(order), now, now)
            await world.store.save_queued(_joined(known, wish))
            return
    await world.queue.send(write(order))


def _without_ticket(order: Call) -> dict[str, str | bool | int]:
    """The message as its row keeps it; which ticket it bears, the row says itself."""
    return write(replace(order, ticket=""))


async def _send(world: World, row: Queued, order: Call, delay: float) -> None:
    try:
        await world.queue.send(write(replace(order, ticket=row.ticket)), delay_seconds=delay)
    except StoreUnavailable:
        with suppress(StoreError):  # no message is on its way: the next one must not rely on it
            await world.store.drop_queued(row)
        raise


def _is_on_its_way(known: Queued, now: datetime) -> bool:
    return known.due_at + OVERDUE > now


def _joined(known: Queued, wish: Queued) -> Queued:
    """The row of the message that is on its way already, with another wish in it."""
    order = merged(read_call(known.message), read_call(wish.message))
    if order is None:
        return replace(wish, ticket=known.ticket, due_at=known.due_at, etag=known.etag)
    return replace(
        known,
        message=write(order),
        since=_earlier(known.since, wish.since),
        not_before=_earlier(known.not_before, wish.not_before),
        is_big=known.is_big or wish.is_big,
    )


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at is not None), default=None)


async def arrived(store: LineStore, key: str, ticket: str) -> Queued | None:
    """What a message that bears a ticket is to do, taken out of the line; None if another one has taken its place."""
    for _ in range(RACES):
        known = await store.read_queued(key)
        if known is None or known.ticket != ticket:
            return None
        with suppress(StaleWrite):
            await store.drop_queued(known)
            return known
    return None


async def waiting(world: World) -> list[Queued]:
    """Those who wait for a session, in turn: small ones first, and full rounds that have waited long; by age."""
    now = world.clock()
    found = [one for one in await world.store.list_queued() if one.since is not None and one.message is not None]

    def turn(one: Queued) -> tuple[bool, datetime]:
        assert one.since is not None
        return one.is_big and now - one.since < BIG_YIELDS, one.since

    return sorted(found, key=turn)


async def claim(store: LineStore, queued: Queued) -> bool:
    """Take somebody's turn for them; False if it was taken, or changed, meanwhile. Their message stays on its way."""
    try:
        await store.save_queued(replace(queued, message=None, since=None, is_big=False))
    except StaleWrite:
        return False
    return True
