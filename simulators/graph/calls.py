"""A request and an answer as values: HTTP requests and batch parts reach the routes in this form."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from simulators.graph import zones
from simulators.graph.errors import bad_request
from simulators.graph.outbound import View

Json = dict[str, Any]

_PREFERENCE = re.compile(r"([\w.\-]+)\s*=\s*(?:\"([^\"]*)\"|([^,;\s]+))")


@dataclass
class Answer:
    """Status, JSON body (``None`` = no content) and headers."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Call:
    """A request: method, path below the version, query, headers (lower-case names), raw body."""

    method: str
    raw_path: str
    query_string: str
    headers: dict[str, str]
    raw_body: bytes
    origin: str

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The decoded path segments below ``/v1.0``."""
        parts = [unquote(p) for p in self.raw_path.split("/") if p]
        return tuple(parts[1:]) if parts and parts[0] == "v1.0" else tuple(parts)

    @cached_property
    def query(self) -> dict[str, str]:
        """Query options; system options keep their ``$``."""
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    @cached_property
    def body(self) -> Any:
        """The JSON body; 400 when it is none."""
        if not self.raw_body:
            return {}
        try:
            return json.loads(self.raw_body)
        except ValueError as wrong:
            raise bad_request("BadRequest", "Unable to read JSON request payload.") from wrong

    @cached_property
    def preferences(self) -> dict[str, str]:
        """What the ``Prefer`` header asks for, names in lower case."""
        found = _PREFERENCE.findall(self.headers.get("prefer", ""))
        return {name.lower(): quoted or plain for name, quoted, plain in found}

    @cached_property
    def view(self) -> View:
        """How events are to be shown; 400 for a zone Graph does not know."""
        wanted = self.preferences
        zone = wanted.get("outlook.timezone", "UTC")
        return View(
            zone_name=zone,
            zone=zones.zone_or_refuse(zone),
            as_text=wanted.get("outlook.body-content-type", "").lower() == "text",
            immutable=wanted.get("idtype", "").lower() == "immutableid",
        )

    @property
    def page_size(self) -> int | None:
        """``odata.maxpagesize``, when it is a positive number."""
        wanted = self.preferences.get("odata.maxpagesize", "")
        return int(wanted) if wanted.isdigit() and int(wanted) > 0 else None

    def applied(self) -> dict[str, str]:
        """The ``Preference-Applied`` header for the preferences honoured."""
        known = ("idtype", "outlook.timezone", "outlook.body-content-type", "odata.maxpagesize")
        names = [f'{name}="{value}"' for name, value in self.preferences.items() if name in known]
        return {"Preference-Applied": ", ".join(names)} if names else {}

    def link(self, options: dict[str, str]) -> str:
        """This call's own address with other query options."""
        return f"{self.origin}/v1.0/{self.path}?{urlencode(options, safe='$', quote_via=quote)}"

    @property
    def path(self) -> str:
        """The path below the version, as it was written."""
        trimmed = self.raw_path.lstrip("/")
        return trimmed.removeprefix("v1.0/")
