"""The token endpoint and the check of ``Authorization`` (graph.md §1)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from simulators.base import Clock
from simulators.graph.calls import Answer
from simulators.graph.errors import GraphError

Json = dict[str, Any]

SCOPE = "https://graph.microsoft.com/.default"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class TokenDesk:
    """Issues and knows access tokens; ``token`` is the one that never expires."""

    def __init__(self, clock: Clock) -> None:
        self.token = "graph-sim-token"
        self.tenant = "graph-sim-tenant"
        self.client_id = "graph-sim-client"
        self.client_secret = "graph-sim-secret"
        self.lifetime = timedelta(seconds=3599)
        self.reject = 0
        self._clock = clock
        self._issued: dict[str, datetime] = {}

    def expire(self) -> None:
        """Make every issued token invalid."""
        self._issued.clear()

    def check(self, header: str) -> None:
        """401 ``InvalidAuthenticationToken`` unless the header bears a known, live token."""
        kind, _, token = header.partition(" ")
        if self.reject > 0:
            self.reject -= 1
            raise _unauthorized("Lifetime validation failed, the token is expired.")
        if kind.lower() != "bearer" or not token:
            raise _unauthorized("Access token is empty.")
        if token == self.token:
            return
        until = self._issued.get(token)
        if until is None:
            raise _unauthorized("CompactToken validation failed with reason code: 80049228.")
        if until <= self._clock.now():
            raise _unauthorized("Lifetime validation failed, the token is expired.")

    def issue(self, tenant: str, form: Mapping[str, Any]) -> Answer:
        """Client credentials → a bearer token, or an OAuth-shaped refusal."""
        refusal = self._refusal(tenant, form)
        if refusal is not None:
            return refusal
        token = f"graph-sim-{secrets.token_urlsafe(24)}"
        self._issued[token] = self._clock.now() + self.lifetime
        seconds = int(self.lifetime.total_seconds())
        return Answer(
            200,
            {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token},
        )

    def _refusal(self, tenant: str, form: Mapping[str, Any]) -> Answer | None:
        if tenant != self.tenant:
            return _oauth(400, "invalid_request", 90002, f"Tenant '{tenant}' not found.")
        if form.get("grant_type") != "client_credentials":
            return _oauth(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        if form.get("client_id") != self.client_id:
            return _oauth(400, "unauthorized_client", 700016, "Application was not found in the directory.")
        if not str(form.get("scope", "")).endswith("/.default"):
            return _oauth(400, "invalid_scope", 1002012, "The provided value for scope is not valid.")
        if form.get("scope") != SCOPE:
            return _oauth(400, "invalid_resource", 500011, "The resource principal was not found in the tenant.")
        return None if self._proves_itself(form) else _oauth(401, "invalid_client", 7000215, "Invalid client secret.")

    def _proves_itself(self, form: Mapping[str, Any]) -> bool:
        if form.get("client_assertion_type") == _ASSERTION:
            return str(form.get("client_assertion", "")).count(".") == 2
        return bool(form.get("client_secret") == self.client_secret)


def _unauthorized(message: str) -> GraphError:
    return GraphError(
        401,
        "InvalidAuthenticationToken",
        message,
        headers={"WWW-Authenticate": 'Bearer realm="", error="invalid_token"'},
    )


def _oauth(status: int, error: str, number: int, text: str) -> Answer:
    return Answer(
        status,
        {"error": error, "error_description": f"AADSTS{number}: {text}", "error_codes": [number]},
    )
