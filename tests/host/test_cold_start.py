"""What the first call of each function loads in a new process, and that the event loop stays free meanwhile."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from uuid import uuid4

import pytest

from simulators.demo.hands import control
from simulators.host.company import WEBHOOK_SECRET, Company
from tests.support.fresh import HEAVY, Cost, cost_of
from tests.support.functions import functions
from tests.support.real_worker import ROOT, Worker, http, needs_worker
from tests.support.visitor import signed_in

OURS = {"adapters", "jobs", "sync_core"}
STORE = {"aiohttp", "azure.core", "azure.data.tables", "azure.storage.queue"}
GRAPH = {"httpx", "kiota_http", "msgraph", "opentelemetry"}

LATE = ("azure.core.rest",)
"""What azure-core imports by itself at the first request: some hundredths of a second at most."""

HANDSHAKE = {"params": {"validationToken": "t"}}
NOTIFIED = {"body": '{"value": []}'}
KNOWN = {"headers": {"x-calsync-secret": WEBHOOK_SECRET}}
MINE = {"method": "GET", "url": "https://app/portal", "headers": signed_in("somebody", tenant="graph-sim-tenant")}

NOBODYS = "000000a-000000000000"

CALLS: dict[str, tuple[str, Mapping[str, object] | None, int | None, set[str]]] = {
    "handshake": ("notifications", HANDSHAKE, 200, set()),
    "notified": ("notifications", NOTIFIED, 202, OURS | STORE),
    "erpnet": ("erpnet", KNOWN, 202, OURS | STORE),
    "page": ("portal", {"method": "GET", "url": "https://app/portal"}, 401, OURS | {"portal", "jinja2"}),
    "my page": ("portal", MINE, 200, OURS | STORE | {"portal", "jinja2"}),
    "program": ("programs", {"method": "GET", "url": "https://app/api/v1"}, 401, OURS | {"portal"}),
    "home": ("home", {"method": "GET"}, 302, set()),
    "warmup": ("warmup", None, None, OURS | STORE),
    "sync": ("sync", None, None, OURS | STORE),
    "pull": ("pull", None, None, OURS | STORE),
    "housekeeping": ("housekeeping", None, None, OURS | STORE),
    "keeper": ("keeper", None, None, OURS | STORE | GRAPH),
    "work-pull": ("work", {"kind": "pull"}, None, OURS | STORE),
    "work-round": ("work", {"kind": "round", "full": True}, None, OURS | STORE | GRAPH),
    "work-renew": ("work", {"kind": "command", "do": "renew"}, None, OURS | STORE | GRAPH),
    "work-forget": ("work", {"kind": "command", "do": "forget", "user": "nobody"}, None, OURS | STORE),
    "work-asked": ("work", {"kind": "asked", "command": NOBODYS}, None, OURS | STORE),
}
"""A first call of each function: what it is given, what it answers, which packages it needs."""


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    """A company with Anna, whose sync is on."""
    with Company() as opened:
        opened.calsync("users", "enable", opened.hire("anna", "Anna Petrova"))
        yield opened


def test_every_function_is_called_here() -> None:
    """A new trigger needs its line below."""
    assert {name for name, *_ in CALLS.values()} | {"health"} == functions().keys()


def off_duty(cost: Cost) -> list[str]:
    """Modules that the event loop waited for, beside the loader and what takes no time."""
    return [
        name
        for name in cost.on_loop
        if name not in ("adapters", "adapters.loading")
        and name.split(".")[0] not in sys.stdlib_module_names
        and not name.startswith(LATE)
    ]


@pytest.mark.parametrize(("name", "given", "answer", "needed"), CALLS.values(), ids=CALLS)
def test_a_function_loads_what_it_needs(
    company: Company, name: str, given: Mapping[str, object] | None, answer: int | None, needed: set[str]
) -> None:
    """Exactly these packages are there after its first call, and none of them was imported on the event loop."""
    environ = company.environ | {"WEBSITE_AUTH_ENABLED": "True" if given is MINE else ""}
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
