"""What is put together for whoever asks the app: tables and a name, no side."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import pytest

from adapters import wiring
from adapters.http import claims_in
from adapters.settings import load_asking
from adapters.wiring import Nobody
from jobs.command import Asker
from jobs.commands.ask import ask
from jobs.ports import Calendar
from jobs.wish import Kind, Wish
from simulators.azurite import Azurite
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


@pytest.mark.parametrize("hours", [-30, -1, 1, 30])
async def test_a_machine_whose_clock_is_wrong_asks_at_the_stores_time(
    azurite: Azurite, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """Else it would overtake what others ask later, or ask for what seems to be over."""
    monkeypatch.setattr(wiring, "utc_now", lambda: datetime.now(UTC) + timedelta(hours=hours))
    settings = load_asking({"AzureWebJobsStorage": azurite.connection_string, "STATE_PREFIX": f"t{uuid4().hex[:12]}"})
    async with wiring.open_desk(settings) as desk:
        command = await ask(desk, Wish(Kind.RETRY), Asker("olga"))

    assert abs(command.asked_at - datetime.now(UTC)) < timedelta(seconds=30)


async def test_a_machine_whose_clock_is_right_keeps_its_fractions(azurite: Azurite) -> None:
    """Two things asked one after the other are so in the tables, too, though the store tells whole seconds."""
    settings = load_asking({"AzureWebJobsStorage": azurite.connection_string, "STATE_PREFIX": f"t{uuid4().hex[:12]}"})
    async with wiring.open_desk(settings) as desk:
        ats = [(await ask(desk, Wish(Kind.RETRY), Asker("olga"))).asked_at for _ in range(3)]

    assert ats == sorted(set(ats))
