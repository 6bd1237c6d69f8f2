"""Finds the counterpart of items without a link, so that nothing is made twice (design section 4 "Identity").

An activity made from an event carries (ExternalSystem, ExternalId) = (MSSYNC_SYSTEM, iCalUId): precise, and MSSync's
records carry the same. An event made from an activity carries our mark: a candidate, since a copy carries it too;
of several, the one whose transactionId is ours is it, the others are new events. A named partner that is not there
any more is *partner gone*: nothing is made until a person chooses. A void activity is never adopted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from jobs.ports import Calendar, Erp
from sync_core.cases import Case, Context, Sight
from sync_core.identity import transaction_id
from sync_core.link import WATCHED
from sync_core.model import (
    MSSYNC_SYSTEM,
    ErpActivity,
    GraphEvent,
    Link,
    Malformed,
    Pending,
    PendingState,
    Side,
    Window,
)
from sync_core.plan import scope
from sync_core.project import erp_when
from sync_core.ranges import SHORT_FORM, uid_key
from sync_core.window import bounds

Paired = Mapping[str, tuple[ErpActivity | Malformed, ...]]
"""What a meeting is known by (``uid_key``) → the activities that name it."""

SAME_UID = "another event of this calendar has the same iCalUId"
MOVED_ON = "the same meeting is back under another id; the one that is gone goes first"

NEARBY = timedelta(days=1)
"""A wall clock of an unknown zone may be most of a day off."""

INCARNATIONS = 8
"""How many re-creations of one activity's event are recognised by transactionId."""


