"""The user's memory in one round: as it was recalled, and as it is stored after what the round has saved.

Nobody else writes it under the round's lease, so it is reckoned and not read again. Where few links decide, few are
read; where all were read, they prove the names and the ledger by which the few are found (design.md §5).
"""

from __future__ import annotations

from jobs.fence import Fence
from jobs.log import log_line
from jobs.own_mistakes import unless_mistaken
from jobs.remembered import with_changes
from jobs.round.recall import recall_few
from jobs.world import World
from sync_core.model.ledger import Ledger, ledger_of
from sync_core.model.memory import Memory


class RoundMemory:
    """What one round knows of its user's memory. Without a fence, in a dry run, nothing is saved."""

    def __init__(self, world: World, user_id: str, fence: Fence | None) -> None:
        self._world = world
        self._user_id = user_id
        self._fence = fence
        self._recalled: Memory | None = None
        """What was remembered when the round began."""
        self._ledger: Ledger | None = None
        """The ledger that was stored then."""

    async def recall(self, *, few: bool) -> Memory:
        """Recall everything, or with ``few`` only what a round must know before it has news, if that can be told."""
        found = await recall_few(self._world, self._fence, self._user_id) if few and self._fence is not None else None
        self._recalled = found or await self._world.store.recall(self._user_id)
        if self._fence is not None:
            self._fence.memory, self._ledger = found, self._fence.ledger
        return self._recalled

    async def stored(self) -> Memory:
        """What is remembered after what the round has saved: nobody else writes it meanwhile."""
        if self._fence is not None and self._fence.memory is not None:
            return self._fence.memory
        if self._recalled is None:
            self._recalled = await self._world.store.recall(self._user_id)
        saved = self._fence.saved if self._fence is not None else []
        return with_changes(self._recalled, saved) if saved else self._recalled

    async def prove(self) -> None:
        """Make the ledger and the names anew from all links; log what was wrong with those that the round found."""
        assert self._fence is not None, "a dry run stores nothing"
        lacking = await self._fence.prove(await self.stored())
        before = self._recalled or Memory()
        unnamed = lacking.intersection(link.event_id for link in before.links)
        found = unless_mistaken(lambda: ledger_of(before), lambda _: self._ledger, self._user_id)
        if self._ledger is not None and (unnamed or self._ledger != found):
            facts = {"running": self._ledger.running, "found": before.running, "unnamed": len(unnamed)}
            log_line("ledger", {"user": self._user_id, **facts})
