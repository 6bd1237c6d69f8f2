"""By which names a round finds the links that its news is about, where it has not read all of them.

Whatever a step of the round asks about links must be named before. Of a link that nothing here names, and that is not
open, a step knows nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sync_core.content.names import ALL_FOLLOWERS, Names, named, series_key
from sync_core.model.link import Role
from sync_core.model.memory import Memory
from sync_core.model.sides import ErpActivity, GraphEvent, GraphReading, Malformed, Side
from sync_core.plan.unlinked import meeting_of
from sync_core.reading.frame import Frame
from sync_core.reading.news import GraphNews, lost_links


def names_in_memory(memory: Memory) -> Names:
    """What waits at the beginning of a round: the inbox and the pending items."""
    waiting = {side: [p.item_id for p in memory.pending if p.side is side] for side in Side}
    return named(
        events=waiting[Side.GRAPH],
        activities=[*waiting[Side.ERP], *(row.activity_id for row in memory.inbox)],
        ical_uids=[p.ical_uid for p in memory.pending],
    )


def names_of_strangers(frame: Frame) -> Names:
    """All followers, where the inbox holds an activity that no link here feeds: one of them may follow it."""
    fed = {link.activity_id for link in frame.memory.links if link.role is not Role.FOLLOWER}
    return ALL_FOLLOWERS if frame.inbox.keys() - fed else Names()


def names_in_news(news: GraphNews, *, with_series: bool = False) -> Names:
    """The events that were shown, named as removed, or asked about, and the series that were named; ``with_series``:
    each may be a series."""
    events = frozenset({*news.events, *news.removed, *news.evidence, *news.listed, *news.masters})
    return Names(events=events, series=events if with_series else frozenset())


def names_of_series(view: GraphReading, listed: Collection[str]) -> Names:
    """The listed series, and what a view shows them to be in every mailbox."""
    shown = [one.occurrence for one in view.events if one.occurrence is not None and one.series_id in listed]
    return Names(series=frozenset({*listed, *map(series_key, shown)}) - {""})


def names_of_meetings(news: GraphNews, frame: Frame) -> Names:
    """The meetings of events without a link, and of links whose event is lost."""
    free = [event.ical_uid for event in news.free(frame.links)]
    return named(ical_uids=[*free, *(link.ical_uid for link in lost_links(news, frame))])


def names_in_erp(activities: Mapping[str, ErpActivity | Malformed | None]) -> Names:
    """The activities that were read, by id, and the meetings that they name."""
    meetings = frozenset(meeting_of(a) for a in activities.values() if isinstance(a, ErpActivity)) - {""}
    return named(activities=activities) | Names(meetings=meetings)


def names_of_events(events: Iterable[GraphEvent]) -> Names:
    """Events that were found, with their meetings and the activities that our marks on them name."""
    found = [*events]
    return named(
        events=[event.id for event in found],
        activities=[event.mark for event in found if event.mark],
        ical_uids=[event.ical_uid for event in found],
    )
