"""Serves the order of a pull: what it wakes, and what is remembered and told of it.

That is when the last one began, how long it took, how long the queues were by then, and when ERP.net's webhook last
called.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from jobs.app.defer import Turn, back_off, line_up, logging_failures
from jobs.app.dispatch import dispatch
from jobs.app.rounds import serve_round
from jobs.company import revise_instance
from jobs.log import log_failure, log_line
from jobs.messages import Pull, Round
from jobs.notices import send_digest
from jobs.refusal import forget_refusal, is_graph_open, remember_refusal
from jobs.repair import pull_and_repair
from jobs.round.report import MILLISECOND
from jobs.together import together
from jobs.wake import wake
from jobs.world import World
from sync_core.errors import AccessRefused, AppRefused, LicencesTaken, SideUnavailable, StaleWrite, StoreUnavailable
from sync_core.model.instance import Instance
from sync_core.model.sides import Side

AT_ONCE = 1
"""How many of those whom a pull has woken get their round from it, which saves the wait for a message: mostly it is
one person's edit. The messages of all are sent all the same; a round done or under way leaves them nothing to do."""

CALLS_NOTED = timedelta(minutes=1)
"""How exactly it is known when ERP.net's webhook last called."""

RECENT = timedelta(seconds=30)
"""A timer's pull is dropped if one began less than this ago (design.md §7)."""


async def serve_pull(world: World, turn: Turn, order: Pull) -> None:
    """Pull, unless an earlier pull has found the same; wake whom it concerns, and do the first one's round."""
    instance, _ = await world.store.read_instance()
    began_at = world.clock()
    await _note_call(world, instance, order.asked_at)
    if _is_covered(instance, order, began_at):
        return
    try:
        report = await pull_and_repair(world)
    except LicencesTaken as taken:
        log_failure("work", taken)
        await line_up(world, turn, back_off(world, taken))
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
    log_line("pull", {"changes": report.changes, "woken": len(woken), "steps": _steps(world, order, began_at)})
    await _save_pulled_at(world, began_at)
    await send_digest(world)
    if instance.refused and await is_graph_open(world):
        await dispatch(world)
        await forget_refusal(world)
    for first in map(Round, woken[:AT_ONCE]):
        async with logging_failures(world, first):
            await serve_round(world, Turn(first), first)


def _steps(world: World, order: Pull, began_at: datetime) -> dict[str, int]:
    """Milliseconds of a pull that ends now; ``queue`` is since ERP.net's webhook asked for it."""
    asked = {} if order.asked_at is None else {"queue": round((began_at - order.asked_at) / MILLISECOND)}
    return {**asked, "pull": round((world.clock() - began_at) / MILLISECOND)}


async def _note_call(world: World, instance: Instance, at: datetime | None) -> None:
    """Remember that ERP.net's webhook called, at most once a minute; that it did is told, and nothing depends on
    it."""
    if at is None or (instance.called_at is not None and at - instance.called_at < CALLS_NOTED):
        return
    with suppress(StaleWrite):
        await revise_instance(world, lambda one: replace(one, called_at=max(at, one.called_at or at)))


def _is_covered(instance: Instance, order: Pull, now: datetime) -> bool:
    """Whether an earlier pull has found already what this one would find."""
    if instance.pulled_at is None or instance.pulled_at > now:  # by a clock that was ahead
        return False
    if order.asked_at is not None:
        return instance.pulled_at >= order.asked_at
    return now - instance.pulled_at < RECENT


async def _save_pulled_at(world: World, began_at: datetime) -> None:
    """Store when the pull began, and how long the queues are. If another process saves the row first, one more pull
    runs than needed."""
    lengths = await _queues(world)
    instance, etag = await world.store.read_instance()
    queued, poisoned = lengths or (instance.queued, instance.poisoned)
    since = (instance.poisoned_since or began_at) if poisoned else None
    pulled = replace(instance, pulled_at=began_at, queued=queued, poisoned=poisoned, poisoned_since=since)
    with suppress(StaleWrite):
        await world.store.save_instance(pulled, etag)


async def _queues(world: World) -> tuple[int, int] | None:
    """How long the work queue and its poison queue are; None where nobody can tell."""
    try:
        return await world.queue.count()
    except StoreUnavailable as error:
        log_failure("work", error)
        return None
