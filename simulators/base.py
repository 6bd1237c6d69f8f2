"""The base of both stand-ins: a clock that can be moved, scripted faults, the request log, the HTTP server.

A stand-in is an aiohttp application on a loopback port. Every request passes one door (``_door``): it is
logged, then a scripted fault may answer for it, cut it, or let it through and lose the answer.
``/_sim/...`` is the side entrance for people and tests; it is neither logged nor faulted.
"""

from __future__ import annotations

import asyncio
import fnmatch
import json
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from aiohttp import web

Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Refused(Exception):
    """The person's action or the control call makes no sense; the text says why."""


class Clock:
    """The stand-in's idea of now: real time plus an offset, or frozen at an instant."""

    def __init__(self, at: datetime | None = None) -> None:
        self._frozen = at
        self._offset = timedelta(0)

    def now(self) -> datetime:
        """The current instant, aware, UTC."""
        return self._frozen if self._frozen is not None else datetime.now(UTC) + self._offset

    def set(self, at: datetime) -> None:
        """Freeze the clock at ``at`` (aware)."""
        self._frozen = at.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        """Move the clock; a frozen clock stays frozen at the later instant."""
        if self._frozen is not None:
            self._frozen += by
        else:
            self._offset += by


@dataclass
class Fault:
    """One scripted misfortune.

    ``match`` is a shell pattern over ``"METHOD /path"`` (no query string). ``skip`` matching requests pass
    first, then ``times`` of them are hit (``None`` = all). ``kind``:

    - ``answer``: the real system never sees the request; ``status``, ``headers``, ``body`` come back
    - ``cut``: the connection is closed before anything is done
    - ``lose``: the work is done, then the connection is closed instead of answering
    - ``delay``: wait ``seconds``, then go on normally
    """

    match: str
    kind: str = "answer"
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    times: int | None = 1
    skip: int = 0
    seconds: float = 0.0

    def hits(self, line: str) -> bool:
        """Whether this request is the one (counts down as a side effect)."""
        if not fnmatch.fnmatchcase(line, self.match) or self.times == 0:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass(frozen=True)
class Seen:
    """One request that reached the stand-in, and the status it was answered with (0 = cut off)."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def line(self) -> str:
        """``"METHOD /path"``, the form that fault patterns are written against."""
        return f"{self.method} {self.path}"


class Simulator:
    """A stand-in's server; subclasses add routes and state.

    Use as ``async with GraphSimulator() as graph: graph.origin ...`` inside a running loop, or run one in a
    process of its own (``python -m simulators.graph``).
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.faults: list[Fault] = []
        self.requests: list[Seen] = []
        self.origin = ""
        self._runner: web.AppRunner | None = None

    def routes(self) -> list[web.RouteDef]:
        """The real system's routes."""
        raise NotImplementedError

    async def control(self, verb: str, body: Json) -> Any:
        """Carry out one ``POST /_sim/{verb}`` of a person or test; raise ``Refused`` with the reason."""
        raise Refused(f"unknown control verb: {verb}")

    def add_fault(self, match: str, **kind: Any) -> Fault:
        """Script a fault; see ``Fault`` for the arguments."""
        fault = Fault(match, **kind)
        self.faults.append(fault)
        return fault

    def forget_requests(self) -> None:
        """Empty the request log."""
        self.requests.clear()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> Self:
        """Listen; port 0 takes a free one. ``origin`` then holds ``http://host:port``."""
        app = web.Application(middlewares=[self._middleware()], client_max_size=64 * 2**20)
        app.add_routes([web.post("/_sim/{verb}", self._control), *self.routes()])
        # A request line far beyond aiohttp's own limit must reach the stand-in, which knows the real one.
        self._runner = web.AppRunner(
            app, access_log=None, handle_signals=False, shutdown_timeout=0.2, max_line_size=2**17
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        bound = self._runner.addresses[0]
        self.origin = f"http://{host}:{bound[1]}"
        return self

    async def stop(self) -> None:
        """Close the port and every open connection."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _middleware(self) -> Any:
        @web.middleware
        async def door(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.path.startswith("/_sim/"):
                return await handler(request)
            return await self._door(request, handler)

        return door

    async def _door(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        line = f"{request.method} {request.path}"
        body = await request.read()
        fault = next((f for f in self.faults if f.hits(line)), None)
        if fault is not None and fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
            fault = None
        if fault is not None and fault.kind == "answer":
            self._log(request, body, fault.status)
            payload = None if fault.body is None else json.dumps(fault.body).encode()
            return web.Response(
                status=fault.status, headers=fault.headers, body=payload, content_type="application/json"
            )
        if fault is not None and fault.kind == "cut":
            return self._hang_up(request, body)
        try:
            response = await handler(request)
        except web.HTTPException as unrouted:
            self._log(request, body, unrouted.status)
            raise
        if fault is not None:
            return self._hang_up(request, body)
        self._log(request, body, response.status)
        return response

    def _hang_up(self, request: web.Request, body: bytes) -> web.Response:
        self._log(request, body, 0)
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    def _log(self, request: web.Request, body: bytes, status: int) -> None:
        self.requests.append(
            Seen(request.method, request.path, request.query_string, dict(request.headers), body, status)
        )

    async def _control(self, request: web.Request) -> web.Response:
        verb = request.match_info["verb"]
        raw = await request.read()
        body: Json = json.loads(raw) if raw else {}
        try:
            answer = await self._shared_control(verb, body)
        except Refused as refusal:
            return web.json_response({"refused": str(refusal)}, status=409)
        return web.json_response(answer)

    async def _shared_control(self, verb: str, body: Json) -> Any:
        match verb:
            case "clock":
                if "now" in body:
                    self.clock.set(datetime.fromisoformat(body["now"]))
                if "advance_seconds" in body:
                    self.clock.advance(timedelta(seconds=body["advance_seconds"]))
                return {"now": self.clock.now().isoformat()}
            case "fault":
                self.add_fault(**body)
                return {}
            case "clear_faults":
                self.faults.clear()
                return {}
            case "requests":
                return [
                    {"method": s.method, "path": s.path, "query": s.query, "status": s.status} for s in self.requests
                ]
            case "forget_requests":
                self.forget_requests()
                return {}
            case _:
                return await self.control(verb, body)


async def serve_until_stopped(simulator: Simulator, host: str, port: int) -> None:
    """Run in a process of its own: print the origin on one line, then serve until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await simulator.start(host, port)
    print(simulator.origin, flush=True)
    try:
        await stopped.wait()
    finally:
        await simulator.stop()
