"""Defers an order that cannot be carried out now: puts it in the line for a session, or sends it again.

Every known trouble ends here, with its message completed (design.md §6).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from jobs import line
from jobs.backoff import LICENCE_BACKOFF, exponential, jittered
from jobs.log import log_failure
from jobs.messages import Asked, Call, Order, Pull, Round, write
from jobs.world import World
from sync_core.errors import CalsyncError, StoreUnavailable, Throttled


@dataclass(frozen=True, slots=True)
class Turn:
    """An order whose turn it is; ``since`` and ``is_big`` are those of its row in the line (``Queued``).

    ``is_redelivered``: an earlier delivery of its message was cut off.
    """

    order: Call
    since: datetime | None = None
    is_big: bool = False
    is_redelivered: bool = False


async def line_up(world: World, turn: Turn, until: datetime | None = None, *, is_big: bool = False) -> None:
    """Put an order in the line for a session; its message comes no earlier than ``until``."""
    order, is_big = turn.order, is_big or turn.is_big
    delay = line.session_delay(order.waits, world.in_turn.ahead(is_big=is_big))
    if until is not None:
        delay = max(delay, jittered(seconds_left(world, until)))
    since = turn.since or world.clock()
    await line.send_later(world, replace(order, waits=order.waits + 1), delay, since=since, is_big=is_big)


def back_off(world: World, taken: Throttled) -> datetime:
    """Back off from ERP.net, which has no licence for us; return until when."""
    until = world.clock() + timedelta(seconds=taken.retry_after or LICENCE_BACKOFF)
    world.erp_slot.back_off(until)
    return until


@asynccontextmanager
async def logging_failures(world: World, order: Order) -> AsyncIterator[None]:
    """Log known failures and end them here. Without the store there is no line either, so the order is sent again as
    a message."""
    try:
        yield
    except StoreUnavailable as error:
        log_failure("work", error, user_id=_user_of(order))
        tries = order.tries if isinstance(order, Round) else 0
        await world.queue.send(write(_again(order)), delay_seconds=pause_before(tries))
    except CalsyncError as error:
        log_failure("work", error, user_id=_user_of(order))


def _user_of(order: Order) -> str:
    return "" if isinstance(order, Pull | Asked) else order.user_id


def _again(order: Order) -> Order:
    """The order with one more try counted."""
    return replace(order, tries=order.tries + 1) if isinstance(order, Round) else order


def pause_before(tries: int) -> float:
    """Seconds before the next try: 15, 30, 60 … at most five minutes."""
    return exponential(tries, first=15.0, longest=300.0)


def seconds_left(world: World, until: datetime) -> float:
    """Seconds until then, at least one."""
    return max(1.0, seconds_until(world, until))


def seconds_until(world: World, at: datetime) -> float:
    return (at - world.clock()).total_seconds()
