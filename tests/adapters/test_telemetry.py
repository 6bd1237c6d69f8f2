"""Metrics: counted from the log lines, off without a connection string, never in the way."""

from __future__ import annotations

import gzip
import json
import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from adapters import http, telemetry
from jobs.log import log_failure
from jobs.round.report import Report, log_round
from sync_core.errors import AccessRefused, Throttled
from sync_core.model.sides import Side

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def reader() -> Iterator[InMemoryMetricReader]:
    """Metrics attached to the log, and where they can be read."""
    found = InMemoryMetricReader()
    provider = MeterProvider(metric_readers=[found])
    handler = telemetry.Metrics()
    handler.begin(provider.get_meter("test"))
    telemetry.LOG.addHandler(handler)
    before = telemetry.LOG.level
    telemetry.LOG.setLevel(logging.INFO)
    yield found
    telemetry.LOG.setLevel(before)
    telemetry.LOG.removeHandler(handler)
    provider.shutdown()


def points(reader: InMemoryMetricReader) -> dict[str, list[tuple[dict[str, object], float]]]:
    """Each metric's points: attributes, and value (a histogram's sum)."""
    data = reader.get_metrics_data()
    assert data is not None
    return {
        metric.name: [
            (dict(point.attributes or {}), getattr(point, "value", getattr(point, "sum", 0)))
            for point in metric.data.data_points
        ]
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }


def test_a_round_is_counted(reader: InMemoryMetricReader) -> None:
    """Rounds, actions by kind, conflicts, and the lag from wake-up to write."""
    report = Report("u", "anna@acme.example", conflicts=2)
    report.done["activity created"] = 3
    log_round(report, seconds=1.5, lag_seconds=4.0)
    found = points(reader)

    assert found["calsync.rounds"] == [({"full": False, "operational": True}, 1)]
    assert found["calsync.actions"] == [({"kind": "activity created"}, 3)]
    assert (found["calsync.conflicts"], found["calsync.lag"]) == ([({}, 2)], [({}, 4)])


def test_failures_are_counted_without_their_words(
    reader: InMemoryMetricReader, caplog: pytest.LogCaptureFixture
) -> None:
    """A failure is its place and class; what a side said stays in the user's state."""
    with caplog.at_level(logging.INFO, "calsync"):
        log_failure("round", AccessRefused(Side.GRAPH, "no access to Salary talks"), user_id="u")

    assert points(reader)["calsync.failures"] == [({"where": "round", "error": "AccessRefused"}, 1)]
    assert "Salary" not in caplog.text


def test_calls_and_throttles_are_read_from_the_doors(
    reader: InMemoryMetricReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers and refusals of either system are told by side; a part of a batch is no call."""
    before = http.calls[Side.ERP], http.throttles[Side.ERP]
    http.count_answer(Side.ERP, 200)
    http.count_answer(Side.ERP, 429)
    http.count_answer(Side.ERP, 429, is_part=True)
    found = points(reader)

    assert ({"side": "erp"}, before[0] + 2) in found["calsync.calls"]
    assert ({"side": "erp"}, before[1] + 2) in found["calsync.throttles"]


def test_a_broken_counter_does_not_break_the_round(
    reader: InMemoryMetricReader, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever goes wrong while counting, the one who logs never hears of it."""
    monkeypatch.setattr(telemetry.Metrics, "_count", lambda *_: 1 / 0)
    monkeypatch.setattr(logging, "raiseExceptions", False)

    log_failure("round", Throttled(Side.ERP, "later"))
    assert capsys.readouterr().err == ""


def test_off_without_a_connection_string() -> None:
    """Without Application Insights nothing of OpenTelemetry is loaded, and the SDKs' URLs stay out of the log."""
    probe = (
        "import sys, logging; from adapters import telemetry; telemetry.start({});"
        "print('opentelemetry' in sys.modules, telemetry.LOG.handlers,"
        "      [logging.getLogger(n).isEnabledFor(logging.INFO) for n in ('httpx', 'azure.core')])"
    )
    answer = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True)

    assert (answer.stdout.strip(), answer.stderr) == ("False [] [False, False]", "")


def test_a_wrong_connection_string_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """Telemetry that cannot start says so and lets the app go on."""
    with caplog.at_level(logging.WARNING, "calsync"):
        loading = telemetry.start({telemetry.CONNECTION: "nonsense"})
        assert loading is not None
        loading.join()

    assert "metrics are off" in caplog.text
    assert telemetry.LOG.handlers == []


def test_identity_follows_the_authentication_string() -> None:
    """With AAD in the authentication string the app's identity signs, else the key in the connection string."""
    assert telemetry._identity("") == {}
    assert set(telemetry._identity("ClientId=c;Authorization=AAD")) == {"credential"}


ROUND = """
import logging, os
import httpx
from adapters import telemetry
from jobs.log import log_failure
from jobs.round.report import Report, log_round
from sync_core.errors import AccessRefused
from sync_core.model.sides import Side

logging.basicConfig(level=logging.INFO, handlers=[logging.NullHandler()])
handlers = list(logging.getLogger().handlers)
telemetry.LOG.setLevel(logging.INFO)
loading = telemetry.start(os.environ)

address = f"{os.environ['STUB']}/v1.0/users/anna@acme.example/calendarView/delta?$deltatoken=SECRET-TOKEN"
httpx.get(address, headers={"Authorization": "Bearer SECRET-TOKEN"}, timeout=10)
for name in ("calsync", "azure.core.pipeline.policies.http_logging_policy", "httpx", "somebody.else"):
    logging.getLogger(name).error("GET %s: Salary talks of anna@acme.example", address)
try:
    raise AccessRefused(Side.GRAPH, f"Salary talks: {address}")
except AccessRefused as refused:
    telemetry.LOG.exception("Salary talks")
    log_failure("round", refused, user_id="anna@acme.example")
log_round(Report("SECRET-user", "anna@acme.example", conflicts=2), seconds=1.5, lag_seconds=4.0)
loading.join()

assert logging.getLogger().handlers == handlers, logging.getLogger().handlers
assert [type(handler) for handler in telemetry.LOG.handlers] == [telemetry.Metrics]
"""
"""A round's log lines and requests with everything in them that must not leave, in a process that then ends."""


