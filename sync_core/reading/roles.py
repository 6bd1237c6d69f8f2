"""Which meetings' claims a round must read, and which role its copies have by them. Nothing is read here.

A claim names the activity of a followed copy. A copy that is promoted must be read afresh. ``sync_core.plan.shared``
says what a claim means for one copy.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from sync_core.content.ranges import uid_key
from sync_core.model.claim import Claim
from sync_core.model.decision import Case, Context, Sight
from sync_core.model.link import WATCHED, EndedBy, Link, LinkStatus, Role, master_of
from sync_core.model.sides import EVERYTHING, Field, GraphEvent, Side
from sync_core.model.why import Why, named
from sync_core.plan.relocate import Move
from sync_core.plan.shared import (
    as_left,
    claimed,
    elected,
    is_dismissed,
    is_fed_elsewhere,
    is_left,
    is_lost_feeder,
)
from sync_core.plan.tables import Claimed, Elected
from sync_core.reading.frame import Frame
from sync_core.reading.news import GraphNews, due_pending, is_copy_lost, sight_of

MAY_PROMOTE = frozenset({Claimed.NOBODY, Claimed.ME, Claimed.LAPSED, Claimed.STALLED})
"""What a claim says where a followed copy may become the feeder."""

NOT_SEEN = tuple(sorted(EVERYTHING - {Field.PEOPLE, Field.REMINDER}))
"""What a change of a whole series may change of a date, but for each mailbox's own."""


@dataclass(frozen=True, slots=True)
class Roles:
    """The claims that this round has read, by iCalUId, and what follows from them.

    ``promoted`` are the events of followed copies that feed from now on, ``begun`` those of ended links of which an
    activity is being made anew. ``others`` are, by iCalUId, the users who still have a copy of a meeting that is lost
    here (None = not known).
    """

    claims: Mapping[str, Claim] = field(default_factory=dict)
    promoted: frozenset[str] = frozenset()
    begun: frozenset[str] = frozenset()
    others: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)

    def claim_of(self, link: Link) -> Claim | None:
        """The claim on a link's meeting, None where it was not read."""
        return self.claims.get(link.ical_uid)

    def activity_of(self, link: Link) -> str:
        """The id of a link's activity; of a follower the claim knows it."""
        claim = self.claim_of(link)
        known = claim.activity_id if claim and link.role is Role.FOLLOWER else ""
        return known or link.activity_id

    def kept(self, links: Collection[Link]) -> list[Link]:
        """The links that this round goes on with. Promoted copies whose meeting has no activity, and events for which
        a create has begun, count as items without a link: what may have been made of them is looked for."""
        return [link for link in links if not self._is_released(link)]

    def _is_released(self, link: Link) -> bool:
        claim = self.claim_of(link)
        is_unfed = link.event_id in self.promoted and not (claim and claim.activity_id)
        return is_unfed or link.event_id in self.begun


# Which claims matter


def asked_claims(news: GraphNews, frame: Frame) -> set[str]:
    """The iCalUIds of the claims to read: of meetings without a link, of those with news or in the inbox, of followed
    ones when one may have changed hands, of an organizer's that are read again (a guest's round may have been faster
    with the claim), and in a full round of all meetings."""
    links = frame.memory.links
    asked = {e.ical_uid for e in news.free(frame.links) if not e.is_organizer or e.attendees}
    asked |= {p.ical_uid for p in due_pending(news, frame) if p.ical_uid}
    fed = {link.activity_id for link in links if link.role is not Role.FOLLOWER}
    inbox = frozenset(frame.inbox)
    is_look_over = frame.is_daily or bool(inbox - fed)
    return asked | {x.ical_uid for x in links if _matters(x, news, frame.scale.full, inbox, is_look_over)}


def _matters(link: Link, news: GraphNews, is_full: bool, inbox: Collection[str], is_look_over: bool) -> bool:
    """Whether a link's claim must be read. ``inbox`` are the ids of the activities in the inbox."""
    has_news = news.tells_of(link.event_id)
    if link.role is Role.FOLLOWER:
        return has_news or (is_look_over and link.status in WATCHED)
    is_filed = link.activity_id in inbox
    is_gone = _is_lost(link, news, has_news=is_full or is_filed)
    if link.role is Role.INVITED:
        return has_news or is_look_over or is_filed or is_gone
    event = news.event(link.event_id)
    has_people = bool(link.base_event.people) or (event is not None and bool(event.attendees))
    return is_gone or ((is_full or bool(link.reread)) and has_people) or is_filed


