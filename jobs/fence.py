"""The fence of a round: its lease, under which every save and every request to a side happens (fencing)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from jobs.own_mistakes import unless_mistaken
from jobs.ports import Lease, Put, RowChange
from jobs.remembered import with_changes
from jobs.world import World
from sync_core.content.names import names_of
from sync_core.errors import LeaseLost
from sync_core.model.ledger import Ledger, ledger_of
from sync_core.model.link import Link
from sync_core.model.memory import Memory


class Fence:
    """The lease of one round (fencing): every save and every request to a side happens under it.

    Each save renews it, and so does a request that it might not outlive. So two rounds of one user never write at
    once.
    """

    def __init__(self, world: World, lease: Lease) -> None:
        self._world = world
        self._lease = lease
        self._turn = asyncio.Lock()
        self.saved: list[RowChange] = []
        """What was saved under the lease: nobody else has changed the user's links, cursors or lists meanwhile."""
        self.memory: Memory | None = None
        """What is stored, where the round has read few links; each save keeps it, and the ledger by it. None where
        all were read: then the ledger goes with the first link that is saved, and ``prove`` brings it back."""

    @property
    def ledger(self) -> Ledger | None:
        """The ledger of the user's links as they are stored, None where it is not known."""
        return self._lease.ledger

    async def save(self, changes: Sequence[RowChange], *, follows: bool = True) -> None:
        """Save row changes under the lease, which renews it; their index as well, or the caller ``follows`` later.
        Raises ``LeaseLost``."""
        async with self._turn:
            after = with_changes(self.memory, changes) if self.memory is not None else None
            new, ledger = _known_by(self.memory, after, changes, self._lease.user_id)
            if new:
                await self._world.store.add_names(self._lease.user_id, new)
            self._lease = await self._world.store.save(self._lease, changes, ledger, follows=follows)
            self.memory = after
            self.saved += changes

    async def settle(self, served: str) -> None:
        """Take back the user's due mark, unless a round was asked for after the wake token that was ``served``."""
        await self._world.store.settle(self._lease, served)

    async def prove(self, memory: Memory) -> frozenset[str]:
        """Make names and ledger those of all links, which ``memory`` holds as they are stored. Returns the events of
        links of which a name was not there."""
        user_id = self._lease.user_id
        ledger = unless_mistaken(lambda: _nameable(memory), lambda _: None, user_id)
        if ledger is None:
            return frozenset()
        async with self._turn:
            self._lease, lacking = await self._world.store.prove_names(self._lease, memory.links)
            if lacking is not None:
                self._lease = replace(self._lease, ledger=ledger)  # it is stored with the lease
        return lacking or frozenset()

    async def release(self) -> None:
        """Give the lease back; a lost one is no error."""
        await self._world.store.release_lease(self._lease)

    @asynccontextmanager
    async def covering(self) -> AsyncIterator[None]:
        """Make one request under the lease; the lease's end cuts it off.

        Raises ``LeaseLost``: the request may have been done.
        """
        await self._outlive_a_call()
        try:
            async with asyncio.timeout(self._left()) as limit:
                yield
        except TimeoutError as ended:
            if not limit.expired():  # the call's own time limit, which its adapter understands
                raise
            raise LeaseLost("the lease ran out while a call was under way") from ended

    async def _outlive_a_call(self) -> None:
        """Renew the lease if it may end before a call does. An expired lease is lost only if another holder took it,
        which the store finds by the etag."""
        async with self._turn:
            if self._left() < 2 * self._world.call_timeout_seconds:
                self._lease = await self._world.store.save(self._lease, ())

    def _left(self) -> float:
        return (self._lease.expires_at - self._world.clock()).total_seconds()


def _known_by(
    before: Memory | None, after: Memory | None, changes: Sequence[RowChange], user_id: str
) -> tuple[list[Link], Ledger | None]:
    """The links that must be named before they are saved, and the ledger of what is stored then.

    Without a ledger the next round reads all links. There is none where all were read, or our own code fails on one.
    """
    if before is None or after is None:
        return [], None
    return unless_mistaken(lambda: (_named_anew(before, changes), ledger_of(after)), lambda _: ([], None), user_id)


def _named_anew(before: Memory, changes: Sequence[RowChange]) -> list[Link]:
    """The links among the changes that have a name which they had not."""
    known = {link.event_id: names_of(link) for link in before.links}
    links = [change.row for change in changes if isinstance(change, Put) and isinstance(change.row, Link)]
    named = [(link, names_of(link)) for link in links]
    return [link for link, names in named if link.event_id not in known or names - known[link.event_id]]


def _nameable(memory: Memory) -> Ledger | None:
    """The ledger of all links, each of which can be named."""
    for link in memory.links:
        names_of(link)
    return ledger_of(memory)
