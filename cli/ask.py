"""Asks the app on the command line: files a command, shows how far it has come, and reads the answer.

Whoever stops waiting (Ctrl-C) stops nothing else: the command goes on, and `calsync commands ID` shows it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Protocol

from cli.stopping import Stop
from cli.text.words import OPENINGS
from jobs.command import Asker, Command, Json, State, new_id
from jobs.commands.ask import ask, look, read_answer
from jobs.wish import Wish
from sync_core.errors import CalsyncError, RowUnreadable, StoreUnavailable

if TYPE_CHECKING:
    from jobs.world import World

FIRST_LOOK, LONGEST_LOOK = 0.1, 2.0
"""Seconds between two looks at a command: the first time, and at most."""

UNSEEN_AFTER = 30.0
"""Seconds after which it is said that nobody has begun on a command."""

UNSEEN = (
    "The app has not begun on this yet. Does it run (`calsync doctor`)? One of an older build leaves alone what it "
    "does not know. With --here it is done in this process."
)

GONE = "somebody erased what was asked: ask again; what was done meanwhile stays done"

STILL_AFTER = 120.0
"""Seconds without progress after which it is said that the worker may be gone."""

STILL = (
    "The app has shown no progress on this for two minutes: one item takes long, or its worker was cut off. Then it "
    "goes on by itself within half an hour; Ctrl-C stops nothing but this waiting."
)

NEWER = (
    "the app is of a newer build than this calsync, and goes on with what was asked: install the app's version here, "
    "then `calsync commands {}` shows what became of it"
)

SILENT = (
    "has not begun on this within a minute: see whether it runs and what it logs, in the Azure portal; `calsync "
    "doctor --here` checks what it needs"
)


class AppSilent(CalsyncError):
    """The app does not begin on what it was asked."""


class Unanswered(CalsyncError):
    """No answer comes to whoever waits here; the text says why, and what helps."""


class Told(Protocol):
    """Where whoever asks is told how it goes (``cli.screen.Screen``)."""

    def notice(self, text: str) -> None:
        """What must be said."""

    def detail(self, text: str) -> None:
        """A step, for whoever wants to know each."""

    def progress(self, total: int, begins_with: str = ...) -> AbstractContextManager[Callable[[str], None]]:
        """Shows how far something of so many items has come; what it yields is called with each one's name. Before
        the first, it says what it ``begins_with``."""


async def ask_and_wait(desk: World, wish: Wish, by: Asker, told: Told, stop: Stop) -> tuple[Command, Json]:
    """The command once it has ended, and its answer.

    Raises ``WishInvalid``, ``Unanswered`` and what the store raises.
    """
    name = new_id(desk.clock())
    told.detail(f"asking the app as {by.name or by.id}: {wish.kind}, command {name}")
    stop.words = f"Not waited for; the app goes on with it: `calsync commands {name}` shows how far it is."
    stop.first = filing = asyncio.ensure_future(ask(desk, wish, by, id=name))  # without its message it would wait
    command = await asyncio.shield(filing)
    try:
        command = await _ended(desk, command, told, stop.begin_within)
        told.detail(_stands(command))
        stop.words = f"Stopped; the app has ended it: `calsync commands {name}` shows the answer."
        return command, await read_answer(desk, command)
    except StoreUnavailable:
        told.notice(stop.words)
        raise
    except RowUnreadable as error:
        if error.is_newer:
            raise Unanswered(NEWER.format(name)) from error
        raise


async def _ended(desk: World, command: Command, told: Told, begin_within: float) -> Command:
    said, pause, waited, shown, counted = "", FIRST_LOOK, 0.0, 0, 0
    touched_at, still_since = command.touched_at, 0.0
    with ExitStack() as bars:
        step: Callable[[str], None] | None = None
        while not command.is_ended:
            await asyncio.sleep(pause)
            waited, pause = waited + pause, min(LONGEST_LOOK, pause * 1.5)
            found = await look(desk, command.id)
            if found is None:
                raise Unanswered(GONE)
            command = found
            told.detail(_stands(command))
            if _is_unseen(command, waited - begin_within + UNSEEN_AFTER) and not command.waits_for:
                raise AppSilent(SILENT)
            if command.touched_at != touched_at:
                touched_at, still_since = command.touched_at, waited
            is_still = command.state is State.RUNNING and waited - still_since >= STILL_AFTER
            words = command.waits_for or (UNSEEN if _is_unseen(command, waited) else STILL if is_still else "")
            if words not in ("", said):
                told.notice(words)
                said = words
            done, total = command.progress
            if max(total, command.total) > 1 and (step is None or total != counted):
                bars.close()  # what is counted is known anew: after the people, one person's meetings
                step = bars.enter_context(told.progress(total, OPENINGS.get(command.opening, "working")))
                shown, counted = 0, total
            if step is not None:
                for number in range(shown, done):
                    step(f"{number + 1} of {total}")
                shown = done
    return command


def _stands(command: Command) -> str:
    """How far it has come, as a step to be told."""
    done, total = command.progress
    words = OPENINGS.get(command.opening, f"{done} of {total}" if total else "")
    return f"{command.state}, {words}" if words else str(command.state)


def _is_unseen(command: Command, waited: float) -> bool:
    return command.state is State.WAITING and waited >= UNSEEN_AFTER
