"""A person's answer to an open conflict, as choices for its fields, and why some cannot be carried out."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from sync_core.model.conflict import Chosen, Clash
from sync_core.model.link import Link, Role
from sync_core.model.sides import Field, Side
from sync_core.people.privacy import PRIVATE
from sync_core.plan.dates import NEIGHBOUR
from sync_core.plan.delete import DELETION
from sync_core.plan.tables import REASONS, Obstacle
from sync_core.plan.update_rules import ONE_PRIVACY, RICH_BODY

PEOPLE_BY_HAND = "the lists of people are not chosen between: change the list on the side that is wrong"
HIDDEN = "its values are hidden by SYNC_PRIVATE=busy: make both sides say the same by hand"
NEITHER_SIDE = "neither side can be written: make the activity editable in ERP.net"


class Answer(StrEnum):
    """The side whose value a person keeps."""

    OUTLOOK = "outlook"
    ERP = "erp"


KEEPS = {Answer.OUTLOOK: Side.GRAPH, Answer.ERP: Side.ERP}


ONLY: Mapping[str, Answer] = {
    NEIGHBOUR: Answer.OUTLOOK,
    ONE_PRIVACY: Answer.OUTLOOK,
    RICH_BODY: Answer.OUTLOOK,
    REASONS[Obstacle.INVITED]: Answer.OUTLOOK,
    REASONS[Obstacle.LOCKED]: Answer.ERP,
}
"""Reasons for which one side cannot take what the other has: its own value alone can be kept."""


def answers_to(clash: Clash, role: Role) -> tuple[Answer, ...]:
    """The answers that can be offered for a field in conflict; none where ``by_hand`` says what to do instead.
    Nothing is ever written to an invited copy; keeping an activity whose event was deleted writes nothing."""
    if _hindrance(clash):
        return ()
    only, takes_erp = ONLY.get(clash.why), role is Role.OWN or clash.field == DELETION
    return tuple(one for one in Answer if only in (None, one) and (takes_erp or one is Answer.OUTLOOK))


def by_hand(clash: Clash, role: Role) -> str:
    """Why no answer can be carried out for a field, and what helps; '' where one can."""
    return "" if answers_to(clash, role) else _hindrance(clash) or NEITHER_SIDE


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
    why_not = [why for why in (_hindrance(clashes[name]) for name in by_field) if why]
    if len(why_not) == len(by_field):
        raise AnswerRefused(why_not[0])
    return tuple(Chosen(clashes[name], KEEPS[Answer(side)]) for name, side in by_field.items())


def _hindrance(clash: Clash) -> str:
    """Why nobody can choose between the values of a field, whatever the pair is."""
    if clash.field == Field.PEOPLE:
        return PEOPLE_BY_HAND
    return HIDDEN if clash.event_value == PRIVATE else ""


def is_resolved(before: Link, after: Link | None) -> bool:
    """Whether nothing is left of the conflict that was answered."""
    return after is None or (after.conflict is None and not after.chosen)


def has_moved_on(before: Link, after: Link | None) -> bool:
    """Whether a side changed between the answer and its carrying out, so that the conflict is another one now."""
    if after is None or before.conflict is None or after.conflict is None:
        return False
    known = {clash.field: clash for clash in before.conflict.clashes}
    return any(c.field not in known or not c.is_between(known[c.field]) for c in after.conflict.clashes)
