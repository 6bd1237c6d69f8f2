"""Steps 4 to 6 of a round: read Graph, read ERP.net, and lay the readings side by side as cases.

Only what may have changed is read: the delta feed and the inbox name the changed items, and each brings its
counterpart only when its *content* differs from the base. What one answer cannot settle is read again by id
(``ending.judge_gone``). Reading decides nothing: it collects what the tables need.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from jobs.meetings import inherited, live_elsewhere, read_standings
from jobs.pairing import Pairing
from jobs.ports import Calendar, Erp
from jobs.world import World
from sync_core.body import normal_text
from sync_core.cases import Case, Context, Sight, Standing
from sync_core.changes import changed_in_erp, changed_in_graph
from sync_core.ending import judge_gone
from sync_core.errors import CursorExpired, EndlessRead
from sync_core.meeting import Claimed, claimed, is_lost, seat
from sync_core.model import (
    ErpActivity,
    Evidence,
    Field,
    GraphEvent,
    GraphReading,
    Link,
    LinkStatus,
    Malformed,
    Memory,
    Pending,
    Role,
    Side,
    User,
    Window,
)
from sync_core.people import answers_of, invited
from sync_core.policy import PrivateRule
from sync_core.project import graph_when, is_private, masked
from sync_core.window import bounds, token_at

OTHER_EVENT = "Microsoft Graph answers with another event"

WATCHED = frozenset({LinkStatus.LIVE, LinkStatus.PARKED, LinkStatus.HELD})
"""Links whose event and activity are both expected to exist."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much a round reads. ``full``: both sides whole. ``roll``: a new local day. ``renew``: the token is worn.
    ``patient``: items still in back-off wait (a round that somebody asked for does not wait)."""

    full: bool = False
    roll: bool = False
    renew: bool = False
    patient: bool = True


@dataclass(slots=True)
class Findings:
    """What was read: the cases and the next cursor."""

    cases: list[Case] = field(default_factory=list)
    delta_link: str | None = None
    token: Window | None = None
    seen: frozenset[str] = frozenset()
    """The events that the feed has shown, by id."""


class Reader:
    """Reads for one round of one user."""

    def __init__(self, world: World, user: User, memory: Memory, ctx: Context, scale: Scale) -> None:
        self._calendar: Calendar = world.calendar
        self._erp: Erp = world.erp
        self._user = user
        self._memory = memory
        self._ctx = ctx
        self._scale = scale
        self._store = world.store
        self._links = {link.event_id: link for link in memory.links}
        self._by_activity = {link.activity_id: link for link in memory.links if link.role is not Role.FOLLOWER}
        self._standings: dict[str, Standing] = {}
        self._others: dict[str, tuple[str, ...] | None] = {}
        self._heirs: set[str] = set()
        self._inbox = {row.activity_id: row for row in memory.inbox}
        self._events: dict[str, GraphEvent | Malformed] = {}
        self._removed: set[str] = set()
        self._fresh: set[str] = set()
        self._evidence: dict[str, Evidence] = {}
        self._activities: dict[str, ErpActivity | Malformed | None] = {}
        self._found = Findings()
        self._looked: Window | None = None
        """What was read whole in place of a feed without end."""

    async def read(self) -> Findings:
        """Everything this round has to look at. Raises what the sides raise; a failed read yields no deletion."""
        whole = await self._read_graph()
        self._found.seen = frozenset(self._events)
        await self._gather(self._doubtful(whole))
        await self._read_claims()
        await self._read_erp()
        await self._read_formatted()
        pairing = Pairing(
            self._calendar, self._erp, self._ctx, self._kept(), self._by_activity, self._scale.full, self._lost()
        )
        pairs = await pairing.pair(self._free_events(), self._free_activities(), self._memory.pending)
        found = {c.event.ical_uid for c in pairs if c.event and c.activity} - set(self._standings)
        self._standings |= await read_standings(self._store, found)
        self._found.cases = [
            *[await self._with_heritage(case) for case in self._linked_cases()],
            *[await self._with_heritage(case) for case in await self._with_formatted(pairs)],
            *self._malformed_cases(),
            *self._vanished_cases(),
        ]
        return self._found

    # Graph

    async def _read_graph(self) -> bool:
        """Read the feed (and the strip that entered the window); True when the whole token was read anew."""
        cursors, ctx = self._memory.cursors, self._ctx
        anew = self._scale.full or self._scale.renew or cursors.delta_link is None or cursors.token is None
        token = token_at(ctx.now, ctx.zone, ctx.policy.months_ahead)
        if cursors.delta_link and cursors.token:
            try:
                self._take(await self._calendar.read_changes(self._user.id, cursors.delta_link, cursors.token))
            except CursorExpired:
                anew = True
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
        self._found.delta_link, self._found.token = self._memory.cursors.delta_link, self._memory.cursors.token
        return True

    async def _read_strip(self) -> None:
        start, end = self._memory.cursors.window_end, self._ctx.window.end
        if start is not None and start < end:
            strip = await self._calendar.read_view(self._user.id, Window(start, end))
            self._take(replace(strip, delta_link=self._found.delta_link), self._found.token)

    def _take(self, reading: GraphReading, token: Window | None = None) -> None:
        """Later delivery of an id wins; a removal is a hint that ``_doubtful`` follows up."""
        for event in reading.events:
            self._events[event.id] = self._cloaked(event)
        for bad in reading.malformed:
            self._events[bad.id] = bad
        for event_id in reading.removed:
            self._events.pop(event_id, None)
            self._removed.add(event_id)
        self._found.delta_link = reading.delta_link
        self._found.token = token or self._memory.cursors.token

    def _cloaked(self, event: GraphEvent) -> GraphEvent:
        if self._ctx.policy.private is PrivateRule.BUSY and is_private(event.content):
            return replace(event, content=masked(event.content), attendees=(), hidden_crowd=len(invited(event)))
        return event

    def _doubtful(self, whole: bool) -> set[str]:
        """Ids to be read one by one: removed or absent ones, marked links, restored ones, due pending ones."""
        known = self._removed & set(self._links)
        doubtful = {i for i in known if self._links[i].status is not LinkStatus.ARCHIVED}
        for link in self._memory.links:
            seen = link.event_id in self._events
            if link.status is LinkStatus.TOMBSTONE and seen:
                doubtful.add(link.event_id)
            elif link.status in WATCHED and (
                self._is_due(link)
                or (not seen and self._is_expected(link, whole))
                or link.event_id in self._ctx.approved
            ):
                doubtful.add(link.event_id)
        doubtful |= {p.item_id for p in self._due_pending() if p.side is Side.GRAPH and p.item_id not in self._events}
        return doubtful

    def _is_due(self, link: Link) -> bool:
        """Whether a link asks to be read again, and its back-off is over."""
        waits = self._scale.patient and link.retry_at is not None and link.retry_at > self._ctx.now
        return bool(link.reread) and not waits

    def _is_expected(self, link: Link, whole: bool) -> bool:
        """Whether a link's event must be looked for: after a token was read anew, or beyond it at the daily look."""
        token = self._looked or self._found.token
        if token is None or link.status is LinkStatus.HELD:
            return False
        start, end = bounds(graph_when(link.base_event), self._ctx.zone)
        inside = start < token.end and end > token.start
        return whole or (link.unseen if inside else self._scale.roll)

    async def _gather(self, ids: Collection[str]) -> None:
        if not ids:
            return
        for event_id, evidence in (await self._calendar.gather_evidence(self._user.id, ids)).items():
            if isinstance(evidence.event, GraphEvent) and evidence.event.id != event_id:
                evidence = Evidence(Malformed(Side.GRAPH, event_id, OTHER_EVENT))
            self._evidence[event_id] = evidence
            if isinstance(evidence.event, GraphEvent) and (
                event_id in self._links or judge_gone(evidence) is Sight.PRESENT
            ):
                self._events[event_id] = self._cloaked(evidence.event)
            else:
                self._events.pop(event_id, None)

    def _due_pending(self) -> list[Pending]:
        """Pending items whose turn it is (parked ones wait for a person)."""
        now = self._ctx.now
        return [
            p
            for p in self._memory.pending
            if not p.parked and not (self._scale.patient and p.retry_at is not None and p.retry_at > now)
        ]

    # Meetings of several mailboxes

    async def _read_claims(self) -> None:
        """The claims that matter: of invited copies and meetings with news; of all followed ones when one may have
        changed hands; of all meetings at a full round."""
        asked = {e.ical_uid for e in self._free_events() if not e.is_organizer or e.attendees}
        asked |= {p.ical_uid for p in self._due_pending() if p.ical_uid}
        look_over = self._scale.full or self._scale.roll or bool(set(self._inbox) - set(self._by_activity))
        for link in self._memory.links:
            has_news = link.event_id in self._events or link.event_id in self._evidence
            is_followed = link.role is Role.FOLLOWER and (has_news or (look_over and link.status in WATCHED))
            is_held = link.role is Role.HOLDER and (has_news or look_over or link.activity_id in self._inbox)
            is_own = link.role is Role.OWN and self._scale.full and bool(link.base_event.people)
            if is_followed or is_held or is_own:
                asked.add(link.ical_uid)
        self._standings = await read_standings(self._store, asked)
        await self._read_heirs()
        for link in self._memory.links:
            lost = self._see_event(link)[1] is Sight.GONE or self._is_cancelled(link)
            is_live = link.status in WATCHED and lost
            if (is_live or self._is_unvoided(link)) and self._answers_for(link):
                self._others[link.event_id] = await self._heirs_of(link)

    async def _heirs_of(self, link: Link) -> tuple[str, ...] | None:
        """Who still has the meeting: this mailbox itself, where it came back under another id, or colleagues."""
        if any(e.ical_uid == link.ical_uid and not e.is_cancelled for e in self._free_events()):
            return (self._user.id,)
        return await live_elsewhere(self._calendar, self._store, link.ical_uid, self._ctx)

    def _is_unvoided(self, link: Link) -> bool:
        """Whether a lost copy waits for a locked activity of which there is news."""
        has_news = self._scale.full or bool(link.reread) or link.activity_id in self._inbox
        return link.status is LinkStatus.TOMBSTONE and link.conflict is not None and has_news

    def _answers_for(self, link: Link) -> bool:
        """Whether this invited copy feeds the meeting, or was just handed it."""
        is_mine = claimed(self._standings.get(link.ical_uid), self._ctx) is Claimed.ME
        return link.role is Role.HOLDER or (link.role is Role.FOLLOWER and is_mine)

    def _lost(self) -> set[str]:
        return {i for i, link in self._links.items() if self._see_event(link)[1] is Sight.GONE}

    def _is_cancelled(self, link: Link) -> bool:
        event = self._events.get(link.event_id)
        return isinstance(event, GraphEvent) and event.is_cancelled

    async def _read_heirs(self) -> None:
        """Followed meetings whose claim lets this mailbox feed: their events, fresh."""
        due = [
            link.event_id
            for link in self._memory.links
            if link.role is Role.FOLLOWER
            and link.status in WATCHED
            and claimed(self._standings.get(link.ical_uid), self._ctx)
            in (Claimed.ME, Claimed.LAPSED, Claimed.STALLED)
            and not isinstance(self._events.get(link.event_id), GraphEvent)
        ]
        await self._gather([one for one in due if one not in self._evidence])
        self._heirs |= {link.event_id for link in self._memory.links if self._is_heir(link)}

    def _is_heir(self, link: Link) -> bool:
        event = self._events.get(link.event_id)
        if link.role is not Role.FOLLOWER or not isinstance(event, GraphEvent) or event.is_cancelled:
            return False
        return seat(event, self._standings.get(link.ical_uid), self._ctx) == "feed"

    def _kept(self) -> dict[str, Link]:
        """The links of this round: all but those of followed copies that feed from now on, their activity unknown."""
        return {i: link for i, link in self._links.items() if not self._is_released(link)}

    def _is_released(self, link: Link) -> bool:
        standing = self._standings.get(link.ical_uid)
        return link.event_id in self._heirs and not (standing and standing.activity_id)

    async def _with_heritage(self, case: Case) -> Case:
        """The case with its meeting's claim, and with the link of whoever fed the activity before."""
        link = case.link
        uid = case.event.ical_uid if case.event else link.ical_uid if link else ""
        standing = self._standings.get(uid)
        if standing is None:
            return case
        case = replace(case, standing=standing)
        if link is not None:
            case = replace(case, others=self._others.get(link.event_id), farewell=self._farewell(link))
        takes_over = case.event is not None and (link is None or link.event_id in self._heirs)
        if not takes_over or case.activity is None or (standing.holder == self._user.id and link is None):
            return case
        return replace(case, inherited=await inherited(self._store, standing, self._user.id))

    def _farewell(self, link: Link) -> str:
        evidence = self._evidence.get(link.event_id)
        return evidence.event.response if evidence and isinstance(evidence.event, GraphEvent) else ""

    # ERP.net

    async def _read_erp(self) -> None:
        ids = set(self._inbox) | {
            self._activity_of(link) for link in self._memory.links if self._needs_activity(link)
        }
        ids -= {""}
        ids |= {p.item_id for p in self._due_pending() if p.side is Side.ERP}
        if self._scale.full:
            since = self._ctx.now - self._ctx.policy.max_age
            owned = await self._erp.read_owned(self._user.erp_login, self._user.erp_party_id, since)
            self._activities |= {a.id: a for a in owned}
            ids |= {link.activity_id for link in self._memory.links if link.status in WATCHED or link.conflict}
        missing = ids - set(self._activities)
        if missing:
            self._activities |= await self._erp.read_activities(missing)
        if self._ctx.policy.private is PrivateRule.BUSY:
            for activity_id, activity in self._activities.items():
                if isinstance(activity, ErpActivity) and is_private(activity.content):
                    self._activities[activity_id] = replace(
                        activity, content=masked(activity.content), participants=()
                    )

    def _activity_of(self, link: Link) -> str:
        """The activity's id; a follower's is what the claim says."""
        standing = self._standings.get(link.ical_uid)
        known = standing.activity_id if standing and link.role is Role.FOLLOWER else ""
        return known or link.activity_id

    def _needs_activity(self, link: Link) -> bool:
        """Whether the event's news is worth a look at its activity."""
        if link.event_id in self._evidence or link.event_id in self._heirs:
            return True
        event = self._events.get(link.event_id)
        if not isinstance(event, GraphEvent) or self._is_stale(link, event):
            return False
        return self._is_news(link, event)

    def _is_news(self, link: Link, event: GraphEvent) -> bool:
        changed = changed_in_graph(link.base_event, event.content)
        if link.role is Role.FOLLOWER:
            changed = frozenset()
        special = link.conflict is not None or link.status is not LinkStatus.LIVE
        answered = tuple(sorted(answers_of(event, self._ctx).items())) != link.answers
        return bool(changed) or special or answered or event.is_series or event.is_cancelled

    def _is_stale(self, link: Link, event: GraphEvent) -> bool:
        """A feed may lag behind our own write (graph.md §3): older than what the link has seen is no news."""
        if self._is_to_reclaim(link):
            return False
        known, told = link.modified_at, event.modified_at
        return event.change_key == link.change_key or (known is not None and told is not None and told < known)

    def _is_to_reclaim(self, link: Link) -> bool:
        """Whether an invited copy feeds what is this organizer's own, as after a day of trouble."""
        standing = self._standings.get(link.ical_uid)
        return link.role is Role.OWN and claimed(standing, self._ctx) is Claimed.GUEST

    async def _read_formatted(self) -> None:
        """Events whose activity's text or people changed (their HTML, their list is needed), or that cannot be taken
        as unchanged."""
        wanted = set()
        for activity_id, activity in self._activities.items():
            link = self._by_activity.get(activity_id)
            if link is None or link.status is LinkStatus.TOMBSTONE or not isinstance(activity, ErpActivity):
                continue
            changed = changed_in_erp(link.base_activity, activity.content)
            is_rewritten = bool(changed & {Field.BODY, Field.PEOPLE}) or self._is_guests(link, bool(changed))
            is_special = link.conflict is not None or link.status is not LinkStatus.LIVE
            if is_rewritten or (is_special and link.event_id not in self._evidence):
                wanted.add(link.event_id)
        if not wanted:
            return
        for event_id, event in (await self._calendar.read_events(self._user.id, wanted, html=True)).items():
            if isinstance(event, GraphEvent) and event.id == event_id:
                self._events[event_id] = self._cloaked(event)
                self._fresh.add(event_id)
            elif event_id not in self._evidence:
                self._evidence[event_id] = Evidence(event)

    def _is_guests(self, link: Link, is_changed: bool) -> bool:
        """Whether an invited copy must be looked at: what ERP.net says stands against it, or it feeds no more."""
        return link.role is Role.HOLDER and (is_changed or is_lost(self._standings.get(link.ical_uid), self._ctx))

    async def _with_formatted(self, cases: list[Case]) -> list[Case]:
        """New pairs whose texts differ need the event's HTML too."""
        apart = [
            c.event.id
            for c in cases
            if c.event and c.activity and normal_text(c.event.content.body) != normal_text(c.activity.content.notes)
        ]
        if not apart:
            return cases
        read = await self._calendar.read_events(self._user.id, apart, html=True)
        formatted = {i: self._cloaked(e) for i, e in read.items() if isinstance(e, GraphEvent)}
        return [replace(c, event=formatted.get(c.event.id, c.event)) if c.event else c for c in cases]

    # Cases

    def _linked_cases(self) -> Iterable[Case]:
        for link in self._kept().values():
            case = self._linked_case(link)
            if case.event_sight is not Sight.UNREAD or case.activity_sight is not Sight.UNREAD:
                yield case

    def _linked_case(self, link: Link) -> Case:
        event, event_sight, note = self._see_event(link)
        activity, activity_sight, other_note = self._see_activity(link)
        return Case(link, event, activity, event_sight, activity_sight, note=note or other_note)

    def _see_event(self, link: Link) -> tuple[GraphEvent | None, Sight, str]:
        event = self._events.get(link.event_id)
        evidence = self._evidence.get(link.event_id)
        if evidence is not None and isinstance(evidence.event, Malformed):
            return None, Sight.MALFORMED, evidence.event.reason
        if isinstance(event, Malformed):
            return None, Sight.MALFORMED, event.reason
        if evidence is not None:
            sight = judge_gone(evidence)
            return (event if sight is Sight.PRESENT else None), sight, ""
        if event is None or (event.id not in self._fresh and self._is_stale(link, event)):
            return None, Sight.UNREAD, ""
        return event, Sight.PRESENT, ""

    def _see_activity(self, link: Link) -> tuple[ErpActivity | None, Sight, str]:
        """A missing row is a deletion only where ERP.net's deleted objects told so; else it may just be hidden."""
        activity_id = self._activity_of(link)
        row = self._inbox.get(activity_id)
        if activity_id not in self._activities:
            return None, Sight.UNREAD, ""
        activity = self._activities[activity_id]
        if isinstance(activity, Malformed):
            return None, Sight.MALFORMED, activity.reason
        if activity is None:
            told = (row is not None and row.deleted) or link.event_id in self._ctx.approved
            return None, Sight.GONE if told else Sight.HIDDEN, ""
        return activity, Sight.PRESENT, ""

    def _free_events(self) -> list[GraphEvent]:
        kept = self._kept()
        return [e for i, e in self._events.items() if isinstance(e, GraphEvent) and i not in kept]

    def _free_activities(self) -> list[ErpActivity]:
        """Activities without a link; those of followed meetings are somebody else's to link."""
        known = set(self._by_activity) | {self._activity_of(link) for link in self._kept().values()}
        return [a for i, a in self._activities.items() if isinstance(a, ErpActivity) and i not in known]

    def _malformed_cases(self) -> Iterable[Case]:
        """Unlinked items that cannot be understood."""
        for item_id, event in self._events.items():
            if isinstance(event, Malformed) and item_id not in self._links:
                pending = Pending(Side.GRAPH, item_id)
                yield Case(event_sight=Sight.MALFORMED, pending=pending, note=event.reason)
        for item_id, activity in self._activities.items():
            if isinstance(activity, Malformed) and item_id not in self._by_activity:
                pending = Pending(Side.ERP, item_id)
                yield Case(activity_sight=Sight.MALFORMED, pending=pending, note=activity.reason)

    def _vanished_cases(self) -> Iterable[Case]:
        """Items that waited for a counterpart and are not there any more."""
        for pending in self._due_pending():
            if (
                pending.side is Side.GRAPH
                and pending.item_id not in self._events
                and pending.item_id in self._evidence
            ):
                yield Case(event_sight=Sight.GONE, pending=pending)
            elif pending.side is Side.ERP and self._activities.get(pending.item_id, pending) is None:
                yield Case(activity_sight=Sight.GONE, pending=pending)


def _both(one: Window, other: Window) -> Window:
    return Window(min(one.start, other.start), max(one.end, other.end))
