"""What a round has to know of meetings that several mailboxes hold: their claims, and who takes over from whom.

The claims that matter are read once, between the feed and ERP.net: a follower's activity is named by its claim, and a
copy whose turn it is to feed must be read afresh. ``sync_core.meeting`` decides what they mean.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from jobs.feed import Feed, Scale
from jobs.meetings import Planned, inherited, live_elsewhere, read_claims, with_claim
from jobs.world import World
from sync_core.cases import Case, Context, Sight
from sync_core.claim import Claim
from sync_core.errors import RowUnreadable
from sync_core.link import WATCHED
from sync_core.meeting import claimed, is_lost, seat
from sync_core.model import GraphEvent, Link, LinkStatus, Memory, Role, User
from sync_core.ranges import uid_key
from sync_core.tables import Claimed, Seat

TURNED = frozenset({Claimed.ME, Claimed.LAPSED, Claimed.STALLED})
"""Claims that may let a followed copy feed."""


class Seats:
    """The claims of one round of one user."""

    def __init__(
        self,
        world: World,
        user: User,
        memory: Memory,
        ctx: Context,
        scale: Scale,
        feed: Feed,
        inbox: Collection[str],
        planned: Planned,
    ) -> None:
        self._world = world
        self._user = user
        self._memory = memory
        self._ctx = ctx
        self._scale = scale
        self._feed = feed
        self._inbox = frozenset(inbox)
        self._planned = planned
        self._claims: dict[str, Claim] = {}
        self._others: dict[str, tuple[str, ...] | None] = {}
        """Who else has a meeting whose copy is lost here, by iCalUId."""
        self._recalled: dict[str, tuple[Link, ...]] = {}
        self.heirs: frozenset[str] = frozenset()
        """The followed events whose copy feeds from now on."""

    async def read(self) -> None:
        """Everything there is to know before ERP.net is asked."""
        await self.learn(self._asked())
        await self._read_heirs()
        alone = [link for link in self._memory.links if self._is_lost(link) and self._answers_for(link)]
        named: dict[str, frozenset[str]] = {}
        for link in alone:
            named[link.ical_uid] = named.get(link.ical_uid, frozenset()) | self._named(link)
        self._others = await live_elsewhere(self._world.calendar, self._world.store, named, self._ctx)
        for link in self._memory.links:
            if link.event_id in self.heirs or self._is_to_reclaim(link):
                self._feed.look_at(link.event_id)

    async def learn(self, ical_uids: Collection[str]) -> None:
        """Read the claims of these meetings, too."""
        unknown = set(ical_uids) - set(self._claims)
        self._claims |= await read_claims(self._world.store, unknown)
        self._claims |= {uid: self._planned[uid_key(uid)] for uid in unknown if uid_key(uid) in self._planned}

    def claims(self, ical_uids: Collection[str]) -> dict[str, Claim]:
        """What was read of these meetings' claims, by key."""
        return {uid_key(uid): self._claims[uid] for uid in ical_uids if uid in self._claims}

    def claim_of(self, link: Link) -> Claim | None:
        """The claim on a linked meeting, where it was read."""
        return self._claims.get(link.ical_uid)

    def activity_of(self, link: Link) -> str:
        """The activity's id; a follower's is what the claim says."""
        claim = self.claim_of(link)
        known = claim.activity_id if claim and link.role is Role.FOLLOWER else ""
        return known or link.activity_id

    def kept(self) -> dict[str, Link]:
        """The links of this round: all but those of followed copies that feed from now on, their activity unknown."""
        return {link.event_id: link for link in self._memory.links if not self._is_released(link)}

    def is_followed(self, event: GraphEvent) -> bool:
        """Whether an event without a link is another mailbox's to feed."""
        claim = self._claims.get(event.ical_uid)
        return claim is not None and seat(event, claim, self._ctx) is Seat.FOLLOW

    def is_unmade(self, event: GraphEvent) -> bool:
        """Whether the meeting of an event without a link is claimed and has no activity."""
        claim = self._claims.get(event.ical_uid)
        return claim is not None and bool(claim.etag) and not claim.activity_id

    def is_stood_against(self, link: Link, is_changed: bool) -> bool:
        """Whether the event must be looked at: what ERP.net says stands against an invited copy, or whose copy feeds
        the meeting has changed."""
        is_guests = link.role is Role.HOLDER and (is_changed or is_lost(self.claim_of(link), self._ctx))
        return is_guests or self._is_to_reclaim(link)

    async def seated(self, case: Case) -> Case:
        """The case with its meeting's claim, and with the link of whoever fed the activity before."""
        link = case.link
        claim = self._claims.get(case.event.ical_uid if case.event else link.ical_uid if link else "")
        if claim is None:
            return case
        case = with_claim(case, claim)
        if claim.unreadable:
            return case
        if link is not None:
            farewell = self._farewell(link)
            case = replace(case, others=self._others.get(link.ical_uid), farewell=farewell)
        if not self._takes_over(case, claim):
            return case
        try:
            fed_by, before = await inherited(self._world.store, claim, self._user.id, self._recalled)
        except RowUnreadable as error:  # without what the sides showed before, nothing can be told from an edit
            return replace(case, event_sight=Sight.UNDECIDED, note=str(error))
        return replace(case, inherited=before, fed_by=fed_by)

    def _asked(self) -> set[str]:
        """The claims that matter: of invited copies and meetings with news, of which the inbox tells as well; of all
        followed ones when one may have changed hands; of all meetings at a full round."""
        free = self._feed.free({link.event_id for link in self._memory.links})
        asked = {e.ical_uid for e in free if not e.is_organizer or e.attendees}
        asked |= {p.ical_uid for p in self._feed.due_pending() if p.ical_uid}
        fed = {link.activity_id for link in self._memory.links if link.role is not Role.FOLLOWER}
        look_over = self._scale.full or self._scale.roll or bool(self._inbox - fed)
        return asked | {link.ical_uid for link in self._memory.links if self._matters(link, look_over)}

    def _matters(self, link: Link, look_over: bool) -> bool:
        has_news = link.event_id in self._feed.events or link.event_id in self._feed.evidence
        if link.role is Role.FOLLOWER:
            return has_news or (look_over and link.status in WATCHED)
        if link.role is Role.HOLDER:
            return has_news or look_over or link.activity_id in self._inbox or self._is_lost(link)
        if self._is_lost(link):
            return True
        event = self._feed.event(link.event_id)
        has_people = bool(link.base_event.people) or (event is not None and bool(event.attendees))
        return (self._scale.full and has_people) or link.activity_id in self._inbox

    async def _read_heirs(self) -> None:
        """Followed meetings whose claim lets this mailbox feed: their events, fresh."""
        turned = [
            link.event_id
            for link in self._memory.links
            if link.role is Role.FOLLOWER
            and link.status in WATCHED
            and claimed(self.claim_of(link), self._ctx) in TURNED
            and link.event_id not in self._feed.evidence
            and self._feed.event(link.event_id) is None
        ]
        await self._feed.gather(turned)
        self.heirs = frozenset(link.event_id for link in self._memory.links if self._is_heir(link))

    def _is_heir(self, link: Link) -> bool:
        event = self._feed.event(link.event_id)
        if link.role is not Role.FOLLOWER or event is None or event.is_cancelled:
            return False
        return seat(event, self.claim_of(link), self._ctx) is Seat.FEED

    def _is_released(self, link: Link) -> bool:
        claim = self.claim_of(link)
        return link.event_id in self.heirs and not (claim and claim.activity_id)

    def _is_lost(self, link: Link) -> bool:
        return (link.status in WATCHED and self._feed.is_lost(link)) or self._is_unvoided(link)

    def _named(self, link: Link) -> frozenset[str]:
        """The users whom a meeting names: its organizer and its people, as they were and as they are shown."""
        claim, evidence = self.claim_of(link), self._feed.evidence.get(link.event_id)
        shown = [self._feed.event(link.event_id), evidence.event if evidence else None]
        events = [event for event in shown if isinstance(event, GraphEvent)]
        addresses = {*link.base_event.people, *link.base_activity.people, claim.organizer if claim else ""}
        addresses |= {event.organizer for event in events}
        addresses |= {one.email for event in events for one in event.attendees}
        people = [self._ctx.colleagues.at(address) for address in addresses - {""}]
        return frozenset(one.id for one in people if one is not None)

    def _is_unvoided(self, link: Link) -> bool:
        """Whether a lost copy waits for a locked activity of which there is news."""
        has_news = self._scale.full or bool(link.reread) or link.activity_id in self._inbox
        return link.status is LinkStatus.TOMBSTONE and link.conflict is not None and has_news

    def _answers_for(self, link: Link) -> bool:
        """Whether this copy feeds the meeting, or was just handed it, unless its organizer called it off here."""
        is_mine = claimed(self.claim_of(link), self._ctx) is Claimed.ME
        event = self._feed.event(link.event_id)
        is_called_off = link.role is Role.OWN and event is not None and event.is_cancelled
        return link.role is Role.HOLDER or (is_mine and not is_called_off)

    def _is_to_reclaim(self, link: Link) -> bool:
        """Whether an invited copy feeds what is this organizer's own, as after a day of trouble."""
        return link.role is Role.OWN and claimed(self.claim_of(link), self._ctx) is Claimed.GUEST

    def _takes_over(self, case: Case, claim: Claim) -> bool:
        """Whether this copy feeds from now on what another mailbox fed."""
        event, link = case.event, case.link
        if event is None or case.activity is None:
            return False
        if link is not None:
            return link.event_id in self.heirs
        is_handed = bool({claim.holder, claim.before} - {"", self._user.id})
        return is_handed and seat(event, claim, self._ctx) is Seat.FEED

    def _farewell(self, link: Link) -> str:
        evidence = self._feed.evidence.get(link.event_id)
        return evidence.event.response if evidence and isinstance(evidence.event, GraphEvent) else ""
