"""``make run`` runs the app, Azurite and both stand-ins together, with two people whose sync is on, until Ctrl-C.

The company's choices are the shell's: ``SYNC_SERIES=window make run``.

What there is to do stays on screen; each round of the app is one line, and all that it logs goes to a file. Another
shell asks this app once it has read the file of settings that is written for it.

A terminal sends Ctrl-C to everybody at once, and an app whose storage goes first has much to complain about. So the
company lives in a session of its own and ends in order when this process tells it to, or is gone.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from simulators.azurite import AzuriteMissing
from simulators.demo.hands import OutlookHands, control
from simulators.demo.report import named
from simulators.demo.stage import ROOT, CalsyncFailed
from simulators.graph import zones
from simulators.host.calendars import HOME as CALENDARS
from simulators.host.company import HOME, OURS, Company, HostFailed
from simulators.parent import leave_with_parent

PEOPLE = {"anna": "Anna Petrova", "boris": "Boris Dimitrov"}
FUNCTIONS_PORT = 7071
"""Core Tools' own."""

FILES = ROOT / "build"
ROUND = re.compile(r"^\d{4}-\d\d-\d\d (\d\d:\d\d:\d\d),\d+ INFO calsync: round (\{.*\})$")
"""A line of the app's log about one round."""

LOOK_SECONDS = 0.2

TOLD = """\
Two calendars side by side, to edit in  {app}{calendars}
calsync's page: be Anna or Boris        {app}/portal
calsync in another shell, for this app  source {env} && calsync status
All that the app logs                   {log}
Graph's and ERP.net's stand-ins         {graph}  {erpnet}
Ctrl-C ends everything; nothing of the calendars is kept."""


TAKEN = """\
Something listens on port {port} already, perhaps another `make run`: stop that one, or take another port:
  make run RUN_ARGS="--port {other}"
"""


def main() -> int:
    """Run until Ctrl-C or SIGTERM. Exit code: 0 ended so, 1 could not start or the host ended by itself."""
    parser = argparse.ArgumentParser(prog="make run", description="The app with Azurite and its simulators.")
    parser.add_argument("--port", type=int, default=FUNCTIONS_PORT, help="where the app listens")
    parser.add_argument("--no-browser", action="store_true", help="do not open the page of the two calendars")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if not wanted.inside and _is_taken(wanted.port):  # before anything of that other run is touched
        sys.stderr.write(TAKEN.format(port=wanted.port, other=wanted.port + 1))
        return 1
    signal.signal(signal.SIGTERM, _interrupt)
    return _inside(wanted.port, not wanted.no_browser) if wanted.inside else _outside(sys.argv[1:])


def _is_taken(port: int) -> bool:
    """Whether something listens there."""
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _outside(options: list[str]) -> int:
    order = [sys.executable, "-m", "simulators.host.run", "--inside", *options]
    with subprocess.Popen(order, stdin=subprocess.PIPE, start_new_session=True) as company:  # noqa: S603 - ourselves
        try:
            return company.wait()
        except KeyboardInterrupt:
            company.terminate()
            return company.wait()


def _inside(port: int, is_opened: bool) -> int:
    leave_with_parent()
    try:
        return _run(port, is_opened)
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped; everything that was started has ended.\n")
        return 0
    except HostFailed as reason:
        sys.stderr.write(f"{reason}: {papers_for(port).log} says why\n")
        return 1
    except (AzuriteMissing, CalsyncFailed) as reason:
        sys.stderr.write(f"{reason}\n")
        return 1


@dataclass(frozen=True, slots=True)
class Papers:
    """The files that a run writes: the app's log, which stays, and the settings for another shell."""

    log: Path
    env: Path


def papers_for(port: int, folder: Path = FILES) -> Papers:
    """The files of a run on this port; the usual port has the plain names."""
    folder.mkdir(parents=True, exist_ok=True)
    name = "run" if port == FUNCTIONS_PORT else f"run-{port}"
    return Papers(folder / f"{name}.log", folder / f"{name}.env")


def _run(port: int, is_opened: bool) -> int:
    papers, console = papers_for(port), Console(highlight=False)
    papers.log.unlink(missing_ok=True)
    console.print("Starting Azurite, Microsoft Graph, ERP.net and the app: some ten seconds …")
    with Company(port, chosen_settings(os.environ)) as company:
        for login, name in PEOPLE.items():
            upn = company.hire(login, name)
            company.calsync("users", "enable", upn)
        _first_entries(company)
        host = company.open_host("--calendars", company.graph, company.erpnet, log=papers.log)
        company.switch_webhook_on()
        host.run("pull")  # an instance's first one only notes where to begin
        host.run("sync")
        with _settings_written(papers.env, company.settings), _kept_on_screen(console, _told(company, papers)):
            if is_opened:
                _open(f"{company.public_url}{CALENDARS}", console)
            names = {box["id"]: named(box["upn"]) for box in control(company.graph, "state")["mailboxes"]}
            for line in rounds_in(papers.log, names, lambda: host.is_running):
                console.print(Text(line))
        raise HostFailed(f"the app ended by itself (exit code {host.wait()})")


