"""The timers: the sync timer wakes each user who has something to do, the pull timer asks for a pull (design.md §7).

A user is woken who is due by what is stored (a retry, a new day, an unserved wake token, an inbox row), or whose
delta link has news. Delta links are probed twenty a call. No cursor is stored here, and ERP.net is not asked: it has
no session to spare for timers (design.md §6). That everybody was looked at is stored: a calendar in which nothing is
new gets no round that would tell.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from jobs import line
from jobs.due import is_due, pause_of
from jobs.log import log_failure, log_line
from jobs.messages import Asked
from jobs.together import together
from jobs.wake import wake, wake_pull
from jobs.world import World
from sync_core.errors import RowUnreadable, StaleWrite, StoreError, StoreUnavailable
from sync_core.model.memory import Instance, User

LOST = timedelta(minutes=15)
"""A command on which nobody has saved any progress for so long has lost its message or its worker."""

MOST_WOKEN = 200
"""People whose waiting is stored, those who wait longest: some sixty characters each."""

RACES = 5
"""The most tries to write the instance row while others write it, too; the next look notes what one could not."""

NEWEST = 1_000
"""The most commands that the timer looks at: as many as the tables give at once."""


async def dispatch(world: World) -> int:
    """Wake every enabled user who is due or has news, and whose sync is not paused; return how many there are.

    Raises ``StoreUnavailable``.
    """
    (instance, _), now = await world.store.read_instance(), world.clock()
    known = [user for user in await world.store.list_users() if user.enabled]
    users = [user for user in known if pause_of(user, instance, now) is None]
    links: dict[str, str] = {}
    due: set[str] = set()

    async def look(user: User) -> None:
        link = await _unless_due(world, user, instance)
        if link is None:
            due.add(user.id)
        elif link:
            links[user.id] = link

    await together(look, users)
    if links:
        due |= {user_id for user_id, is_news in (await world.calendar.has_news(links)).items() if is_news}
    await together(lambda user_id: wake(world, user_id), sorted(due))
    await _note(world, users, due, now)
    await _resend_commands(world)
    log_line("dispatch", {"users": len(users), "woken": len(due)})
    return len(due)


async def _note(world: World, users: Sequence[User], due: Collection[str], now: datetime) -> None:
    """Store when everybody was looked at, and since when those who were woken have waited for their round."""
    synced = {user.id: user.synced_at for user in users}
    for _ in range(RACES):
        instance, etag = await world.store.read_instance()
        if not etag:  # nothing was ever synced
            return
        since = {user_id: _since(instance.woken.get(user_id), synced[user_id], now) for user_id in due}
        longest = sorted(since.items(), key=lambda one: (one[1], one[0]))[:MOST_WOKEN]
        with suppress(StaleWrite):
            await world.store.save_instance(replace(instance, looked_at=now, woken=dict(longest)), etag)
            return


def _since(before: datetime | None, synced_at: datetime | None, now: datetime) -> datetime:
    return before if before is not None and (synced_at is None or synced_at < before) else now


async def _unless_due(world: World, user: User, instance: Instance) -> str | None:
    """The delta link to probe for a user who is not due; None for a user who is; '' if their rows cannot be read."""
    try:
        if user.unreadable:
            raise RowUnreadable(user.unreadable)
        memory = await world.store.recall_due(user.id)
    except StoreUnavailable:
        raise
    except StoreError as error:
        log_failure("dispatch", error, user_id=user.id)
        return ""
    return None if is_due(world, user, memory, instance) else memory.cursors.delta_link


async def _resend_commands(world: World) -> None:
    """Send the message of a command again that nobody has worked on for long: it got lost, or its worker died.

    One whose time is over is ended by it.
    """
    now = world.clock()
    for command in await world.store.list_commands(NEWEST):
        if command.is_ended or now - (command.touched_at or command.asked_at) < LOST:
            continue
        await line.send_now(world, Asked(command.id, calls=command.wish.calls))


async def ask_for_pull(world: World) -> None:
    """Send the pull timer's message; ``jobs.app.work`` drops it if a pull has just run."""
    await wake_pull(world)
