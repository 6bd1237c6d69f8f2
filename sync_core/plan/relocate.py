"""Moves a link to the event's new id.

A moved or restored mailbox gives its events new ids; their iCalUIds stay (graph.md §8). So a link whose event is gone
goes on with the event of its calendar that has its iCalUId: nothing is voided, and nothing is made. A file that was
imported twice makes two events with one iCalUId.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from sync_core.content.base import outdated
from sync_core.content.changes import changed_in_graph
from sync_core.content.project import graph_when
from sync_core.content.ranges import uid_key
from sync_core.content.window import bounds
from sync_core.model.decision import Context
from sync_core.model.link import WATCHED, EndedBy, Link, LinkStatus, Role
from sync_core.model.memory import Memory
from sync_core.model.sides import EventKind, GraphEvent, Side

STILL_COMING = "the calendar was moved or restored, and this event has not come back yet"

COMING = timedelta(days=1)
"""How long a moved or restored calendar may lack an event before that counts as a deletion."""

LOOK_AGAIN = timedelta(hours=1)
"""How often the event is looked for until then."""

T = TypeVar("T")


def by_uid(items: Iterable[T], uid_of: Callable[[T], str]) -> dict[str, list[T]]:
    """Group items by their meeting; items without an iCalUId are left out."""
    grouped: dict[str, list[T]] = {}
    for item in items:
        if uid_of(item):
            grouped.setdefault(uid_key(uid_of(item)), []).append(item)
    return grouped


@dataclass(frozen=True, slots=True)
class Move:
    """A link that goes on with another event, as ``new``; ``new`` may exist already."""

    old: Link
    new: Link


def moves(
    links: Iterable[Link], gone: Collection[str], events: Iterable[GraphEvent], ctx: Context
) -> tuple[Move, ...]:
    """Find the links that go on with another event of their calendar.

    ``gone`` are the linked events that are no longer in the calendar, ``events`` its events without a link. Of the
    links of one meeting at most one moves, and none where one still has its event.
    """
    free = by_uid(events, lambda event: event.ical_uid)
    found: list[Move] = []
    for uid, group in by_uid(links, lambda link: link.ical_uid).items():
        lost = [link for link in group if link.event_id in gone]
        in_place = [link for link in group if link.event_id not in gone and link.status in WATCHED]
        if in_place:
            fed = {link.activity_id: link for link in in_place}
            found += [Move(x, fed[x.activity_id]) for x in lost if x.activity_id in fed and x.status in WATCHED]
        elif lost:
            link = max(lost, key=liveliness)
            fits = [event for event in free.get(uid, ()) if _may_go_on(link, event, ctx)]
            found += [Move(link, relocated(link, min(fits, key=lambda e: _strangeness(link, e))))] if fits else []
    return tuple(found)


def after_moves(memory: Memory, found: Collection[Move]) -> Memory:
    """What is remembered once the moved links have their new ids."""
    stale, moved = {move.old.event_id for move in found}, {move.new.event_id: move.new for move in found}
    links = {link.event_id: link for link in memory.links if link.event_id not in stale} | moved
    pending = tuple(p for p in memory.pending if p.side is not Side.GRAPH or p.item_id not in moved)
    return replace(memory, links=tuple(links.values()), pending=pending)


def still_comes(link: Link, *, is_moving: bool, now: datetime) -> Link | None:
    """The link of an event that a moved or restored calendar may still bring back; None = the event is gone.

    ``is_moving``: the delta link has expired, and other links of the calendar took new ids in this very round.
    """
    if link.missed_at is None and not (is_moving and link.status in WATCHED):
        return None
    since = link.missed_at or now
    return replace(link, missed_at=since, retry_at=now + LOOK_AGAIN) if now - since < COMING else None


def relocated(link: Link, event: GraphEvent) -> Link:
    """The link of the same meeting with the event's id. Its base stays, so that a difference counts as an edit, and
    so does the base's age of a date. But an event older than what the link has seen comes from a backup
    (``outdated``)."""
    role = link.role
    if role is not Role.FOLLOWER:
        role = Role.OWN if event.is_organizer else Role.INVITED
    moved = replace(
        link,
        event_id=event.id,
        ical_uid=event.ical_uid,
        occurrence=event.occurrence,
        role=role,
        change_key="",
        modified_at=None,
        series_at=link.newest_at,
        unseen=False,
        missed_at=None,
        retry_at=None if link.missed_at else link.retry_at,
    )
    return outdated(moved, event) if _is_older(link, event) else moved


def _is_older(link: Link, event: GraphEvent) -> bool:
    """Whether an event is older than what the link has seen. The time of a plain date of a series is the series'."""
    if link.modified_at is None or event.modified_at is None or event.kind is EventKind.OCCURRENCE:
        return False
    return event.modified_at < link.modified_at


def liveliness(link: Link) -> tuple[int, datetime]:
    """The order in which the links of one meeting may go on: running, archived, tombstone; among equals the one that
    ended last."""
    rank = {LinkStatus.TOMBSTONE: 0, LinkStatus.ARCHIVED: 1}.get(link.status, 2)
    return rank, link.ended_at or datetime.min.replace(tzinfo=UTC)


def _may_go_on(link: Link, event: GraphEvent, ctx: Context) -> bool:
    """Whether the link may go on with an event. Voiding the activity removed the own event with it: another event of
    that meeting, still to come, is not made anew without asking."""
    took_event = link.status is LinkStatus.TOMBSTONE and link.ended_by is EndedBy.ERP and link.role is Role.OWN
    return not took_event or bounds(graph_when(event.content), ctx.zone)[1] <= ctx.now


def _strangeness(link: Link, event: GraphEvent) -> tuple[bool, bool, bool, bool, float, str]:
    """How little an event resembles the one that is gone. Among equals the one that was edited last comes first."""
    is_own = link.role is Role.OWN
    edited = event.modified_at.timestamp() if event.modified_at else 0.0
    return (
        event.is_organizer != is_own,
        event.is_cancelled,
        event.is_series,
        bool(changed_in_graph(link.base_event, event.content)),
        -edited,
        event.id,
    )
