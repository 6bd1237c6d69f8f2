"""Who we are to Graph: a credential, the fixed token of tests, and one that is renewed after a refusal."""

from __future__ import annotations

from collections.abc import Callable
from time import time
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken

SCOPE = "https://graph.microsoft.com/.default"


class Credential(Protocol):
    """The part of azure-identity's async credentials that we need."""

    async def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        """Get a valid token for the scopes."""

    async def close(self) -> None:
        """Close its connections."""


class StaticCredential:
    """A fixed token, for development against a loopback stand-in (``GRAPH_ACCESS_TOKEN``)."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def get_token(self, *_scopes: str, **_kwargs: Any) -> AccessToken:
        """Get the fixed token, as valid for an hour from now."""
        from azure.core.credentials import AccessToken

        return AccessToken(self._token, int(time()) + 3600)

    async def close(self) -> None:
        """Do nothing: there is no connection."""


class Renewable:
    """A credential that can forget its token; ``age`` counts how often it has."""

    def __init__(self, make: Callable[[], Credential]) -> None:
        self._make = make
        self._current: Credential | None = None
        self.age = 0

    async def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        """Get a token of the current credential."""
        if self._current is None:
            self._current = self._make()
        return await self._current.get_token(*scopes, **kwargs)

    async def renew(self, age: int) -> None:
        """Start over with an empty token cache, unless another request did since ``age``."""
        if age == self.age:
            self.age += 1
            await self.close()

    async def close(self) -> None:
        """Close the current credential; the next token comes from a new one."""
        current, self._current = self._current, None
        if current is not None:
            await current.close()

    async def __aenter__(self) -> Renewable:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()
