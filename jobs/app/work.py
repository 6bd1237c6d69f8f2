"""Serves one message of the work queue: a pull, a round of one user, a command, or a short order.

Every known trouble completes the message: if no slot is free or a side does not answer, a later message is sent
instead. So the host's dequeue count and its poison queue are left to unexpected errors (design.md §6). No wake-up
depends on its message: an unserved wake token makes the user due at the next timer.
"""

from __future__ import annotations

from dataclasses import replace

from jobs import line
from jobs.app.defer import Turn, back_off, line_up, logging_failures, seconds_until
from jobs.app.pulls import serve_pull
from jobs.app.rounds import one_of_many, serve_round
from jobs.app.subscriptions import address, keep_user
from jobs.erasure import last_look
from jobs.erp_slot import ERP_NET
from jobs.log import log_failure
from jobs.messages import Asked, Call, Forget, MessageRefused, Pull, Renew, Round, parse, read_call
from jobs.ports import Queued
from jobs.world import World
from sync_core.errors import LicencesTaken, SlotsTaken

NEXT_PIECE = 1.0
"""Seconds until a command goes on after a piece of it."""


async def handle(world: World, body: bytes | str, *, redelivered: bool = False) -> None:
    """Serve one message. ``redelivered``: an earlier delivery of it was cut off.

    Raises only unexpected errors, and ``StoreUnavailable`` if not even a later message could be sent.
    """
    try:
        order = parse(body)
    except MessageRefused as error:  # repeating it would not help
        log_failure("work", str(error))
        return
    turn: Turn | None = None
    async with logging_failures(world, order):
        if isinstance(order, Renew | Forget):
            await _short_order(world, order)
        else:
            turn = await _still_wanted(world, order, redelivered)
    if turn is not None:
        async with logging_failures(world, turn.order):
            await _carry(world, turn)


async def _carry(world: World, turn: Turn) -> None:
    """Carry an order out, under ERP.net's session where it needs one."""
    if isinstance(turn.order, Asked) and not turn.order.calls:
        await _go_on_with(world, turn, turn.order)
    else:
        await _with_a_session(world, turn)


async def _still_wanted(world: World, order: Call, redelivered: bool) -> Turn | None:
    """The order to carry out now; None if it was served meanwhile or its time has not come."""
    if not order.ticket:
        return Turn(order, is_redelivered=redelivered)
    queued = await line.take_message(world.store, order.key, order.ticket)
    if queued is None:
        return Turn(order, is_redelivered=True) if redelivered else None
    wanted = read_call(queued.message)
    if wanted is None:
        return None
    if queued.since is None and queued.not_before is not None and queued.not_before > queued.due_at:
        left = seconds_until(world, queued.not_before)  # the order was merged into a message that came earlier
        if left > 0:
            await line.send_later(world, wanted, left)
            return None
    return Turn(wanted, queued.since, queued.is_big, redelivered)


async def _with_a_session(world: World, turn: Turn) -> None:
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
        await line_up(world, turn, taken.until if taken.holder == ERP_NET else None)


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
    async with logging_failures(world, order):
        await _do(world, Turn(order, row.since, row.is_big))
    return True


async def _do(world: World, turn: Turn) -> None:
    match turn.order:
        case Pull() as order:
            await serve_pull(world, turn, order)
        case Round() as order:
            await serve_round(world, turn, order)
        case Asked() as order:
            await _go_on_with(world, turn, order)


async def _go_on_with(world: World, turn: Turn, order: Asked) -> None:
    """Do the next piece of a command; where more is left, others have their turn before it."""
    if world.serve is None:
        log_failure("work", "a command, which nobody serves here")
        return
    try:
        is_ended = await world.serve(one_of_many(world), order.command_id)
    except LicencesTaken as taken:
        log_failure("work", taken)
        await line_up(world, turn, back_off(world, taken), is_big=True)
        return
    if not is_ended:
        await line.send_later(world, replace(order, waits=0), NEXT_PIECE, since=world.clock(), is_big=True)


async def _short_order(world: World, order: Renew | Forget) -> None:
    if isinstance(order, Forget):
        await last_look(world, order)
        return
    user = await world.store.read_user(order.user_id)
    if user is not None and user.enabled and address(world):
        await keep_user(world, order.user_id, renew=True)
