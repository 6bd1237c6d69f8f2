"""What was done to an item, or how it stands: the word of the journal, of a report and of the list of what is not in
step.

An action's value is stored and given to programs, so it stays as it is. The command line prints it; the pages have a
sentence of their own for each (``portal/reasons.py``). A row of another build may bear a word that is not here, so
rows hold it as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, unique


@unique
class Action(StrEnum):
    """One thing that can be said of an item; ``ROUND`` and ``UNREADABLE`` are said of none."""

    ROUND = "round"
    UNREADABLE = "row cannot be read"
    ACTIVITY_CREATED = "activity created"
    EVENT_CREATED = "event created"
    LINKED = "linked"
    ACTIVITY_UPDATED = "activity updated"
    EVENT_UPDATED = "event updated"
    BOTH_UPDATED = "both updated"
    ACTIVITY_VOIDED = "activity voided"
    EVENT_REMOVED = "event removed"
    LINK_ENDED = "link ended"
    UNLINKED = "unlinked"
    FOLLOWED = "followed"
    HANDED_ON = "handed on"
    ANSWER_NOTED = "answer noted"
    CATEGORY_SET = "category set"
    CATEGORY_REMOVED = "category removed"
    VALUE_KEPT = "value kept"
    FOUND_AGAIN = "event found under another id"
    NOTHING = "nothing"
    CONFLICT = "conflict"
    HELD = "held"
    SKIPPED = "skipped"
    PARKED = "parked"
    ARCHIVED = "archived"
    REREAD = "to be read again"
    IN_STEP = "in step"
    ENDED = "ended"
    LEFT_ALONE = "left alone"
    WAITING = "waiting for its counterpart"
    SWITCHED_OFF = "switched off"
    NOT_OPERATIONAL = "user not operational"


UPDATES = frozenset({Action.ACTIVITY_UPDATED, Action.EVENT_UPDATED, Action.BOTH_UPDATED})
"""The writes that change fields of a pair."""

LEFT_FOR = "skipped: "
"""Stands before the reason for which a round left items alone, among the counts in its entry (``counts_in``)."""

NEXT_ROUND = "in the next round: "


def planned(action: str) -> str:
    """The same as something that the next round would do, for whoever asks about an item."""
    return f"{NEXT_ROUND}{action}"


def as_planned(word: str) -> tuple[str, bool]:
    """The action in such a word (``planned``), and whether the next round would do it."""
    return word.removeprefix(NEXT_ROUND), word.startswith(NEXT_ROUND)


def counts_of(done: Mapping[str, int], left: Mapping[str, int]) -> dict[str, str]:
    """The counts in the journal's entry of a round: what was done, and for which reasons items were left alone."""
    counts = {what: str(number) for what, number in done.items()}
    return counts | {f"{LEFT_FOR}{why}": str(number) for why, number in sorted(left.items())}


def counts_in(counts: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """What was done, and for which reasons items were left alone, of ``counts_of``."""
    done = {what: number for what, number in counts.items() if not what.startswith(LEFT_FOR)}
    left = {what.removeprefix(LEFT_FOR): n for what, n in counts.items() if what.startswith(LEFT_FOR)}
    return done, left
