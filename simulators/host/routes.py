"""Serves HTTP routes: ASP.NET templates, requests and answers as host and worker do (azure.md §2, §4, §7)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import azure.functions as func
from aiohttp import web
from azure.functions.http import HttpRequest
from multidict import CIMultiDict

from simulators.host.plugin import Function, Unusable

LONGEST_BODY = 100 * 2**20
"""What the platform takes by default, in bytes."""

RESERVED = ("admin", "runtime")
PARAMETER = re.compile(
    r"\{(?P<all>\*?)(?P<name>[A-Za-z_]\w*)(?::(?P<constraint>int|maxlength\(0\)))?(?P<optional>\?)?\}"
)


@dataclass(frozen=True, slots=True)
class Route:
    """One function's route."""

    function: Function
    methods: frozenset[str]
    pattern: re.Pattern[str]

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The route's parameters where it serves this request; optional ones that are absent are missing."""
        found = self.pattern.fullmatch(path.rstrip("/"))
        if found is None or (self.methods and method not in self.methods):
            return None
        return {name: value for name, value in found.groupdict().items() if value}


def read_route(function: Function, prefix: str) -> Route:
    """A function's route below the prefix of host.json. Raises ``Unusable``."""
    template = str(function.trigger.get("route") or function.name).strip("/")
    if template.split("/")[0].lower() in RESERVED:
        raise Unusable(f"the route {template} begins with a reserved word")
    methods = frozenset(str(getattr(one, "name", one)).upper() for one in function.trigger.get("methods") or ())
    segments = [one for one in (*prefix.split("/"), *template.split("/")) if one]
    pattern = re.compile("".join(_segment(one, template) for one in segments), re.IGNORECASE | re.DOTALL)
    return Route(function, methods, pattern)


KINDS = {None: "[^/]+", "int": r"-?\d+", "maxlength(0)": "(?!)"}
"""What a segment may be, by its constraint; nothing is as short as ``maxlength(0)``, so only its absence fits."""


def _segment(text: str, template: str) -> str:
    """A segment as regular expression."""
    found = PARAMETER.fullmatch(text)
    if found is None:
        if "{" in text or "}" in text:
            raise Unusable(f"the route {template} is written in a way this host does not know")
        return f"/{re.escape(text)}"
    if found["all"]:
        return f"(?:/(?P<{found['name']}>.*))?"
    group = f"(?P<{found['name']}>{KINDS[found['constraint']]})"
    return f"(?:/{group})?" if found["optional"] else f"/{group}"


def choose(routes: Iterable[Route], method: str, path: str) -> tuple[Function, dict[str, str]] | None:
    """Who serves a request, and the route's parameters; None for an unknown path as for a wrong method.

    The host tries the routes in the order of the functions' names, literal segments or not (azure.md §4).
    """
    for route in sorted(routes, key=lambda one: one.function.name.lower()):
        parameters = route.match(method, path)
        if parameters is not None:
            return route.function, parameters
    return None


async def as_given(request: web.Request, parameters: Mapping[str, str]) -> HttpRequest:
    """The request as Python gets it: lower-cased names, repeated values joined, empty query values dropped.

    A body without Content-Length (chunked) does not reach it at all.
    """
    return HttpRequest(
        request.method,
        str(request.url),
        headers=_joined((name.lower(), value) for name, value in request.headers.items()),
        params=_joined((name, value) for name, value in request.query.items() if value),
        route_params=parameters,
        body_type="bytes",
        body=await request.read() if request.content_length else b"",
    )


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def as_answer(answer: Any) -> web.Response:
    """The function's answer on the wire. Raises ``TypeError`` for what is neither response nor text."""
    if isinstance(answer, str):
        return web.Response(text=answer)
    if not isinstance(answer, func.HttpResponse):
        raise TypeError(f"an HTTP function answers with HttpResponse or str, not {type(answer).__name__}")
    headers = CIMultiDict(answer.headers.items())
    kind = f"{answer.mimetype}; charset={answer.charset}" if answer.mimetype.startswith("text/") else answer.mimetype
    headers.setdefault("Content-Type", kind)
    return web.Response(status=answer.status_code, headers=headers, body=answer.get_body())
