"""The health route: there, open, and silent about details."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import azure.functions as func
import pytest

from tests.support.functions import functions

ROOT = Path(__file__).resolve().parent.parent.parent


def health() -> func.HttpResponse:
    """Ask the route as the host does."""
    request = func.HttpRequest("GET", "http://localhost/api/health", body=b"")
    answer = asyncio.run(functions()["health"].get_user_function()(request))
    assert isinstance(answer, func.HttpResponse)
    return answer


def test_health_tells_how_many_settings_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """The app is up whatever its settings; their number is shown, neither names nor values."""
    for name in ("ERPNET_URL", "ERPNET_CLIENT_ID", "ERPNET_CLIENT_SECRET", "AzureWebJobsStorage"):
        monkeypatch.delenv(name, raising=False)
    answer = health()

    assert answer.status_code == 200
    assert json.loads(answer.get_body()) == {"status": "ok", "settings_mistakes": 4, "settings_warnings": 0}


def test_health_tells_how_many_schedules_are_odd(monkeypatch: pytest.MonkeyPatch) -> None:
    """A timer that comes at other times than a person would read is no mistake, and is counted."""
    settings = {"ERPNET_URL": "https://acme.my.erp.net", "ERPNET_CLIENT_ID": "calsync", "ERPNET_CLIENT_SECRET": "x"}
    schedules = {"SYNC_SCHEDULE": "0 0 22-2 * * *", "PULL_SCHEDULE": "0 0 0 30 2 *"}
    for name, value in (settings | schedules | {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}).items():
        monkeypatch.setenv(name, value)

    assert json.loads(health().get_body()) == {"status": "ok", "settings_mistakes": 0, "settings_warnings": 2}


def test_health_is_open_and_reads_only() -> None:
    """Anonymous, GET alone."""
    trigger = functions()["health"].get_trigger().get_dict_repr()

    assert (trigger["route"], [method.name for method in trigger["methods"]]) == ("api/health", ["GET"])
    assert str(trigger["authLevel"]).rpartition(".")[2].upper() == "ANONYMOUS"


def test_importing_the_app_does_no_work() -> None:
    """No package of ours and no SDK is loaded when the host indexes the functions."""
    probe = (
        "import sys, function_app; print([m for m in ('jobs', 'adapters', 'aiohttp', 'msgraph') if m in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", probe], cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True
    )

    assert (answer.stdout.strip(), answer.stderr) == ("[]", "")


def test_host_settings_are_the_minimum() -> None:
    """Version 2.0 and the extension bundle, which the triggers to come need."""
    host = json.loads((ROOT / "host.json").read_text())

    assert host["version"] == "2.0"
    assert host["extensionBundle"]["version"] == "[4.0.0, 5.0.0)"
