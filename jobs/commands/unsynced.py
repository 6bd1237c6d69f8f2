"""Why was this not synced? Everything that is not in step, by reason, of one person or of everybody.

Read from the tables as the last rounds left it; neither Outlook nor ERP.net is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256

from jobs.wish import WishInvalid
from jobs.world import World
from sync_core.model.unsynced import UnsyncedItem, summed
from sync_core.model.user import User
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

    @property
    def key(self) -> str:
        """What it is called in an address."""
        return key_of(self.reason)


@dataclass(frozen=True, slots=True)
class UnsyncedPage:
    """All reasons, and a page of items with their owners. ``next_after`` is where the next page begins, '' on the
    last one."""

    reasons: tuple[Reason, ...]
    items: tuple[tuple[User, UnsyncedItem], ...]
    next_after: str


@dataclass(frozen=True, slots=True)
class _Place:
    """Behind which item a page begins: whose it is, which number it had among theirs, and a digest of its ids, since
    others before it may have come or gone meanwhile."""

    user_id: str = ""
    number: int = 0
    digest: str = ""

    def __str__(self) -> str:
        return f"{self.user_id}.{self.number}.{self.digest}"


def key_of(reason: str) -> str:
    """What a reason is called in an address, which nobody's words belong into: an error of a side may quote some."""
    return sha256(reason.encode()).hexdigest()[:16]


async def list_unsynced(
    world: World, *, among: Collection[str] = (), reason: str = "", after: str = "", limit: int = PAGE
) -> UnsyncedPage:
    """The reasons, and the items behind the place ``after``, by person; of the people with the ids ``among`` (none:
    everybody), or with one ``reason`` (it, or its key), only.

    Reads one small row a person, and the items of those who are on the page. Raises ``WishInvalid`` for a place that
    is none.
    """
    limit, begins = max(1, min(limit, LARGEST_PAGE)), _parsed(after)
    counts = await world.store.count_unsynced()
    users = [one for one in await world.store.list_users() if one.enabled and (not among or one.id in among)]
    known = {one.id: counts[one.id] for one in users if one.id in counts}
    reasons = tuple(Reason(why, *numbers, remedy(why, OTHERWISE)) for why, numbers in summed(known).items())
    reason = next((one.reason for one in reasons if one.key == reason), reason)
    meant = [one for one in users if any(why == reason or not reason for why in known.get(one.id, {}))]
    behind = sorted((one for one in meant if one.id >= begins.user_id), key=lambda one: one.id)
    found: list[tuple[User, UnsyncedItem]] = []
    places: list[_Place] = []
    for user in behind[: limit + 1]:
        items = (await world.store.read_unsynced(user.id)).matching(reason)
        passed = _passed(items, begins) if user.id == begins.user_id else 0
        found += [(user, item) for item in items[passed:]]
        places += [_Place(user.id, number, _digest(item)) for number, item in enumerate(items[passed:], passed + 1)]
        if len(found) > limit:
            return UnsyncedPage(reasons, tuple(found[:limit]), str(places[limit - 1]))
    is_cut = len(behind) > limit + 1  # rows that lack items, since rounds make them anew
    return UnsyncedPage(reasons, tuple(found), str(_Place(behind[limit + 1].id)) if is_cut else "")


def _digest(item: UnsyncedItem) -> str:
    return sha256(f"{item.event_id}|{item.activity_id}|{item.reason}".encode()).hexdigest()[:8]


def _passed(items: Sequence[UnsyncedItem], begins: _Place) -> int:
    """How many of a person's items the pages before have shown."""
    if not begins.digest:
        return 0
    numbers = [number for number, item in enumerate(items, 1) if _digest(item) == begins.digest]
    return min(numbers, key=lambda number: abs(number - begins.number), default=max(0, begins.number - 1))


def _parsed(after: str) -> _Place:
    if not after:
        return _Place()
    user_id, number, digest = [*after.rsplit(".", 2), "", ""][:3]
    if not (user_id and number.isascii() and number.isdigit() and len(number) < 9):
        raise WishInvalid("a page begins where the one before said: take `next_after` from it")
    return _Place(user_id, int(number), digest)
