"""Writes what waits for a person: holds, conflicts, parked items."""

from __future__ import annotations

from collections.abc import Iterator

from cli.screen import plain
from cli.text.words import Json, count, quoted

MOST_ITEMS = 30
"""The most items of a hold that ``sync`` and ``status`` show."""


def open_lines(user: Json) -> Iterator[str]:
    """Write what waits for a person: open conflicts, parked items, holds."""
    upn = plain(user["upn"])
    if user["conflicts"]:
        yield f"  {count(user['conflicts'], 'open conflict')}: `calsync conflicts --user {upn}` shows both values."
    if user["parked"]:
        yield (
            f"  {count(user['parked'], 'item is', 'items are')} parked: `calsync status --user {upn}` says why, "
            f"`calsync retry --user {upn}` tries again."
        )
    for hold in user["holds"]:
        yield from hold_lines(hold)


def hold_lines(hold: Json, most: int | None = MOST_ITEMS) -> Iterator[str]:
    """Write a hold: at most ``most`` of its items (None: all), and what a yes and a no lead to."""
    name = plain(hold["id"])
    yield plain(f"  Waits for an answer, id {name}, {hold['owner']}: {hold['why']}.")
    items = hold["items"]
    for item in items[:most]:
        yield _held_item(item)
    if most is not None and len(items) > most:
        yield f"      … and {len(items) - most} more: `calsync approve {name} --show` lists all."
    yield f"    `calsync approve {name}` {hold['approve']}."
    yield f"    `calsync approve {name} --drop` {hold['drop']}."


def _held_item(item: Json) -> str:
    """Write one item, like: Thu 18.12. 09:00 “Budget”: deleted in Outlook, would be voided in ERP.net."""
    ids = ", ".join(f"{kind} {item[f'{kind}_id']}" for kind in ("event", "activity") if item[f"{kind}_id"])
    name = quoted(item["subject"]) if item["subject"] else ids
    mails = f" ({count(item['mails'], 'mail')})" if item["mails"] else ""
    return plain(f"      {' '.join(filter(None, (item['when'], name)))}: {item['would_be']}{mails}")