def _is_lost(link: Link, news: GraphNews, *, has_news: bool) -> bool:
    """Whether the copy is lost now, or was lost while its activity was locked and there is news of that activity."""
    is_locked = link.status is LinkStatus.TOMBSTONE and link.conflict is not None
    is_unvoided = is_locked and (has_news or bool(link.reread))
    return (link.status in WATCHED and is_copy_lost(link, news)) or is_unvoided


# Meetings that go on under another iCalUId


def renamed(found: Collection[Move]) -> list[Move]:
    """The links that go on with a meeting of another iCalUId: another date of a series, or a date instead of a single
    event. Nobody has claimed that meeting yet, or knows of it whose activity it has."""
    return [m for m in found if m.old.ical_uid and uid_key(m.old.ical_uid) != uid_key(m.new.ical_uid)]


def carried(move: Move, claims: Mapping[str, Claim], ctx: Context) -> Claim | None:
    """The claim that goes along with a renamed meeting, whichever mailbox sees it first: who fed it goes on, and
    whose copy follows makes nothing anew. None where nobody claimed it, its activity was void, or the
    new claim says more."""
    old, new = claims[move.old.ical_uid], claims[move.new.ical_uid]
    if old.unreadable:
        return replace(old, key=uid_key(move.new.ical_uid))
    is_corrected = new.user_id == ctx.mailbox and _feeds(move.old, old, ctx) and not _is_of(move.old, new)
    is_void = bool(move.old.activity_id) and not old.activity_id
    if not old.etag or is_void or new.unreadable or (_is_later(new, old) and not is_corrected):
        return None
    if new.etag and move.old.activity_id and _is_of(move.old, new) and not _is_of(move.old, old):
        return None  # it went along already, and of the former date an activity was made since
    return replace(old, key=uid_key(move.new.ical_uid), etag=new.etag, at=ctx.now, since=old.began_at)


def may_be_renamed(move: Move, claims: Mapping[str, Claim], ctx: Context) -> bool:
    """Whether a link may go on with the other meeting: not where a colleague made another activity for that one
    before, which they could not know to be the same; nor while it is not known who feeds it."""
    old, new = claims[move.old.ical_uid], claims[move.new.ical_uid]
    is_made = bool(new.etag) and not new.unreadable and new.user_id != ctx.mailbox and _is_later(new, old)
    is_double = is_made and _feeds(move.old, old, ctx) and not _is_of(move.old, new)
    return not is_double and not old.unreadable


def as_claimed(move: Move, claims: Mapping[str, Claim], ctx: Context) -> Move:
    """The move of a follower to a meeting whose own claim stays: from now on it follows that one's activity. A
    colleague who has lost the former meeting must not take it for theirs by this link."""
    new = claims[move.new.ical_uid]
    is_there = bool(new.etag) and not new.unreadable and carried(move, claims, ctx) is None
    if move.new.role is not Role.FOLLOWER or not is_there:
        return move
    return replace(move, new=replace(move.new, activity_id=new.activity_id))


def lost_claims(roles: Roles, news: GraphNews, alive: Collection[str], frame: Frame) -> tuple[Claim, ...]:
    """The claims of meetings that are fed from here and that nobody has claimed, as after their rows were lost: by
    them a colleague knows which activity goes on as which date. Only a full round reads enough to make them anew.
    ``alive`` are the ids of the activities that are not void."""
    fed = [x for x in frame.memory.links if x.role is not Role.FOLLOWER and x.status is LinkStatus.LIVE]
    fed = [x for x in fed if frame.scale.full and x.activity_id in alive]
    shown = [(x, event) for x in fed if (event := news.event(x.event_id)) and not event.is_cancelled]
    return tuple(_anew(x, event, frame.ctx) for x, event in shown if _lacks(x, event, roles, frame.ctx))


