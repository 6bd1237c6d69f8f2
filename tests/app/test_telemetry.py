"""Metrics: counted from the log lines, off without a connection string, never in the way."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from adapters import http, telemetry
from jobs.report import Report
from jobs.telling import tell_failure, tell_round
from sync_core.errors import AccessRefused, Throttled
from sync_core.model import Side

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def reader() -> Iterator[InMemoryMetricReader]:
    """Metrics attached to the log, and where they can be read."""
    found = InMemoryMetricReader()
    provider = MeterProvider(metric_readers=[found])
    handler = telemetry.Metrics(provider.get_meter("test"))
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
    tell_round(report, seconds=1.5, lag_seconds=4.0)
    found = points(reader)

    assert found["calsync.rounds"] == [({"full": False, "operational": True}, 1)]
    assert found["calsync.actions"] == [({"kind": "activity created"}, 3)]
    assert (found["calsync.conflicts"], found["calsync.lag"]) == ([({}, 2)], [({}, 4)])


def test_failures_are_counted_without_their_words(
    reader: InMemoryMetricReader, caplog: pytest.LogCaptureFixture
) -> None:
    """A failure is its place and class; what a side said stays in the user's state."""
    with caplog.at_level(logging.INFO, "calsync"):
        tell_failure("round", AccessRefused(Side.GRAPH, "no access to Salary talks"), user_id="u")

    assert points(reader)["calsync.failures"] == [({"where": "round", "error": "AccessRefused"}, 1)]
    assert "Salary" not in caplog.text


def test_calls_and_throttles_are_read_from_the_doors(
    reader: InMemoryMetricReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers and refusals of either system are told by side; a part of a batch is no call."""
    before = http.calls[Side.ERP], http.throttles[Side.ERP]
    http.note_answer(Side.ERP, 200)
    http.note_answer(Side.ERP, 429)
    http.note_answer(Side.ERP, 429, is_part=True)
    found = points(reader)

    assert ({"side": "erp"}, before[0] + 2) in found["calsync.calls"]
    assert ({"side": "erp"}, before[1] + 2) in found["calsync.throttles"]


def test_a_broken_counter_does_not_break_the_round(
    reader: InMemoryMetricReader, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever goes wrong while counting, the one who logs never hears of it."""
    monkeypatch.setattr(telemetry.Metrics, "_count", lambda *_: 1 / 0)
    monkeypatch.setattr(logging, "raiseExceptions", False)

    tell_failure("round", Throttled(Side.ERP, "later"))
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
        telemetry.start({telemetry.CONNECTION: "nonsense"})

    assert "metrics are off" in caplog.text
    assert telemetry.LOG.handlers == []


def test_identity_follows_the_authentication_string() -> None:
    """With AAD in the authentication string the app's identity signs, else the key in the connection string."""
    assert telemetry._identity("") == {}
    assert set(telemetry._identity("ClientId=c;Authorization=AAD")) == {"credential"}
