"""A server that says what the test tells it to, and remembers every request: what the wire tests look at."""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Sequence
from typing import Any

from tests.support.scripted import Request, Say, ScriptedServer

ROOT = "/api/domain/odata/"
LOGIN = "calsync.service"


class ErpRequest(Request):
    """One request to ERP.net."""

    @property
    def body(self) -> str:
        """The body as text."""
        return self.raw.decode()

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


def changeset_answer(status: int, body: Any = None) -> str:
    """The answer to one changeset of a single request."""
    return f"Content-Type: multipart/mixed; boundary=inner\r\n\r\n--inner\r\n{part(status, body)}\r\n--inner--\r\n"


def erp_batch_answer(parts: Sequence[str]) -> Say:
    """The answer to a whole batch."""
    body = "".join(f"--outer\r\n{one}\r\n" for one in parts) + "--outer--\r\n"
    return Say(body, headers={"Content-Type": "multipart/mixed; boundary=outer"})


def erp_fault(message: str, code: int = 0, kind: str = "") -> dict[str, Any]:
    """ERP.net's error shape."""
    return {"error": {"message": message, "code": code, "type": kind, "info": "at Aloe.Stack.Trace()"}}


class ScriptedErp(ScriptedServer[ErpRequest]):
    """Tokens and discovery are answered by themselves unless scripted; everything else from ``answers``, in turn."""

    hears = ErpRequest
    speechless = Say(erp_fault("nothing scripted"), 500)

    def __init__(self) -> None:
        super().__init__()
        self.tokens: deque[Say] = deque()
        self.discovery: dict[str, Say] = {}

    @property
    def calls(self) -> list[ErpRequest]:
        """The requests to the Domain API."""
        return [one for one in self.heard if one.target.startswith(ROOT)]

    @property
    def lines(self) -> list[str]:
        """What was asked of the Domain API, in order."""
        return [one.line for one in self.calls]

    @property
    def token_requests(self) -> list[ErpRequest]:
        """The requests for tokens."""
        return [one for one in self.heard if one.target.endswith("/connect/token")]

    def choose(self, path: str) -> Say:
        """Tokens and discovery by themselves, the rest in turn."""
        if path.endswith("/connect/token"):
            token = jwt(client_system_user=LOGIN, number=len(self.token_requests))
            return self.tokens.popleft() if self.tokens else Say({"access_token": token, "expires_in": 3600})
        if path.endswith("auto-discovery"):
            return self.discovery.get(path, Say(status=404))
        return super().choose(path)
