"""Parts of a batch that are throttled with a wait that makes no sense."""

from __future__ import annotations

import math

import pytest

from adapters.graph.batch import send_all
from adapters.graph.client import GraphClient, GraphOptions
from adapters.graph.wire import Answer, Request
from adapters.http import Retries
from simulators.base import Clock
from tests.adapters.conftest import Pauses
from tests.adapters.graph.conftest import Tokens
from tests.support.scripted import ODD, Say
from tests.support.scripted_graph import ScriptedGraph


@pytest.mark.parametrize("header", ODD)
async def test_a_part_of_a_batch_with_an_odd_header_does_not_stop_the_round(
    server: ScriptedGraph, clock: Clock, pauses: Pauses, tokens: Tokens, header: str
) -> None:
    """Graph throttles one of two parts with an odd ``Retry-After``: the batch ends, soon, with an answer for each."""
    refused = {"id": "1", "status": 429, "headers": {"Retry-After": header}}
    fine = {"id": "2", "status": 200, "body": {"id": "B"}}
    server.say(Say({"responses": [refused, fine]}), *[Say(status=429, headers={"Retry-After": "1"})] * 5)
    client = GraphClient(GraphOptions(tokens, url=server.url, retries=Retries(sleep=pauses)), clock=clock.now)
    try:
        answers = await send_all(client, [Request("GET", "/a"), Request("GET", "/b")])
    finally:
        await client.close()

    assert [answer.status for answer in answers if isinstance(answer, Answer)] == [429, 200]
    assert sum(pauses) <= 66
    assert all(math.isfinite(pause) for pause in pauses)
