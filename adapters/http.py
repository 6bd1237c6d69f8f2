"""Tells what HTTP answers mean, reads their JSON, and retries requests, for both systems.

A status becomes one error class here and nowhere else (graph.md §0, §10; erpnet.md §3, §4). What only one system
says (Graph's error codes, ERP.net's 500 for every mistake) its own adapter turns first.
"""

from __future__ import annotations

import asyncio
import base64
import json
import math
import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

from sync_core.errors import (
    AccessRefused,
    AppRefused,
    ForeignHost,
    ItemGone,
    ItemRejected,
    SideError,
    SideUnavailable,
    StaleWrite,
    Throttled,
)
from sync_core.model.sides import Side

T = TypeVar("T")

NAMES = {Side.GRAPH: "Microsoft Graph", Side.ERP: "ERP.net"}

calls: Counter[Side] = Counter()
throttles: Counter[Side] = Counter()
"""Answers of this process's requests so far, and refusals for too many among them; ``telemetry`` reads them."""

JITTER = 0.1
"""The share of a wait that was asked for which is added to it at most."""

UNCLEAR = frozenset({500, 502, 503, 504})
"""Answers that never prove a write did not happen (graph.md §5)."""


def count_answer(side: Side, status: int, *, is_part: bool = False) -> None:
    """Count an answer; a part of a batch is no request of its own but may be refused on its own."""
    calls[side] += not is_part
    throttles[side] += status == 429


_HALF = re.compile("[\ud800-\udfff]")
_SIGNS = (rb"\ud", rb"\uD", b"\xed")
"""How halves begin in JSON, escaped or bare. So do other characters: it only spares most answers the second look."""


def read_json(content: bytes) -> Any:
    """The JSON of an answer, half characters replaced: they can be neither stored nor sent.

    Whatever either side says is read here and nowhere else. Raises ``ValueError`` for what is no JSON.
    """
    try:
        found = json.loads(content.decode("utf-8-sig", "surrogatepass"))
        if any(sign in content for sign in _SIGNS):
            found = json.loads(_HALF.sub("\ufffd", json.dumps(found, ensure_ascii=False)))
    except RecursionError as error:
        raise ValueError("JSON that is nested too deeply") from error
    return found


def claims_in(token: str) -> dict[str, Any]:
    """What a token of our own says of us; {} for one that does not tell. It is not believed for anything."""
    part = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        claims = read_json(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}


LONGEST_ASKED = 3600.0
"""Seconds; what asks for more than an hour (or for ever) gets an hour: then somebody should look again."""


def retry_after_seconds(header: str | None, now: datetime) -> float | None:
    """The wait a ``Retry-After`` header asks for, 0 to LONGEST_ASKED; None = not said in a way that makes sense.

    Seconds (decimals seen) or an HTTP date.
    """
    asked = _number(header) if header is not None else None
    if asked is None and header is not None:
        asked = _until(header, now)
    return None if asked is None or math.isnan(asked) else min(LONGEST_ASKED, max(0.0, asked))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _until(date: str, now: datetime) -> float | None:
    try:
        return (parsedate_to_datetime(date) - now).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return None


# Six parameters: what one answer says of a failure, and whether it answered a write, is one question.
def error_of(
    side: Side, status: int, message: str, *, code: str = "", retry_after: float | None = None, writing: bool = False
) -> SideError:
    """The error class of a status; ``writing`` says that the request would have changed something."""
    text = f"{NAMES[side]} answered {status}{f' {code}' if code else ''}: {message}".rstrip(": ")
    if status == 429:
        return Throttled(side, text, retry_after=retry_after)
    if status == 401 and side is Side.ERP:  # every call runs as the one service user (erpnet.md §2)
        return AppRefused(side, f"{text}: check ERPNET_URL, ERPNET_CLIENT_ID and ERPNET_CLIENT_SECRET")
    if status in (401, 403):
        return AccessRefused(side, text)
    if status == 404:
        return ItemGone(side, text)
    if status == 412:
        return StaleWrite(side, text)
    if status == 503 and retry_after is not None:
        return Throttled(side, text, retry_after=retry_after)
    if status >= 500 or status == 408:
        return SideUnavailable(side, text, unclear=writing and status in UNCLEAR)
    return ItemRejected(side, text, code=code or str(status))


@dataclass(frozen=True, slots=True)
class Retries:
    """How a request is retried: tries in all, and the longest single and total wait in seconds.

    Full jitter on a doubling base, as ERP.net advises (erpnet.md §3); what a server asks for (graph.md §10) gets a
    little on top, so that those it refused together do not come back together.
    """

    tries: int = 4
    base: float = 0.5
    longest: float = 30.0
    total: float = 60.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def wait_for(self, attempt: int, asked: float | None) -> float:
        """Seconds to wait after failed ``attempt`` (1, 2, …): never less than the server asked for."""
        if asked is not None and asked > 0:
            return asked * random.uniform(1.0, 1.0 + JITTER)  # noqa: S311 - jitter, no secret
        return random.uniform(0.0, min(self.longest, self.base * 2**attempt))  # noqa: S311 - jitter, no secret

    async def call(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run ``work``; repeat it while the error says that nothing was done and waiting helps."""
        waited = 0.0
        for attempt in range(1, self.tries + 1):
            try:
                return await work()
            except SideUnavailable as error:
                asked: float | None = getattr(error, "retry_after", None)
                pause = self.wait_for(attempt, asked)
                if error.unclear or attempt == self.tries or waited + (asked or pause) > self.total:
                    raise
                waited += pause
                await self.sleep(pause)
        raise AssertionError("a retry of no tries")


def same_origin(url: str, root: str) -> bool:
    """Whether ``url`` has the scheme, host and port of ``root``."""
    a, b = urlsplit(url), urlsplit(root)
    return (a.scheme, a.hostname, a.port) == (b.scheme, b.hostname, b.port)


def follow(side: Side, root: str, link: str) -> str:
    """Resolve a server-given link against ``root``; raises ``ForeignHost`` rather than let a token leave."""
    try:
        url = urljoin(root, link)
        is_home, host = same_origin(url, root), urlsplit(url).hostname
    except ValueError as error:
        raise ForeignHost(side, f"{NAMES[side]} points to an address that is none; not followed") from error
    if not is_home:
        raise ForeignHost(side, f"{NAMES[side]} points to another host ({host}); not followed")
    return url
