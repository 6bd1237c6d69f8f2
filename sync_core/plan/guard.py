"""The guard: checks the whole plan before anything is written, and holds the deletions that would do damage.

A plan may void or remove more than the limit's count *and* share of a user's live links within 24 hours, or all of at
least three. Then its deletions are held as a list, and everything else goes on. A person approves exactly that list,
and each item is read again first (design.md §4 "Guards").

What a change in Outlook voids counts once per series, since it may be one act of a person (R28).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from sync_core.model import link as life
from sync_core.model.decision import Decision, Intent, Verdict
from sync_core.model.hold import Approval, Hold
from sync_core.model.link import Held, Link, LinkStatus
from sync_core.model.memory import Cursors
from sync_core.plan import cells
from sync_core.plan.holds import counted_as, in_order, item_of
from sync_core.plan.tables import PERMIT, REASONS, Obstacle

A_DAY = timedelta(days=1)
"""Deletions within this span count together."""

SMALLEST_WHOLE = 3
"""A calendar with fewer links may be emptied without asking."""


def is_mass_deletion(deletions: int, recent: int, live: int, limit: tuple[int, float]) -> bool:
    """Whether ``deletions`` more, after ``recent`` ones and with ``live`` links left, are too many at once."""
    total, known = deletions + recent, live + recent
    count, share = limit
    return (total > count and total > share * known) or (total >= SMALLEST_WHOLE and total >= known)


def guard(  # seven parameters: each is one fact that only the round knows, and all but the first go by name
    decisions: Sequence[Decision],
    *,
    live: int,
    recent: int,
    limit: tuple[int, float],
    approved: frozenset[str],
    now: datetime,
    holds: Sequence[Hold] = (),
) -> tuple[list[Decision], Hold | None]:
    """The decisions with a mass deletion held, and the list that waits for a person (None = nothing was held).

    A deletion may arrive over several rounds. So deletions within a day of an open list count with it and join it.
    """
    suspects = {n: d for n, d in enumerate(decisions) if d.is_deletion and not is_approved(d, approved)}
    begun = _begun(holds, now)
    waiting = begun.items if begun else ()
    new, known = {unit_of(d) for d in suspects.values()}, {item.unit or item.event_id for item in waiting}
    if not suspects or not is_mass_deletion(len(new - known), recent + len(known), live, limit):
        return list(decisions), None
    key = begun.key if begun else _key(suspects.values(), now)
    held = {n: _held(d, Held(key, d.intent, d.mails)) for n, d in suspects.items()}
    items = in_order([*waiting, *(item_of(*on) for on in _placed(held.values()))])
    # in the past tense: some of them may be back when somebody reads it
    why = f"{len(new | known)} of {live + len(known)} linked meetings were deleted at once"
    hold = replace(begun, why=why, items=items) if begun else Hold(key, why, items, now)
    return [held.get(n, d) for n, d in enumerate(decisions)], hold


def unit_of(decision: Decision) -> str:
    """What a deletion counts as: a series for an activity to void, else the item by itself."""
    return counted_as(decision.link, decision.intent) if decision.link else decision.case.event_id


def more_units(links: Iterable[Link], decisions: Iterable[Decision]) -> int:
    """How many more meetings the running links are by these decisions: of a series of which dates are removed from
    Outlook, each date counts by itself; and what is deleted now that could not be before counts as it did then."""
    deletions = [d for d in decisions if d.is_deletion]
    removed = (d.link for d in deletions if d.intent is Intent.REMOVE)
    singly = {counted_as(link, Intent.VOID) for link in removed if link is not None and link.occurrence is not None}
    units = [counted_as(link, Intent.VOID) for link in links if link.status in life.RUNNING]
    late = {unit_of(d) for d in deletions if d.case.link and d.case.link.status is LinkStatus.TOMBSTONE}
    return sum(unit in singly for unit in units) - len(singly.intersection(units)) + len(late - set(units))


def recent_deletions(cursors: Cursors, now: datetime) -> tuple[datetime, ...]:
    """The instants of deletions that count together with those at ``now``."""
    return tuple(at for at in cursors.deletions if now - at < A_DAY)


def is_approved(decision: Decision, approved: frozenset[str]) -> bool:
    """Whether a person approved this very deletion: to void an activity is not to remove an event."""
    on = decision.case.link.held if decision.case.link else None
    return decision.case.event_id in approved and (on is None or on.intent == decision.intent)


def _begun(holds: Sequence[Hold], now: datetime) -> Hold | None:
    """The newest open list that is not older than a day."""
    fresh = [hold for hold in holds if hold.approval == Approval.OPEN and now - hold.since_at < A_DAY]
    return max(fresh, key=lambda hold: hold.since_at, default=None)


def _key(suspects: Iterable[Decision], now: datetime) -> str:
    """The key of a new list."""
    named = "|".join(sorted(d.case.event_id + d.case.activity_id for d in suspects))
    return sha256(f"{now.isoformat()}|{named}".encode()).hexdigest()[:16]


def _placed(decisions: Iterable[Decision]) -> Iterator[tuple[Link, Held]]:
    for decision in decisions:
        if decision.link is not None and decision.link.held is not None:
            yield decision.link, decision.link.held


def _held(decision: Decision, on: Held) -> Decision:
    """The decision that puts a deletion on a list instead."""
    reason = REASONS[Obstacle.MASS_DELETION]
    link = decision.case.link
    assert link is not None
    return Decision(
        case=decision.case,
        intent=decision.intent,
        verdict=Verdict(PERMIT[decision.intent, Obstacle.MASS_DELETION]),
        reason=reason,
        link=life.held(link, reason, on),
        in_step=frozenset(),
        cell=cells.joined(decision.cell, cells.of_table("permit", (decision.intent, Obstacle.MASS_DELETION))),
    )
