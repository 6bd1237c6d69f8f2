"""One check of `calsync doctor`, and how one is made of a question that may fail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sync_core.errors import CalsyncError

UNCONFIRMED = "unconfirmed"
"""The part of the checks that answers what no documentation confirms."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check. ``text`` says what was found; of a failed check (``fine`` is false) also the remedy. ``part``:
    '' or ``UNCONFIRMED``."""

    what: str
    fine: bool
    text: str
    part: str = ""


class Lacking(CalsyncError):
    """Something is not as a sync needs it; the text names all of it, and the remedy."""


async def checked(what: str, find: Callable[[], Awaitable[str]]) -> Check:
    """A check of a question; an error of a side or the store is the answer of a failed one."""
    try:
        return Check(what, True, await find())
    except CalsyncError as error:
        return Check(what, False, str(error))
