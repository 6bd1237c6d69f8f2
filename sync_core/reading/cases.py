"""Joins what was read of both sides: what must still be read, and one case for each pair or item that was read.

Nothing is read here, and ``decide.decide`` decides. A change on one side asks for the other side's item only where
its *content* differs from the base.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from sync_core.content.body import normal_text
from sync_core.content.changes import changed_in_erp, changed_in_graph
from sync_core.content.project import is_private, masked
from sync_core.model.decision import Case, Context, Sight
from sync_core.model.link import WATCHED, Link, LinkStatus, Role
from sync_core.model.pending import Pending
from sync_core.model.policy import PrivateRule
from sync_core.model.sides import ErpActivity, Field, GraphEvent, Malformed, Side
from sync_core.people.responses import responses_of
from sync_core.plan.dates import neighbours_of
from sync_core.plan.delete import judge_gone, sight_of_malformed
from sync_core.plan.relocate import STILL_COMING, still_comes
from sync_core.plan.repattern import HELD_BACK, held_back
from sync_core.reading.frame import Frame
from sync_core.reading.news import AWAY, GraphNews, due_pending, is_asked_daily, is_stale, sight_of
from sync_core.reading.roles import Roles, asks_for_event

Activities = Mapping[str, ErpActivity | Malformed | None]
"""ERP.net's answers by activity id; None where it shows no such activity."""


@dataclass(frozen=True, slots=True)
class Readings:
    """What was read of both sides, and which role each copy of this mailbox has. ``deleted`` are the ids of the
    activities that are gone for good."""

    news: GraphNews
    roles: Roles
    activities: Activities = field(default_factory=dict)
    deleted: frozenset[str] = frozenset()


# What has to be read


def asked_activities(news: GraphNews, roles: Roles, frame: Frame) -> set[str]:
    """The ids of the activities to read: those in the inbox, those of events with news, those of pending items that
    are due; in a full round those of all links as well."""
    links = frame.memory.links
    ids = {roles.activity_of(link) for link in links if _needs_activity(link, news, roles, frame.ctx)}
    # one that is to be read again is a date that Graph no longer finds by its id: asked once, not for ever
    ids |= {link.activity_id for link in links if is_asked_daily(link, frame) and not link.reread}
    ids = (ids | set(frame.inbox)) - {""}
    ids |= {p.item_id for p in due_pending(news, frame) if p.side is Side.ERP}
    if frame.scale.full:
        ids |= {link.activity_id for link in links if link.status in WATCHED or link.conflict}
    return ids


def _needs_activity(link: Link, news: GraphNews, roles: Roles, ctx: Context) -> bool:
    """Whether the news of a link's event makes it necessary to read the activity."""
    if link.event_id in news.evidence or link.event_id in news.dates or link.event_id in roles.promoted:
        return True
    event = news.event(link.event_id)
    if event is not None and link.occurrence is not None and link.reread:
        return True
    return event is not None and not is_stale(link, event, news) and is_news(link, event, ctx)


def is_news(link: Link, event: GraphEvent, ctx: Context) -> bool:
    """Whether an event says something that its link does not know. Of a follower only its owner's response counts."""
    is_changed = link.role is not Role.FOLLOWER and bool(changed_in_graph(link.base_event, event.content))
    is_special = link.conflict is not None or link.status is not LinkStatus.LIVE
    is_answered = tuple(sorted(responses_of(event, ctx).items())) != link.answers
    return is_changed or is_special or is_answered or event.is_series or event.is_cancelled


def not_shown(activities: Activities, frame: Frame) -> set[str]:
    """The ids of linked activities that ERP.net does not show, and of which the pull says nothing this time: it said
    it once, and the pair may have been set aside then."""
    fed = {i for i, link in _by_activity(frame).items() if link.status in WATCHED}
    filed = {row.activity_id for row in frame.memory.inbox if row.deleted}
    return {i for i, activity in activities.items() if activity is None and i in fed - filed}


def permitted_activities(activities: Activities, ctx: Context) -> Activities:
    """The activities as ``SYNC_PRIVATE`` lets calsync know them."""
    if ctx.policy.private is not PrivateRule.BUSY:
        return activities
    return {
        i: replace(a, content=masked(a.content), participants=())
        if isinstance(a, ErpActivity) and is_private(a.content)
        else a
        for i, a in activities.items()
    }


def to_be_formatted(both: Readings, frame: Frame) -> set[str]:
    """The ids of the events to read with HTML and attendees: the activity's text or people changed, or the link's
    state asks for a look at both sides."""
    by_activity = _by_activity(frame)
    pairs = [(by_activity[i], a) for i, a in both.activities.items() if i in by_activity]
    return {
        link.event_id
        for link, activity in pairs
        if isinstance(activity, ErpActivity) and _is_to_be_formatted(link, activity, both, frame.ctx)
    }


def _is_to_be_formatted(link: Link, activity: ErpActivity, both: Readings, ctx: Context) -> bool:
    is_there = both.news.dates.get(link.event_id, Sight.PRESENT) is Sight.PRESENT
    if link.status is LinkStatus.TOMBSTONE or not is_there:
        return False
    changed = changed_in_erp(link.base_activity, activity.content)
    is_special = link.conflict is not None or link.status is not LinkStatus.LIVE
    return (
        bool(changed & {Field.BODY, Field.PEOPLE})
        or asks_for_event(link, both.roles, ctx, is_changed=bool(changed))
        or (is_special and link.event_id not in both.news.evidence)
    )


