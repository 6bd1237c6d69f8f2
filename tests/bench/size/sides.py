"""Both sides by their limits: ERP.net's gate (one request at a time in a session, 600 a minute, each session a
licence that lingers; erpnet.md §3), and Graph, which has room for all that is asked of it (graph.md §10).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from jobs.erp_slot import LINGER
from sync_core.errors import LicencesTaken, SideUnavailable
from sync_core.model.sides import Side

A_MINUTE = 600
"""Requests that ERP.net answers in a minute, for all sessions together."""

ERP_SECONDS, GRAPH_SECONDS = 0.25, 0.25
"""Assumed: how long a request takes."""

TIMEOUT = 30.0
"""How long a side that is away lets us wait."""


class Gate:
    """ERP.net: when it answers, and what was asked of it."""

    def __init__(self, clock: Callable[[], datetime], licences: int = 1) -> None:
        self.clock = clock
        self.licences = licences
        self.is_away = False
        self.requests = 0
        self._next = 0.0
        self.sessions: dict[str, datetime] = {}
        """Until when each process's session lives."""

    @property
    def open_sessions(self) -> int:
        """How many sessions count against the licences now."""
        now = self.clock()
        return sum(until > now for until in self.sessions.values())

    async def pass_through(self, holder: str) -> None:
        """One request of a process. Raises ``SideUnavailable`` and ``LicencesTaken``."""
        loop, now = asyncio.get_running_loop(), self.clock()
        if self.is_away:
            await asyncio.sleep(TIMEOUT)
            raise SideUnavailable(Side.ERP, "ERP.net is away")
        if self.sessions.get(holder, now) <= now and self.open_sessions >= self.licences:
            raise LicencesTaken(Side.ERP, "no licence is free")
        self.requests += 1
        at = max(loop.time(), self._next)
        self._next = at + 60 / A_MINUTE
        await asyncio.sleep(at - loop.time() + ERP_SECONDS)
        self.sessions[holder] = self.clock() + timedelta(seconds=LINGER)


class SimErp:
    """ERP.net as one process has it: one request at a time, in the order asked."""

    endpoints: tuple[str, ...] = ()

    def __init__(self, gate: Gate, holder: str) -> None:
        self.gate = gate
        self._holder = holder
        self._turn = asyncio.Lock()

    @property
    def session_ends_at(self) -> datetime | None:
        """See ``Erp.session_ends_at``."""
        return self.gate.sessions.get(self._holder)

    async def ask(self, requests: int) -> None:
        """Make so many requests one after the other; others of this process have their turn in between."""
        for _ in range(requests):
            async with self._turn:
                await self.gate.pass_through(self._holder)


class SimGraph:
    """Graph: who has news, and what was asked of it."""

    def __init__(self) -> None:
        self.requests = 0
        self.is_away = False
        self.news: set[str] = set()
        """Whose calendar has changed since their delta link."""

    async def ask(self, requests: int) -> None:
        """Make so many requests one after the other. Raises ``SideUnavailable``."""
        self.requests += requests
        if self.is_away:
            await asyncio.sleep(TIMEOUT)
            raise SideUnavailable(Side.GRAPH, "Graph is away")
        await asyncio.sleep(requests * GRAPH_SECONDS)

    async def has_news(self, links: Mapping[str, str]) -> dict[str, bool]:
        """See ``Calendar.has_news``: a probe that fails counts as news."""
        self.requests += 1
        await asyncio.sleep(TIMEOUT if self.is_away else GRAPH_SECONDS)
        return {user_id: self.is_away or user_id in self.news for user_id in links}
