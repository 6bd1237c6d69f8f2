"""Answers reads: query options in, JSON out (erpnet.md §5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any
from urllib.parse import quote, urlencode

from simulators.erpnet import access, schema
from simulators.erpnet.errors import ErpError, invalid, unsupported
from simulators.erpnet.filters import compile_filter
from simulators.erpnet.model import EntitySet
from simulators.erpnet.store import Row
from simulators.erpnet.values import guid
from simulators.erpnet.world import Caller, Json, World

LARGEST_PAGE = 1000
_ON_SETS = {"$select", "$expand", "$filter", "$top", "$skip", "$skiptoken", "$orderby", "$count"}
_ON_ENTITIES = {"$select", "$expand"}


@dataclass(frozen=True)
class Shape:
    """What to print of a row: selected members, expanded ones with their own shape."""

    members: tuple[str, ...]
    expanded: Mapping[str, Shape] = field(default_factory=dict)


def split_top(text: str, separator: str) -> list[str]:
    """Split at separators outside parentheses; raises on unbalanced ones."""
    parts, depth, start = [], 0, 0
    for at, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if char == separator and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    if depth:
        raise invalid(f"Unbalanced parentheses in '{text}'.")
    return [p.strip() for p in [*parts, text[start:]]]


def shape_of(entity: EntitySet, select: str | None, expand: str | None) -> Shape:
    """Read ``$select`` and ``$expand``; raises ``ErpError`` for unknown names."""
    return _read_shape(entity.name, select, expand)


@lru_cache(maxsize=1024)
def _read_shape(name: str, select: str | None, expand: str | None) -> Shape:
    # A client asks in the same few words again and again, and no set ever changes.
    entity = schema.SETS[name]
    return Shape(_selected(entity, select), _expanded(entity, expand))


def _selected(entity: EntitySet, select: str | None) -> tuple[str, ...]:
    if not select:
        return entity.default_selection()
    names: dict[str, None] = {}
    for item in split_top(select, ","):
        if item == "*" or item.lower() == "default":
            names.update(dict.fromkeys(entity.default_selection()))
        elif item in entity.attrs or item in entity.refs or item in entity.children:
            names[item] = None
        else:
            raise invalid(f"Could not find a property named '{item}' on type '{entity.kind}'.")
    return tuple(names)


def _expanded(entity: EntitySet, expand: str | None) -> dict[str, Shape]:
    if not expand:
        return {}
    return dict(_expansion(entity, item) for item in split_top(expand, ","))


def _expansion(entity: EntitySet, item: str) -> tuple[str, Shape]:
    name, bracket, rest = item.partition("(")
    member = entity.refs.get(name) or entity.children.get(name)
    if member is None or (bracket and not rest.endswith(")")):
        raise invalid(f"Could not find a property named '{name}' on type '{entity.kind}'.")
    options: dict[str, str] = {}
    for option in split_top(rest[:-1], ";") if bracket else []:
        key, _, value = option.partition("=")
        if key not in _ON_ENTITIES:
            raise unsupported(f"The option '{key}' is not supported in $expand.")
        options[key] = value
    target = schema.SETS[member.target]
    return name, shape_of(target, options.get("$select"), options.get("$expand"))


def render(world: World, row: Row, shape: Shape, *, skip_nulls: bool = False) -> Json:
    """One entity as JSON."""
    out: Json = {"@odata.id": row.path}
    for name in (*shape.members, *(n for n in shape.expanded if n not in shape.members)):
        value = _member(world, row, name, shape.expanded.get(name), skip_nulls)
        if value is not None or not skip_nulls:
            out[name] = value
    return out


def _member(world: World, row: Row, name: str, shape: Shape | None, skip_nulls: bool) -> Any:
    if name in row.entity.children:
        return _children(world, row, name, shape, skip_nulls)
    ref = row.entity.refs.get(name)
    if ref is not None:
        return _reference(world, row[name], ref.target, shape, skip_nulls)
    if name == "Id":
        return row.id
    return world.text_of(row) if name == "DisplayText" else row[name]


def _children(world: World, row: Row, name: str, shape: Shape | None, skip_nulls: bool) -> list[Json]:
    link = row.entity.children[name]
    rows = sorted(world.store.children(link.target, row.id), key=lambda r: r.id)
    wanted = shape or Shape(())
    return [render(world, r, wanted, skip_nulls=skip_nulls) for r in rows]


def _reference(world: World, key: str | None, target: str, shape: Shape | None, skip_nulls: bool) -> Json | None:
    if key is None:
        return None
    row = world.store.get(target, key)
    if shape is None or row is None:
        return {"@odata.id": f"{target}({key})"}
    return render(world, row, shape, skip_nulls=skip_nulls)


def check_options(options: Mapping[str, str], known: set[str]) -> None:
    """Refuse system options that are not implemented; other parameters are none of our business."""
    for name in options:
        if name.startswith("$") and name not in known:
            raise unsupported(f"The query option '{name}' is not supported.")


def _skips_nulls(options: Mapping[str, str]) -> bool:
    return "skipnulls" in options.get("options", "").lower().split(",")


def visible(world: World, caller: Caller, entity: EntitySet, key: str) -> Row:
    """The row with this key, or the missing-entity error (status UNCONFIRMED: a switch)."""
    row = world.store.get(entity.name, guid(key))
    if row is None or not access.sees(world, caller.user, row):
        raise ErpError(
            f"The object '{entity.name}({key})' does not exist.",
            kind="Aloe.ObjectNotFoundException",
            status=world.missing_status,
        )
    return row


def read_one(world: World, caller: Caller, entity: EntitySet, key: str, options: Mapping[str, str]) -> Json:
    """``GET Set(guid)``."""
    check_options(options, _ON_ENTITIES)
    shape = shape_of(entity, options.get("$select"), options.get("$expand"))
    row = visible(world, caller, entity, key)
    return render(world, row, shape, skip_nulls=_skips_nulls(options))


def count(world: World, caller: Caller, entity: EntitySet, options: Mapping[str, str]) -> int:
    """``GET Set/$count``."""
    check_options(options, {"$filter"})
    return len(_matching(world, caller, entity, options))


def read_set(world: World, caller: Caller, entity: EntitySet, options: Mapping[str, str], base: str) -> Json:
    """``GET Set``; ``base`` is the OData root that absolute next links start with."""
    check_options(options, _ON_SETS)
    shape = shape_of(entity, options.get("$select"), options.get("$expand"))
    order = _order(entity, options.get("$orderby"))
    rows = _matching(world, caller, entity, options)
    out: Json = {"@odata.context": f"{base}$metadata#{entity.name}"}
    if options.get("$count") == "true":
        out["@odata.count"] = len(rows)
    page, next_options = _page(rows, order, options)
    if next_options:
        link = f"{entity.name}?{urlencode(next_options, quote_via=quote)}"
        out["@odata.nextLink"] = base + link if world.absolute_next_links else link
    skip_nulls = _skips_nulls(options)
    out["value"] = [render(world, r, shape, skip_nulls=skip_nulls) for r in page]
    return out


def _matching(world: World, caller: Caller, entity: EntitySet, options: Mapping[str, str]) -> list[Row]:
    text = options.get("$filter")
    test = compile_filter(world, entity, text) if text else None
    rows = world.store.rows(entity.name)
    return [r for r in rows if (test is None or test(r)) and access.sees(world, caller.user, r)]


Order = Callable[[list[Row]], list[Row]]


def _order(entity: EntitySet, text: str | None) -> Order | None:
    if not text:
        return None
    keys = [_order_key(entity, item) for item in split_top(text, ",")]

    def sort(rows: list[Row]) -> list[Row]:
        rows = sorted(rows, key=lambda r: r.id)
        for name, descending in reversed(keys):
            rows.sort(key=partial(_sort_key, name), reverse=descending)
        return rows

    return sort


def _sort_key(name: str, row: Row) -> tuple[bool, str]:
    return row[name] is not None, str(row[name]).casefold()


def _order_key(entity: EntitySet, item: str) -> tuple[str, bool]:
    name, _, direction = item.partition(" ")
    attr = entity.attrs.get(name)
    if attr is None or not attr.orderable or direction not in ("", "asc", "desc"):
        raise unsupported(f"Ordering by '{item}' is not supported.")
    return name, direction == "desc"


def _page(rows: list[Row], order: Order | None, options: Mapping[str, str]) -> tuple[list[Row], dict[str, str]]:
    """The rows of this page and the options of the next; without ``$top`` there is no paging at all."""
    top, skip = _number(options, "$top"), _number(options, "$skip") or 0
    if top is not None and top > LARGEST_PAGE:
        raise unsupported(f"The value of $top must not be greater than {LARGEST_PAGE}.")
    token = options.get("$skiptoken")
    rows = order(rows) if order else sorted(rows, key=lambda r: r.id)
    rows = [r for r in rows if r.id > token] if token else rows
    rows = rows[skip:]
    if top is None or len(rows) <= top or top == 0:
        return (rows if top is None else rows[:top]), {}
    page = rows[:top]
    rest = {k: v for k, v in options.items() if k not in ("$skip", "$skiptoken")}
    cursor = {"$skip": str(skip + top)} if order else {"$skiptoken": page[-1].id}
    return page, rest | cursor


def _number(options: Mapping[str, str], name: str) -> int | None:
    text = options.get(name)
    if text is None:
        return None
    if not text.isdecimal():
        raise invalid(f"The value '{text}' of {name} is not valid.")
    return int(text)
