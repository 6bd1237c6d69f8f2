"""The peer beside which calsync is measured: vdirsyncer between two radicale servers (CalDAV on both sides).

Both come from PyPI into an environment of their own, ``build/peers``. Radicale keeps each event as a file: people's
edits are edits of files.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

from simulators.host.company import free_port
from tests.support.fresh import ROOT

PACKAGES = ("vdirsyncer==0.21.0", "radicale==3.9.0")
PEERS = ROOT / "build" / "peers"
SIDES = ("a", "b")
COLLECTION = "anna/calendar"


def install() -> Path:
    """Their environment; its Python. Raises ``CalledProcessError`` where they cannot be had."""
    python = PEERS / "bin" / "python"
    uv = str(Path(sys.executable).with_name("uv"))
    if not (PEERS / "bin" / "vdirsyncer").exists():
        subprocess.run([uv, "venv", "-q", "--clear", "--python", sys.executable, PEERS], check=True)
        subprocess.run([uv, "pip", "install", "-q", "--python", PEERS, *PACKAGES], check=True)
    return python


@dataclass(frozen=True, slots=True)
class Calendars:
    """Two servers' calendars, as folders, and where the servers listen."""

    folder: Path
    origins: dict[str, str]

    def write(self, side: str, number: int, start: datetime, subject: str) -> None:
        """Put or edit an event."""
        self._path(side, number).write_text(_ics(number, start, subject), "utf-8")

    def edit(self, side: str, number: int, subject: str) -> None:
        """Another subject for an event that is on this side."""
        [path] = [one for one in self._files(side) if f"UID:{number}@" in one.read_text("utf-8")]
        lines = path.read_text("utf-8").splitlines()
        told = [f"SUMMARY:{subject}" if line.startswith("SUMMARY:") else line for line in lines]
        path.write_text("\r\n".join(told) + "\r\n", "utf-8")

    def subjects(self, side: str) -> list[str]:
        """What stands on one side."""
        lines = (line for one in self._files(side) for line in one.read_text("utf-8").splitlines())
        return sorted(line.removeprefix("SUMMARY:") for line in lines if line.startswith("SUMMARY:"))

    def configure(self, origins: dict[str, str]) -> Path:
        """vdirsyncer's configuration for servers at these origins."""
        storages = "".join(
            f'[storage {side}]\ntype = "caldav"\nurl = "{origins[side]}/anna/"\nusername = "anna"\npassword = "-"\n'
            for side in SIDES
        )
        config = self.folder / "config"
        config.write_text(
            f'[general]\nstatus_path = "{self.folder / "status"}"\n'
            '[pair both]\na = "a"\nb = "b"\ncollections = ["calendar"]\nconflict_resolution = "a wins"\n' + storages
        )
        return config

    def _files(self, side: str) -> list[Path]:
        return sorted(_collection(self.folder, side).glob("*.ics"))

    def _path(self, side: str, number: int) -> Path:
        return _collection(self.folder, side) / f"{number}.ics"


@contextmanager
def servers(python: Path, folder: Path) -> Iterator[Calendars]:
    """Two radicale servers with an empty calendar each."""
    with ExitStack() as stack:
        origins = {side: _serve(stack, python, folder, side) for side in SIDES}
        yield Calendars(folder, origins)


def command(config: Path, *words: str) -> Sequence[str]:
    """The words of a vdirsyncer command."""
    return ("vdirsyncer.cli:app", "-c", str(config), *words)


def _collection(folder: Path, side: str) -> Path:
    return folder / side / "collection-root" / COLLECTION


def _serve(stack: ExitStack, python: Path, folder: Path, side: str) -> str:
    place = _collection(folder, side)
    place.mkdir(parents=True)
    (place / ".Radicale.props").write_text('{"tag": "VCALENDAR"}')
    origin = f"127.0.0.1:{free_port()}"
    words = ["-m", "radicale", "--server-hosts", origin, "--storage-filesystem-folder", str(folder / side)]
    server = stack.enter_context(
        subprocess.Popen([python, *words, "--auth-type", "none", "-C", ""], stderr=subprocess.DEVNULL)
    )
    stack.callback(server.terminate)
    for _ in range(100):
        try:
            urlopen(f"http://{origin}/.web", timeout=5).close()
            break
        except OSError:
            time.sleep(0.1)
    return f"http://{origin}"


def _ics(number: int, start: datetime, subject: str) -> str:
    form = "%Y%m%dT%H%M%SZ"
    lines = (
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//calsync//bench//EN", "BEGIN:VEVENT", f"UID:{number}@bench"),
        *(f"DTSTAMP:{start:{form}}", f"DTSTART:{start:{form}}", f"DTEND:{start + timedelta(minutes=30):{form}}"),
        *(f"SUMMARY:{subject}", f"DESCRIPTION:text {number}", "END:VEVENT", "END:VCALENDAR"),
    )
    return "\r\n".join(lines) + "\r\n"
