"""Alerts and reports: Kusto's own parser accepts each query, and each answers rightly over rows like the app's.

The lines of the app are made by ``jobs.log`` itself, so a query and the line that it reads cannot drift apart.
All queries run in ``duckdb-kql``; where a new one cannot, ``NOT_RUN`` says so and why.
"""

from __future__ import annotations

import ast
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from adapters import telemetry
from jobs.log import log_failure, log_line
from jobs.round.report import Report, log_round
from sync_core.errors import AppRefused, LicencesTaken, SideUnavailable, Throttled
from sync_core.model.sides import Side
from tests.infra import queries
from tests.infra.queries import Row
from tests.support.deployment import ROOT, functions_with, module

NOT_RUN: dict[str, str] = {}
"""Queries that the engine cannot run, with the reason; Kusto's parser reads them all the same."""

NOW = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)

ALERTS: dict[str, dict[str, Any]] = {alert["name"]: alert for alert in module("alerts").variables["alerts"]}


class Lines(logging.Handler):
    """Gathers what the app tells, as rows of ``AppTraces``."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.rows: list[dict[str, Any]] = []
        self.at = NOW
        self.instance = "one"

    def emit(self, record: logging.LogRecord) -> None:
        """A line of the log is a trace."""
        self.rows.append({"TimeGenerated": self.at, "Message": record.getMessage(), "AppRoleInstance": self.instance})


@pytest.fixture
def lines() -> Iterator[Lines]:
    """The app's log as the workspace gets it."""
    log, kept = logging.getLogger("calsync"), Lines()
    before = log.level
    log.addHandler(kept)
    log.setLevel(logging.INFO)
    yield kept
    log.removeHandler(kept)
    log.setLevel(before)


def fires(name: str, **rows: list[Row] | list[dict[str, Any]]) -> bool:
    """Whether an alert would call somebody, if these were the rows of its window."""
    alert = ALERTS[name]
    count = len(queries.run(queries.text("alerts", name), **rows))
    is_over, is_under = count > int(alert["threshold"]), count < int(alert["threshold"])
    return {"GreaterThan": is_over, "LessThan": is_under}[alert["operator"]]


def request(name: str, *, success: bool = True, code: int = 0, **more: Any) -> dict[str, Any]:
    """A run of a function, as the host records it."""
    return {"TimeGenerated": NOW, "Name": name, "Success": success, "ResultCode": str(code), **more}


def round_of(user: str, *, operational: bool = True, lag: float | None = None, **done: int) -> None:
    """Tell a round as the app does."""
    report = Report(user, f"{user}@acme.example", state="Operational" if operational else "Error: no mailbox")
    report.operational = operational
    report.done.update(done)
    log_round(report, seconds=1.0, lag_seconds=lag)


# What Kusto says


SLIPS = ("AppTraces | where Nope == 1", "AppTraces | wher true", "Trace", "AppTraces | where")


@cache
def said() -> dict[str, list[str]]:
    """What Kusto says of each query and of each slip: asked once, since its parser takes long to start."""
    return queries.read({**queries.all_texts(), **{slip: slip for slip in SLIPS}})


@pytest.mark.parametrize("name", queries.all_texts())
def test_kusto_accepts_every_query(name: str) -> None:
    """No error and no warning, with the workspace's columns known."""
    assert said()[name] == []


@pytest.mark.parametrize("slip", SLIPS)
def test_kusto_refuses_a_faulty_query(slip: str) -> None:
    """The check above knows the columns and the grammar."""
    assert said()[slip] != []


def test_every_query_is_deployed() -> None:
    """Each file is read by its module, under its own name, and each name has its file."""
    for folder, name in (("alerts", "alerts"), ("reports", "reports")):
        deployed = {row["name"]: row["query"].text for row in module(name).variables[name]}

        assert set(deployed) == set(queries.names(folder))
        for query, loaded in deployed.items():
            assert loaded == f"loadTextContent('../queries/{folder}/{query}.kql')"


def test_every_place_is_filled() -> None:
    """What stands in capitals in a query is what the module puts something else in for."""
    put = set(re.findall(r"'([A-Z]+(?:_[A-Z]+)+)'", str(module("alerts").resources["rules"].body["properties"])))

    assert put == set(queries.PLACES)
    for name in queries.names("alerts"):
        raw = (queries.FOLDER / "alerts" / f"{name}.kql").read_text(encoding="utf-8")
        assert set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", raw)) <= put, name


