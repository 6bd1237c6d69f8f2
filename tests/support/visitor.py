"""Somebody at the web page of a house: requests as the platform hands them on, and what comes back."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from adapters.loading import load
from jobs.world import World
from portal.door import Site, answer
from portal.http import Answer
from portal.sign_in import Role
from tests.support.house import House

Json = dict[str, Any]

ORIGIN = "https://app.example"
TENANT = "acme"
AZURE = {"WEBSITE_AUTH_ENABLED": "True", "WEBSITE_SITE_NAME": "app", "AZURE_TENANT_ID": TENANT}
"""What the platform says where it signs people in."""


def claim(typ: str, val: str) -> Json:
    """One claim of a principal."""
    return {"typ": typ, "val": val}


def principal(*claims: Json, **more: Any) -> str:
    """The header by which App Service tells who is signed in."""
    told = {"auth_typ": "aad", "claims": list(claims), "name_typ": "name", "role_typ": "roles", **more}
    return base64.b64encode(json.dumps(told).encode()).decode()


def signed_in(person_id: str, *roles: Role, tenant: str = TENANT, name: str = "Anna Petrova") -> dict[str, str]:
    """The headers of a request of this person."""
    claims = [claim("oid", person_id), claim("tid", tenant), claim("name", name)]
    return {"x-ms-client-principal": principal(*claims, *(claim("roles", role) for role in roles))}


@dataclass(slots=True)
class Visitor:
    """``headers`` say who it is; ``opened`` counts how often the app's world was wanted."""

    house: House
    headers: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=lambda: AZURE)
    origin: str = ORIGIN
    opened: int = 0

    async def _open(self) -> World:
        self.opened += 1
        return self.house.world

    async def ask(self, method: str, path: str, sent: str = "", **headers: str) -> Answer:
        """One request; ``_`` in the name of a header stands for ``-``."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        site = Site(self.environ, self._open, load)
        return await answer(site, method, self.origin + path, {**self.headers, **more}, sent.encode())

    async def get(self, path: str, **headers: str) -> Answer:
        """Look at a page."""
        return await self.ask("GET", path, **headers)

    async def read(self, path: str, **headers: str) -> str:
        """A page's text, which must be shown."""
        shown = await self.get(path, **headers)
        assert shown.status == 200, shown.body.decode()
        return shown.body.decode()

    async def json(self, path: str) -> Any:
        """What a program gets, which must be there."""
        shown = await self.get(f"/api/v1{path}")
        assert (shown.status, shown.kind) == (200, "application/json"), shown.body.decode()
        return json.loads(shown.body)

    async def token(self) -> str:
        """What every form on the reader's page holds."""
        [token, *_] = re.findall(r'name="token" value="([^"]+)"', await self.read("/portal"))
        return str(token)

    async def send(self, path: str, fields: Mapping[str, str] | None = None, **headers: str) -> Answer:
        """Send a form of a page just looked at, as a browser does."""
        sent = {"token": await self.token(), **(fields or {})}
        return await self.post(path, sent, **{"sec_fetch_site": "same-origin", **headers})

    async def post(self, path: str, fields: Mapping[str, str], **headers: str) -> Answer:
        """Send these fields, and nothing that was not named."""
        kind = {"content_type": "application/x-www-form-urlencoded"}
        return await self.ask("POST", path, urlencode(fields), **kind, **headers)
