"""What is put together for whoever asks the app: tables and a name, no side."""

from __future__ import annotations

import base64
import json
from typing import Any, cast

import pytest

from adapters.http import claims_in
from adapters.wiring import Nobody
from jobs.ports import Calendar
from sync_core.errors import SideUnavailable


def token(claims: Any) -> str:
    """A token that says so."""
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.c2ln"


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        (token({"oid": "1", "upn": "olga@acme.example"}), {"oid": "1", "upn": "olga@acme.example"}),
        (token(["no", "claims"]), {}),
        ("no.token", {}),
        ("a.!.b", {}),
        ("a.e3.b", {}),
        ("", {}),
    ],
)
def test_a_token_says_who_asks(text: str, claims: dict[str, str]) -> None:
    """Any other text says nothing, and fails nobody."""
    assert claims_in(text) == claims


async def test_whoever_asks_the_app_reaches_no_side() -> None:
    """Whatever is asked of it."""
    with pytest.raises(SideUnavailable, match="only the app"):
        await cast("Calendar", Nobody()).find_user("anna@acme.example")