def test_whatever_cannot_be_run_is_named() -> None:
    """Every query but those named runs over an empty workspace."""
    for folder in ("alerts", "reports"):
        for name in queries.names(folder):
            if name not in NOT_RUN:
                queries.run(queries.text(folder, name))


# What the queries read is what the app writes


def test_queries_read_what_is_told() -> None:
    """Each line that a query looks for is told by a job, with each fact that the query reads."""
    told = facts_told()
    for folder in ("alerts", "reports"):
        for name in queries.names(folder):
            query = queries.text(folder, name)
            words = re.findall(r'startswith "(\w+) "', query)
            facts = set(re.findall(r'told\.(\w+)|told\["(\w+)"\]', query))

            assert set(words) <= set(told), name
            assert {one or other for one, other in facts} <= set().union(*(told[word] for word in words)), name


def facts_told() -> dict[str, set[str]]:
    """The words that jobs tell, each with the names of all facts that may stand behind it."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "jobs").rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for call in ast.walk(function):
                    if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "log_line":
                        word = call.args[0]
                        if isinstance(word, ast.Constant):
                            found.setdefault(str(word.value), set()).update(_keys(function))
    return found


def _keys(function: ast.AST) -> set[str]:
    """Every text that is a key of a dictionary, or put into one, in a function."""
    keys: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Dict):
            keys |= {str(key.value) for key in node.keys if isinstance(key, ast.Constant)}
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            keys.add(str(node.slice.value))
    return keys


def test_metrics_that_are_read_are_exported() -> None:
    """A metric named in a query is one of the app's."""
    exported = set(
        re.findall(r'"(calsync\.[\w.]+)"', (ROOT / "adapters" / "telemetry.py").read_text(encoding="utf-8"))
    )
    read = {
        found
        for folder in ("alerts", "reports")
        for name in queries.names(folder)
        for found in re.findall(r'"(calsync\.[\w.]+)"', queries.text(folder, name))
    }

    assert telemetry.Metrics.__name__ == "Metrics"
    assert read
    assert read <= exported


def test_functions_that_are_read_exist() -> None:
    """Names of functions in queries are functions of the app."""
    known = {**functions_with("timerTrigger"), **functions_with("queueTrigger"), **functions_with("httpTrigger")}
    for folder in ("alerts", "reports"):
        for name in queries.names(folder):
            query = queries.text(folder, name)
            if query.startswith("AppRequests"):
                named = set(re.findall(r'"(\w+)"', query))
                assert named, name
                assert named <= set(known), name


# Each alert: when it calls somebody, and when not


def test_a_message_given_up_is_told() -> None:
    """A write into the poison queue is; one into the work queue, or into another account's, is not."""

    def put(queue: str, account: str = "stabc", operation: str = "PutMessage") -> Row:
        uri = f"https://{account}.queue.core.windows.net:443/{queue}/messages?x=1"
        return {"TimeGenerated": NOW, "AccountName": account, "OperationName": operation, "Uri": uri}

    poison = "calsync-work-poison"
    assert fires("poison-queue", StorageQueueLogs=[put("calsync-work"), put(poison)])
    assert not fires(
        "poison-queue",
        StorageQueueLogs=[put("calsync-work"), put(poison, "other"), put(poison, operation="GetMessages")],
    )


def test_a_failing_function_is_told() -> None:
    """Any function that nobody calls; a caller of the others is told by its answer."""
    for name in (*functions_with("timerTrigger"), *functions_with("queueTrigger")):
        assert fires("failing-functions", AppRequests=[request(name), request(name, success=False)]), name
    assert not fires("failing-functions", AppRequests=[request("sync"), request("health", success=False, code=500)])


def test_an_hour_without_a_pull_is_told(lines: Lines) -> None:
    """Whatever else is told, only a pull shows that ERP.net was asked."""
    log_line("dispatch", {"users": 3, "woken": 0})
    assert fires("no-pull", AppTraces=lines.rows)
    log_line("pull", {"changes": 0, "woken": 0})
    assert not fires("no-pull", AppTraces=lines.rows)


