"""Tells whether a user is due: whether a round may run and has something to do by what is stored, asking no side.

The timer, the queue's messages and `calsync sync` ask this before they start a round.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from jobs.checkup import as_known, fingerprint
from jobs.company import in_force
from jobs.own_mistakes import unless_mistaken, wants_a_look
from jobs.world import World
from sync_core.content.window import is_delta_window_worn, local_day, window_at
from sync_core.model.instance import Instance
from sync_core.model.memory import Cursors, Memory
from sync_core.model.pause import Pause, longest
from sync_core.model.user import User
from sync_core.plan.holds import are_due


def pause_of(user: User, instance: Instance, now: datetime) -> Pause | None:
    """The pause by which no round runs for this user at ``now``, their own or everybody's; None where one may run."""
    return longest((user.pause, instance.pause), now, user.zone)


def is_due(world: World, user: User, memory: Memory, instance: Instance) -> bool:
    """Whether a round has something to do even if neither side has news.

    If our own code fails on the user's rows, the answer is yes: the round reports the failure.
    """
    return unless_mistaken(lambda: _is_due(world, user, memory, instance), lambda _: True, user.id)


def _is_due(world: World, user: User, memory: Memory, instance: Instance) -> bool:
    return is_troubled(user) or owes(memory) or _is_another_day(world, user, memory.cursors, instance)


def reads_whole(world: World, user: User, memory: Memory, instance: Instance) -> bool:
    """Whether the user's next round reads both sides whole by what is stored: their first one, one that was asked
    for, or one after what decides skips has changed. If our own code fails on the rows, the answer is no."""
    cursors = memory.cursors
    if cursors.full_due or not cursors.delta_link:
        return True
    return unless_mistaken(lambda: _is_skipped_otherwise(world, user, cursors, instance), lambda _: False, user.id)


def is_troubled(user: User) -> bool:
    """Whether a round has to look at the user again, whatever is stored beside their row."""
    return not user.is_operational or user.is_unread or not user.zone


def owes(memory: Memory) -> bool:
    """Whether there is something to do by what is stored in the user's partition, whatever the day.

    Who saves what makes this true has marked the user before (``DueStore``; ``makes_due`` of ``adapters.store.due``
    says the same of single rows).
    """
    cursors = memory.cursors
    return (
        cursors.full_due
        or not cursors.delta_link
        or cursors.delta_window is None
        or bool(memory.inbox)
        or cursors.served != memory.wake
        or any(map(wants_a_look, memory.links))
        or any(not p.parked for p in memory.pending)
        or are_due(memory)
    )


def _is_another_day(world: World, user: User, cursors: Cursors, instance: Instance) -> bool:
    """Whether the user's day has turned, or what decides skips has changed, since their last whole round."""
    assert cursors.delta_window is not None
    now, zone, policy = world.clock(), ZoneInfo(user.zone), in_force(world, instance).policy
    return (
        cursors.day != local_day(now, zone)
        or _is_skipped_otherwise(world, user, cursors, instance)
        or is_delta_window_worn(cursors.delta_window, window_at(now, zone, policy.months_ahead))
    )


def _is_skipped_otherwise(world: World, user: User, cursors: Cursors, instance: Instance) -> bool:
    return cursors.fingerprint != fingerprint(as_known(user, instance), in_force(world, instance).policy)
