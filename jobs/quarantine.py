"""Quarantine: if our own code fails on an item, only that item is set aside and parked; all others go on.

An error of a side or the store is no item's fault and ends the round. Any other exception in planning is a bug of
ours that some item triggers. Planning writes nothing, so it is repeated without half of the items, and again, until
the items are found (bisection). Items that belong together by an id, an iCalUId or our mark stay together. The sides
are not asked again: ``jobs.replay`` repeats their answers without the items that are left out. If planning fails only
on several items together (when it compares them, say), one of them is set aside.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar, cast

from jobs.log import log_failure
from jobs.ports import Calendar, Erp, Put, RowChange
from jobs.replay import Ids, Item, Replayed, Shown
from jobs.world import World
from sync_core.errors import OWN_MISTAKE, CalsyncError
from sync_core.model import link as life
from sync_core.model.link import Link
from sync_core.model.memory import Memory
from sync_core.model.pending import Pending
from sync_core.model.sides import ErpActivity, GraphEvent, Malformed, Side

T = TypeVar("T")

Planning = Callable[[World, Memory], Awaitable[T]]
"""A function that reads the sides and decides, for a world and a memory; it writes nothing."""

MOST_TOGETHER = 10
"""How often an item is set aside at most because several fail together; after that no item is to blame."""


@dataclass(frozen=True, slots=True)
class Sifted(Generic[T]):
    """A plan, the memory that it was made for, and the items that were set aside."""

    plan: T
    memory: Memory
    aside: tuple[tuple[Item, ...], ...] = ()
    """Groups of items that belong together."""


async def plan_around(world: World, memory: Memory, planning: Planning[T], user_id: str) -> Sifted[T]:
    """Plan, and set aside the items on which planning fails. Raises what ``planning`` raises if no item is to
    blame."""
    try:
        return Sifted(await planning(world, memory), memory)
    except CalsyncError:
        raise
    except Exception:  # noqa: BLE001 - whatever it is, it may concern one item only
        return await _Search(world, memory, planning, user_id).around()


class _Search(Generic[T]):
    """Finds the items on which planning fails, by bisection."""

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
        aside: list[Ids] = []
        together = 0
        while True:
            try:
                plan = await self._without(aside)
                return Sifted(plan, self._known(), tuple(tuple(self._shown.called(ids)) for ids in aside))
            except CalsyncError:
                raise
            except Exception as mistake:
                suspects = [ids for ids in self._shown.groups() if ids not in aside]
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

    async def _culprits(self, aside: list[Ids], suspects: list[Ids]) -> list[Ids]:
        """The groups of items on which planning fails even if only they are shown."""
        found: list[Ids] = []
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

    async def _accomplices(self, aside: list[Ids], suspects: list[Ids]) -> list[Ids]:
        """The groups to set aside if planning fails only on several together.

        Bisection finds the first and the last group that a failure takes. One of the two is set aside if planning
        succeeds without it, else both.
        """
        end = await self._first_failure(aside, suspects)
        begun, rest = suspects[:end], suspects[end:]
        begun.reverse()
        ends = [begun[await self._first_failure([*aside, *rest], begun) - 1], begun[0]]
        for one in ends:
            if not await self._fails_without([*aside, one]):
                return [one]
        return ends

    async def _first_failure(self, aside: list[Ids], suspects: list[Ids]) -> int:
        """The least number of these groups, from the beginning, that makes planning fail; it succeeds on none."""
        passes, fails = 0, len(suspects)
        while fails - passes > 1:
            middle = (passes + fails) // 2
            if await self._fails_without([*aside, *suspects[middle:]]):
                fails = middle
            else:
                passes = middle
        return fails

    async def _fails_without(self, left_out: Sequence[Ids]) -> bool:
        try:
            await self._without(left_out)
        except CalsyncError:
            raise
        except Exception:  # noqa: BLE001 - whether it fails is the question
            return True
        return False

    async def _without(self, left_out: Sequence[Ids]) -> T:
        self._shown.left_out = frozenset().union(*left_out)
        await asyncio.sleep(0)  # nothing else here yields, and other rounds have leases to renew
        return await self._planning(self._world, self._known())

    def _known(self) -> Memory:
        known = self._shown.kept
        return replace(self._memory, links=known(self._memory.links), pending=known(self._memory.pending))


def parked(together: Sequence[Item]) -> list[RowChange]:
    """The row changes that park a group of items: their links, or without a link each item by itself."""
    links = [item for item in together if isinstance(item, Link)]
    if links:
        return [Put(life.parked(link, OWN_MISTAKE)) for link in links if link.status not in life.ENDED]
    waiting = [item for item in together if isinstance(item, Pending)]
    known = {row.item_id for row in waiting}
    waiting += [row for item in together if (row := _row_of(item)) is not None and row.item_id not in known]
    return [Put(replace(row, parked=True, reason=OWN_MISTAKE)) for row in waiting]


def _row_of(item: Item) -> Pending | None:
    match item:
        case GraphEvent():
            return Pending(Side.GRAPH, item.id, item.ical_uid)
        case ErpActivity():
            return Pending(Side.ERP, item.id)
        case Malformed():
            return Pending(item.side, item.id)
    return None