def test_an_hour_without_a_look_at_outlook_is_told(lines: Lines) -> None:
    """Only a dispatch shows that everybody was looked at."""
    log_line("pull", {"changes": 0, "woken": 0})
    assert fires("no-dispatch", AppTraces=lines.rows)
    log_line("dispatch", {"users": 3, "woken": 0})
    assert not fires("no-dispatch", AppTraces=lines.rows)


def test_timers_that_are_silent_while_http_lives_are_told() -> None:
    """The platform's known fault; with nobody calling, or with a timer alive, it is another trouble."""
    for name in functions_with("httpTrigger"):
        assert fires("silent-timers", AppRequests=[request(name, code=200), request("work")]), name
    assert not fires("silent-timers", AppRequests=[request("health", code=200), request("pull")])
    assert not fires("silent-timers", AppRequests=[request("work")])
    assert not fires("silent-timers")


@pytest.mark.parametrize("refusal", [AppRefused(Side.ERP, "no"), LicencesTaken(Side.ERP, "none left")])
def test_half_an_hour_of_refusals_by_erp_is_told(lines: Lines, refusal: AppRefused | LicencesTaken) -> None:
    """Refused or without a licence, as long as no pull gets through."""
    log_failure("work", refusal)
    assert fires("erp-refused", AppTraces=lines.rows)
    log_line("pull", {"changes": 0, "woken": 0})
    assert not fires("erp-refused", AppTraces=lines.rows)


def test_other_troubles_are_no_refusals(lines: Lines) -> None:
    """Graph's refusals, an outage or a request to come later are told by other alerts, or pass."""
    for trouble in (AppRefused(Side.GRAPH, "no"), SideUnavailable(Side.ERP, "502"), Throttled(Side.ERP, "later")):
        log_failure("work", trouble)

    assert not fires("erp-refused", AppTraces=lines.rows)


def test_notifications_that_fail_are_told() -> None:
    """Graph asks again after one failure, so a few are let pass; what the caller did wrong is not ours."""
    failed = request("notifications", success=False, code=503)

    assert fires("webhook-errors", AppRequests=[failed] * 3)
    assert not fires("webhook-errors", AppRequests=[failed] * 2)
    assert not fires("webhook-errors", AppRequests=[request("notifications", code=400)] * 9)
    assert not fires("webhook-errors", AppRequests=[request("health", code=500)] * 9)


def test_people_without_a_subscription_are_told(lines: Lines) -> None:
    """Short at every turn of three hours; a turn that kept all, or nobody to keep, is none."""
    for _ in range(3):
        log_line("keeper", {"users": 5, "kept": 4, "ended": 0})
    assert fires("missing-subscriptions", AppTraces=lines.rows)
    log_line("keeper", {"users": 5, "kept": 5, "ended": 0})
    assert not fires("missing-subscriptions", AppTraces=lines.rows)
    assert not fires("missing-subscriptions")


def test_users_in_error_are_told(lines: Lines) -> None:
    """The last round of a day counts: who recovered is no news."""
    round_of("anna", operational=False)
    lines.at += timedelta(minutes=1)
    round_of("boris")
    assert fires("users-in-error", AppTraces=lines.rows)
    lines.at += timedelta(minutes=1)
    round_of("anna")
    assert not fires("users-in-error", AppTraces=lines.rows)


@pytest.mark.parametrize(("days", "is_told"), [(31, False), (30, True), (0, True), (-2, True)])
def test_a_secret_that_ends_is_told(lines: Lines, days: int, is_told: bool) -> None:
    """Thirty days ahead, and still when it has ended."""
    log_line("housekeeping", {"erased": 3, "secret_days": days})

    assert fires("secret-ends", AppTraces=lines.rows) is is_told


def test_a_secret_of_which_nobody_said_when_is_no_alarm(lines: Lines) -> None:
    """Without the setting the line has no such fact; the newest line counts after a renewal."""
    log_line("housekeeping", {"erased": 3})
    assert not fires("secret-ends", AppTraces=lines.rows)
    log_line("housekeeping", {"erased": 3, "secret_days": 3})
    lines.at += timedelta(days=1)
    log_line("housekeeping", {"erased": 3, "secret_days": 365})
    assert not fires("secret-ends", AppTraces=lines.rows)


