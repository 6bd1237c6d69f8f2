"""Requests and answers as bounded values, and the headers that every answer of the page bears.

Nothing here knows the Functions library: ``function_app.py`` turns its requests into ``Asked``, and ``Answer`` into
its responses.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

Json = dict[str, Any]

URL_LIMIT, BODY_LIMIT = 2_048, 65_536
"""Characters of an address, bytes of a form: a page of the people's table, all of it ticked, takes a tenth."""

FIELDS, FIELD_LIMIT = 400, 4_000
"""Fields of one form, and characters of each."""

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The page's own style, script, pictures and forms, and nothing of anybody else; nothing inline."""

SAFE = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Strict-Transport-Security": "max-age=31536000",
}
"""On every answer. A browser heeds the last one over https only."""

NEVER_KEPT = {"Cache-Control": "no-store"}
KEPT_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}

HTML, JSON, TEXT = "text/html", "application/json", "text/plain"


class TooMuch(Exception):
    """A request beyond the bounds, or not to be understood; ``status`` says so in HTTP."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with {status}")
        self.status = status


class Denied(Exception):
    """The answer is no; ``what`` names the text that says why."""

    def __init__(self, status: int, what: str) -> None:
        super().__init__(what)
        self.status = status
        self.what = what


NOT_FOUND = "not-found"
"""What is not there, and what is somebody else's: nobody is told which."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. ``headers`` have lower-case names; ``origin`` is scheme and host as the caller wrote them;
    ``path`` are the decoded segments of the address; of a field that comes twice ``fields`` has the last value and
    ``several`` all."""

    method: str
    origin: str
    path: tuple[str, ...]
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    several: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """The name in the address, without the port."""
        return urlsplit(self.origin).hostname or ""

    def cookie(self, name: str) -> str:
        """A cookie's value, '' where there is none. Ours need no quotes; what others look like is nothing to them."""
        pairs = (one.strip().partition("=") for one in self.headers.get("cookie", "").split(";"))
        return next((value for found, _, value in pairs if found == name), "")


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back; ``headers`` come beside ``SAFE``."""

    status: int
    body: bytes = b""
    kind: str = HTML
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def all_headers(self) -> dict[str, str]:
        """Every header but the kind of content; an answer that says nothing of it is not to be kept."""
        return SAFE | NEVER_KEPT | dict(self.headers)


def read_asked(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Asked:
    """A request as a value. Raises ``TooMuch``."""
    if len(url) > URL_LIMIT:
        raise TooMuch(414)
    if len(body) > BODY_LIMIT:
        raise TooMuch(413)
    parts = urlsplit(url)
    named = {name.lower(): value for name, value in headers.items()}
    several = _fields(named.get("content-type", ""), body) if method == "POST" else {}
    return Asked(
        method=method,
        origin=f"{parts.scheme}://{parts.netloc}",
        path=tuple(unquote(segment) for segment in parts.path.split("/") if segment),
        query=dict(_pairs(parts.query)),
        headers=named,
        fields={name: values[-1] for name, values in several.items()},
        several=several,
    )


def unread(method: str, url: str, headers: Mapping[str, str]) -> Asked:
    """What is known of a request that cannot be read: whether a page or a program is addressed, and the headers."""
    start = url.partition("://")[2].partition("/")[2].partition("/")[0]
    return Asked(method, "", (start,), headers={name.lower(): value for name, value in headers.items()})


def _fields(kind: str, body: bytes) -> dict[str, tuple[str, ...]]:
    """The fields of a form, or of a JSON object of texts and lists of texts. Raises ``TooMuch``."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise TooMuch(400) from None
    media = kind.partition(";")[0].strip().lower()
    if media == JSON:
        return _json_fields(text)
    if media not in ("application/x-www-form-urlencoded", ""):
        raise TooMuch(415)
    several: dict[str, tuple[str, ...]] = {}
    for name, value in _pairs(text):
        several[name] = (*several.get(name, ()), value)
    return several


def _json_fields(text: str) -> dict[str, tuple[str, ...]]:
    try:
        told = json.loads(text or "{}")
    except (ValueError, RecursionError):
        raise TooMuch(400) from None
    if not isinstance(told, dict) or len(told) > FIELDS:
        raise TooMuch(400)
    listed = {name: value if isinstance(value, list) else [value] for name, value in told.items()}
    values = [value for values in listed.values() for value in values]
    if len(values) > FIELDS or not all(isinstance(value, str) and len(value) <= FIELD_LIMIT for value in values):
        raise TooMuch(400)
    return {name: tuple(values) for name, values in listed.items() if values}


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS, errors="strict")
    except ValueError:
        raise TooMuch(400) from None
    if any(len(value) > FIELD_LIMIT for _, value in pairs):
        raise TooMuch(413)
    return pairs


def json_answer(told: object, status: int = 200) -> Answer:
    """A value as JSON."""
    return Answer(status, json.dumps(told, ensure_ascii=False).encode("utf-8"), JSON)


GO_TO = 303


def go_to(path: str, *, headers: Mapping[str, str] | None = None) -> Answer:
    """Look there next, with a GET: what answers a form that was carried out."""
    return Answer(GO_TO, headers={"Location": path, **(headers or {})})


def cookie(name: str, value: str, *, is_secure: bool, seconds: int) -> str:
    """A ``Set-Cookie`` that no script can read and no other site sends along."""
    secure = "; Secure" if is_secure else ""
    return f"{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
