"""The story is checked as it is told: what does not come out is said in plain words, and the demo exits with 1."""

from __future__ import annotations

import io
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from rich.console import Console

from cli import main
from simulators.azurite import TOOLS, find_node
from simulators.demo import SAMPLE, prepare
from simulators.demo.entries import Export
from simulators.demo.hands import control
from simulators.demo.ics import read_file
from simulators.demo.play import Play, Step, perform, summary, verdict
from simulators.demo.screen import Screen
from simulators.demo.stage import CalsyncFailed, CommandLine, Companions, Stage
from simulators.demo.story import STEPS
from tests.demo.recording import RECORDING, masked, shown
from tests.support.calendar_files import BESIDE, ODD, calendar, read_calendars, renamed, vevent
from tests.support.interrupts import heed_interrupts

ROOT = Path(__file__).resolve().parents[2]
HOME = "FLE Standard Time"
TIME_LIMIT = 240
PACKAGES = ("adapters", "cli", "jobs", "simulators", "sync_core")


class Liar:
    """A calsync that says all is well, and does nothing."""

    def run(self, *words: str) -> tuple[int, dict[str, Any]]:
        """The answer of a calsync whose calendars are always in step."""
        quiet = {"upn": "anna@acme.example", "state": "Operational", "full": False, "ran": True}
        return 0, {"failure": "", "users": [quiet], "conflicts": []}

    def typed(self, *words: str) -> tuple[int, str]:
        """The same for people."""
        return 0, "anna@acme.example: Operational\n  Nothing to do.\n"


class Broken:
    """A calsync that cannot even start."""

    def run(self, *words: str) -> tuple[int, dict[str, Any]]:
        """No answer."""
        raise CalsyncFailed("calsync said: no module named cli")

    def typed(self, *words: str) -> tuple[int, str]:
        """A complaint."""
        return 1, "no module named cli"


@pytest.fixture(scope="module")
def companions() -> Iterator[Companions]:
    """Both stand-ins in processes of their own, and Azurite."""
    with Companions() as running:
        yield running


@pytest.fixture
def told(companions: Companions) -> io.StringIO:
    """What the audience sees; both systems start empty."""
    for origin in companions.origins.values():
        control(origin, "reset")
    return io.StringIO()


def play_with(calsync: Any, companions: Companions, told: io.StringIO, export: Export | None = None) -> Play:
    """The stage with this calsync, prepared with this calendar or the sample."""
    stage = Stage(companions.origins["graph"], companions.origins["erpnet"], calsync, HOME)
    play = Play(stage, Screen(console=Console(file=told, width=118)))
    prepare(play, export or read_file(SAMPLE, HOME))
    return play


def test_calsync_that_does_nothing_is_found_out(companions: Companions, told: io.StringIO) -> None:
    """A calsync that reports success over calendars that are apart fails its steps, in words, with exit code 1."""
    play = play_with(Liar(), companions, told)

    broken = perform(play, STEPS[:2])

    assert broken == [1, 2]
    assert verdict(play.screen, broken, [1, 2], 0.0) == 1
    assert "✗ not so: the phone call of ERP.net stands in Outlook" in told.getvalue()
    assert "2 of 2 steps did not come out as told: 1, 2" in told.getvalue()


def test_calsync_that_does_not_start_fails_the_step(companions: Companions, told: io.StringIO) -> None:
    """What calsync says when it cannot start is shown, and the story goes on to its verdict."""
    play = play_with(Broken(), companions, told)

    assert perform(play, STEPS[:1]) == [1]
    assert "✗ not so: the step can be carried out (calsync said: no module named cli)" in told.getvalue()


def test_everything_as_told_is_0(companions: Companions, told: io.StringIO) -> None:
    """A step whose checks hold is no failure, and the last line says so."""
    play = play_with(Liar(), companions, told)

    broken = perform(play, BLUE[:1])

    assert verdict(play.screen, broken, [1], 0.0) == 0
    assert told.getvalue().splitlines()[-1].startswith("Step 1 came out as told")


BLUE = [Step(f"step {n}", lambda play: play.expect("the sky is blue", True), f"lesson {n}") for n in (1, 2, 3)]
GREEN = Step("wrong", lambda play: play.expect("the sky is green", False), "no lesson")


def seen(told: io.StringIO) -> Play:
    """A performance without a stage to speak of."""
    return Play(Mock(), Screen(console=Console(file=told, width=118)))


def test_one_step_is_shown_and_those_before_it_are_played() -> None:
    """Each step needs what came before; what came after is left out, and a mistake on the way is not hidden."""
    told = io.StringIO()

    broken = perform(seen(told), [GREEN, *BLUE], only=3)

    assert broken == [1]
    assert re.findall(r"Step .+?(?= ─)", told.getvalue()) == ["Step 3 of 4: step 2"]
    assert "green" not in told.getvalue()


