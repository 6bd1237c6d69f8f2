"""Tokens, accounts, mailboxes, batches, limits, control: graph.md §1, §2, §9 and §10, traps T21, T22."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from simulators.graph import GraphSimulator
from tests.support.graph_client import ANN, BOB, WINDOW, BareGraphClient, GraphReply, event_body

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ONE = datetime(2026, 11, 23, 13, tzinfo=UTC)


async def ask_token(graph: GraphSimulator, tenant: str = "graph-sim-tenant", **changes: str) -> GraphReply:
    """Client credentials, some of them changed."""
    form = {
        "client_id": "graph-sim-client",
        "client_secret": "graph-sim-secret",
        "grant_type": "client_credentials",
        "scope": "https://graph.microsoft.com/.default",
        **changes,
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{graph.origin}/{tenant}/oauth2/v2.0/token", data=form) as answer,
    ):
        return GraphReply(answer.status, answer.headers, await answer.json())


async def test_token_is_issued_lives_its_time_and_expires(client: BareGraphClient, graph: GraphSimulator) -> None:
    """Client credentials get a bearer token that is good until its hour is over."""
    graph.clock.set(NOON)
    issued = await ask_token(graph)
    bearer = {"Authorization": f"Bearer {issued['access_token']}"}
    good = await client.get(f"users/{ANN}", **bearer)
    graph.clock.advance(timedelta(hours=1))
    late = await client.get(f"users/{ANN}", **bearer)

    assert (issued.status, issued["token_type"], issued["expires_in"]) == (200, "Bearer", 3599)
    assert good.status == 200
    assert (late.status, late.code) == (401, "InvalidAuthenticationToken")


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "other"}, 400, "unauthorized_client"),
        ({"scope": "https://graph.microsoft.com/Calendars.ReadWrite"}, 400, "invalid_scope"),
        ({"scope": "http://127.0.0.1/.default"}, 400, "invalid_resource"),
        ({"tenant": "nowhere"}, 400, "invalid_request"),
    ],
)
async def test_token_refusals_are_oauth_shaped(
    graph: GraphSimulator, changes: dict[str, str], status: int, error: str
) -> None:
    """The token endpoint refuses in OAuth's shape, with the AADSTS number."""
    answer = await ask_token(graph, **changes)

    assert (answer.status, answer["error"]) == (status, error)
    assert re.match(r"AADSTS\d+: ", answer["error_description"])


async def test_request_without_a_good_token_is_refused(client: BareGraphClient, graph: GraphSimulator) -> None:
    """No token, a made-up one, and one a test wants rejected: 401 each."""
    graph.reject_tokens = 1
    rejected = await client.get(f"users/{ANN}")
    made_up = await client.get(f"users/{ANN}", Authorization="Bearer x")

    assert [rejected.status, made_up.status] == [401, 401]
    assert (await client.get(f"users/{ANN}")).status == 200


async def test_every_answer_carries_a_request_id(client: BareGraphClient) -> None:
    """``request-id`` is there and ``client-request-id`` comes back, in errors inside too."""
    answer = await client.get(f"users/{ANN}/events/AAMkAGx=", client_request_id="c-1")

    assert answer.headers["request-id"]
    assert answer.headers["client-request-id"] == "c-1"
    assert answer["error"]["innerError"]["client-request-id"] == "c-1"


async def test_user_by_name_or_id(client: BareGraphClient, graph: GraphSimulator) -> None:
    """An account is found by principal name in any case and by object id; ``$select`` names what is shown."""
    path = "?$select=id,userPrincipalName,mail,displayName,accountEnabled"
    by_name = await client.get(f"users/{ANN.upper()}{path}")
    by_id = await client.get(f"users/{graph.mailbox(ANN).id}{path}")
    plain = await client.get(f"users/{ANN}")
    nobody = await client.get("users/nobody@example.test")

    assert by_name.body == by_id.body
    assert (by_id["userPrincipalName"], by_id["accountEnabled"]) == (ANN, True)
    assert "accountEnabled" not in plain.body
    assert (nobody.status, nobody.code) == (404, "Request_ResourceNotFound")


async def test_mailbox_settings_tell_the_zone(client: BareGraphClient) -> None:
    """The zone is a Windows name, also as a single value."""
    assert (await client.get(f"users/{ANN}/mailboxSettings"))["timeZone"] == "FLE Standard Time"
    assert (await client.get(f"users/{ANN}/mailboxSettings/timeZone"))["value"] == "FLE Standard Time"


