"""The structured log: a line has its facts as JSON, and of an error no text that may quote somebody's item."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from jobs.log import log_failure, log_line
from sync_core.errors import ItemRejected, SettingsInvalid, StoreUnavailable
from sync_core.model.sides import Side


def logged(caplog: pytest.LogCaptureFixture) -> tuple[logging.LogRecord, dict[str, Any]]:
    """The one line, and its facts."""
    [record] = caplog.records
    return record, record.calsync  # type: ignore[attr-defined]


def test_a_line_is_a_word_and_facts(caplog: pytest.LogCaptureFixture) -> None:
    """As text for people, and as a mapping for the metrics."""
    caplog.set_level(logging.INFO, "calsync")
    log_line("round", {"user": "anna-id", "actions": {"event created": 2}})
    record, facts = logged(caplog)

    assert facts == {"what": "round", "user": "anna-id", "actions": {"event created": 2}}
    assert json.loads(record.getMessage().removeprefix("round ")) == {
        "user": "anna-id",
        "actions": {"event created": 2},
    }


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(
            ItemRejected(Side.ERP, "'Dismissal of Bob' is too long"),
            {"error": "ItemRejected", "side": "erp"},
            id="side/its-text-may-quote-a-title",
        ),
        pytest.param(
            StoreUnavailable("no tables"), {"error": "StoreUnavailable", "text": "no tables"}, id="store/our-own-text"
        ),
        pytest.param(
            SettingsInvalid(["SYNC_INVITE is not known"]),
            {"error": "SettingsInvalid", "text": str(SettingsInvalid(["SYNC_INVITE is not known"]))},
            id="settings/our-own-text",
        ),
        pytest.param(KeyError("Dismissal of Bob"), {"error": "KeyError"}, id="a-mistake-of-ours"),
        pytest.param("a message nobody reads", {"error": "a message nobody reads"}, id="a-sentence-of-ours"),
    ],
)
def test_a_failure_quotes_nobody(
    caplog: pytest.LogCaptureFixture, error: Exception | str, expected: dict[str, str]
) -> None:
    """The class and the side; the text only where it is our own."""
    log_failure("work", error, user_id="anna-id")
    record, facts = logged(caplog)

    assert facts == {"what": "failure", "where": "work", "user": "anna-id"} | expected
    assert record.levelno == logging.WARNING
    assert "Bob" not in record.getMessage()
