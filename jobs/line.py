"""The line before ERP.net: it keeps at most one delayed message for each order (deduplication), and says who is next.

An order that has to come later (no session is free, a side does not answer, a second look) has a row and one message
that bears the row's ticket. A second order with the same key is merged into the row and sends no message, because
hidden messages count for the platform's scaling (azure.md §6). A process that holds a session serves the orders that
wait for one, in turn, and withdraws their messages; so does whoever sends the same order at once. A message whose row
is gone finds nothing to do. An overdue message counts as lost and is replaced, and withdrawn if it was not. No order
depends on its message: an unserved wake token makes its user due at the next timer (design.md §7).
"""

from __future__ import annotations

import random
import secrets
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from jobs.backoff import exponential
from jobs.messages import Call, Round, merged, read_call, write
from jobs.ports import LineStore, Queued
from jobs.world import World
from sync_core.errors import StaleWrite, StoreError, StoreUnavailable

OVERDUE = timedelta(minutes=5)
"""A message not seen so long after its time counts as lost: the next order sends another."""

STANDS = timedelta(hours=1)
"""How long a message that was not seen when its order was served out of turn is expected to come."""

RACES = 5
"""The most tries to write a row while other processes write it; after so many another's message is on its way."""


A_SECOND_EACH = 2.0
"""Seconds for each who waits: over how long their messages are spread, so that one comes a second, however many."""


def session_delay(waits: int, waiting: int = 0) -> float:
    """Seconds until the session is asked for again, after ``waits`` tries: 5, 10, 20 … at most three minutes.

    Where hundreds are ``waiting``, longer: whoever has the session serves them in turn, and their own messages would
    only ask for it again and again.
    """
    spread = random.uniform(0.0, A_SECOND_EACH) * waiting  # noqa: S311 - jitter, no secret
    return max(exponential(waits, first=5.0, longest=180.0), spread)


async def send_later(
    world: World, order: Call, delay: float, *, since: datetime | None = None, is_big: bool = False
) -> None:
    """Send an order that is due in ``delay`` seconds, unless its message is on its way already.

    ``since`` is when it began to wait for a session: then it may be served earlier, when its turn comes. ``is_big``
    means a full round. Raises ``StoreUnavailable``.
    """
    now = world.clock()
    due_at = now + timedelta(seconds=delay)
    wanted = Queued(order.key, secrets.token_hex(6), due_at, _without_ticket(order), since, due_at, is_big)
    for _ in range(RACES):
        known = await world.store.read_queued(order.key)
        if known is not None and _may_stand(known, now):
            with suppress(StaleWrite):
                await world.store.save_queued(_in_line(known, wanted))
                return
            continue
        is_on_its_way = known is not None and _is_on_its_way(known, now)
        row = _joined(known, wanted) if known and is_on_its_way else replace(wanted, etag=known.etag if known else "")
        with suppress(StaleWrite):
            row = await world.store.save_queued(row)
            if not is_on_its_way:
                await _withdraw(world, known)
                await _send(world, row, order, delay)
            return


async def send_now(world: World, order: Call, *, asked: bool = False) -> None:
    """Send an order that is due now. If the same order waits for a session, merge the two and send nothing; if it
    comes later, it comes now instead. Where an earlier message may still stand in the queue, none is sent unless it
    is ``asked`` by somebody: the order waits for whoever has a session."""
    known, now = await world.store.read_queued(order.key), world.clock()
    if known is not None and not asked and _may_stand(known, now):
        with suppress(StaleWrite):  # its message was seen just now, so another is sent
            await world.store.save_queued(_in_line(known, _waiting(order, now)))
            return
    if known is not None and _is_on_its_way(known, now):
        with suppress(StaleWrite):  # its message was seen just now, so another is sent
            if known.since is not None:
                await world.store.save_queued(_joined(known, _waiting(order, now)))
                return
            if known.receipt:
                await _take_back(world, known)
                order = _sooner(read_call(known.message), order)
    await world.queue.send(write(order))


async def ask_again(world: World, order: Call) -> None:
    """Ask for an order whose message may stand in the queue, or be lost: send none, and let whoever has a session do
    the order, in turn.

    So there is one message for each thing to do, also in a queue that nobody serves. Raises ``StoreUnavailable``.
    """
    known, now = await world.store.read_queued(order.key), world.clock()
    is_on_its_way = known is not None and _is_on_its_way(known, now)
    if known is not None and is_on_its_way and (known.since is not None or known.due_at > now):
        await send_now(world, order)
        return
    waiting = _waiting(order, now)
    row = _joined(known, waiting) if known and is_on_its_way else replace(waiting, etag=known.etag if known else "")
    with suppress(StaleWrite):  # somebody else has asked, or has taken it
        await world.store.save_queued(row)
        if not is_on_its_way:
            await _withdraw(world, known)


