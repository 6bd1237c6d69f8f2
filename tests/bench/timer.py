"""What one run of the sync timer costs where nothing has happened, for 1,000 and 10,000 people: CPU and memory of a
process of its own beyond start-up, requests to Graph, table requests.

Azurite holds the tables. Graph's batches are answered by a server of a dozen lines, since ten thousand mailboxes of
the stand-in would take longer than all that is measured. ``python -m tests.bench.timer`` is that process.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_DNS, uuid5
from zoneinfo import ZoneInfo

from aiohttp import web

from adapters.graph import GraphCalendar, GraphOptions, StaticCredential
from adapters.store import codec
from adapters.store.backend import Key, Op, Table, Verb
from adapters.store.memory import MemoryQueue
from adapters.store.tables import TableStore, connect
from jobs.app.dispatch import dispatch
from jobs.checkup import as_known, fingerprint
from jobs.world import World
from simulators.azurite import Azurite
from sync_core.content.window import delta_window_at, local_day
from sync_core.model.instance import Instance
from sync_core.model.memory import Cursors
from sync_core.model.policy import Policy
from sync_core.model.user import User
from tests.bench.figures import Budget, Figure
from tests.support.fresh import ROOT
from tests.support.probe import most_memory

PEOPLE = (1_000, 10_000)

CPU_GOAL, GRAPH_GOAL = 0.3, 50
"""Milliseconds of CPU a person, and requests to Graph a thousand people."""

LINK = "/users/{}/calendarView/delta?$deltatoken=" + "R0usmcdvmMu7hxWmyYoIjAz8" * 20
"""As long as Graph's own."""


def measure(_: Budget) -> Iterator[Figure]:
    """A company in step, each size once: thousands of people are repetitions enough."""
    with Azurite() as azurite, _graph() as root:
        for people in PEOPLE:
            spent = _run(azurite.connection_string, root, people)
            what = f"idle timer, {people:,} people"
            yield Figure(what, "CPU a person", "ms", (spent["cpu"] / people * 1000,), CPU_GOAL)
            yield Figure(what, "wall time", "s", (spent["wall"],))
            yield Figure(what, "Graph requests / 1,000", "", (spent["graph"] / people * 1000,), GRAPH_GOAL)
            yield Figure(what, "table requests", "", (spent["tables"],))
            yield Figure(what, "memory at most", "MiB", (spent["memory"],))


@contextmanager
def _graph() -> Iterator[str]:
    """The address of the server that answers batches."""
    order = [sys.executable, "-m", "tests.bench.timer"]
    with subprocess.Popen(order, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def _run(storage: str, root: str, people: int) -> dict[str, float]:
    asyncio.run(_fill(storage, root, people))
    order = [sys.executable, "-m", "tests.bench.timer", storage, root, str(people)]
    done = subprocess.run(order, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


async def _measured(storage: str, root: str, people: int) -> dict[str, float]:
    async with AsyncExitStack() as opened:
        store = TableStore(connect(storage), f"size{people}", now)
        opened.push_async_callback(store.close)
        calendar = GraphCalendar(GraphOptions(credential=lambda: StaticCredential("token"), url=root), clock=now)
        opened.push_async_callback(calendar.close)
        await calendar.has_news({"first": f"{root}{LINK.format('first')}"})  # loads the SDK
        return await _spent(world_of(store, calendar))


async def _fill(storage: str, root: str, people: int) -> None:
    store = TableStore(connect(storage), f"size{people}", now)
    await store.prepare()
    rows = [Op(Verb.PUT, Key("user", one.id), codec.encode(one)) for one in people_in_step(people, root)]
    await store.backend.write_all(Table.USERS, rows)
    await store.save_instance(Instance(looked_at=now()), "")
    await store.close()


async def _spent(world: World) -> dict[str, float]:
    store = world.store
    assert isinstance(store, TableStore)
    tables, cpu, began = store.reads + store.writes, time.process_time(), time.monotonic()
    asked = await _asked(world)
    assert await dispatch(world) == 0
    spent = {"cpu": time.process_time() - cpu, "wall": time.monotonic() - began, "memory": most_memory()}
    return {**spent, "graph": await _asked(world) - asked - 1, "tables": store.reads + store.writes - tables}


async def _asked(world: World) -> int:
    """How many batches the server has answered: a probe that fails would count as news."""
    mailbox = await world.calendar.find_user("counter")
    assert mailbox is not None
    return int(mailbox.id)


def world_of(store: TableStore, calendar: GraphCalendar) -> World:
    """The world of a process that asks neither ERP.net nor the queue of Azure."""
    return World(
        calendar=calendar,
        erp=None,  # type: ignore[arg-type] # a timer does not ask it
        store=store,
        queue=MemoryQueue(),
        subscriptions=calendar.subscriptions,
        clock=now,
        holder="bench",
    )


def people_in_step(count: int, root: str) -> Iterator[User]:
    """Everybody in step, as their last whole round has left them."""
    at, zone = now(), ZoneInfo("Europe/Sofia")
    for number in range(count):
        ident, name = str(uuid5(NAMESPACE_DNS, f"{number}")), f"person.number{number}"
        user = User(
            id=ident,
            upn=f"{name}@acme.example",
            mail=f"{name}@acme.example",
            addresses=(f"{name}@acme.example", f"p{number}@acme.example"),
            display_name=f"Person Number {number}",
            enabled=True,
            erp_user_id=ident,
            erp_login=name,
            erp_person_id=ident,
            erp_party_id=ident,
            company_id=ident,
            location_id=ident,
            zone=zone.key,
            enabled_at=at - timedelta(days=9),
            synced_at=at,
            erp_seen_at=at,
            company="Acme Ltd",
            location="Head office",
        )
        cursors = Cursors(
            f"{root}{LINK.format(ident)}",
            delta_window_at(at, zone, 1),
            at + timedelta(days=30),
            local_day(at, zone),
            full_due=False,
            fingerprint=fingerprint(as_known(user, Instance()), Policy()),
        )
        yield replace(user, cursors=cursors)


def now() -> datetime:
    """The clock of what is measured."""
    return datetime.now(UTC)


async def _serve() -> None:
    """Answer every part of a batch: no news."""
    asked = 0

    async def answer(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        if request.method == "GET":
            return web.json_response({"id": str(asked), "userPrincipalName": "counter", "accountEnabled": True})
        parts = (await request.json())["requests"]
        body = {"value": [], "@odata.deltaLink": "https://graph.example" + LINK.format("anybody")}
        return web.json_response({"responses": [{"id": p["id"], "status": 200, "body": body} for p in parts]})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/v1.0", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    if len(sys.argv) == 1:
        asyncio.run(_serve())
    else:
        print(json.dumps(asyncio.run(_measured(sys.argv[1], sys.argv[2], int(sys.argv[3])))))
