"""What needs somebody, as one list: what has waited longest comes first, whatever and whose it is.

An entry is of one kind, and of one person where it is about somebody: it waits since the oldest of what it counts.
What has an end in the future waits since it is reminded of. Of what an older build noticed the instant may not be
known: it is older than all that this one noticed, and comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from sync_core.model.user import User

REMINDED = timedelta(days=30)
"""How long before its end a secret is to be made anew."""

UNKNOWN = datetime.min.replace(tzinfo=UTC)


class Need(StrEnum):
    """What waits for somebody. Of two that wait since the same instant, the one that is named first comes first."""

    ERROR = "error"
    HOLDS = "holds"
    CONFLICTS = "conflicts"
    PARKED = "parked"
    CHECK = "check"
    ENDING = "secret"
    POISON = "poison"


RANK = {need: rank for rank, need in enumerate(Need)}


@dataclass(frozen=True, slots=True)
class Needed:
    """One entry. ``since`` is None where nobody knows; ``count`` is how many lists, conflicts, items or messages it
    stands for, ``about`` what else tells it from others of its kind."""

    need: Need
    since: datetime | None
    user_id: str = ""
    count: int = 1
    about: str = ""


def of_person(user: User) -> Iterator[Needed]:
    """What waits for somebody about one person, as their row tells; nothing of who is switched off."""
    if not user.enabled:
        return
    if user.unreadable or not user.is_operational:
        yield Needed(Need.ERROR, user.troubled_at, user.id)
    tally = user.tally
    counted = (
        (Need.HOLDS, tally.holds, tally.holds_since),
        (Need.CONFLICTS, tally.conflicts, tally.conflicts_since),
        (Need.PARKED, tally.parked, tally.parked_since),
    )
    for need, count, since in counted:
        if count:
            yield Needed(need, since, user.id, count)


def of_secret(ends: date | None, today: date) -> Iterator[Needed]:
    """The end of the app's secret, once it is to be thought of."""
    if ends is not None and ends - today <= REMINDED:
        yield Needed(Need.ENDING, datetime.combine(ends - REMINDED, time(), UTC))


def of_poison(messages: int, since: datetime | None) -> Iterator[Needed]:
    """Messages that were given up."""
    if messages:
        yield Needed(Need.POISON, since, count=messages)


def in_order(found: Iterable[Needed]) -> list[Needed]:
    """What has waited longest first."""
    return sorted(found, key=lambda one: (one.since or UNKNOWN, RANK[one.need], one.user_id, one.about))


def oldest(user: User) -> datetime | None:
    """Since when somebody is needed about a person, None where nobody is or nobody knows."""
    found = in_order(of_person(user))
    return found[0].since if found else None
