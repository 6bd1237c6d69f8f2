"""Unlink: takes a pair apart for good. Both items stay as they are, and calsync leaves them alone from then on.

The link stays as a tombstone that says so, so that no full round finds the two again and links or doubles them. A
retry of this item, and nothing else, takes it back: the pair goes on from the base that it had.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from jobs.approvals import UnknownChoice, is_called, revise_rows
from jobs.forgotten import erase_if_forgotten
from jobs.ports import Put, RowChange
from jobs.waiting import Notice, unheeded
from jobs.world import World
from sync_core.content.project import is_private
from sync_core.model import link as life
from sync_core.model.action import Action
from sync_core.model.entries import JournalEntry
from sync_core.model.link import ENDED, Link, Role
from sync_core.model.memory import Memory
from sync_core.model.series import nameless
from sync_core.model.user import User
from sync_core.plan.exits import UNLINKED
from sync_core.plan.unsynced import after_round


@dataclass(frozen=True, slots=True)
class Unlinked:
    """Whose pair was taken apart, and the link as it is now; ``has_category``: the event wears the category of a
    conflict, which stays until its owner takes it off."""

    user: User
    link: Link
    has_category: bool


async def unlink(world: World, user: User, item: str, *, notice: Notice = unheeded) -> Unlinked:
    """Take the pair with this event or activity apart; one that is apart already stays so.

    Raises ``UnknownChoice``, and what the store raises.
    """
    found: list[Link] = []

    def revise(memory: Memory) -> Sequence[RowChange]:
        link = _meant(memory, item)
        found[:] = [link]
        return [] if life.is_unlinked(link) else [Put(life.unlinked(link, UNLINKED, world.clock()))]

    await revise_rows(world, user, revise, notice)
    [before] = found
    if not life.is_unlinked(before):
        await world.store.append_journal([_entry(world, user, before)])
        await _list(world, user)
    return Unlinked(user, life.unlinked(before, UNLINKED, world.clock()), life.wears_category(before))


async def _list(world: World, user: User) -> None:
    """Put it on the list of what is not in step: no round may come to it for long."""
    known, memory = await world.store.read_unsynced(user.id), await world.store.recall(user.id)
    await world.store.save_unsynced(user.id, after_round(known, (), memory, world.clock()))
    await erase_if_forgotten(world, user.id)


def _meant(memory: Memory, item: str) -> Link:
    links = [link for link in memory.links if is_called(link, item)]
    if not links:
        raise UnknownChoice(f"no pair with the id {item} is known: `calsync why` tells the ids of an item")
    if links[0].role is Role.FOLLOWER:
        raise UnknownChoice("this copy only follows a meeting that another calendar feeds: unlink it there")
    if links[0].status in ENDED and not life.is_unlinked(links[0]):
        raise UnknownChoice("the pair is over already: nothing is synced of it")
    return links[0]


def _entry(world: World, user: User, link: Link) -> JournalEntry:
    return JournalEntry(
        user.id,
        world.clock(),
        uuid4().hex[:12],
        Action.UNLINKED,
        UNLINKED,
        link.event_id,
        link.activity_id,
        link.base_event.subject,
        is_private(link.base_event) or is_private(link.base_activity),
        occurrence=nameless(link.occurrence),
    )
