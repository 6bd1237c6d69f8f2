"""Requests to Graph and its answers as values, and the error that an answer means.

Only this module reads Graph's own error codes; ``adapters.http`` reads plain statuses.
Facts: graph.md §0 (error bodies, codes in any letter case, also nested), §2 (mailboxes), §3 (expired links),
§4 (not found), §5 (duplicates, ``ConcurrentItemSave``), §10 (``Retry-After``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from adapters.http import error_of, retry_after_seconds
from sync_core.errors import (
    CursorExpired,
    DuplicateCreate,
    ItemGone,
    MailboxUnavailable,
    SideError,
    SideUnavailable,
)
from sync_core.model.sides import Side

Json = dict[str, Any]

ACTIVITY_PROPERTY = "String {3489ed5a-58ca-4c37-852e-c7ecfd3970fd} Name ErpActivity"
"""Our mark on an event: the activity id as a single-value extended property.  It must never change (graph.md §7)."""

GONE = frozenset({"erroritemnotfound", "itemnotfound", "resourcenotfound", "request_resourcenotfound"})
NO_MAILBOX = frozenset({"mailboxnotenabledforrestapi", "mailboxnotsupportedforrestapi", "errorinvaliduser"})
EXPIRED = frozenset({"syncstatenotfound", "syncstateinvalid", "resyncrequired"})
DUPLICATE = "errorduplicatetransactionid"

_ID = re.compile(r"(?!\.{1,2}\Z)[!-~]+")
ITEM_SAVE = "concurrentitemsave"


def prefer(body: str = "text", page: int | None = None) -> str:
    """The preferences, sent with every request: each counts for its own request only (graph.md §0, T17)."""
    wishes = ['IdType="ImmutableId"', 'outlook.timezone="UTC"', f'outlook.body-content-type="{body}"']
    return ", ".join([*wishes, f"odata.maxpagesize={page}"] if page else wishes)


def query(**options: str | int) -> str:
    """Build a query string; names starting with ``s_`` are OData's (``s_top`` = ``$top``)."""
    return "&".join(f"{_option(name)}={quote(str(value), safe='')}" for name, value in options.items())


def _option(name: str) -> str:
    return f"${name[2:]}" if name.startswith("s_") else name


def segment(value: str) -> str:
    """Quote one path segment."""
    return quote(value, safe="")


def usable_id(found: object) -> str:
    """An id as answered, '' for what cannot be one.

    Exchange's are base64 (graph.md §8). No request may go out with a control character in its path, which a server
    may refuse before it looks for the item, or with dots that lead to the path above it.
    """
    return found if isinstance(found, str) and _ID.fullmatch(found) else ""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. ``path`` is relative to the service root, or a whole link to be followed verbatim."""

    method: str
    path: str
    body: Json | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: str = "text"
    page: int | None = None

    @property
    def writing(self) -> bool:
        """Whether the request may change something."""
        return self.method != "GET"

    def all_headers(self) -> dict[str, str]:
        """The headers of the request, inside a batch as well."""
        kind = {"Content-Type": "application/json"} if self.body is not None else {}
        return {"Prefer": prefer(self.content, self.page), **kind, **self.headers}


@dataclass(frozen=True, slots=True)
class Answer:
    """A status with its body; header names are lower case. ``body`` is None without a JSON object."""

    status: int
    body: Json | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the request succeeded."""
        return 200 <= self.status < 300

    @property
    def error(self) -> Json:
        """The ``error`` object, {} if there is none."""
        found = (self.body or {}).get("error")
        return found if isinstance(found, dict) else {}

    def codes(self) -> tuple[str, ...]:
        """Graph's error codes, outermost first, in its own letter case."""
        found: list[str] = []
        level: object = self.error
        while isinstance(level, dict):
            if isinstance(level.get("code"), str):
                found.append(level["code"])
            level = level.get("innerError") or level.get("innererror")
        return tuple(found)

    def has_code(self, codes: frozenset[str]) -> bool:
        """Whether one of its codes is among ``codes`` (lower case)."""
        return any(code.lower() in codes for code in self.codes())

    @property
    def message(self) -> str:
        """Graph's own error text, bounded: it may quote the item."""
        text = self.error.get("message")
        return text[:300] if isinstance(text, str) else ""


def failure(answer: Answer, now: datetime, *, writing: bool = False) -> SideError:
    """The error of an answer that is not ``ok``; ``ItemGone`` only for a code that says so."""
    wait = retry_after_seconds(answer.headers.get("retry-after"), now)
    code = next(iter(answer.codes()), "")
    plain = error_of(Side.GRAPH, answer.status, answer.message, code=code, retry_after=wait, writing=writing)
    if answer.has_code(frozenset({ITEM_SAVE})):
        return SideUnavailable(Side.GRAPH, str(plain), unclear=writing)
    if answer.has_code(frozenset({DUPLICATE})):
        return DuplicateCreate(str(plain), existing_id=_existing_id(answer))
    if answer.status == 423:
        return SideUnavailable(Side.GRAPH, str(plain))
    if 300 <= answer.status < 400:
        return SideUnavailable(Side.GRAPH, f"Microsoft Graph redirects ({answer.status}); redirects are not followed")
    if answer.status in (403, 404):
        return _unavailable(answer, plain)
    return plain


def refusal(answer: Answer, now: datetime, *, writing: bool) -> SideUnavailable | None:
    """The error of an answer after which a repeat is safe and may help; None for any other answer."""
    if answer.status < 500 and answer.status not in (408, 423, 429):
        return None
    error = failure(answer, now, writing=writing)
    return error if isinstance(error, SideUnavailable) and not error.unclear else None


def _existing_id(answer: Answer) -> str:
    return usable_id(answer.error.get("@event.existingEventId"))


def _unavailable(answer: Answer, plain: SideError) -> SideError:
    """The error of a refusal or a 404. A 404 without a known code does not prove that the item is gone (T22)."""
    if answer.status == 404 and answer.has_code(GONE):
        return plain
    if answer.status == 403:
        return MailboxUnavailable(Side.GRAPH, f"{plain}. {ACCESS_REMEDY}")
    if answer.has_code(NO_MAILBOX):
        return MailboxUnavailable(Side.GRAPH, f"{plain}. {MAILBOX_REMEDY}")
    return SideUnavailable(Side.GRAPH, f"{plain} (a 404 that does not say what is missing)")


ACCESS_REMEDY = (
    "Grant the app Calendars.ReadWrite and MailboxSettings.Read with admin consent, and check that no application "
    "access policy leaves this mailbox out"
)
MAILBOX_REMEDY = (
    "Give the user an Exchange Online licence, or check that the mailbox is neither deleted nor on-premises"
)


def link_failure(answer: Answer, now: datetime) -> SideError:
    """As ``failure``, for delta queries: an unknown link is ``CursorExpired``, a missing resource is the mailbox."""
    if answer.status == 410 or (400 <= answer.status < 500 and answer.has_code(EXPIRED)):
        return CursorExpired(Side.GRAPH, "Microsoft Graph no longer knows the delta link; everything is read again")
    return mailbox_failure(answer, now)


def mailbox_failure(answer: Answer, now: datetime) -> SideError:
    """As ``failure``, for paths that name a mailbox and no item."""
    error = failure(answer, now)
    if isinstance(error, ItemGone):
        return MailboxUnavailable(Side.GRAPH, f"{error}. {MAILBOX_REMEDY}")
    return error
