"""Step 4 of a round: what Graph tells of one calendar, and what one answer cannot settle read again by id.

The feed names what changed; a removal is a hint, and so is absence. ``ending.judge_gone`` weighs what is gathered.
"""

from __future__ import annotations

from collections.abc import Collection, Container
from dataclasses import dataclass, replace
from datetime import datetime

from jobs.ports import Calendar
from sync_core.cases import Context, Sight
from sync_core.changes import changed_in_graph
from sync_core.decide import is_over_link
from sync_core.ending import judge_gone
from sync_core.errors import CursorExpired, EndlessRead
from sync_core.link import WATCHED, is_given_up
from sync_core.model import (
    UNHINDERED,
    Evidence,
    GraphEvent,
    GraphReading,
    Link,
    LinkStatus,
    Malformed,
    Mark,
    Memory,
    Pending,
    PendingState,
    Side,
    User,
    Window,
)
from sync_core.moving import Move, by_uid, moves
from sync_core.people import invited
from sync_core.policy import PrivateRule
from sync_core.project import graph_when, is_private, masked
from sync_core.ranges import uid_key
from sync_core.window import bounds, token_at

AWAY = frozenset({Sight.GONE, Sight.ELSEWHERE})
"""An event that is not in the calendar any more."""

OTHER_EVENT = "Microsoft Graph answers with another event"


@dataclass(frozen=True, slots=True)
class Scale:
    """How much a round reads. ``full``: both sides whole. ``roll``: a new local day. ``renew``: the token is worn.
    ``patient``: items still in back-off wait (a round that somebody asked for does not wait)."""

    full: bool = False
    roll: bool = False
    renew: bool = False
    patient: bool = True


