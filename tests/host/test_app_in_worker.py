"""Our app in Microsoft's worker library: found, bound and invoked as on Azure (azure.md §2)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from portal import assets
from simulators.demo.hands import control
from simulators.host.company import WEBHOOK_SECRET, Company
from tests.support.company_life import in_erpnet, meeting_words
from tests.support.real_worker import QUEUE_METADATA, ROOT, TIMER, Worker, http, needs_worker

pytestmark = needs_worker

TRIGGERS: dict[str, dict[str, Any]] = {
    "sync": {"type": "timerTrigger", "schedule": "%SYNC_SCHEDULE%", "runOnStartup": False},
    "pull": {"type": "timerTrigger", "schedule": "%PULL_SCHEDULE%", "runOnStartup": False},
    "keeper": {"type": "timerTrigger", "schedule": "0 5 * * * *", "runOnStartup": False},
    "housekeeping": {"type": "timerTrigger", "schedule": "0 40 3 * * *", "runOnStartup": False},
    "work": {"type": "queueTrigger", "queueName": "%STATE_PREFIX%-work", "connection": "AzureWebJobsStorage"},
    "notifications": {
        "type": "httpTrigger",
        "route": "api/webhooks/graph",
        "authLevel": "ANONYMOUS",
        "methods": ["POST"],
    },
    "erpnet": {"type": "httpTrigger", "route": "api/webhooks/erpnet", "authLevel": "ANONYMOUS", "methods": ["POST"]},
    "health": {"type": "httpTrigger", "route": "api/health", "authLevel": "ANONYMOUS", "methods": ["GET"]},
    "home": {"type": "httpTrigger", "route": "{home:maxlength(0)?}", "authLevel": "ANONYMOUS", "methods": ["GET"]},
    "portal": {
        "type": "httpTrigger",
        "route": "portal/{*path}",
        "authLevel": "ANONYMOUS",
        "methods": ["GET", "POST"],
    },
    "programs": {
        "type": "httpTrigger",
        "route": "api/v1/{*path}",
        "authLevel": "ANONYMOUS",
        "methods": ["GET", "POST"],
    },
    "warmup": {"type": "warmupTrigger"},
}
LATE = {
    "json": json.dumps(
        {
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": {"Last": "2026-03-01T09:00:00+00:00", "Next": "2026-03-01T09:15:00+00:00"},
            "IsPastDue": True,
        }
    )
}
"""What the host hands to a timer it monitors, after the app was down when it was due."""

TOKEN = "Validation: Testing client application reachability for subscription <1> + ü&%"


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    """A company with Anna, whose sync is on."""
    with Company() as opened:
        opened.calsync("users", "enable", opened.hire("anna", "Anna Petrova"))
        yield opened


@pytest.fixture(scope="module")
def worker(company: Company) -> Iterator[Worker]:
    """The library with our app and its settings."""
    with Worker(ROOT, "function_app.py", company.settings) as loaded:
        yield loaded


def body(outcome: dict[str, Any]) -> str:
    """The text of an HTTP answer."""
    return base64.b64decode(outcome["body"]).decode()


def test_every_function_is_found(worker: Worker) -> None:
    """Names and triggers are those that infra and operating rely on; no function has another binding."""
    found = {name: worker.trigger(name) for name in worker.functions}

    assert {name: {key: found[name].get(key) for key in wanted} for name, wanted in TRIGGERS.items()} == TRIGGERS
    assert set(TRIGGERS) == set(found)
    others = {one["type"] for bindings in worker.functions.values() for one in bindings}
    assert others == {"timerTrigger", "queueTrigger", "httpTrigger", "http", "warmupTrigger"}


@pytest.mark.parametrize("wire", [TIMER, LATE], ids=["on-time", "past-due"])
@pytest.mark.parametrize("name", ["sync", "pull", "keeper", "housekeeping"])
def test_timer_succeeds(worker: Worker, name: str, wire: dict[str, str]) -> None:
    """Each timer takes the host's JSON and returns nothing, on time or late."""
    assert worker.invoke(name, wire) == {"failure": ""}


@pytest.mark.parametrize("text", ['{"kind": "pull"}', '{"kind": "round", "user": "nobody"}', "{", "", "[]", "пример"])
def test_message_is_completed(worker: Worker, text: str) -> None:
    """Known work is done and what nobody understands is completed: neither comes back, neither is poison."""
    assert worker.invoke("work", {"string": text}, QUEUE_METADATA) == {"failure": ""}


