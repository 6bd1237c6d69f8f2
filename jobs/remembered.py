"""Tells what a user's memory is after changes that were saved, without reading it again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from jobs.own_mistakes import wants_a_look
from jobs.ports import Put, RowChange
from sync_core.model.hold import Hold
from sync_core.model.link import Link
from sync_core.model.memory import Cursors, Memory
from sync_core.model.pending import Pending
from sync_core.plan.holds import assembled

K = TypeVar("K")
V = TypeVar("V")


def with_changes(memory: Memory, changes: Iterable[RowChange]) -> Memory:
    """The memory with these changes made, in order. The inbox and the wake token, which others write, stay."""
    links = {link.event_id: link for link in memory.links}
    pending = {(row.side, row.item_id): row for row in memory.pending}
    holds = {hold.key: hold for hold in memory.holds}
    cursors = memory.cursors
    for change in changes:
        stays = isinstance(change, Put)
        match change.row:
            case Link() as link:
                _set(links, link.event_id, link, stays=stays)
                if stays and wants_a_look(link):
                    cursors = replace(cursors, settled=False)  # as the store has it
            case Pending() as row:
                _set(pending, (row.side, row.item_id), row, stays=stays)
            case Hold() as hold:
                _set(holds, hold.key, hold, stays=stays)
            case Cursors() as moved:
                cursors = moved
    known, lists = assembled([*links.values()], [*holds.values()])
    return replace(memory, cursors=cursors, links=known, pending=tuple(pending.values()), holds=lists)


def _set(rows: dict[K, V], key: K, row: V, *, stays: bool) -> None:
    if stays:
        rows[key] = row
    else:
        rows.pop(key, None)