def _waiting(order: Call, now: datetime) -> Queued:
    """The row of an order that waits for a session from now on, and for no message."""
    return Queued(order.key, "", now, _without_ticket(order), now, now)


def _sooner(later: Call | None, order: Call) -> Call:
    """The two as one that is done now; it has not been tried yet."""
    both = merged(later, order)
    return replace(both, tries=0) if isinstance(both, Round) else both or order


async def _take_back(world: World, known: Queued) -> None:
    """Drop the row, and withdraw its message, which is not needed any more. Raises ``StaleWrite``."""
    await world.store.drop_queued(known)
    await _withdraw(world, known)


async def _withdraw(world: World, known: Queued | None) -> None:
    """Withdraw the message of a row that is gone or replaced; one that comes all the same finds that."""
    if known is not None and known.receipt:
        with suppress(StoreUnavailable):
            await world.queue.withdraw(known.receipt)


def _without_ticket(order: Call) -> dict[str, str | bool | int]:
    """The message as a row stores it; the row has the ticket."""
    return write(replace(order, ticket=""))


async def _send(world: World, row: Queued, order: Call, delay: float) -> None:
    try:
        receipt = await world.queue.send(write(replace(order, ticket=row.ticket)), delay_seconds=delay)
    except StoreUnavailable:
        with suppress(StoreError):  # no message is on its way: the row must not say so
            await world.store.drop_queued(row)
        raise
    with suppress(StoreError, StaleWrite):  # without a receipt the message comes, and finds what is left to do
        await world.store.save_queued(replace(row, receipt=receipt))


def _may_stand(known: Queued, now: datetime) -> bool:
    """Whether a message that has no ticket may stand in the queue: its order waits here, too, or was served so."""
    return not known.ticket and known.due_at + STANDS > now


def _in_line(known: Queued, wanted: Queued) -> Queued:
    """The row of an order that waits for a session once it is due, and for no message but the one that may stand."""
    return replace(wanted, ticket="", due_at=known.due_at, since=wanted.since or wanted.due_at, etag=known.etag)


async def seen(world: World, order: Call) -> None:
    """A message came, or a turn, and there was nothing to do: no message stands in the queue any more."""
    known = await world.store.read_queued(order.key)
    if known is not None and not known.ticket and known.message is None:
        with suppress(StaleWrite):
            await world.store.drop_queued(known)


def _is_on_its_way(known: Queued, now: datetime) -> bool:
    return bool(known.ticket) and known.due_at + OVERDUE > now


def _joined(known: Queued, wanted: Queued) -> Queued:
    """The row of the message that is on its way, merged with another order."""
    order = merged(read_call(known.message), read_call(wanted.message))
    if order is None:
        return replace(wanted, ticket=known.ticket, due_at=known.due_at, etag=known.etag)
    return replace(
        known,
        message=write(order),
        since=_earlier(known.since, wanted.since),
        not_before=_earlier(known.not_before, wanted.not_before),
        is_big=known.is_big or wanted.is_big,
    )


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((at for at in (one, other) if at is not None), default=None)


async def take_message(store: LineStore, key: str, ticket: str) -> Queued | None:
    """Take the row of a message that arrived out of the line; None if another message has replaced this one."""
    for _ in range(RACES):
        known = await store.read_queued(key)
        if known is None or known.ticket != ticket:
            return None
        with suppress(StaleWrite):
            await store.drop_queued(known)
            return known
    return None


async def take_turn(world: World, queued: Queued) -> bool:
    """Mark a waiting order as served by us, withdraw its message; False if its row is gone or was changed meanwhile.

    The mark comes first: a row that is gone cannot be marked, though it can be dropped as if it had been there, and
    several processes may have read it. A message without a receipt stays on its way, and the row says so; so it does
    of one without a ticket, which may stand in the queue (``ask_again``).
    """
    try:
        ours = await world.store.save_queued(replace(queued, message=None, since=None, is_big=False))
    except StaleWrite:
        return False
    if ours.receipt:
        with suppress(StaleWrite):  # who has changed it since asks for more than what we do
            await _take_back(world, ours)
    return True
