"""Which items without a link belong together, so that nothing is made twice (design.md §4 "Identity").

An activity made from an event has (ExternalSystem, ExternalId) = (MSSYNC_SYSTEM, iCalUId). That is certain, and
MSSync's records have the same. An event made from an activity has our mark. That is a candidate only, because a copy
of the event has the mark too: of several, the event whose transactionId is ours counts, and the others are new
events. Where the named partner does not exist any more (*partner gone*), nothing is made until a person chooses. A
void activity is never adopted.

Of several events of one calendar with one iCalUId one is the meeting, the others are its twins. Nothing in ERP.net
forbids several activities with one ExternalId (erpnet.md §6): of these the evidence chooses. Where it is missing or
contradicts itself, none is chosen: the items are listed, and none is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from sync_core.content.merge import winning_side
from sync_core.content.project import erp_when, graph_when
from sync_core.content.ranges import uid_key
from sync_core.content.window import bounds
from sync_core.model.decision import Case, Context, Sight
from sync_core.model.link import WATCHED, EndedBy, Link, LinkStatus, Pending, PendingState, Role
from sync_core.model.policy import SeriesRule
from sync_core.model.series import day_in, series_uid_of
from sync_core.model.sides import DATE_SYSTEM, PAIRED_SYSTEMS, ErpActivity, EventKind, GraphEvent, Malformed, Side
from sync_core.plan.delete import sight_of_malformed
from sync_core.plan.evidence import original
from sync_core.plan.identity import began_with, transaction_id
from sync_core.plan.relocate import by_uid
from sync_core.plan.repattern import MAY_GO_ON
from sync_core.plan.tables import NAMED_TWICE, scope

INCARNATIONS = 8
"""How many re-creations of one activity's event are known again by their transactionId."""

A_DAY = timedelta(days=1)

MOST_WAITS = 5
"""So often an event waits for what becomes of a date: one that is never shown does not keep it for good."""

UNSEARCHED = "it could not be searched for in Outlook"

ASKED = frozenset({PendingState.PARTNER_GONE, PendingState.DECLINED})
"""States in which a person was asked whether the counterpart is made anew, or said no. A retry leaves them alone: it
would make the counterpart unasked."""

CHOSEN = frozenset({PendingState.DECLINED, PendingState.RELEASED})
"""States in which a person has said what becomes of an item."""

Waiting = Mapping[tuple[Side, str], Pending]
"""The pending rows, by side and item id."""


@dataclass(frozen=True, slots=True)
class Unlinked:
    """Items without a link, and everything that was read of what may belong to them.

    ``followed`` are the events whose activity another mailbox must find. ``unmade`` are the events whose claim names
    no activity; a void activity that names such an event was given up when nobody seemed to have the meeting.
    ``begun`` are the events whose pair has ended and of which an activity is being made anew.

    ``named`` are the activities by the meeting they name. ``marks`` are, by event, the activities that our marks
    name, where the mark counts. ``originals`` are, by meeting, the activities that links and claims name; where
    ERP.net lacks one, its id may have changed. ``known`` is what ERP.net has of all these, void ones included.
    ``unsure`` are the ids of items whose partner could not be looked for, ``awaiting`` those of events that a linked
    date may go on as (repattern.py): they wait.
    """

    events: Mapping[str, GraphEvent]
    activities: Mapping[str, ErpActivity]
    links: Collection[Link] = ()
    waiting: Waiting = field(default_factory=dict)
    followed: frozenset[str] = frozenset()
    unmade: frozenset[str] = frozenset()
    begun: frozenset[str] = frozenset()
    named: Mapping[str, Sequence[ErpActivity | Malformed]] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)
    originals: Mapping[str, Collection[str]] = field(default_factory=dict)
    known: Mapping[str, ErpActivity] = field(default_factory=dict)
    unsure: frozenset[str] = frozenset()
    awaiting: frozenset[str] = frozenset()

    @property
    def linked(self) -> frozenset[str]:
        """The ids of the activities that a link of this calendar feeds or has fed."""
        return frozenset(link.activity_id for link in self.links if link.role is not Role.FOLLOWER)

    def pending(self, side: Side, item_id: str) -> Pending | None:
        """The item's pending row."""
        return self.waiting.get((side, item_id))

    def state(self, side: Side, item_id: str) -> PendingState:
        """What the item waits for."""
        pending = self.pending(side, item_id)
        return pending.state if pending else PendingState.WAITING


def meeting_of(activity: ErpActivity) -> str:
    """The key of the meeting that an activity names, '' for none."""
    return uid_key(activity.external_id) if activity.external_system in PAIRED_SYSTEMS else ""


