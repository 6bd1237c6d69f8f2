"""Who asks: the one place that believes or refuses a sign-in (azure.md §7).

In Azure, App Service authentication signs people in and tells the app by a header. The platform takes such a header
off outside requests only while that is switched on, so without ``WEBSITE_AUTH_ENABLED`` nobody is signed in, whatever
the header says. Believed, it must speak of our tenant. Somebody is known by the object id, never by a name.

On a developer's machine there is no such platform. With ``PORTAL_SIGN_IN=development`` a form asks who one wants to
be; that works on a loopback address only, and never where ``WEBSITE_SITE_NAME`` says that this is Azure.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from portal.http import Asked

PRINCIPAL = "x-ms-client-principal"
COOKIE = "calsync-development"

HEADER_LIMIT, CLAIMS = 65_536, 1_000
"""Characters of the header, and claims in it."""

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
PROXIED = frozenset({"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"})
"""Each of them says that somebody else than this machine may ask."""

_CLAIMS = "http://schemas.microsoft.com/identity/claims"
_TYPES = {
    "id": ("oid", f"{_CLAIMS}/objectidentifier"),
    "tenant": ("tid", f"{_CLAIMS}/tenantid"),
    "role": ("roles", "role", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"),
    "name": ("name", "preferred_username", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"),
}
"""Both spellings of each claim: without a token store nothing maps them."""

_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


class Role(StrEnum):
    """App roles of the registration (infra): what somebody may do beside their own sync."""

    ADMIN = "calsync.admin"
    READER = "calsync.reader"


class Trouble(StrEnum):
    """Why somebody is not let in."""

    NOT_SIGNED_IN = "not-signed-in"
    OTHER_TENANT = "other-tenant"
    NOT_UNDERSTOOD = "not-understood"


class NotLetIn(Exception):
    """Nobody we know asks."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble)
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in: ``id`` is the Entra object id, ``name`` is for showing only."""

    id: str
    name: str = ""
    roles: frozenset[Role] = frozenset()

    @property
    def is_admin(self) -> bool:
        """Whether they may ask for everybody."""
        return Role.ADMIN in self.roles

    @property
    def may_look(self) -> bool:
        """Whether they may see everybody."""
        return bool(self.roles)


def is_platform(environ: Mapping[str, str]) -> bool:
    """Whether the platform vouches for its headers."""
    return environ.get("WEBSITE_AUTH_ENABLED", "").strip().lower() == "true"


def is_development(asked: Asked, environ: Mapping[str, str]) -> bool:
    """Whether one may choose here who one is: asked for, on loopback all the way, and not in Azure."""
    if environ.get("PORTAL_SIGN_IN") != "development" or "WEBSITE_SITE_NAME" in environ or is_platform(environ):
        return False
    public = environ.get("PUBLIC_URL", "")
    hosts = {asked.host, urlsplit(public).hostname if public else asked.host}
    return hosts <= LOOPBACK and not PROXIED & set(asked.headers)


def person_of(asked: Asked, environ: Mapping[str, str], key: bytes) -> Person:
    """Who asks. ``key`` proves a development sign-in to be ours. Raises ``NotLetIn``."""
    if is_platform(environ):
        return read_principal(asked.headers.get(PRINCIPAL, ""), environ.get("AZURE_TENANT_ID", ""))
    if is_development(asked, environ):
        return _chosen(asked.cookie(COOKIE), key)
    raise NotLetIn(Trouble.NOT_SIGNED_IN)


def read_principal(header: str, tenant: str) -> Person:
    """The person of a header that the platform vouches for. Raises ``NotLetIn``."""
    if not header:
        raise NotLetIn(Trouble.NOT_SIGNED_IN)
    principal = _parsed(header)
    claims = _claims(principal)
    told = {what: _values(claims, what, principal) for what in _TYPES}
    if principal.get("auth_typ") != "aad" or len(told["id"]) != 1 or not _ID.fullmatch(told["id"][0]):
        raise NotLetIn(Trouble.NOT_UNDERSTOOD)
    if not tenant or [one.casefold() for one in told["tenant"]] != [tenant.casefold()]:
        raise NotLetIn(Trouble.OTHER_TENANT)
    roles = frozenset(role for role in Role if role in told["role"])
    return Person(told["id"][0], (told["name"] or [""])[0][:200], roles)


def _parsed(header: str) -> Mapping[str, Any]:
    if len(header) > HEADER_LIMIT:
        raise NotLetIn(Trouble.NOT_UNDERSTOOD)
    try:
        raw = base64.b64decode(header + "=" * (-len(header) % 4), validate=True)
        principal = json.loads(raw)
    except (binascii.Error, ValueError, RecursionError):
        raise NotLetIn(Trouble.NOT_UNDERSTOOD) from None
    if not isinstance(principal, dict):
        raise NotLetIn(Trouble.NOT_UNDERSTOOD)
    return principal


def _claims(principal: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = principal.get("claims")
    if not isinstance(found, list) or len(found) > CLAIMS:
        raise NotLetIn(Trouble.NOT_UNDERSTOOD)
    pairs = [(one.get("typ"), one.get("val")) for one in found if isinstance(one, dict)]
    return [(typ, val) for typ, val in pairs if isinstance(typ, str) and isinstance(val, str)]


def _values(claims: list[tuple[str, str]], what: str, principal: Mapping[str, Any]) -> list[str]:
    """Each value of a claim once, under whichever of its names."""
    named = {"role": principal.get("role_typ"), "name": principal.get("name_typ")}.get(what)
    types = (*_TYPES[what], *([named] if isinstance(named, str) else []))
    return list(dict.fromkeys(val for typ, val in claims if typ in types))


def development_cookie(person: Person, key: bytes) -> str:
    """The value that says who one has chosen to be."""
    told = {"id": person.id, "name": person.name, "roles": sorted(person.roles)}
    text = base64.urlsafe_b64encode(json.dumps(told).encode()).decode()
    return f"{text}.{_signed(text, key)}"


def _chosen(value: str, key: bytes) -> Person:
    text, _, signature = value.partition(".")
    if not text or not hmac.compare_digest(signature.encode(), _signed(text, key).encode()):
        raise NotLetIn(Trouble.NOT_SIGNED_IN)
    told = json.loads(base64.urlsafe_b64decode(text))
    return Person(told["id"], told["name"], frozenset(Role(role) for role in told["roles"]))


def chosen_person(fields: Mapping[str, str]) -> Person | None:
    """Whom the form of a development sign-in asks for; None where it names nobody."""
    wanted = fields.get("id", "").strip()
    if not _ID.fullmatch(wanted):
        return None
    role = fields.get("role", "")
    roles = frozenset({Role(role)}) if role in set(Role) else frozenset[Role]()
    return Person(wanted, fields.get("name", "").strip()[:200], roles)


def _signed(text: str, key: bytes) -> str:
    return hmac.new(key, f"development|{text}".encode(), "sha256").hexdigest()