async def test_account_without_a_mailbox(client: BareGraphClient, graph: GraphSimulator) -> None:
    """T22: the account is there, every mailbox path is 404 ``MailboxNotEnabledForRESTAPI``; it may come back."""
    graph.add_mailbox("cy@example.test", mailbox=False)
    account = await client.get("users/cy@example.test")
    settings = await client.get("users/cy@example.test/mailboxSettings")
    view = await client.get(f"users/cy@example.test/calendarView?{WINDOW}")
    graph.mailbox("cy@example.test").usable = True

    assert account.status == 200
    assert (settings.status, settings.code) == (404, "MailboxNotEnabledForRESTAPI")
    assert (view.status, view.code) == (404, "MailboxNotEnabledForRESTAPI")
    assert (await client.get(f"users/cy@example.test/calendarView?{WINDOW}")).status == 200


async def test_unknown_user_and_forbidden_mailbox(client: BareGraphClient, graph: GraphSimulator) -> None:
    """T22: 404 ``ErrorInvalidUser`` for a stranger, 403 ``ErrorAccessDenied`` outside the access policy."""
    graph.mailbox(ANN).forbidden = True
    stranger = await client.get("users/nobody@example.test/events")
    forbidden = await client.get(f"users/{ANN}/events")

    assert (stranger.status, stranger.code) == (404, "ErrorInvalidUser")
    assert (forbidden.status, forbidden.code) == (403, "ErrorAccessDenied")


async def test_master_category_exists_once(client: BareGraphClient) -> None:
    """A category is created 201, its name a second time 409, only its colour can change."""
    path = f"users/{ANN}/outlook/masterCategories"
    made = await client.post(path, {"displayName": "ERP.net conflict", "color": "preset9"})
    again = await client.post(path, {"displayName": "erp.net conflict", "color": "preset1"})
    renamed = await client.patch(f"{path}/{made['id']}", {"displayName": "x"})

    assert (made.status, again.status, renamed.status) == (201, 409, 400)
    assert [c["displayName"] for c in (await client.get(path)).value] == ["ERP.net conflict"]


def part(ident: str, method: str = "GET", url: str = f"/users/{ANN}/events", **more: Any) -> dict[str, Any]:
    """One request of a batch."""
    return {"id": ident, "method": method, "url": url, **more}


async def test_batch_answers_every_part_in_some_order(client: BareGraphClient) -> None:
    """A batch is 200 whatever happens inside; the order of its answers says nothing."""
    json_type = {"Content-Type": "application/json"}
    writes = [part(str(n), "POST", headers=json_type, body=event_body()) for n in range(19)]
    sent = [*writes, part("bad", url="/users/nobody@x.test/events")]
    answer = await client.post("$batch", {"requests": sent})
    statuses = {r["id"]: r["status"] for r in answer["responses"]}

    assert answer.status == 200
    assert statuses == {**{str(n): 201 for n in range(19)}, "bad": 404}
    assert [r["id"] for r in answer["responses"]] != [p["id"] for p in sent]


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [part(str(n)) for n in range(21)],
        [part("1"), part("1")],
        [part("1", url="https://graph.microsoft.com/v1.0/me")],
        [part("1", "POST", body={"subject": "x"})],
        [part("1"), part("2", dependsOn=["3"])],
        [part("1"), part("2"), part("3", dependsOn=["1"])],
    ],
    ids=["empty", "too-many", "same-id", "absolute", "no-content-type", "unknown-dependency", "mixed"],
)
async def test_batch_refusals(client: BareGraphClient, parts: list[dict[str, Any]]) -> None:
    """A batch that breaks a rule is 400 as a whole."""
    assert (await client.post("$batch", {"requests": parts})).status == 400


async def test_failed_dependency(client: BareGraphClient) -> None:
    """In a sequential batch everything after a failure is 424."""
    chain = [part("1", url=f"/users/{ANN}/events/x"), part("2", dependsOn=["1"]), part("3", dependsOn=["2"])]
    answer = await client.post("$batch", {"requests": chain})

    assert {r["id"]: r["status"] for r in answer["responses"]} == {"1": 400, "2": 424, "3": 424}


