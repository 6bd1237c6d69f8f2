"""Which dates of a series belong to activities that name none of its dates (any more).

One names the whole series, or our mark on the series names it: the two were made of each other while the event was a
single one (R27). Another names a date that the series lost: it got another pattern while our memory was lost (R19).
Nothing else says where they go on. Who made it does not matter, where nobody has a link of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from sync_core.content.merge import winning_side
from sync_core.content.project import erp_when, graph_when
from sync_core.content.ranges import uid_key
from sync_core.content.window import bounds, is_over
from sync_core.model.decision import Case, Context
from sync_core.model.link import WATCHED
from sync_core.model.pending import PendingState
from sync_core.model.series import day_in, series_uid_of
from sync_core.model.sides import ErpActivity, EventKind, GraphEvent, Side
from sync_core.plan.identity import began_with
from sync_core.plan.relocate import by_uid
from sync_core.plan.tables import scope
from sync_core.plan.unlinked import Unlinked, living_of, may_be_named, meeting_of, names_date

A_DAY = timedelta(days=1)


def of_single_events(events: Iterable[GraphEvent], unlinked: Unlinked, ctx: Context) -> dict[str, ErpActivity]:
    """The activities of a whole series, by the event of the date that each of them is: the single event that they
    belong to has become a series since (R27). One that stands on none of its days is the first date's, if no date of
    the series has a link."""
    linked = {uid_key(x.occurrence.series_uid) for x in unlinked.links if x.occurrence and x.status in WATCHED}
    followed = {x.activity_id for x in unlinked.links if x.occurrence and x.status in WATCHED}
    taken = unlinked.linked | followed  # of a series that a colleague's calendar feeds, one date has it already
    dates = by_uid([e for e in events if not living_of(e, unlinked, ())], _series_of)
    found: dict[str, ErpActivity] = {}
    for uid, own in dates.items():
        named = _of_whole_series(uid, unlinked)
        if len(named) == 1 and named[0].id not in taken:
            start, _ = bounds(erp_when(named[0].content, ZoneInfo(ctx.digits_zone)), ctx.zone)
            apart = {e.id: min(abs(bounds(graph_when(e.content), ctx.zone)[0] - start), A_DAY) for e in own}
            nearest = min(own, key=lambda e: (apart[e.id], e.content.start, e.id))
            if uid not in linked or apart[nearest.id] < A_DAY:
                found[nearest.id] = named[0]
    return found


def _of_whole_series(uid: str, unlinked: Unlinked) -> list[ErpActivity]:
    """The activities that name a series, and the one that our mark on it names: the event that was made of it became
    one before the link was saved."""
    marked = unlinked.known.get(unlinked.series_marks.get(uid, ""))
    unnamed = [marked] if marked is not None and not meeting_of(marked) else []
    return [a for a in (*unlinked.named.get(uid, ()), *unnamed) if isinstance(a, ErpActivity) and not a.void]


def of_other_dates(
    events: Iterable[GraphEvent], partners: Mapping[str, ErpActivity], unlinked: Unlinked, ctx: Context
) -> dict[str, ErpActivity]:
    """The activities that name dates which their series does not have any more, by the event of the date that takes
    each one's place: the series got another pattern while our memory was lost (R19).

    Only where Outlook's time counts, since nothing says what both sides agreed on: else each new date would be moved
    to its old day.
    """
    uids = [*(e.ical_uid for e in unlinked.events.values()), *(link.ical_uid for link in unlinked.links)]
    shown = {uid_key(uid) for uid in uids}
    taken = {activity.id for activity in partners.values()} | unlinked.linked
    left = [a for i, a in unlinked.activities.items() if i not in taken and meeting_of(a) not in shown]
    left = [a for a in left if _may_go_on(a, unlinked, ctx)]
    left += [
        a for a in unlinked.former if a.id not in taken | unlinked.activities.keys() and meeting_of(a) not in shown
    ]
    lost = by_uid([a for a in left if _is_made(a, ctx)], lambda a: series_uid_of(a.external_id))
    if not lost or winning_side(ctx.policy, Side.GRAPH) is not Side.GRAPH:
        return {}
    plain = [e for e in events if e.kind is EventKind.OCCURRENCE and not unlinked.named.get(uid_key(e.ical_uid))]
    dates, found = by_uid(plain, _series_of), dict[str, ErpActivity]()
    for uid, own in lost.items():
        free = sorted(dates.get(uid, ()), key=lambda event: event.content.start)
        for activity in sorted(own, key=lambda one: (one.external_id, one.id)):
            fits = [n for n, event in enumerate(free) if _may_be_pair(activity, event, unlinked, ctx)]
            if fits:
                found[free[fits[0]].id] = activity
                free = free[fits[0] + 1 :]
    return found


CHOSEN = frozenset({PendingState.DECLINED, PendingState.RELEASED})
"""States in which a person has said what becomes of an item."""


def _may_go_on(activity: ErpActivity, unlinked: Unlinked, ctx: Context) -> bool:
    """Whether the user's activity may have an event, and nobody has chosen what becomes of it."""
    state = unlinked.state(Side.ERP, activity.id)
    return may_be_named(activity, ctx) and activity.id not in unlinked.unsure and state not in CHOSEN


def _is_made(activity: ErpActivity, ctx: Context) -> bool:
    """Whether an activity names a date and was made of it."""
    return names_date(activity, ctx) and not began_with(activity, ctx)


def _may_be_pair(activity: ErpActivity, event: GraphEvent, unlinked: Unlinked, ctx: Context) -> bool:
    """Whether a date lies near enough, scope lets the two be a pair, and the activity is not over: then it goes on
    with no other date. What a colleague's copy feeds has an activity already."""
    if not _is_near(activity, event) or (event.id in unlinked.followed) != (activity.id in unlinked.fed):
        return False
    when = erp_when(activity.content, ZoneInfo(ctx.digits_zone))
    is_past = is_over(when, ctx.now - ctx.policy.max_age, ctx.zone)
    return not is_past and scope(Case(event=event, activity=activity), ctx)[0] is None


def _is_near(activity: ErpActivity, event: GraphEvent) -> bool:
    """Whether a date lies less than one interval of its series from the one that an activity names."""
    old, new = day_in(activity.external_id), event.occurrence
    if old is None or new is None or new.recurrence is None:
        return False
    return abs((new.day - old).days) < new.recurrence.days


def _series_of(event: GraphEvent) -> str:
    return event.occurrence.series_uid if event.occurrence else ""
