"""Reads the links that a round's news is about, where the ledger lets it do without the others.

``sync_core.reading.names`` says by which names links are asked for, step by step. Where few links do not decide, the
round begins anew with all of them (``NeedsAll``).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from jobs.fence import Fence
from jobs.log import log_failure
from jobs.own_mistakes import unless_mistaken
from jobs.world import World
from sync_core.content.names import Names, siblings_of
from sync_core.errors import CalsyncError, RowUnreadable
from sync_core.model.ledger import with_found
from sync_core.model.link import Link
from sync_core.model.memory import Memory

MOST_NAMES = 400
"""More names are about so many links that all of them are read."""


class NeedsAll(Exception):
    """Few links do not decide this round; its text says why."""


@dataclass(slots=True)
class Recall:
    """The links that one round has read so far. Nobody else writes them meanwhile."""

    world: World
    fence: Fence
    user_id: str
    _asked: Names = field(default_factory=Names)

    @property
    def memory(self) -> Memory:
        """What is stored, as far as it was read."""
        assert self.fence.memory is not None
        return self.fence.memory

    async def find(self, names: Names) -> Collection[Link]:
        """Read the links of these names that were not read before. Raises ``NeedsAll``."""
        known = frozenset(link.event_id for link in self.memory.links)
        new = names - self._asked - Names(events=known)
        if not new:
            return ()
        self._asked |= new
        if len(self._asked) > MOST_NAMES:
            raise NeedsAll("there is much news")
        try:
            found = await find_whole(self.world, self.user_id, new, known, self.memory.running)
        except RowUnreadable as error:
            raise NeedsAll("a row cannot be read") from error
        memory = unless_mistaken(lambda: with_found(self.memory, found), lambda _: None, self.user_id)
        if memory is None:
            raise NeedsAll("the ledger does not fit the links")
        self.fence.memory = memory
        self._asked |= siblings_of(found)
        return found


async def recall_few(world: World, fence: Fence, user_id: str) -> Memory | None:
    """What a round must know before it has news; None where the ledger is not known or does not fit."""
    if fence.ledger is None:
        return None
    try:
        memory = await world.store.recall_open(user_id)
        siblings = siblings_of(memory.links) if memory is not None else Names()
        if memory is None or not siblings:
            return memory
        known = frozenset(link.event_id for link in memory.links)
        return with_found(memory, await find_whole(world, user_id, siblings, known, memory.running))
    except RowUnreadable:  # all links are read, which says it of the row that is in the way
        return None
    except CalsyncError:
        raise
    except Exception as mistake:  # noqa: BLE001 - of our own code, about one link: it is searched among all
        log_failure("item", mistake, user_id=user_id)
        return None


async def find_whole(world: World, user_id: str, names: Names, known: Collection[str], among: int) -> list[Link]:
    """The links of these names, ``among`` about so many, but for those of the ``known`` events, and with a date all
    other dates of its series: they are decided beside each other, and counted once. Raises ``RowUnreadable``."""
    found: list[Link] = []
    asked = Names()
    while new := names - asked:
        asked |= new
        found += await world.store.find_links(user_id, new, {*known, *(x.event_id for x in found)}, among)
        names = siblings_of(found)
    return found
