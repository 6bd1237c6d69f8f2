"""The people of a meeting: who counts, how both lists are merged, who may be invited, how many mails a write sends.

Attendees and participants are sets of e-mail addresses. They are merged three ways, each side against its own base:
whoever was added on one side is added on the other, whoever was taken off is taken off, nobody else is touched. So a
participant who may not be invited is known to one side only, and never looks like an edit. The organizer, the owner
and rooms do not count. Exchange mails everybody whom a change of an event's list concerns, and cannot be told not to
(graph.md §5): hence ``SYNC_INVITE``, and the count of mails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

from sync_core.content.project import is_private
from sync_core.content.ranges import ADDRESS_LIMIT, MOST_ATTENDEES, length_of
from sync_core.model.decision import Context
from sync_core.model.link import Link, Role
from sync_core.model.policy import Invite, PrivateRule
from sync_core.model.sides import Attendee, ErpActivity, Field, GraphEvent
from sync_core.model.writes import CreateEvent, GraphWrite, ParticipantChanges, PatchEvent, RemoveEvent

TELLING = frozenset({Field.SUBJECT, Field.BODY, Field.TIME, Field.PRIVATE, Field.PRIORITY})
"""Fields of which an organizer's change mails every attendee; a reminder or a category is the owner's own."""

_ADDRESS = re.compile(r"[^\s@<>\"(),:;]+@[^\s@<>\"(),:;]+")

People = frozenset[str]


@dataclass(frozen=True, slots=True)
class Moves:
    """Who joins and leaves which list, by canonical address."""

    join_erp: People = frozenset()
    leave_erp: People = frozenset()
    join_graph: People = frozenset()
    leave_graph: People = frozenset()


def merge_people(
    event_base: People, event: People, activity_base: People, activity: People, reach: Callable[[str], bool]
) -> Moves:
    """Three-way by sets; an addition beats a removal, so nobody is lost. ``reach`` tells whom an event's list may
    be changed for."""
    joined, left = event - event_base, event_base - event
    added, dropped = activity - activity_base, activity_base - activity
    return Moves(
        join_erp=joined - activity,
        leave_erp=(left - added) & activity,
        join_graph=frozenset(one for one in added - event if reach(one)),
        leave_graph=frozenset(one for one in (dropped - joined) & event if reach(one)),
    )


def is_address(text: str) -> bool:
    """Whether both sides can hold this as an e-mail address."""
    return length_of(text) <= ADDRESS_LIMIT and _ADDRESS.fullmatch(text) is not None


def left_out(event: GraphEvent | None, activity: ErpActivity | None, ctx: Context) -> People:
    """Whoever does not count: the organizer (of an event to be made, ourselves), and the activity's owner (its
    creator-to-be, where there is none)."""
    known = ctx.colleagues
    organizer = event.organizer if event else ""
    owner = known.owning(activity.owner_party) if activity and activity.owner_party != ctx.party_id else None
    me = known.of(ctx.mailbox)
    out = {known.canonical(organizer)} if organizer else set[str]()
    return frozenset(out | {one.canonical for one in (owner or me, None if event else me) if one is not None})


def who(addresses: Iterable[str], out: Collection[str], ctx: Context) -> People:
    """Addresses as a set of people that count and that both sides can hold."""
    found = {ctx.colleagues.canonical(one) for one in addresses if is_address(one)}
    return frozenset(found - set(out))


def reach_of(ctx: Context) -> Callable[[str], bool]:
    """Whom ``SYNC_INVITE`` lets calsync invite and take off; internal are the domains of the company's own people."""
    if ctx.policy.invite is Invite.ALL:
        return lambda _: True
    if ctx.policy.invite is Invite.NONE:
        return lambda _: False
    return lambda address: address.rpartition("@")[2] in ctx.colleagues.domains


def reaches(event: GraphEvent | None, link: Link, ctx: Context) -> Callable[[str], bool]:
    """Whom an event's list may be changed for: nobody on somebody else's meeting, nor where the list holds somebody
    who cannot be sent back, or is hidden."""
    is_own = event.is_organizer if event else link.role is Role.OWN
    is_hidden = ctx.policy.private is PrivateRule.BUSY and event is not None and is_private(event.content)
    is_whole = event is None or (not is_hidden and all(is_address(one.email) for one in event.attendees))
    return reach_of(ctx) if is_own and is_whole else lambda _: False


# Outlook's list


