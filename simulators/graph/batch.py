"""Serves ``$batch``: up to 20 requests in one, answered in any order (graph.md §9)."""

from __future__ import annotations

import json
import random
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from simulators.graph.calls import Answer, Call
from simulators.graph.errors import GraphError, bad_request

Json = dict[str, Any]
Send = Callable[[list[Call]], Awaitable[list[Answer]]]

LARGEST, AT_ONCE = 20, 4
_METHODS = frozenset(("GET", "POST", "PATCH", "PUT", "DELETE"))


async def run(call: Call, send: Send, shuffle: random.Random) -> Answer:
    """Carry out a batch; ``send`` does a group of parts side by side."""
    parts = _checked(call.body)
    answers = await (_in_turn(call, parts, send) if _is_chain(parts) else _side_by_side(call, parts, send))
    shuffle.shuffle(answers)
    return Answer(200, {"responses": answers})


async def _side_by_side(call: Call, parts: list[Json], send: Send) -> list[Json]:
    answers: list[Json] = []
    for begin in range(0, len(parts), AT_ONCE):
        group = parts[begin : begin + AT_ONCE]
        done = await send([_part_call(call, part) for part in group])
        answers += [_part_answer(part, answer) for part, answer in zip(group, done, strict=True)]
    return answers


async def _in_turn(call: Call, parts: list[Json], send: Send) -> list[Json]:
    answers: list[Json] = []
    failed: set[str] = set()
    for part in parts:
        if failed.intersection(part.get("dependsOn") or ()):
            answer = Answer(424, {"error": {"code": "FailedDependency", "message": "A required request failed."}})
        else:
            (answer,) = await send([_part_call(call, part)])
        if answer.status >= 400:
            failed.add(part["id"])
        answers.append(_part_answer(part, answer))
    return answers


def _checked(body: object) -> list[Json]:
    parts = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(parts, list) or not parts:
        raise _invalid("Invalid batch payload format.")
    if len(parts) > LARGEST:
        raise _invalid(f"Number of batch request steps exceeds the maximum value of {LARGEST}.")
    for part in parts:
        _check_part(part)
    idents = [part["id"] for part in parts]
    if len(set(idents)) != len(idents):
        raise _invalid("Request ids of a batch have to be unique.")
    for part in parts:
        if not set(part.get("dependsOn") or ()) <= set(idents):
            raise _invalid(f"Request '{part['id']}' depends on an unknown request.")
    return parts


def _check_part(part: object) -> None:
    if not isinstance(part, dict) or not isinstance(part.get("id"), str) or not part["id"]:
        raise _invalid("Every request of a batch needs an id.")
    if str(part.get("method", "")).upper() not in _METHODS:
        raise _invalid(f"Request '{part['id']}' needs a method.")
    url = part.get("url")
    if not isinstance(url, str) or "://" in url.partition("?")[0]:
        raise _invalid(f"Request '{part['id']}' needs a relative url.")
    headers = {name.lower() for name in part.get("headers") or {}}
    if part.get("body") is not None and "content-type" not in headers:
        raise _invalid(f"Write request id : {part['id']} does not contain Content-Type header or body.")


def _is_chain(parts: list[Json]) -> bool:
    """Fully sequential or fully parallel; anything between is refused."""
    if not any(part.get("dependsOn") for part in parts):
        return False
    for before, part in pairwise(parts):
        if list(part.get("dependsOn") or ()) != [before["id"]]:
            raise _invalid("A batch is either fully sequential or fully parallel.")
    return True


def _invalid(message: str) -> GraphError:
    return bad_request("BadRequest", message)


def _part_call(call: Call, part: Json) -> Call:
    url = urlsplit(part["url"])
    own = {name.lower(): str(value) for name, value in (part.get("headers") or {}).items()}
    body = part.get("body")
    return Call(
        method=part["method"].upper(),
        raw_path=f"/v1.0/{url.path.lstrip('/')}",
        query_string=url.query,
        headers={"authorization": call.headers.get("authorization", ""), **own},
        raw_body=b"" if body is None else json.dumps(body).encode(),
        origin=call.origin,
    )


def _part_answer(part: Json, answer: Answer) -> Json:
    headers = dict(answer.headers)
    if answer.body is not None:
        headers["Content-Type"] = "application/json"
    shown: Json = {"id": part["id"], "status": answer.status, "headers": headers}
    return shown if answer.body is None else {**shown, "body": answer.body}
