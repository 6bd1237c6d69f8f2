"""Dates of a series beside each other: Outlook lets none of them reach the day of its neighbour (R22, graph.md §5).

The days are the user's; Exchange asks by the series' own zone, which the link does not know. Where that differs, or a
neighbour is neither linked nor read, Exchange refuses the move, and that is taken alike.
"""

from __future__ import annotations

from collections import defaultdict
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
from sync_core.model.series import Occurrence
from sync_core.model.sides import Field, GraphContent, GraphEvent
from sync_core.model.why import Why
from sync_core.plan.conflict import kept_conflict

NEIGHBOUR = Why.NEIGHBOUR

WITH_SERIES = "the whole series was changed in Outlook"
"""Why a plain date changes; one that was changed by itself comes back to its series so, too (graph.md §5)."""

REFUSED = "erroroccurrencecrossingboundary"
"""Exchange's own code for it, in lower case."""


def neighbours_of(links: Iterable[Link], unlinked: Iterable[GraphEvent], zone: ZoneInfo) -> dict[str, Neighbours]:
    """The days of the dates on either side of each date, by event id: of those that are linked, and of those that
    have no link (yet) and were read. Of two events that are one date, the linked one counts."""
    by_series: defaultdict[str, dict[date, tuple[str, date]]] = defaultdict(dict)
    for event_id, one, content in [*_linked(links), *((e.id, e.occurrence, e.content) for e in unlinked)]:
        if one is not None:
            day = _day_of(graph_when(content), zone)
            by_series[one.series_uid.casefold()].setdefault(one.day, (event_id, day))
    found: dict[str, Neighbours] = {}
    for dates in by_series.values():
        ordered = [dates[day] for day in sorted(dates)]
        days = [None, *(day for _, day in ordered), None]
        found |= {i: (before, after) for (i, _), before, after in zip(ordered, days, days[2:], strict=False)}
    return found


def _linked(links: Iterable[Link]) -> list[tuple[str, Occurrence | None, GraphContent]]:
    return [(link.event_id, link.occurrence, link.base_event) for link in links if link.status in WATCHED]


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
    return with_refusal(link, Pair(case, link, has_base=True), ctx)


def with_refusal(link: Link, pair: Pair, ctx: Context) -> Link:
    """The link with the conflict of a refused move beside its others."""
    others = tuple(one for one in link.conflict.clashes if one.field != Field.TIME) if link.conflict else ()
    conflict = kept_conflict(link, (*others, pair.clash(Field.TIME, NEIGHBOUR)), ctx.now)
    return life.live(link, NEIGHBOUR, reread=NEIGHBOUR, conflict=conflict)
