"""The repair compares every live link with ERP.net once a day, deletions included: it finds what the pull missed.

Only ids, versions and update times are read, hundreds of links a request. A pull does a piece of the day's work where
one is due: the links of some users (design.md §6). Whose turn it is the time says: users stand in the order of their
keys, and each has a moment of the day, since keys that begin with hexadecimal digits (Entra's ids do) tell how far
along they stand. So however many pulls there are, they do the same work between them, and everybody has their turn
a day after the last. If pulls were missed, or many keys begin alike, pieces of a bounded size make up for it.

An activity whose version differs from its link's is filed into the user's inbox, as the pull does; the round decides.
The instance row stores how far the day's work has come. That moves last, so after a crash only the piece under way is
done again. (The pull itself looks over the last hour: ``pull.LOOK_BACK``.)
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from jobs.forgotten import still_known
from jobs.log import log_failure, log_line
from jobs.pull import PullReport, pull_from
from jobs.world import World
from sync_core.errors import RowUnreadable, SideError, StaleWrite
from sync_core.model.instance import Instance
from sync_core.model.link import Link, LinkStatus, Role
from sync_core.model.memory import InboxRow

EVERY = timedelta(hours=23, minutes=45)
"""A day less what a piece may be late, so that everybody has their turn within a day."""

LEAST = timedelta(minutes=5)
"""How far behind the time the work is before a piece is due: of ten thousand people that is 35."""

PLACES = 16**8
"""So many places the order of the users is divided into: eight hexadecimal digits."""

MOST_LINKS = 2_500
"""A piece with so many links takes no further user: with a pull a minute, ten thousand people with 300 links each
have their turn within a day."""

MOST_USERS = 50
"""The most users of one piece: the memory of each is read whole."""

Row = tuple[Instance, str]
"""The instance row with its etag."""

Inboxes = dict[str, list[InboxRow]]
"""Inbox rows by user."""


async def pull_and_repair(world: World, row: Row | None = None) -> PullReport:
    """Run a pull, and a piece of the repair if one is due. ``row`` is the instance row with its etag, if it was read
    just before. Raises what the pull raises; a repair that fails is logged and tried again with the next pull."""
    report, row = await pull_from(world, row)
    try:
        woken = await run_repair(world, row)
    except SideError as error:
        log_failure("repair", error)
        return report
    return replace(report, woken=report.woken | woken)


async def run_repair(world: World, row: Row | None = None) -> frozenset[str]:
    """Do the next piece of the repair; return the users whose inboxes got rows. If none is due, at most the instance
    ``row`` is read."""
    instance, etag = row or await world.store.read_instance()
    due = _due(instance, world.clock())
    if due is None:
        return frozenset()
    links, reached = await _piece(world, due)
    astray = await _astray(world, links)
    for user_id, rows in astray.items():
        await world.store.file_inbox(user_id, rows)
        await world.store.reindex(user_id, _links_of(links[user_id], rows))
    with suppress(StaleWrite):  # somebody else saved the row: the next pull does this piece once more
        await world.store.save_instance(replace(instance, repair_began_at=reached.day, repaired_to=reached.at), etag)
    if links:
        log_line("repair", {"links": sum(map(len, links.values())), "astray": sum(map(len, astray.values()))})
    return await still_known(world, astray)


async def plan_repair(world: World) -> Inboxes:
    """Plan the next piece (dry run): the rows that it would file. Nothing is written."""
    instance, _ = await world.store.read_instance()
    due = _due(instance, world.clock())
    return await _astray(world, (await _piece(world, due))[0]) if due else {}


@dataclass(frozen=True, slots=True)
class _Due:
    """The users ``behind`` this key, those up to the key ``until`` only, '' = all, are due in a day that began at
    ``day``."""

    day: datetime
    behind: str
    until: str


@dataclass(frozen=True, slots=True)
class _Reached:
    """How far the work of a ``day`` has come: up to the key ``at``, None = it has not begun."""

    day: datetime
    at: str | None


def _due(instance: Instance, now: datetime) -> _Due | None:
    """Who is due now; None where nobody is, or too few to begin.

    A day of which nothing is known, or that a clock began that was ahead, is over. An older build ends a day by
    forgetting how far it came: it has looked at everybody once more than needed.
    """
    day, behind = instance.repair_began_at, instance.repaired_to or ""
    if day is None or not timedelta(0) <= now - day < 2 * EVERY:
        day = now - EVERY
    if now - day >= EVERY:
        return _Due(day, behind, "")
    is_late = now - day >= LEAST and behind < _key_at(now - day - LEAST)
    return _Due(day, behind, _key_at(now - day)) if is_late else None


def _key_at(passed: timedelta) -> str:
    """Up to which key everybody has had their turn when so much of the day has passed."""
    return f"{int(passed / EVERY * PLACES):08x}"


async def _piece(world: World, due: _Due) -> tuple[dict[str, list[Link]], _Reached]:
    """The live links of the next users who are on, as many as a piece may hold, and how far that comes."""
    users = await world.store.list_users_after(due.behind, MOST_USERS, until=due.until)
    piece: dict[str, list[Link]] = {}
    for place, user in enumerate(users, 1):
        if user.enabled:
            piece[user.id] = await _live_links(world, user.id)
        if sum(map(len, piece.values())) >= MOST_LINKS and (place < len(users) or len(users) == MOST_USERS):
            return piece, _Reached(due.day, user.id)
    if len(users) == MOST_USERS:
        return piece, _Reached(due.day, users[-1].id)
    return piece, _Reached(due.day, due.until) if due.until else _Reached(due.day + EVERY, None)


async def _live_links(world: World, user_id: str) -> list[Link]:
    """The user's live links to an activity: those of feeders."""
    try:
        links = (await world.store.recall(user_id)).links
    except RowUnreadable as error:  # the user's round reports it as well
        log_failure("repair", error, user_id=user_id)
        return []
    return [x for x in links if x.status is LinkStatus.LIVE and x.role is not Role.FOLLOWER and x.activity_id]


async def _astray(world: World, piece: dict[str, list[Link]]) -> Inboxes:
    ids = {link.activity_id for links in piece.values() for link in links}
    states = await world.erp.read_states(ids) if ids else {}
    now = world.clock()
    found = {
        user_id: [
            InboxRow(link.activity_id, now, states[link.activity_id].is_deleted)
            for link in links
            if states[link.activity_id].stamp != link.stamp
        ]
        for user_id, links in piece.items()
    }
    return {user_id: rows for user_id, rows in found.items() if rows}


def _links_of(links: Sequence[Link], rows: Sequence[InboxRow]) -> list[Link]:
    """The links of these rows; they are indexed again, since a gap in the index may be why the pull missed them."""
    astray = {row.activity_id for row in rows}
    return [link for link in links if link.activity_id in astray]
