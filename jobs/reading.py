"""Steps 4 to 6 of a round: read Graph, read ERP.net, and lay the readings side by side as cases.

Only what may have changed is read: the delta feed and the inbox name the changed items, and each brings its
counterpart only when its *content* differs from the base. Reading decides nothing: it collects what the tables need.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from jobs.context import with_holders, with_makers
from jobs.feed import Feed, Scale
from jobs.meetings import Planned
from jobs.pairing import Pairing
from jobs.ports import Erp
from jobs.seats import Seats
from jobs.world import World
from sync_core.body import normal_text
from sync_core.cases import Case, Context, Sight
from sync_core.changes import changed_in_erp, changed_in_graph
from sync_core.link import WATCHED
from sync_core.match import meeting_of
from sync_core.model import (
    ErpActivity,
    Field,
    GraphEvent,
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
from sync_core.moving import STILL_COMING, Move, still_comes
from sync_core.people import answers_of
from sync_core.policy import PrivateRule
from sync_core.project import is_private, masked


@dataclass(slots=True)
class Findings:
    """What was read: the cases and the next cursor. ``seen`` are the events that the feed has shown, by id; ``ctx``
    knows who made the activities of the cases.

    ``moves`` are the links whose event bears another id now, ``memory`` knows them by that.
    """

    ctx: Context
    memory: Memory
    moves: tuple[Move, ...]
    cases: list[Case]
    delta_link: str | None = None
    token: Window | None = None
    seen: frozenset[str] = frozenset()


class Reader:
    """Reads for one round of one user."""

    def __init__(
        self, world: World, user: User, memory: Memory, ctx: Context, scale: Scale, planned: Planned
    ) -> None:
        self._world = world
        self._erp: Erp = world.erp
        self._user = user
        self._ctx = ctx
        self._scale = scale
        self._inbox = {row.activity_id: row for row in memory.inbox}
        self._activities: dict[str, ErpActivity | Malformed | None] = {}
        self._feed = Feed(world.calendar, user, memory, ctx, scale)
        self._planned = planned
        self._recall(memory)

    async def read(self) -> Findings:
        """Everything this round has to look at. Raises what the sides raise; a failed read yields no deletion."""
        await self._feed.read()
        moves = await self._feed.relocate()
        self._recall(self._feed.memory)
        await self._seats.read()
        await self._read_erp()
        await self._read_formatted()
        await self._learn_makers(self._free_activities())
        pairs = await self._pairs()
        await self._seats.learn({c.event.ical_uid for c in pairs if c.event and c.activity})
        cases = [
            *[await self._seats.seated(case) for case in self._linked_cases()],
            *[await self._seats.seated(case) for case in await self._with_formatted(pairs)],
            *self._malformed_cases(),
            *self._vanished_cases(),
        ]
        new = [c.activity for c in cases if c.activity and (c.link is None or c.link.role is Role.FOLLOWER)]
        await self._learn_makers(new)
        cases = await with_holders(self._world.store, self._ctx, cases)
        return Findings(
            self._ctx, self._memory, moves, cases, self._feed.delta_link, self._feed.token, self._feed.seen
        )

    def _recall(self, memory: Memory) -> None:
        self._memory = memory
        self._by_activity = {link.activity_id: link for link in memory.links if link.role is not Role.FOLLOWER}
        self._seats = Seats(
            self._world, self._user, memory, self._ctx, self._scale, self._feed, self._inbox, self._planned
        )

    async def _pairs(self) -> list[Case]:
        """The cases of what has no link."""
        links = self._seats.kept()
        free, activities = self._feed.free(links), self._free_activities()
        named = {a.external_id for a in activities if meeting_of(a)}
        await self._seats.learn(named)
        pairing = Pairing(
            self._world.calendar,
            self._erp,
            self._ctx,
            links.values(),
            full=self._scale.full,
            followed={e.id for e in free if self._seats.is_followed(e)},
            unmade={e.id for e in free if self._seats.is_unmade(e)},
            claims=self._seats.claims(named),
            with_marks=self._feed.with_marks,
        )
        return await pairing.pair(free, activities, self._memory.pending)

    async def _learn_makers(self, activities: Iterable[ErpActivity]) -> None:
        self._ctx = await with_makers(self._world, self._ctx, (a for a in activities if not a.void))

    # ERP.net

    async def _read_erp(self) -> None:
        ids = set(self._inbox) | {
            self._seats.activity_of(link) for link in self._memory.links if self._needs_activity(link)
        }
        ids -= {""}
        ids |= {p.item_id for p in self._feed.due_pending() if p.side is Side.ERP}
        if self._scale.full:
            since = self._ctx.now - self._ctx.policy.max_age
            owned = await self._erp.read_owned(self._user.erp_logins, self._user.erp_party_id, since)
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

    def _needs_activity(self, link: Link) -> bool:
        """Whether the event's news is worth a look at its activity."""
        if link.event_id in self._feed.evidence or link.event_id in self._seats.heirs:
            return True
        event = self._feed.event(link.event_id)
        if event is None or self._feed.is_stale(link, event):
            return False
        return self._is_news(link, event)

    def _is_news(self, link: Link, event: GraphEvent) -> bool:
        changed = changed_in_graph(link.base_event, event.content)
        if link.role is Role.FOLLOWER:
            changed = frozenset()
        special = link.conflict is not None or link.status is not LinkStatus.LIVE
        answered = tuple(sorted(answers_of(event, self._ctx).items())) != link.answers
        return bool(changed) or special or answered or event.is_series or event.is_cancelled

    async def _read_formatted(self) -> None:
        """Events whose activity's text or people changed (their HTML, their list is needed), or that cannot be taken
        as unchanged."""
        wanted = set()
        for activity_id, activity in self._activities.items():
            link = self._by_activity.get(activity_id)
            if link is None or link.status is LinkStatus.TOMBSTONE or not isinstance(activity, ErpActivity):
                continue
            changed = changed_in_erp(link.base_activity, activity.content)
            is_rewritten = bool(changed & {Field.BODY, Field.PEOPLE}) or self._seats.is_stood_against(
                link, bool(changed)
            )
            is_special = link.conflict is not None or link.status is not LinkStatus.LIVE
            if is_rewritten or (is_special and link.event_id not in self._feed.evidence):
                wanted.add(link.event_id)
        if wanted:
            await self._feed.read_formatted(wanted)

    async def _with_formatted(self, cases: list[Case]) -> list[Case]:
        """New pairs whose texts differ need the event's HTML too."""
        apart = [
            c.event.id
            for c in cases
            if c.event and c.activity and normal_text(c.event.content.body) != normal_text(c.activity.content.notes)
        ]
        if not apart:
            return cases
        read = await self._world.calendar.read_events(self._user.id, apart, html=True)
        formatted = {i: self._feed.cloaked(e) for i, e in read.items() if isinstance(e, GraphEvent)}
        return [replace(c, event=formatted.get(c.event.id, c.event)) if c.event else c for c in cases]

    # Cases

    def _linked_cases(self) -> Iterable[Case]:
        for link in self._seats.kept().values():
            case = self._linked_case(link)
            if case.event_sight is not Sight.UNREAD or case.activity_sight is not Sight.UNREAD:
                yield case

    def _linked_case(self, link: Link) -> Case:
        event, event_sight, note = self._feed.see(link)
        if event_sight is Sight.GONE:
            coming = still_comes(link, is_moving=self._feed.is_moving, now=self._ctx.now)
            if coming is not None:
                link, event_sight, note = coming, Sight.UNDECIDED, STILL_COMING
        activity, activity_sight, other_note = self._see_activity(link)
        return Case(link, event, activity, event_sight, activity_sight, note=note or other_note)

    def _see_activity(self, link: Link) -> tuple[ErpActivity | None, Sight, str]:
        """A missing row is a deletion only where ERP.net's deleted objects told so; else it may just be hidden."""
        activity_id = self._seats.activity_of(link)
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

    def _free_activities(self) -> list[ErpActivity]:
        """Activities without a link; those of followed meetings are somebody else's to link."""
        known = set(self._by_activity) | {self._seats.activity_of(link) for link in self._seats.kept().values()}
        return [a for i, a in self._activities.items() if isinstance(a, ErpActivity) and i not in known]

    def _malformed_cases(self) -> Iterable[Case]:
        """Unlinked items that cannot be understood."""
        links = {link.event_id for link in self._memory.links}
        for item_id, event in self._feed.events.items():
            if isinstance(event, Malformed) and item_id not in links:
                pending = Pending(Side.GRAPH, item_id)
                yield Case(event_sight=Sight.MALFORMED, pending=pending, note=event.reason)
        for item_id, activity in self._activities.items():
            if isinstance(activity, Malformed) and item_id not in self._by_activity:
                pending = Pending(Side.ERP, item_id)
                yield Case(activity_sight=Sight.MALFORMED, pending=pending, note=activity.reason)

    def _vanished_cases(self) -> Iterable[Case]:
        """Items that waited for a counterpart and are not there any more."""
        for pending in self._feed.due_pending():
            if (
                pending.side is Side.GRAPH
                and pending.item_id not in self._feed.events
                and pending.item_id in self._feed.evidence
            ):
                yield Case(event_sight=Sight.GONE, pending=pending)
            elif pending.side is Side.ERP and self._activities.get(pending.item_id, pending) is None:
                yield Case(activity_sight=Sight.GONE, pending=pending)
