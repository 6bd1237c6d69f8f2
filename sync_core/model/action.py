"""What was done to an item, or how it stands: the word of the journal, of a report and of the list of what is not in
step.

An action's value is stored and given to programs, so it stays as it is. The command line prints it; the pages have a
sentence of their own for each (``portal/reasons.py``). A row of another build may bear a word that is not here, so
rows hold it as text.
"""

from __future__ import annotations

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

NEXT_ROUND = "in the next round: "


def planned(action: str) -> str:
    """The same as something that the next round would do, for whoever asks about an item."""
    return f"{NEXT_ROUND}{action}"


def as_planned(word: str) -> tuple[str, bool]:
    """The action in such a word (``planned``), and whether the next round would do it."""
    return word.removeprefix(NEXT_ROUND), word.startswith(NEXT_ROUND)
