"""Serves the order of a round of one user: whether it is still wanted, the round, and what is sent after it.

After a round follows the rest of one that was cut off, another try after a trouble that passes by itself, or a second
look of one that was notified and found nothing.
"""

from __future__ import annotations

import secrets
from contextlib import nullcontext
from dataclasses import replace

from jobs import line
from jobs.app.defer import Turn, back_off, line_up, pause_before, seconds_left
from jobs.app.subscriptions import address, keep_user
from jobs.backoff import jittered
from jobs.due import is_due, pause_of, reads_whole
from jobs.log import log_failure
from jobs.messages import Round, write
from jobs.refusal import remember_refusal
from jobs.round.days import log_timed
from jobs.round.report import Report
from jobs.round.run import run_round
from jobs.wake import is_notified
from jobs.world import World
from sync_core.errors import (
    AppRefused,
    CalsyncError,
    LeaseHeld,
    LeaseLost,
    LicencesTaken,
    SideError,
    SideUnavailable,
    StaleWrite,
    StoreUnavailable,
    Throttled,
)
from sync_core.model.instance import Instance
from sync_core.model.memory import Memory
from sync_core.model.sides import Side
from sync_core.model.user import User

SECOND_LOOK = 45.0
"""Seconds until a notified round that found nothing looks once more: Graph's delta query may lag (design.md §7)."""

TRIES = 6
"""The most messages for the same wake-up; after them the timer wakes the user."""

PASSING = (SideUnavailable, LeaseLost, StoreUnavailable, StaleWrite)
"""Errors that end a round and pass by themselves: it is tried again soon."""


async def serve_round(world: World, turn: Turn, order: Round) -> None:
    """Run the round if it is still wanted; one that reads everything waits until no other does, and lets small ones
    pass."""
    user = await world.store.read_user(order.user_id)
    if user is None or not user.enabled:
        return
    row = instance, _ = await world.store.read_instance()
    if pause_of(user, instance, world.clock()) is not None:  # the wake token stays unserved
        return
    memory = None if order.full else await world.store.recall_due(user.id)
    if memory is not None and not await _is_wanted(world, user, order, memory, instance):
        await line.seen(world, order)
        return
    is_big = memory is None or reads_whole(world, user, memory, instance)
    if is_big and (world.erp_slot.full_round.locked() or (not turn.is_big and await _is_anybody_waiting(world))):
        await line_up(world, turn, is_big=True)
        return
    async with world.erp_slot.full_round if is_big else nullcontext():
        await _carry_out(world, turn, order, user, row)


async def _is_anybody_waiting(world: World) -> bool:
    return not await world.in_turn.is_empty(world.store, world.clock)


async def _carry_out(world: World, turn: Turn, order: Round, user: User, row: tuple[Instance, str]) -> None:
    began_at = world.clock()
    try:
        report = await run_round(one_of_many(world), user, full=order.full, row=row)
    except LeaseHeld as held:
        if order.full or turn.is_redelivered:  # else the round under way sees the wake token when it ends
            await line.send_later(world, order, jittered(seconds_left(world, held.until)))
        return
    log_timed(report, began_at, world.clock())
    if isinstance(report.trouble, AppRefused):
        await remember_refusal(world, report.trouble)
    await _follow_up(world, turn, order, report)


async def _is_wanted(world: World, user: User, order: Round, memory: Memory, instance: Instance) -> bool:
    """Whether there is still anything to do: another message may have served the same wake-up."""
    if is_due(world, user, memory, instance):
        return True
    link = memory.cursors.delta_link
    return order.look and link is not None and (await world.calendar.has_news({user.id: link}))[user.id]


def one_of_many(world: World) -> World:
    """The world with a lease holder for one round only: two messages of one user may meet in one process."""
    return replace(world, holder=f"{world.holder}-{secrets.token_hex(4)}")


async def _follow_up(world: World, turn: Turn, order: Round, report: Report) -> None:
    """Send what follows a round: the rest of it, another try, or a second look."""
    if report.ran and report.trouble is None:
        world.erp_slot.hear(Side.GRAPH)
    if isinstance(report.trouble, LicencesTaken):
        await line_up(world, turn, back_off(world, report.trouble))
    elif isinstance(report.trouble, PASSING):
        if isinstance(report.trouble, SideUnavailable):
            world.erp_slot.hear_nothing(report.trouble.side, order.key, world.clock())
        await _try_again(world, order, report.trouble)
    elif report.again:
        await _go_on(world, order, report)
    elif is_notified(report.served) and not order.look and report.ran and not report.done and report.trouble is None:
        await line.send_later(world, Round(order.user_id, look=True), jittered(SECOND_LOOK))
    if report.full and report.ran and report.trouble is None:
        await _first_subscription(world, order.user_id)


async def _try_again(world: World, order: Round, trouble: CalsyncError) -> None:
    asked = trouble.retry_after if isinstance(trouble, Throttled) else None
    if order.tries + 1 < TRIES:
        delay = max(jittered(asked or 0.0), pause_before(order.tries))
        await line.send_later(world, replace(order, tries=order.tries + 1), delay)


async def _go_on(world: World, order: Round, report: Report) -> None:
    """Send an order for the rest of a round; a full round that was cut off stays full."""
    if order.tries + 1 >= TRIES:
        return
    rest = Round(order.user_id, full=order.full and not report.is_whole, tries=order.tries + 1)
    if order.tries:
        await line.send_later(world, rest, jittered(2.0**order.tries))
    else:
        await world.queue.send(write(rest))


async def _first_subscription(world: World, user_id: str) -> None:
    """Make a user's subscription after their first full round; ``keep_all`` keeps it from then on."""
    if not address(world) or await world.store.read_subscription(user_id) is not None:
        return
    try:
        await keep_user(world, user_id)
    except SideError as error:
        log_failure("keeper", error, user_id=user_id)
