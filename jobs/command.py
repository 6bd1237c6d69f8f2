"""A command: what somebody asked the app to do (``jobs.wish``), how far it has come, and its turn among others.

Only the app touches Outlook and ERP.net. Whoever wants something of it, on the page or on the command line, files a
*command*: a row, and a message on the work queue that names it (``jobs.commands.ask``). The app carries the command
out (``jobs.commands.serve``); whoever asked reads the row until it has ended, then the answer.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from jobs.trouble import Trouble
from jobs.wish import AT_ONCE, OPENINGS, Kind, Wish, named
from sync_core.model.phrase import Phrase

Json = dict[str, Any]

EXPIRES = timedelta(days=1)
"""A command is given up if it has not ended this long after it was asked for. Its answer is kept as long."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: the Entra object id, or what stands for it on a command line, and a name to show."""

    id: str
    name: str = ""


class State(StrEnum):
    """How far a command has come; ``REFUSED`` is one that asked for what there is not (exit 2)."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"


ENDED = frozenset({State.DONE, State.FAILED, State.REFUSED})


@dataclass(frozen=True, slots=True)
class Command:
    """One wish of somebody, and what became of it.

    ``done`` of ``total`` steps have been dealt with; ``total`` is 0 while that is not known. ``items`` are what is
    dealt with one after the other, openings first, as they were when the command began; where people are named, ()
    and the wish tells them. ``within`` is how many items of how many have been dealt with in the one step of what is
    done ``AT_ONCE``, or how many meetings of one person's sync; (0, 0) where none are counted. ``touched_at`` is when
    somebody last worked on it, ``waits_for`` says what holds it up, ``waits`` the same as data (None where an earlier
    build wrote the row). ``trouble`` is why it failed; ``told`` is the same in the words of the day, which may quote
    anything: it is a part of the answer and never stored here. ``is_fine`` is False where an item failed.
    """

    id: str
    wish: Wish
    asked_by: Asker
    asked_at: datetime
    expires_at: datetime
    state: State = State.WAITING
    done: int = 0
    total: int = 0
    items: tuple[str, ...] = ()
    touched_at: datetime | None = None
    finished_at: datetime | None = None
    waits_for: str = ""
    waits: Phrase | None = None
    trouble: Trouble | None = None
    told: str = ""
    is_fine: bool = True
    within: tuple[int, int] = (0, 0)
    etag: str = ""

    @property
    def progress(self) -> tuple[int, int]:
        """How many items of how many have been dealt with, as people count them; (0, 0) where nothing is counted."""
        is_counted = not (self.wish.everybody and self.wish.kind in (Kind.PAUSE, Kind.RESUME))
        if self.wish.kind in AT_ONCE or not is_counted:
            return self.within
        openings = len(OPENINGS.get(self.wish.kind, ()))
        done, total = max(0, self.done - openings), max(0, self.total - openings)
        return self.within if total == 1 and self.within[1] else (done, total)

    @property
    def opening(self) -> str:
        """The opening that is under way before the first item, '' for none."""
        openings = OPENINGS.get(self.wish.kind, ())[: self.total]
        return openings[self.done] if self.state is State.RUNNING and self.done < len(openings) else ""

    @property
    def is_ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ENDED

    @property
    def failure(self) -> str:
        """Why it failed, as a sentence with its remedy; '' where it did not."""
        return self.told or (self.trouble.text if self.trouble else "")


@dataclass(frozen=True, slots=True)
class Turn:
    """Which command last had a say about something, ``what`` it was (its kind and choice) and when it was asked."""

    asked_at: datetime
    command_id: str
    what: str = ""
    etag: str = ""


def turn_of(command: Command) -> Turn:
    """The turn of a command: by when it was asked."""
    return Turn(command.asked_at, command.id, named(command.wish))


FAR = 36**7 - 1
"""Seconds that seven digits of base 36 count: until the year 4453."""


def new_id(now: datetime) -> str:
    """Make an id for a command that is asked for now. Newer ids sort first, and nobody can guess one."""
    return f"{stamp(now)}-{secrets.token_hex(6)}"


def stamp(at: datetime) -> str:
    """The beginning of the ids of commands asked for at this instant; earlier ones sort later."""
    return f"{_base36(FAR - int(at.timestamp())):0>7}"


def is_id(text: str) -> bool:
    """Whether a text from outside has the form of ``new_id``."""
    time, _, rest = text.partition("-")
    return len(text) == 20 and len(time) == 7 and f"{time}{rest}".isalnum() and text.isascii() and text.islower()


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


def merged(parts: Sequence[Mapping[str, Any]]) -> Json:
    """Join the parts of an answer: lists are joined, a flag is true if all are, of texts the last one counts."""
    whole: Json = {}
    for part in parts:
        for name, value in part.items():
            match whole.get(name), value:
                case list() as before, list():
                    whole[name] = [*before, *value]
                case bool() as before, bool():
                    whole[name] = before and value
                case before, _:
                    whole[name] = value or before or value
    return whole
