"""Reads the possible partners of items without a link, so that nothing is created twice (deduplication).

``sync_core.reading.partners`` says what must be read, ``sync_core.plan.match`` decides what belongs together. Only a
full round reads every mark, in one list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from jobs.round.recall import Recall
from jobs.world import World
from sync_core.content.names import Names, named
from sync_core.content.project import erp_when
from sync_core.content.ranges import SHORT_FORM, uid_key
from sync_core.content.window import bounds
from sync_core.errors import PageFailed
from sync_core.model.claim import Claim
from sync_core.model.decision import Context
from sync_core.model.event import Window
from sync_core.model.series import series_uid_of
from sync_core.model.sides import ErpActivity, GraphEvent
from sync_core.plan.match import owners
from sync_core.plan.unlinked import Unlinked, names_date
from sync_core.reading.names import names_in_erp, names_of_events
from sync_core.reading.news import permitted
from sync_core.reading.partners import (
    Named,
    counting,
    former_dates,
    known_with,
    may_be_marked,
    named_with,
    naming_unread,
    new_events,
    originals_of,
    to_be_named,
    unknown,
    with_events,
)
from sync_core.reading.series import MOST_ASKED, is_on

NEARBY = timedelta(days=1)
"""How far around an activity's time an event is searched: a wall clock of an unknown zone may be most of a day
off."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """Looks up the partners of unlinked items.

    ``claims`` are those of the meetings that activities name, by iCalUId. ``with_marks`` are the ids of events that
    were read with their marks. ``full`` reads every mark. ``is_first`` says that no full round was ever finished, or
    that its memory is lost: then dates of series may have activities of their former days.
    """

    world: World
    ctx: Context
    claims: Mapping[str, Claim]
    with_marks: frozenset[str] = frozenset()
    full: bool = False
    is_first: bool = False
    recall: Recall | None = None
    unsure: set[str] = field(default_factory=set)
    """The ids of items whose partner could not be looked for, filled by ``complete``."""

    async def complete(self, unlinked: Unlinked) -> Unlinked:
        """Read everything that may belong to the items; return them with it. Raises what the sides raise, and
        ``NeedsAll``."""
        unlinked = await self._known_of_events(unlinked, unlinked.events.values())
        try:
            unlinked, marked = await self._marked(unlinked)
        except PageFailed:  # because of one event: then each item is asked about, as in a small round
            if not self.full:
                raise
            return await replace(self, full=False).complete(unlinked)
        unlinked, bearers = await self._named_events(unlinked)
        items = self._items(marked)
        unlinked = with_events(unlinked, [*items, *bearers])
        unlinked = replace(unlinked, named=await self._named(unlinked, {event.id for event in items}))
        found = {a.id: a for own in unlinked.named.values() for a in own}
        unlinked, new = await self._marks_of_creates(await self._with_links(unlinked, names_in_erp(found)))
        unlinked = await self._with_former(self._with_marks(unlinked, [*marked, *new]))
        unlinked = replace(unlinked, originals=originals_of(unlinked, self.claims, self.ctx))
        return replace(unlinked, known=await self._known(unlinked), unsure=frozenset(self.unsure))

    # Links

    async def _with_links(self, unlinked: Unlinked, names: Names) -> Unlinked:
        """The items with the links of these names, which this round has perhaps not read yet."""
        found = await self.recall.find(names) if self.recall is not None else ()
        return replace(unlinked, links=(*unlinked.links, *found)) if found else unlinked

    async def _known_of_events(self, unlinked: Unlinked, events: Iterable[GraphEvent]) -> Unlinked:
        return await self._with_links(unlinked, names_of_events(events))

    # Marks

    async def _marked(self, unlinked: Unlinked) -> tuple[Unlinked, list[GraphEvent]]:
        """Events with a mark that counts: in a full round all, else those of activities about to get an event."""
        if self.full:
            marked = (await self.world.calendar.read_marked(self.ctx.mailbox)).events
            return unlinked, counting(marked, unlinked)
        return await self._bearing(may_be_marked(unlinked, self.ctx), unlinked)

    async def _bearing(self, activity_ids: Collection[str], unlinked: Unlinked) -> tuple[Unlinked, list[GraphEvent]]:
        """The events that carry a mark of one of these activities."""
        if not activity_ids:
            return unlinked, []
        answers = await self.world.calendar.find_marked(self.ctx.mailbox, activity_ids)
        self.unsure.update(set(activity_ids) - set(answers))
        found = [event for marked in answers.values() for event in marked]
        unlinked = await self._known_of_events(unlinked, found)
        return unlinked, counting(found, unlinked)

    def _items(self, marked: Iterable[GraphEvent]) -> list[GraphEvent]:
        """The events that are items: where the dates of series are synced, a series itself is none."""
        return [event for event in marked if not (event.is_series and is_on(self.ctx))]

    def _with_marks(self, unlinked: Unlinked, marked: Collection[GraphEvent]) -> Unlinked:
        """The items with these marks on events, and on series as a whole."""
        owned, items = owners(marked, self.ctx.mailbox), self._items(marked)
        ids = {event.id for event in items}
        return replace(
            with_events(unlinked, items),
            marks={e.id: activity for activity, e in owned.items() if e.id in ids},
            series_marks={uid_key(series_uid_of(e.ical_uid)): a for a, e in owned.items() if e.id not in ids},
        )

    async def _marks_of_creates(self, unlinked: Unlinked) -> tuple[Unlinked, list[GraphEvent]]:
        """Events that look new but bear our mark."""
        if self.full:
            return unlinked, []
        new = new_events(unlinked, self.ctx)
        unread = [e.id for e in new if e.id not in self.with_marks and e.mark is None]
        read = await self.world.calendar.read_marks(self.ctx.mailbox, unread) if unread else {}
        marks = {i: mark for i, mark in read.items() if mark} | {e.id: e.mark for e in new if e.mark}
        unlinked = await self._with_links(unlinked, named(activities=marks.values()))
        unlinked, bearing = await self._bearing(set(marks.values()) - unlinked.linked, unlinked)
        self.unsure.update(set(unread) - set(read), (i for i, mark in marks.items() if mark in self.unsure))
        return unlinked, bearing

    # Names

    async def _named_events(self, unlinked: Unlinked) -> tuple[Unlinked, list[GraphEvent]]:
        """The unread events that activities name by iCalUId."""
        naming = naming_unread(unlinked, self.ctx)
        shortened = [a for a in naming if a.external_id.startswith(SHORT_FORM)]
        uids = {a.external_id for a in naming} - {a.external_id for a in shortened}
        answers = await self.world.calendar.find_by_uid(self.ctx.mailbox, uids) if uids else {}
        self.unsure.update(a.id for a in naming if a.external_id in uids - set(answers))
        found = [event for answer in answers.values() for event in answer]
        dated = [a for a in naming if names_date(a, self.ctx) and not answers.get(a.external_id)]
        self.unsure.update(activity.id for activity in dated[MOST_ASKED:])
        for activity in [*shortened, *dated[:MOST_ASKED]]:
            found += await self._event_nearby(activity)
        unlinked = await self._known_of_events(unlinked, found)
        linked = {link.event_id for link in unlinked.links}
        return unlinked, [event for event in found if event.id not in linked]

    async def _event_nearby(self, activity: ErpActivity) -> list[GraphEvent]:
        """The event whose iCalUId an activity names in short form, or the date of a series that it names.

        Graph can search for whole iCalUIds of single events and series only, so the events around the activity's time
        are read. An event at another time is not found, and the activity's partner counts as gone.
        """
        start, _ = bounds(erp_when(activity.content, ZoneInfo(self.ctx.digits_zone)), self.ctx.zone)
        view = await self.world.calendar.read_view(self.ctx.mailbox, Window(start - NEARBY, start + NEARBY))
        events = (permitted(event, self.ctx) for event in view.events)
        return [event for event in events if uid_key(event.ical_uid) == uid_key(activity.external_id)]

    async def _named(self, unlinked: Unlinked, marked: Collection[str]) -> Named:
        """The activities of any user that name the meetings of these events."""
        uids = to_be_named(unlinked, marked, self.ctx)
        return named_with(unlinked, await self.world.erp.find_paired(uids) if uids else {})

    async def _with_former(self, unlinked: Unlinked) -> Unlinked:
        """In a first round, the items with the activities that may go on as their dates and of which nobody has a
        link. No index says whose they are, so each near day is asked for by name."""
        uids = former_dates(unlinked, self.ctx) if self.is_first else set()
        answers = await self.world.erp.find_paired(uids) if uids else {}
        named = (activity for own in answers.values() for activity in own)
        living = {a.id: a for a in named if isinstance(a, ErpActivity) and not a.void}
        known = await self.world.store.find_linked(living) if living else {}
        return replace(unlinked, former=[a for i, a in living.items() if not known.get(i)])

    async def _known(self, unlinked: Unlinked) -> dict[str, ErpActivity]:
        """The activities that marks, links and claims name, as far as ERP.net has them."""
        missing = unknown(unlinked)
        answers = await self.world.erp.read_activities(missing) if missing else {}
        return known_with(unlinked) | {i: a for i, a in answers.items() if isinstance(a, ErpActivity)}
