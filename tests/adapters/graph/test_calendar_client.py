"""The door to Graph: what every request carries, when it is repeated, what an answer means."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any, NoReturn
from uuid import UUID

import pytest

from adapters.graph import GraphCalendar, GraphOptions, StaticCredential
from adapters.http import Retries
from sync_core.errors import (
    AccessRefused,
    AppRefused,
    CursorExpired,
    ForeignHost,
    ItemRejected,
    MailboxUnavailable,
    SideError,
    SideUnavailable,
    Throttled,
)
from sync_core.model.sides import Malformed, Side
from tests.adapters.conftest import NOW, Pauses
from tests.adapters.graph.conftest import SPAN, Tokens
from tests.support.scripted import Say
from tests.support.scripted_graph import PREFER, ScriptedGraph, graph_batch_answer, graph_event, graph_fault

SETTINGS = Say({"timeZone": "UTC"})


async def test_every_request_is_signed_numbered_and_states_its_preferences(
    server: ScriptedGraph, calendar: GraphCalendar
) -> None:
    """Preferences count only for the request that carries them, so each carries all."""
    server.say(SETTINGS, Say(graph_event()))

    await calendar.read_time_zone("U")
    await calendar.read_events("U", ["E1"])

    assert server.lines == ["GET /users/U/mailboxSettings", "GET /users/U/events/E1"]
    assert {one.headers["authorization"] for one in server.heard} == {"Bearer token-1"}
    assert {one.headers["prefer"] for one in server.heard} == {PREFER}
    assert len({UUID(one.headers["client-request-id"]) for one in server.heard}) == 2


async def test_no_cookie_comes_back(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """What an answer about one mailbox sets goes along with no request about another."""
    server.say(Say({"timeZone": "UTC"}, headers={"Set-Cookie": "kept=1; Path=/"}), SETTINGS)

    for user in ("U", "V"):
        await calendar.read_time_zone(user)

    assert [one.headers.get("cookie") for one in server.heard] == [None, None]


async def test_ids_are_encoded_in_paths(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """Ids and principal names may hold characters that mean something in a URL."""
    server.say(Say(graph_event("A/B+C=")))

    await calendar.read_events("a#b@c.bg", ["A/B+C="])

    assert server.heard[0].target == "/v1.0/users/a%23b%40c.bg/events/A%2FB%2BC%3D"


@pytest.mark.parametrize(
    ("answer", "waits"),
    [
        (graph_fault(429, "ApplicationThrottled"), None),
        (Say(status=429, headers={"Retry-After": "7"}), 7.0),
        (Say(status=503, headers={"Retry-After": "0.249"}), 0.249),
        (graph_fault(504, "UnknownError", ""), None),
        (Say(cut=True), None),
    ],
    ids=["429", "429 in seven seconds", "503 in a moment", "504", "connection lost"],
)
async def test_a_read_is_repeated_until_it_is_answered(
    server: ScriptedGraph, calendar: GraphCalendar, pauses: Pauses, answer: Say, waits: float | None
) -> None:
    """Reading again does no harm; what Graph asks for comes before our own back-off."""
    server.say(answer, answer, SETTINGS)

    assert await calendar.read_time_zone("U") == "Etc/UTC"
    assert len(pauses) == 2
    assert waits is None or all(waits <= pause <= 1.1 * waits for pause in pauses)


async def test_retries_end(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """After four refusals the caller hears of it, with the wait Graph asked for last."""
    server.say(*[Say(status=429, headers={"Retry-After": "3"})] * 4)

    with pytest.raises(Throttled) as caught:
        await calendar.read_time_zone("U")

    assert caught.value.retry_after == 3.0
    assert len(server.heard) == 4


async def test_silence_ends_at_the_time_limit(server: ScriptedGraph) -> None:
    """A Graph that accepts and never answers is out of reach."""
    server.say(Say(hang=True))
    options = GraphOptions(
        lambda: StaticCredential("t"), url=server.url, retries=Retries(tries=1), timeout_seconds=0.05
    )
    calendar = GraphCalendar(options, clock=lambda: NOW)

    with pytest.raises(SideUnavailable, match="no answer in time"):
        await calendar.read_time_zone("U")

    await calendar.close()


async def test_a_refused_token_is_replaced_once(
    server: ScriptedGraph, calendar: GraphCalendar, tokens: Tokens
) -> None:
    """401 gets one request with a fresh token."""
    server.say(graph_fault(401, "InvalidAuthenticationToken"), SETTINGS)

    assert await calendar.read_time_zone("U") == "Etc/UTC"
    assert [one.headers["authorization"] for one in server.heard] == ["Bearer token-1", "Bearer token-2"]


async def test_a_second_refusal_names_the_credential(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """A fresh token that is refused as well means that access is missing."""
    server.say(*[graph_fault(401, "InvalidAuthenticationToken")] * 2)

    with pytest.raises(AccessRefused, match="InvalidAuthenticationToken"):
        await calendar.read_time_zone("U")

    assert len(server.heard) == 2


async def test_no_token_names_entra_and_its_reason(server: ScriptedGraph) -> None:
    """What is wrong with the secret reaches the administrator, by Entra's code, in our words."""
    from azure.core.exceptions import ClientAuthenticationError

    class Wrong(StaticCredential):
        async def get_token(self, *_scopes: str, **_kwargs: Any) -> NoReturn:
            raise ClientAuthenticationError(message="AADSTS7000215: Invalid client secret provided.\nTrace ID: 1")

    calendar = GraphCalendar(GraphOptions(lambda: Wrong(""), url=server.url), clock=lambda: NOW)

    with pytest.raises(AppRefused, match=r"the secret is wrong \(AADSTS7000215\)\. Check AZURE_TENANT_ID"):
        await calendar.find_user("ann@acme.bg")

    assert server.heard == []
    await calendar.close()


