"""One check of `calsync doctor`, and how one is made of a question that may fail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from jobs.commands.mistakes import told_of
from sync_core.errors import CalsyncError
from sync_core.model.phrase import Phrase

UNCONFIRMED = "unconfirmed"
"""The part of the checks that answers what no documentation confirms."""

OPEN = frozenset(
    {
        *("exchange-silent", "term-unknown"),
        *("series-nobody", "series-none", "series-unasked", "ids-unread", "changed-unseen", "window-unknown"),
        *("not-asked", "not-said", "no-changes", "unknown", "not-visible"),
    }
)
"""The codes of findings that leave their question without an answer, each with what would bring one where somebody
can do something about it."""

WARNING = frozenset({"window-confused", "window-astray"})
"""The codes of findings that say what must not be switched on here; nothing is wrong while it is off."""


class Grade(StrEnum):
    """What a check came to. ``OPEN``: its question has no answer. ``WARNED``: it tells what to keep switched off."""

    PASSED = "passed"
    OPEN = "open"
    WARNED = "warned"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One check. ``found`` is what was found out; of a failed check (``fine`` is false) also the remedy. ``part``:
    '' or ``UNCONFIRMED``."""

    what: Phrase
    fine: bool
    found: Phrase
    part: str = ""

    @property
    def grade(self) -> Grade:
        """What it came to; only a failed check makes `calsync doctor` fail."""
        if not self.fine:
            return Grade.FAILED
        return next((one for one, codes in TOLD.items() if self.found.code in codes), Grade.PASSED)


TOLD = {Grade.OPEN: OPEN, Grade.WARNED: WARNING}


class Lacking(CalsyncError):
    """Something is not as a sync needs it; ``found`` names all of it, and the remedy."""

    def __init__(self, found: Phrase) -> None:
        super().__init__(found.text)
        self.found = found


async def checked(what: Phrase, find: Callable[[], Awaitable[Phrase]]) -> Check:
    """A check of a question; an error of a side or the store is the answer of a failed one."""
    try:
        return Check(what, True, await find())
    except Lacking as lacking:
        return Check(what, False, lacking.found)
    except CalsyncError as error:
        return Check(what, False, told_of(error))
