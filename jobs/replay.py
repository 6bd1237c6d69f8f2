"""Replays the sides' answers to a plan, without some of the items, so that each side is asked only once.

Items that belong together by an id, an iCalUId or our mark are left out together (``jobs.quarantine``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jobs.ports import Calendar, Erp, Owned
from sync_core.model.link import Link
from sync_core.model.memory import Memory
from sync_core.model.pending import Pending
from sync_core.model.sides import ErpActivity, Evidence, GraphEvent, GraphReading, Malformed

Item = GraphEvent | ErpActivity | Malformed | Link | Pending

Ids = frozenset[str]
"""What items that belong together have in common: ids, iCalUIds, marks."""


class Shown:
    """The items that a plan has read, and the ids of the items that are left out."""

    def __init__(self, memory: Memory) -> None:
        self.left_out: Ids = frozenset()
        self._items: dict[tuple[type[Item], Ids], Item] = {}
        self._seen: dict[int, tuple[Item, Ids]] = {}
        """A cache by ``id(item)``; it holds the item as well, so that no other item can get the same id."""
        self.add((*memory.links, *memory.pending))

    def add(self, items: Iterable[Item]) -> None:
        """Add items that were read."""
        for item in items:
            ids = _ids_of(item)
            self._seen[id(item)] = item, ids
            self._items[type(item), ids] = item

    def kept(self, items: Sequence[Any]) -> Any:
        """The items without those that are left out."""
        return tuple(item for item in items if self.left_out.isdisjoint(self._known_ids(item)))

    def _known_ids(self, item: Item) -> Ids:
        known = self._seen.get(id(item))
        return known[1] if known else _ids_of(item)

    def called(self, ids: Ids) -> list[Item]:
        """The items that have no other ids than these."""
        return [item for (_, known), item in self._items.items() if known <= ids]

    def groups(self) -> list[Ids]:
        """The groups of items that belong together, directly or by other items, each as its ids."""
        together: dict[str, set[str]] = {}
        for _, ids in self._items:
            merged = set(ids).union(*(together[one] for one in ids if one in together))
            together |= dict.fromkeys(merged, merged)
        return list({frozenset(group): None for group in together.values()})


def _ids_of(item: Item) -> Ids:
    """The ids of an item: two items with one in common belong together."""
    match item:
        case GraphEvent():
            known = [item.id, item.ical_uid.casefold(), item.mark or ""]
        case ErpActivity():
            known = [item.id, item.external_id.casefold()]
        case Link():
            known = [item.event_id, item.activity_id, item.ical_uid.casefold()]
        case Pending():
            known = [item.item_id, item.ical_uid.casefold()]
        case Malformed():
            known = [item.id]
    return frozenset(known) - {""}


@dataclass(slots=True)
class _Answers:
    """A side's answers about single ids, and the ids that it was asked about."""

    asked: set[str] = field(default_factory=set)
    found: dict[str, Any] = field(default_factory=dict)


class Replayed:
    """A proxy of a side: it caches the answers and leaves out items. An answer about ids serves any subset of
    them."""

    def __init__(self, side: Calendar | Erp, shown: Shown) -> None:
        self._side = side
        self._shown = shown
        self._answers: dict[str, Any] = {}
        self._by_id: dict[str, _Answers] = {}

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def ask(*args: Any, **options: Any) -> Any:
            if args and isinstance(args[-1], Collection) and not isinstance(args[-1], str):
                return self._kept_of(await self._about(name, *args, **options))
            key = repr((name, [sorted(a) if isinstance(a, set | frozenset) else a for a in args], options))
            if key not in self._answers:
                self._answers[key] = await self._ask(name, *args, **options)
            return self._kept_of(self._answers[key])

        return ask

    async def _ask(self, name: str, *args: Any, **options: Any) -> Any:
        answer = await getattr(self._side, name)(*args, **options)
        self._shown.add(items_in(answer))
        return answer

    async def _about(self, name: str, *args: Any, **options: Any) -> dict[str, Any]:
        """The side's answer about the ids at the end of ``args``; some answers name them in lower case."""
        *whom, ids = args
        known = self._by_id.setdefault(repr((name, whom, options)), _Answers())
        missing = set(ids) - known.asked
        if missing:
            known.found |= await self._ask(name, *whom, missing, **options)
            known.asked |= missing
        return {i: known.found[i] for i in dict.fromkeys([*ids, *(i.casefold() for i in ids)]) if i in known.found}

    def _kept_of(self, answer: Any) -> Any:
        """The answer without the items that are left out."""
        kept = self._shown.kept
        match answer:
            case GraphReading():
                removed = answer.removed - self._shown.left_out
                return replace(answer, events=kept(answer.events), malformed=kept(answer.malformed), removed=removed)
            case Owned():
                return replace(answer, activities=kept(answer.activities))
            case Mapping():
                return {k: self._kept_of(v) for k, v in answer.items() if isinstance(v, tuple) or self._is_kept(k, v)}
            case list() | tuple():
                return type(answer)(kept(answer))
        return answer

    def _is_kept(self, key: str, value: Any) -> bool:
        """Whether the item of an entry is not left out."""
        return key not in self._shown.left_out and bool(self._shown.kept(items_in(value)) or not items_in(value))


def items_in(answer: Any) -> list[Item]:
    """List every item in an answer of a side."""
    match answer:
        case GraphReading():
            return [*answer.events, *answer.malformed]
        case Owned():
            return [*answer.activities]
        case Evidence():
            return items_in(answer.event)
        case Mapping():
            return [item for value in answer.values() for item in items_in(value)]
        case list() | tuple():
            return [item for value in answer for item in items_in(value)]
        case GraphEvent() | ErpActivity() | Malformed():
            return [answer]
    return []
