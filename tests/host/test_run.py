"""What ``make run`` says: a line for each round, what there is to do at all times, and settings for another shell."""

from __future__ import annotations

import io
import json
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from rich.console import Console

from simulators.host.run import (
    Papers,
    _kept_on_screen,
    _settings_written,
    as_shell,
    chosen_settings,
    main,
    papers_for,
    rounds_in,
)

FACTS = {"user": "u1", "actions": {}, "failures": 0, "conflicts": 0, "holds": 0, "parked": 0, "seconds": 0.42}


def logged(**facts: object) -> str:
    """A line of the app's log about a round."""
    return f"2026-12-01 09:30:12,345 INFO calsync: round {json.dumps(FACTS | facts, sort_keys=True)}\n"


def test_a_port_that_is_taken_is_said_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What to do stands in it, and nothing of the run that has the port is touched."""
    monkeypatch.setattr("simulators.host.run._outside", lambda options: pytest.fail("it was started"))
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setattr("sys.argv", ["run", "--port", str(port)])

        assert main() == 1
    assert f"Something listens on port {port} already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, "09:30:12 Anna: nothing to do (0.4 s)"),
        ({"actions": {"activity created": 2}}, "09:30:12 Anna: 2 × activity created (0.4 s)"),
        (
            {"actions": {"category set": 1}, "conflicts": 1, "failures": 1},
            "09:30:12 Anna: 1 × category set, 1 failed: the log says what, 1 in conflict (0.4 s)",
        ),
        ({"user": "u2"}, "09:30:12 u2: nothing to do (0.4 s)"),
    ],
)
def test_a_round_is_one_line(tmp_path: Path, facts: dict[str, object], expected: str) -> None:
    """Who, what was done, what is left for somebody to do; what else is logged stays in the file."""
    log = tmp_path / "run.log"
    log.write_text(f"2026-12-01 09:30:11,000 WARNING calsync: failure {{}}\n{logged(**facts)}Traceback …\n")

    assert list(rounds_in(log, {"u1": "Anna"}, lambda: False)) == [expected]


def test_the_shell_chooses_for_the_company() -> None:
    """Every ``SYNC_…`` counts; what leads to somebody's own systems never comes in."""
    shell = {
        "SYNC_SERIES": "window",
        "SYNC_CONFLICT": "ask",
        "ERPNET_URL": "https://acme.my.erp.net",
        "HOME": "/root",
    }

    assert chosen_settings(shell) == {"SYNC_SERIES": "window", "SYNC_CONFLICT": "ask"}


def test_a_line_that_is_being_written_is_waited_for(tmp_path: Path) -> None:
    """The app writes while we read: half a line is no line."""
    log = tmp_path / "run.log"
    line = logged()
    log.write_text(line[:40])
    moments = iter([True, False])

    def write_on() -> bool:
        with log.open("a") as more:
            more.write(line[40:] if next(moments) else "")
        return True

    assert next(rounds_in(log, {"u1": "Anna"}, write_on)) == "09:30:12 Anna: nothing to do (0.4 s)"


def test_what_there_is_to_do_stays_below_the_rounds() -> None:
    """On a terminal the last thing on screen is what one can do, whatever came before."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80, color_system=None)

    with _kept_on_screen(console, "open the page"):
        for number in range(50):
            console.print(f"round {number}")
        shown = screen.getvalue()

    assert shown.rindex("open the page") > shown.rindex("round 49")


def test_without_a_terminal_it_is_said_once() -> None:
    """A log of a pipeline needs no picture that is painted again and again."""
    told = io.StringIO()
    console = Console(file=told, width=40)

    with _kept_on_screen(console, "a line that is longer than the forty columns of this console"):
        console.print("round 1")

    assert told.getvalue() == "a line that is longer than the forty columns of this console\nround 1\n"


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_a_shell_that_reads_the_settings_asks_this_app(tmp_path: Path) -> None:
    """All of ours as they are, whatever is in a value; none of the shell's own stays in their way."""
    settings = {"STATE_PREFIX": "calsync", "AzureWebJobsStorage": "Key=a b;'$HOME'=\"`x`\"", "SYNC_CONFLICT": "ask"}
    env = tmp_path / "run.env"
    env.write_text(as_shell(settings, Path("/opt/programs")))
    before = {
        "PATH": "/usr/bin:/bin",
        "CALSYNC_HERE": "1",
        "SYNC_PRIVATE": "skip",
        "ERPNET_URL": "https://live.example",
    }

    done = subprocess.run(
        ["bash", "-c", f"set -eu; source {env}; env -0"], env=before, capture_output=True, text=True, check=True
    )

    after = dict(line.split("=", 1) for line in done.stdout.split("\0") if line)
    assert {name: after.get(name) for name in settings} == settings
    assert {"CALSYNC_HERE", "SYNC_PRIVATE", "ERPNET_URL"} & after.keys() == set()
    assert after["PATH"] == "/opt/programs:/usr/bin:/bin"


def test_the_settings_go_with_the_app(tmp_path: Path) -> None:
    """They lead nowhere afterwards; those that another run has written meanwhile stay."""
    env = tmp_path / "run.env"
    with _settings_written(env, {"STATE_PREFIX": "one"}):
        assert "STATE_PREFIX=one" in env.read_text()
    assert not env.exists()

    with _settings_written(env, {"STATE_PREFIX": "one"}):
        env.write_text("another's")
    assert env.read_text() == "another's"


def test_runs_on_several_ports_keep_their_own_files(tmp_path: Path) -> None:
    """The usual port has the names that README gives."""
    folder = tmp_path / "build"

    assert papers_for(7071, folder) == Papers(folder / "run.log", folder / "run.env")
    assert papers_for(7072, folder) == Papers(folder / "run-7072.log", folder / "run-7072.env")
