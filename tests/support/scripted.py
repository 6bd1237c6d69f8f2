"""A server that says what the test tells it to and remembers every request; each system's script adds its own."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Generic, Self, TypeVar

from aiohttp import web


@dataclass
class Say:
    """One answer; ``cut`` closes the connection instead, ``hang`` keeps silent."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    hang: bool = False


@dataclass(frozen=True)
class Request:
    """One request as it arrived; ``target`` is path and query, undecoded; header names are lower-case."""

    method: str
    target: str
    headers: dict[str, str]
    raw: bytes


Heard = TypeVar("Heard", bound=Request)


class ScriptedServer(Generic[Heard]):
    """Answers in turn from ``answers``; subclasses say what they hear and what they answer by themselves."""

    hears: type[Heard]
    speechless = Say(status=599)

    def __init__(self) -> None:
        self.answers: deque[Say] = deque()
        self.heard: list[Heard] = []
        self.at_once = 0
        self.most_at_once = 0
        self.origin = ""
        self._runner: web.AppRunner | None = None
        self._arrival = asyncio.Condition()

    def say(self, *answers: Say) -> None:
        """Queue answers."""
        self.answers.extend(answers)

    async def hear(self, count: int) -> None:
        """Wait until so many requests arrived."""
        async with self._arrival:
            await self._arrival.wait_for(lambda: len(self.heard) >= count)

    def choose(self, path: str) -> Say:
        """The answer to the request just heard."""
        return self.answers.popleft() if self.answers else self.speechless

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/{any:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.origin = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.heard.append(self.hears(request.method, request.raw_path, headers, await request.read()))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        async with self._arrival:
            self._arrival.notify_all()
        await asyncio.sleep(0)
        self.at_once -= 1
        return await _print(request, self.choose(request.path))


async def _print(request: web.Request, say: Say) -> web.Response:
    if say.hang:
        await asyncio.Event().wait()
    if say.cut and request.transport is not None:
        request.transport.abort()
    text = say.body if isinstance(say.body, str) else json.dumps(say.body)
    body = b"" if say.body is None else text.encode()
    return web.Response(status=say.status, body=body, headers={"Content-Type": "application/json"} | say.headers)


FAR = ["inf", "-inf", "Infinity", "1e999", "9" * 400, "86400000", "Fri, 31 Dec 9999 23:59:59 GMT",
       "Fri, 31 Dec 9999 23:59:59 -2359"]  # fmt: skip


SENSELESS = ["nan", "-nan", "", "soon", "1 2", "Fri, 31 Dec 10000 00:00:00 GMT", "Sun, 25 Jan 2026 08:00:07 -0000",
             "\x00", "Mon, 99 Foo 2026 00:00:00 GMT", "Sun, 25 Jan 2026 08:00:07 +9999999999"]  # fmt: skip


ODD = [*FAR, *SENSELESS, "-1", "-0.0", "1e-320", "Mon, 01 Jan 0001 00:00:00 +2359"]
