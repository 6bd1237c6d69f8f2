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

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from sync_core.content.ranges import uid_key
from sync_core.model.decision import Case, Context, Sight
from sync_core.model.link import WATCHED, EndedBy, Link, LinkStatus
from sync_core.model.pending import PendingState
from sync_core.model.sides import ErpActivity, GraphEvent, Malformed, Side
from sync_core.plan.delete import sight_of_malformed
from sync_core.plan.evidence import original
from sync_core.plan.identity import began_with, transaction_id
from sync_core.plan.match_dates import of_other_dates, of_single_events
from sync_core.plan.relocate import by_uid
from sync_core.plan.repattern import MAY_GO_ON
from sync_core.plan.tables import NAMED_TWICE
from sync_core.plan.unlinked import Unlinked, living_of, may_be_named, may_pair, meeting_of

INCARNATIONS = 8
"""How many re-creations of one activity's event are known again by their transactionId."""

MOST_WAITS = 5
"""So often an event waits for what becomes of a date: one that is never shown does not keep it for good."""

UNSEARCHED = "it could not be searched for in Outlook"

ASKED = frozenset({PendingState.PARTNER_GONE, PendingState.DECLINED})
"""States in which a person was asked whether the counterpart is made anew, or said no. A retry leaves them alone: it
would make the counterpart unasked."""


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
    partners = of_single_events([e for e in candidates if e.id not in twins], unlinked, ctx)
    singles = sorted((e for i, e in unlinked.events.items() if i not in twins), key=lambda e: e.id)
    for event in [e for e in singles if e.id not in partners]:
        living = living_of(event, unlinked, {a.id for a in partners.values()})
        partner = original(event, living, ctx, mark=unlinked.marks.get(event.id, "")) if living else None
        if partner is not None:
            partners[event.id] = partner
        elif living:
            doubled |= dict.fromkeys([a.id for a in living], event.id)
    partners |= of_other_dates([e for e in candidates if e.id not in {*twins, *partners}], partners, unlinked, ctx)
    marked = _by_mark([e for e in singles if e.id not in {*partners, *doubled.values()}], unlinked, partners)
    partners |= marked
    cases += [_both(unlinked.events[i], partner, unlinked) for i, partner in partners.items()]
    cases += [_named_twice(unlinked.events[i], doubled, unlinked) for i in dict.fromkeys(doubled.values())]
    cases += [_alone(e, unlinked, partners) for e in singles if e.id not in {*partners, *doubled.values()}]
    taken = {a.id for a in partners.values()} | unlinked.linked
    free = [a for i, a in unlinked.activities.items() if i not in taken]
    return cases + [_activity_case(a, unlinked, partners, doubled, ctx) for a in free]


def _takes_part(event: GraphEvent, unlinked: Unlinked, ctx: Context) -> bool:
    """Whether an event can be the meeting among events with one iCalUId."""
    return event.id in unlinked.followed or event.id in unlinked.marks or may_pair(event, ctx)


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
