"""One ERP.net stand-in per test, its clock stopped, two people in it, and a client that is signed in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest

from simulators.base import Clock
from simulators.erpnet import ErpSimulator
from tests.support.erp_client import BareErpClient


@pytest.fixture
async def erp() -> AsyncIterator[ErpSimulator]:
    """An instance with Ann and Bob on Sunday, 25 January 2026, 08:00 UTC."""
    async with ErpSimulator(Clock(datetime(2026, 1, 25, 8, tzinfo=UTC))) as simulator:
        simulator.add_user("ann", "ann@example.com", "Ann Able")
        simulator.add_user("bob", "bob@example.com", "Bob Best")
        yield simulator


@pytest.fixture
async def client(erp: ErpSimulator) -> AsyncIterator[BareErpClient]:
    """A client with a valid token."""
    async with aiohttp.ClientSession() as http:
        ours = BareErpClient(erp, http)
        await ours.sign_in()
        yield ours
