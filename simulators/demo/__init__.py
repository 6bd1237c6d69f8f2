"""The demo: calsync against its stand-ins, told as a story in 13 steps and checked as it goes.

A calendar file (one's own Outlook export, or the sample beside this module) is loaded into the Outlook of Anna, who
works at a company that exists only in these processes. The product is driven through its command line, people act
through the stand-ins' side entrance. ``make demo``, or ``calsync demo --ics my.ics``.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from click import Command

    from simulators.demo.entries import Export
    from simulators.demo.play import Play
    from simulators.demo.screen import Screen

__all__ = ["SAMPLE", "main"]

SAMPLE = Path(__file__).with_name("sample.ics")
HOME = "FLE Standard Time"
"""Anna's time zone where her file names none: Sofia."""

FAILED, UNUSABLE, INTERRUPTED = 1, 2, 130

NEXT = "Next: `make run` starts the app, two small calendars to edit in, and the page; README says how to go on."


@dataclass(frozen=True, slots=True)
class Manner:
    """How the story is told: since when (monotonic seconds), only one step or all (0), waiting between them."""

    began: float
    step: int = 0
    is_paused: bool = False


def main(calsync: Command, ics: Path | None = None, *, step: int = 0, is_paused: bool = False) -> int:
    """Tell the story of this command line with this calendar file.

    ``step``: only this one is shown, those before it are played unseen. ``is_paused``: wait for Enter between steps.

    Exit code: 0 every step came out as told, 1 one did not or the stage could not be set, 2 the file is unusable,
    130 interrupted.
    """
    began = time.monotonic()
    try:
        from simulators.demo.ics import Unreadable, read_file

        export = read_file(ics or SAMPLE, HOME)
    except ImportError as missing:
        return _give_up(f"The demo needs {missing.name}: pip install 'calsync[cli]'", FAILED)
    except Unreadable as reason:
        return _give_up(f"This calendar cannot be used: {reason}", UNUSABLE)
    with suppress(KeyboardInterrupt), _terminable():
        return _tell(calsync, export, Manner(began, step, is_paused))
    return _give_up("Stopped; everything that was started has ended.", INTERRUPTED)


def _give_up(text: str, code: int) -> int:
    sys.stderr.write(f"{text}\n")
    return code


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM ends the demo as Ctrl-C does, the stage included."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _wait(number: int) -> None:
    """Until the audience presses Enter, or cannot any more."""
    sys.stderr.write(f"\nEnter shows step {number}, Ctrl-C ends … ")
    sys.stderr.flush()
    sys.stdin.readline()


def _tell(calsync: Command, export: Export, manner: Manner) -> int:
    from simulators.azurite import AzuriteMissing
    from simulators.demo.play import Play, perform, summary, verdict
    from simulators.demo.screen import Screen
    from simulators.demo.stage import CalsyncFailed, CommandLine, Companions, Stage, settings_for
    from simulators.demo.story import STEPS
    from simulators.graph import zones

    if manner.step > len(STEPS):
        return _give_up(f"There are {len(STEPS)} steps.", UNUSABLE)
    screen = Screen(zones.any_zone(export.zone))
    screen.say("Setting the stage: Azurite, Microsoft Graph and ERP.net, each a process on this machine …")
    try:
        with Companions() as companions:
            commands = CommandLine(calsync, settings_for(companions))
            stage = Stage(companions.origins["graph"], companions.origins["erpnet"], commands, export.zone)
            play = Play(stage, screen)
            prepare(play, export)
            screen.say("Each “$ calsync …” is really run, here with CALSYNC_HERE=1, since no app runs in this demo.")
            broken = perform(play, STEPS, only=manner.step, wait=_wait if manner.is_paused else lambda number: None)
            if not manner.step:
                summary(play, STEPS, broken)
                screen.say(NEXT)
            shown = [manner.step] if manner.step else [*range(1, len(STEPS) + 1)]
            return verdict(screen, broken, shown, manner.began)
    except (AzuriteMissing, CalsyncFailed) as reason:
        return _give_up(f"The stage cannot be set: {reason}", FAILED)


def prepare(play: Play, export: Export) -> None:
    """Hire the people, enter the calendar, and say what became of it."""
    from simulators.demo.cast import fill
    from simulators.demo.loading import enter, orders, shift_for

    play.stage.employ()
    shift = shift_for(export.entries, play.stage.today)
    told = enter(play.stage.outlook, orders(export, shift))
    weeks = shift.days // 7
    entered = told.pop("entered", 0)
    counted = "1 event or series is" if entered == 1 else f"{entered} events and series are"
    play.screen.say(f"“{export.name}”: {counted} in Anna's Outlook.")
    moved = f"are moved by {weeks} weeks into the coming ones; weekdays and times of day stay" if weeks else "stay"
    play.screen.say(f"Their dates {moved}.")
    _remark(play.screen, export.remarks + told)
    added = fill(play)
    if added:
        play.screen.say(f"It has too few plain meetings for the story: Anna enters {added} more.")


def _remark(screen: Screen, remarks: Counter[str]) -> None:
    for text, count in remarks.most_common():
        screen.say(f"  {count} × {text}", "dim")