def _lacks(link: Link, event: GraphEvent, roles: Roles, ctx: Context) -> bool:
    claim = roles.claim_of(link)
    is_nobodys = claim is not None and not claim.etag and not claim.unreadable
    is_it = uid_key(event.ical_uid) == uid_key(link.ical_uid)
    return is_nobodys and is_it and elected(event, claim, ctx) is Elected.FEED


def _anew(link: Link, event: GraphEvent, ctx: Context) -> Claim:
    return Claim(
        uid_key(link.ical_uid),
        ctx.mailbox,
        link.activity_id,
        ctx.now,
        creator=link.creator if link.origin is Side.ERP else "",
        is_own=event.is_organizer,
        organizer=event.organizer,
    )


def lost_dates(news: GraphNews, frame: Frame) -> dict[str, frozenset[str]]:
    """The dates of an outsider's series that were fed from here and are lost, by event id, each with the users whom
    it names. A round of theirs may have seen the same dates under other iCalUIds before."""
    links = frame.memory.links
    fed = [x for x in links if x.occurrence and x.role is Role.INVITED and x.activity_id]
    lost = [x for x in fed if _is_lost(x, news, has_news=frame.scale.full or x.activity_id in frame.inbox)]
    return {link.event_id: _named(link, Roles(), news, frame.ctx) - {frame.ctx.mailbox} for link in lost}


def as_known_to(link: Link, others: Iterable[Link]) -> Link:
    """A lost date under the iCalUId that a colleague's link of its activity has by now. What changed with that was
    never seen here, so that whoever gets the date must still write it."""
    alive = [x for x in others if x.activity_id == link.activity_id and x.status in WATCHED and x.ical_uid]
    if not alive or any(uid_key(x.ical_uid) == uid_key(link.ical_uid) for x in alive):
        return link
    occurrence = alive[0].occurrence or link.occurrence  # a single event by now: the date is still what is lost here
    return replace(link, ical_uid=alive[0].ical_uid, occurrence=occurrence, left=NOT_SEEN)


def _feeds(link: Link, claim: Claim, ctx: Context) -> bool:
    """Whether this mailbox feeds a link's meeting, or was just given it to feed."""
    return claim.user_id == ctx.mailbox if claim.etag else link.role is not Role.FOLLOWER


def _is_of(link: Link, claim: Claim) -> bool:
    return claim.activity_id == link.activity_id


def _is_later(new: Claim, old: Claim) -> bool:
    """Whether a claim says more than the old one: it was begun later, or went on later with what both began with."""
    if not (new.etag and old.activity_id and old.at and old.began_at and new.at and new.began_at):
        return bool(new.etag)
    return (new.began_at, new.at) >= (old.began_at, old.at)


# Who takes over


def may_be_promoted(roles: Roles, news: GraphNews, frame: Frame) -> list[str]:
    """The ids of followed events to read, because their claim may let this mailbox feed."""
    return [
        link.event_id
        for link in frame.memory.links
        if link.role is Role.FOLLOWER
        and link.status in WATCHED
        and (claim := roles.claim_of(link)) is not None
        and claimed(claim, frame.ctx) in MAY_PROMOTE
        and link.event_id not in news.evidence
        and link.event_id not in news.dates
        and news.event(link.event_id) is None
    ]


def promoted_of(roles: Roles, news: GraphNews, frame: Frame) -> frozenset[str]:
    """The ids of followed events whose copy feeds from now on."""
    return frozenset(link.event_id for link in frame.memory.links if _is_promoted(link, roles, news, frame.ctx))


def _is_promoted(link: Link, roles: Roles, news: GraphNews, ctx: Context) -> bool:
    event = news.event(link.event_id)
    if link.role is not Role.FOLLOWER or event is None or event.is_cancelled:
        return False
    return elected(event, roles.claim_of(link), ctx) is Elected.FEED


def begun_of(news: GraphNews, frame: Frame) -> frozenset[str]:
    """The events of ended links that have shown up again, and for which a create has begun: an activity may have been
    made, and its answer lost."""
    waiting = {p.item_id for p in frame.memory.pending if p.side is Side.GRAPH}
    ended = [x for x in frame.memory.links if x.event_id in waiting and x.status is LinkStatus.TOMBSTONE]
    return frozenset(x.event_id for x in ended if sight_of(x, news)[1] is Sight.PRESENT and not _is_refused(x))


