"""What is remembered and told of pulls: when the last one began, how long it took, how long the queues were by then,
and when ERP.net's webhook last called."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from jobs.company import revise_instance
from jobs.log import log_failure
from jobs.messages import Pull
from jobs.round.report import MILLISECOND
from jobs.world import World
from sync_core.errors import StaleWrite, StoreUnavailable
from sync_core.model.instance import Instance

CALLS_NOTED = timedelta(minutes=1)
"""How exactly it is known when ERP.net's webhook last called."""

RECENT = timedelta(seconds=30)
"""A timer's pull is dropped if one began less than this ago (design.md §7)."""


def steps_of_pull(world: World, order: Pull, began_at: datetime) -> dict[str, int]:
    """Milliseconds of a pull that ends now; ``queue`` is since ERP.net's webhook asked for it."""
    asked = {} if order.asked_at is None else {"queue": round((began_at - order.asked_at) / MILLISECOND)}
    return {**asked, "pull": round((world.clock() - began_at) / MILLISECOND)}


async def note_call(world: World, instance: Instance, at: datetime | None) -> None:
    """Remember that ERP.net's webhook called, at most once a minute; that it did is told, and nothing depends on
    it."""
    if at is None or (instance.called_at is not None and at - instance.called_at < CALLS_NOTED):
        return
    with suppress(StaleWrite):
        await revise_instance(world, lambda one: replace(one, called_at=max(at, one.called_at or at)))


def is_covered(instance: Instance, order: Pull, now: datetime) -> bool:
    """Whether an earlier pull has found already what this one would find."""
    if instance.pulled_at is None or instance.pulled_at > now:  # by a clock that was ahead
        return False
    if order.asked_at is not None:
        return instance.pulled_at >= order.asked_at
    return now - instance.pulled_at < RECENT


async def save_pulled_at(world: World, began_at: datetime) -> None:
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
