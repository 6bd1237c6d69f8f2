"""The repair compares every live link with ERP.net once a day, deletions included: it finds what the pull missed.

Only ids, versions and update times are read, hundreds of links a request. Each pull does a piece of the day's work:
the links of some users (design.md §6). An activity whose version differs from its link's is filed into the user's
inbox, as the pull does; the round decides. The instance row stores how far the day's work has come. That moves last,
so after a crash only the piece under way is done again. (The pull itself looks over the last hour:
``pull.LOOK_BACK``.)
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from jobs.forgotten import still_known
from jobs.log import log_failure, log_line
from jobs.pull import PullReport, run_pull
from jobs.world import World
from sync_core.errors import RowUnreadable, SideError, StaleWrite
from sync_core.model.link import Link, LinkStatus, Role
from sync_core.model.memory import InboxRow, Instance

EVERY = timedelta(days=1)

MOST_LINKS = 2_500
"""A piece with so many links takes no further user: with a pull a minute, ten thousand people with 300 links each
have their turn within a day."""

MOST_USERS = 50
"""The most users of one piece: the memory of each is read whole."""

Inboxes = dict[str, list[InboxRow]]
"""Inbox rows by user."""


async def pull_and_repair(world: World) -> PullReport:
    """Run a pull, and a piece of the repair if one is due. Raises what the pull raises; a repair that fails is logged
    and tried again with the next pull."""
    report = await run_pull(world)
    try:
        woken = await run_repair(world)
    except SideError as error:
        log_failure("repair", error)
        return report
    return replace(report, woken=report.woken | woken)


async def run_repair(world: World) -> frozenset[str]:
    """Do the next piece of the repair; return the users whose inboxes got rows. If none is due, only the instance row
    is read."""
    instance, etag = await world.store.read_instance()
    due = _begun(instance, world.clock())
    if due is None:
        return frozenset()
    links, repaired_to = await _next_piece(world, due)
    astray = await _astray(world, links)
    for user_id, rows in astray.items():
        await world.store.file_inbox(user_id, rows)
        await world.store.reindex(user_id, _links_of(links[user_id], rows))
    with suppress(StaleWrite):  # somebody else saved the row: the next pull does this piece once more
        await world.store.save_instance(replace(due, repaired_to=repaired_to), etag)
    log_line("repair", {"links": sum(map(len, links.values())), "astray": sum(map(len, astray.values()))})
    return await still_known(world, astray)


async def plan_repair(world: World) -> Inboxes:
    """Plan the next piece (dry run): the rows that it would file. Nothing is written."""
    instance, _ = await world.store.read_instance()
    due = _begun(instance, world.clock())
    return await _astray(world, (await _next_piece(world, due))[0]) if due else {}


def _begun(instance: Instance, now: datetime) -> Instance | None:
    """The instance with a repair under way; None where none is due."""
    if instance.repaired_to is not None:
        return instance
    if instance.repair_began_at is not None and timedelta(0) <= now - instance.repair_began_at < EVERY:
        return None
    return replace(instance, repair_began_at=now, repaired_to="")


async def _next_piece(world: World, instance: Instance) -> tuple[dict[str, list[Link]], str | None]:
    """The live links of the next users who are on, and the last user looked at, None if no user is left."""
    users = await world.store.list_users_after(instance.repaired_to or "", MOST_USERS)
    piece: dict[str, list[Link]] = {}
    for place, user in enumerate(users, 1):
        if user.enabled:
            piece[user.id] = await _live_links(world, user.id)
        if sum(map(len, piece.values())) >= MOST_LINKS and (place < len(users) or len(users) == MOST_USERS):
            return piece, user.id
    return piece, users[-1].id if len(users) == MOST_USERS else None


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
