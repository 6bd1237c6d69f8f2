"""What Microsoft Graph has shown in this round of one calendar, and what that means for each link. Nothing is read
here.

The delta query names what changed. Neither a removal nor absence proves a deletion. So a doubtful event is read by id
(``doubtful``), and ``judge_gone`` weighs the evidence.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sync_core.content.changes import changed_in_graph
from sync_core.content.project import graph_when, is_private, masked
from sync_core.content.ranges import uid_key
from sync_core.content.window import bounds
from sync_core.model.decision import Context, Sight
from sync_core.model.event import Window
from sync_core.model.link import WATCHED, Link, LinkStatus, Role, is_given_up
from sync_core.model.pending import UNHINDERED, Pending, PendingState
from sync_core.model.policy import PrivateRule, SeriesRule
from sync_core.model.sides import EventKind, Evidence, GraphEvent, GraphReading, Malformed, Side
from sync_core.people.mail import invited
from sync_core.plan.delete import judge_gone, sight_of_malformed
from sync_core.plan.over import is_over_link
from sync_core.plan.relocate import Move, by_uid
from sync_core.reading.frame import Frame

AWAY = frozenset({Sight.GONE, Sight.ELSEWHERE})
"""Sights of an event that is no longer in the calendar."""

OTHER_EVENT = "Microsoft Graph answers with another event"


@dataclass(frozen=True, slots=True)
class GraphNews:
    """What was read of one calendar so far, by event id. Each further reading makes a new value.

    ``evidence`` is what Graph said about events that were read one by one. ``removed`` are the ids that the delta
    query named as removed, ``shown`` the ids of the events that it showed. ``fresh`` events are news whatever version
    their link remembers. ``with_marks`` are the events that were read with our marks. ``delta_link`` is the next one,
    asked for ``delta_window``. ``is_whole`` says that the whole window was read anew. ``looked`` is the span that was
    read in place of a delta query without end. ``is_expired`` says that the delta link had expired, ``is_moving``
    that links took new ids as well, because the calendar was moved or restored.

    Of series (reading/series.py): ``listed`` are the masters that the delta query named, ``masters`` those that were
    read, by id. ``dates`` are the sights of linked dates that the view lacks, by event id; ``unnamed`` are those that
    their living series does not know any more. ``awaiting`` are the events as which one of them may go on of which
    nothing is known yet, ``beyond`` the dates outside the window, as which linked ones may go on and no others.
    """

    events: Mapping[str, GraphEvent | Malformed] = field(default_factory=dict)
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()
    fresh: frozenset[str] = frozenset()
    with_marks: frozenset[str] = frozenset()
    delta_link: str | None = None
    delta_window: Window | None = None
    is_whole: bool = False
    looked: Window | None = None
    is_expired: bool = False
    is_moving: bool = False
    listed: frozenset[str] = frozenset()
    masters: Mapping[str, GraphEvent] = field(default_factory=dict)
    dates: Mapping[str, Sight] = field(default_factory=dict)
    unnamed: frozenset[str] = frozenset()
    awaiting: frozenset[str] = frozenset()
    beyond: Mapping[str, GraphEvent] = field(default_factory=dict)

    def event(self, event_id: str) -> GraphEvent | None:
        """The event, None where it was not read or not understood."""
        found = self.events.get(event_id)
        return found if isinstance(found, GraphEvent) else None

    def tells_of(self, event_id: str) -> bool:
        """Whether an event was read, or its evidence, or what became of it as a date of a series."""
        return event_id in self.events or event_id in self.evidence or event_id in self.dates

    def free(self, known: Container[str]) -> list[GraphEvent]:
        """The events whose id is not in ``known``: those without a link."""
        return [e for i, e in self.events.items() if isinstance(e, GraphEvent) and i not in known]


# Taking in what was read


def permitted(event: GraphEvent, ctx: Context) -> GraphEvent:
    """The event as the company's policy lets calsync know it: ``SYNC_PRIVATE`` hides, and a date of a series is an
    item of its own, known by its own iCalUId, with ``SYNC_SERIES=window`` only."""
    if event.occurrence is not None:
        is_item = ctx.policy.series is SeriesRule.WINDOW
        event = replace(event, ical_uid=event.occurrence.uid) if is_item else replace(event, occurrence=None)
    if ctx.policy.private is PrivateRule.BUSY and is_private(event.content):
        return replace(event, content=masked(event.content), attendees=(), hidden_attendees=len(invited(event)))
    return event


def taken(news: GraphNews, reading: GraphReading, window: Window | None, ctx: Context) -> GraphNews:
    """Add one reading, whose delta link was asked for ``window``. Of two deliveries of an id the later one counts. A
    removal stays a hint, which ``doubtful`` follows up."""
    events = dict(news.events) | {event.id: permitted(event, ctx) for event in reading.events}
    events |= {bad.id: bad for bad in reading.malformed}
    left = {event_id: event for event_id, event in events.items() if event_id not in reading.removed}
    removed = news.removed | frozenset(reading.removed)
    return replace(news, events=left, removed=removed, delta_link=reading.delta_link, delta_window=window)


def with_evidence(news: GraphNews, found: Mapping[str, Evidence], frame: Frame) -> GraphNews:
    """Add what Graph said about single events. An event without a link counts only where it is certainly in the
    calendar."""
    events, evidence, links = dict(news.events), dict(news.evidence), frame.links
    for event_id, one in found.items():
        if isinstance(one.event, GraphEvent) and one.event.id != event_id:
            one = Evidence(Malformed(Side.GRAPH, event_id, OTHER_EVENT, is_passing=True))
        evidence[event_id] = one
        if isinstance(one.event, GraphEvent) and (event_id in links or judge_gone(one) is Sight.PRESENT):
            events[event_id] = permitted(one.event, frame.ctx)
        else:
            events.pop(event_id, None)
    return replace(news, events=events, evidence=evidence)


def with_formatted(news: GraphNews, read: Mapping[str, GraphEvent | Malformed | None], ctx: Context) -> GraphNews:
    """Add events that were read with their HTML. They are fresh, whatever version their link remembers."""
    whole = {i: e for i, e in read.items() if isinstance(e, GraphEvent) and e.id == i}
    other = {i: Evidence(e) for i, e in read.items() if i not in whole and i not in news.evidence}
    formatted = replace(
        news,
        events={**news.events, **{i: permitted(event, ctx) for i, event in whole.items()}},
        evidence={**news.evidence, **other},
        fresh=news.fresh | frozenset(whole),
    )
    return with_series_times(formatted)


def with_series_times(news: GraphNews) -> GraphNews:
    """The news whose dates know when their series was last changed, where anything that was read tells.

    A master, and a plain date, tell the time of their whole series. All rows of a series bear the same version
    (graph.md §5), so it is a changed date's as well where the version is: the same state was read. Of another state,
    or where none of these was read, as when a changed date is read by itself, nobody knows it.
    """
    read = [e for e in (*news.events.values(), *news.beyond.values()) if isinstance(e, GraphEvent)]
    times: dict[tuple[str | None, str], datetime] = {}
    for one in (*news.masters.values(), *(e for e in read if e.kind is EventKind.OCCURRENCE)):
        if one.modified_at is not None:
            state = (one.series_id or one.id, one.change_key)
            times[state] = max(one.modified_at, times.get(state, one.modified_at))
    dated = {
        e.id: replace(e, series_at=times.get((e.series_id, e.change_key), e.series_at))
        for e in read
        if e.occurrence is not None and e.modified_at is not None
    }
    return replace(
        news,
        events={i: dated.get(i, event) for i, event in news.events.items()},
        beyond={i: dated.get(i, event) for i, event in news.beyond.items()},
    )


def without_moved(news: GraphNews, found: Collection[Move]) -> GraphNews:
    """Drop what was read under ids that links no longer have, after they took new ones."""
    stale = {move.old.event_id for move in found}
    events = {event_id: event for event_id, event in news.events.items() if event_id not in stale}
    return replace(news, events=events, is_moving=news.is_expired and bool(found))


# What it says of a link


def sight_of(link: Link, news: GraphNews) -> tuple[GraphEvent | None, Sight, str]:
    """What this round saw of a link's event, and an explanation where it cannot be understood."""
    event, evidence = news.events.get(link.event_id), news.evidence.get(link.event_id)
    for bad in (evidence.event if evidence else None, event):
        if isinstance(bad, Malformed):
            return None, sight_of_malformed(bad), bad.reason
    if isinstance(event, Malformed):
        return None, Sight.UNREAD, ""
    if link.occurrence is not None:
        return _sight_of_date(link, event, news)
    if evidence is not None:
        sight = judge_gone(evidence)
        return (event if sight is Sight.PRESENT else None), sight, ""
    if event is None or is_stale(link, event, news):
        return None, Sight.UNREAD, ""
    return event, Sight.PRESENT, ""