class Pairing:
    """Pairs the unlinked items of one round."""

    def __init__(
        self,
        calendar: Calendar,
        erp: Erp,
        ctx: Context,
        links: Mapping[str, Link],
        by_activity: Mapping[str, Link],
        full: bool,
        lost: Collection[str] = (),
        followed: Collection[str] = (),
    ) -> None:
        self._calendar = calendar
        self._erp = erp
        self._ctx = ctx
        self._links = links
        self._by_activity = by_activity
        self._full = full
        self._lost = frozenset(lost)
        """The linked events that are gone by what this round has read."""
        self._followed = frozenset(followed)
        """The events whose activity is another mailbox's to find."""

    async def pair(
        self, events: Sequence[GraphEvent], activities: Sequence[ErpActivity], pending: Sequence[Pending]
    ) -> list[Case]:
        """One case for each pair and each item left alone; ``pending`` are all rows of the user."""
        waiting = {(p.side, p.item_id): p for p in pending}
        found_events = {e.id: e for e in events}
        found_activities = {a.id: a for a in activities}
        marks = await self._marked(found_events, found_activities, waiting)
        for event in await self._named_events(found_activities.values(), found_events.values()):
            found_events.setdefault(event.id, event)
        candidates = [e for e in found_events.values() if self._may_pair(e, marks)]
        clashing = self._clashing([*candidates, *(e for i, e in found_events.items() if i in self._followed)])
        candidates = [e for e in candidates if e.id not in clashing]
        paired = _named(found_activities.values())
        uids = {e.ical_uid for e in candidates if e.ical_uid and uid_key(e.ical_uid) not in paired}
        if uids:
            paired |= {uid_key(uid): found for uid, found in (await self._erp.find_paired(uids)).items()}
        found_activities |= await self._marked_activities(marks, found_activities)

        cases = [self._clash(found_events[i], sight, note, waiting) for i, (sight, note) in clashing.items()]
        taken: set[str] = set()
        rest: list[GraphEvent] = []
        for event in sorted((e for i, e in found_events.items() if i not in clashing), key=lambda e: e.id):
            partner = self._by_external_id(event, paired, taken)
            if partner is None:
                rest.append(event)
                continue
            taken.add(partner.id)
            cases.append(self._both(event, partner, waiting))
        cases += [self._alone_or_marked(e, marks, paired, found_activities, taken, waiting) for e in rest]
        cases += [
            self._activity_alone(a, waiting)
            for a in found_activities.values()
            if a.id not in taken and a.id not in self._by_activity
        ]
        return cases

    # What to look for

    def _may_pair(self, event: GraphEvent, marks: Mapping[str, str]) -> bool:
        if event.id in self._followed:
            return False
        return event.id in marks or scope(Case(event=event), self._ctx)[0] is None

    async def _marked(
        self,
        events: dict[str, GraphEvent],
        activities: Mapping[str, ErpActivity],
        waiting: Mapping[tuple[Side, str], Pending],
    ) -> dict[str, str]:
        """Event id → activity id of the marks that count: all in a full round, else those of creates under way."""
        found: list[GraphEvent] = []
        if self._full:
            found += (await self._calendar.read_marked(self._ctx.mailbox)).events
        begun = {item for side, item in waiting if side is Side.ERP and item in activities}
        if begun and not self._full:
            answers = await self._calendar.find_marked(self._ctx.mailbox, begun)
            found += [event for marked in answers.values() for event in marked]
        free = [e for e in found if e.mark and e.id not in self._links and e.mark not in self._by_activity]
        for event in free:
            events.setdefault(event.id, event)
        return {event.id: activity for activity, event in self._owners(free).items()}

    def _owners(self, events: Iterable[GraphEvent]) -> dict[str, GraphEvent]:
        """Activity id → the one event whose mark counts; a copy carries the mark without our transactionId."""
        by_mark: dict[str, list[GraphEvent]] = {}
        for event in events:
            if event.mark:
                by_mark.setdefault(event.mark, []).append(event)
        return {mark: min(group, key=lambda e: (not self._is_ours(e), e.id)) for mark, group in by_mark.items()}

    def _is_ours(self, event: GraphEvent) -> bool:
        mark = event.mark or ""
        ours = (transaction_id(self._ctx.mailbox, mark, n) for n in range(INCARNATIONS))
        return event.transaction_id is not None and event.transaction_id in set(ours)

    async def _named_events(
        self, activities: Iterable[ErpActivity], events: Iterable[GraphEvent]
    ) -> list[GraphEvent]:
        """The events that activities name by iCalUId and that were not read yet."""
        known = {uid_key(e.ical_uid) for e in events}
        naming = [
            a
            for a in activities
            if a.external_system == MSSYNC_SYSTEM
            and a.external_id
            and uid_key(a.external_id) not in known
            and scope(Case(activity=a), self._ctx)[0] is None
        ]
        shortened = [a for a in naming if a.external_id.startswith(SHORT_FORM)]
        named = {a.external_id for a in naming} - {a.external_id for a in shortened}
        answers = await self._calendar.find_by_uid(self._ctx.mailbox, named) if named else {}
        found = [event for answer in answers.values() for event in answer]
        for activity in shortened:
            found += await self._standing_where(activity)
        return [event for event in found if event.id not in self._links]

    async def _standing_where(self, activity: ErpActivity) -> list[GraphEvent]:
        """The event whose iCalUId an activity names in short form. Graph can only be asked for whole ones, so it is
        looked for where the activity stands; elsewhere it is not found, and its activity's partner counts as gone."""
        start, _ = bounds(erp_when(activity.content, ZoneInfo(self._ctx.digits_zone)), self._ctx.zone)
        view = await self._calendar.read_view(self._ctx.mailbox, Window(start - NEARBY, start + NEARBY))
        return [event for event in view.events if uid_key(event.ical_uid) == uid_key(activity.external_id)]

    async def _marked_activities(
        self, marks: Mapping[str, str], known: Mapping[str, ErpActivity]
    ) -> dict[str, ErpActivity]:
        wanted = {a for a in marks.values() if a not in known}
        if not wanted:
            return {}
        answers = await self._erp.read_activities(wanted)
        return {i: a for i, a in answers.items() if isinstance(a, ErpActivity)}

    def _clashing(self, events: Iterable[GraphEvent]) -> dict[str, tuple[Sight, str]]:
        """Events whose iCalUId another event of this calendar bears: only one of them is the meeting.

        A copy that came back under another id waits until the link of the one that is gone has ended.
        """
        bearers = {uid_key(x.ical_uid): i for i, x in self._links.items() if x.status in WATCHED}
        found: dict[str, tuple[Sight, str]] = {}
        for event in sorted(events, key=lambda e: e.id):
            uid = uid_key(event.ical_uid)
            bearer = bearers.setdefault(uid, event.id) if uid else event.id
            if bearer in self._lost:
                found[event.id] = Sight.UNDECIDED, MOVED_ON
            elif bearer != event.id:
                found[event.id] = Sight.MALFORMED, SAME_UID
        return found

    def _clash(self, event: GraphEvent, sight: Sight, note: str, waiting: Mapping[tuple[Side, str], Pending]) -> Case:
        return Case(event=event, event_sight=sight, pending=waiting.get((Side.GRAPH, event.id)), note=note)

    # What was found

    def _by_external_id(self, event: GraphEvent, paired: Paired, taken: set[str]) -> ErpActivity | None:
        alive = (a for a in paired.get(uid_key(event.ical_uid), ()) if isinstance(a, ErpActivity) and not a.void)
        return next((a for a in alive if a.id not in taken and a.id not in self._by_activity), None)

    def _both(self, event: GraphEvent, activity: ErpActivity, waiting: Mapping[tuple[Side, str], Pending]) -> Case:
        pending = waiting.get((Side.GRAPH, event.id)) or waiting.get((Side.ERP, activity.id))
        return Case(
            event=event,
            activity=activity,
            event_sight=Sight.PRESENT,
            activity_sight=Sight.PRESENT,
            pending=pending,
        )

    def _alone_or_marked(
        self,
        event: GraphEvent,
        marks: Mapping[str, str],
        paired: Paired,
        activities: Mapping[str, ErpActivity],
        taken: set[str],
        waiting: Mapping[tuple[Side, str], Pending],
    ) -> Case:
        pending = waiting.get((Side.GRAPH, event.id))
        alone = Case(event=event, event_sight=Sight.PRESENT, pending=pending)
        state = pending.state if pending else PendingState.WAITING
        if state is PendingState.RELEASED:
            return alone
        if state in (PendingState.PARTNER_GONE, PendingState.DECLINED):
            return replace(alone, partner_gone=True)
        named = paired.get(uid_key(event.ical_uid), ())
        unclear = next((a for a in named if isinstance(a, Malformed)), None)
        if unclear is not None:
            return replace(alone, event_sight=Sight.MALFORMED, note=f"its activity {unclear.id}: {unclear.reason}")
        if any(isinstance(a, ErpActivity) and not a.void and a.id in self._by_activity for a in named):
            return replace(alone, event_sight=Sight.MALFORMED, note=SAME_UID)
        mark = marks.get(event.id)
        partner = activities.get(mark) if mark else None
        if partner is not None and not partner.void and partner.id not in taken:
            taken.add(partner.id)
            return self._both(event, partner, waiting)
        return replace(alone, partner_gone=bool(mark or named) and mark not in taken)

    def _activity_alone(self, activity: ErpActivity, waiting: Mapping[tuple[Side, str], Pending]) -> Case:
        pending = waiting.get((Side.ERP, activity.id))
        state = pending.state if pending else PendingState.WAITING
        names = activity.external_system == MSSYNC_SYSTEM and bool(activity.external_id)
        in_scope = scope(Case(activity=activity), self._ctx)[0] is None
        return Case(
            activity=activity,
            activity_sight=Sight.PRESENT,
            pending=pending,
            partner_gone=state in (PendingState.PARTNER_GONE, PendingState.DECLINED)
            or (names and in_scope and state is not PendingState.RELEASED),
        )


def _named(activities: Iterable[ErpActivity]) -> dict[str, tuple[ErpActivity | Malformed, ...]]:
    """The activities at hand by the meeting they name."""
    named: dict[str, tuple[ErpActivity | Malformed, ...]] = {}
    for activity in activities:
        if activity.external_system == MSSYNC_SYSTEM and activity.external_id:
            uid = uid_key(activity.external_id)
            named[uid] = (*named.get(uid, ()), activity)
    return named
