"""Pause and resume: no round runs for a person, or for anybody, until a day or until somebody resumes.

Nothing is lost meanwhile, and nothing has to be caught up by hand: what waits makes the person due again
(``sync_core.model.pause``). Once ``pause`` has returned, no round of that person is under way. A pause of everybody
lets rounds that are under way end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from jobs.app.dispatch import dispatch
from jobs.commands.mistakes import WrongDay
from jobs.due import pause_of
from jobs.pull import open_instance
from jobs.waiting import Notice, take_lease, unheeded
from jobs.wake import wake
from jobs.world import World
from sync_core.content.window import local_day
from sync_core.errors import StaleWrite, StoreUnavailable
from sync_core.model.pause import Pause
from sync_core.model.user import User

LONGEST = timedelta(days=366)
"""How far ahead a pause may end; without an end it may last as long as it likes."""

TRIES = 8
"""Conditional writes of the instance row, which pulls write too."""


@dataclass(frozen=True, slots=True)
class Paused:
    """A person, and the pause by which no round runs for them now, None where rounds run."""

    user: User
    pause: Pause | None


def day_of(text: str) -> date | None:
    """The day that a text like 2026-12-07 names, None for ''. Raises ``WrongDay``."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise WrongDay("a pause ends on a day like 2026-12-07") from None


async def pause(world: World, user: User, until: date | None = None, *, notice: Notice = unheeded) -> Paused:
    """Pause one person's sync until ``until`` begins in their own zone; a pause that is on is replaced.

    Waits until a round of theirs has ended. Raises ``WrongDay``.
    """
    wanted = _pause_until(world, until, user.zone)
    await world.store.revise_user(user.id, lambda stored: replace(stored, pause=wanted))
    lease = await take_lease(world, user, notice)
    await world.store.release_lease(lease)
    return await _now(world, user)


async def resume(world: World, user: User) -> Paused:
    """End a person's pause and ask for their round; one that is on for everybody stays."""
    await world.store.revise_user(user.id, lambda stored: replace(stored, pause=None))
    found = await _now(world, user)
    if found.pause is None and found.user.enabled:
        await wake(world, user.id, asked=True)
    return found


async def pause_everybody(world: World, until: date | None = None) -> Pause:
    """Pause everybody's sync, until ``until`` begins in each one's own zone. Raises ``WrongDay``."""
    wanted = _pause_until(world, until, "")
    await _save(world, wanted)
    return wanted


async def resume_everybody(world: World) -> None:
    """End everybody's pause, and wake whoever has something to do; a person's own pause stays."""
    await _save(world, None)
    await dispatch(world)


async def paused_now(world: World, users: Sequence[User]) -> tuple[list[Paused], Pause | None]:
    """How these people stand, and everybody's pause where it is still on somewhere."""
    instance, _ = await world.store.read_instance()
    now = world.clock()
    on_somewhere = instance.pause if instance.pause and instance.pause.is_on(now, "Etc/GMT+12") else None
    return [Paused(user, pause_of(user, instance, now)) for user in users], on_somewhere


def _pause_until(world: World, until: date | None, zone: str) -> Pause:
    today = local_day(world.clock(), ZoneInfo(zone or "UTC"))
    if until is not None and not timedelta(0) < until - today <= LONGEST:
        raise WrongDay(f"a pause ends on a later day than today, {today.isoformat()}, and within a year")
    return Pause(world.clock(), until)


async def _now(world: World, user: User) -> Paused:
    stored = await world.store.read_user(user.id) or user
    [found], _ = await paused_now(world, [stored])
    return found


async def _save(world: World, wanted: Pause | None) -> None:
    """Everybody's pause, on top of what pulls write into the same row."""
    for _ in range(TRIES):
        instance, etag = await open_instance(world)
        if instance.pause is None and wanted is None:
            return
        try:
            await world.store.save_instance(replace(instance, pause=wanted), etag)
        except StaleWrite:
            continue
        return
    raise StoreUnavailable("the company's row changes too fast to be saved: ask once more")