def invited(event: GraphEvent) -> tuple[Attendee, ...]:
    """Everybody whom a change of the organizer's event mails."""
    return tuple(one for one in event.attendees if one.email != event.organizer)


def mails_anybody(event: GraphEvent) -> bool:
    """Whether a change of the event mails anybody, hidden or not."""
    return event.hidden_attendees > 0 or bool(invited(event))


def new_list(event: GraphEvent, moves: Moves, ctx: Context) -> tuple[Attendee, ...]:
    """The whole list as it is to be: everybody as Graph wrote them, without those who leave, then those who join."""
    stay = [one for one in event.attendees if ctx.colleagues.canonical(one.email) not in moves.leave_graph]
    return (*stay, *map(Attendee, sorted(moves.join_graph)))


def fitting(moves: Moves, event: GraphEvent | None) -> Moves:
    """The moves without those for whom an event's list has no room left."""
    room = max(0, MOST_ATTENDEES - len(event.attendees) if event else MOST_ATTENDEES)
    return replace(moves, join_graph=frozenset(sorted(moves.join_graph)[:room]))


def listed(event: GraphEvent, attendees: Iterable[Attendee]) -> tuple[str, ...]:
    """A list in the terms of ``GraphContent.people``."""
    return tuple(sorted({one.email for one in attendees if one.kind != "resource"} - {event.organizer, ""}))


def guests(activity: ErpActivity, ctx: Context, reach: Callable[[str], bool]) -> tuple[Attendee, ...]:
    """Whom a new event for this activity invites."""
    people = who(activity.content.people, left_out(None, activity, ctx), ctx)
    return tuple(Attendee(one) for one in sorted(filter(reach, people))[:MOST_ATTENDEES])


def mails_of(write: GraphWrite | None, event: GraphEvent | None, link: Link | None) -> int:
    """How many mails Exchange sends because of a write: to every attendee, or those whom only the list concerns."""
    match write:
        case CreateEvent():
            return len(write.attendees)
        case RemoveEvent():
            return _known_attendees(event, link)
        case PatchEvent():
            return mails_of_patch(write.fields, write.attendees, event, link)
    return 0


def mails_of_patch(
    fields: Collection[Field], attendees: Iterable[Attendee], event: GraphEvent | None, link: Link | None
) -> int:
    """How many mails Exchange sends where these fields of an event change, its list of people to ``attendees``."""
    told = TELLING & set(fields)
    if Field.PEOPLE not in fields or event is None:
        return _known_attendees(event, link) if told or Field.PEOPLE in fields else 0
    before, after = {one.email for one in invited(event)}, {one.email for one in attendees} - {event.organizer}
    return len(before | after) if told else len(before ^ after)


def _known_attendees(event: GraphEvent | None, link: Link | None) -> int:
    """How many people the event has, by its base where it was not read."""
    if event is not None:
        return len(invited(event)) + event.hidden_attendees
    return len(link.base_event.people) if link else 0


# ERP.net's list


def rows_to_change(activity: ErpActivity, moves: Moves, ctx: Context) -> ParticipantChanges:
    """The rows that come and go."""
    leaving = [
        p.id for p in activity.participants if p.email and ctx.colleagues.canonical(p.email) in moves.leave_erp
    ]
    return ParticipantChanges(add=tuple(sorted(moves.join_erp)), drop=tuple(leaving))


def rows_after(activity: ErpActivity, changes: ParticipantChanges) -> tuple[str, ...]:
    """The participants' addresses once ``changes`` has changed them, in the terms of ``ErpContent.people``."""
    gone = set(changes.drop)
    stay = {p.email for p in activity.participants if p.email and p.id not in gone}
    return tuple(sorted(stay | set(changes.add)))


# Who is left out


def remarks(event: GraphEvent | None, activity: ErpActivity | None, uninvited: int = 0) -> str:
    """Who of a meeting is not carried, and why; the meeting itself is synced all the same."""
    nameless = sum(not p.email for p in activity.participants) if activity else 0
    odd = {one.email for one in event.attendees if one.kind != "resource"} if event else set()
    odd |= {p.email for p in activity.participants if p.email} if activity else set()
    count = sum(not is_address(one) for one in odd)
    said = (
        (nameless, "without an e-mail address in ERP.net"),
        (count, "with an address that the other side cannot hold"),
        (uninvited, "known to ERP.net only, not invited"),
    )
    return ", ".join(f"{number} {text}" for number, text in said if number)
