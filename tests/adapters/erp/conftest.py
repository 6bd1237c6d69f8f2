"""ERP.net as a script (exact requests) and as a stand-in (real behaviour), each with the adapter in front of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.erp import ErpNet, ErpOptions
from adapters.http import Retries
from simulators.base import Clock
from simulators.erpnet import ErpSimulator, ErpUser
from sync_core.model.writes import ErpIdentity
from tests.adapters.conftest import Pauses
from tests.support.scripted_erp import ROOT, ScriptedErp


@pytest.fixture
async def server() -> AsyncIterator[ScriptedErp]:
    """A scripted ERP.net."""
    async with ScriptedErp() as scripted:
        yield scripted


@pytest.fixture
async def erp(server: ScriptedErp, clock: Clock, pauses: Pauses) -> AsyncIterator[ErpNet]:
    """The adapter before the script, its endpoints known."""
    options = ErpOptions(server.origin, "calsync", "made-up-secret", timeout_seconds=2)
    endpoints = (f"{server.origin}/id/connect/token", server.origin + ROOT)
    client = ErpNet(options, clock=clock.now, retries=Retries(sleep=pauses), endpoints=endpoints)
    yield client
    await client.close()


@pytest.fixture
async def simulator(clock: Clock) -> AsyncIterator[ErpSimulator]:
    """A stand-in with nobody in it but the service user."""
    async with ErpSimulator(clock) as running:
        running.requests_per_minute = None
        yield running


@pytest.fixture
async def live(simulator: ErpSimulator, clock: Clock, pauses: Pauses) -> AsyncIterator[ErpNet]:
    """The adapter before the stand-in."""
    options = ErpOptions(simulator.url, "calsync", "erp-sim-secret", timeout_seconds=10)
    client = ErpNet(options, clock=clock.now, retries=Retries(sleep=pauses))
    yield client
    await client.close()


@pytest.fixture
def ann(simulator: ErpSimulator) -> ErpUser:
    """Ann, who works in the stand-in."""
    return simulator.add_user("ann", "ann@example.com", "Ann Able")


@pytest.fixture
def who(simulator: ErpSimulator, ann: ErpUser) -> ErpIdentity:
    """Ann with her company, location and the document type."""
    assert ann.party_id
    assert ann.person_id
    kind = simulator.add_document_type("Meeting")
    return ErpIdentity(ann.id, ann.party_id, ann.person_id, simulator.company_id, simulator.location_id, kind)