def chosen_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """The company's choices as the shell has them: every ``SYNC_…``, and nothing else."""
    return {name: value for name, value in environ.items() if name.startswith("SYNC_")}


def _first_entries(company: Company) -> None:
    """Something to look at: a meeting of the two and a weekly one in Outlook, a visit in ERP.net."""
    day = datetime.now(zones.any_zone(HOME)).date() + timedelta(days=2)
    meeting = {"start": f"{day}T09:00:00", "end": f"{day}T10:00:00", "attendees": ["boris@acme.example"]}
    company.outlook("anna").act("create", subject="Budget", **meeting)
    company.desk("anna").act("create", subject="Visit to the printer", start=f"{day}T14:00", end=f"{day}T15:00")
    _weekly_meeting(company.outlook("anna"), day)


def _weekly_meeting(anna: OutlookHands, day: date) -> None:
    """Anna's, since a year; its third date from this day on is a day later than the others."""
    since, third = day - timedelta(weeks=52), day + timedelta(weeks=2)
    pattern = {"type": "weekly", "interval": 1, "daysOfWeek": [f"{day:%A}".lower()], "firstDayOfWeek": "monday"}
    weekly = {"pattern": pattern, "range": {"type": "noEnd", "startDate": since.isoformat()}}
    times = {"start": f"{since}T11:00:00", "end": f"{since}T12:00:00"}
    series = anna.act("create", subject="Team week", zone=HOME, recurrence=weekly, **times)
    other = third + timedelta(days=1)
    anna.act("move_date", ident=series, day=third.isoformat(), start=f"{other}T15:00:00", end=f"{other}T16:00:00")


def _told(company: Company, papers: Papers) -> str:
    """What there is to do, with paths as short as they can be typed here."""
    here = {
        name: os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
        for name, path in (("env", papers.env), ("log", papers.log))
    }
    return TOLD.format(
        graph=company.graph, erpnet=company.erpnet, app=company.public_url, calendars=CALENDARS, **here
    )


@contextmanager
def _kept_on_screen(console: Console, text: str) -> Iterator[None]:
    """The text stays below all lines that come; where there is no terminal it is printed once."""
    if not console.is_terminal:
        console.print(Text(text), soft_wrap=True)
        yield
        return
    with Live(Panel(Text(text, overflow="fold"), title="calsync"), console=console, auto_refresh=False):
        yield


@contextmanager
def _settings_written(path: Path, settings: Mapping[str, str]) -> Iterator[None]:
    """The file that a shell reads, while there is an app to ask."""
    text = as_shell(settings, Path(sys.executable).parent)
    path.write_text(text, encoding="utf-8")
    try:
        yield
    finally:
        if path.exists() and path.read_text(encoding="utf-8") == text:  # another run may have written its own
            path.unlink()


def as_shell(settings: Mapping[str, str], programs: Path) -> str:
    """The settings as lines of a shell, and those of its own that would be in their way taken away."""
    ours = " ".join(f"${{!{beginning}@}}" for beginning in OURS)
    lines = [
        "# For bash and zsh: source this file, then calsync asks the app that `make run` runs.",
        f'[ -z "$BASH_VERSION" ] || unset {ours}',
        "unset CALSYNC_HERE",
        *(f"export {name}={shlex.quote(value)}" for name, value in settings.items()),
        f'export PATH={shlex.quote(str(programs))}:"$PATH"',
    ]
    return "\n".join(lines) + "\n"


def _open(page: str, console: Console) -> None:
    """Open the page where there is a desktop to open it on."""
    has_desktop = (
        sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    if console.is_terminal and has_desktop:
        webbrowser.open(page)


def rounds_in(log: Path, names: Mapping[str, str], is_running: Callable[[], bool]) -> Iterator[str]:
    """A line for each round that the app logs, until it ends; ``names`` by the users' ids."""
    with log.open(encoding="utf-8", errors="replace") as lines:
        begun = ""
        while True:
            begun += lines.readline()
            if begun.endswith("\n"):
                found, begun = ROUND.match(begun), ""
                if found:
                    yield round_in_words(found[1], json.loads(found[2]), names)
            elif is_running():
                time.sleep(LOOK_SECONDS)
            else:
                return


def round_in_words(at: str, facts: Mapping[str, object], names: Mapping[str, str]) -> str:
    """One round, like ``09:30:12 Anna: 1 × activity created, 1 in conflict (0.4 s)``."""
    actions = facts["actions"]
    assert isinstance(actions, dict), "the log counts actions by name"
    told = [f"{count} × {name}" for name, count in actions.items()] or ["nothing to do"]
    told += [f"{facts[name]} {words}" for name, words in OPEN.items() if facts[name]]
    who = names.get(str(facts["user"]), str(facts["user"]))
    return f"{at} {who}: {', '.join(told)} ({facts['seconds']:.1f} s)"


OPEN = {
    "failures": "failed: the log says what",
    "conflicts": "in conflict",
    "holds": "held until somebody answers",
    "parked": "parked",
}
"""What a round may leave for somebody to do, by its name in the log."""


if __name__ == "__main__":
    sys.exit(main())
