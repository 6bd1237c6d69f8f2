"""A round and a pull as they look from outside: what they ask of both sides, and what they leave in the store.

``COSTS`` are the requests that real rounds make: ``test_costs`` counts them at the stand-ins and in the store. The
rows that decide who is due (cursors, wake token, mark, inbox, user) are written by the store itself, as a round does;
the table requests that a real round makes beside these are reckoned.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from adapters.store.backend import Table
from adapters.store.store import OVERLAP, SMALL
from jobs.checkup import as_known, fingerprint, save_findings
from jobs.fence import Fence
from jobs.people import LIFE, WHOLE, People
from jobs.ports import Put
from jobs.pull import PullReport
from jobs.round.report import Report
from jobs.wake import heard_at
from jobs.world import World
from sync_core.content.window import delta_window_at, local_day
from sync_core.errors import CalsyncError
from sync_core.model.instance import Instance
from sync_core.model.memory import InboxRow, Memory
from sync_core.model.user import User
from tests.bench.size.people import Todo
from tests.bench.size.sides import SimErp, SimGraph
from tests.bench.size.tables import Requests, SlowBackend, counted


@dataclass(frozen=True, slots=True)
class Cost:
    """Requests to Graph, to ERP.net and to the tables, and the rows that the last ones read."""

    graph: int
    erp: int
    tables: int
    rows: int


COSTS = {
    "idle": Cost(1, 0, 12, 7),
    "new day": Cost(4, 3, 16, 82),
    "to ERP.net": Cost(1, 2, 20, 11),
    "to Outlook": Cost(2, 1, 23, 13),
    "first": Cost(4, 6, 29, 8),
}
"""Of a round that finds nothing (or its own echo), of one on a new day, with a change on either side, and of the
first one over a calendar of 30 meetings."""

PAGE = 1_000
"""Rows that one table request reads."""

PULL = 1
"""Requests to ERP.net of a pull."""

IN_A_BATCH: Mapping[str, int] = {"to ERP.net": 50, "to Outlook": 20}
"""Changes that travel in one request."""

CPU = 0.05
"""Assumed: seconds of CPU of a round, on an instance of one core."""


Tell = Callable[[str], None]
"""Lets Graph notify of a write to somebody's calendar."""


