"""Sends many requests in one ``$batch``, and returns an answer or an error for each part.

Facts: graph.md §9 (20 parts, answers in any order, the outer 200 says nothing about the parts, each part is throttled
on its own, a dropped connection leaves any subset done), T21 (retry only the refused parts).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TypeVar

from adapters.graph.client import GraphClient
from adapters.graph.wire import Answer, Json, Request, refusal
from adapters.http import count_answer
from sync_core.errors import SideError, SideUnavailable, Throttled
from sync_core.model.sides import Side

T = TypeVar("T")

PARTS = 20

UNANSWERED = Answer(504, {"error": {"code": "", "message": "a part of a batch was left unanswered"}})
"""The error of a part without an answer: it may have been done all the same."""


async def send_all(
    client: GraphClient, requests: Sequence[Request], *, mailbox: str = ""
) -> list[Answer | SideError]:
    """Send requests, several in batches; return an answer or an error for each, in their order.

    Parts refused before any work (429, 503 with Retry-After), and reads that met trouble, are retried. Never
    raises a ``SideError``.
    """
    found: list[Answer | SideError] = []
    for chunk in chunks(requests, PARTS):
        found += await _send_chunk(client, chunk, mailbox)
    return found


def chunks(items: Iterable[T], size: int) -> Iterable[list[T]]:
    """Cut the items into lists of at most ``size``."""
    waiting = iter(items)
    while chunk := list(islice(waiting, size)):
        yield chunk


async def _send_chunk(client: GraphClient, requests: list[Request], mailbox: str) -> list[Answer | SideError]:
    found: dict[int, Answer | SideError] = {}

    async def attempt() -> None:
        waiting = [place for place in range(len(requests)) if place not in found or refused(place)]
        answers = await _send_once(client, [requests[place] for place in waiting], mailbox)
        found.update(zip(waiting, answers, strict=True))
        refusals = [error for place in waiting if (error := refused(place))]
        if refusals:
            raise Throttled(Side.GRAPH, str(refusals[0]), retry_after=_longest_wait(refusals))

    def refused(place: int) -> SideUnavailable | None:
        return _refusal(client, requests[place], found[place])

    with contextlib.suppress(Throttled):
        await client.options.retries.call(attempt)
    return [found[place] for place in range(len(requests))]


def _refusal(client: GraphClient, request: Request, answer: Answer | SideError) -> SideUnavailable | None:
    """The error of a part that may be sent again, None for one that has its final answer."""
    if isinstance(answer, Answer):
        return refusal(answer, client.clock(), writing=request.writing)
    return answer if isinstance(answer, SideUnavailable) and not answer.unclear else None


def _longest_wait(errors: Iterable[SideUnavailable]) -> float | None:
    asked = [error.retry_after for error in errors if isinstance(error, Throttled) and error.retry_after is not None]
    return max(asked, default=None)


async def _send_once(client: GraphClient, requests: list[Request], mailbox: str) -> list[Answer | SideError]:
    """Make one HTTP request: a plain one for a single part, else ``$batch``. Its failure is each part's error."""
    safe = not any(request.writing for request in requests)
    parts = [_part(str(number), request) for number, request in enumerate(requests, 1)]
    whole = requests[0] if len(requests) == 1 else Request("POST", "/$batch", {"requests": parts})
    try:
        answer = await client.send_once(whole, mailbox=mailbox, safe=safe)
    except SideError as error:
        return [error] * len(requests)
    if len(requests) == 1 or not answer.ok:
        return [answer] * len(requests)
    by_id = _by_id((answer.body or {}).get("responses"))
    return [by_id.get(part["id"], UNANSWERED) for part in parts]


def _part(number: str, request: Request) -> Json:
    body = {} if request.body is None else {"body": request.body}
    return {"id": number, "method": request.method, "url": request.path, "headers": request.all_headers(), **body}


def _by_id(responses: object) -> dict[str, Answer]:
    rows = [row for row in responses if isinstance(row, dict)] if isinstance(responses, list) else []
    return {str(row.get("id")): _answer(row) for row in rows if isinstance(row.get("status"), int)}


def _answer(row: Json) -> Answer:
    count_answer(Side.GRAPH, row["status"], is_part=True)
    body, headers = row.get("body"), row.get("headers")
    named = headers if isinstance(headers, dict) else {}
    return Answer(
        row["status"],
        body if isinstance(body, dict) else None,
        {str(name).lower(): str(value) for name, value in named.items()},
    )
