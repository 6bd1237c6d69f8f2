"""A server that says what the test tells it to, and remembers every request: what the wire tests look at."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

ROOT = "/api/domain/odata/"
LOGIN = "calsync.service"


@dataclass
class Say:
    """One answer; ``cut`` closes the connection instead, ``hang`` keeps silent."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    hang: bool = False


@dataclass(frozen=True)
class Heard:
    """One request as it arrived; ``target`` is path and query, undecoded."""

    method: str
    target: str
    headers: dict[str, str]
    body: str

    @property
    def line(self) -> str:
        """Method and target without the OData root."""
        return f"{self.method} {self.target.removeprefix(ROOT)}"


def jwt(**claims: Any) -> str:
    """A token whose middle says ``claims``."""
    middle = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJSUzI1NiJ9.{middle}.signature"


def part(status: int, body: Any = None) -> str:
    """The answer to one read of a batch."""
    content = "" if body is None else json.dumps(body)
    return (
        "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        f"HTTP/1.1 {status} Status\r\nContent-Type: application/json\r\n\r\n{content}"
    )


def changeset(status: int, body: Any = None) -> str:
    """The answer to one changeset of a single request."""
    return f"Content-Type: multipart/mixed; boundary=inner\r\n\r\n--inner\r\n{part(status, body)}\r\n--inner--\r\n"


def batch(parts: Sequence[str]) -> Say:
    """The answer to a whole batch."""
    body = "".join(f"--outer\r\n{one}\r\n" for one in parts) + "--outer--\r\n"
    return Say(body, headers={"Content-Type": "multipart/mixed; boundary=outer"})


def fault(message: str, code: int = 0, kind: str = "") -> dict[str, Any]:
    """ERP.net's error shape."""
    return {"error": {"message": message, "code": code, "type": kind, "info": "at Aloe.Stack.Trace()"}}


class Scripted:
    """Tokens and discovery are answered by themselves unless scripted; everything else from ``answers``, in turn."""

    def __init__(self) -> None:
        self.answers: deque[Say] = deque()
        self.tokens: deque[Say] = deque()
        self.discovery: dict[str, Say] = {}
        self.heard: list[Heard] = []
        self.at_once = 0
        self.most_at_once = 0
        self.origin = ""

    def say(self, *answers: Say) -> None:
        """Queue answers of the Domain API."""
        self.answers.extend(answers)

    @property
    def calls(self) -> list[Heard]:
        """The requests to the Domain API."""
        return [one for one in self.heard if one.target.startswith(ROOT)]

    @property
    def lines(self) -> list[str]:
        """What was asked of the Domain API, in order."""
        return [one.line for one in self.calls]

    @property
    def token_requests(self) -> list[Heard]:
        """The requests for tokens."""
        return [one for one in self.heard if one.target.endswith("/connect/token")]

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/{tail:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.origin = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.heard.append(Heard(request.method, request.raw_path, headers, (await request.read()).decode()))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        return await self._print(request, self._choose(request.path))

    def _choose(self, path: str) -> Say:
        if path.endswith("/connect/token"):
            number = len(self.token_requests)
            token = jwt(client_system_user=LOGIN, number=number)
            return self.tokens.popleft() if self.tokens else Say({"access_token": token, "expires_in": 3600})
        if path.endswith("auto-discovery"):
            return self.discovery.get(path, Say(status=404))
        return self.answers.popleft() if self.answers else Say(fault("nothing scripted"), 500)

    async def _print(self, request: web.Request, say: Say) -> web.StreamResponse:
        if say.hang:
            await asyncio.Event().wait()
        if say.cut:
            assert request.transport is not None
            request.transport.close()
        text = say.body if isinstance(say.body, str) else json.dumps(say.body)
        headers = {"Content-Type": "application/json"} | say.headers
        return web.Response(status=say.status, body=text.encode() if say.body is not None else b"", headers=headers)