class Rounds:
    """Stands in the place of ``run_round`` and ``pull_and_repair``."""

    def __init__(self, people: int, todo: Todo, graph: SimGraph, tables: SlowBackend, tell: Tell) -> None:
        self._people = people
        self._known_at: dict[People, tuple[datetime, datetime]] = {}
        self._todo = todo
        self._tables = tables
        self._graph = graph
        self._tell = tell
        self.rounds: Counter[str] = Counter()
        self.passed_by: list[int] = []
        """How many requests of others ERP.net answered during each round that was not a first one."""

    async def pull_and_repair(self, world: World) -> PullReport:
        """Ask ERP.net what has changed, and file it."""
        await _erp(world).ask(PULL)
        changed, self._todo.to_pull = self._todo.to_pull, []
        users = sorted(set(changed))
        now = world.clock()
        for user_id in users:
            await world.store.file_inbox(user_id, [InboxRow("activity", now)])
        return PullReport(len(changed), frozenset(users))

    async def run_round(self, world: World, user: User, *, full: bool = False, **_: object) -> Report:
        """What ``jobs.round.run.run_round`` does to the store and asks of both sides."""
        await self.know_people(world)
        own = counted.set(Requests())
        fence = Fence(world, await world.store.acquire_lease(user.id, world.holder, world.lease_seconds))
        report = Report(user.id, user.upn, full=full)
        kind, outlook, erp = "", self._todo.outlook.pop(user.id, []), list[datetime]()
        try:
            memory = await world.store.recall(user.id)
            report.served = memory.wake
            erp = self._todo.erp.pop(user.id, []) if memory.inbox or memory.cursors.full_due else []
            self._graph.news.discard(user.id)
            kind = self._kind(world, memory, outlook, erp)
            self.rounds[kind] += 1
            await self._ask(world, fence, _cost(kind, len(outlook), len(erp)))
            await self._carry_out(world, fence, user, memory, report)
        except CalsyncError as error:
            report.trouble = error
            self._todo.outlook[user.id] += outlook
            self._todo.erp[user.id] += erp
            self._graph.news.add(user.id)
        finally:
            await fence.release()
        report.again |= await world.store.read_wake(user.id) != report.served
        if report.trouble is None:
            await self._tables.reckon(COSTS[kind].tables, COSTS[kind].rows)
            self._arrived(world, user.id, outlook, erp, report)
        counted.reset(own)
        return report

    async def know_people(self, world: World) -> None:
        """Who works here, which a process reads as often and as much as ``jobs.people`` lets it; decoding it is left
        out."""
        now = world.clock()
        is_first = world.people not in self._known_at  # the second is of all, too
        known_at, whole_at = self._known_at.get(world.people, (now - LIFE, now - WHOLE))
        if now - known_at < LIFE:
            return
        is_whole = now - whole_at >= WHOLE
        self._known_at[world.people] = now, now if is_whole and not is_first else whole_at
        if self._people <= SMALL:
            await self._tables.reckon(1, self._people)
        elif is_whole:
            await self._tables.reckon(math.ceil(self._people / PAGE) + (not is_first), self._people)
        else:
            await self._tables.reckon(1, 0)
            await self._tables.scan_since(Table.USERS, "user", known_at - OVERLAP)

    def _kind(self, world: World, memory: Memory, outlook: list[datetime], erp: list[datetime]) -> str:
        if memory.cursors.full_due:
            return "first"
        if outlook or erp:
            return "to ERP.net" if outlook else "to Outlook"
        is_new_day = memory.cursors.day != local_day(world.clock(), ZONE)
        return "new day" if is_new_day else "idle"

    async def _ask(self, world: World, fence: Fence, cost: Cost) -> None:
        before = _erp(world).gate.requests
        await asyncio.sleep(CPU)
        for ask, requests in ((self._graph.ask, cost.graph), (_erp(world).ask, cost.erp)):
            for _ in range(requests):
                async with fence.covering():
                    await ask(1)
        if cost.erp < COSTS["first"].erp:
            self.passed_by.append(_erp(world).gate.requests - before - cost.erp)

    async def _carry_out(self, world: World, fence: Fence, user: User, memory: Memory, report: Report) -> None:
        """Save what a whole round saves."""
        store, now = world.store, world.clock()
        cursors = replace(
            memory.cursors,
            delta_link="https://graph/delta",
            delta_window=delta_window_at(now, ZONE, world.policy.months_ahead),
            day=local_day(now, ZONE),
            full_due=False,
            served=memory.wake,
            fingerprint=fingerprint(as_known(user, Instance()), world.policy),
        )
        await fence.save([Put(cursors)])
        if memory.inbox:
            await store.clear_inbox(user.id, memory.inbox)
        heard = heard_at(memory.wake) or user.heard_at
        done = replace(user, synced_at=now, cursors=cursors, heard_at=heard)
        await save_findings(store, user, done)
        await fence.settle(memory.wake)

    def _arrived(
        self, world: World, user_id: str, outlook: list[datetime], erp: list[datetime], report: Report
    ) -> None:
        now = world.clock()
        self._todo.across("to ERP.net", outlook, now)
        self._todo.across("to Outlook", erp, now)
        report.done.update({"activity updated": len(outlook), "event updated": len(erp)})
        report.done = +report.done
        since = self._todo.first.pop(user_id, None)
        if since is not None:
            self._todo.across("first sync", [since], now)
        if erp:
            self._tell(user_id)


ZONE = ZoneInfo("Europe/Sofia")


def _cost(kind: str, outlook: int, erp: int) -> Cost:
    """What a round asks that carries over so many changes of either side."""
    one = COSTS[kind]
    batches = ((outlook, IN_A_BATCH["to ERP.net"]), (erp, IN_A_BATCH["to Outlook"]))
    to_erp, to_graph = (max(0, math.ceil(changes / at_once) - 1) for changes, at_once in batches)
    return replace(one, graph=one.graph + to_graph, erp=one.erp + to_erp)


def _erp(world: World) -> SimErp:
    assert isinstance(world.erp, SimErp)
    return world.erp
