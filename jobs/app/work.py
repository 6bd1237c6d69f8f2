"""Serves one message of the work queue: a pull, a round of one user, a command, or a short order.

Every known trouble completes the message: if no slot is free or a side does not answer, a later message is sent
instead. So the host's dequeue count and its poison queue are left to unexpected errors (design.md §6). No wake-up
depends on its message: an unserved wake token makes the user due at the next timer.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from jobs import line
from jobs.app.dispatch import dispatch
from jobs.app.pulled import is_covered, note_call, save_pulled_at, steps_of_pull
from jobs.app.subscriptions import address, keep_user
from jobs.backoff import LICENCE_BACKOFF, exponential, jittered
from jobs.due import is_due, pause_of, reads_whole
from jobs.erasure import last_look
from jobs.erp_slot import ERP_NET
from jobs.log import log_failure, log_line
from jobs.messages import Asked, Call, Forget, MessageRefused, Order, Pull, Renew, Round, parse, read_call, write
from jobs.notices import send_digest
from jobs.ports import Queued
from jobs.refusal import forget_refusal, is_graph_open, remember_refusal
from jobs.repair import pull_and_repair
from jobs.round.days import log_timed
from jobs.round.report import Report
from jobs.round.run import run_round
from jobs.together import together
from jobs.wake import is_notified, wake
from jobs.world import World
from sync_core.errors import (
    AccessRefused,
    AppRefused,
    CalsyncError,
    LeaseHeld,
    LeaseLost,
    LicencesTaken,
    SideError,
    SideUnavailable,
    SlotsTaken,
    StaleWrite,
    StoreUnavailable,
    Throttled,
)
from sync_core.model.instance import Instance
from sync_core.model.memory import Memory
from sync_core.model.sides import Side
from sync_core.model.user import User

AT_ONCE = 1
"""How many of those whom a pull has woken get their round from it, which saves the wait for a message: mostly it is
one person's edit. The messages of all are sent all the same; a round done or under way leaves them nothing to do."""

SECOND_LOOK = 45.0
"""Seconds until a notified round that found nothing looks once more: Graph's delta query may lag (design.md §7)."""

NEXT_PIECE = 1.0
"""Seconds until a command goes on after a piece of it."""

TRIES = 6
"""The most messages for the same wake-up; after them the timer wakes the user."""

PASSING = (SideUnavailable, LeaseLost, StoreUnavailable, StaleWrite)
"""Errors that end a round and pass by themselves: it is tried again soon."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """An order whose turn it is; ``since`` and ``is_big`` are those of its row in the line (``Queued``).

    ``is_redelivered``: an earlier delivery of its message was cut off.
    """

    order: Call
    since: datetime | None = None
    is_big: bool = False
    is_redelivered: bool = False


async def handle(world: World, body: bytes | str, *, redelivered: bool = False) -> None:
    """Serve one message. ``redelivered``: an earlier delivery of it was cut off.

    Raises only unexpected errors, and ``StoreUnavailable`` if not even a later message could be sent.
    """
    try:
        order = parse(body)
    except MessageRefused as error:  # repeating it would not help
        log_failure("work", str(error))
        return
    turn: _Turn | None = None
    async with _logging_failures(world, order):
        if isinstance(order, Renew | Forget):
            await _short_order(world, order)
        else:
            turn = await _still_wanted(world, order, redelivered)
    if turn is not None:
        async with _logging_failures(world, turn.order):
            await _carry(world, turn)


async def _carry(world: World, turn: _Turn) -> None:
    """Carry an order out, under ERP.net's session where it needs one."""
    if isinstance(turn.order, Asked) and not turn.order.calls:
        await _go_on_with(world, turn, turn.order)
    else:
        await _with_a_session(world, turn)


async def _still_wanted(world: World, order: Call, redelivered: bool) -> _Turn | None:
    """The order to carry out now; None if it was served meanwhile or its time has not come."""
    if not order.ticket:
        return _Turn(order, is_redelivered=redelivered)
    queued = await line.take_message(world.store, order.key, order.ticket)
    if queued is None:
        return _Turn(order, is_redelivered=True) if redelivered else None
    wanted = read_call(queued.message)
    if wanted is None:
        return None
    if queued.since is None and queued.not_before is not None and queued.not_before > queued.due_at:
        left = _until(world, queued.not_before)  # the order was merged into a message that came earlier
        if left > 0:
            await line.send_later(world, wanted, left)
            return None
    return _Turn(wanted, queued.since, queued.is_big, redelivered)


