"""The repair: what a cursor can miss is found again, deletions included (design.md §6).

Once a day every live link is held against ERP.net: ids, versions and update times only, the links of some users with
each pull, so that the day's work is spread and costs one request for hundreds of links. What stands otherwise than
remembered is filed into its user's inbox, as the pull does it; the round decides. How far the day's work has come
stands in the instance row and moves last: killed anywhere, the piece under way is done again and nothing else.
(The last hour is looked over by the pull itself: ``pull.LOOK_BACK``.)
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

MOST_LINKS = 400
"""Links after which a piece takes no further user."""

MOST_USERS = 50
"""Users of one piece: the memory of each is read whole."""

Inboxes = dict[str, list[InboxRow]]
"""Inbox rows by user."""


async def pull_and_repair(world: World) -> PullReport:
    """A pull, and a piece of the repair where one is due. Raises what the pull raises: a repair that fails is told
    and tried again with the next pull."""
    report = await run_pull(world)
    try:
        woken = await run_repair(world)
    except SideError as error:
        log_failure("repair", error)
        return report
    return replace(report, woken=report.woken | woken)


async def run_repair(world: World) -> frozenset[str]:
    """The next piece; the users who got something to do. One read of the instance row where nothing is due."""
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


async def peek_repair(world: World) -> Inboxes:
    """What the next piece would file; writes nothing (a dry run)."""
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
    """The live links of the next users, and the user they end with, None for the last of all."""
    users = sorted(user.id for user in await world.store.list_users() if user.enabled)
    rest = [user_id for user_id in users if user_id > (instance.repaired_to or "")]
    piece: dict[str, list[Link]] = {}
    for user_id in rest[:MOST_USERS]:
        piece[user_id] = await _live_links(world, user_id)
        if sum(map(len, piece.values())) >= MOST_LINKS:
            break
    return piece, None if len(piece) == len(rest) else rest[len(piece) - 1]


async def _live_links(world: World, user_id: str) -> list[Link]:
    """The links through which this user's calendar and ERP.net feed each other."""
    try:
        links = (await world.store.recall(user_id)).links
    except RowUnreadable as error:  # their own round says it, too
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
    """The links of these rows: the pull may have missed the change because the index lacks them."""
    astray = {row.activity_id for row in rows}
    return [link for link in links if link.activity_id in astray]
