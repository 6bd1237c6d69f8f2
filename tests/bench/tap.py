"""A tap on the line to a server: it counts and keeps what passes, and may be slow, as a far server is.

``with Tap(origin, delay=0.05) as tap: tap.origin ...; tap.taken()``. It runs in a thread of its own, so that the
processes that are measured are those that talk through it. Addresses in what passes are changed to its own.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Self

from aiohttp import ClientSession, ClientTimeout, TCPConnector, web
from yarl import URL

LEFT_OUT = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host", "accept-encoding"})
"""Headers that belong to one line; nothing is compressed, so that addresses can be changed."""
LONGEST_BODY = 64 * 2**20
NUMBER = "x-number-of-exchange"
"""The header that says to an ``Echo`` which answer is wanted."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer, as they passed."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    status: int
    answer_headers: dict[str, str]
    answer: bytes


@dataclass
class Tap:
    """See the module; ``server`` is the origin of the real one, ``delay`` seconds pass before each answer."""

    server: str
    delay: float = 0.0
    origin: str = ""
    _kept: list[Exchange] = field(default_factory=list)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _ended: asyncio.Event = field(default_factory=asyncio.Event)
    _ready: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)
        self._thread.start()
        if not self._ready.wait(10):
            raise TimeoutError(f"no tap on {self.server}")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(10)

    def taken(self) -> list[Exchange]:
        """What has passed since the last call."""
        kept, self._kept = self._kept, []
        return kept

    async def _serve(self) -> None:
        async with AsyncExitStack() as stack:
            self._client = await stack.enter_async_context(
                ClientSession(connector=TCPConnector(limit=0), timeout=ClientTimeout(), auto_decompress=False)
            )
            app = web.Application(client_max_size=LONGEST_BODY)
            app.router.add_route("*", "/{rest:.*}", self._pass_on)
            runner = web.AppRunner(app, access_log=None, handle_signals=False, max_line_size=2**17)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
            self._ready.set()
            await self._ended.wait()

    async def _pass_on(self, request: web.Request) -> web.Response:
        ours, theirs = self.origin.encode(), self.server.encode()
        sent = (await request.read()).replace(ours, theirs)
        headers = {name: text for name, text in request.headers.items() if name.lower() not in LEFT_OUT}
        asked = self._client.request(
            request.method,
            URL(self.server + request.raw_path, encoded=True),
            data=sent or None,
            skip_auto_headers=("Content-Type", "Accept-Encoding"),
            headers=headers,
            allow_redirects=False,
        )
        async with asked as answer:
            got = (await answer.read()).replace(theirs, ours)
            told = {
                name: text.replace(self.server, self.origin)
                for name, text in answer.headers.items()
                if name.lower() not in LEFT_OUT
            }
        self._kept.append(Exchange(request.method, request.raw_path, headers, sent, answer.status, told, got))
        await asyncio.sleep(self.delay)
        return web.Response(status=answer.status, body=got, headers=told)


@dataclass
class Echo(Tap):
    """A server that gives each numbered request the answer that was given when it was kept."""

    exchanges: Sequence[Exchange] = ()

    async def _pass_on(self, request: web.Request) -> web.Response:
        await request.read()
        then = self.exchanges[int(request.headers[NUMBER])]
        return web.Response(status=then.status, body=then.answer, headers=then.answer_headers)