async def _with_a_session(world: World, turn: _Turn) -> None:
    """Carry an order out under ERP.net's session, then serve the line; without a session put the order in the line.

    Nothing is read before the session is ours. What lets others pass lets those pass that are small.
    """
    try:
        async with world.erp_session():
            if turn.is_big:
                await _serve_the_line(world, is_big_wanted=False)
            await _do(world, turn)
            await _serve_the_line(world)
    except SlotsTaken as taken:
        await _line_up(world, turn, taken.until if taken.holder == ERP_NET else None)


async def _serve_the_line(world: World, *, is_big_wanted: bool = True) -> None:
    """Carry out the orders that wait for a session, each once, for as long as a round may last."""
    until, seen = world.clock() + world.round_limit, set[tuple[str, bool]]()

    def is_new(row: Queued) -> bool:
        return (row.key, row.is_big) not in seen

    def is_free() -> bool:
        return is_big_wanted and not world.erp_slot.full_round.locked()

    while (row := await world.in_turn.take(world.store, world.clock, is_new, is_free)) is not None:
        if world.clock() >= until or world.erp_slot.is_backing_off(world.clock()):
            return
        if await _serve(world, row):
            seen.add((row.key, row.is_big))


async def _serve(world: World, row: Queued) -> bool:
    """Carry out the order of one row of the line; False if it was changed meanwhile, and is to be read again."""
    order = read_call(row.message)
    if order is None:
        return True
    if not await line.take_turn(world, row):
        return False
    async with _logging_failures(world, order):
        await _do(world, _Turn(order, row.since, row.is_big))
    return True


async def _do(world: World, turn: _Turn) -> None:
    match turn.order:
        case Pull() as order:
            await _pull(world, turn, order)
        case Round() as order:
            await _round(world, turn, order)
        case Asked() as order:
            await _go_on_with(world, turn, order)


async def _line_up(world: World, turn: _Turn, until: datetime | None = None, *, is_big: bool = False) -> None:
    """Put an order in the line for a session; its message comes no earlier than ``until``."""
    order, is_big = turn.order, is_big or turn.is_big
    delay = line.session_delay(order.waits, world.in_turn.ahead(is_big=is_big))
    if until is not None:
        delay = max(delay, jittered(_left(world, until)))
    since = turn.since or world.clock()
    await line.send_later(world, replace(order, waits=order.waits + 1), delay, since=since, is_big=is_big)


@asynccontextmanager
async def _logging_failures(world: World, order: Order) -> AsyncIterator[None]:
    """Log known failures and end them here. Without the store there is no line either, so the order is sent again as
    a message."""
    try:
        yield
    except StoreUnavailable as error:
        log_failure("work", error, user_id=_user_of(order))
        tries = order.tries if isinstance(order, Round) else 0
        await world.queue.send(write(_again(order)), delay_seconds=_pause(tries))
    except CalsyncError as error:
        log_failure("work", error, user_id=_user_of(order))


def _user_of(order: Order) -> str:
    return "" if isinstance(order, Pull | Asked) else order.user_id


def _again(order: Order) -> Order:
    """The order with one more try counted."""
    return replace(order, tries=order.tries + 1) if isinstance(order, Round) else order


def _pause(tries: int) -> float:
    """Seconds before the next try: 15, 30, 60 … at most five minutes."""
    return exponential(tries, first=15.0, longest=300.0)


# The pull


