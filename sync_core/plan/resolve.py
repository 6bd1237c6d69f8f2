"""A person's answer to an open conflict, as choices for its fields, and why some cannot be carried out."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from sync_core.model.conflict import Chosen
from sync_core.model.link import Link
from sync_core.model.sides import Field, Side
from sync_core.people.privacy import PRIVATE
from sync_core.plan.dates import NEIGHBOUR
from sync_core.plan.update_rules import ONE_PRIVACY

PEOPLE_BY_HAND = "the lists of people are not chosen between: change the list on the side that is wrong"
HIDDEN = "its values are hidden by SYNC_PRIVATE=busy: make both sides say the same by hand"


class Answer(StrEnum):
    """The side whose value a person keeps."""

    OUTLOOK = "outlook"
    ERP = "erp"


KEEPS = {Answer.OUTLOOK: Side.GRAPH, Answer.ERP: Side.ERP}


OUTLOOKS = frozenset({NEIGHBOUR, ONE_PRIVACY})
"""Why Outlook cannot take what ERP.net has: only its own value can be kept."""


def answers_to(why: str) -> tuple[Answer, ...]:
    """The answers that can be offered where a field is in conflict for this reason."""
    return (Answer.OUTLOOK,) if why in OUTLOOKS else tuple(Answer)


class AnswerRefused(ValueError):
    """The answer does not fit the conflict; the text says why and what would."""


def choices(link: Link, answer: str | Mapping[str, str]) -> tuple[Chosen, ...]:
    """The choices that an answer makes: a side for everything, or one for each field that is named.

    Fields that are not named stay in conflict. Raises ``AnswerRefused``.
    """
    clashes = {clash.field: clash for clash in link.conflict.clashes} if link.conflict else {}
    by_field = dict.fromkeys(clashes, answer) if isinstance(answer, str) else dict(answer)
    strange = sorted(set(by_field) - set(clashes))
    if strange or not by_field:
        raise AnswerRefused(f"the conflict is about {', '.join(sorted(clashes))}: name a side for each of these")
    if set(by_field.values()) - set(Answer):
        raise AnswerRefused(f"keep {' or '.join(Answer)}")
    why_not = [why for why in (_hindrance(clashes[name].event_value, name) for name in by_field) if why]
    if len(why_not) == len(by_field):
        raise AnswerRefused(why_not[0])
    return tuple(Chosen(clashes[name], KEEPS[Answer(side)]) for name, side in by_field.items())


def _hindrance(event_value: str, name: str) -> str:
    if name == Field.PEOPLE:
        return PEOPLE_BY_HAND
    return HIDDEN if event_value == PRIVATE else ""


def is_resolved(before: Link, after: Link | None) -> bool:
    """Whether nothing is left of the conflict that was answered."""
    return after is None or (after.conflict is None and not after.chosen)


def has_moved_on(before: Link, after: Link | None) -> bool:
    """Whether a side changed between the answer and its carrying out, so that the conflict is another one now."""
    if after is None or before.conflict is None or after.conflict is None:
        return False
    known = {clash.field: clash for clash in before.conflict.clashes}
    return any(c.field not in known or not c.is_between(known[c.field]) for c in after.conflict.clashes)
