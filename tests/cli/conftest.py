"""The stand-ins run once for all tests of the command line; each test has an office of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulators.azurite import Azurite
from tests.support.office import CliOffice, StandIn, stand_in


@pytest.fixture(scope="session")
def graph_process() -> Iterator[StandIn]:
    """Microsoft Graph's stand-in."""
    with stand_in("simulators.graph") as running:
        yield running


@pytest.fixture(scope="session")
def erp_process() -> Iterator[StandIn]:
    """ERP.net's stand-in."""
    with stand_in("simulators.erpnet") as running:
        yield running


@pytest.fixture
def office(graph_process: StandIn, erp_process: StandIn, azurite: Azurite) -> CliOffice:
    """An office with nobody enabled and Anna employed on both sides."""
    opened = CliOffice(graph_process, erp_process, azurite.connection_string)
    opened.open()
    opened.employ()
    return opened
