"""Takes values out of Graph's JSON, each of the type it must have, or says what is wrong with it."""

from __future__ import annotations

from typing import Any

from adapters.graph.wire import Json


class Unreadable(ValueError):
    """Why an item cannot be parsed."""


def text_of(item: Json, name: str, *, needed: bool = False) -> str:
    """A text, "" for one that is not there or null; raises ``Unreadable`` if it is ``needed`` and not there."""
    if needed and name not in item:
        raise Unreadable(f"the event came without its {name}")
    value = item.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unreadable(f"'{name}' is no text ({as_shown(value)})")
    return value


def flag_of(item: Json, name: str, *, absent: bool = False) -> bool:
    """True or false; ``absent`` where Graph says neither."""
    value = item.get(name)
    if value is None:
        return absent
    if not isinstance(value, bool):
        raise Unreadable(f"'{name}' is neither true nor false ({as_shown(value)})")
    return value


def object_of(value: object, name: str) -> Json:
    """An object, which must be there; ``name`` is what to call it."""
    if not isinstance(value, dict):
        raise Unreadable(f"{name} is missing" if value is None else f"{name} is no object ({as_shown(value)})")
    return value


def list_of(value: object) -> list[Any]:
    """A list; empty for anything else."""
    return value if isinstance(value, list) else []


def part_of(item: Json, name: str) -> Json:
    """An object inside an item; empty for anything else."""
    value = item.get(name)
    return value if isinstance(value, dict) else {}


def rows_of(value: object) -> list[Json]:
    """The objects of a list."""
    return [row for row in list_of(value) if isinstance(row, dict)]


def word_of(value: object, absent: str) -> str:
    """A word of an enumeration; ``absent`` where there is none."""
    return value if isinstance(value, str) else absent


def as_shown(value: object) -> str:
    """Cut a value for a reason, so that it shows little of a person's text."""
    return repr(value)[:40]