def test_the_audience_is_waited_for_between_the_steps() -> None:
    """Before each but the first, and with one step shown not at all."""
    waited: list[int] = []
    perform(seen(io.StringIO()), BLUE, wait=waited.append)
    assert waited == [2, 3]
    perform(seen(io.StringIO()), BLUE, only=2, wait=waited.append)
    assert waited == [2, 3]


def test_the_end_says_what_was_shown() -> None:
    """Every step with what it teaches, and the one that did not come out is told from the others."""
    told = io.StringIO()
    play = seen(told)
    steps = [*BLUE, GREEN]

    broken = perform(play, steps)
    play.deed("Anna looks at the sky")
    summary(play, steps, broken)

    end = told.getvalue().partition("What you have seen")[2]
    assert re.findall(r"^([✓✗]) +(\d) (step \d|wrong): ", end, re.MULTILINE) == [
        ("✓", "1", "step 1"),
        ("✓", "2", "step 2"),
        ("✓", "3", "step 3"),
        ("✗", "4", "wrong"),
    ]
    assert "People did 1 things; 0 commands were given and caused 0 mails; 4 things were checked." in end


def test_a_command_is_shown_as_one_types_it(companions: Companions, told: io.StringIO) -> None:
    """With quotation marks where they are needed and the beginning of its answer; a failure is not passed over."""
    play = play_with(Broken(), companions, told)

    play.type("why", "anna@acme.example", "Board update")

    assert '\n$ calsync why anna@acme.example "Board update"\n  no module named cli\n' in told.getvalue()
    assert play.failed == ["`calsync why` ends well"]


def test_sample_enters_whole(companions: Companions, told: io.StringIO) -> None:
    """Outlook takes every entry of the sample, the series with its exception, and the cast is from the sample."""
    play = play_with(Liar(), companions, told)

    events = [row.event for row in play.stage.look().rows if row.event]
    assert len(events) == 39
    assert "refused" not in told.getvalue()
    assert "left out" in told.getvalue()
    assert "Anna enters" not in told.getvalue()
    assert sum(event.kind == "seriesMaster" for event in events) == 2
    assert len(set(play.cast.values())) == 7


def test_a_file_of_odd_things_enters_whole(companions: Companions, told: io.StringIO) -> None:
    """Outlook takes every event of a file that is full of what it cannot hold, and all of that is said."""
    pieces = [*ODD.values(), *BESIDE.values()]
    export = read_calendars(calendar(*(renamed(("", *piece), n) for n, piece in enumerate(pieces)), vevent("plain")))

    play_with(Liar(), companions, told, export)

    assert f"{len(ODD) + 1} events and series are in Anna's Outlook" in told.getvalue()
    assert "refused" not in told.getvalue()
    assert [remark for remark in export.remarks if remark not in told.getvalue()] == []


def test_an_export_of_one_old_week_plays_whatever_day_it_is(companions: Companions, told: io.StringIO) -> None:
    """Its meetings lie ahead, and the story is told with them and none of Anna's own making."""
    days = [
        vevent(f"Talk of day {n}", f"DTSTART:2025030{n}T090000Z", f"DTEND:2025030{n}T100000Z") for n in range(1, 8)
    ]

    play = play_with(Liar(), companions, told, read_calendars(calendar(*days)))

    rows = [row.event for row in play.stage.look().rows if row.event]
    assert "Anna enters" not in told.getvalue()
    assert sorted(event.subject for event in rows) == [f"Talk of day {n}" for n in range(1, 8)]
    assert min(event.span.start.date() for event in rows) > play.stage.today


