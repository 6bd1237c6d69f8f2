"""Graph as a script (exact requests) and as a stand-in (real behaviour), each with the adapter in front of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from adapters.graph import GraphCalendar, GraphOptions, StaticCredential
from adapters.http import Retries
from simulators.base import Clock
from simulators.graph import GraphSimulator
from sync_core.model.event import Window
from tests.adapters.conftest import Pauses
from tests.support.scripted_graph import ScriptedGraph

SPAN = Window(datetime(2026, 1, 24, tzinfo=UTC), datetime(2026, 3, 29, tzinfo=UTC))


class Tokens:
    """Makes credentials whose tokens are numbered: token-1, token-2, …"""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> StaticCredential:
        self.made += 1
        return StaticCredential(f"token-{self.made}")


@pytest.fixture
def tokens() -> Tokens:
    """The credentials the adapter asked for."""
    return Tokens()


@pytest.fixture
async def server() -> AsyncIterator[ScriptedGraph]:
    """A scripted Graph."""
    async with ScriptedGraph() as scripted:
        yield scripted


@pytest.fixture
async def calendar(
    server: ScriptedGraph, clock: Clock, pauses: Pauses, tokens: Tokens
) -> AsyncIterator[GraphCalendar]:
    """The adapter before the script."""
    retries = Retries(sleep=pauses)
    options = GraphOptions(tokens, url=server.url, retries=retries, timeout_seconds=2, page_size=50, page_cap=5)
    client = GraphCalendar(options, clock=clock.now)
    yield client
    await client.close()


@pytest.fixture
async def graph(clock: Clock) -> AsyncIterator[GraphSimulator]:
    """A stand-in that knows Ann."""
    async with GraphSimulator(clock) as running:
        running.add_mailbox("ann@acme.bg", time_zone="FLE Standard Time")
        yield running


@pytest.fixture
async def outlook(graph: GraphSimulator, clock: Clock, pauses: Pauses) -> AsyncIterator[GraphCalendar]:
    """The adapter before the stand-in."""
    options = GraphOptions(lambda: StaticCredential(graph.token), url=graph.url, retries=Retries(sleep=pauses))
    client = GraphCalendar(options, clock=clock.now)
    yield client
    await client.close()
