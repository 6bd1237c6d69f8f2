"""A whole calsync for tests: both stand-ins over real HTTP, the real adapters, a store, and people who act."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.erp import ErpNet, ErpOptions
from adapters.graph import GraphCalendar, GraphOptions, StaticCredential
from adapters.http import Retries
from adapters.store.memory import MemoryQueue, MemoryStore
from jobs.commands.sync import SyncReport
from jobs.ports import Store
from jobs.round.report import Report
from jobs.world import World
from simulators.base import Clock
from simulators.erpnet import ErpPerson, ErpSimulator
from simulators.graph import GraphSimulator, OutlookPerson
from sync_core.model.link import Link
from sync_core.model.memory import Memory
from sync_core.model.policy import Policy
from sync_core.model.user import User
from tests.support.indoors import switch_on
from tests.support.syncing import plan_sync, sync_all

START = datetime(2026, 1, 25, 8, 0, tzinfo=UTC)
"""A Sunday morning, 10:00 in Sofia."""

ANNA = "anna@acme.example"

SYNCS = 6
"""After so many syncs everything must be at rest."""


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

    async def employ(
        self,
        name: str = "anna",
        *,
        enabled: bool = True,
        zone: str = "FLE Standard Time",
        aliases: tuple[str, ...] = (),
    ) -> str:
        """Hire somebody on both sides, reached at ``aliases`` too; returns the UPN."""
        upn = f"{name}@acme.example"
        self.graph.add_mailbox(upn, time_zone=zone, display_name=name.title(), aliases=aliases)
        self.erp.add_user(name, upn, name.title())
        self.erp.add_role_user(name, self.erp.company_id, self.erp.location_id)
        if enabled:
            await switch_on(self.world, self.graph, self.erp, upn)
        return upn

    async def sync(self, *upns: str, full: bool = False, dry_run: bool = False) -> SyncReport:
        """`calsync sync` for all enabled users, or the named in the order in which they are named."""
        users = [u for u in await self.world.store.list_users() if u.enabled and (not upns or u.upn in upns)]
        if upns:
            users.sort(key=lambda user: upns.index(user.upn))
        return await (plan_sync if dry_run else sync_all)(self.world, users, full=full)

    async def step(self, **kwargs: bool) -> Report:
        """A sync of the one user there is, which must be fine."""
        outcome = await self.sync(**kwargs)
        assert outcome.failure == ""
        assert [r.failures for r in outcome.reports] == [[]]
        return outcome.reports[0]

    async def settle(self, *upns: str) -> Counter[str]:
        """Syncs, as time passes, until two find nothing to do; all must be fine. What was done, by kind."""
        done: Counter[str] = Counter()
        quiet = 0
        for _ in range(SYNCS):
            self.advance(minutes=5)
            outcome = await self.sync(*upns)
            assert (outcome.failure, [r.failures for r in outcome.reports if r.failures]) == ("", [])
            found = sum((r.done for r in outcome.reports), Counter[str]())
            done += found
            quiet = 0 if found else quiet + 1
            if quiet == 2:
                return done
        raise AssertionError(f"the rounds do not come to rest: {found}")

    @contextmanager
    def post(self) -> Iterator[list[tuple[str, str]]]:
        """Afterwards, the mails that Exchange sent meanwhile: (kind, address), people's own answers left out."""
        sent: list[tuple[str, str]] = []
        before = len(self.graph.mails)
        yield sent
        sent += [(mail.kind, mail.to) for mail in self.graph.mails[before:] if mail.kind != "response"]

    async def user(self, upn: str = ANNA) -> User:
        """The stored user."""
        return next(u for u in await self.world.store.list_users() if u.upn == upn)

    async def recall(self, upn: str = ANNA) -> Memory:
        """What is remembered of a user."""
        return await self.world.store.recall((await self.user(upn)).id)

    async def link_of(self, event_id: str, upn: str = ANNA) -> Link:
        """The link of an event."""
        return next(link for link in (await self.recall(upn)).links if link.event_id == event_id)

    def set_policy(self, **choices: object) -> None:
        """Change the company's choices."""
        self.world = replace(self.world, policy=replace(self.world.policy, **choices))  # type: ignore[arg-type]

    def world_with(self, store: Store) -> World:
        """The same world with another memory, as after the state tables were deleted."""
        return replace(self.world, store=store)

    def patches(self) -> list[tuple[str, dict[str, Any]]]:
        """What was sent to change events since the log was emptied: (event id, body), parts of batches too."""
        sent: list[tuple[str, dict[str, Any]]] = []
        for seen in self.graph.requests:
            parts = json.loads(seen.body)["requests"] if seen.path.endswith("/$batch") else []
            if seen.method == "PATCH":
                parts = [{"method": "PATCH", "url": seen.path, "body": json.loads(seen.body)}]
            sent += [(p["url"].rpartition("/")[2], p["body"]) for p in parts if p["method"] == "PATCH"]
        return sent

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
        retries = Retries(tries=3, sleep=no_sleep)
        memory = MemoryStore(clock.now)
        calendar = GraphCalendar(
            GraphOptions(credential=lambda: StaticCredential(graph.token), url=graph.url, retries=retries),
            clock=clock.now,
        )
        erp_net = ErpNet(
            ErpOptions(url=erp.url, client_id="calsync", client_secret="erp-sim-secret"),
            clock=clock.now,
            retries=retries,
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


@asynccontextmanager
async def open_office(*names: str, store: Store | None = None, policy: Policy | None = None) -> AsyncIterator[House]:
    """A house in which these work, all switched on; with nobody named, Anna, Boris and Carl."""
    async with open_house(store, policy=policy) as house:
        for name in names or ("anna", "boris", "carl"):
            await house.employ(name)
        yield house


def upn_of(name: str) -> str:
    """The address at which somebody in the office is reached."""
    return f"{name}@acme.example"


def participants(activity: dict[str, Any]) -> list[str]:
    """Who takes part in an activity, by e-mail; None for those without."""
    return sorted((p["Email"] for p in activity["Participants"]), key=str)


def notes(activity: dict[str, Any]) -> dict[str, str]:
    """What stands in the notes of an activity's participants, by e-mail; those without are left out."""
    return {p["Email"]: p["Notes"] for p in activity["Participants"] if p["Notes"]}


def attendees(event: dict[str, Any]) -> list[str]:
    """Who is invited to an event, by e-mail."""
    return sorted(a["emailAddress"]["address"] for a in event["attendees"])
