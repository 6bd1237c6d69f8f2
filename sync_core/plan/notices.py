"""What a person, and an administrator, is told of by a notification: each cause once, in one sentence.

A cause is known by a key that stays the same while it lasts: an error by its text, a list by its own key, a conflict
by its item and its age. What is over is forgotten, so that it is told again if it comes back. No notification holds a
title or a name: ERP.net shows it to whoever may read it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from sync_core.model.hold import Approval
from sync_core.model.memory import Memory
from sync_core.model.user import User, without_error
from sync_core.plan.needs import UNKNOWN, Need, in_order, of_person

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
        said[0] = f"{said[0]}: {without_error(state)}"
    text = f"Outlook and ERP.net: {'; '.join(said)}." if said else ""
    return _bounded(text), tuple(sorted(causes)[:MOST])


def _said(cause: Cause, number: int) -> str:
    one, several = SAYS[cause]
    return one if number == 1 else several.format(number)


def _bounded(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence of the digest, and since when it holds (None = nobody knows)."""

    since: datetime | None
    text: str


NUMBERS = {
    Need.ERROR: ("person in error", "people in error"),
    Need.HOLDS: ("list of deletions to approve or drop", "lists of deletions to approve or drop"),
    Need.CONFLICTS: ("meeting in conflict", "meetings in conflict"),
}
"""What the digest counts, one and several."""


def digest(users: Iterable[User], more: Iterable[Told] = ()) -> str:
    """The daily notification to administrators, '' where nothing needs them: each number, and each of ``more``, in
    the order in which the oldest of it began to wait (``needs.in_order``)."""
    found = in_order(one for user in users for one in of_person(user))
    counted: Counter[Need] = Counter()
    since: dict[Need, datetime | None] = {}
    for one in found:
        counted[one.need] += one.count
        since.setdefault(one.need, one.since)
    told = [Told(since[need], f"{counted[need]} {_noun(need, counted[need])}") for need in NUMBERS if counted[need]]
    said = [one.text for one in sorted([*told, *more], key=lambda one: one.since or UNKNOWN)]
    return _bounded(f"calsync needs you: {'; '.join(said)}. `calsync status` says more.") if said else ""


def _noun(need: Need, number: int) -> str:
    return NUMBERS[need][0 if number == 1 else 1]
