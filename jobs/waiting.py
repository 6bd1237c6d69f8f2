"""Waits for what only one process may hold: an ERP.net session slot, a user's lease.

A command that waits says for whom.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import TypeVar

from jobs.backoff import LICENCE_BACKOFF, jittered
from jobs.world import World
from sync_core.errors import LeaseHeld, LicencesTaken, SlotsTaken

T = TypeVar("T")
Notice = Callable[[str], None]

LONGEST_NAP = 5.0
"""Seconds after which a waiting command looks again."""


def unheeded(_: str) -> None:
    """Drops a notice: for callers that nobody watches."""


@asynccontextmanager
async def erp_session(world: World, notice: Notice = unheeded) -> AsyncIterator[None]:
    """Hold one of ERP.net's session slots while calls are made; waits for a free one."""
    async with AsyncExitStack() as held:
        await take_when_free(
            lambda: held.enter_async_context(world.erp_session(last=True)), world, notice, "the ERP.net session"
        )
        yield


async def take_when_free(take: Callable[[], Awaitable[T]], world: World, notice: Notice, what: str) -> T:
    """Take what another process may hold. While it does, give notice once and wait until it is free or expires.

    A lease is waited for without end, since it expires. ERP.net's sessions and licences are waited for only as long
    as one lingers after its last call (``World.licence_wait``, erpnet.md §3): a process that keeps calling never
    frees its own. Then ``SlotsTaken`` or ``LicencesTaken`` is raised.
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
    """Give notice unless this holder was named last; the holder."""
    if holder != named:
        notice(text)
    return holder


def _nap(until: datetime, now: datetime) -> float:
    return min(LONGEST_NAP, max(0.2, (until - now).total_seconds()))