def _sight_of_date(link: Link, event: GraphEvent | None, news: GraphNews) -> tuple[GraphEvent | None, Sight, str]:
    """What this round saw of a date of a series. Its id is a handle only: that it answers 404 proves nothing, and
    that it answers does not prove its series to be in the calendar."""
    if event is not None and news.dates.get(link.event_id, Sight.PRESENT) is Sight.PRESENT:
        is_asked = bool(link.reread) or link.conflict is not None or link.status is not LinkStatus.LIVE
        is_news = is_asked or not is_stale(link, event, news)
        return (event, Sight.PRESENT, "") if is_news else (None, Sight.UNREAD, "")
    is_doubtful = link.event_id in news.evidence
    return None, news.dates.get(link.event_id, Sight.UNDECIDED if is_doubtful else Sight.UNREAD), ""


def is_stale(link: Link, event: GraphEvent, news: GraphNews) -> bool:
    """Whether an event says nothing that its link does not know.

    A delta query may lag behind our own write (graph.md §3), so a state older than the link's last one is no news.
    The link's last state is no news either, unless it holds an edit that has not been written to the other side.
    """
    if event.id in news.fresh:
        return False
    if event.change_key == link.change_key:
        return not changed_in_graph(link.base_event, event.content)
    seen_at, modified_at = link.modified_at, event.modified_at
    return seen_at is not None and modified_at is not None and modified_at < seen_at


