"""The people of a meeting: who counts, and how both lists of them are merged.

Attendees and participants are sets of e-mail addresses. They are merged three ways, each side against its own base:
whoever was added on one side is added on the other, whoever was removed is removed there, and nobody else is touched.
So a participant who may not be invited (mail.py) stands on one side only, and never looks like an edit. The
organizer, the owner and rooms do not count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

from sync_core.content.ranges import ADDRESS_LIMIT, MOST_ATTENDEES, length_of
from sync_core.model.decision import Context
from sync_core.model.sides import Attendee, ErpActivity, GraphEvent
from sync_core.model.writes import ParticipantChanges

_ADDRESS = re.compile(r"[^\s@<>\"(),:;]+@[^\s@<>\"(),:;]+")

People = frozenset[str]


@dataclass(frozen=True, slots=True)
class Moves:
    """Who joins and who leaves each list, by canonical address."""

    join_erp: People = frozenset()
    leave_erp: People = frozenset()
    join_graph: People = frozenset()
    leave_graph: People = frozenset()


def merge_people(
    event_base: People, event: People, activity_base: People, activity: People, reach: Callable[[str], bool]
) -> Moves:
    """Merge both lists three ways. An addition beats a removal, so that nobody is lost. ``reach`` says for whom the
    event's list may be changed."""
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
    """The people who do not count: the organizer, who of a new event is this user, and the activity's owner, who is
    its creator if there is no activity yet."""
    known = ctx.colleagues
    organizer = event.organizer if event else ""
    owner = known.owning(activity.owner_party) if activity and activity.owner_party != ctx.party_id else None
    me = known.of(ctx.mailbox)
    out = {known.canonical(organizer)} if organizer else set[str]()
    return frozenset(out | {one.canonical for one in (owner or me, None if event else me) if one is not None})


def who(addresses: Iterable[str], out: Collection[str], ctx: Context) -> People:
    """The addresses of people who count and whom both sides can hold."""
    found = {ctx.colleagues.canonical(one) for one in addresses if is_address(one)}
    return frozenset(found - set(out))


# Outlook's list


def new_list(event: GraphEvent, moves: Moves, ctx: Context) -> tuple[Attendee, ...]:
    """The event's whole new list: the attendees who stay, as Graph wrote them, then those who join."""
    stay = [one for one in event.attendees if ctx.colleagues.canonical(one.email) not in moves.leave_graph]
    return (*stay, *map(Attendee, sorted(moves.join_graph)))


def fitting(moves: Moves, event: GraphEvent | None) -> Moves:
    """The moves, without those for whom the event's list has no room."""
    room = max(0, MOST_ATTENDEES - len(event.attendees) if event else MOST_ATTENDEES)
    return replace(moves, join_graph=frozenset(sorted(moves.join_graph)[:room]))


def listed(event: GraphEvent, attendees: Iterable[Attendee]) -> tuple[str, ...]:
    """An event's list in the form of ``GraphContent.people``."""
    return tuple(sorted({one.email for one in attendees if one.kind != "resource"} - {event.organizer, ""}))


def guests(activity: ErpActivity, ctx: Context, reach: Callable[[str], bool]) -> tuple[Attendee, ...]:
    """The attendees of a new event for this activity."""
    people = who(activity.content.people, left_out(None, activity, ctx), ctx)
    return tuple(Attendee(one) for one in sorted(filter(reach, people))[:MOST_ATTENDEES])


# ERP.net's list


def rows_to_change(activity: ErpActivity, moves: Moves, ctx: Context) -> ParticipantChanges:
    """The rows of participants to add and to drop."""
    leaving = [
        p.id for p in activity.participants if p.email and ctx.colleagues.canonical(p.email) in moves.leave_erp
    ]
    return ParticipantChanges(add=tuple(sorted(moves.join_erp)), drop=tuple(leaving))


def rows_after(activity: ErpActivity, changes: ParticipantChanges) -> tuple[str, ...]:
    """The participants' addresses after ``changes``, in the form of ``ErpContent.people``."""
    gone = set(changes.drop)
    stay = {p.email for p in activity.participants if p.email and p.id not in gone}
    return tuple(sorted(stay | set(changes.add)))


# Who is left out


def remarks(event: GraphEvent | None, activity: ErpActivity | None, uninvited: int = 0) -> str:
    """How many people of a meeting are left out on the other side, and why. The meeting itself is synced all the
    same."""
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
