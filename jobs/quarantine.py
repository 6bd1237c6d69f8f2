"""Quarantine: where our own code fails on an item, only that item is set aside and all others go on.

What a side or the store raises is no item's fault and ends the round. Any other exception while a round is planned is
a mistake of ours about some item. Planning writes nothing, so it is repeated without half of the items, and again,
until those are found that it fails on (bisection). What belongs together by an id, an iCalUId or our mark
stays together. The sides are not asked twice for it: their answers are remembered, and the set-aside items left out.
Where no item fails alone but several do together (by being compared, say), one is set aside for the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar, cast

from jobs.log import log_failure
from jobs.ports import Calendar, Erp, Put, RowChange
from jobs.replay import Item, Names, Replayed, Shown
from jobs.world import World
from sync_core.errors import CalsyncError
from sync_core.model import link as life
from sync_core.model.link import Link, Pending
from sync_core.model.memory import Memory
from sync_core.model.sides import ErpActivity, GraphEvent, Malformed, Side

T = TypeVar("T")

Planning = Callable[[World, Memory], Awaitable[T]]
"""Reads and decides for what the world shows and the memory knows; writes nothing."""

UNRECKONABLE = "calsync cannot reckon with it"
"""Why an item is parked on which our own code fails."""

MOST_TOGETHER = 10
"""How often items are set aside at most for failing only with others: more is no item's trouble."""


@dataclass(frozen=True, slots=True)
class Sifted(Generic[T]):
    """A plan, the memory it was made for, and the items that had to be left out of it."""

    plan: T
    memory: Memory
    aside: tuple[tuple[Item, ...], ...] = ()
    """Groups of items that belong together."""


async def plan_around(world: World, memory: Memory, planning: Planning[T], user_id: str) -> Sifted[T]:
    """The plan for all items that it does not fail on. Raises what ``planning`` raises where no item is to blame."""
    try:
        return Sifted(await planning(world, memory), memory)
    except CalsyncError:
        raise
    except Exception:  # noqa: BLE001 - whatever it is, it may concern one item only
        return await _Search(world, memory, planning, user_id).around()


def fenced(work: Callable[[], T], otherwise: Callable[[str], T], user_id: str) -> T:
    """What ``work`` makes of one item; where our own code fails on it, ``otherwise``, told the class of exception."""
    try:
        return work()
    except CalsyncError:
        raise
    except Exception as mistake:  # noqa: BLE001 - whatever it is, it concerns this item only
        log_failure("item", mistake, user_id=user_id)
        return otherwise(type(mistake).__name__)


class _Search(Generic[T]):
    """Finds the items that planning fails on."""

    def __init__(self, world: World, memory: Memory, planning: Planning[T], user_id: str) -> None:
        self._shown = Shown(memory)
        self._world = replace(
            world,
            calendar=cast(Calendar, Replayed(world.calendar, self._shown)),
            erp=cast(Erp, Replayed(world.erp, self._shown)),
        )
        self._memory = memory
        self._planning = planning
        self._user_id = user_id

    async def around(self) -> Sifted[T]:
        aside: list[Names] = []
        together = 0
        while True:
            try:
                plan = await self._without(aside)
                return Sifted(plan, self._known(), tuple(tuple(self._shown.called(names)) for names in aside))
            except CalsyncError:
                raise
            except Exception as mistake:
                suspects = [names for names in self._shown.groups() if names not in aside]
                if await self._fails_without([*aside, *suspects]):
                    raise
                found = await self._culprits(aside, suspects)
                if not found:
                    together += 1
                    if together > MOST_TOGETHER:
                        raise
                    found = await self._accomplices(aside, suspects)
                aside += found
                log_failure("item", mistake, user_id=self._user_id)

    async def _culprits(self, aside: list[Names], suspects: list[Names]) -> list[Names]:
        """The groups that planning fails on where only they are shown."""
        found: list[Names] = []
        waiting = [suspects]
        while waiting:
            some = waiting.pop()
            others = set(suspects).difference(some)
            if not some or not await self._fails_without([*aside, *others]):
                continue
            if len(some) == 1:
                found += some
            else:
                waiting += [some[: len(some) // 2], some[len(some) // 2 :]]
        return found

    async def _accomplices(self, aside: list[Names], suspects: list[Names]) -> list[Names]:
        """What to leave out where planning fails only on several together: of the first and the last that it takes to
        fail, the one without which everything else goes on, or else both."""
        end = await self._first_failure(aside, suspects)
        begun, rest = suspects[:end], suspects[end:]
        begun.reverse()
        ends = [begun[await self._first_failure([*aside, *rest], begun) - 1], begun[0]]
        for one in ends:
            if not await self._fails_without([*aside, one]):
                return [one]
        return ends

    async def _first_failure(self, aside: list[Names], suspects: list[Names]) -> int:
        """How many of these, from the beginning, planning has to be shown to fail; it does not fail on none."""
        passes, fails = 0, len(suspects)
        while fails - passes > 1:
            middle = (passes + fails) // 2
            if await self._fails_without([*aside, *suspects[middle:]]):
                fails = middle
            else:
                passes = middle
        return fails

    async def _fails_without(self, left_out: Sequence[Names]) -> bool:
        try:
            await self._without(left_out)
        except CalsyncError:
            raise
        except Exception:  # noqa: BLE001 - that is what is asked
            return True
        return False

    async def _without(self, left_out: Sequence[Names]) -> T:
        self._shown.left_out = frozenset().union(*left_out)
        await asyncio.sleep(0)  # nothing else here waits for anybody, and others have leases to renew
        return await self._planning(self._world, self._known())

    def _known(self) -> Memory:
        known = self._shown.left_of
        return replace(self._memory, links=known(self._memory.links), pending=known(self._memory.pending))


def parked(together: Sequence[Item]) -> list[RowChange]:
    """The rows that remember items which were set aside: their links, or else each item by itself."""
    links = [item for item in together if isinstance(item, Link)]
    if links:
        return [Put(life.parked(link, UNRECKONABLE)) for link in links if link.status not in life.ENDED]
    waiting = [item for item in together if isinstance(item, Pending)]
    known = {row.item_id for row in waiting}
    waiting += [row for item in together if (row := _row_of(item)) is not None and row.item_id not in known]
    return [Put(replace(row, parked=True, reason=UNRECKONABLE)) for row in waiting]


def _row_of(item: Item) -> Pending | None:
    match item:
        case GraphEvent():
            return Pending(Side.GRAPH, item.id, item.ical_uid)
        case ErpActivity():
            return Pending(Side.ERP, item.id)
        case Malformed():
            return Pending(item.side, item.id)
    return None
