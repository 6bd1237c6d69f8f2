"""Writes what waits for a person: holds, conflicts, parked items."""

from __future__ import annotations

from collections.abc import Iterator

from cli.screen import plain
from cli.text.words import Json, count, date_in, quoted, series_named

MOST_ITEMS = 30
"""The most items of a hold that ``sync`` and ``status`` show."""


def open_lines(user: Json) -> Iterator[str]:
    """Write what waits for a person: open conflicts, parked items, holds."""
    upn = plain(user["upn"])
    if user["conflicts"]:
        yield f"  {count(user['conflicts'], 'open conflict')}: `calsync conflicts --user {upn}` shows both values."
    if user["parked"]:
        items = count(user["parked"], "item is", "items are")
        told = "" if user.get("parked_items") else f" `calsync status --user {upn}` says of each why, and what to do."
        yield f"  {items} parked:{told}"
    for hold in user["holds"]:
        yield from hold_lines(hold)


def hold_lines(hold: Json, most: int | None = MOST_ITEMS) -> Iterator[str]:
    """Write a hold: at most ``most`` of its items, a series once (None: all, each date), and what a yes and a no lead
    to."""
    name = plain(hold["id"])
    yield plain(f"  Waits for an answer, id {name}, {hold['owner']}: {hold['why']}.")
    whole = hold.get("series", []) if most is not None else []
    known = {(one["series"], one["intent"]) for one in whole}
    items = [item for item in hold["items"] if _series_in(item) not in known]
    for one in whole:
        dates = series_named(one["subject"], one["dates"], one["first"], one["last"])
        yield plain(f"      {dates}: {one['would_be']}{_mails_in(one)}")
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
    return plain(
        f"      {' '.join(filter(None, (item['when'], name)))}{date_in(item)}: {item['would_be']}{_mails_in(item)}"
    )


def _mails_in(one: Json) -> str:
    return f" ({count(one['mails'], 'mail')})" if one["mails"] else ""


def _series_in(item: Json) -> tuple[str, str] | None:
    occurrence = item.get("occurrence")
    return (occurrence["series"], item["intent"]) if occurrence else None
