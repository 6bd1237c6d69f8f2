"""What the first call of each function loads in a new process, and that the event loop stays free meanwhile."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from uuid import uuid4

import pytest

from simulators.demo.hands import control
from simulators.host.company import WEBHOOK_SECRET, Company
from tests.support.fresh import HEAVY, Cost, cost_of
from tests.support.real_worker import ROOT, Worker, http, needs_worker

OURS = {"adapters", "jobs", "sync_core"}
STORE = {"aiohttp", "azure.core", "azure.data.tables", "azure.storage.queue"}
GRAPH = {"httpx", "kiota_http", "msgraph", "opentelemetry"}

LATE = ("azure.core.rest",)
"""What azure-core imports by itself at the first request: some hundredths of a second at most."""

HANDSHAKE = {"params": {"validationToken": "t"}}
NOTIFIED = {"body": '{"value": []}'}
KNOWN = {"headers": {"x-calsync-secret": WEBHOOK_SECRET}}


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    """A company with Anna, whose sync is on."""
    with Company() as opened:
        opened.calsync("users", "enable", opened.hire("anna", "Anna Petrova"))
        yield opened


def off_duty(cost: Cost) -> list[str]:
    """Modules that the event loop waited for, beside the loader and what takes no time."""
    return [
        name
        for name in cost.on_loop
        if name not in ("adapters", "adapters.loading")
        and name.split(".")[0] not in sys.stdlib_module_names
        and not name.startswith(LATE)
    ]


@pytest.mark.parametrize(
    ("name", "given", "answer", "needed"),
    [
        ("notifications", HANDSHAKE, 200, set()),
        ("notifications", NOTIFIED, 202, OURS | STORE),
        ("erpnet", KNOWN, 202, OURS | STORE),
        ("portal", {"method": "GET", "url": "https://app/portal"}, 401, OURS | {"portal", "jinja2"}),
        ("programs", {"method": "GET", "url": "https://app/api/v1"}, 401, OURS | {"portal"}),
        ("warmup", None, None, OURS | STORE),
        ("sync", None, None, OURS | STORE),
        ("pull", None, None, OURS | STORE),
        ("housekeeping", None, None, OURS | STORE),
        ("keeper", None, None, OURS | STORE | GRAPH),
        ("work", {"kind": "pull"}, None, OURS | STORE),
        ("work", {"kind": "round", "full": True}, None, OURS | STORE | GRAPH),
    ],
    ids=[
        "handshake",
        "notified",
        "erpnet",
        "page",
        "program",
        "warmup",
        "sync",
        "pull",
        "housekeeping",
        "keeper",
        "work-pull",
        "work-round",
    ],
)
def test_a_function_loads_what_it_needs(
    company: Company, name: str, given: dict[str, object] | None, answer: int | None, needed: set[str]
) -> None:
    """Exactly these packages are there after its first call, and none of them was imported on the event loop."""
    environ = company.environ
    if "msgraph" in needed:
        [anna] = [box["id"] for box in control(company.graph, "state")["mailboxes"]]
        given = {**(given or {}), "user": anna}
    else:
        environ["STATE_PREFIX"] = f"t{uuid4().hex[:12]}"  # a company where nobody has anything to ask Graph for
    cost = cost_of("function", name, json.dumps(given or {}), environ=environ)

    assert cost.answer == answer
    assert cost.roots(HEAVY) == needed
    assert off_duty(cost) == []


def test_health_loads_the_settings_alone(company: Company) -> None:
    """Where a setting is wrong the app is not opened; the answer needs nothing but our own settings."""
    cost = cost_of("function", "health", "{}", environ={**company.environ, "ERPNET_URL": ""})

    assert (cost.answer, cost.roots(HEAVY), off_duty(cost)) == (200, {"adapters", "sync_core"}, [])


def test_metrics_are_not_waited_for(company: Company) -> None:
    """With Application Insights its exporter is imported, but not on the event loop."""
    nowhere = "InstrumentationKey=00000000-0000-0000-0000-000000000000;IngestionEndpoint=http://127.0.0.1:1"
    environ = {**company.environ, "APPLICATIONINSIGHTS_CONNECTION_STRING": nowhere}
    cost = cost_of("function", "warmup", "{}", environ=environ)

    assert off_duty(cost) == []


@needs_worker
def test_handshake_is_answered_while_the_first_notification_is_served(company: Company) -> None:
    """In Microsoft's worker library, in a new process: the token is back before the notification is through."""
    route = "https://app/api/webhooks/graph"
    first = http("POST", route, NOTIFIED["body"].encode())
    handshake = http("POST", route, query=HANDSHAKE["params"])
    with Worker(ROOT, "function_app.py", company.settings) as worker:
        outcomes = worker.invoke_all([("notifications", first, {}), ("notifications", handshake, {})])
        notified_after, shaken_after = worker.seconds

    assert [outcome["status"] for outcome in outcomes] == ["202", "200"]
    assert shaken_after < notified_after


@needs_worker
def test_no_handshake_waits_long_beside_the_first_notification(company: Company) -> None:
    """Asked for at any moment of it, a token is there within 100 ms. Counted is what this process works meanwhile:
    seconds of a machine that others use, too, say nothing about us."""
    route = "https://app/api/webhooks/graph"
    first = http("POST", route, NOTIFIED["body"].encode())
    handshakes = [http("POST", route, query=HANDSHAKE["params"])] * 60
    with Worker(ROOT, "function_app.py", company.settings) as worker:
        outcomes = worker.invoke_all([("notifications", order, {}) for order in (first, *handshakes)], apart=0.02)
        waited = worker.meanwhile[1:]

    assert [outcome["status"] for outcome in outcomes] == ["202", *["200"] * 60]
    assert max(waited) < 0.1
