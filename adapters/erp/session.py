"""Sends requests in one session: one at a time, one token, retries if nothing was done (erpnet.md §3, §16).

The lock is held while waiting as well: the next caller would only get the same refusal.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from adapters.erp.access import Tokens
from adapters.erp.batch import Changeset, Part, PartAnswer, Step, decode, encode
from adapters.erp.discovery import Endpoints, check, discover
from adapters.erp.faults import error_in, opens_no_session
from adapters.erp.odata import Row
from adapters.erp.transport import ErpOptions, Reply, Transport, Unreachable
from adapters.http import Retries, follow, read_json
from sync_core.errors import (
    AccessRefused,
    EndlessRead,
    ItemGone,
    ItemRejected,
    LicencesTaken,
    SideError,
    SideUnavailable,
)
from sync_core.model.sides import Side

T = TypeVar("T")

READS_PER_BATCH = 20
"""The most reads in a batch: each may fill a page."""

MOST_PAGES = 2_000
"""The most pages of one read, a million rows: next links may have no end."""

COMMON = {"Accept": "application/json", "Accept-Language": "en"}
"""The language of answers: English, because messages are searched for rule numbers (erpnet.md §4)."""


class Unintelligible(SideUnavailable):
    """ERP.net answered, and what it said is no use: no JSON, no rows, or cut off."""


OF_ONE_ITEM = (ItemRejected, AccessRefused, ItemGone, Unintelligible)
"""What a read may meet because of one of its items."""


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    headers: Mapping[str, str]
    data: bytes | None = None
    writing: bool = False


class Session:
    """Sends requests in turn; ``endpoints`` are those of an earlier discovery, () to discover them."""

    def __init__(
        self,
        options: ErpOptions,
        *,
        clock: Callable[[], datetime],
        retries: Retries,
        endpoints: Sequence[str] = (),
    ) -> None:
        self._options = options
        self.clock = clock
        self._retries = retries
        self._transport = Transport(options.timeout_seconds)
        self._tokens = Tokens(self._transport, options, clock)
        self._lock = asyncio.Lock()
        self._endpoints = check(options.url, Endpoints(*endpoints)) if endpoints else None
        self._are_remembered = bool(endpoints)

    @property
    def endpoints(self) -> tuple[str, ...]:
        """See ``Erp.endpoints``."""
        return tuple(self._endpoints or ())

    @property
    def session_ends_at(self) -> datetime | None:
        """See ``Erp.session_ends_at``."""
        return self._tokens.ends_at

    async def close(self) -> None:
        """Close the connections. There is no logout: the licence slot frees itself (erpnet.md §3)."""
        await self._transport.close()

    async def service_login(self) -> str:
        """The login every call runs as."""
        async with self._lock:
            await self._retries.call(lambda: self._located(self._token))
        return self._tokens.login()

    async def get(self, path: str) -> Any:
        """Read one JSON answer; ``path`` is relative to the OData root, or a link the server gave."""
        return _json(await self._call(_Request("GET", path, COMMON)), writing=False)

    async def send(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """Send one write; return its JSON answer, None if it has no content."""
        headers = {**COMMON, "Content-Type": "application/json"}
        reply = await self._call(_Request(method, path, headers, json.dumps(body).encode(), writing=True))
        return _json(reply, writing=True)

    async def rows(self, path: str) -> list[Row]:
        """Read all rows, to the last page. Raises ``EndlessRead`` if a page comes a second time."""
        return await self._finish(await self.get(path))

    @property
    def timeout_seconds(self) -> float:
        """The time limit of a call."""
        return self._options.timeout_seconds

    async def read(self, paths: Sequence[str], at_once: int = READS_PER_BATCH) -> list[list[Row]]:
        """Read the rows of several reads, ``at_once`` in a request. Raises the first error of any."""
        results = await self.try_read(paths, at_once)
        for rows in results:
            if isinstance(rows, SideError):
                raise rows
        return [rows for rows in results if not isinstance(rows, SideError)]

    async def first_rows(self, paths: Sequence[str]) -> list[Row]:
        """The rows of the first of several reads that has any; all are asked in one request. Raises an error of one
        that comes before it."""
        for answer in await self.batch([Part("GET", path) for path in paths]):
            rows = await self.rows_of(answer)
            if isinstance(rows, SideError):
                raise rows
            if rows:
                return rows
        return []

    async def try_read(self, paths: Sequence[str], at_once: int = READS_PER_BATCH) -> list[list[Row] | SideError]:
        """Like ``read``, but returns in its place the error of a read that ERP.net refuses, or of which a page is
        none."""
        results: list[list[Row] | SideError] = []
        for first in range(0, len(paths), at_once):
            results += await self._try_batch(paths[first : first + at_once])
        return results

    async def _try_batch(self, paths: Sequence[str]) -> list[list[Row] | SideError]:
        """The results of one request; where its answer is none, one of its reads may be why: it is sent in halves."""
        try:
            answers = await self.batch([Part("GET", path) for path in paths])
            if len(answers) < len(paths):
                raise Unintelligible(Side.ERP, f"ERP.net answered {len(answers)} of {len(paths)} reads")
        except (ItemRejected, Unintelligible) as error:
            if len(paths) == 1:
                return [error]
            half = len(paths) // 2
            return [*await self._try_batch(paths[:half]), *await self._try_batch(paths[half:])]
        return [await self._try_rows(answer) for answer in answers]

    async def _try_rows(self, answer: PartAnswer) -> list[Row] | SideError:
        try:
            return await self.rows_of(answer)
        except OF_ONE_ITEM as error:
            return error

    async def rows_of(self, answer: PartAnswer) -> list[Row] | SideError:
        """The rows of a read in a batch, with its further pages, or its error."""
        if not answer.is_fine:
            return self.error_of(answer, writing=False)
        return await self._finish(_json(answer, writing=False))

    def error_of(self, answer: PartAnswer, *, writing: bool) -> SideError:
        """The error of one step of a batch."""
        return error_in(answer.status, answer.content, answer.headers, now=self.clock(), writing=writing)

    async def batch(self, steps: Sequence[Step]) -> list[PartAnswer]:
        """Carry out ``steps`` in order; return the answers, fewer than steps if the rest is unclear.

        A server that stops at the first error (OData's default) has not done what follows: that is sent again.
        """
        answers: list[PartAnswer] = []
        while len(answers) < len(steps):
            try:
                more = await self._batch(steps[len(answers) :])
            except SideError:
                if not answers:
                    raise
                break
            answers += more
            if not more or more[-1].is_fine:
                break
        return answers

    async def _batch(self, steps: Sequence[Step]) -> list[PartAnswer]:
        boundary, writing = f"batch_{secrets.token_hex(8)}", any(isinstance(step, Changeset) for step in steps)
        headers = {
            **COMMON,
            "Accept": "multipart/mixed",
            "Content-Type": f"multipart/mixed; boundary={boundary}",
            "Prefer": "odata.continue-on-error",
        }
        try:
            reply = await self._call(_Request("POST", "$batch", headers, encode(steps, boundary), writing))
        except ItemGone as error:
            raise SideUnavailable(Side.ERP, "ERP.net's Domain API is not where it should be (404)") from error
        try:
            answers = decode(reply.headers.get("content-type", ""), reply.content, len(steps))
        except ValueError as error:
            text = f"ERP.net's batch answer is unreadable: {error}"
            raise Unintelligible(Side.ERP, text, unclear=writing) from error
        return answers[: len(steps)]

    async def _finish(self, page: Any) -> list[Row]:
        rows, seen = _page_rows(page), set[str]()
        while link := _next_link(page):
            if link in seen:
                raise EndlessRead(Side.ERP, "ERP.net's pages lead back to an earlier one")
            if len(seen) == MOST_PAGES:
                raise EndlessRead(Side.ERP, f"ERP.net has more than {MOST_PAGES} pages")
            seen.add(link)
            page = await self.get(link)
            rows += _page_rows(page)
        return rows

    async def _call(self, request: _Request) -> Reply:
        async with self._lock:
            reply = await self._retries.call(lambda: self._attempt(request))
        if isinstance(reply, LicencesTaken):
            raise reply
        return reply

    async def _attempt(self, request: _Request) -> Reply | LicencesTaken:
        try:
            return await self._located(lambda: self._authorised(request))
        except LicencesTaken as taken:
            # Returned, so that no retry sits out the minute while the caller holds a lease.
            return taken

    async def _located(self, work: Callable[[], Awaitable[T]]) -> T:
        try:
            return await work()
        except (Unreachable, ItemGone):
            if not await self._has_moved():
                raise
        return await work()

    async def _authorised(self, request: _Request) -> Reply:
        reply = await self._exchange(request)
        if reply.status == 401:
            self._tokens.drop()
            reply = await self._exchange(request)
        if reply.status >= 300:
            raise error_in(reply.status, reply.content, reply.headers, now=self.clock(), writing=request.writing)
        return reply

    async def _exchange(self, request: _Request) -> Reply:
        headers = {**request.headers, "Authorization": f"Bearer {await self._token()}"}
        url = follow(Side.ERP, (await self._where()).odata_root, request.path)
        try:
            reply = await self._transport.exchange(
                request.method, url, headers, request.data, writing=request.writing
            )
        except Unreachable:
            raise
        except BaseException:  # cut off, perhaps in the middle of it
            self._tokens.called()
            raise
        if not opens_no_session(reply.status, reply.content):
            self._tokens.called()
        return reply

    async def _token(self) -> str:
        return await self._tokens.current((await self._where()).token_url)

    async def _where(self) -> Endpoints:
        if self._endpoints is None:
            self._endpoints = await discover(self._transport, self._options.url)
        return self._endpoints

    async def _has_moved(self) -> bool:
        """Whether endpoints from an earlier process have changed; discovered once."""
        if not self._are_remembered:
            return False
        known, self._are_remembered = self._endpoints, False
        self._endpoints = await discover(self._transport, self._options.url)
        return self._endpoints != known


def _json(reply: Reply | PartAnswer, *, writing: bool) -> Any:
    try:
        return read_json(reply.content) if reply.content.strip() else None
    except ValueError as error:
        raise Unintelligible(Side.ERP, "ERP.net did not answer with JSON", unclear=writing) from error


def _page_rows(page: Any) -> list[Row]:
    rows = page.get("value") if isinstance(page, dict) else None
    if not isinstance(rows, list):
        raise Unintelligible(Side.ERP, "ERP.net answered without rows")
    return [row for row in rows if isinstance(row, dict)]


def _next_link(page: Row) -> str:
    link = page.get("@odata.nextLink") or ""
    if not isinstance(link, str):
        raise SideUnavailable(Side.ERP, "ERP.net's link to the next page is no text")
    return link