def _is_refused(link: Link) -> bool:
    """Whether nothing may be made of an ended link's event by itself."""
    is_no = link.ended_by in (EndedBy.DROPPED, EndedBy.UNLINKED)
    return is_no or is_dismissed(link) or link.role is Role.FOLLOWER


def named_by_lost(roles: Roles, news: GraphNews, frame: Frame) -> dict[str, frozenset[str]]:
    """The meetings that this mailbox has lost and must answer for, by iCalUId, each with the users whom it names."""
    named: dict[str, frozenset[str]] = {}
    inbox = frame.inbox
    for link in frame.memory.links:
        has_news = frame.scale.full or link.activity_id in inbox
        if _is_lost(link, news, has_news=has_news) and _answers_for(link, roles, news, frame.ctx):
            named[link.ical_uid] = named.get(link.ical_uid, frozenset()) | _named(link, roles, news, frame.ctx)
    return named


def _answers_for(link: Link, roles: Roles, news: GraphNews, ctx: Context) -> bool:
    """Whether this copy feeds the meeting or has just been promoted, and its organizer has not cancelled it here."""
    is_mine = claimed(roles.claim_of(link), ctx) is Claimed.ME
    event = news.event(link.event_id)
    is_called_off = link.role is Role.OWN and event is not None and event.is_cancelled
    return link.role is Role.INVITED or (is_mine and not is_called_off)


def _named(link: Link, roles: Roles, news: GraphNews, ctx: Context) -> frozenset[str]:
    """The users whom a meeting names: its organizer and its people, in its bases and in what was read."""
    claim, evidence = roles.claim_of(link), news.evidence.get(link.event_id)
    shown = [news.event(link.event_id), evidence.event if evidence else None]
    events = [event for event in shown if isinstance(event, GraphEvent)]
    addresses = {*link.base_event.people, *link.base_activity.people, claim.organizer if claim else ""}
    addresses |= {event.organizer for event in events}
    addresses |= {one.email for event in events for one in event.attendees}
    people = [ctx.colleagues.at(address) for address in addresses - {""}]
    return frozenset(one.id for one in people if one is not None)


def with_fresh(roles: Roles, news: GraphNews, frame: Frame) -> GraphNews:
    """Make the events fresh whose copies feed from now on, or feed again: they are news whatever their link
    remembers."""
    links = frame.memory.links
    ids = {x.event_id for x in links if x.event_id in roles.promoted or _is_to_reclaim(x, roles, frame.ctx)}
    return replace(news, fresh=news.fresh | ids)


def _is_to_reclaim(link: Link, roles: Roles, ctx: Context) -> bool:
    """Whether an invited copy feeds a meeting of this organizer, as it does after a day of trouble."""
    return link.role is Role.OWN and claimed(roles.claim_of(link), ctx) is Claimed.GUEST


# What it means for items


def asks_for_event(link: Link, roles: Roles, ctx: Context, *, is_changed: bool) -> bool:
    """Whether the event must be read: ERP.net changed what an invited copy shows, or another copy is elected."""
    is_guests = link.role is Role.INVITED and (is_changed or is_fed_elsewhere(roles.claim_of(link), ctx))
    return is_guests or _is_to_reclaim(link, roles, ctx)


def is_followed(event: GraphEvent, roles: Roles, ctx: Context) -> bool:
    """Whether an event without a link is a copy that follows another mailbox's."""
    claim = roles.claims.get(event.ical_uid)
    return claim is not None and elected(event, claim, ctx) is Elected.FOLLOW


def is_unmade(event: GraphEvent, roles: Roles) -> bool:
    """Whether a meeting without a link here is claimed and has no activity yet."""
    claim = roles.claims.get(event.ical_uid)
    return claim is not None and bool(claim.etag) and not claim.activity_id


def with_claim(case: Case, claim: Claim) -> Case:
    """Add its meeting's claim to a case. A case whose claim cannot be read is set aside, with the reason."""
    case = replace(case, claim=claim)
    if claim.unreadable:
        return replace(case, event_sight=Sight.MALFORMED, explanation=claim.unreadable)
    return case