def names_date(activity: ErpActivity, ctx: Context) -> bool:
    """Whether an activity names a date of a series, and such dates are synced."""
    is_dated = activity.external_system == DATE_SYSTEM or day_in(activity.external_id) is not None
    return is_dated and ctx.policy.series is SeriesRule.WINDOW


def may_pair(event: GraphEvent, ctx: Context) -> bool:
    """Whether scope lets an event have an activity."""
    return scope(Case(event=event), ctx)[0] is None


def may_be_named(activity: ErpActivity, ctx: Context) -> bool:
    """Whether scope lets an activity have an event."""
    return scope(Case(activity=activity), ctx)[0] is None


def owners(events: Iterable[GraphEvent], mailbox: str) -> dict[str, GraphEvent]:
    """The one event whose mark counts, by activity id. A copy has the mark without our transactionId."""
    by_mark: dict[str, list[GraphEvent]] = {}
    for event in events:
        if event.mark:
            by_mark.setdefault(event.mark, []).append(event)
    return {mark: min(group, key=lambda e: (not _is_ours(e, mailbox), e.id)) for mark, group in by_mark.items()}


def _is_ours(event: GraphEvent, mailbox: str) -> bool:
    """Whether calsync made the event: its transactionId is one of ours."""
    ours = {transaction_id(mailbox, event.mark or "", n) for n in range(INCARNATIONS)}
    return event.transaction_id is not None and event.transaction_id in ours


def twins_of(events: Iterable[GraphEvent], links: Iterable[Link]) -> frozenset[str]:
    """The ids of events that are not the meeting, because another event of this calendar with the same iCalUId is."""
    in_place = {uid_key(link.ical_uid): link.event_id for link in links if link.status in WATCHED}
    grouped = by_uid(sorted(events, key=lambda e: e.id), lambda e: e.ical_uid)
    return frozenset(e.id for uid, group in grouped.items() for e in group if in_place.get(uid, group[0].id) != e.id)


def match(unlinked: Unlinked, ctx: Context) -> list[Case]:
    """Pair the items. Returns one case for each pair, and one for each item that stays alone."""
    return [_unless_unsure(case, unlinked.unsure, unlinked.awaiting) for case in _matched(unlinked, ctx)]


def _unless_unsure(case: Case, unsure: Collection[str], awaiting: Collection[str]) -> Case:
    """The case; it waits if nobody knows whether its item has a partner already."""
    why = _unsure_because(case, unsure, awaiting)
    if (case.event is None) == (case.activity is None) or not why:
        return case
    if case.event is not None:
        return replace(case, event_sight=Sight.UNDECIDED, explanation=why)
    return replace(case, activity_sight=Sight.UNDECIDED, explanation=why)


def _unsure_because(case: Case, unsure: Collection[str], awaiting: Collection[str]) -> str:
    if case.event_id in unsure or case.activity_id in unsure:
        return UNSEARCHED
    waits = case.event_id in awaiting and (case.pending is None or case.pending.tries < MOST_WAITS)
    return MAY_GO_ON if waits else ""


def _matched(unlinked: Unlinked, ctx: Context) -> list[Case]:
    candidates = [e for e in unlinked.events.values() if _takes_part(e, unlinked, ctx)]
    twins = twins_of(candidates, unlinked.links)
    cases = [_event_case(unlinked.events[i], unlinked, PendingState.TWIN) for i in sorted(twins)]
    doubled: dict[str, str] = {}
    partners = _of_single_events([e for e in candidates if e.id not in twins], unlinked, ctx)
    singles = sorted((e for i, e in unlinked.events.items() if i not in twins), key=lambda e: e.id)
    for event in [e for e in singles if e.id not in partners]:
        living = _living(event, unlinked, {a.id for a in partners.values()})
        partner = original(event, living, ctx, mark=unlinked.marks.get(event.id, "")) if living else None
        if partner is not None:
            partners[event.id] = partner
        elif living:
            doubled |= dict.fromkeys([a.id for a in living], event.id)
    partners |= _of_other_dates([e for e in candidates if e.id not in {*twins, *partners}], partners, unlinked, ctx)
    marked = _by_mark([e for e in singles if e.id not in {*partners, *doubled.values()}], unlinked, partners)
    partners |= marked
    cases += [_both(unlinked.events[i], partner, unlinked) for i, partner in partners.items()]
    cases += [_named_twice(unlinked.events[i], doubled, unlinked) for i in dict.fromkeys(doubled.values())]
    cases += [_alone(e, unlinked, partners) for e in singles if e.id not in {*partners, *doubled.values()}]
    taken = {a.id for a in partners.values()} | unlinked.linked
    free = [a for i, a in unlinked.activities.items() if i not in taken]
    return cases + [_activity_case(a, unlinked, partners, doubled, ctx) for a in free]


