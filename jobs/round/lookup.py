"""Reads the possible partners of items without a link, so that nothing is created twice (deduplication).

``sync_core.plan.match`` decides which of them belong together. The number of reads grows with the number of new
items: events are searched by iCalUId, activities by the iCalUIds that they may name, and the marks of new events are
read. Only a full round reads every mark, in one list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from jobs.world import World
from sync_core.content.project import erp_when
from sync_core.content.ranges import SHORT_FORM, uid_key
from sync_core.content.window import bounds
from sync_core.model.claim import Claim
from sync_core.model.decision import Context
from sync_core.model.event import Window
from sync_core.model.link import UNHINDERED, Pending, PendingState
from sync_core.model.sides import ErpActivity, GraphEvent, Malformed, Side
from sync_core.plan.match import Unlinked, may_be_named, may_pair, meeting_of, owners
from sync_core.plan.relocate import by_uid

Named = dict[str, tuple[ErpActivity | Malformed, ...]]
"""The activities that name a meeting, by its key."""

NEARBY = timedelta(days=1)
"""How far around an activity's time an event is searched: a wall clock of an unknown zone may be most of a day
off."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """Looks up the partners of unlinked items.

    ``claims`` are those of the meetings that activities name, by iCalUId. ``with_marks`` are the ids of events that
    were read with their marks. ``full`` reads every mark.
    """

    world: World
    ctx: Context
    claims: Mapping[str, Claim]
    with_marks: frozenset[str] = frozenset()
    full: bool = False
    unsure: set[str] = field(default_factory=set)
    """The ids of items whose partner could not be looked for, filled by ``complete``."""

    async def complete(self, unlinked: Unlinked) -> Unlinked:
        """Read everything that may belong to the items; return them with it. Raises what the sides raise."""
        marked = await self._marked(unlinked)
        unlinked = _with_events(unlinked, [*marked, *await self._named_events(unlinked)])
        unlinked = replace(unlinked, named=await self._named(unlinked, {event.id for event in marked}))
        marked += await self._marks_of_creates(unlinked)
        unlinked = _with_events(unlinked, marked)
        marks = {event.id: activity for activity, event in owners(marked, self.ctx.mailbox).items()}
        unlinked = replace(unlinked, marks=marks, originals=self._originals(unlinked))
        return replace(unlinked, known=await self._known(unlinked), unsure=frozenset(self.unsure))

    # Marks

    async def _marked(self, unlinked: Unlinked) -> list[GraphEvent]:
        """Events with a mark that counts: in a full round all, else those of activities about to get an event."""
        if self.full:
            return _counting((await self.world.calendar.read_marked(self.ctx.mailbox)).events, unlinked)
        begun = {item for side, item in unlinked.waiting if side is Side.ERP and item in unlinked.activities}
        named = {a.id for a in unlinked.activities.values() if may_be_named(a, self.ctx)}
        return await self._bearing(begun | named, unlinked)

    async def _bearing(self, activity_ids: Collection[str], unlinked: Unlinked) -> list[GraphEvent]:
        """The events that carry a mark of one of these activities."""
        if not activity_ids:
            return []
        answers = await self.world.calendar.find_marked(self.ctx.mailbox, activity_ids)
        self.unsure.update(set(activity_ids) - set(answers))
        return _counting((event for marked in answers.values() for event in marked), unlinked)

    async def _marks_of_creates(self, unlinked: Unlinked) -> list[GraphEvent]:
        """Events that look new but bear our mark: calsync created them once, and their link is lost."""
        if self.full:
            return []
        new = [event for event in unlinked.events.values() if self._looks_new(event, unlinked)]
        unread = [e.id for e in new if e.id not in self.with_marks and e.mark is None]
        read = await self.world.calendar.read_marks(self.ctx.mailbox, unread) if unread else {}
        marks = {i: mark for i, mark in read.items() if mark} | {e.id: e.mark for e in new if e.mark}
        bearing = await self._bearing(set(marks.values()) - unlinked.linked, unlinked)
        self.unsure.update(set(unread) - set(read), (i for i, mark in marks.items() if mark in self.unsure))
        return bearing

    def _looks_new(self, event: GraphEvent, unlinked: Unlinked) -> bool:
        """Whether an event of the mailbox's own is about to get an activity."""
        is_own = event.is_organizer and event.id not in unlinked.followed
        is_chosen = unlinked.state(Side.GRAPH, event.id) is PendingState.RELEASED
        return (
            is_own and not is_chosen and not unlinked.named.get(uid_key(event.ical_uid)) and may_pair(event, self.ctx)
        )

    # Names

    async def _named_events(self, unlinked: Unlinked) -> list[GraphEvent]:
        """The unread events that activities name by iCalUId, also for activities that are parked by a hindrance."""
        read = by_uid(unlinked.events.values(), lambda event: event.ical_uid)
        naming = [
            activity
            for activity in unlinked.activities.values()
            if meeting_of(activity)
            and meeting_of(activity) not in read
            and (may_be_named(activity, self.ctx) or _is_hindered(unlinked.pending(Side.ERP, activity.id)))
        ]
        shortened = [a for a in naming if a.external_id.startswith(SHORT_FORM)]
        named = {a.external_id for a in naming} - {a.external_id for a in shortened}
        answers = await self.world.calendar.find_by_uid(self.ctx.mailbox, named) if named else {}
        self.unsure.update(a.id for a in naming if a.external_id in named - set(answers))
        found = [event for answer in answers.values() for event in answer]
        for activity in shortened:
            found += await self._event_nearby(activity)
        linked = {link.event_id for link in unlinked.links}
        return [event for event in found if event.id not in linked]

    async def _event_nearby(self, activity: ErpActivity) -> list[GraphEvent]:
        """The event whose iCalUId an activity names in short form.

        Graph can search for whole iCalUIds only, so the events around the activity's time are read. An event at
        another time is not found, and the activity's partner counts as gone.
        """
        start, _ = bounds(erp_when(activity.content, ZoneInfo(self.ctx.digits_zone)), self.ctx.zone)
        view = await self.world.calendar.read_view(self.ctx.mailbox, Window(start - NEARBY, start + NEARBY))
        return [event for event in view.events if uid_key(event.ical_uid) == uid_key(activity.external_id)]

    async def _named(self, unlinked: Unlinked, marked: Collection[str]) -> Named:
        """The activities of any user that name the meetings of these events, also where one was read already: there
        may be several. ``marked`` are the ids of events that bear a mark."""
        named: dict[str, dict[str, ErpActivity | Malformed]] = {}
        for activity in unlinked.activities.values():
            if meeting_of(activity):
                named.setdefault(meeting_of(activity), {})[activity.id] = activity
        events = [e for e in unlinked.events.values() if e.id not in unlinked.followed and e.ical_uid]
        uids = {e.ical_uid for e in events if e.id in marked or may_pair(e, self.ctx) or uid_key(e.ical_uid) in named}
        for uid, found in (await self.world.erp.find_paired(uids) if uids else {}).items():
            named.setdefault(uid_key(uid), {}).update({a.id: a for a in found})
        return {uid: tuple(found.values()) for uid, found in named.items()}

    def _originals(self, unlinked: Unlinked) -> dict[str, set[str]]:
        """The other activities that links and claims give for the meetings that these activities name."""
        claims = {uid_key(uid): claim for uid, claim in self.claims.items()}
        originals: dict[str, set[str]] = {}
        for activity in unlinked.activities.values():
            uid = meeting_of(activity)
            if uid and may_be_named(activity, self.ctx):
                ids = {link.activity_id for link in unlinked.links if uid_key(link.ical_uid) == uid}
                ids |= {claims[uid].activity_id} if uid in claims else set()
                originals[uid] = originals.get(uid, set()) | (ids - {"", activity.id})
        return originals

    async def _known(self, unlinked: Unlinked) -> dict[str, ErpActivity]:
        """The activities that marks, links and claims name, as far as ERP.net has them."""
        named = [a for found in unlinked.named.values() for a in found if isinstance(a, ErpActivity)]
        known = dict(unlinked.activities) | {a.id: a for a in named}
        wanted = {*unlinked.marks.values(), *(i for ids in unlinked.originals.values() for i in ids)}
        missing = {one for one in wanted if one not in known}
        answers = await self.world.erp.read_activities(missing) if missing else {}
        return known | {i: a for i, a in answers.items() if isinstance(a, ErpActivity)}


def _with_events(unlinked: Unlinked, events: Iterable[GraphEvent]) -> Unlinked:
    """The items with these events added; an event that is among them already stays as it was read."""
    known = unlinked.events
    return replace(unlinked, events={**known, **{e.id: known.get(e.id, e) for e in events}})


def _counting(events: Iterable[GraphEvent], unlinked: Unlinked) -> list[GraphEvent]:
    """The events whose mark counts: a mark of an activity that has its event already was copied with an event."""
    linked, fed = {link.event_id for link in unlinked.links}, unlinked.linked
    return [e for e in events if e.mark and e.id not in linked and e.mark not in fed]


def _is_hindered(pending: Pending | None) -> bool:
    return pending is not None and pending.state not in UNHINDERED
