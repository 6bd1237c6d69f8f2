"""Why was this not synced? Everything that is not in step, by reason, of one person or of everybody.

Read from the tables as the last rounds left it; neither Outlook nor ERP.net is asked.
"""

from __future__ import annotations

from dataclasses import dataclass

from jobs.world import World
from sync_core.model.memory import User
from sync_core.model.unsynced import UnsyncedItem, summed
from sync_core.plan.remedies import OTHERWISE, remedy

PAGE, LARGEST_PAGE = 50, 500
"""Items of one answer: unless said, and at most."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason, how many items and people have it, and what would change it."""

    reason: str
    items: int
    people: int
    do: str


@dataclass(frozen=True, slots=True)
class UnsyncedPage:
    """All reasons, and a page of items with their owners; ``next_offset`` None on the last page."""

    reasons: tuple[Reason, ...]
    items: tuple[tuple[User, UnsyncedItem], ...]
    next_offset: int | None


async def list_unsynced(
    world: World, *, user_id: str = "", reason: str = "", offset: int = 0, limit: int = PAGE
) -> UnsyncedPage:
    """The reasons, and the items from ``offset`` on, by person; of one person, or with one reason, only.

    Reads one small row a person, and the items of those who are on the page.
    """
    limit, offset = max(1, min(limit, LARGEST_PAGE)), max(0, offset)
    counts = await world.store.count_unsynced()
    users = [one for one in await world.store.list_users() if one.enabled and user_id in ("", one.id)]
    known = {one.id: counts[one.id] for one in users if one.id in counts}
    reasons = tuple(Reason(why, *numbers, remedy(why, OTHERWISE)) for why, numbers in summed(known).items())
    found: list[tuple[User, UnsyncedItem]] = []
    passed = 0
    for user in users:
        if not any(why == reason or not reason for why in known.get(user.id, {})):
            continue
        if len(found) > limit:
            break
        items = (await world.store.read_unsynced(user.id)).matching(reason)
        found += [(user, item) for item in items[max(0, offset - passed) :]]
        passed += len(items)
    return UnsyncedPage(reasons, tuple(found[:limit]), offset + limit if len(found) > limit else None)
