"""Issues tokens, and counts sessions, licences and limits (erpnet.md §2 and §3).

A token costs nothing; its first call opens a session and takes a licence. A session serves one request at a
time and lets five wait.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import uuid
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from simulators.erpnet.errors import ErpError, no_licence, too_many_requests
from simulators.erpnet.store import Change
from simulators.erpnet.world import World

TOKEN_LIFE = timedelta(hours=1)
IDLE_LIMIT = timedelta(minutes=20)
SESSION_LIFE = timedelta(hours=1)
TRANSACTION_LIFE = timedelta(minutes=25)
MINUTE = timedelta(minutes=1)


class OAuthError(Exception):
    """The token endpoint's refusal, by its OAuth code."""


@dataclass
class Grant:
    """What an access token stands for."""

    scopes: frozenset[str]
    expires: datetime


@dataclass
class Transaction:
    """An open API transaction: its changes are in force for its own requests only, until it is committed."""

    id: str
    opened: datetime
    front: bool
    changes: list[Change] = field(default_factory=list)


@dataclass
class Session:
    """One open session: its age, its last sign of life, its queue, its requests of the last minute."""

    opened: datetime
    last_call: datetime
    waiting: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    served: deque[datetime] = field(default_factory=deque)
    transaction: Transaction | None = None

    def alive(self, now: datetime) -> bool:
        """Sessions end after 20 minutes of silence, or an hour after opening."""
        return now - self.last_call < IDLE_LIMIT and now - self.opened < SESSION_LIFE

    def transaction_at(self, now: datetime) -> Transaction | None:
        """The open transaction, unless its 25 minutes are over."""
        ours = self.transaction
        return ours if ours is not None and now - ours.opened < TRANSACTION_LIFE else None


class Gate:
    """The identity service and the session manager."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._clock = world.clock
        self._grants: dict[str, Grant] = {}
        self._sessions: dict[str, Session] = {}

    @property
    def open_sessions(self) -> int:
        """Licence slots in use now."""
        return sum(s.alive(self._clock.now()) for s in self._sessions.values())

    def revoke_tokens(self) -> None:
        """Every token given out so far becomes foreign."""
        self._grants.clear()

    def end_sessions(self) -> None:
        """Every session is closed; a valid token opens another (erpnet.md §3)."""
        self._sessions.clear()

    def issue(self, form: dict[str, str], issuer: str, user: dict[str, str]) -> dict[str, Any]:
        """``POST /id/connect/token``; raises ``OAuthError``."""
        self._check_client(form)
        scopes = self._scopes(form.get("scope"))
        now = self._clock.now()
        token = _jwt(self._claims(issuer, scopes, now, user))
        self._grants[token] = Grant(frozenset(scopes), now + TOKEN_LIFE)
        return {
            "access_token": token,
            "expires_in": int(TOKEN_LIFE.total_seconds()),
            "token_type": "Bearer",
            "scope": " ".join(scopes),
        }

    def _check_client(self, form: dict[str, str]) -> None:
        if "grant_type" not in form:
            raise OAuthError("invalid_request")
        if form["grant_type"] != "client_credentials":
            raise OAuthError("unsupported_grant_type")
        app = self._world.application
        if form.get("client_id") != app.uri or form.get("client_secret") != app.secret:
            raise OAuthError("invalid_client")
        if not app.enabled or not app.system_user_allowed:
            raise OAuthError("unauthorized_client")

    def _scopes(self, asked: str | None) -> list[str]:
        allowed = self._world.application.scope.split()
        if asked is None:
            return allowed
        wanted = asked.split()
        if not wanted or not set(wanted) <= set(allowed):
            raise OAuthError("invalid_scope")
        return wanted

    def _claims(self, issuer: str, scopes: list[str], now: datetime, user: dict[str, str]) -> dict[str, Any]:
        at = int(now.timestamp())
        return {
            "iss": issuer,
            "aud": f"{issuer}/resources",
            "iat": at,
            "nbf": at,
            "exp": at + int(TOKEN_LIFE.total_seconds()),
            "jti": uuid.uuid4().hex,
            "client_id": self._world.application.uri,
            "scope": scopes,
            "client_db": "simulated",
            **user,
        }

    def grant_of(self, authorization: str | None) -> tuple[str, Grant]:
        """The token of a request and what it grants; 401 when missing, expired or foreign."""
        kind, _, token = (authorization or "").partition(" ")
        grant = self._grants.get(token)
        if kind.lower() != "bearer" or grant is None or grant.expires <= self._clock.now():
            raise ErpError("The access token is missing, expired or not valid.", status=401)
        return token, grant

    @asynccontextmanager
    async def turn(self, token: str) -> AsyncIterator[Session]:
        """Wait for this session's turn; 429 when the queue or the minute is full, 503 without a licence."""
        session = self._session(token)
        self._count(session)
        if session.waiting > self._world.queue_size:
            raise too_many_requests()
        session.waiting += 1
        try:
            async with session.turn:
                # Requests that arrive together must meet each other here, however fast one is served.
                await asyncio.sleep(self._world.latency)
                yield session
        finally:
            session.waiting -= 1

    def _session(self, token: str) -> Session:
        now = self._clock.now()
        self._sessions = {t: s for t, s in self._sessions.items() if s.alive(now)}
        session = self._sessions.get(token)
        if session is None:
            if len(self._sessions) >= self._world.licences:
                raise no_licence()
            session = self._sessions[token] = Session(now, now)
        session.last_call = now
        return session

    def _count(self, session: Session) -> None:
        now = self._clock.now()
        while session.served and now - session.served[0] >= MINUTE:
            session.served.popleft()
        if self._world.requests_per_minute is None:
            return
        if len(session.served) >= self._world.requests_per_minute:
            raise too_many_requests()
        session.served.append(now)


def _jwt(claims: dict[str, Any]) -> str:
    """A token in the shape of a signed one; nobody here checks signatures, the gate remembers what it gave."""
    head = _segment({"alg": "RS256", "typ": "at+jwt", "kid": "simulated"})
    body = _segment(claims)
    signature = base64.urlsafe_b64encode(hashlib.sha256(f"{head}.{body}".encode()).digest()).rstrip(b"=")
    return f"{head}.{body}.{signature.decode()}"


def _segment(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