@pytest.mark.parametrize(("megabytes", "is_told"), [(4100, True), (3900, False)])
def test_a_log_cap_that_is_near_is_told(megabytes: float, is_told: bool) -> None:
    """More than four fifths of what a day may take; what is free does not count."""
    usage = [
        {"TimeGenerated": NOW, "DataType": "AppTraces", "Quantity": megabytes / 2, "IsBillable": True},
        {"TimeGenerated": NOW, "DataType": "AppRequests", "Quantity": megabytes / 2, "IsBillable": True},
        {"TimeGenerated": NOW, "DataType": "Usage", "Quantity": 9000.0, "IsBillable": False},
    ]

    assert fires("log-cap", Usage=usage) is is_told


def test_without_a_log_cap_nothing_is_near_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """-1 is no limit."""
    monkeypatch.setitem(queries.PLACES, "DAILY_CAP_GB", "-1")
    usage = [{"TimeGenerated": NOW, "DataType": "AppTraces", "Quantity": 90_000.0, "IsBillable": True}]

    assert not fires("log-cap", Usage=usage)


# What the reports show


def report(name: str, **rows: list[Row] | list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """The answer of a report without its times."""
    answer = queries.run(queries.text("reports", name), **rows)
    return [tuple(value for value in row if not isinstance(value, datetime)) for row in answer]


def test_actions_are_summed_by_kind() -> None:
    """What was written within the hour is one bar a kind, whichever instance it came from."""
    sent = [
        {"TimeGenerated": NOW, "Name": "calsync.actions", "Sum": count, "Properties": f'{{"kind":"{kind}"}}'}
        for kind, count in (("made", 2.0), ("voided", 1.0), ("made", 3.0))
    ]

    assert sorted(report("actions", AppMetrics=sent)) == [("made", 5.0), ("voided", 1.0)]


def test_lag_is_that_of_the_median_and_of_the_slow(lines: Lines) -> None:
    """Rounds without a known wake-up do not count."""
    for seconds in range(1, 101):
        round_of("anna", lag=float(seconds), made=1)
    round_of("boris")
    [(p50, p95)] = report("lag", AppTraces=lines.rows)

    assert 49 <= p50 <= 52
    assert 94 <= p95 <= 97


def test_failures_are_counted_by_place_and_reason(lines: Lines) -> None:
    """Two of a kind are one bar."""
    log_failure("work", LicencesTaken(Side.ERP, "none"))
    log_failure("work", LicencesTaken(Side.ERP, "none"))
    log_failure("keeper", Throttled(Side.GRAPH, "later"))

    assert sorted(report("failures", AppTraces=lines.rows)) == [("keeper: Throttled", 1), ("work: LicencesTaken", 2)]


def test_the_queue_is_shown_by_what_it_serves() -> None:
    """Messages served and failed, and how long the slow ones take."""
    served = [request("work", DurationMs=1000.0), request("work", DurationMs=3000.0, success=False), request("pull")]
    [(count, failed, slow)] = report("queue", AppRequests=served)

    assert (count, failed) == (2, 1)
    assert 1 <= slow <= 3


def test_sessions_are_the_instances_that_worked(lines: Lines) -> None:
    """An instance counts once, whatever it did; one that only dispatched holds no session."""
    round_of("anna")
    log_line("pull", {"changes": 0, "woken": 0})
    lines.instance = "two"
    round_of("boris")
    lines.instance = "three"
    log_line("dispatch", {"users": 2, "woken": 0})

    assert report("sessions", AppTraces=lines.rows) == [(2,)]


def test_people_in_error_are_listed(lines: Lines) -> None:
    """By id, with what waits for them."""
    round_of("anna", operational=False)
    round_of("boris")

    assert report("people-in-error", AppTraces=lines.rows) == [("anna", 0, 0)]


def test_throttles_are_summed_by_side() -> None:
    """The exporter sends each reading by itself."""
    sent = [
        {"TimeGenerated": NOW, "Name": "calsync.throttles", "Sum": 2.0, "Properties": '{"side":"erp"}'},
        {"TimeGenerated": NOW, "Name": "calsync.throttles", "Sum": 1.0, "Properties": '{"side":"erp"}'},
        {"TimeGenerated": NOW, "Name": "calsync.calls", "Sum": 9.0, "Properties": '{"side":"erp"}'},
    ]

    assert report("throttles", AppMetrics=sent) == [("erp", 3.0)]
