"""Fetches the access token by client credentials: one for the whole process (erpnet.md §2, §3, trap 2).

Each token's first API call opens a session, which is a paid licence slot. Whether a renewed token continues the old
session is UNCONFIRMED and taken for no: so a process opens the next one only when its last one is over, and never has
two. Tokens and the secret are never logged and never part of an error's text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from adapters.erp.transport import ErpOptions, Reply, Transport
from adapters.http import claims_in, error_of, read_json, retry_after_seconds
from sync_core.errors import AppRefused, SideError, SideUnavailable, Throttled
from sync_core.model.sides import Side

SCOPE = "read update"
MARGIN = timedelta(seconds=15)
"""How long before its end a token is replaced, so that none expires while a request is on its way."""

IDLE, LIFE = timedelta(minutes=20), timedelta(hours=1)
"""A session ends that long after its last call, and that long after its first call at the latest (erpnet.md §3)."""

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
    """A token and the session behind it: when it was opened and called last, by our clock, None before any call."""

    text: str = field(repr=False)
    renew_at: datetime
    opened_at: datetime | None = None
    called_at: datetime | None = None

    @property
    def ends_at(self) -> datetime | None:
        """When the session ends if no further call is made."""
        if self.opened_at is None or self.called_at is None:
            return None
        return min(self.opened_at + LIFE, self.called_at + IDLE)

    def is_over(self, now: datetime) -> bool:
        """Whether the session is over, so that the next call opens another and a new token costs nothing."""
        return self.ends_at is not None and now >= self.ends_at


class Tokens:
    """Fetches the one token and caches it."""

    def __init__(self, transport: Transport, options: ErpOptions, clock: Callable[[], datetime]) -> None:
        self._transport = transport
        self._options = options
        self._clock = clock
        self._token: _Token | None = None
        self._ends_at: datetime | None = None

    @property
    def ends_at(self) -> datetime | None:
        """When the session that we opened ends at the latest, None without a session."""
        return self._ends_at

    async def current(self, token_url: str) -> str:
        """Get a token that is valid for the next request.

        Raises ``Throttled`` for the moment between the end of a token and that of its session, ``AppRefused`` with
        the remedy, or what ``Transport.exchange`` raises.
        """
        token, now = self._token, self._clock()
        if token is not None and now >= token.renew_at and token.ends_at is not None and not token.is_over(now):
            wait = (token.ends_at - now).total_seconds()
            raise Throttled(Side.ERP, "our ERP.net session ends; the next one is opened after it", retry_after=wait)
        if token is None or now >= token.renew_at or token.is_over(now):
            token = self._token = await self._fetch(token_url)
        return token.text

    def called(self) -> None:
        """Record that a request with the current token may have reached ERP.net: its session is open."""
        if self._token is not None:
            now = self._clock()
            self._token = replace(self._token, opened_at=self._token.opened_at or now, called_at=now)
            self._ends_at = self._token.ends_at

    def drop(self) -> None:
        """Forget a token that was refused: its session is not open any more."""
        self._token = None

    def login(self) -> str:
        """The service user's login, as the current token names it. Raises ``AppRefused`` if it names none."""
        login = claims_in(self._token.text).get("client_system_user") if self._token else None
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
        lifetime = timedelta(seconds=_seconds(answer.get("expires_in")))
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


def _seconds(value: object) -> float:
    """A token's lifetime as answered, at most the hour that tokens have; 0 if it is no number."""
    try:
        seconds = float(str(value))
    except ValueError:
        return 0.0
    return min(LIFE.total_seconds(), seconds) if seconds > 0 else 0.0


def _json_of(reply: Reply) -> dict[str, Any]:
    try:
        answer = read_json(reply.content)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
