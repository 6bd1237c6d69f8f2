"""Puts the host together: the app's functions behind HTTP, timers and queues, and a clean end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from aiohttp import web
from azure.functions.warmup import WarmUpContext
from azure.storage.queue import QueueMessage as StoredMessage
from azure.storage.queue.aio import QueueServiceClient

from simulators.host.invoking import Worker, finish
from simulators.host.messages import HIDDEN, Rules, as_message
from simulators.host.ncrontab import Schedule
from simulators.host.plugin import Function, HostSettings, Unusable, expand, load_functions, load_host_settings
from simulators.host.queues import QueueListener, connect
from simulators.host.routes import LONGEST_BODY, Route, as_answer, as_given, choose, read_route
from simulators.host.timers import TimerListener

LOG = logging.getLogger("simulators.host")

GRACE = timedelta(seconds=10)
"""How long running functions may still take once the host is told to stop."""


class Host:
    """Runs one app: ``async with Host(Path("function_app.py"), os.environ) as host: host.origin``.

    ``beside``: routes of our own that are served with the app's.
    """

    def __init__(
        self,
        app: Path,
        environ: Mapping[str, str],
        *,
        address: str = "127.0.0.1",
        port: int = 0,
        hidden: timedelta = HIDDEN,
        grace: timedelta = GRACE,
        beside: Sequence[web.RouteDef] = (),
    ) -> None:
        self.origin = ""
        self.functions: dict[str, Function] = {}
        self._app = app
        self._environ = environ
        self._listen_at = (address, port)
        self._hidden = hidden
        self._grace = grace
        self._beside = beside
        self._worker = Worker()
        self._settings = HostSettings()
        self._routes: list[Route] = []
        self._queues: list[QueueListener] = []
        self._services: dict[str, QueueServiceClient] = {}
        self._listening: set[asyncio.Task[None]] = set()
        self._running: set[asyncio.Task[Any]] = set()
        self._runner: web.AppRunner | None = None

    async def start(self) -> Self:
        """Load the app and run it. Raises ``Unusable``, ``OSError`` for a taken port, and what the import raises.

        A function whose trigger cannot be set up is left out, with a line in the log; the others run.
        """
        self._settings = load_host_settings(self._app.with_name("host.json"))
        self.functions = {one.name: one for one in load_functions(self._app)}
        try:
            await self._serve()
            for function in self.functions.values():
                self._set_up(function)
        except BaseException:
            await self.stop()
            raise
        return self

    async def stop(self) -> None:
        """Take no more work, let running functions end, close everything."""
        for task in self._listening:
            task.cancel()
        await asyncio.gather(*self._listening, return_exceptions=True)
        await asyncio.gather(
            *([self._runner.cleanup()] if self._runner else []),
            *(queue.drain(self._grace) for queue in self._queues),
            finish(self._running, self._grace),
        )
        for service in self._services.values():
            await service.close()
        self._worker.close()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _set_up(self, function: Function) -> None:
        try:
            match function.kind:
                case "httpTrigger":
                    self._routes.append(read_route(function, self._settings.route_prefix))
                case "timerTrigger":
                    self._listen(self._timer(function).listen())
                case "warmupTrigger":
                    pass  # called where an instance is added to running ones, which never happens here
                case _:
                    queue = self._queue(function)
                    self._queues.append(queue)
                    self._listen(queue.listen())
        except Unusable as reason:
            LOG.error("The '%s' function is in error: %s", function.name, reason)

    def _listen(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        task.add_done_callback(_complain)
        self._listening.add(task)

    def _invoke(self, function: Function, argument: Any) -> asyncio.Future[Any]:
        """An invocation that outlives whoever waits for it, until the host stops."""
        task = asyncio.create_task(self._worker.invoke(function, argument))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return asyncio.shield(task)

    def _timer(self, function: Function) -> TimerListener:
        try:
            schedule = Schedule(expand(str(function.trigger["schedule"]), self._environ))
        except ValueError as wrong:
            raise Unusable(str(wrong)) from wrong
        return TimerListener(
            schedule,
            lambda request: self._invoke(function, request),
            clock=lambda: datetime.now(UTC),
            sleep=asyncio.sleep,
            is_run_on_startup=bool(function.trigger.get("runOnStartup")),
        )

    def _queue(self, function: Function) -> QueueListener:
        connection = str(function.trigger["connection"])
        name = expand(str(function.trigger["queueName"]), self._environ)
        if connection not in self._services:
            self._services[connection] = connect(connection, self._environ)
        rules = Rules(
            self._settings.max_dequeue_count,
            self._settings.visibility_timeout,
            self._settings.encoding,
            self._hidden,
        )
        return QueueListener(
            self._services[connection],
            name,
            lambda message: self._worker.invoke(function, message),
            self._settings,
            rules,
        )

    async def _serve(self) -> None:
        app = web.Application(client_max_size=LONGEST_BODY)
        app.add_routes(
            [
                web.post("/admin/functions/{name}", self._by_hand),
                *self._beside,
                web.route("*", "/{path:(?s:.*)}", self._answer),
            ]
        )
        self._runner = web.AppRunner(
            app, access_log=None, handle_signals=False, shutdown_timeout=self._grace.total_seconds()
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, *self._listen_at).start()
        self.origin = f"http://{self._listen_at[0]}:{self._runner.addresses[0][1]}"

    async def _answer(self, request: web.Request) -> web.Response:
        found = choose(self._routes, request.method, request.path)
        if found is None:
            return web.Response(status=404)
        function, parameters = found
        given = await as_given(request, parameters)
        try:
            return as_answer(await self._worker.invoke(function, given))
        except Exception:  # noqa: BLE001 - the worker has logged it; outside nothing is told (azure.md §2)
            return web.Response(status=500)

    async def _by_hand(self, request: web.Request) -> web.Response:
        """Run any function but an HTTP one now, 202 at once; the real host asks for the master key (azure.md §7)."""
        function = self.functions.get(request.match_info["name"])
        if function is None or function.kind == "httpTrigger":
            return web.Response(status=404)
        given = await request.json() if request.can_read_body else {}
        if function.kind == "warmupTrigger":
            argument: Any = WarmUpContext()
        elif function.kind == "timerTrigger":
            argument = self._timer(function).request(datetime.now(UTC))
        else:
            argument = as_message(StoredMessage(id="by-hand", dequeue_count=1), str(given.get("input", "")))
        self._invoke(function, argument).add_done_callback(_forget)
        return web.Response(status=202)


def _complain(listener: asyncio.Task[None]) -> None:
    """A listener only ends when it is cancelled; anything else is a mistake of this host and must be seen."""
    error = None if listener.cancelled() else listener.exception()
    if error is not None:
        LOG.error("A listener has ended", exc_info=error)


def _forget(invocation: asyncio.Future[Any]) -> None:
    """The worker has logged how it went."""
    if not invocation.cancelled():
        invocation.exception()
