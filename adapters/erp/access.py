"""The access token: client credentials, one for the whole process (erpnet.md §2, §3, trap 2).

Each token's first API call takes a paid licence slot, so a token is kept until shortly before it expires. Tokens
and the secret are never logged and never part of an error's text.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from adapters.erp.transport import ErpOptions, Reply, Transport
from adapters.http import error_of, retry_after_seconds
from sync_core.errors import AppRefused, SideError, SideUnavailable
from sync_core.model import Side

SCOPE = "read update"
MARGIN = timedelta(minutes=2)
"""A token is renewed this long before it expires, so that no request carries one that dies on the way."""

_REMEDIES = {
    "invalid_client": "check ERPNET_CLIENT_ID (its ApplicationUri) and ERPNET_CLIENT_SECRET (ApplicationSecretHash "
    "is the base64 of its SHA-256), and that it is enabled (IsEnabled)",
    "unauthorized_client": "set ClientType to Confidential, SystemUserAllowed to true and choose a SystemUser",
    "invalid_scope": f"its Scope must hold '{SCOPE}'",
    "invalid_grant": "check that its SystemUser exists and is active",
    "unsupported_grant_type": "set SystemUserAllowed to true and choose a SystemUser",
}


@dataclass(frozen=True, slots=True)
class _Token:
    text: str = field(repr=False)
    renew_at: datetime


class Tokens:
    """Fetches and keeps the one token."""

    def __init__(self, transport: Transport, options: ErpOptions, clock: Callable[[], datetime]) -> None:
        self._transport = transport
        self._options = options
        self._clock = clock
        self._token: _Token | None = None

    async def current(self, token_url: str) -> str:
        """A token that is good for the next request.

        Raises ``AppRefused`` with the remedy, or what ``Transport.exchange`` raises.
        """
        if self._token is None or self._clock() >= self._token.renew_at:
            self._token = await self._fetch(token_url)
        return self._token.text

    def drop(self) -> None:
        """Forget a token that was refused."""
        self._token = None

    def login(self) -> str:
        """The service user's login as the current token tells it. Raises ``AppRefused`` if it tells none."""
        login = claims_of(self._token.text).get("client_system_user") if self._token else None
        if not login:
            raise AppRefused(
                Side.ERP,
                f"the token of the trusted application '{self._options.client_id}' names no service user: set "
                "SystemUserAllowed to true and choose a SystemUser",
            )
        return str(login)

    async def _fetch(self, token_url: str) -> _Token:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._options.client_id,
            "client_secret": self._options.client_secret,
            "scope": SCOPE,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        asked_at = self._clock()
        reply = await self._transport.exchange("POST", token_url, headers, urlencode(form).encode())
        answer = _json_of(reply)
        if reply.status != 200 or not isinstance(answer.get("access_token"), str):
            raise self._refusal(reply, str(answer.get("error") or ""))
        lifetime = timedelta(seconds=float(answer.get("expires_in") or 0))
        return _Token(answer["access_token"], asked_at + lifetime - min(MARGIN, lifetime / 2))

    def _refusal(self, reply: Reply, code: str) -> SideError:
        if code:
            remedy = _REMEDIES.get(code, "check its settings")
            return AppRefused(
                Side.ERP,
                f"ERP.net refuses a token ({code}) to the trusted application '{self._options.client_id}': {remedy}",
            )
        if reply.status == 200:
            return SideUnavailable(Side.ERP, "ERP.net's identity service answered without a token")
        wait = retry_after_seconds(reply.headers.get("retry-after"), self._clock())
        return error_of(Side.ERP, reply.status, "no token from the identity service", retry_after=wait)


def _json_of(reply: Reply) -> dict[str, Any]:
    try:
        answer = json.loads(reply.content)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def claims_of(token: str) -> dict[str, Any]:
    """What a JWT says, unverified: it came straight from the issuer over TLS. {} for any other token."""
    pieces = token.split(".")
    if len(pieces) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(pieces[1] + "=" * (-len(pieces[1]) % 4)))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}
