"""A field on which the sides stand apart, the open conflict of a link, and what a person has chosen about a field."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sync_core.model.sides import Side


class CategoryState(StrEnum):
    """The state of the conflict's category on the event."""

    NONE = "none"
    SET = "set"
    TAKEN_OFF = "taken off"


@dataclass(frozen=True, slots=True)
class Clash:
    """One field (or 'deletion') on which the sides disagree: what each shows (bounded text), and why it stays so."""

    field: str
    event_value: str
    activity_value: str
    why: str
    digest: str = ""
    """Of both whole values, where one of them is shown cut."""

    def is_between(self, other: Clash) -> bool:
        """Whether both sides still show what they show in the other clash, for whatever reason they stand apart."""
        return replace(self, why="") == replace(other, why="")


@dataclass(frozen=True, slots=True)
class Conflict:
    """The open conflict of a link. ``category`` is the state of the event's category (R9)."""

    clashes: tuple[Clash, ...]
    since_at: datetime
    category: CategoryState = CategoryState.NONE


@dataclass(frozen=True, slots=True)
class Chosen:
    """A person's choice for one field: which side's value is kept, while both show what the clash says."""

    clash: Clash
    keep: Side


@dataclass(frozen=True, slots=True)
class PutBack:
    """A field that an undo puts back on both sides: the text of its value ``before``, and the one that a round left
    (``after``) and that nobody may have edited since."""

    field: str
    before: str
    after: str
