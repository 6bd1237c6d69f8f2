"""A hand on the wire: what a stand-in answers is changed before it leaves."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from aiohttp import web

from simulators.base import Handler, Simulator

Row = dict[str, Any]
Change = Callable[[str, Any], Any]
"""From a request line (``METHOD /path``) and the JSON of an answer to what is sent in its place."""

_JSON_LINE = re.compile(rb"^\{.*\}(?=\r?$)", re.MULTILINE)


def tamper(simulator: Simulator, change: Change) -> None:
    """Pass every JSON answer of this stand-in, parts of ERP.net's batches included, through ``change``."""
    usual = simulator._door

    async def door(request: web.Request, handler: Handler) -> web.StreamResponse:
        answer = await usual(request, handler)
        line = f"{request.method} {request.path}"
        if isinstance(answer, web.Response) and isinstance(answer.body, bytes) and answer.body:
            answer.body = _JSON_LINE.sub(lambda found: _changed(line, found[0], change), answer.body)
        return answer

    simulator._door = door  # type: ignore[method-assign]


def _changed(line: str, text: bytes, change: Change) -> bytes:
    return json.dumps(change(line, json.loads(text))).encode()


def rows_of(answer: Any) -> list[Row]:
    """Every event or activity in an answer, those inside a Graph batch included."""
    if not isinstance(answer, dict):
        return []
    if isinstance(answer.get("responses"), list):
        return [row for part in answer["responses"] for row in rows_of(part.get("body"))]
    if isinstance(answer.get("value"), list):
        return [row for row in answer["value"] if isinstance(row, dict)]
    return [answer] if "id" in answer or "Id" in answer else []
