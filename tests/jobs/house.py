"""A whole calsync for tests: both stand-ins over real HTTP, the real adapters, a store, and people who act."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from adapters.erp import ErpNet, ErpOptions
from adapters.graph import GraphCalendar, GraphOptions, StaticCredential
from adapters.http import Patience
from adapters.memory import MemoryQueue, MemoryStore
from jobs.enrolment import enable
from jobs.ports import Store
from jobs.report import Report
from jobs.sync import SyncReport, run_sync
from jobs.world import World
from simulators.base import Clock
from simulators.erpnet import ErpPerson, ErpSimulator
from simulators.graph import GraphSimulator, OutlookPerson
from sync_core.model import Link, Memory, User
from sync_core.policy import Policy

START = datetime(2026, 1, 25, 8, 0, tzinfo=UTC)
"""A Sunday morning, 10:00 in Sofia."""

ANNA = "anna@acme.example"


async def no_sleep(_: float) -> None:
    """Waiting costs tests nothing."""


@dataclass(slots=True)
class House:
    """Everything a test of whole rounds needs."""

    clock: Clock
    graph: GraphSimulator
    erp: ErpSimulator
    world: World
    memory: MemoryStore | None = None

    @property
    def now(self) -> datetime:
        """The house's clock."""
        return self.clock.now()

    def outlook(self, upn: str = ANNA) -> OutlookPerson:
        """A person at their Outlook."""
        return self.graph.person(upn)

    def desk(self, login: str = "anna") -> ErpPerson:
        """A person at ERP.net."""
        return self.erp.person(login)

    def advance(self, **by: float) -> None:
        """Let time pass (``timedelta`` arguments)."""
        self.clock.advance(timedelta(**by))

    async def employ(self, name: str = "anna", *, enabled: bool = True, zone: str = "FLE Standard Time") -> str:
        """Hire somebody on both sides; returns the UPN."""
        upn = f"{name}@acme.example"
        self.graph.add_mailbox(upn, time_zone=zone, display_name=name.title())
        self.erp.add_user(name, upn, name.title())
        self.erp.add_role_user(name, self.erp.company_id, self.erp.location_id)
        if enabled:
            await enable(self.world, upn)
        return upn

    async def sync(self, *upns: str, full: bool = False, dry_run: bool = False) -> SyncReport:
        """`calsync sync` for all enabled users, or the named."""
        users = [u for u in await self.world.store.list_users() if u.enabled and (not upns or u.upn in upns)]
        return await run_sync(self.world, users, full=full, dry_run=dry_run)

    async def step(self, **kwargs: bool) -> Report:
        """A sync of the one user there is, which must be fine."""
        outcome = await self.sync(**kwargs)
        assert outcome.failure == ""
        assert [r.failures for r in outcome.reports] == [[]]
        return outcome.reports[0]

    async def user(self, upn: str = ANNA) -> User:
        """The stored user."""
        return next(u for u in await self.world.store.list_users() if u.upn == upn)

    async def recall(self, upn: str = ANNA) -> Memory:
        """What is remembered of a user."""
        return await self.world.store.recall((await self.user(upn)).id)

    async def link_of(self, event_id: str) -> Link:
        """The link of an event."""
        return next(link for link in (await self.recall()).links if link.event_id == event_id)

    def set_policy(self, **choices: object) -> None:
        """Change the company's choices."""
        self.world = replace(self.world, policy=replace(self.world.policy, **choices))  # type: ignore[arg-type]

    def graph_writes(self) -> list[str]:
        """Every write Graph has seen since the log was emptied, batch parts included as one line."""
        return [s.line for s in self.graph.requests if s.method != "GET" and not s.path.endswith("/$batch")]


@asynccontextmanager
async def open_house(
    store: Store | None = None, *, at: datetime = START, policy: Policy | None = None
) -> AsyncIterator[House]:
    """A running house; ``store`` defaults to one in memory."""
    clock = Clock(at)
    async with GraphSimulator(clock) as graph, ErpSimulator(clock) as erp:
        erp.requests_per_minute = None
        patience = Patience(tries=3, sleep=no_sleep)
        memory = MemoryStore(clock.now)
        calendar = GraphCalendar(
            GraphOptions(credential=lambda: StaticCredential(graph.token), url=graph.url, patience=patience),
            clock=clock.now,
        )
        erp_net = ErpNet(
            ErpOptions(url=erp.url, client_id="calsync", client_secret="erp-sim-secret"),
            clock=clock.now,
            patience=patience,
        )
        world = World(
            calendar=calendar,
            erp=erp_net,
            store=store or memory,
            queue=MemoryQueue(),
            subscriptions=calendar.subscriptions,
            clock=clock.now,
            holder="test",
            policy=policy or Policy(),
            tenant="acme",
            database=erp.url,
            licence_wait=timedelta(0),
        )
        await world.store.prepare()
        try:
            yield House(clock, graph, erp, world, memory if store is None else None)
        finally:
            await calendar.close()
            await erp_net.close()
