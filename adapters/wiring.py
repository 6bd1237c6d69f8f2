"""Composes the app: settings in, a ``World`` out, everything closed at the end. Nothing else wires adapters to jobs.

Heavy packages (azure, aiohttp) are imported when a world is opened, not before: a wrong setting or a health check
must not wait for them. The app loads them beside its event loop, where a handshake is answered meanwhile.
"""

from __future__ import annotations

import asyncio
import getpass
import os
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn, cast

from adapters.credentials import graph_credential, storage_credential, storage_token
from adapters.loading import load as load_packages
from adapters.setting_conflicts import is_development
from adapters.settings import Settings, load
from jobs.command import Asker
from jobs.world import World
from sync_core.errors import RowUnreadable, SideUnavailable, StoreUnavailable
from sync_core.model.instance import Instance
from sync_core.model.schedule import minutes_between
from sync_core.model.sides import Side

if TYPE_CHECKING:
    from azure.data.tables.aio import TableServiceClient
    from azure.storage.queue.aio import QueueServiceClient

    from adapters.erp import ErpOptions
    from adapters.graph import GraphCalendar
    from adapters.queues import WorkQueue
    from adapters.store.store import RowStore
    from jobs.ports import Calendar, Erp, Subscriptions


def utc_now() -> datetime:
    """This machine's clock."""
    return datetime.now(UTC)


def holder_name() -> str:
    """Names this process in leases and slots: host, process and something that no other start has."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"


@asynccontextmanager
async def open_world(
    settings: Settings, *, clock: Callable[[], datetime] = utc_now, is_examined: bool = False
) -> AsyncIterator[World]:
    """Make the world from the settings; close its connections at the end.

    The store is prepared and ERP.net's addresses are taken from it, unless the world is only opened to be
    *examined*: then nothing is asked of anybody yet. Raises ``StoreUnavailable`` and ``ForeignHost``.
    """
    from adapters.erp import ErpNet

    async with AsyncExitStack() as opened:
        store = await _open_store(settings, clock, opened)
        row = None if is_examined else await _prepared(store)
        erp = ErpNet(_erp_options(settings), clock=clock, endpoints=row[0].endpoints if row is not None else ())
        opened.push_async_callback(erp.close)
        calendar = _calendar(settings, clock)
        opened.push_async_callback(calendar.close)
        queue = await _open_queue(settings, opened)
        yield World(
            calendar=calendar,
            erp=erp,
            store=store,
            queue=queue,
            subscriptions=calendar.subscriptions,
            clock=clock,
            holder=holder_name(),
            opened_on=row,
            policy=settings.policy,
            chosen=settings.chosen,
            tenant=settings.tenant_id,
            database=settings.database,
            lease_seconds=settings.lease_seconds,
            call_timeout_seconds=settings.call_timeout_seconds,
            erp_sessions=settings.erpnet_max_sessions,
            public_url=settings.public_url,
            secret_ends=settings.secret_ends,
            digest_to=settings.digest_to,
            warnings=settings.warnings,
            activity_url=settings.activity_url,
            has_webhook=bool(settings.erpnet_webhook_secret),
            looks_every=minutes_between(settings.sync_schedule),
            late_after=settings.late_after,
            pull_late_after=settings.pull_late_after,
        )


def _erp_options(settings: Settings) -> ErpOptions:
    from adapters.erp import ErpOptions

    return ErpOptions(
        url=settings.erpnet_url,
        client_id=settings.erpnet_client_id,
        client_secret=settings.erpnet_client_secret,
        timeout_seconds=settings.call_timeout_seconds,
    )


@asynccontextmanager
async def open_desk(settings: Settings) -> AsyncIterator[World]:
    """Make a world without sides, for whoever asks the app: the store and the queue; closed at the end.

    Its clock is the store's, by which everybody's commands are put in order: a machine whose own is wrong would
    overtake what others ask later, or ask for what is over already.
    """
    async with AsyncExitStack() as opened:
        store = await _open_store(settings, utc_now, opened)
        await store.prepare()
        yield World(
            calendar=cast("Calendar", Nobody()),
            erp=cast("Erp", Nobody()),
            store=store,
            queue=await _open_queue(settings, opened),
            subscriptions=cast("Subscriptions", Nobody()),
            clock=store.service_now,
            holder=holder_name(),
        )


class Nobody:
    """Stands for both sides where only the app may reach them: whatever is asked of it is refused."""

    def __getattr__(self, name: str) -> Callable[..., Awaitable[NoReturn]]:
        async def refuse(*_: object, **__: object) -> NoReturn:
            raise SideUnavailable(Side.GRAPH, "only the app reaches Outlook and ERP.net")

        return refuse


async def who_asks(settings: Settings) -> Asker:
    """Whose sign-in opens the store: the directory's id and name; with a storage key, the user of this machine."""
    if settings.storage_connection:
        return Asker(f"{getpass.getuser()}@{socket.gethostname()}")
    from adapters.http import claims_in

    async with AsyncExitStack() as opened:
        credential = await opened.enter_async_context(storage_credential(settings))
        claims = claims_in(await storage_token(credential))
    name = claims.get("upn") or claims.get("preferred_username") or claims.get("appid") or ""
    return Asker(str(claims.get("oid") or name or getpass.getuser()), str(name))


