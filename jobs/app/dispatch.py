"""The timers: the sync timer wakes each user who has something to do, the pull timer asks for a pull (design.md §7).

A user is woken who bears a due mark (``DueStore``: a retry, an unserved wake token, an inbox row), whose day has
turned, or whose delta link has news. All that is read are the users' rows, page by page, and the marks: no user's
partition, and no link. Delta links are probed twenty a call, and who has news is woken at once. Looks that are not
urgent (a new day, a trouble that may be over) take turns where they are many. No cursor is moved here, and ERP.net is
not asked: it has no session to spare for timers (design.md §6). That everybody was looked at is stored: a calendar in
which nothing is new gets no round that would tell.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from jobs import line
from jobs.company import in_force
from jobs.due import is_due, is_troubled, owes, pause_of
from jobs.log import log_failure, log_line
from jobs.messages import Asked
from jobs.together import together
from jobs.wake import wake, wake_pull
from jobs.world import World
from sync_core.errors import RowUnreadable, StaleWrite, StoreError, StoreUnavailable
from sync_core.model.instance import Instance
from sync_core.model.memory import Memory
from sync_core.model.user import User

PAGE = 1_000
"""How many users are looked at before the next are read: as many as the tables give at once."""

PROBES, PROBES_AT_ONCE = 20, 4
"""Delta links in a call, and calls under way at once: of an app Graph takes four requests at the same time for a
mailbox, by an older text for all mailboxes together (graph.md §10)."""

LOOKS = 500
"""How many messages may be in the queue before looks that are not urgent wait for a later tick; a tenth always go."""

LOST = timedelta(minutes=15)
"""A command on which nobody has saved any progress for so long has lost its message or its worker."""

MOST_WOKEN = 200
"""People whose waiting is stored, those who wait longest: some sixty characters each."""

RACES = 5
"""The most tries to write the instance row while others write it, too; the next look notes what one could not."""

NEWEST = 1_000
"""The most commands that the timer looks at: as many as the tables give at once."""


async def dispatch(world: World) -> int:
    """Wake every enabled user who is due or has news, and whose sync is not paused; return how many were woken.

    A run that was cut off is gone on with by the next. Raises ``StoreUnavailable``.
    """
    instance, _ = await world.store.read_instance()
    run = _Run(in_force(world, instance), instance, await world.store.list_due())
    after = begun = await world.store.read_reached()
    while users := await world.store.list_users_after(after, PAGE):
        await run.look_at(users)
        if len(users) < PAGE:
            break
        after = users[-1].id
        await world.store.save_reached(after)
    if after or begun:
        await world.store.save_reached("")
    await run.look_at_some_of_the_rest()
    await run.note(begun)
    await _resend_commands(world)
    log_line("dispatch", {"users": run.users, "woken": len(run.woken)})
    return len(run.woken)


class _Run:
    """One run of the sync timer. ``marked`` are the users who bear a due mark."""

    def __init__(self, world: World, instance: Instance, marked: frozenset[str]) -> None:
        self._world = world
        self._instance = instance
        self._marked = marked
        self._began_at = world.clock()
        self._rest: list[str] = []
        """Users who are due, but not urgently."""
        self._synced: dict[str, datetime] = {}
        """When the last whole rounds ended of those who waited before this run."""
        self.users = 0
        self.woken: list[str] = []

    async def look_at(self, users: Sequence[User]) -> None:
        """Wake those who are due, then those who have news."""
        now = self._world.clock()
        on = [one for one in users if one.enabled and pause_of(one, self._instance, now) is None]
        self.users += len(on)
        waited = [one for one in on if one.id in self._instance.woken]
        self._synced |= {one.id: one.synced_at for one in waited if one.synced_at is not None}
        due, links = list[str](), dict[str, str]()
        for user, memory in zip(on, await self._remembered(on), strict=True):
            if user.id in self._marked and not is_troubled(user):
                due.append(user.id)
            elif memory is None:
                continue
            elif not is_due(self._world, user, memory, self._instance):
                links[user.id] = memory.cursors.delta_link or ""
            elif owes(memory) and not is_troubled(user):
                due.append(user.id)
            else:
                self._rest.append(user.id)
        await together(self._wake, due)
        await together(self._probe, _cut(links), PROBES_AT_ONCE)

    async def look_at_some_of_the_rest(self) -> None:
        """Wake those whose look is not urgent, as many as the queue has room for, and whom is left to chance."""
        if not self._rest:
            return
        room = max(LOOKS - await self._waiting(), LOOKS // 10)
        await together(self._wake, random.sample(self._rest, min(room, len(self._rest))))

    async def _waiting(self) -> int:
        """How many messages are in the queue; 0 where nobody can tell."""
        try:
            return (await self._world.queue.count())[0]
        except StoreUnavailable as error:
            log_failure("dispatch", error)
            return 0

    async def _remembered(self, users: Sequence[User]) -> list[Memory | None]:
        """What tells whether each user is due, by their row; None if that or another cannot be read."""
        read = await together(self._recalled, [one for one in users if not self._is_told_by_row(one)])
        others = iter(read)
        return [
            Memory(cursors=one.cursors, wake=one.cursors.served)
            if one.cursors is not None and self._is_told_by_row(one)
            else next(others)
            for one in users
        ]

    def _is_told_by_row(self, user: User) -> bool:
        """Whether the row and the marks tell all. An older build writes no marks; it takes the copy of the cursors
        out of a user's row that it saves, and ``looked_at`` out of the instance row, as each of its pulls does."""
        return user.cursors is not None and self._instance.looked_at is not None

    async def _recalled(self, user: User) -> Memory | None:
        """The same by all that is stored of the user, as an older build reads it."""
        try:
            if user.unreadable:
                raise RowUnreadable(user.unreadable)
            return await self._world.store.recall_due(user.id)
        except StoreUnavailable:
            raise
        except StoreError as error:
            log_failure("dispatch", error, user_id=user.id)
            return None

    async def _probe(self, links: Mapping[str, str]) -> None:
        """Wake those of these users whose delta link has news."""
        news = await self._world.calendar.has_news(links)
        await together(self._wake, [user_id for user_id, is_news in news.items() if is_news])

    async def note(self, begun: str) -> None:
        """Store when everybody was looked at, and since when those who were woken have waited for their round.

        A run that was taken up at ``begun`` has not looked at those before: their waiting stays.
        """
        for _ in range(RACES):
            instance, etag = await self._world.store.read_instance()
            if not etag:  # nothing was ever synced
                return
            since = {user_id: at for user_id, at in instance.woken.items() if user_id <= begun}
            since |= {user_id: self._since(instance.woken.get(user_id), user_id) for user_id in self.woken}
            longest = sorted(since.items(), key=lambda one: (one[1], one[0]))[:MOST_WOKEN]
            looked_at = None if self._is_older_at_work(instance, begun) else self._began_at
            noted = replace(instance, looked_at=looked_at, woken=dict(longest))
            with suppress(StaleWrite):
                await self._world.store.save_instance(noted, etag)
                return

    def _is_older_at_work(self, instance: Instance, begun: str) -> bool:
        """Whether an older build may have filed something for those whose partition this run has not read: then the
        next one reads them."""
        has_read_all = self._instance.looked_at is None and not begun
        return instance.looked_at is None and not has_read_all

    def _since(self, before: datetime | None, user_id: str) -> datetime:
        synced_at = self._synced.get(user_id)
        is_waiting = before is not None and (synced_at is None or synced_at < before)
        return before if before is not None and is_waiting else self._began_at

    async def _wake(self, user_id: str) -> None:
        await wake(self._world, user_id)
        self.woken.append(user_id)


def _cut(links: Mapping[str, str]) -> list[dict[str, str]]:
    """The links in parts, one for each call."""
    rows = list(links.items())
    return [dict(rows[at : at + PROBES]) for at in range(0, len(rows), PROBES)]


async def _resend_commands(world: World) -> None:
    """Send the message of a command again that nobody has worked on for long: it got lost, or its worker died.

    One whose time is over is ended by it.
    """
    now = world.clock()
    for command in await world.store.list_commands(NEWEST):
        if command.is_ended or now - (command.touched_at or command.asked_at) < LOST:
            continue
        await line.send_later(world, Asked(command.id, calls=command.wish.calls), 0)


async def ask_for_pull(world: World) -> None:
    """Send the pull timer's message; ``jobs.app.pulls`` drops it if a pull has just run."""
    await wake_pull(world)