def pairs_apart(cases: Collection[Case]) -> list[str]:
    """The ids of the events of new pairs whose texts differ: their HTML must be read."""
    pairs = [(c.event, c.activity) for c in cases if c.event and c.activity]
    return [e.id for e, a in pairs if normal_text(e.content.body) != normal_text(a.content.notes)]


# Laid side by side


def free_activities(both: Readings, frame: Frame) -> list[ErpActivity]:
    """The activities without a link, apart from those of meetings that another mailbox feeds."""
    known = set(_by_activity(frame)) | {both.roles.activity_of(x) for x in both.roles.kept(frame.memory.links)}
    return [a for i, a in both.activities.items() if isinstance(a, ErpActivity) and i not in known]


def linked_cases(both: Readings, frame: Frame) -> list[Case]:
    """One case for each link of which at least one side was read."""
    cases = [_linked_case(link, both, frame) for link in both.roles.kept(frame.memory.links)]
    return [c for c in cases if c.event_sight is not Sight.UNREAD or c.activity_sight is not Sight.UNREAD]


def with_neighbours(cases: Collection[Case], frame: Frame) -> list[Case]:
    """The cases of dates of series with the days of the dates beside them: those of links, and of new events."""
    new = [c.event for c in cases if c.link is None and c.event is not None and not c.event.is_cancelled]
    beside = neighbours_of(frame.memory.links, new, frame.ctx.zone)
    return [replace(c, neighbours=beside[c.event_id]) if c.event_id in beside else c for c in cases]


def _linked_case(link: Link, both: Readings, frame: Frame) -> Case:
    event, event_sight, explanation = sight_of(link, both.news)
    if event_sight is Sight.GONE:
        coming = still_comes(link, is_moving=both.news.is_moving, now=frame.ctx.now)
        held = held_back(link, is_unnamed=link.event_id in both.news.unnamed, now=frame.ctx.now)
        if coming is not None:
            link, event_sight, explanation = coming, Sight.UNDECIDED, STILL_COMING
        elif held is not None:
            link, event_sight, explanation = held, Sight.UNDECIDED, HELD_BACK
    elif event is not None and link.occurrence is not None and link.missed_at is not None:
        link = replace(link, missed_at=None)  # it takes place after all
    activity, activity_sight, of_activity = _sight_of_activity(link, both, frame)
    return Case(link, event, activity, event_sight, activity_sight, explanation=explanation or of_activity)


def _sight_of_activity(link: Link, both: Readings, frame: Frame) -> tuple[ErpActivity | None, Sight, str]:
    """What this round saw of a link's activity. A missing row is gone only where ERP.net's deleted objects name it;
    else it may be hidden."""
    activity_id = both.roles.activity_of(link)
    if activity_id not in both.activities:
        return None, Sight.UNREAD, ""
    activity = both.activities[activity_id]
    if isinstance(activity, Malformed):
        return None, sight_of_malformed(activity), activity.reason
    if activity is None:
        is_filed = any(row.deleted for row in frame.memory.inbox if row.activity_id == activity_id)
        is_gone = is_filed or activity_id in both.deleted or link.event_id in frame.ctx.approved
        return None, Sight.GONE if is_gone else Sight.HIDDEN, ""
    return activity, Sight.PRESENT, ""


def malformed_cases(both: Readings, frame: Frame) -> Iterator[Case]:
    """One case for each item without a link that cannot be understood, or of which no use could be made this time."""
    links, by_activity = frame.links, _by_activity(frame)
    waiting = {(p.side, p.item_id): p for p in frame.memory.pending}
    events = {i: e for i, e in both.news.events.items() if isinstance(e, Malformed)}
    events |= {
        i: one.event
        for i, one in both.news.evidence.items()
        if isinstance(one.event, Malformed) and (Side.GRAPH, i) in waiting
    }
    for item_id, event in events.items():
        if item_id not in links:
            pending = waiting.get((Side.GRAPH, item_id)) if event.is_passing else None
            pending = pending or Pending(Side.GRAPH, item_id)
            yield Case(event_sight=sight_of_malformed(event), pending=pending, explanation=event.reason)
    for item_id, activity in both.activities.items():
        if isinstance(activity, Malformed) and item_id not in by_activity:
            pending = waiting.get((Side.ERP, item_id)) if activity.is_passing else None
            pending = pending or Pending(Side.ERP, item_id)
            yield Case(activity_sight=sight_of_malformed(activity), pending=pending, explanation=activity.reason)


def vanished_cases(both: Readings, frame: Frame) -> Iterator[Case]:
    """One case for each item that waited for a counterpart and no longer exists."""
    news = both.news
    for pending in due_pending(news, frame):
        is_event = pending.side is Side.GRAPH
        evidence = news.evidence.get(pending.item_id)
        is_told = evidence is not None and judge_gone(evidence) in AWAY
        if is_event and pending.item_id not in news.events and is_told:
            yield Case(event_sight=Sight.GONE, pending=pending)
        elif not is_event and both.activities.get(pending.item_id, pending) is None:
            yield Case(activity_sight=Sight.GONE, pending=pending)


def _by_activity(frame: Frame) -> dict[str, Link]:
    """The links that feed an activity, by its id."""
    return {link.activity_id: link for link in frame.memory.links if link.role is not Role.FOLLOWER}
