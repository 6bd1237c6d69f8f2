"""Keeps one item's trouble from all others: our own code may fail on any item, and then only that item is set aside.

What a side or the store raises is no item's fault and ends the round. Anything else that is raised while a round is
planned is a mistake of ours about some item, and planning writes nothing: so it is done again without half of the
items, and again, until those are found that it fails on. What belongs together by an id, an iCalUId or our mark
stays together. The sides are not asked twice for it: their answers are remembered, and the set-aside items left out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar, cast

from jobs.ports import Calendar, Change, Erp, Put
from jobs.telling import tell_failure
from jobs.world import World
from sync_core import link as life
from sync_core.errors import CalsyncError
from sync_core.model import ErpActivity, Evidence, GraphEvent, GraphReading, Link, Malformed, Memory, Pending, Side

T = TypeVar("T")

Item = GraphEvent | ErpActivity | Malformed | Link | Pending

Planning = Callable[[World, Memory], Awaitable[T]]
"""Reads and decides for what the world shows and the memory knows; writes nothing."""

Names = frozenset[str]
"""What items that belong together are called by: ids, iCalUIds, marks."""

UNRECKONABLE = "calsync cannot reckon with it"
"""Why an item is parked on which our own code fails."""


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
        tell_failure("item", mistake, user_id=user_id)
        return otherwise(type(mistake).__name__)


class _Search(Generic[T]):
    """Finds the items that planning fails on."""

    def __init__(self, world: World, memory: Memory, planning: Planning[T], user_id: str) -> None:
        self._shown = _Shown(memory)
        self._world = replace(
            world,
            calendar=cast(Calendar, _Replayed(world.calendar, self._shown)),
            erp=cast(Erp, _Replayed(world.erp, self._shown)),
        )
        self._memory = memory
        self._planning = planning
        self._user_id = user_id

    async def around(self) -> Sifted[T]:
        aside: list[Names] = []
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
                    raise
                aside += found
                tell_failure("item", mistake, user_id=self._user_id)

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
        return await self._planning(self._world, self._known())

    def _known(self) -> Memory:
        known = self._shown.left_of
        return replace(self._memory, links=known(self._memory.links), pending=known(self._memory.pending))


class _Shown:
    """The items that planning was shown, and those it is shown no more."""

    def __init__(self, memory: Memory) -> None:
        self.left_out: Names = frozenset()
        self._items: dict[tuple[type[Item], Names], Item] = {}
        self.add((*memory.links, *memory.pending))

    def add(self, items: Iterable[Item]) -> None:
        self._items |= {(type(item), names_of(item)): item for item in items}

    def left_of(self, items: Sequence[Any]) -> Any:
        """The same without what is left out."""
        return tuple(item for item in items if self.left_out.isdisjoint(names_of(item)))

    def called(self, names: Names) -> list[Item]:
        return [item for (_, known), item in self._items.items() if known <= names]

    def groups(self) -> list[Names]:
        """The names of items that belong together, directly or by others."""
        together: dict[str, set[str]] = {}
        for _, names in self._items:
            merged = set(names).union(*(together[name] for name in names if name in together))
            together |= dict.fromkeys(merged, merged)
        return list({frozenset(group): None for group in together.values()})


def parked(together: Sequence[Item]) -> list[Change]:
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


def names_of(item: Item) -> Names:
    """Everything by which an item may be known to belong to another."""
    match item:
        case GraphEvent():
            names = [item.id, item.ical_uid.casefold(), item.mark or ""]
        case ErpActivity():
            names = [item.id, item.external_id.casefold()]
        case Link():
            names = [item.event_id, item.activity_id, item.ical_uid.casefold()]
        case Pending():
            names = [item.item_id, item.ical_uid.casefold()]
        case Malformed():
            names = [item.id]
    return frozenset(names) - {""}


class _Replayed:
    """A side whose answers are remembered, without the items that are left out."""

    def __init__(self, side: Calendar | Erp, shown: _Shown) -> None:
        self._side = side
        self._shown = shown
        self._answers: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def ask(*args: Any, **options: Any) -> Any:
            key = repr((name, [sorted(a) if isinstance(a, set | frozenset) else a for a in args], options))
            if key not in self._answers:
                self._answers[key] = await getattr(self._side, name)(*args, **options)
                self._shown.add(_items_in(self._answers[key]))
            return self._left_of(self._answers[key])

        return ask

    def _left_of(self, answer: Any) -> Any:
        left = self._shown.left_of
        match answer:
            case GraphReading():
                removed = answer.removed - self._shown.left_out
                return replace(answer, events=left(answer.events), malformed=left(answer.malformed), removed=removed)
            case Mapping():
                return {k: self._left_of(v) for k, v in answer.items() if isinstance(v, tuple) or self._is_left(k, v)}
            case list() | tuple():
                return type(answer)(left(answer))
        return answer

    def _is_left(self, key: str, value: Any) -> bool:
        """Whether the one item of an entry is shown still."""
        return key not in self._shown.left_out and bool(self._shown.left_of(_items_in(value)) or not _items_in(value))


def _items_in(answer: Any) -> list[Item]:
    match answer:
        case GraphReading():
            return [*answer.events, *answer.malformed]
        case Evidence():
            return _items_in(answer.event)
        case Mapping():
            return [item for value in answer.values() for item in _items_in(value)]
        case list() | tuple():
            return [item for value in answer for item in _items_in(value)]
        case GraphEvent() | ErpActivity() | Malformed():
            return [answer]
    return []
