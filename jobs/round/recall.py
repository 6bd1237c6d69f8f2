"""Reads the links that a round's news is about, where the ledger lets it do without the others.

``sync_core.reading.names`` says by which names links are asked for, step by step. Where few links do not decide, the
round begins anew with all of them (``NeedsAll``).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from jobs.fenced import fenced
from jobs.world import Fence, World
from sync_core.content.names import Names
from sync_core.errors import RowUnreadable
from sync_core.model.ledger import with_found
from sync_core.model.link import Link
from sync_core.model.memory import Memory

SERIES = "a series has news"

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
            found = await self.world.store.find_links(self.user_id, new, known)
        except RowUnreadable as error:
            raise NeedsAll("a row cannot be read") from error
        if any(link.occurrence is not None for link in found):
            raise NeedsAll(SERIES)
        memory = fenced(lambda: with_found(self.memory, found), lambda _: None, self.user_id)
        if memory is None:
            raise NeedsAll("the ledger does not fit the links")
        self.fence.memory = memory
        return found


async def recall_few(world: World, fence: Fence, user_id: str) -> Memory | None:
    """What a round must know before it has news; None where the ledger is not known or does not fit."""
    if fence.ledger is None:
        return None
    try:
        return await world.store.recall_open(user_id)
    except RowUnreadable:  # all links are read, which says it of the row that is in the way
        return None
