"""Graph's limits per mailbox: four requests at a time, a number per ten minutes (graph.md §10)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from simulators.base import Clock
from simulators.graph.errors import GraphError
from simulators.graph.mailbox import Mailbox
from simulators.graph.switches import Switches

AT_ONCE = 4
_SPAN = timedelta(minutes=10)


class Gate:
    """Counts what is in flight for each mailbox and refuses what is too much."""

    def __init__(self, clock: Clock, switches: Switches) -> None:
        self._clock = clock
        self._switches = switches

    @contextmanager
    def entered(self, mailbox: Mailbox | None) -> Iterator[bool]:
        """Hold a place for one request; yields whether there was none left."""
        if mailbox is None:
            yield False
            return
        mailbox.in_flight += 1
        try:
            yield mailbox.in_flight > AT_ONCE
        finally:
            mailbox.in_flight -= 1

    async def linger(self, mailbox: Mailbox | None) -> None:
        """Take some time while others are in flight, so that parallel requests really overlap."""
        await asyncio.sleep(0)
        if mailbox is not None and mailbox.in_flight > 1:
            await asyncio.sleep(self._switches.overlap_seconds)

    def check(self, mailbox: Mailbox | None, crowded: bool) -> None:
        """429 ``ApplicationThrottled`` when the mailbox has too much to do or a test says so."""
        if mailbox is None:
            return
        if crowded:
            raise throttled("MailboxConcurrency", "1")
        if mailbox.throttled:
            raise throttled("MailboxConcurrency", mailbox.throttled.pop(0))
        if self._too_many(mailbox):
            raise throttled("MailboxRequests", "60")

    def _too_many(self, mailbox: Mailbox) -> bool:
        limit = self._switches.requests_per_10_minutes
        if limit is None:
            return False
        now = self._clock.now()
        while mailbox.recent and mailbox.recent[0] <= now - _SPAN:
            mailbox.recent.popleft()
        mailbox.recent.append(now)  # refused requests count too
        return len(mailbox.recent) > limit


def throttled(limit: str, retry_after: str | None) -> GraphError:
    """429 with ``Retry-After`` unless it is ``None``."""
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return GraphError(429, "ApplicationThrottled", f"Application is over its {limit} limit.", headers=headers)