PAGE = """
import asyncio, os
from unittest.mock import patch
from adapters import telemetry
from jobs.command import Asker
from jobs.wish import Kind, Wish
from jobs.commands.ask import ask, look
from portal.sign_in import Role
from sync_core.errors import StoreUnavailable
from tests.support.app import App, FixedProcess
from tests.support.days import at
from tests.support.house import ANNA, open_house
from tests.support.visitor import Visitor, signed_in

async def day():
    async with open_house() as house:
        await house.employ()
        event = house.outlook().create("Salary talks", at(1), at(1, 10), body="SECRET-body")
        process = FixedProcess(house)
        with patch("adapters.wiring.process", process):
            for number, kind in enumerate((Kind.SYNC, Kind.WHY, Kind.SYNC)):
                if number == 2:
                    house.graph.add_fault("*", status=500, times=None, body={"error": {"message": "Salary talks"}})
                wish = Wish(kind, (ANNA,), **({"item": "Salary"} if kind is Kind.WHY else {}))
                await ask(house.world, wish, Asker("SECRET-operator", "Olga of acme"))
                await App(house, process).drain()
        visitor = Visitor(house, signed_in((await house.user()).id, Role.ADMIN))
        for path in ("", "/everyone", "/everyone/audit", "?SECRET=Salary"):
            await visitor.read(f"/portal{path}")
        for path in (f"/items/{event}", "/everyone/items.csv"):
            await visitor.get(f"/portal{path}")
        with patch.object(house.world.store, "list_users", side_effect=StoreUnavailable(f"Salary talks of {ANNA}")):
            assert (await visitor.get("/portal/everyone")).status >= 500
        with patch.object(Visitor, "_open", side_effect=StoreUnavailable(f"Salary talks of {ANNA}")):
            assert (await visitor.get("/portal")).status >= 500

telemetry.LOG.setLevel("INFO")
loading = telemetry.start(os.environ)
asyncio.run(day())
loading.join()
"""
"""Looks at the page, commands, and what goes wrong with both, about a meeting that nobody else may hear of."""


UNSAID = ("Salary", "acme", "SECRET", "delta", "http")
"""Of a subject, an address, a token or an id, a URL."""


@contextmanager
def ingestion(status: int) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """An ingestion endpoint that answers ``status``; its address, and the path and text of each POST."""
    posted: list[tuple[str, str]] = []

    class Endpoint(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(200, {"value": []})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
            posted.append((self.path, body.decode()))
            items = len(json.loads(body))
            self.answer(status, {"itemsReceived": items, "itemsAccepted": items, "errors": []})

        def answer(self, status: int, told: dict[str, Any]) -> None:
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Not a word."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", posted
        server.shutdown()


def _posted_by(script: str, tmp_path: Path, status: int) -> str:
    """What a process that runs this posts to the ingestion endpoint; it leaves no file."""
    with ingestion(status) as (origin, posted):
        key = "InstrumentationKey=00000000-0000-0000-0000-000000000000"
        places = dict.fromkeys(("HOME", "TMPDIR", "TEMP", "TMP", "LOCALAPPDATA"), str(tmp_path))
        environ = {**os.environ, **places, "STUB": origin, "PYTHONDONTWRITEBYTECODE": "1"}
        environ |= {telemetry.CONNECTION: f"{key};IngestionEndpoint={origin};LiveEndpoint={origin}"}
        done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environ, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert list(tmp_path.rglob("*")) == []
    items = [item for _, text in posted for item in json.loads(text)]
    names = {metric["name"] for item in items for metric in item["data"]["baseData"]["metrics"]}
    assert {item["data"]["baseType"] for item in items} == {"MetricData"}
    assert all(name.startswith("calsync.") for name in names)
    return "".join(text for _, text in posted)


@pytest.mark.parametrize("status", [200, 401], ids=["accepted", "refused-for-now"])
def test_nothing_but_numbers_leaves_the_app(tmp_path: Path, status: int) -> None:
    """The real exporter sends metrics only: no log line, URL, address, token or subject; and keeps no file."""
    text = _posted_by(ROUND, tmp_path, status)

    names = set(re.findall(r'"name": ?"([^"]+)"', text))
    assert {"calsync.rounds", "calsync.failures", "calsync.conflicts", "calsync.lag"} <= names
    assert [word for word in UNSAID if word in text] == []


def test_nothing_but_numbers_leaves_the_page_and_commands(tmp_path: Path) -> None:
    """Somebody looks at the page, an operator asks, and both fail: counted, by place and kind of error alone."""
    text = _posted_by(PAGE, tmp_path, 200)

    assert {"portal", "StoreUnavailable"} <= set(re.findall(r'": ?"([^"]+)"', text))
    assert [word for word in UNSAID if word in text] == []


def test_nothing_that_sends_logs_or_traces_is_required() -> None:
    """The distribution that instruments everything (azure.md §9) is not what the app runs with."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    names = {found.group() for line in lines if (found := re.match(r"[\w-]+", line))}

    assert "azure-monitor-opentelemetry-exporter" in names
    assert [name for name in names if name == "azure-monitor-opentelemetry" or "instrumentation" in name] == []