def with_role(case: Case, roles: Roles, news: GraphNews) -> Case:
    """Add its meeting's claim to a case and, where the copy is lost, who else has one and its owner's last
    response."""
    link = case.link
    claim = roles.claims.get(_uid_of(case))
    if claim is None:
        return case
    case = with_claim(case, claim)
    if claim.unreadable or link is None:
        return case
    return replace(case, others=roles.others.get(link.ical_uid), farewell=_farewell(link, news))


def _uid_of(case: Case) -> str:
    """The iCalUId of a case's meeting. A cancelled copy keeps the one that it had, whatever colleagues have since."""
    event, link = case.event, case.link
    if event is not None and not (event.is_cancelled and link is not None and link.ical_uid):
        return event.ical_uid
    return link.ical_uid if link is not None else ""


def _farewell(link: Link, news: GraphNews) -> str:
    """The owner's last response to a lost copy, '' where it is not known. Of a date that went with its series it is
    the one to the whole series; of one that was declined alone nothing is left to ask (graph.md §4)."""
    evidence = news.evidence.get(link.event_id)
    event = evidence.event if evidence else news.masters.get(master_of(link))
    return event.response if isinstance(event, GraphEvent) else ""


def may_be_ahead(case: Case, ctx: Context) -> bool:
    """Whether this copy follows a colleague's invited one, and may know the meeting by an iCalUId that their link
    does not have yet: it has just gone on under that one, or the activity is void."""
    link, claim, activity = case.link, case.claim, case.activity
    if link is None or link.role is not Role.FOLLOWER or link.status not in WATCHED or claim is None:
        return False
    is_guests = not claim.is_own and claimed(claim, ctx) in (Claimed.GUEST, Claimed.LAPSED)
    is_void = activity is not None and activity.void and activity.id == claim.activity_id
    return is_guests and bool(claim.activity_id) and (named(link.reread) is Why.ANOTHER_DATE or is_void)


def before_the_feeder(case: Case, known: Collection[Link], former: Collection[Claim], *, is_saved: bool) -> Case:
    """The case of such a copy by its feeder's ``known`` links of the activity, and the claims under their iCalUIds.

    The feeder may lose their copy before they see that the meeting goes on: then their round finds nobody who has it
    under the ``former`` iCalUId, clears that claim and voids the activity, and the claim that this copy goes by is as
    good as one that got no activity. Where the round could not void it, because the direction or a lock keeps it, the
    claim is as good as lapsed, and this copy feeds with what their link left. Until the feeder has gone along, this
    copy is looked at again; so it is while its claim, which goes along in this round, is not saved (``is_saved``).
    What was voided in ERP.net stays void.
    """
    claim, activity = case.claim, case.activity
    assert claim is not None
    if any(uid_key(x.ical_uid) == claim.key for x in known):
        return case
    is_cleared = any(x.etag and x.user_id == claim.user_id and not x.activity_id for x in former)
    if activity is None or not activity.void:
        left = None if is_cleared else _left_by(known)
        if left is not None and is_saved and activity is not None and case.event is not None:
            return replace(case, claim=as_left(claim, left))
        is_ahead = is_cleared or left is not None or any(x.status in WATCHED for x in known)
        return replace(case, is_ahead=is_ahead)
    if not is_cleared:
        return case
    return replace(case, claim=replace(claim, activity_id=""), activity=None, activity_sight=Sight.UNREAD)


def _left_by(known: Collection[Link]) -> Link | None:
    """The feeder's link, where their copy is gone and they have no other link of the activity."""
    lost = [x for x in known if x.status is LinkStatus.TOMBSTONE and x.ended_by is EndedBy.OUTLOOK]
    return lost[0] if lost and len(lost) == len(known) else None


def takes_over(case: Case, roles: Roles, ctx: Context) -> bool:
    """Whether this copy feeds from now on what another mailbox has fed, or was to feed it and is gone."""
    event, link, claim = case.event, case.link, case.claim
    if claim is None or claim.unreadable:
        return False
    if is_lost_feeder(case, ctx):
        return True
    if event is None or case.activity is None:
        return False
    if link is not None:
        return link.event_id in roles.promoted or is_left(claim)
    is_handover = bool({claim.user_id, claim.before} - {"", ctx.mailbox})
    return is_handover and elected(event, claim, ctx) is Elected.FEED
