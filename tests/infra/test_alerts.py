"""The alerts' list: each kind of trouble once, asked of what the platform and the app really write.

What each query answers over sample rows is in ``test_queries.py``.
"""

from __future__ import annotations

import re
from typing import Any

from tests.infra import queries
from tests.support.bicep import read_bicep
from tests.support.deployment import MAIN, functions_with, module

SPANS = {"PT5M", "PT10M", "PT15M", "PT30M", "PT45M", "PT1H", "PT2H", "PT3H", "PT4H", "PT5H", "PT6H", "P1D"}
"""How often and over how long a scheduled query may ask."""


def alerts() -> dict[str, dict[str, Any]]:
    """The alerts by name."""
    return {alert["name"]: alert for alert in module("alerts").variables["alerts"]}


def query(name: str) -> str:
    """What an alert asks the workspace."""
    return queries.text("alerts", name)


def test_each_kind_of_trouble_has_an_alert() -> None:
    """An outage of either side, of the app, of the platform; people left out; what ends or runs full."""
    assert {
        *("poison-queue", "failing-functions", "no-pull", "no-dispatch", "silent-timers", "erp-refused"),
        *("webhook-errors", "missing-subscriptions", "users-in-error", "secret-ends", "log-cap"),
    } == set(alerts())


def test_alerts_ask_as_often_as_they_may() -> None:
    """Spans are those of the service, and an alert looks back at least as far as to its last look."""
    minutes = {"PT15M": 15, "PT30M": 30, "PT1H": 60, "PT3H": 180, "PT6H": 360, "P1D": 1440}
    for name, alert in alerts().items():
        assert {alert["every"], alert["over"]} <= SPANS, name
        assert minutes[alert["every"]] <= minutes[alert["over"]], name
        assert alert["severity"] in (1, 2, 3), name


def test_every_timer_and_queue_function_is_watched() -> None:
    """A failure of any function that nobody calls raises an alert."""
    watched = set(re.findall(r'"(\w+)"', query("failing-functions")))

    assert {*functions_with("timerTrigger"), *functions_with("queueTrigger")} == watched


def test_silence_is_that_of_the_frequent_timers() -> None:
    """What must run within the hour is a timer with a schedule of the operator's, while any HTTP function runs."""
    [timers, calls] = re.findall(r"Name in \(([^)]*)\)", query("silent-timers"))
    scheduled = {n for n, trigger in functions_with("timerTrigger").items() if trigger["schedule"].startswith("%")}

    assert scheduled == set(re.findall(r'"(\w+)"', timers))
    assert set(functions_with("httpTrigger")) == set(re.findall(r'"(\w+)"', calls))


def test_every_webhook_is_watched() -> None:
    """Whoever notifies us, an answer of 500 or more raises an alert."""
    webhooks = {n for n, trigger in functions_with("httpTrigger").items() if "webhooks/" in trigger["route"]}

    assert webhooks == set(re.findall(r'"(\w+)"', query("webhook-errors")))


def test_silence_is_fewer_than_one() -> None:
    """The two heartbeats alarm by what is missing."""
    for name in ("no-pull", "no-dispatch"):
        assert (alerts()[name]["operator"], alerts()[name]["threshold"]) == ("LessThan", 1)


def test_the_poison_queue_is_watched_where_messages_are_written() -> None:
    """The queue service logs its writes to the workspace, and the alert looks for the poison queue among them."""
    log = module("storage").one("Microsoft.Insights/diagnosticSettings")["properties"]["logs"]

    assert log == [{"category": "StorageWrite", "enabled": True}]
    assert f'Uri contains "/{queries.PLACES["POISON_QUEUE"]}/"' in query("poison-queue")
    assert read_bicep(MAIN).modules["alerts"].body["params"]["poisonQueueName"].text == "'${workQueue}-poison'"


def test_the_workbook_shows_what_can_be_asked_for() -> None:
    """Every report is a tile of the workbook and a saved query, over the time that is picked."""
    reports = module("reports")
    tile = reports.variables["tiles"].objects[0]
    search = reports.resources["searches"].body["properties"]
    book = reports.one("Microsoft.Insights/workbooks")["properties"]

    assert {"actions", "lag", "failures", "queue", "sessions", "people-in-error"} <= {
        report["name"] for report in reports.variables["reports"]
    }
    assert tile["content"]["query"].text == search["query"].text == "report.query"
    assert tile["content"]["timeContextFromParameter"] == reports.variables["timePicker"]["name"]
    assert {"concat([timePicker], tiles)"} == {part.text for part in [book["serializedData"].objects[0]["items"]]}