async def test_part_of_a_batch_is_throttled_on_its_own(client: BareGraphClient, graph: GraphSimulator) -> None:
    """T21: 429 sits inside the batch with its own Retry-After."""
    graph.throttle(ANN, times=1, retry_after="7")
    answer = await client.post("$batch", {"requests": [part("1"), part("2")]})
    refused = [r for r in answer["responses"] if r["status"] == 429]

    assert (answer.status, len(refused)) == (200, 1)
    assert refused[0]["headers"]["Retry-After"] == "7"
    assert refused[0]["body"]["error"]["code"] == "ApplicationThrottled"


async def test_fault_hits_a_part_of_a_batch(client: BareGraphClient, graph: GraphSimulator) -> None:
    """A scripted fault answers for the part it matches."""
    graph.add_fault(f"GET /v1.0/users/{BOB}/events", status=503)
    answer = await client.post("$batch", {"requests": [part("1"), part("2", url=f"/users/{BOB}/events")]})

    assert {r["id"]: r["status"] for r in answer["responses"]} == {"1": 200, "2": 503}


async def test_fifth_request_at_a_time_is_throttled(client: BareGraphClient, graph: GraphSimulator) -> None:
    """T21: four at a time per mailbox; the fifth is 429, another mailbox is not concerned."""
    graph.switches.overlap_seconds = 0.1
    paths = [f"users/{ANN}/events"] * 5 + [f"users/{BOB}/events"] * 4
    answers = await asyncio.gather(*(client.get(path) for path in paths))
    statuses = [a.status for a in answers]

    assert sorted(statuses[:5]) == [200, 200, 200, 200, 429]
    assert statuses[5:] == [200] * 4
    refused = next(a for a in answers if a.status == 429)
    assert (refused.code, refused.headers["Retry-After"]) == ("ApplicationThrottled", "1")


async def test_number_of_requests_can_be_limited(client: BareGraphClient, graph: GraphSimulator) -> None:
    """The limit per ten minutes counts refused requests and ends with its time."""
    graph.clock.set(NOON)
    graph.switches.requests_per_10_minutes = 2
    statuses = [(await client.get(f"users/{ANN}/events")).status for _ in range(3)]
    graph.clock.advance(timedelta(minutes=10))

    assert statuses == [200, 200, 429]
    assert (await client.get(f"users/{ANN}/events")).status == 200


async def test_unknown_paths_and_methods(client: BareGraphClient) -> None:
    """What Graph does not have is refused, not ignored."""
    assert (await client.get(f"users/{ANN}/calendarz")).status == 400
    assert (await client.ask("PUT", f"users/{ANN}/events")).status == 405


async def test_people_act_over_http_too(client: BareGraphClient, graph: GraphSimulator) -> None:
    """The control verbs let another process add mailboxes, act as a person and look at everything."""

    async def control(verb: str, body: Any = None) -> tuple[int, Any]:
        async with client.session.post(f"{graph.origin}/_sim/{verb}", json=body or {}) as answer:
            return answer.status, await answer.json()

    times = {"start": "2026-11-23T10:00:00+00:00", "end": "2026-11-23T11:00:00+00:00"}
    _, account = await control("add_mailbox", {"upn": "cy@example.test"})
    create = {"upn": "cy@example.test", "do": "create", "with": {"subject": "Talk", "attendees": [BOB], **times}}
    _, made = await control("person", create)
    refused, why = await control("person", {"upn": "cy@example.test", "do": "fly"})
    _, state = await control("state")
    _, sent = await control("mails")

    assert account["usable"] is True
    assert state["mailboxes"][2]["events"][0]["id"] == made["result"]
    assert [m["kind"] for m in sent] == ["invitation"]
    assert (refused, why) == (409, {"refused": "a person cannot 'fly'"})
    assert (await control("reset"))[0] == 200
    assert (await control("state"))[1] == {"mailboxes": []}


def test_process_serves_until_it_is_told_to_stop() -> None:
    """``python -m simulators.graph`` prints its origin and ends cleanly on SIGTERM."""
    command = [sys.executable, "-m", "simulators.graph", "--token-lifetime", "60"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        assert process.stdout is not None
        origin = process.stdout.readline()
        process.send_signal(signal.SIGTERM)

        assert origin.startswith("http://127.0.0.1:")
        assert process.wait(timeout=10) == 0