def is_copy_lost(link: Link, news: GraphNews) -> bool:
    """Whether a linked event is no longer in the calendar, or cancelled."""
    event = news.event(link.event_id)
    return sight_of(link, news)[1] in AWAY or (event is not None and event.is_cancelled)


# What is to be read by id


def doubtful(news: GraphNews, frame: Frame) -> set[str]:
    """The ids of the events to read one by one: removed or absent ones, events of tombstones that are shown again,
    events of pending rows that are due, and those of links that ask for it or whose meeting is shown under another
    id."""
    links, shown = {i: x for i, x in frame.links.items() if x.occurrence is None}, shown_meetings(news, frame)
    ids = {i for i in news.removed & set(links) if links[i].status is not LinkStatus.ARCHIVED}
    ids |= {event_id for event_id, link in links.items() if _is_doubtful(link, news, frame, shown)}
    return ids | {
        p.item_id for p in due_pending(news, frame) if p.side is Side.GRAPH and p.item_id not in news.events
    }


def _is_doubtful(link: Link, news: GraphNews, frame: Frame, shown: Container[str]) -> bool:
    is_read = link.event_id in news.events
    if (link.status is LinkStatus.TOMBSTONE and is_read) or _is_asked(link, frame):
        return True
    if link.status not in WATCHED:  # what is over asks where a person answered, or where a look at it has failed
        return _is_due(link, frame)
    is_missing = not is_read and (_is_expected(link, news, frame) or uid_key(link.ical_uid) in shown)
    return is_missing or _is_due(link, frame) or _is_approved(link, frame) or (not is_read and _is_held(link, frame))


def asks_for_reading(link: Link, news: GraphNews, frame: Frame) -> bool:
    """Whether a link must be looked at although the delta query says nothing of it."""
    if _is_asked(link, frame):
        return True
    if link.status not in WATCHED:
        return _is_due(link, frame)
    is_asked = _is_approved(link, frame) or _is_held(link, frame)
    return is_asked or _is_expected(link, news, frame) or _is_due(link, frame)


def shown_meetings(news: GraphNews, frame: Frame) -> Container[str]:
    """The meetings of which this round read an event without a link."""
    return by_uid(news.free(frame.links), lambda event: event.ical_uid)


def lost_links(news: GraphNews, frame: Frame) -> list[Link]:
    """The links whose event is expected in the calendar and is not there."""
    return [x for x in frame.memory.links if x.status in WATCHED and sight_of(x, news)[1] in AWAY]


def _is_due(link: Link, frame: Frame) -> bool:
    """Whether a link asks to be read again and its back-off has ended."""
    return bool(link.reread) and _is_ready(link, frame)


