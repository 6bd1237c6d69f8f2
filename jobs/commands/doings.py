"""What was done, for people to read: behind however many rounds that found nothing to do, which are most of them."""

from __future__ import annotations

from collections.abc import Callable

from jobs.ports import JournalStore
from sync_core.model.action import Action
from sync_core.model.entries import JournalEntry

FARTHEST = 5_000
"""The most entries that are read, newest first."""


def is_busy(entry: JournalEntry) -> bool:
    """Whether it is no idle round."""
    return not entry.is_idle


def is_about_item(entry: JournalEntry) -> bool:
    """Whether it tells of an item, and not of a round as a whole."""
    return entry.action != Action.ROUND


async def newest(
    store: JournalStore, user_id: str, limit: int, counts: Callable[[JournalEntry], bool] = is_busy
) -> list[JournalEntry]:
    """The newest entries, as far as ``limit`` of them count; those between them are among them."""
    reach = min(2 * limit, FARTHEST)
    while True:
        entries = await store.read_journal(user_id, reach)
        busy = [number for number, entry in enumerate(entries, 1) if counts(entry)]
        if len(busy) >= limit:
            return entries[: busy[limit - 1]]
        if len(entries) < reach or reach == FARTHEST:
            return entries
        reach = min(4 * reach, FARTHEST)