async def _prepared(store: RowStore) -> tuple[Instance, str] | None:
    """Make missing tables; the instance row beside it, None where it cannot be read, or its table was missing:
    whoever needs it reads it anew and says so, and ERP.net's addresses are discovered anew."""
    from adapters.store.backend import gather

    [_, row] = await gather([store.prepare(), _row_in(store)])
    return row


async def _row_in(store: RowStore) -> tuple[Instance, str] | None:
    with suppress(RowUnreadable, StoreUnavailable):
        return await store.read_instance()
    return None


async def _open_store(settings: Settings, clock: Callable[[], datetime], opened: AsyncExitStack) -> RowStore:
    from adapters.store.tables import TableStore

    service = await _table_service(settings, opened)
    store = TableStore(service, settings.state_prefix, clock)
    opened.push_async_callback(store.close)
    return store


async def _table_service(settings: Settings, opened: AsyncExitStack) -> TableServiceClient:
    from adapters.store.tables import connect, connect_as

    if is_development(settings.storage_connection):
        return connect("UseDevelopmentStorage=true")  # the SDK knows this very spelling only
    if settings.storage_connection:
        return connect(settings.storage_connection)
    credential = await opened.enter_async_context(storage_credential(settings))
    return connect_as(settings.table_endpoint, credential)


async def _open_queue(settings: Settings, opened: AsyncExitStack) -> WorkQueue:
    """The work queue; nothing is asked of it, nor its package loaded, yet."""
    from adapters.queues import WorkQueue

    queue = WorkQueue(await _queue_service(settings, opened), settings.state_prefix)
    opened.push_async_callback(queue.close)
    return queue


async def _queue_service(settings: Settings, opened: AsyncExitStack) -> Callable[[], QueueServiceClient]:
    from adapters.queues import connect, connect_as

    if is_development(settings.storage_connection):
        return lambda: connect("UseDevelopmentStorage=true")  # as for the tables
    if settings.storage_connection:
        return lambda: connect(settings.storage_connection)
    credential = await opened.enter_async_context(storage_credential(settings))
    return lambda: connect_as(settings.queue_endpoint, credential)


def _calendar(settings: Settings, clock: Callable[[], datetime]) -> GraphCalendar:
    from adapters.graph import GraphCalendar, GraphOptions

    options = GraphOptions(
        credential=lambda: graph_credential(settings),
        url=settings.graph_url,
        timeout_seconds=settings.call_timeout_seconds,
    )
    return GraphCalendar(options, clock=clock)


def _packages(settings: Settings) -> tuple[str, ...]:
    """What opening the app's world imports; Graph's SDK comes with its first request."""
    is_keyed = bool(settings.storage_connection and settings.graph_access_token)
    return (
        "adapters.telemetry",
        "adapters.store.tables",
        "adapters.queues",
        "azure.storage.queue.aio",
        "adapters.erp",
        "adapters.graph",
        *(() if is_keyed else ("azure.identity.aio",)),
    )


class Process:
    """What one process of the app keeps for as long as it lives: its settings and one open ``World``.

    The Functions worker has no hook for start or end (azure.md §2): the first who asks opens it, the others wait;
    what failed to open is tried again by whoever asks next.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._opened = AsyncExitStack()
        self._world: World | None = None

    async def world(self, started: Callable[[World], Awaitable[None]]) -> World:
        """The world; ``started`` is awaited when it was opened, before anybody has it.

        Raises ``SettingsInvalid`` and what ``open_world`` and ``started`` raise.
        """
        async with self._turn:
            if self._world is None:
                self._world = await self._open(started)
            return self._world

    async def _open(self, started: Callable[[World], Awaitable[None]]) -> World:
        settings = load(os.environ)
        await load_packages(*_packages(settings))
        from adapters import telemetry
        from adapters.queues import WorkQueue

        telemetry.start(os.environ)
        async with AsyncExitStack() as opening:
            world = await opening.enter_async_context(open_world(settings))
            await started(world)
            if isinstance(world.queue, WorkQueue):
                await world.queue.prepare()
            self._opened = opening.pop_all()
        return world

    async def close(self) -> None:
        """Close everything; the next call opens it again."""
        self._world = None
        await self._opened.aclose()


process = Process()
"""The one of this process."""
