"""Waiting for what only one may hold: an ERP.net session slot, a user's lease.

A waiting command says for whom it waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import TypeVar

from jobs.pauses import LICENCE_REST, spread
from jobs.world import World
from sync_core.errors import LeaseHeld, LicencesTaken, SlotsTaken

T = TypeVar("T")
Notice = Callable[[str], None]

LONGEST_NAP = 5.0
"""Seconds after which a waiting command looks again."""


def unheard(_: str) -> None:
    """A notice for nobody."""


@asynccontextmanager
async def erp_session(world: World, notice: Notice = unheard) -> AsyncIterator[None]:
    """Hold one of ERP.net's session slots while calls are made; waits for a free one."""
    async with AsyncExitStack() as held:
        await patiently(
            lambda: held.enter_async_context(world.erp_session(last=True)), world, notice, "the ERP.net session"
        )
        yield


async def patiently(take: Callable[[], Awaitable[T]], world: World, notice: Notice, what: str) -> T:
    """Take what somebody else may hold; while they do, say so once and wait until it is free or expires.

    ERP.net's sessions and licences are waited for as long as one lingers after its last call (erpnet.md §3), then
    ``SlotsTaken`` or ``LicencesTaken`` is raised after all: whoever calls all the time never ends.
    """
    told = ""
    waited = timedelta(0)
    while True:
        try:
            return await take()
        except LeaseHeld as held:
            pause = _nap(held.until, world.clock())
            told = _tell_once(notice, told, held.holder, f"waiting for {what}: {held}")
        except (SlotsTaken, LicencesTaken) as taken:
            left = (world.licence_wait - waited).total_seconds()
            if left <= 0:
                raise
            if isinstance(taken, SlotsTaken):
                pause = min(_nap(taken.until, world.clock()), left)
                told = _tell_once(notice, told, taken.holder, f"waiting for {what}: {taken}")
            else:
                pause = min(taken.retry_after or LICENCE_REST, left)
                told = _tell_once(notice, told, "ERP.net", f"waiting for an ERP.net licence: {taken}")
            waited += timedelta(seconds=pause)
        await asyncio.sleep(spread(pause))


def _tell_once(notice: Notice, told: str, holder: str, text: str) -> str:
    if holder != told:
        notice(text)
    return holder


def _nap(until: datetime, now: datetime) -> float:
    return min(LONGEST_NAP, max(0.2, (until - now).total_seconds()))