def test_round_writes_what_people_did(worker: Worker, company: Company) -> None:
    """A queued round carries an event over, letters of any script included."""
    company.outlook("anna").act("create", **meeting_words("Среща ☕"))
    [anna] = [box["id"] for box in control(company.graph, "state")["mailboxes"]]
    outcome = worker.invoke(
        "work", {"string": json.dumps({"kind": "round", "user": anna, "full": True})}, QUEUE_METADATA
    )

    assert outcome == {"failure": ""}
    assert in_erpnet(company) == {("anna", "Среща ☕"): 1}


def test_many_at_once_share_one_world(worker: Worker) -> None:
    """Invocations that overlap in one process all succeed."""
    orders: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("work", {"string": '{"kind": "pull"}'}, QUEUE_METADATA),
        ("sync", TIMER, {}),
    ]
    assert worker.invoke_all(orders * 5) == [{"failure": ""}] * 10


def test_warmup_succeeds(worker: Worker) -> None:
    """The platform's call to a new instance."""
    assert worker.invoke("warmup", {"json": "{}"}) == {"failure": ""}


def test_health_answers(worker: Worker) -> None:
    """GET tells that all settings are right, in JSON."""
    outcome = worker.invoke("health", http("GET", "https://app/api/health"))

    assert (outcome["status"], outcome["headers"]["content-type"]) == ("200", "application/json")
    assert json.loads(body(outcome))["settings_mistakes"] == 0


def test_handshake_gives_the_token_back(worker: Worker) -> None:
    """The decoded token as plain text, character by character."""
    wire = http("POST", "https://app/api/webhooks/graph", query={"validationToken": TOKEN})
    outcome = worker.invoke("notifications", wire)

    assert (outcome["status"], body(outcome)) == ("200", TOKEN)
    assert outcome["headers"]["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("content", "status"), [(b"", "400"), (b"{", "400"), (b'{"value": []}', "202"), (b"\xff", "400")]
)
def test_notification_bodies(worker: Worker, content: bytes, status: str) -> None:
    """What is no notification is refused without details; a chunked body arrives empty and is refused too."""
    outcome = worker.invoke("notifications", http("POST", "https://app/api/webhooks/graph", content))

    assert (outcome["status"], body(outcome)) == (status, "")


@pytest.mark.parametrize(("secret", "status"), [(WEBHOOK_SECRET, "202"), ("wrong", "401"), ("ж", "401")])
def test_webhook_knows_its_secret(worker: Worker, secret: str, status: str) -> None:
    """The header decides; the body may be empty."""
    wire = http("POST", "https://app/api/webhooks/erpnet", headers={"x-calsync-secret": secret})

    assert worker.invoke("erpnet", wire)["status"] == status


def test_the_bare_address_leads_to_the_page(worker: Worker) -> None:
    """Whoever types the app's address ends where the pages are."""
    outcome = worker.invoke("home", http("GET", "https://app/"))

    assert (outcome["status"], outcome["headers"]["Location"]) == ("302", "/portal")


@pytest.mark.parametrize(
    ("name", "method", "url", "kind"),
    [
        ("portal", "GET", "https://app/portal", "text/html"),
        ("portal", "POST", "https://app/portal/do/enable", "text/html"),
        ("programs", "GET", "https://app/api/v1", "application/json"),
    ],
)
def test_nobody_is_shown_anything_before_signing_in(
    worker: Worker, name: str, method: str, url: str, kind: str
) -> None:
    """People and programs are told so, each in their own form."""
    outcome = worker.invoke(name, http(method, url))

    assert outcome["status"] == "401"
    assert outcome["headers"]["content-type"].startswith(kind)


def test_what_a_page_looks_like_needs_no_sign_in(worker: Worker) -> None:
    """The stylesheet comes as it stands in the package."""
    outcome = worker.invoke("portal", http("GET", f"https://app{assets.address('style.css')}"))

    assert (outcome["status"], outcome["headers"]["content-type"]) == ("200", "text/css; charset=utf-8")
    assert body(outcome) == (assets.FOLDER / "style.css").read_text(encoding="utf-8")
