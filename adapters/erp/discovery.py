"""Discovers the addresses of an instance's identity service and Domain API (erpnet.md §1).

Sites may live elsewhere than below the root, so the instance is asked; what it does not say has usual values.
The token and our secret go to what is found here: only https, only below the parent domain of ERPNET_URL.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from adapters.erp.transport import Reply, Transport
from adapters.http import read_json
from sync_core.errors import AppRefused, ForeignHost, SideUnavailable
from sync_core.model.sides import Side

PATHS = ("/tools/auto-discovery", "/sys/auto-discovery")

_BUSY = frozenset({429, 502, 503, 504})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Endpoints(NamedTuple):
    """The addresses that later requests need; a plain tuple, so that it can be stored."""

    token_url: str
    odata_root: str


async def discover(transport: Transport, root: str) -> Endpoints:
    """Ask the instance (anonymous). Raises ``ForeignHost`` and what ``Transport.exchange`` raises."""
    for path in PATHS:
        sites = await _ask(transport, root.rstrip("/") + path)
        if sites:
            return check(root, _endpoints(root.rstrip("/"), sites))
    return _endpoints(root.rstrip("/"), [])


def check(root: str, endpoints: Endpoints) -> Endpoints:
    """The endpoints, if they may be trusted with our secret. Raises ``ForeignHost``."""
    for url in endpoints:
        if not _is_trusted(url, root):
            raise ForeignHost(
                Side.ERP,
                f"ERP.net points to {urlsplit(url).scheme}://{urlsplit(url).hostname}, which is not https below the "
                "domain of ERPNET_URL; not followed. Check ERPNET_URL and the instance's web sites",
            )
    return endpoints


async def _ask(transport: Transport, url: str) -> list[dict[str, Any]]:
    try:
        reply = await transport.exchange("GET", url, {"Accept": "application/json"})
    except AppRefused:
        return []  # redirected: this instance keeps no discovery there
    if reply.status in _BUSY:
        raise SideUnavailable(Side.ERP, f"ERP.net's auto-discovery answered {reply.status}")
    return _sites(reply)


def _sites(reply: Reply) -> list[dict[str, Any]]:
    try:
        sites = read_json(reply.content)["WebSites"]
    except (ValueError, KeyError, TypeError):
        return []
    return [site for site in sites if isinstance(site, dict)] if isinstance(sites, list) else []


def _endpoints(root: str, sites: list[dict[str, Any]]) -> Endpoints:
    identity = next(_working(sites, "ID"), None)
    api = next(_working(sites, "DomainAPI", "API"), None)
    identity_url = str(identity["Url"]).rstrip("/") if identity else f"{root}/id"
    return Endpoints(f"{identity_url}/connect/token", _odata_root(api, root))


def _odata_root(api: dict[str, Any] | None, root: str) -> str:
    if api is None:
        return f"{root}/api/domain/odata/"
    more = api.get("AdditionalProperties")
    found = more.get("ODataServiceRoot") if isinstance(more, dict) else None
    return str(found or f"{str(api['Url']).rstrip('/')}/domain/odata").rstrip("/") + "/"


def _working(sites: list[dict[str, Any]], *kinds: str) -> Iterator[dict[str, Any]]:
    for kind in kinds:
        for site in sites:
            if site.get("Type") == kind and site.get("Url") and site.get("Status", "Working") == "Working":
                yield site


def _is_trusted(url: str, root: str) -> bool:
    there, here = urlsplit(url), urlsplit(root)
    host, own = there.hostname or "", here.hostname or ""
    if own in _LOOPBACK:
        return host in _LOOPBACK
    return there.scheme == "https" and (host == own or host.endswith(f".{_parent(own)}"))


def _parent(host: str) -> str:
    """The domain that sites of one instance share; a registrable name (acme.com) is its own parent."""
    parent = host.partition(".")[2]
    return parent if "." in parent and not parent.replace(".", "").isdigit() else host