def _is_approved(link: Link, frame: Frame) -> bool:
    """Whether a person approved the link's deletion, and nothing else keeps it waiting."""
    is_held = link.status is LinkStatus.HELD and link.event_id in frame.ctx.approved
    return is_held and _is_ready(link, frame)


def _is_held(link: Link, frame: Frame) -> bool:
    """Whether the activity of a held deletion is read with all others, and so the evidence about its event: that the
    event answers by its id does not mean that it is back (graph.md §8, T1)."""
    return link.status is LinkStatus.HELD and frame.scale.full


def _is_ready(link: Link, frame: Frame) -> bool:
    """Whether a round may try again: the back-off has ended and the tries are not used up."""
    return not frame.waits(link.retry_at) and not is_given_up(link)


def _is_asked(link: Link, frame: Frame) -> bool:
    """Whether it must be asked where the event of a pair that was set aside is: at the daily look, and before an edit
    of its activity is written."""
    is_aside = link.status in (LinkStatus.PARKED, LinkStatus.HELD) and link.role is not Role.FOLLOWER
    return is_asked_daily(link, frame) or (is_aside and link.activity_id in frame.inbox)


def is_asked_daily(link: Link, frame: Frame) -> bool:
    """Whether both sides of a pair are read once a day, because they may stand apart and nothing tells of it.

    What sets a pair aside may end without a change of either side. And where the meeting of such a pair, or of one
    that was given up or is in conflict, is over by its bases, a side may stand later by now; if none does, the event
    may have our category. Dates are left alone while series are not synced.
    """
    is_set_aside = link.status is LinkStatus.PARKED and not is_given_up(link)
    is_apart = link.conflict is not None or link.status in (LinkStatus.PARKED, LinkStatus.HELD)
    is_fed = link.role is not Role.FOLLOWER  # a follower only tells an answer
    is_off = link.occurrence is not None and frame.ctx.policy.series is SeriesRule.SKIP
    if not is_apart or not is_fed or is_off or not (frame.is_daily or _is_due(link, frame)):
        return False
    return is_set_aside or is_over_link(link, frame.ctx.now - frame.ctx.policy.max_age, frame.ctx.zone)


def _is_expected(link: Link, news: GraphNews, frame: Frame) -> bool:
    """Whether a link's event should have been shown: inside a window that was read anew, or outside it at the daily
    look."""
    window = news.looked or news.delta_window
    if window is None or link.status is LinkStatus.HELD:
        return False
    start, end = bounds(graph_when(link.base_event), frame.ctx.zone)
    is_inside = start < window.end and end > window.start
    return news.is_whole or (link.unseen if is_inside else frame.scale.roll)


# What waits


def due_pending(news: GraphNews, frame: Frame) -> list[Pending]:
    """The pending items that are looked at in this round. A parked item waits for a person, or for the end of what
    stands in its way."""
    links = [link for link in frame.memory.links if link.status in WATCHED]
    in_place, shown = by_uid(links, lambda link: link.ical_uid), shown_meetings(news, frame)
    return [
        p
        for p in frame.memory.pending
        if (_may_be_over(p, news, frame, in_place, shown) if p.parked else not frame.waits(p.retry_at))
    ]


def _may_be_over(
    pending: Pending, news: GraphNews, frame: Frame, in_place: Container[str], shown: Container[str]
) -> bool:
    """Whether what stands in an item's way may have ended, or the item may be gone. It is asked daily, and at each
    sign of it. ``in_place`` are the meetings of links, ``shown`` the meetings of events without a link."""
    if frame.is_daily or _is_told_gone(pending, news, frame):
        return True
    if pending.state in UNHINDERED:
        return False
    uid = uid_key(pending.ical_uid)
    is_alone = pending.state is PendingState.TWIN and uid not in in_place
    is_elsewhere = pending.side is Side.GRAPH and pending.item_id not in news.events and uid in shown
    is_freed = pending.state is PendingState.CLASH and bool(frame.memory.inbox)
    return is_alone or is_elsewhere or is_freed


def _is_told_gone(pending: Pending, news: GraphNews, frame: Frame) -> bool:
    """Whether an item's own side says that the item was removed."""
    if pending.side is Side.GRAPH:
        return pending.item_id in news.removed
    return any(row.deleted and row.activity_id == pending.item_id for row in frame.memory.inbox)