def test_companion_ends_with_its_parent() -> None:
    """A stand-in whose parent is gone ends by itself."""
    order = [sys.executable, "-m", "simulators.demo.companion", "graph"]
    with subprocess.Popen(order, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline().startswith("http://127.0.0.1:")

        process.stdin.close()

        assert process.wait(timeout=20) == 0


def test_command_line_without_json_is_a_failure_in_words() -> None:
    """A calsync that answers with anything but JSON is quoted."""
    with pytest.raises(CalsyncFailed, match=r"calsync why \(exit code 1\) said: Missing parameter: upn"):
        CommandLine(main, {}).run("why")


def demo(*words: str, **places: str) -> subprocess.Popen[str]:
    """The demo in a process group of its own; ``places`` are more of its environment."""
    return subprocess.Popen(
        [sys.executable, "-m", "cli", "demo", *words],
        cwd=places.get("PYTHONPATH", ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        env=os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"} | places,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )


MOST_CPU_SECONDS = 20
"""Of all processes of a demo, on a machine that does much else; alone it takes half of that."""


def cpu_of_children() -> float:
    """Seconds that all processes took which this one has started and which have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def assert_nothing_is_left(group: int) -> None:
    """No process of the demo's group lives; what was told to end has a moment to do so and to be reaped."""
    deadline = time.monotonic() + 10
    while _is_alive(group):
        assert time.monotonic() < deadline, "a process of the demo outlives it"
        time.sleep(0.05)


def _is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the wheel holds, unpacked as an installer does; built from a copy, since building leaves files behind."""
    source, built, target = (tmp_path_factory.mktemp(name) for name in ("source", "built", "installed"))
    for name in ("pyproject.toml", "requirements.in", "README.md", "function_app.py"):
        shutil.copy(ROOT / name, source)
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    order = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", order, built], cwd=source, capture_output=True, check=True)
    [wheel] = built.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(target)
    return target


def test_the_wheel_holds_every_file_of_its_packages(installed: Path) -> None:
    """Not only the modules: the sample calendar is no module, and the demo needs it."""
    files = [path.relative_to(ROOT) for name in PACKAGES for path in (ROOT / name).rglob("*") if path.is_file()]

    assert [path for path in files if path.suffix != ".pyc" and not (installed / path).exists()] == []
    assert (installed / "simulators" / "demo" / SAMPLE.name).read_bytes() == SAMPLE.read_bytes()


def test_whole_demo_comes_out_as_told_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    """The installed demo ends by itself with exit code 0, all steps told, nothing left running; what README's
    recording shows is a part of what it prints.

    It finds Azurite in the user's cache, where ``--install`` puts it.
    """
    (tmp_path / "calsync").symlink_to(TOOLS)
    before = cpu_of_children()
    with demo(PYTHONPATH=str(installed), XDG_CACHE_HOME=str(tmp_path)) as process:
        told, _ = process.communicate(timeout=TIME_LIMIT)

    assert cpu_of_children() - before < MOST_CPU_SECONDS
    assert "✗" not in told
    assert process.returncode == 0
    assert [int(n) for n in re.findall(r"^Step (\d+) of 13", told, re.MULTILINE)] == list(range(1, 14))
    assert told.splitlines()[-1].startswith("All 13 steps came out as told")
    assert "(What was deleted or cancelled in the steps before is void in ERP.net" in told
    assert not re.search(r"(\w{3} [\d.]+) \d\d:\d\d – \1", told)
    assert {"preview", "sync", "status", "why", "conflicts", "resolve"} <= set(
        re.findall(r"^\$ calsync (\w+)", told, re.MULTILINE)
    )
    recorded, printed = masked(shown(RECORDING.read_text(encoding="utf-8"))), masked(told.splitlines())
    assert [line for line in recorded if line not in printed] == [], "the demo has changed: make recording"
    assert "\n".join(recorded) in "\n".join(printed), "the demo has changed: make recording"
    assert_nothing_is_left(process.pid)


def test_an_installed_demo_without_azurite_says_what_to_do(installed: Path, tmp_path: Path) -> None:
    """There is no make beside a wheel: the command that installs Azurite is named."""
    (tmp_path / "node").symlink_to(find_node())
    with demo(PYTHONPATH=str(installed), XDG_CACHE_HOME=str(tmp_path), PATH=str(tmp_path)) as process:
        told, _ = process.communicate(timeout=TIME_LIMIT)

    assert process.returncode == 1
    assert "python -m simulators.azurite --install" in told
    assert_nothing_is_left(process.pid)


def test_a_step_that_is_not_there_is_a_wrong_argument() -> None:
    """The number of steps is said, and nothing is started."""
    with demo("--step", "14") as process:
        told, _ = process.communicate(timeout=TIME_LIMIT)

    assert (process.returncode, told) == (2, "There are 13 steps.\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_demo_leaves_nothing(number: signal.Signals) -> None:
    """Ctrl-C, which reaches every process at once, and SIGTERM end all that was started, with exit code 130.

    A Python that was interrupted within an ``exec``, as dataclasses use it, dies of SIGINT in the end whatever is
    returned; a shell calls that 130 as well.
    """
    with demo() as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("Step 1"):
                os.killpg(process.pid, number) if number is signal.SIGINT else process.send_signal(number)
                break
        rest, _ = process.communicate(timeout=60)

    assert "everything that was started has ended" in rest
    assert process.returncode in (130, -signal.SIGINT)
    assert_nothing_is_left(process.pid)


def test_the_readme_knows_the_steps() -> None:
    """How many there are, and which one is about a weekly meeting."""
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    place = [step.title for step in STEPS].index("a weekly meeting") + 1

    assert f"{len(STEPS)} steps, each shown and checked" in readme
    assert f"Step {place} is a weekly meeting" in readme
