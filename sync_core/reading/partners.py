"""What must be read of the possible partners of items without a link, so that nothing is created twice
(deduplication).

Nothing is read here, and ``sync_core.plan.match`` decides which items belong together. The number of reads grows with
the number of new items: events are asked for by the iCalUId that an activity names and by the mark that bears its id,
activities by the iCalUIds of events.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from sync_core.content.merge import winning_side
from sync_core.content.ranges import uid_key
from sync_core.content.window import local_day
from sync_core.model.claim import Claim
from sync_core.model.decision import Context
from sync_core.model.pending import UNHINDERED, PendingState
from sync_core.model.series import Occurrence
from sync_core.model.sides import ErpActivity, EventKind, GraphEvent, Malformed, Side
from sync_core.plan.relocate import by_uid
from sync_core.plan.unlinked import Unlinked, may_be_named, may_pair, meeting_of

Named = Mapping[str, tuple[ErpActivity | Malformed, ...]]
"""The activities that name a meeting, by its key."""


def with_events(unlinked: Unlinked, events: Iterable[GraphEvent]) -> Unlinked:
    """The items with these events added; an event that is among them already stays as it was read."""
    known = unlinked.events
    return replace(unlinked, events={**known, **{e.id: known.get(e.id, e) for e in events}})


# Marks


def may_be_marked(unlinked: Unlinked, ctx: Context) -> set[str]:
    """The ids of the activities that are about to get an event, or for which a create has begun: an event may bear
    their mark."""
    begun = {item for side, item in unlinked.waiting if side is Side.ERP and item in unlinked.activities}
    return begun | {a.id for a in unlinked.activities.values() if may_be_named(a, ctx)}


def counting(events: Iterable[GraphEvent], unlinked: Unlinked) -> list[GraphEvent]:
    """The events whose mark counts: a mark of an activity that has its event already was copied with an event."""
    linked, fed = {link.event_id for link in unlinked.links}, unlinked.linked
    return [e for e in events if e.mark and e.id not in linked and e.mark not in fed]


def new_events(unlinked: Unlinked, ctx: Context) -> list[GraphEvent]:
    """The mailbox's own events that are about to get an activity. One that bears our mark is not new: calsync created
    it once, and its link is lost."""
    return [event for event in unlinked.events.values() if _is_new(event, unlinked, ctx)]


def _is_new(event: GraphEvent, unlinked: Unlinked, ctx: Context) -> bool:
    if not event.is_organizer or event.id in unlinked.followed:
        return False
    if unlinked.state(Side.GRAPH, event.id) is PendingState.RELEASED or unlinked.named.get(uid_key(event.ical_uid)):
        return False
    return may_pair(event, ctx)


# Names


def naming_unread(unlinked: Unlinked, ctx: Context) -> list[ErpActivity]:
    """The activities that name a meeting of which no event was read, parked ones included where a hindrance may have
    ended."""
    read = by_uid(unlinked.events.values(), lambda event: event.ical_uid)
    unread = [a for a in unlinked.activities.values() if meeting_of(a) and meeting_of(a) not in read]
    return [a for a in unread if may_be_named(a, ctx) or _is_hindered(a, unlinked)]


def _is_hindered(activity: ErpActivity, unlinked: Unlinked) -> bool:
    return unlinked.state(Side.ERP, activity.id) not in UNHINDERED


def to_be_named(unlinked: Unlinked, marked: Collection[str], ctx: Context) -> set[str]:
    """The iCalUIds of the events whose activities are asked for, also where one was read already: there may be
    several. ``marked`` are the ids of events that bear a mark. Of a date its series' as well: that may have been a
    single event when an activity was made of it (R27)."""
    named = {meeting_of(activity) for activity in unlinked.activities.values()}
    events = [e for e in unlinked.events.values() if e.ical_uid and e.id not in unlinked.followed]
    asked = [e for e in events if e.id in marked or may_pair(e, ctx) or uid_key(e.ical_uid) in named]
    return {e.ical_uid for e in asked} | {e.occurrence.series_uid for e in asked if e.occurrence}


def former_dates(unlinked: Unlinked, ctx: Context) -> set[str]:
    """The iCalUIds of the days of which a colleague's activity may be left that goes on as a date which is about to
    get one (R19): those less than one interval away."""
    if winning_side(ctx.policy, Side.GRAPH) is not Side.GRAPH:
        return set()  # nothing goes on as another date then (sync_core.plan.match_dates)
    read = by_uid([*unlinked.events.values()], lambda event: event.ical_uid)
    first, last = (local_day(at, ctx.zone) for at in (ctx.now - ctx.policy.max_age, ctx.window.end))
    near = {
        day
        for event in unlinked.events.values()
        if (one := event.occurrence) and _is_unnamed(event, unlinked, ctx)
        for day in _days_around(one)
        if first <= day.day <= last
    }
    return {day.uid for day in near if uid_key(day.uid) not in read}


def _is_unnamed(event: GraphEvent, unlinked: Unlinked, ctx: Context) -> bool:
    """Whether an untouched date that somebody is invited to is about to get an activity of its own. What was made of
    one's own series is one's own, and was read."""
    is_guests = event.kind is EventKind.OCCURRENCE and not event.is_organizer and event.id not in unlinked.followed
    return is_guests and not unlinked.named.get(uid_key(event.ical_uid)) and may_pair(event, ctx)


def _days_around(one: Occurrence) -> Iterable[Occurrence]:
    """A date of one of Exchange's series on the days less than one interval away; another's names tell no day."""
    days = one.recurrence.days if one.recurrence and not one.is_foreign else 0
    return (replace(one, day=one.day + timedelta(days=n)) for n in range(1 - days, days))


def named_with(unlinked: Unlinked, found: Mapping[str, Iterable[ErpActivity | Malformed]]) -> Named:
    """The activities by the meeting they name: those among the items, and those ``found`` by iCalUId."""
    named: dict[str, dict[str, ErpActivity | Malformed]] = {}
    for activity in unlinked.activities.values():
        if meeting_of(activity):
            named.setdefault(meeting_of(activity), {})[activity.id] = activity
    for uid, activities in found.items():
        named.setdefault(uid_key(uid), {}).update({a.id: a for a in activities})
    return {uid: tuple(activities.values()) for uid, activities in named.items()}


def originals_of(unlinked: Unlinked, claims: Mapping[str, Claim], ctx: Context) -> dict[str, set[str]]:
    """The ids of the other activities that links and claims give for the meetings that activities name, by meeting.

    ``claims`` are those of these meetings, by iCalUId.
    """
    claimed = {uid_key(uid): claim.activity_id for uid, claim in claims.items()}
    originals: dict[str, set[str]] = {}
    for activity in unlinked.activities.values():
        uid = meeting_of(activity)
        if uid and may_be_named(activity, ctx):
            ids = {link.activity_id for link in unlinked.links if uid_key(link.ical_uid) == uid}
            others = {*ids, claimed.get(uid, "")} - {"", activity.id}
            originals[uid] = originals.get(uid, set()) | others
    return originals


def known_with(unlinked: Unlinked) -> dict[str, ErpActivity]:
    """The activities that were read, by id: those among the items, and those that name a meeting."""
    named = (a for found in unlinked.named.values() for a in found if isinstance(a, ErpActivity))
    return {**unlinked.activities, **{a.id: a for a in named}}


def unknown(unlinked: Unlinked) -> set[str]:
    """The ids of the activities that marks, links and claims name and that were not read."""
    wanted = {
        *unlinked.marks.values(),
        *unlinked.series_marks.values(),
        *(i for ids in unlinked.originals.values() for i in ids),
    }
    return wanted - known_with(unlinked).keys()
