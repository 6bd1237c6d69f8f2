"""Reads what may belong to the items without a link, so that nothing is made twice; ``sync_core.match`` decides.

What is asked grows with what is new: events by their iCalUId, activities by the iCalUIds they may carry, marks of
events that are about to get an activity. Only a full round reads every mark there is, in one list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from jobs.ports import Calendar, Erp
from sync_core.cases import Case, Context
from sync_core.claim import Claim
from sync_core.match import Unlinked, match, may_be_named, may_pair, meeting_of, owners
from sync_core.model import (
    UNHINDERED,
    ErpActivity,
    GraphEvent,
    Link,
    Malformed,
    Pending,
    PendingState,
    Role,
    Side,
    Window,
)
from sync_core.moving import by_uid
from sync_core.project import erp_when
from sync_core.ranges import SHORT_FORM, uid_key
from sync_core.window import bounds

Named = dict[str, tuple[ErpActivity | Malformed, ...]]
"""The activities that name a meeting, by its key."""


NEARBY = timedelta(days=1)
"""A wall clock of an unknown zone may be most of a day off."""


class Pairing:
    """Pairs the unlinked items of one round."""

    def __init__(
        self,
        calendar: Calendar,
        erp: Erp,
        ctx: Context,
        links: Collection[Link],
        *,
        full: bool,
        followed: Collection[str] = (),
        unmade: Collection[str] = (),
        claims: Mapping[str, Claim] | None = None,
        with_marks: Collection[str] = (),
    ) -> None:
        self._calendar = calendar
        self._erp = erp
        self._ctx = ctx
        self._links = {link.event_id: link for link in links}
        self._fed = {link.activity_id for link in links if link.role is not Role.FOLLOWER}
        self._full = full
        self._followed = frozenset(followed)
        """The events whose activity is another mailbox's to find."""
        self._unmade = frozenset(unmade)
        """The events whose claim names no activity."""
        self._claims = claims or {}
        """What claims say of the meetings that activities name, by key."""
        self._with_marks = frozenset(with_marks)
        """The events that were read with their marks."""

    async def pair(
        self, events: Sequence[GraphEvent], activities: Sequence[ErpActivity], pending: Sequence[Pending]
    ) -> list[Case]:
        """One case for each pair and each item left alone; ``pending`` are all rows of the user."""
        waiting = {(p.side, p.item_id): p for p in pending}
        free = {e.id: e for e in events}
        at_hand = {a.id: a for a in activities}
        marked = await self._marked(at_hand, waiting)
        free |= {e.id: free.get(e.id, e) for e in (*marked, *await self._named_events(at_hand, free, waiting))}
        named = await self._named(at_hand.values(), free.values(), {e.id for e in marked})
        marked += await self._marks_of_creates(free, named, waiting)
        free |= {e.id: free.get(e.id, e) for e in marked}
        marks = {event.id: activity for activity, event in owners(marked, self._ctx.mailbox).items()}
        originals = self._originals(at_hand.values())
        read = await self._read({*marks.values(), *(i for ids in originals.values() for i in ids)}, at_hand, named)
        unlinked = Unlinked(
            events=free,
            activities=at_hand,
            links=tuple(self._links.values()),
            waiting=waiting,
            followed=self._followed,
            unmade=self._unmade,
            named=named,
            marks=marks,
            originals=originals,
            known=read,
        )
        return match(unlinked, self._ctx)

    # Marks

    async def _marked(
        self, activities: Mapping[str, ErpActivity], waiting: Mapping[tuple[Side, str], Pending]
    ) -> list[GraphEvent]:
        """Events with a mark that may count: all in a full round, else those of activities about to get an event."""
        if self._full:
            return self._counting((await self._calendar.read_marked(self._ctx.mailbox)).events)
        begun = {item for side, item in waiting if side is Side.ERP and item in activities}
        return await self._bearing(begun | {a.id for a in activities.values() if may_be_named(a, self._ctx)})

    async def _bearing(self, activity_ids: Collection[str]) -> list[GraphEvent]:
        """The events that carry a mark of one of these activities."""
        if not activity_ids:
            return []
        answers = await self._calendar.find_marked(self._ctx.mailbox, activity_ids)
        return self._counting(event for marked in answers.values() for event in marked)

    def _counting(self, events: Iterable[GraphEvent]) -> list[GraphEvent]:
        """A mark of an activity that has its event is a copy's."""
        return [e for e in events if e.mark and e.id not in self._links and e.mark not in self._fed]

    async def _marks_of_creates(
        self, events: Mapping[str, GraphEvent], named: Named, waiting: Mapping[tuple[Side, str], Pending]
    ) -> list[GraphEvent]:
        """Events that look new and carry our mark: calsync made them once, and their link was forgotten."""
        if self._full:
            return []
        new = [e for e in events.values() if self._looks_new(e, named, waiting)]
        unread = [e.id for e in new if e.id not in self._with_marks and e.mark is None]
        marks = await self._calendar.read_marks(self._ctx.mailbox, unread) if unread else {}
        marks |= {e.id: e.mark for e in new if e.mark}
        return await self._bearing({mark for mark in marks.values() if mark not in self._fed})

    def _looks_new(self, event: GraphEvent, named: Named, waiting: Mapping[tuple[Side, str], Pending]) -> bool:
        """Whether an event of the mailbox's own is about to get an activity."""
        pending = waiting.get((Side.GRAPH, event.id))
        chosen = pending is not None and pending.state is PendingState.RELEASED
        is_own = event.is_organizer and event.id not in self._followed
        return is_own and not chosen and not named.get(uid_key(event.ical_uid)) and may_pair(event, self._ctx)

    # Names

    async def _named_events(
        self,
        activities: Mapping[str, ErpActivity],
        events: Mapping[str, GraphEvent],
        waiting: Mapping[tuple[Side, str], Pending],
    ) -> list[GraphEvent]:
        """The events that activities name by iCalUId and that were not read yet; also those of activities that wait
        for what stands between them and their event."""
        known = by_uid(events.values(), lambda event: event.ical_uid)
        naming = [
            activity
            for activity in activities.values()
            if meeting_of(activity)
            and meeting_of(activity) not in known
            and (may_be_named(activity, self._ctx) or self._is_hindered(activity, waiting))
        ]
        shortened = [a for a in naming if a.external_id.startswith(SHORT_FORM)]
        named = {a.external_id for a in naming} - {a.external_id for a in shortened}
        answers = await self._calendar.find_by_uid(self._ctx.mailbox, named) if named else {}
        found = [event for answer in answers.values() for event in answer]
        for activity in shortened:
            found += await self._event_claimed_for(activity)
        return [event for event in found if event.id not in self._links]

    async def _event_claimed_for(self, activity: ErpActivity) -> list[GraphEvent]:
        """The event whose iCalUId an activity names in short form. Graph can only be asked for whole ones, so it is
        looked for where the activity stands; elsewhere it is not found, and its activity's partner counts as gone."""
        start, _ = bounds(erp_when(activity.content, ZoneInfo(self._ctx.digits_zone)), self._ctx.zone)
        view = await self._calendar.read_view(self._ctx.mailbox, Window(start - NEARBY, start + NEARBY))
        return [event for event in view.events if uid_key(event.ical_uid) == uid_key(activity.external_id)]

    def _is_hindered(self, activity: ErpActivity, waiting: Mapping[tuple[Side, str], Pending]) -> bool:
        pending = waiting.get((Side.ERP, activity.id))
        return pending is not None and pending.state not in UNHINDERED

    async def _named(
        self, activities: Iterable[ErpActivity], events: Iterable[GraphEvent], marked: Collection[str]
    ) -> Named:
        """The activities that name the meetings of these events, whoever's they are: one at hand may not be the
        only one."""
        named: dict[str, dict[str, ErpActivity | Malformed]] = {}
        for activity in activities:
            if meeting_of(activity):
                named.setdefault(meeting_of(activity), {})[activity.id] = activity
        asked = [e for e in events if e.id not in self._followed and e.ical_uid]
        uids = {e.ical_uid for e in asked if e.id in marked or may_pair(e, self._ctx) or uid_key(e.ical_uid) in named}
        for uid, found in (await self._erp.find_paired(uids) if uids else {}).items():
            named.setdefault(uid_key(uid), {}).update({a.id: a for a in found})
        return {uid: tuple(found.values()) for uid, found in named.items()}

    def _originals(self, activities: Iterable[ErpActivity]) -> dict[str, set[str]]:
        """The activities that stand for the meetings that these name, by what is remembered."""
        originals: dict[str, set[str]] = {}
        for activity in activities:
            uid = meeting_of(activity)
            if uid and may_be_named(activity, self._ctx):
                ids = {link.activity_id for link in self._links.values() if uid_key(link.ical_uid) == uid}
                ids |= {self._claims[uid].activity_id} if uid in self._claims else set()
                originals[uid] = originals.get(uid, set()) | (ids - {"", activity.id})
        return originals

    async def _read(
        self, wanted: Collection[str], at_hand: Mapping[str, ErpActivity], named: Named
    ) -> dict[str, ErpActivity]:
        """The activities that marks, links and claims name, where they are there."""
        known = dict(at_hand) | {a.id: a for found in named.values() for a in found if isinstance(a, ErpActivity)}
        missing = {one for one in wanted if one not in known}
        answers = await self._erp.read_activities(missing) if missing else {}
        return known | {i: a for i, a in answers.items() if isinstance(a, ErpActivity)}