def _of_single_events(events: Iterable[GraphEvent], unlinked: Unlinked, ctx: Context) -> dict[str, ErpActivity]:
    """The activities that name a whole series, by the event of the date that each of them is: it was made of a single
    event that has become a series since (R27). One that stands on none of its days is the first date's, if no date of
    the series has a link."""
    linked = {uid_key(x.occurrence.series_uid) for x in unlinked.links if x.occurrence and x.status in WATCHED}
    dates = by_uid([e for e in events if not _living(e, unlinked, ())], _series_of)
    found: dict[str, ErpActivity] = {}
    for uid, own in dates.items():
        named = [a for a in unlinked.named.get(uid, ()) if isinstance(a, ErpActivity) and not a.void]
        if len(named) == 1 and named[0].id not in unlinked.linked:
            start, _ = bounds(erp_when(named[0].content, ZoneInfo(ctx.digits_zone)), ctx.zone)
            apart = {e.id: min(abs(bounds(graph_when(e.content), ctx.zone)[0] - start), A_DAY) for e in own}
            nearest = min(own, key=lambda e: (apart[e.id], e.content.start, e.id))
            if uid not in linked or apart[nearest.id] < A_DAY:
                found[nearest.id] = named[0]
    return found


def _of_other_dates(
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
    lost = by_uid([a for a in left if _may_go_on(a, unlinked, ctx)], lambda a: series_uid_of(a.external_id))
    if not lost or winning_side(ctx.policy, Side.GRAPH) is not Side.GRAPH:
        return {}
    plain = [e for e in events if e.kind is EventKind.OCCURRENCE and not unlinked.named.get(uid_key(e.ical_uid))]
    dates, found = by_uid(plain, _series_of), dict[str, ErpActivity]()
    for uid, own in lost.items():
        free = sorted(dates.get(uid, ()), key=lambda event: event.content.start)
        for activity in sorted(own, key=lambda one: (one.external_id, one.id)):
            fits = [n for n, event in enumerate(free) if _is_near(activity, event)]
            if fits:
                found[free[fits[0]].id] = activity
                free = free[fits[0] + 1 :]
    return found


def _may_go_on(activity: ErpActivity, unlinked: Unlinked, ctx: Context) -> bool:
    """Whether an activity names a date and was made of it, and nobody has chosen what becomes of it."""
    is_made = names_date(activity, ctx) and may_be_named(activity, ctx) and not began_with(activity, ctx)
    state = unlinked.state(Side.ERP, activity.id)
    return is_made and activity.id not in unlinked.unsure and state not in CHOSEN


def _is_near(activity: ErpActivity, event: GraphEvent) -> bool:
    """Whether a date lies less than one interval of its series from the one that an activity names."""
    old, new = day_in(activity.external_id), event.occurrence
    if old is None or new is None or new.recurrence is None:
        return False
    return abs((new.day - old).days) < new.recurrence.days


def _series_of(event: GraphEvent) -> str:
    return event.occurrence.series_uid if event.occurrence else ""


def _takes_part(event: GraphEvent, unlinked: Unlinked, ctx: Context) -> bool:
    """Whether an event can be the meeting among events with one iCalUId."""
    return event.id in unlinked.followed or event.id in unlinked.marks or may_pair(event, ctx)


def _living(event: GraphEvent, unlinked: Unlinked, taken: Collection[str]) -> list[ErpActivity]:
    """The activities that are not void, name the event and belong to no other one."""
    others = {activity for event_id, activity in unlinked.marks.items() if event_id != event.id}
    named = unlinked.named.get(uid_key(event.ical_uid), ()) if event.ical_uid else ()
    living = [a for a in named if isinstance(a, ErpActivity) and not a.void]
    return [a for a in living if a.id not in unlinked.linked and a.id not in taken and a.id not in others]


def _by_mark(
    events: Iterable[GraphEvent], unlinked: Unlinked, partners: Mapping[str, ErpActivity]
) -> dict[str, ErpActivity]:
    """The pairs that our marks name, among events that nothing more precise has paired."""
    taken = {activity.id for activity in partners.values()}
    found: dict[str, ErpActivity] = {}
    for event in events:
        partner = unlinked.known.get(unlinked.marks.get(event.id, ""))
        if partner is None or partner.void or partner.id in taken or _hindrance(event, unlinked):
            continue
        taken.add(partner.id)
        found[event.id] = partner
    return found


def _hindrance(event: GraphEvent, unlinked: Unlinked) -> Case | None:
    """The case of an event that something keeps from its partner, whatever its mark says; None for any other."""
    if unlinked.state(Side.GRAPH, event.id) is PendingState.RELEASED:
        return _event_case(event, unlinked)
    named = unlinked.named.get(uid_key(event.ical_uid), ()) if event.ical_uid else ()
    unclear = next((a for a in named if isinstance(a, Malformed)), None)
    if unclear is not None:
        explanation = f"its activity {unclear.id}: {unclear.reason}"
        pending = unlinked.pending(Side.GRAPH, event.id)
        return Case(event=event, event_sight=sight_of_malformed(unclear), pending=pending, explanation=explanation)
    is_linked = any(isinstance(a, ErpActivity) and not a.void and a.id in unlinked.linked for a in named)
    return _event_case(event, unlinked, PendingState.TWIN) if is_linked else None


def _alone(event: GraphEvent, unlinked: Unlinked, partners: Mapping[str, ErpActivity]) -> Case:
    """The case of an event that found no partner."""
    hindrance = _hindrance(event, unlinked)
    if hindrance is not None:
        return hindrance
    if event.id in unlinked.begun:
        return _event_case(event, unlinked)
    mark = unlinked.marks.get(event.id)
    named = unlinked.named.get(uid_key(event.ical_uid), ()) if event.ical_uid else ()
    is_named = bool(mark or named) and mark not in {activity.id for activity in partners.values()}
    was_gone = unlinked.state(Side.GRAPH, event.id) in ASKED
    is_given_up = event.id in unlinked.unmade and not mark
    is_gone = (is_named and not is_given_up) or was_gone or _is_void_in_erp(event, unlinked.links)
    return _event_case(event, unlinked, PendingState.PARTNER_GONE if is_gone else PendingState.WAITING)


def _is_void_in_erp(event: GraphEvent, links: Iterable[Link]) -> bool:
    """Whether somebody ended the event's meeting in ERP.net, and this is one more event of it."""
    ended = [x for x in links if x.status is LinkStatus.TOMBSTONE and x.ended_by is EndedBy.ERP]
    return bool(event.ical_uid) and uid_key(event.ical_uid) in {uid_key(link.ical_uid) for link in ended}


def _event_case(event: GraphEvent, unlinked: Unlinked, awaits: PendingState = PendingState.WAITING) -> Case:
    """The case of a single event."""
    return Case(
        event=event,
        event_sight=Sight.PRESENT,
        pending=unlinked.pending(Side.GRAPH, event.id),
        awaits=awaits,
    )


def _named_twice(event: GraphEvent, doubled: Mapping[str, str], unlinked: Unlinked) -> Case:
    """The case of an event that several activities name, none of them with enough evidence."""
    ids = sorted(activity for activity, event_id in doubled.items() if event_id == event.id)
    return Case(
        event=event,
        event_sight=Sight.PRESENT,
        pending=unlinked.pending(Side.GRAPH, event.id),
        awaits=PendingState.NAMED_TWICE,
        explanation=f"{NAMED_TWICE}: {', '.join(ids)}",
    )


def _both(event: GraphEvent, activity: ErpActivity, unlinked: Unlinked) -> Case:
    """The case of a new pair; of two pending rows one goes on and the other is over."""
    sides = (unlinked.pending(Side.GRAPH, event.id), unlinked.pending(Side.ERP, activity.id))
    rows = tuple(row for row in sides if row is not None)
    return Case(
        event=event,
        activity=activity,
        event_sight=Sight.PRESENT,
        activity_sight=Sight.PRESENT,
        pending=next(iter(rows), None),
        over=rows[1:],
    )


def _activity_case(
    activity: ErpActivity,
    unlinked: Unlinked,
    partners: Mapping[str, ErpActivity],
    doubled: Mapping[str, str],
    ctx: Context,
) -> Case:
    """The case of a single activity."""
    awaits = PendingState.NAMED_TWICE
    if activity.id not in doubled:
        awaits = _state_of(activity, unlinked, partners, ctx)
    pending = unlinked.pending(Side.ERP, activity.id)
    return Case(activity=activity, activity_sight=Sight.PRESENT, pending=pending, awaits=awaits)


def _state_of(
    activity: ErpActivity, unlinked: Unlinked, partners: Mapping[str, ErpActivity], ctx: Context
) -> PendingState:
    """What a single activity waits for. Where it names the meeting of another activity, a person made it as a copy,
    so it is new; if a service user made it, it is one too many beside one that lives. Else the event that it names is
    gone."""
    uid, state = meeting_of(activity), unlinked.state(Side.ERP, activity.id)
    if state is PendingState.DECLINED:
        return PendingState.PARTNER_GONE
    if not uid or state is PendingState.RELEASED or not may_be_named(activity, ctx):
        return PendingState.WAITING
    others = [unlinked.known[i] for i in unlinked.originals.get(uid, ()) if i in unlinked.known]
    others += [other for i, other in partners.items() if uid_key(unlinked.events[i].ical_uid) == uid]
    if others and began_with(activity, ctx):
        return PendingState.WAITING
    is_too_many = any(not other.void for other in others)
    return PendingState.NAMED_TWICE if is_too_many else PendingState.PARTNER_GONE
