"""A stand-in with two mailboxes and a client for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest_asyncio

from simulators.graph import GraphSimulator
from tests.support.graph_client import ANN, BOB, BareGraphClient


@pytest_asyncio.fixture
async def graph() -> AsyncIterator[GraphSimulator]:
    """A running stand-in that knows Ann and Bob."""
    async with GraphSimulator() as running:
        running.add_mailbox(ANN)
        running.add_mailbox(BOB, time_zone="UTC")
        yield running


@pytest_asyncio.fixture
async def client(graph: GraphSimulator) -> AsyncIterator[BareGraphClient]:
    """The application's HTTP client."""
    async with aiohttp.ClientSession() as session:
        yield BareGraphClient(graph, session)
