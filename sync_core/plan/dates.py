"""Dates of a series beside each other: Outlook lets none of them reach the day of its neighbour (R22, graph.md §5).

The days are the user's; Exchange asks by the series' own zone, which the link does not know. Where that differs, or a
neighbour is not linked, Exchange refuses the move, and that is taken alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

from sync_core.content.compare import Pair
from sync_core.content.project import graph_when
from sync_core.content.window import bounds, local_day
from sync_core.model import link as life
from sync_core.model.decision import Case, Context, Neighbours
from sync_core.model.event import AllDay, When
from sync_core.model.link import WATCHED, Link
from sync_core.model.sides import Field
from sync_core.model.why import Why
from sync_core.plan.conflict import kept_conflict

NEIGHBOUR = Why.NEIGHBOUR

WITH_SERIES = "the whole series was changed in Outlook"
"""Why a plain date changes; one that was changed by itself comes back to its series so, too (graph.md §5)."""

REFUSED = "erroroccurrencecrossingboundary"
"""Exchange's own code for it, in lower case."""


def neighbours_of(links: Iterable[Link], zone: ZoneInfo) -> dict[str, Neighbours]:
    """The days of the dates on either side of each linked date, by event id."""
    by_series: dict[str, list[Link]] = {}
    for link in links:
        if link.occurrence is not None and link.status in WATCHED:
            by_series.setdefault(link.occurrence.series_uid.casefold(), []).append(link)
    found: dict[str, Neighbours] = {}
    for group in by_series.values():
        ordered = sorted(group, key=lambda x: x.occurrence.day if x.occurrence else date.min)
        days = [None, *(_day_of(graph_when(link.base_event), zone) for link in ordered), None]
        found |= {
            link.event_id: (before, after) for link, before, after in zip(ordered, days, days[2:], strict=False)
        }
    return found


def is_between(when: When, neighbours: Neighbours, zone: ZoneInfo) -> bool:
    """Whether a date that starts then stays between the days of its neighbours (None = not known)."""
    before, after = neighbours
    day = _day_of(when, zone)
    return (before is None or before < day) and (after is None or day < after)


def _day_of(when: When, zone: ZoneInfo) -> date:
    return when.first if isinstance(when, AllDay) else local_day(bounds(when, zone)[0], zone)


def refused_move(case: Case, ctx: Context) -> Link | None:
    """The link of a date whose move Exchange has refused: a listed conflict, decided again with it; None for an item
    that is no linked date."""
    link = case.link
    if link is None or link.occurrence is None:
        return None
    clash = Pair(case, link, has_base=True).clash(Field.TIME, NEIGHBOUR)
    others = tuple(one for one in link.conflict.clashes if one.field != Field.TIME) if link.conflict else ()
    return life.live(link, NEIGHBOUR, reread=NEIGHBOUR, conflict=kept_conflict(link, (*others, clash), ctx.now))
