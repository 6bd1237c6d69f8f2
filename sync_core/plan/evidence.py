"""Which of several activities with an event's iCalUId is the event's: nothing in ERP.net forbids two (erpnet.md §6).

An import may make several, or a person who copies a document. Where the evidence is missing or contradicts itself,
none is chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sync_core.content.compare import Pair
from sync_core.model.decision import Case, Context
from sync_core.model.sides import EVERYTHING, ErpActivity, Field, GraphEvent, Side
from sync_core.plan.identity import began_with, new_link

BORN_APART = timedelta(minutes=1)
"""Of activities made closer to each other than this, as an import makes them, none is the older one."""

ALIKE = EVERYTHING - {Field.PEOPLE}
RECOGNISABLE = frozenset({Field.SUBJECT, Field.TIME})
"""What a meeting is recognised by although the rest was edited."""


def original(event: GraphEvent, named: Sequence[ErpActivity], ctx: Context, *, mark: str = "") -> ErpActivity | None:
    """The one of several living activities with the event's iCalUId that the event belongs to; None where the
    evidence is missing or contradicts itself.

    Our own ``mark`` on the event decides. Else it is told by the content that is the event's, by the service user who
    made it (whoever copies a document is a person), and by age.
    """
    certain = [activity for activity in named if activity.id == mark] or list(named)
    if len(certain) == 1:
        return certain[0]
    chosen = {one.id: one for vote in EVIDENCE if (one := vote(event, named, ctx)) is not None}
    return next(iter(chosen.values())) if len(chosen) == 1 else None


def _by_content(event: GraphEvent, named: Sequence[ErpActivity], ctx: Context) -> ErpActivity | None:
    alike = {activity.id: _agreed(event, activity, ctx) for activity in named}
    for fields in (ALIKE, RECOGNISABLE):
        fits = [activity for activity in named if fields <= alike[activity.id]]
        if fits:
            return fits[0] if len(fits) == 1 else None
    return None


def _agreed(event: GraphEvent, activity: ErpActivity, ctx: Context) -> frozenset[Field]:
    case = Case(event=event, activity=activity)
    pair = Pair(case, new_link(event, activity, Side.GRAPH, ctx), has_base=False)
    return frozenset(field for field in ALIKE if pair.is_same(field))


def _by_maker(event: GraphEvent, named: Sequence[ErpActivity], ctx: Context) -> ErpActivity | None:
    made = [activity for activity in named if not began_with(activity, ctx)]
    return made[0] if len(made) == 1 else None


def _by_age(event: GraphEvent, named: Sequence[ErpActivity], ctx: Context) -> ErpActivity | None:
    ages = sorted((one.created, one.id) for one in named if one.created is not None)
    if len(ages) < len(named) or ages[1][0] - ages[0][0] <= BORN_APART:
        return None
    return next(one for one in named if one.id == ages[0][1])


EVIDENCE = (_by_content, _by_maker, _by_age)
