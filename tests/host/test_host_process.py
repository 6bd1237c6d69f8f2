"""The host and ``make run`` as processes: what they print, how they end, what they leave behind."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from simulators.host.company import HostFailed, HostProcess, free_port
from tests.support.interrupts import heed_interrupts
from tests.support.made_up_apps import MakeApp

ROOT = Path(__file__).resolve().parent.parent.parent
ALIVE = '@app.route(route="alive")\nasync def alive(req: func.HttpRequest) -> str:\n    return "yes"\n'
TIMEOUT_SECONDS = 60.0


def options(app: Path, port: int = 0) -> tuple[str, ...]:
    """The command line's words for an app."""
    return "--app", str(app), "--port", str(port)


def test_host_ends_in_good_order_when_told(make_app: MakeApp) -> None:
    """SIGTERM ends it with exit code 0 and nothing but Information in the log."""
    host = HostProcess(os.environ, *options(make_app(ALIVE)))

    assert host.origin.startswith("http://127.0.0.1:")
    assert host.stop() == 0


def test_host_does_not_outlive_its_parent(make_app: MakeApp) -> None:
    """When whoever started it is gone, however, it ends by itself."""
    host = HostProcess(os.environ, *options(make_app(ALIVE)))
    assert host._process.stdin is not None
    host._process.stdin.close()

    assert host.wait() == 0


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (None, "is no Python file"),
        ("app = None", "exactly one FunctionApp"),
        ("import no_such_package", "no_such_package"),
    ],
)
def test_what_cannot_run_is_said(make_app: MakeApp, tmp_path: Path, source: str | None, reason: str) -> None:
    """An app that cannot be loaded ends the host with exit code 1 and the reason."""
    app = tmp_path / "missing.py" if source is None else make_app(source)
    log = tmp_path / "log"
    with log.open("w") as told, pytest.raises(HostFailed, match="exit code 1"):
        HostProcess(os.environ, *options(app), log=told)

    assert reason in log.read_text()


def test_taken_port_is_said(make_app: MakeApp, tmp_path: Path) -> None:
    """A port somebody listens on is named."""
    log = tmp_path / "log"
    with socket.create_server(("127.0.0.1", 0)) as other, log.open("w") as told:
        port = other.getsockname()[1]
        with pytest.raises(HostFailed, match="exit code 1"):
            HostProcess(os.environ, *options(make_app(ALIVE), port), log=told)

    assert str(port) in log.read_text()


@contextmanager
def make_run(port: int) -> Iterator[subprocess.Popen[str]]:
    """``make run`` in a session of its own, as a terminal has it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "simulators.host.run", "--port", str(port), "--no-browser"],
        cwd=ROOT,
        env={**os.environ, "SYNC_SERIES": "window"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_make_run_from_the_first_line_to_ctrl_c() -> None:
    """Its page is served, a round is a line, another shell asks the app; then the whole foreground gets SIGINT, as
    from a terminal: exit code 0, no trace, nobody listens any more."""
    port = free_port()
    with make_run(port) as process:
        assert process.stdout is not None
        told = ""
        while "Ctrl-C" not in told:
            line = process.stdout.readline()
            assert line, told
            told += line
        env = ROOT / "build" / f"run-{port}.env"
        assert {f"http://127.0.0.1:{port}/calendars", str(env.relative_to(ROOT))} <= set(told.split())
        while not re.search(
            r" Anna: [56] × activity created, 1 × event created \(", line
        ):  # by the length of the month
            line = process.stdout.readline()
            assert line
        with urlopen(f"http://127.0.0.1:{port}/calendars", timeout=TIMEOUT_SECONDS) as page:
            assert "Visit to the printer" in page.read().decode()
        asked = subprocess.run(
            ["bash", "-c", f"source {env} && calsync --json why anna@acme.example 'Team week'"],
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=True,
        )
        dates = [one["start"] for one in json.loads(asked.stdout)["items"] if one["what"] == "linked"]
        assert len(dates) in (4, 5)
        assert dates == sorted(dates)
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=TIMEOUT_SECONDS)

    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    assert errors.endswith("Stopped; everything that was started has ended.\n")
    ports = set(re.findall(r"http://127\.0\.0\.1:(\d+)", told))
    assert len(ports) == 3
    for one in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(one)), timeout=5)
    assert not env.exists()
    assert "calsync: round" in env.with_suffix(".log").read_text()


def test_make_run_whose_host_cannot_start_says_where_to_look() -> None:
    """The app's own words are in its log, which is named; everything that was started has ended."""
    with socket.socket() as other:  # has the port, and listens not yet: only the host finds out
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        with make_run(port) as process:
            _, errors = process.communicate(timeout=TIMEOUT_SECONDS)

    log = ROOT / "build" / f"run-{port}.log"
    assert process.returncode == 1
    assert errors == f"the host did not start (exit code 1): {log} says why\n"
    assert str(port) in log.read_text()