class Feed:
    """One calendar's side of one round."""

    def __init__(self, calendar: Calendar, user: User, memory: Memory, ctx: Context, scale: Scale) -> None:
        self._calendar = calendar
        self._user = user
        self._memory = memory
        self._ctx = ctx
        self._scale = scale
        self._links = {link.event_id: link for link in memory.links}
        self.events: dict[str, GraphEvent | Malformed] = {}
        self.evidence: dict[str, Evidence] = {}
        self.seen: frozenset[str] = frozenset()
        """The events that the feed has shown, by id."""
        self.delta_link: str | None = None
        self.token: Window | None = None
        self.is_moving = False
        """Whether the delta link has expired and links took new ids: the calendar was moved or restored."""
        self._is_expired = False
        self.with_marks: set[str] = set()
        """The events that were read with their marks."""
        self._removed: set[str] = set()
        self._fresh: set[str] = set()
        self._looked: Window | None = None
        """What was read whole in place of a feed without end."""

    async def read(self) -> None:
        """Follow the feed, then read by id whatever it leaves in doubt."""
        whole = await self._read_graph()
        self.seen = frozenset(self.events)
        await self.gather(self._doubtful(whole))

    async def relocate(self) -> tuple[Move, ...]:
        """The links whose event is gone and bears another id now; from here on they are known by that."""
        lost = {x for x in self._memory.links if x.status in WATCHED and self.see(x)[1] in AWAY}
        shown = self._shown()
        await self._find_again({link.ical_uid for link in lost if uid_key(link.ical_uid) not in shown})
        gone = {link.event_id for link in lost} | await self._gone_for_good(shown)
        found = moves(self._memory.links, gone, self.free(self._links), self._ctx)
        taken = [move.new for move in found]
        self.is_moving = self._is_expired and bool(taken)
        stale = {move.old.event_id for move in found}
        self.events = {event_id: event for event_id, event in self.events.items() if event_id not in stale}
        self._links = {i: link for i, link in self._links.items() if i not in stale} | {x.event_id: x for x in taken}
        settled = {link.event_id for link in taken}
        waiting = [p for p in self._memory.pending if p.side is not Side.GRAPH or p.item_id not in settled]
        self._memory = replace(self._memory, links=tuple(self._links.values()), pending=tuple(waiting))
        return found

    def _shown(self) -> Container[str]:
        """The meetings of which this round has read an event without a link."""
        return by_uid(self.free(self._links), lambda event: event.ical_uid)

    async def _gone_for_good(self, shown: Container[str]) -> set[str]:
        """Of links that have ended, the events that are gone although their meeting was shown; that they are asked
        about is no news of those that are still there."""
        ended = [x.event_id for x in self._memory.links if x.status not in WATCHED and uid_key(x.ical_uid) in shown]
        unseen = [event_id for event_id in ended if event_id not in self.events]
        evidence = await self._calendar.gather_evidence(self._user.id, unseen) if unseen else {}
        return {event_id for event_id, told in evidence.items() if judge_gone(told) is Sight.GONE}

    async def _find_again(self, ical_uids: Collection[str]) -> None:
        """Events of this calendar by iCalUId, wherever in time they lie, with proof that they are there."""
        if not ical_uids:
            return
        answers = await self._calendar.find_by_uid(self._user.id, ical_uids)
        await self.gather({e.id for found in answers.values() for e in found if e.id not in self._links})

    @property
    def memory(self) -> Memory:
        """What is remembered, with the links under the ids that their events bear now."""
        return self._memory

    def event(self, event_id: str) -> GraphEvent | None:
        """An event that could be read."""
        found = self.events.get(event_id)
        return found if isinstance(found, GraphEvent) else None

    def free(self, known: Container[str]) -> list[GraphEvent]:
        """The events without a link."""
        return [e for i, e in self.events.items() if isinstance(e, GraphEvent) and i not in known]

    def is_lost(self, link: Link) -> bool:
        """Whether a linked event is no longer in the calendar, or cancelled."""
        event = self.event(link.event_id)
        is_away = self.see(link)[1] in (Sight.GONE, Sight.ELSEWHERE)
        return is_away or (event is not None and event.is_cancelled)

    async def gather(self, ids: Collection[str]) -> None:
        """Read events one by one, with all the evidence there is."""
        if not ids:
            return
        for event_id, evidence in (await self._calendar.gather_evidence(self._user.id, ids)).items():
            if isinstance(evidence.event, GraphEvent) and evidence.event.id != event_id:
                evidence = Evidence(Malformed(Side.GRAPH, event_id, OTHER_EVENT))
            self.evidence[event_id] = evidence
            if isinstance(evidence.event, GraphEvent) and (
                event_id in self._links or judge_gone(evidence) is Sight.PRESENT
            ):
                self.events[event_id] = self.cloaked(evidence.event)
            else:
                self.events.pop(event_id, None)

    async def read_formatted(self, ids: Collection[str]) -> None:
        """Read events with their HTML; what is shown then is fresh, whatever version the link remembers."""
        for event_id, event in (await self._calendar.read_events(self._user.id, ids, html=True)).items():
            if isinstance(event, GraphEvent) and event.id == event_id:
                self.events[event_id] = self.cloaked(event)
                self._fresh.add(event_id)
            elif event_id not in self.evidence:
                self.evidence[event_id] = Evidence(event)

    def see(self, link: Link) -> tuple[GraphEvent | None, Sight, str]:
        """What this round sees of a link's event, and a note where it cannot be understood."""
        event = self.events.get(link.event_id)
        evidence = self.evidence.get(link.event_id)
        if evidence is not None and isinstance(evidence.event, Malformed):
            return None, Sight.MALFORMED, evidence.event.reason
        if isinstance(event, Malformed):
            return None, Sight.MALFORMED, event.reason
        if evidence is not None:
            sight = judge_gone(evidence)
            return (event if sight is Sight.PRESENT else None), sight, ""
        if event is None or (event.id not in self._fresh and self.is_stale(link, event)):
            return None, Sight.UNREAD, ""
        return event, Sight.PRESENT, ""

    def is_stale(self, link: Link, event: GraphEvent) -> bool:
        """A feed may lag behind our own write (graph.md §3): older than what the link has seen is no news. Nor is
        what it has seen, unless an edit was left alone then and goes on standing."""
        if event.id in self._fresh:
            return False
        if event.change_key == link.change_key:
            return not changed_in_graph(link.base_event, event.content)
        known, told = link.modified_at, event.modified_at
        return known is not None and told is not None and told < known

    def look_at(self, event_id: str) -> None:
        """Take an event as news, whatever version the link remembers."""
        self._fresh.add(event_id)

    def due_pending(self) -> list[Pending]:
        """Pending items whose turn it is: parked ones wait for a person, or for what stands in their way to end."""
        now = self._ctx.now
        in_place = by_uid((x for x in self._memory.links if x.status in WATCHED), lambda link: link.ical_uid)
        return [
            p
            for p in self._memory.pending
            if (self._may_be_over(p, in_place) if p.parked else not self._waits(p.retry_at, now))
        ]

    def _may_be_over(self, pending: Pending, in_place: Container[str]) -> bool:
        """Whether what stands in an item's way may have ended, or the item is gone: looked at daily, and at the signs
        there are."""
        if self._scale.roll or self._scale.full or self._is_told_gone(pending):
            return True
        if pending.state in UNHINDERED:
            return False
        uid = uid_key(pending.ical_uid)
        is_alone = pending.state is PendingState.TWIN and uid not in in_place
        is_elsewhere = pending.side is Side.GRAPH and pending.item_id not in self.events and uid in self._shown()
        is_handed = pending.state is PendingState.CLASH and bool(self._memory.inbox)
        return is_alone or is_elsewhere or is_handed

    def _is_told_gone(self, pending: Pending) -> bool:
        """Whether its side says that an item without a link was taken away."""
        if pending.side is Side.GRAPH:
            return pending.item_id in self._removed
        return any(row.deleted and row.activity_id == pending.item_id for row in self._memory.inbox)

    def cloaked(self, event: GraphEvent) -> GraphEvent:
        """An event as ``SYNC_PRIVATE`` lets it be known."""
        if self._ctx.policy.private is PrivateRule.BUSY and is_private(event.content):
            return replace(event, content=masked(event.content), attendees=(), hidden_crowd=len(invited(event)))
        return event

    # The feed

    async def _read_graph(self) -> bool:
        """Read the feed (and the strip that entered the window); True when the whole token was read anew."""
        cursors, ctx = self._memory.cursors, self._ctx
        anew = self._scale.full or self._scale.renew or cursors.delta_link is None or cursors.token is None
        token = token_at(ctx.now, ctx.zone, ctx.policy.months_ahead)
        if cursors.delta_link and cursors.token:
            try:
                self._take(await self._calendar.read_changes(self._user.id, cursors.delta_link, cursors.token))
            except CursorExpired:
                anew = self._is_expired = True
            except EndlessRead:
                return await self._read_without_feed(_both(cursors.token, token))
        if anew:
            try:
                self._take(await self._calendar.read_changes(self._user.id, None, token), token)
            except EndlessRead:
                return await self._read_without_feed(token)
        elif self._scale.roll:
            await self._read_strip()
        return anew

    async def _read_without_feed(self, token: Window) -> bool:
        """The feed does not end (graph.md T5): read the view instead and keep the cursor as it was."""
        self._take(await self._calendar.read_view(self._user.id, token))
        self._looked = token
        self.delta_link, self.token = self._memory.cursors.delta_link, self._memory.cursors.token
        return True

    async def _read_strip(self) -> None:
        start, end = self._memory.cursors.window_end, self._ctx.window.end
        if start is not None and start < end:
            strip = await self._calendar.read_view(self._user.id, Window(start, end))
            self.with_marks |= {event.id for event in strip.events}
            self._take(replace(strip, delta_link=self.delta_link), self.token)

    def _take(self, reading: GraphReading, token: Window | None = None) -> None:
        """Later delivery of an id wins; a removal is a hint that ``_doubtful`` follows up."""
        for event in reading.events:
            self.events[event.id] = self.cloaked(event)
        for bad in reading.malformed:
            self.events[bad.id] = bad
        for event_id in reading.removed:
            self.events.pop(event_id, None)
            self._removed.add(event_id)
        self.delta_link = reading.delta_link
        self.token = token or self._memory.cursors.token

    def _doubtful(self, whole: bool) -> set[str]:
        """Ids to be read one by one: removed or absent ones, marked links, restored ones, due pending ones."""
        known = self._removed & set(self._links)
        doubtful = {i for i in known if self._links[i].status is not LinkStatus.ARCHIVED}
        for link in self._memory.links:
            seen = link.event_id in self.events
            if (link.status is LinkStatus.TOMBSTONE and seen) or self._is_to_unmark(link):
                doubtful.add(link.event_id)
            elif link.status in WATCHED and (
                self._is_due(link) or (not seen and self._is_expected(link, whole)) or self._is_answered(link)
            ):
                doubtful.add(link.event_id)
        doubtful |= {p.item_id for p in self.due_pending() if p.side is Side.GRAPH and p.item_id not in self.events}
        shown = self._shown()
        return doubtful | {
            link.event_id
            for link in self._memory.links
            if link.status in WATCHED and link.event_id not in self.events and uid_key(link.ical_uid) in shown
        }

    def _is_due(self, link: Link) -> bool:
        """Whether a link asks to be read again, and its back-off is over."""
        return bool(link.reread) and self._is_ready(link)

    def _is_answered(self, link: Link) -> bool:
        """Whether a person said yes to the link's deletion, and it waits for nothing else."""
        is_held = link.status is LinkStatus.HELD and link.event_id in self._ctx.approved
        return is_held and self._is_ready(link)

    def _is_ready(self, link: Link) -> bool:
        """Whether nothing keeps a round from trying again: no back-off, and not the last of too many tries."""
        return not self._waits(link.retry_at, self._ctx.now) and not is_given_up(link)

    def _waits(self, retry_at: datetime | None, now: datetime) -> bool:
        return self._scale.patient and retry_at is not None and retry_at > now

    def _is_to_unmark(self, link: Link) -> bool:
        """Whether a conflict whose event wears our mark closes because the meeting is over; asked once a day."""
        is_asked = self._scale.roll or self._scale.full or self._is_due(link)
        if not is_asked or is_given_up(link) or link.conflict is None or link.conflict.mark is not Mark.SET:
            return False
        return is_over_link(link, self._ctx.now - self._ctx.policy.max_age, self._ctx.zone)

    def _is_expected(self, link: Link, whole: bool) -> bool:
        """Whether a link's event must be looked for: after a token was read anew, or beyond it at the daily look."""
        token = self._looked or self.token
        if token is None or link.status is LinkStatus.HELD:
            return False
        start, end = bounds(graph_when(link.base_event), self._ctx.zone)
        inside = start < token.end and end > token.start
        return whole or (link.unseen if inside else self._scale.roll)


def _both(one: Window, other: Window) -> Window:
    return Window(min(one.start, other.start), max(one.end, other.end))
