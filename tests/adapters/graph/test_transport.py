"""How requests are carried: each once, by the proxy that the environment names, and what a failure says."""

from __future__ import annotations

import pytest

from adapters.graph import GraphOptions, StaticCredential
from adapters.graph.client import GraphClient
from adapters.graph.transport import proxy_for
from adapters.graph.wire import Request
from adapters.http import Retries
from sync_core.errors import SideUnavailable
from tests.adapters.conftest import NOW
from tests.support.scripted import Say
from tests.support.scripted_graph import ScriptedGraph

ROOT = "http://127.0.0.1:9/v1.0"
"""Where nobody listens."""
SETTINGS = Request("GET", "/users/U/mailboxSettings")


async def send(root: str, *requests: Request) -> None:
    """Send these, one after the other, over one connection; no one is tried again."""
    options = GraphOptions(lambda: StaticCredential("t"), url=root, retries=Retries(tries=1), timeout_seconds=2)
    client = GraphClient(options, clock=lambda: NOW)
    try:
        for request in requests:
            await client.send(request)
    finally:
        await client.close()


@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH", "POST"])
async def test_a_request_without_an_answer_was_sent_once(server: ScriptedGraph, method: str) -> None:
    """Also over a connection that was good before; a write that had no answer may have been done."""
    server.say(Say({}), Say(cut=True))

    with pytest.raises(SideUnavailable, match="no answer") as caught:
        await send(server.url, SETTINGS, Request(method, "/users/U/events/E1"))

    assert len(server.heard) == 2
    assert caught.value.unclear == (method != "GET")


async def test_without_a_connection_nothing_was_sent() -> None:
    """Which a write may count on."""
    async with ScriptedGraph() as gone:
        pass

    with pytest.raises(SideUnavailable, match="no connection") as caught:
        await send(gone.url, Request("DELETE", "/users/U/events/E1"))

    assert not caught.value.unclear


async def test_headers_of_any_characters_and_length_are_read(server: ScriptedGraph) -> None:
    """Whatever stands in them, the answer counts."""
    server.say(Say({}, headers={"Diagnostics": "ж" * 9_000}))

    await send(server.url, SETTINGS)

    assert len(server.heard) == 1


@pytest.mark.parametrize("spared", ["", "127.0.0.1", "*"])
async def test_the_environments_proxy(server: ScriptedGraph, monkeypatch: pytest.MonkeyPatch, spared: str) -> None:
    """It is asked for Graph's whole address, unless the environment spares it that."""
    monkeypatch.setenv("http_proxy", server.origin)
    monkeypatch.setenv("no_proxy", spared)
    server.say(Say({}))

    if spared:
        assert proxy_for(ROOT) is None
    else:
        await send(ROOT, SETTINGS)
        assert [one.headers["host"] for one in server.heard] == ["127.0.0.1:9"]
