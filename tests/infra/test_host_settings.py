"""host.json and the example of local settings: data that the platform reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from adapters.settings import ROWS
from jobs.world import World

ROOT = Path(__file__).resolve().parent.parent.parent


def host() -> dict[str, Any]:
    """The host's settings."""
    found: dict[str, Any] = json.loads((ROOT / "host.json").read_text())
    return found


def defaults() -> dict[str, Any]:
    """What a world is limited to when no setting says otherwise."""
    return {field.name: field.default for field in fields(World)}


def seconds(span: str) -> int:
    """A span like 00:10:00."""
    hours, minutes, rest = map(int, span.split(":"))
    return (hours * 60 + minutes) * 60 + rest


def test_queue_numbers_fit_leases_and_the_erp_gate() -> None:
    """Rounds that share a process wait for one ERP.net session: their calls must end within a lease."""
    queues = host()["extensions"]["queues"]
    limits = defaults()

    in_flight = queues["batchSize"] + queues["newBatchThreshold"]
    assert in_flight * limits["call_timeout_seconds"] <= limits["lease_seconds"]
    assert queues["messageEncoding"] == "base64"


def test_an_outage_of_minutes_poisons_nothing() -> None:
    """A message that fails because storage is down is tried for at least three minutes."""
    queues = host()["extensions"]["queues"]

    assert (queues["maxDequeueCount"] - 1) * seconds(queues["visibilityTimeout"]) >= 180


def test_a_round_ends_itself_before_the_host_does() -> None:
    """The host's limit lies beyond a round's own eight minutes and one call."""
    limits = defaults()
    span = seconds(host()["functionTimeout"])

    assert span >= limits["round_limit"].total_seconds() + 2 * limits["call_timeout_seconds"]


def test_failures_are_never_sampled_away() -> None:
    """Sampling leaves requests, exceptions and the one line of each round alone."""
    sampling = host()["logging"]["applicationInsights"]["samplingSettings"]

    assert sampling["isEnabled"] is True
    assert {"Request", "Exception", "Trace"} <= set(sampling["excludedTypes"].split(";"))


# docs/host.md

UNSAID = {
    "version",
    "extensionBundle.id",
    "extensionBundle.version",
    "logging.applicationInsights.samplingSettings.isEnabled",
    "logging.applicationInsights.samplingSettings.maxTelemetryItemsPerSecond",
}
"""What every host.json of this kind says, and what only repeats the platform's default."""


def leaves(settings: dict[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Each setting by its path, with its value as text."""
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", str(value)


def test_the_page_about_the_host_says_what_is_set() -> None:
    """Every setting has its reason there, beside the value that it has."""
    page = (ROOT / "docs" / "host.md").read_text(encoding="utf-8")
    rows = [row.split("|")[1:3] for row in page.partition("\n## ")[0].splitlines() if row.startswith("| `")]
    pairs = [pair for row in rows for pair in zip(*(re.findall("`(.*?)`", cell) for cell in row), strict=True)]
    told = {name: "" if value == '""' else value for name, value in pairs}
    set_here = {path: value for path, value in leaves(host()) if path not in UNSAID}

    assert set_here == {path: value for path in set_here for name, value in told.items() if path.endswith(name)}
    assert len(told) == len(set_here)


# local.settings.json.example


def test_the_example_needs_only_the_blanks_filled() -> None:
    """Every setting the app requires is there, each of them known, and nothing that looks like a secret."""
    example = json.loads((ROOT / "local.settings.json.example").read_text())
    values = example["Values"]
    known = {row.name for row in ROWS} | {"FUNCTIONS_WORKER_RUNTIME"}

    assert set(values) <= known
    assert {row.name for row in ROWS if row.default == "(required)"} <= set(values)
    assert all(value.startswith("<") for name, value in values.items() if "SECRET" in name)
    assert all(isinstance(value, str) for value in values.values())


def test_settings_in_triggers_are_in_the_example() -> None:
    """A missing %SETTING% would stop its function (azure.md §3)."""
    named = set(re.findall(r"%(\w+)%", (ROOT / "function_app.py").read_text()))
    values = json.loads((ROOT / "local.settings.json.example").read_text())["Values"]

    assert {"SYNC_SCHEDULE", "PULL_SCHEDULE", "STATE_PREFIX"} == named
    assert named <= set(values)