async def _pull(world: World, turn: _Turn, order: Pull) -> None:
    instance, _ = await world.store.read_instance()
    began_at = world.clock()
    await note_call(world, instance, order.asked_at)
    if is_covered(instance, order, began_at):
        return
    try:
        report = await pull_and_repair(world)
    except LicencesTaken as taken:
        log_failure("work", taken)
        await _line_up(world, turn, _back_off(world, taken))
        return
    except (AppRefused, AccessRefused) as error:
        await remember_refusal(world, error)
        raise
    except SideUnavailable as error:
        world.erp_slot.hear_nothing(error.side, order.key, world.clock())
        raise
    world.erp_slot.hear(Side.ERP)
    woken = sorted(report.woken)
    await together(lambda user_id: wake(world, user_id), woken)
    log_line("pull", {"changes": report.changes, "woken": len(woken), "steps": steps_of_pull(world, order, began_at)})
    await save_pulled_at(world, began_at)
    await send_digest(world)
    if instance.refused and await is_graph_open(world):
        await dispatch(world)
        await forget_refusal(world)
    for first in map(Round, woken[:AT_ONCE]):
        async with _logging_failures(world, first):
            await _do(world, _Turn(first))


def _back_off(world: World, taken: Throttled) -> datetime:
    """Back off from ERP.net, which has no licence for us; return until when."""
    until = world.clock() + timedelta(seconds=taken.retry_after or LICENCE_BACKOFF)
    world.erp_slot.back_off(until)
    return until


# A round


async def _round(world: World, turn: _Turn, order: Round) -> None:
    user = await world.store.read_user(order.user_id)
    if user is None or not user.enabled:
        return
    row = instance, _ = await world.store.read_instance()
    if pause_of(user, instance, world.clock()) is not None:  # the wake token stays unserved
        return
    memory = None if order.full else await world.store.recall_due(user.id)
    if memory is not None and not await _is_wanted(world, user, order, memory, instance):
        return
    is_big = memory is None or reads_whole(world, user, memory, instance)
    if is_big and (world.erp_slot.full_round.locked() or (not turn.is_big and await _is_anybody_waiting(world))):
        await _line_up(world, turn, is_big=True)
        return
    async with world.erp_slot.full_round if is_big else nullcontext():
        await _carry_out(world, turn, order, user, row)


async def _is_anybody_waiting(world: World) -> bool:
    return not await world.in_turn.is_empty(world.store, world.clock)


async def _carry_out(world: World, turn: _Turn, order: Round, user: User, row: tuple[Instance, str]) -> None:
    began_at = world.clock()
    try:
        report = await run_round(_one_of_many(world), user, full=order.full, row=row)
    except LeaseHeld as held:
        if order.full or turn.is_redelivered:  # else the round under way sees the wake token when it ends
            await line.send_later(world, order, jittered(_left(world, held.until)))
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


def _one_of_many(world: World) -> World:
    """The world with a lease holder for one round only: two messages of one user may meet in one process."""
    return replace(world, holder=f"{world.holder}-{secrets.token_hex(4)}")


async def _follow_up(world: World, turn: _Turn, order: Round, report: Report) -> None:
    """Send what follows a round: the rest of it, another try, or a second look."""
    if report.ran and report.trouble is None:
        world.erp_slot.hear(Side.GRAPH)
    if isinstance(report.trouble, LicencesTaken):
        await _line_up(world, turn, _back_off(world, report.trouble))
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
        delay = max(jittered(asked or 0.0), _pause(order.tries))
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


def _left(world: World, until: datetime) -> float:
    """Seconds until then, at least one."""
    return max(1.0, _until(world, until))


def _until(world: World, at: datetime) -> float:
    return (at - world.clock()).total_seconds()


# A command


async def _go_on_with(world: World, turn: _Turn, order: Asked) -> None:
    """Do the next piece of a command; where more is left, others have their turn before it."""
    if world.serve is None:
        log_failure("work", "a command, which nobody serves here")
        return
    try:
        is_ended = await world.serve(_one_of_many(world), order.command_id)
    except LicencesTaken as taken:
        log_failure("work", taken)
        await _line_up(world, turn, _back_off(world, taken), is_big=True)
        return
    if not is_ended:
        await line.send_later(world, replace(order, waits=0), NEXT_PIECE, since=world.clock(), is_big=True)


# A short order


async def _short_order(world: World, order: Renew | Forget) -> None:
    if isinstance(order, Forget):
        await last_look(world, order)
        return
    user = await world.store.read_user(order.user_id)
    if user is not None and user.enabled and address(world):
        await keep_user(world, order.user_id, renew=True)
