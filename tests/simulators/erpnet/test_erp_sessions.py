"""Sessions, licences and limits (erpnet.md §3; traps 1 and 2)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from simulators.erpnet import ErpSimulator
from tests.support.erp_client import BareErpClient


async def _statuses(client: BareErpClient, count: int) -> list[int]:
    replies = await asyncio.gather(*(client.get("GetVersion") for _ in range(count)))
    return sorted(r.status for r in replies)


async def test_trap_1_one_request_at_a_time_five_wait_the_rest_is_429(
    client: BareErpClient, erp: ErpSimulator
) -> None:
    """Of ten requests at once on one session, six are served; 429 comes without Retry-After."""
    erp.latency = 0.05

    replies = await asyncio.gather(*(client.get("GetVersion") for _ in range(10)))
    refused = [r for r in replies if r.status == 429]

    assert len(refused) == 4
    assert all("Retry-After" not in r.headers for r in refused)


async def test_six_requests_at_once_are_all_served(client: BareErpClient, erp: ErpSimulator) -> None:
    """One runs, five wait."""
    erp.latency = 0.01

    assert await _statuses(client, 6) == [200] * 6


async def test_the_601st_request_of_a_minute_is_429(client: BareErpClient, erp: ErpSimulator) -> None:
    """The limit is per session and minute, and is over when the minute is."""
    erp.requests_per_minute = 3
    assert [(await client.get("GetVersion")).status for _ in range(4)] == [200, 200, 200, 429]

    erp.clock.advance(timedelta(minutes=1))
    assert (await client.get("GetVersion")).status == 200


async def test_trap_2_every_used_token_takes_a_licence(client: BareErpClient, erp: ErpSimulator) -> None:
    """Fetching tokens takes none; the first call with each does, and the last licence ends in 503 with code 8."""
    erp.licences = 2
    for _ in range(5):
        await client.sign_in()
    assert erp.gate.open_sessions == 0

    for _ in range(2):
        await client.sign_in()
        assert (await client.get("GetVersion")).status == 200
    await client.sign_in()
    reply = await client.get("GetVersion")

    assert (reply.status, reply.headers["Retry-After"]) == (503, "60")
    assert reply.data["error"]["code"] == 8
    assert reply.data["error"]["type"] == "Aloe.SystemFrameworks.E1LicenseException"


async def test_a_session_ends_after_twenty_silent_minutes(client: BareErpClient, erp: ErpSimulator) -> None:
    """The slot is free then, and the still valid token opens another session."""
    await client.get("GetVersion")
    erp.clock.advance(timedelta(minutes=19))
    assert erp.gate.open_sessions == 1

    erp.clock.advance(timedelta(minutes=1))
    assert erp.gate.open_sessions == 0

    assert (await client.get("GetVersion")).status == 200
    assert erp.gate.open_sessions == 1


async def test_a_token_is_401_after_its_hour(client: BareErpClient, erp: ErpSimulator) -> None:
    """Expiry is judged by the server's clock."""
    erp.clock.advance(timedelta(minutes=59, seconds=59))
    assert (await client.get("GetVersion")).status == 200

    erp.clock.advance(timedelta(seconds=1))
    assert (await client.get("GetVersion")).status == 401


async def test_a_session_has_one_transaction_at_a_time(client: BareErpClient) -> None:
    """A second BeginTransaction is over the limit."""
    first = await client.post("BeginTransaction", {"model": "common"})
    assert first.status == 200
    assert len(first.data) == 36

    assert (await client.post("BeginTransaction", {"model": "common"})).status == 429
