"""What a person, and an administrator, is told of by a notification: each cause once, in one sentence.

A cause is known by a key that stays the same while it lasts: an error by its text, a list by its own key, a conflict
by its item and its age. What is over is forgotten, so that it is told again if it comes back. No notification holds a
title or a name: ERP.net shows it to whoever may read it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from hashlib import sha256

from sync_core.model.memory import Approval, Memory, User

LONGEST = 256
"""Characters of a notification's subject (erpnet.md §10)."""

MOST = 1_000
"""Causes that are remembered of one person."""


class Cause(StrEnum):
    """What somebody is told of."""

    ERROR = "error"
    HOLD = "hold"
    CONFLICT = "conflict"


SAYS = {
    Cause.ERROR: ("sync does not work", "sync does not work"),
    Cause.HOLD: ("a list of deletions waits for an answer", "{} lists of deletions wait for an answer"),
    Cause.CONFLICT: ("a meeting is in conflict", "{} meetings are in conflict"),
}
"""One, and several."""


def causes_of(user: User, memory: Memory) -> dict[str, Cause]:
    """What a person is to be told of now, by key; not an error that a notification of its own tells (R5)."""
    found: dict[str, Cause] = {}
    if not user.is_operational and not user.notified:
        found[_key(Cause.ERROR, user.state)] = Cause.ERROR
    for hold in memory.holds:
        if hold.approval == Approval.OPEN and hold.items:
            found[_key(Cause.HOLD, hold.key)] = Cause.HOLD
    for link in memory.links:
        if link.conflict is not None:
            found[_key(Cause.CONFLICT, f"{link.event_id}{link.conflict.since_at.isoformat()}")] = Cause.CONFLICT
    return found


def _key(cause: Cause, text: str) -> str:
    return f"{cause}-{sha256(text.encode()).hexdigest()[:12]}"


def notice(told: Collection[str], causes: Mapping[str, Cause], state: str) -> tuple[str, tuple[str, ...]]:
    """The notification about the causes that are new, '' where none is, and what has been told of afterwards."""
    new = Counter(cause for key, cause in causes.items() if key not in told)
    said = [_said(cause, new[cause]) for cause in Cause if new[cause]]
    if new[Cause.ERROR]:
        said[0] = f"{said[0]}: {state.removeprefix('Error: ')}"
    text = f"Outlook and ERP.net: {'; '.join(said)}." if said else ""
    return _bounded(text), tuple(sorted(causes)[:MOST])


def _said(cause: Cause, number: int) -> str:
    one, several = SAYS[cause]
    return one if number == 1 else several.format(number)


def _bounded(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def digest(users: Iterable[User], more: Iterable[str] = ()) -> str:
    """The daily notification to administrators, '' where nothing needs them; ``more`` are sentences of their own."""
    on = [user for user in users if user.enabled]
    in_error = sum(not user.is_operational for user in on)
    holds, conflicts = sum(one.tally.holds for one in on), sum(one.tally.conflicts for one in on)
    numbers = [
        (in_error, "person in error", "people in error"),
        (holds, "list of deletions to approve or drop", "lists of deletions to approve or drop"),
        (conflicts, "meeting in conflict", "meetings in conflict"),
    ]
    said = [f"{n} {one if n == 1 else many}" for n, one, many in numbers if n]
    said += more
    return _bounded(f"calsync needs you: {'; '.join(said)}. `calsync status` says more.") if said else ""