@pytest.mark.parametrize(
    ("expected", "answer"),
    [
        (MailboxUnavailable, graph_fault(404, "MailboxNotEnabledForRESTAPI")),
        (MailboxUnavailable, graph_fault(404, "mailboxnotsupportedforrestapi")),
        (MailboxUnavailable, graph_fault(404, "ErrorInvalidUser")),
        (MailboxUnavailable, graph_fault(404, "ResourceNotFound")),
        (
            MailboxUnavailable,
            graph_fault(404, "generalException", innerError={"code": "MailboxNotEnabledForRESTAPI"}),
        ),
        (MailboxUnavailable, graph_fault(403, "ErrorAccessDenied")),
        (ItemRejected, graph_fault(400, "ErrorInvalidRequest")),
    ],
)
async def test_an_answer_without_a_mailbox_parks_only_this_mailbox(
    server: ScriptedGraph, calendar: GraphCalendar, expected: type[SideError], answer: Say
) -> None:
    """Missing licences and access policies concern one user; codes count in any case and nesting."""
    server.say(answer)

    with pytest.raises(expected):
        await calendar.read_time_zone("U")

    assert len(server.heard) == 1


async def test_a_404_that_says_nothing_is_no_proof(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """A stranger's 404 (a proxy, a route) must not read as a deleted event."""
    server.say(*[Say("<html>not here</html>", 404)] * 4)

    found = (await calendar.read_events("U", ["E1"]))["E1"]

    assert isinstance(found, Malformed)
    assert found.is_passing


async def test_redirects_are_not_followed(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """The token goes to the configured host and nowhere else."""
    server.say(*[Say(status=302, headers={"Location": "http://localhost:1/v1.0"})] * 4)

    with pytest.raises(SideUnavailable, match="redirect"):
        await calendar.read_time_zone("U")


async def test_three_requests_at_most_are_in_flight_for_a_mailbox(server: ScriptedGraph, tokens: Tokens) -> None:
    """The fifth would be refused by Graph, and somebody else may call as us."""
    server.say(*[Say(hang=True)] * 5)
    options = GraphOptions(tokens, url=server.url, retries=Retries(tries=1), timeout_seconds=0.4)
    calendar = GraphCalendar(options, clock=lambda: NOW)

    reads = [asyncio.create_task(calendar.read_time_zone("U")) for _ in range(5)]
    other = asyncio.create_task(calendar.read_time_zone("V"))
    await server.hear(4)
    for _ in range(100):
        await asyncio.sleep(0)
    seen = sorted(server.lines)
    for task in (*reads, other):
        task.cancel()
    await asyncio.gather(*reads, other, return_exceptions=True)
    await calendar.close()

    assert seen == ["GET /users/U/mailboxSettings"] * 3 + ["GET /users/V/mailboxSettings"]


async def test_a_link_to_another_host_is_not_followed(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """A forged or stale link must not carry our token away: as a cursor it is as good as expired."""
    with pytest.raises(CursorExpired) as caught:
        await calendar.read_changes("U", "https://graph.microsoft.evil/v1.0/users/U/calendarView/delta?x", SPAN)

    assert caught.value.side is Side.GRAPH
    assert server.heard == []


@pytest.mark.parametrize("name", ["@odata.nextLink", "@odata.deltaLink"])
@pytest.mark.parametrize("link", ["https://graph.microsoft.evil/v1.0/x", "https://[", "http://127.0.0.1:99999/"])
async def test_a_page_that_leads_to_another_host_is_not_followed(
    server: ScriptedGraph, calendar: GraphCalendar, name: str, link: str
) -> None:
    """Nor is such a delta link kept for the next round."""
    server.say(Say({"value": [], name: link}))
    with pytest.raises(ForeignHost):
        await calendar.read_changes("U", None, SPAN)

    assert len(server.heard) == 1


PROBE = """
import asyncio, sys
from datetime import UTC, datetime
from adapters.graph import GraphCalendar, GraphOptions, StaticCredential
assert not [name for name in sys.modules if name.startswith(("msgraph", "kiota", "azure", "httpx"))], "imported early"
async def use():
    options = GraphOptions(lambda: StaticCredential("t"), url=sys.argv[1])
    calendar = GraphCalendar(options, clock=lambda: datetime.now(UTC))
    await calendar.read_events("U", ["E1", "E2"])
    await calendar.close()
asyncio.run(use())
print([name for name in sys.modules if name.startswith("msgraph.generated.models")])
"""


async def test_the_sdk_is_imported_late_and_its_models_never(server: ScriptedGraph) -> None:
    """A cold start does not pay for the SDK, and reading does not pay for its models."""
    server.say(graph_batch_answer(Say(graph_event()), Say(graph_event("E2"))))

    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROBE, server.url, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await process.communicate()

    assert (out.decode().strip(), err.decode()) == ("[]", "")
