"""What a round adds to its day: actions, failures, how long somebody waited."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from jobs.round.days import day_of, lag_of
from jobs.round.report import Report
from sync_core.model.day import Day, lags_of
from tests.support.samples import NOW

WOKEN = NOW - timedelta(seconds=90)
BY_TIMER, BY_GRAPH = f"{WOKEN.isoformat()} abc123", f"{WOKEN.isoformat()} abc123 notified"
TWO = Counter({"event created": 1, "activity changed": 1})


def a_report(**told: Any) -> Report:
    """Anna's round."""
    return Report("anna-id", "anna@acme.example", **told)


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        pytest.param(a_report(served=BY_TIMER, done=TWO), 90.0, id="acted"),
        pytest.param(a_report(served=BY_TIMER), None, id="nothing-done"),
        pytest.param(a_report(done=TWO), None, id="nobody-woke-it"),
        pytest.param(a_report(served="abc123", done=TWO), None, id="token-without-a-time"),
    ],
)
def test_how_long_somebody_waited(report: Report, expected: float | None) -> None:
    """From the wake-up to the end of the writes; a round without a write kept nobody waiting."""
    assert expected == lag_of(report, NOW)


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        pytest.param(a_report(served=BY_GRAPH), None, id="idle"),
        pytest.param(a_report(done=TWO), Day(NOW.date(), 2), id="asked-for"),
        pytest.param(a_report(served=BY_TIMER, done=TWO), Day(NOW.date(), 2, 0, lags_of(90)), id="by-timer"),
        pytest.param(a_report(served=BY_GRAPH, done=TWO), Day(NOW.date(), 2, 0, lags_of(90)), id="by-graph"),
        pytest.param(a_report(served=BY_GRAPH, failures=["Plan: refused"]), Day(NOW.date(), 0, 1), id="only-failed"),
    ],
)
def test_what_a_round_adds(report: Report, expected: Day | None) -> None:
    """An idle round adds nothing."""
    assert expected == day_of(report, NOW)
