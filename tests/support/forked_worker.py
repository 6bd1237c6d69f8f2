"""A process that has everything imported and forks a worker for each line it reads: one sync of all users.

A line is JSON: where the sides and the store are, and what time it is. It answers ``started PID`` and, once the
worker is dead or done, ``ended STATUS``.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from datetime import datetime

import azure.data.tables.aio
import kiota_http.middleware.options
import msgraph.graph_service_client

from adapters.erp import ErpNet, ErpOptions
from adapters.graph import GraphCalendar, GraphOptions, StaticCredential
from adapters.store.memory import MemoryQueue
from adapters.store.tables import TableStore, connect
from jobs.world import World
from tests.support.syncing import sync_all

WARM = (azure.data.tables.aio, kiota_http.middleware.options, msgraph.graph_service_client)
"""What the adapters import on first use; a forked worker finds it done."""


HOLDER = "worker"


@dataclass(frozen=True)
class Task:
    """One line."""

    graph_url: str
    graph_token: str
    erp_url: str
    storage: str
    prefix: str
    now: str


def world_of(task: Task) -> World:
    """A world of its own, as a process of the app opens it. All bear one name: the lease of the dead is theirs."""
    at = datetime.fromisoformat(task.now)

    def clock() -> datetime:
        return at

    graph = GraphOptions(credential=lambda: StaticCredential(task.graph_token), url=task.graph_url)
    calendar = GraphCalendar(graph, clock=clock)
    return World(
        calendar=calendar,
        erp=ErpNet(ErpOptions(task.erp_url, "calsync", "erp-sim-secret"), clock=clock),
        store=TableStore(connect(task.storage), task.prefix, clock),
        queue=MemoryQueue(),
        subscriptions=calendar.subscriptions,
        clock=clock,
        holder=HOLDER,
        tenant="acme",
        database=task.erp_url,
    )


async def one_sync(task: Task) -> None:
    """One sync of everybody."""
    world = world_of(task)
    await sync_all(world, [user for user in await world.store.list_users() if user.enabled])


def main() -> None:
    """Fork, report, wait; until the input ends."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            asyncio.run(one_sync(Task(**json.loads(line))))
            os._exit(0)
        print(f"started {child}", flush=True)
        _, status = os.waitpid(child, 0)
        print(f"ended {status}", flush=True)


if __name__ == "__main__":
    main()
