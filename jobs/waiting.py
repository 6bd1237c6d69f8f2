"""Waits for an ERP.net session slot or a user's lease while another process holds it; a notice names the holder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import TypeVar

from jobs.backoff import LICENCE_BACKOFF, jittered
from jobs.ports import Lease
from jobs.world import World
from sync_core.errors import LeaseHeld, LicencesTaken, SlotsTaken
from sync_core.model.user import User

T = TypeVar("T")
Notice = Callable[[str], None]

LONGEST_NAP = 5.0
"""The most seconds between two tries of a waiting command."""


def unheeded(_: str) -> None:
    """Drop a notice: for callers without a person to read it."""


@asynccontextmanager
async def erp_session(world: World, notice: Notice = unheeded) -> AsyncIterator[None]:
    """Wait for one of ERP.net's session slots and hold it while calls are made.

    Raises ``SlotsTaken`` or ``LicencesTaken`` after ``World.licence_wait``.
    """
    async with AsyncExitStack() as held:
        await take_when_free(
            lambda: held.enter_async_context(world.erp_session(last=True)), world, notice, "the ERP.net session"
        )
        yield


async def take_lease(world: World, user: User, notice: Notice = unheeded) -> Lease:
    """Wait until no round of the user runs, and take their lease."""
    return await take_when_free(
        lambda: world.store.acquire_lease(user.id, world.holder, world.lease_seconds),
        world,
        notice,
        f"the round of {user.upn}",
    )


async def take_when_free(take: Callable[[], Awaitable[T]], world: World, notice: Notice, what: str) -> T:
    """Call ``take`` until it succeeds. Give one notice for each holder that must be waited for.

    A lease expires, so the wait for it has no limit. The wait for ERP.net's sessions and licences ends after
    ``World.licence_wait``, as long as a session outlives its last call (erpnet.md §3): a process that keeps calling
    never frees its session. Then ``SlotsTaken`` or ``LicencesTaken`` is raised.
    """
    named = ""
    waited = timedelta(0)
    while True:
        try:
            return await take()
        except LeaseHeld as held:
            pause = _nap(held.until, world.clock())
            named = _notice_once(notice, named, held.holder, f"waiting for {what}: {held}")
        except (SlotsTaken, LicencesTaken) as taken:
            left = (world.licence_wait - waited).total_seconds()
            if left <= 0:
                raise
            if isinstance(taken, SlotsTaken):
                pause = min(_nap(taken.until, world.clock()), left)
                named = _notice_once(notice, named, taken.holder, f"waiting for {what}: {taken}")
            else:
                pause = min(taken.retry_after or LICENCE_BACKOFF, left)
                named = _notice_once(notice, named, "ERP.net", f"waiting for an ERP.net licence: {taken}")
            waited += timedelta(seconds=pause)
        await asyncio.sleep(jittered(pause))


def _notice_once(notice: Notice, named: str, holder: str, text: str) -> str:
    """Give notice unless this holder was named last; return the holder."""
    if holder != named:
        notice(text)
    return holder


def _nap(until: datetime, now: datetime) -> float:
    return min(LONGEST_NAP, max(0.2, (until - now).total_seconds()))
