"""Side by side in one run: calsync, vdirsyncer on the same events, and the floor of calsync's own requests.

Each sync is a process of its own; what it takes to start (importing what it loads, in a process that does nothing
else) is taken off its CPU and its wall time. Requests are counted on the line (``tap.py``).
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from simulators.host.company import Company
from tests.bench import peer
from tests.bench.figures import Budget, Figure, say
from tests.bench.tap import NUMBER, Echo, Exchange, Tap
from tests.support.fresh import ROOT

EVENTS, QUICK, CHANGES = 1_000, 250, 10
"""Meetings, those of a quick run, and how many are changed on each side."""

FAR = 0.05
"""Seconds that a far server's answer takes longer."""

CPU_GOAL, WALL_GOAL, TIMES_FLOOR = 0.8, 3.5, 2.0
ALONE = ROOT / "tests" / "bench" / "alone.py"
CASES = ("first sync", "its echoes", "idle", f"{CHANGES} changes on both sides")


@dataclass(frozen=True, slots=True)
class Run:
    """One process: its seconds of CPU and of wall time, what it loaded, what it asked for."""

    cpu_seconds: float
    wall_seconds: float
    loaded: Sequence[str] = ()
    exchanges: Sequence[Exchange] = ()


@dataclass
class Runner:
    """Runs things in one Python, and takes off what starting takes."""

    python: str
    folder: Path
    environ: Mapping[str, str] | None = None
    _starts: dict[tuple[str, ...], Run] = field(default_factory=dict)

    def run(self, words: Sequence[str], taps: Sequence[Tap] = ()) -> Run:
        """A console script with these words, beyond its start."""
        for tap in taps:
            tap.taken()
        whole = self._process("command", words)
        start = self._start(whole.loaded)
        passed = [one for tap in taps for one in tap.taken()]
        return Run(whole.cpu_seconds - start.cpu_seconds, whole.wall_seconds - start.wall_seconds, (), passed)

    def _start(self, loaded: Sequence[str]) -> Run:
        if (known := self._starts.get(tuple(loaded))) is None:
            names = self.folder / "modules"
            names.write_text(json.dumps([name for name in loaded if name != "__main__"]))
            tries = [self._process("import", [str(names)]) for _ in range(3)]
            known = min(tries, key=lambda one: one.cpu_seconds)
            self._starts[tuple(loaded)] = known
        return known

    def _process(self, what: str, words: Sequence[str]) -> Run:
        out, began = self.folder / "cost.json", time.monotonic()
        done = subprocess.run(
            [self.python, str(ALONE), str(out), what, *words],
            cwd=ROOT,
            env=None if self.environ is None else dict(self.environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        wall = time.monotonic() - began
        told: dict[str, Any] = (
            json.loads(out.read_text()) if done.returncode == 0 else {"answer": done.returncode, "loaded": ()}
        )
        if what == "command" and told["answer"] != 0:
            raise RuntimeError(f"{' '.join(words)}: {told['answer']}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return Run(told["cpu_seconds"], wall, told["loaded"])


def measure(budget: Budget) -> Iterator[Figure]:
    """The four syncs of each, once, since each changes what the next finds. The goals are those of ``EVENTS``."""
    events = QUICK if budget.is_quick else EVENTS
    with TemporaryDirectory() as there:
        folder = Path(there)
        ours = list(_calsync(folder, 0.0, events, CASES))
        [far] = _calsync(folder, FAR, events, CASES[:1])
        try:
            theirs: Sequence[Run] = list(_vdirsyncer(folder / "peer", events))
        except subprocess.CalledProcessError as missing:
            say(f"  vdirsyncer is not measured: {' '.join(map(str, missing.cmd))} failed")
            theirs = ()
        floors = [_floor(folder, run.exchanges) for run in ours]
    names = [f"{case}, {events:,} events" if case == CASES[0] else case for case in CASES]
    for case, run, floor in zip(names, ours, floors, strict=True):
        yield from _figures(case, run, floor, CPU_GOAL if (case, events) == (names[0], EVENTS) else None)
    for case, run, peers in zip(names, ours, theirs, strict=False):
        yield Figure(case, "vdirsyncer's requests", "", (float(len(peers.exchanges)),))
        yield Figure(case, "vdirsyncer's CPU", "s", (peers.cpu_seconds,))
        yield Figure(case, "vdirsyncer's wall time", "s", (peers.wall_seconds,))
        yield Figure(case, "CPU to vdirsyncer's", "times", (run.cpu_seconds / peers.cpu_seconds,), 1.0)
        asked = len(run.exchanges) / len(peers.exchanges)
        yield Figure(case, "requests to vdirsyncer's", "times", (asked,), 1.0)
    goal = WALL_GOAL if events == EVENTS else None
    yield Figure(f"{names[0]}, 50 ms farther", "wall time", "s", (far.wall_seconds,), goal)


def _figures(case: str, run: Run, floor: Run, goal: float | None) -> Iterator[Figure]:
    tables = sum("/devstoreaccount1/" in one.path for one in run.exchanges)
    yield Figure(case, "requests", "", (float(len(run.exchanges) - tables),))
    yield Figure(case, "table requests", "", (float(tables),))
    yield Figure(case, "CPU", "s", (run.cpu_seconds,), goal)
    yield Figure(case, "wall time", "s", (run.wall_seconds,))
    yield Figure(case, "the floor's CPU", "s", (floor.cpu_seconds,))
    yield Figure(case, "CPU to the floor's", "times", (run.cpu_seconds / floor.cpu_seconds,), TIMES_FLOOR)


def _start_of(number: int) -> datetime:
    today = datetime.now(UTC).replace(hour=6, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1 + number % 27, minutes=number % 600)


def _calsync(folder: Path, delay: float, number: int, cases: Sequence[str]) -> Iterator[Run]:
    """``calsync --here sync`` in a company of one; the CPU is the app's own, the stand-ins are other processes."""
    with Company() as company, ExitStack() as stack:
        anna = company.hire("anna", "Anna Petrova")
        events = [_event(company, one) for one in range(number)]
        company.calsync("users", "enable", anna)
        taps, environ = _tapped(stack, company, delay)
        runner = Runner(sys.executable, folder, environ)
        for case in cases:
            if case == CASES[-1]:
                _change(company, events)
            yield runner.run(("cli:main", "--here", "sync"), taps)


def _event(company: Company, number: int) -> str:
    start = _start_of(number)
    words = {"start": start.isoformat(), "end": (start + timedelta(minutes=30)).isoformat()}
    made: str = company.outlook("anna").act("create", subject=f"event {number}", body=f"text {number}", **words)
    return made


def _change(company: Company, events: Sequence[str]) -> None:
    for ident in events[:CHANGES]:
        company.outlook("anna").act("edit", ident=ident, subject="Changed in Outlook")
    for row in company.activities()[-CHANGES:]:
        company.desk("anna").act("edit", activity=row["Id"], subject="Changed in ERP.net")


def _tapped(stack: ExitStack, company: Company, delay: float) -> tuple[list[Tap], dict[str, str]]:
    """Taps on everything that the app talks to, and the environment that leads there."""
    environ = company.environ
    storage = re.findall(r"Endpoint=(http://[^/;]+)", environ["AzureWebJobsStorage"])
    taps = [
        stack.enter_context(Tap(place, delay)) for place in dict.fromkeys((company.graph, company.erpnet, *storage))
    ]
    for tap in taps:
        environ = {name: text.replace(tap.server, tap.origin) for name, text in environ.items()}
    return taps, environ


def _floor(folder: Path, exchanges: Sequence[Exchange]) -> Run:
    """The same requests without a thought."""
    with Echo("http://127.0.0.1:1", exchanges=exchanges) as echo:
        file = folder / "requests"
        with file.open("w", encoding="utf-8") as out:
            for number, one in enumerate(exchanges):
                headers = {**one.headers, NUMBER: str(number)}
                body = base64.b64encode(one.body).decode()
                out.write(json.dumps([one.method, echo.origin + one.path, headers, body]) + "\n")
        return Runner(sys.executable, folder).run(("tests.bench.floor:main", str(file)))


def _vdirsyncer(folder: Path, events: int) -> Iterator[Run]:
    python = peer.install()
    folder.mkdir()
    with peer.servers(python, folder) as calendars, ExitStack() as stack:
        taps = [stack.enter_context(Tap(origin)) for origin in calendars.origins.values()]
        config = calendars.configure({side: tap.origin for side, tap in zip(peer.SIDES, taps, strict=True)})
        for number in range(events):
            calendars.write("a", number, _start_of(number), f"event {number}")
        runner = Runner(str(python), folder)
        runner.run(peer.command(config, "discover"), taps)
        for case in CASES:
            if case == CASES[-1]:
                for number in range(CHANGES):
                    calendars.edit("a", number, "Changed in a")
                    calendars.edit("b", events - 1 - number, "Changed in b")
            yield runner.run(peer.command(config, "sync"), taps)
        if calendars.subjects("a") != calendars.subjects("b"):
            raise RuntimeError("vdirsyncer left the two calendars different")
