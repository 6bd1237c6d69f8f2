"""Chooses which of several activities with an event's iCalUId is the event's: ERP.net forbids none (erpnet.md §6).

An import may make several, and so may a person who copies a document. Where the evidence is missing or contradicts
itself, none is chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sync_core.content.compare import Pair
from sync_core.model.decision import Case, Context
from sync_core.model.sides import EVERYTHING, ErpActivity, Field, GraphEvent, Side
from sync_core.plan.identity import began_with, new_link

BORN_APART = timedelta(minutes=1)
"""Of two activities made closer together than this, as by an import, neither counts as the older one."""

ALIKE = EVERYTHING - {Field.PEOPLE}
RECOGNISABLE = frozenset({Field.SUBJECT, Field.TIME})
"""Fields by which a meeting is recognised although the others were edited."""


def original(event: GraphEvent, named: Sequence[ErpActivity], ctx: Context, *, mark: str = "") -> ErpActivity | None:
    """The one activity, of several that are not void, that belongs to the event; None where the evidence does not
    tell.

    Our own ``mark`` on the event decides. Without it three kinds of evidence must not contradict each other: equal
    content, a service user as the creator (a person who copies a document is none), and age.
    """
    certain = [activity for activity in named if activity.id == mark] or list(named)
    if len(certain) == 1:
        return certain[0]
    chosen = {one.id: one for vote in EVIDENCE if (one := vote(event, named, ctx)) is not None}
    return next(iter(chosen.values())) if len(chosen) == 1 else None


def _by_content(event: GraphEvent, named: Sequence[ErpActivity], ctx: Context) -> ErpActivity | None:
    """The only activity that shows what the event shows."""
    alike = {activity.id: _agreed(event, activity, ctx) for activity in named}
    for fields in (ALIKE, RECOGNISABLE):
        fits = [activity for activity in named if fields <= alike[activity.id]]
        if fits:
            return fits[0] if len(fits) == 1 else None
    return None


def _agreed(event: GraphEvent, activity: ErpActivity, ctx: Context) -> frozenset[Field]:
    """The fields on which an event and an activity agree."""
    case = Case(event=event, activity=activity)
    pair = Pair(case, new_link(event, activity, Side.GRAPH, ctx), has_base=False)
    return frozenset(field for field in ALIKE if pair.is_same(field))


def _by_creator(event: GraphEvent, named: Sequence[ErpActivity], ctx: Context) -> ErpActivity | None:
    """The only activity that a service user made."""
    made = [activity for activity in named if not began_with(activity, ctx)]
    return made[0] if len(made) == 1 else None


def _by_age(event: GraphEvent, named: Sequence[ErpActivity], ctx: Context) -> ErpActivity | None:
    """The activity that was made first."""
    ages = sorted((one.created, one.id) for one in named if one.created is not None)
    if len(ages) < len(named) or ages[1][0] - ages[0][0] <= BORN_APART:
        return None
    return next(one for one in named if one.id == ages[0][1])


EVIDENCE = (_by_content, _by_creator, _by_age)
