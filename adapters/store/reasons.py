"""Tells which reasons (``Why``) a row holds: stored by their codes, beside the sentences in the row.

A row without codes was written by a build that knew none: the sentence tells which reason was meant. What no build
ever said (words of another system, details behind a beginning) stays as it is. What is read has today's words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from operator import is_
from typing import Any, TypeVar

from sync_core.model.why import Why, by_code

T = TypeVar("T")

EARLIER: Mapping[str, Why] = {}
"""Sentences of earlier builds that are put into other words today, each as it was stored."""

KNOWN: Mapping[str, Why] = {**{why.value: why for why in Why}, **EARLIER}

IN_LINK = ("reason", "reread", "conflict.clashes.*.why", "chosen.*.clash.why")

PLACES: Mapping[str, tuple[str, ...]] = {
    "Claim": tuple(f"left.{place}" for place in IN_LINK),
    "JournalEntry": ("reason",),
    "JournalPage": ("entries.*.reason",),
    "Link": IN_LINK,
    "Pending": ("reason",),
}
"""Where reasons stand, by the name of a row's class; ``*`` is each of several."""

_PATHS = {kind: tuple(tuple(place.split(".")) for place in places) for kind, places in PLACES.items()}


def codes_in(value: object) -> dict[str, str]:
    """The codes of a value's reasons, by their places."""
    found: dict[str, str] = {}

    def noted(place: str, reason: str) -> str:
        if isinstance(reason, Why):
            found[place] = reason.code
        return reason

    _visited(value, noted)
    return found


def with_named(value: T, codes: Mapping[str, str]) -> T:
    """The value with its reasons by name; ``codes`` are those that stand in its row."""

    def read(place: str, reason: str) -> str:
        return by_code(codes.get(place, "")) or KNOWN.get(reason) or reason

    return _visited(value, read)


Visit = Callable[[str, str], str]
"""What a reason becomes, by its place and what stands there."""


def _visited(value: T, visit: Visit) -> T:
    for path in _PATHS.get(type(value).__name__, ()):
        value = _at(value, path, "", visit)
    return value


def _at(value: Any, path: tuple[str, ...], place: str, visit: Visit) -> Any:
    """The value as it is where no reason below the path becomes another."""
    if not path:
        return visit(place[1:], value)
    step, rest = path[0], path[1:]
    if step == "*":
        found = tuple(_at(one, rest, f"{place}.{number}", visit) for number, one in enumerate(value))
        return value if all(map(is_, found, value)) else found
    part = getattr(value, step)
    if part is None:
        return value
    found = _at(part, rest, f"{place}.{step}", visit)
    return value if found is part else replace(value, **{step: found})
