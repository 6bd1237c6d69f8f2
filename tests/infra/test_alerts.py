"""The alerts ask for what the platform and the app really write."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import pytest

from jobs.report import Report
from jobs.telling import tell_round
from tests.infra.bicep import read
from tests.infra.house import MAIN, functions_with, module, text_of


def alerts() -> dict[str, dict[str, Any]]:
    """The alerts by name."""
    return {alert["name"]: alert for alert in module("alerts").variables["alerts"]}


def query(name: str) -> str:
    """What an alert asks the workspace."""
    return text_of(alerts()[name]["query"])


def test_each_kind_of_trouble_has_an_alert() -> None:
    """Messages given up, failing functions, silence and users in error are told."""
    assert {"poison-queue", "failing-functions", "silent-timers", "users-in-error"} == set(alerts())


def test_every_timer_and_queue_function_is_watched() -> None:
    """A failure of any function that nobody calls is told."""
    watched = set(re.findall(r'"(\w+)"', query("failing-functions")))

    assert {*functions_with("timerTrigger"), *functions_with("queueTrigger")} == watched


def test_silence_is_that_of_the_frequent_timers() -> None:
    """What must run within the hour is a timer with a schedule of the operator's."""
    asked = set(re.findall(r'"(\w+)"', query("silent-timers")))
    scheduled = {n for n, trigger in functions_with("timerTrigger").items() if trigger["schedule"].startswith("%")}

    assert scheduled == asked
    assert (alerts()["silent-timers"]["operator"], alerts()["silent-timers"]["threshold"]) == ("LessThan", 1)


def test_the_poison_queue_is_watched_where_messages_are_written() -> None:
    """The queue service logs its writes to the workspace, and the alert looks for the poison queue among them."""
    log = module("storage").one("Microsoft.Insights/diagnosticSettings")["properties"]["logs"]

    assert log == [{"category": "StorageWrite", "enabled": True}]
    assert 'Uri contains "/${poisonQueueName}/"' in query("poison-queue")
    assert read(MAIN).modules["alerts"].body["params"]["poisonQueueName"].text == "'${workQueue}-poison'"


def test_users_in_error_are_found_in_the_lines_of_rounds(caplog: pytest.LogCaptureFixture) -> None:
    """The line that a round writes begins and is called as the alert expects."""
    with caplog.at_level(logging.INFO, logger="calsync"):
        report = Report(user_id="7", upn="anna@acme.test", state="Error: no mailbox", operational=False)
        tell_round(report, seconds=1, lag_seconds=None)
    line = caplog.records[0].getMessage()

    assert 'Message startswith "round "' in query("users-in-error")
    assert "parse_json(substring(Message, 6))" in query("users-in-error")
    assert "told.operational == false" in query("users-in-error")
    assert "tostring(told.user)" in query("users-in-error")
    assert line[:6] == "round "
    assert {"user": "7", "operational": False}.items() <= json.loads(line[6:]).items()
