"""Gathers the lines of a round, as JSON (``item_shapes.line_of``), so that what was done alike to several dates of a
series is told once (R28), on the command line and on the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sync_core.content.told import follows_the_start

Json = dict[str, Any]


def gathered(lines: Sequence[Json]) -> list[list[Json]]:
    """The lines; what was done alike to several dates of a series is together, as in the journal
    (``sync_core/model/entries.py``), whatever values each date had."""
    groups: dict[object, list[Json]] = {}
    for number, line in enumerate(lines):
        date = line.get("occurrence")
        key = (line["what"], line["reason"], line["subject"], date["series"], *changed(line)) if date else number
        groups.setdefault(key, []).append(line)
    return [*groups.values()]


def changed(line: Json) -> list[str]:
    """The names of the values that an action changed."""
    before, after = line["before"], line["after"]
    return [name for name in after if name in before and not follows_the_start(name, before, after)]


def told_once(lines: Sequence[Json]) -> list[Json]:
    """The lines, one for what was done alike to several dates: with its ``dates`` as ``item_shapes.dates_of`` shapes
    them, the mails of all, and the values that all have in common."""
    return [some[0] if len(some) == 1 else _as_one(some) for some in gathered(lines)]


def _as_one(some: Sequence[Json]) -> Json:
    days = [line["occurrence"]["day"] for line in some]
    alike = {name: values for name in ("before", "after") if (values := _in_common([line[name] for line in some]))}
    dates = {"count": len(days), "first": min(days), "last": max(days)}
    mails = sum(line.get("mails", 0) for line in some)
    return {**some[0], "before": {}, "after": {}, **alike, "mails": mails, "dates": dates}


def _in_common(values: Sequence[Json]) -> Json:
    return {name: text for name, text in values[0].items() if all(one.get(name) == text for one in values)}
