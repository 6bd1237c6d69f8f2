"""Looks at the whole plan before anything is done and holds the part that would do damage.

A plan that would void or delete more than the limit's count *and* share of a user's live links within 24 hours, or
all of at least three, is held as a list; everything else goes on. A person approves exactly that list, and each item
is read again first (design.md §4 "Guards").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from sync_core.model import link as life
from sync_core.model.decision import Decision, Verdict
from sync_core.model.link import Held, Link
from sync_core.model.memory import Approval, Cursors, Hold
from sync_core.plan.holds import in_order, item_of
from sync_core.plan.tables import PERMIT, REASONS, Obstacle

A_DAY = timedelta(days=1)
"""What is deleted within it counts together."""

SMALLEST_WHOLE = 3
"""A calendar of fewer links may be emptied without asking."""


def is_mass_deletion(deletions: int, recent: int, live: int, limit: tuple[int, float]) -> bool:
    """Whether ``deletions`` more, after ``recent`` ones and of ``live`` links, is too much at once."""
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
    """The decisions with a mass deletion taken out, and the list that waits for a person.

    A deletion may arrive in several rounds: what comes within a day of an open list counts with it and joins it.
    """
    suspects = {n: d for n, d in enumerate(decisions) if d.is_deletion and not is_approved(d, approved)}
    begun = _begun(holds, now)
    waiting = begun.items if begun else ()
    if not suspects or not is_mass_deletion(len(suspects), recent + len(waiting), live, limit):
        return list(decisions), None
    key = begun.key if begun else _key(suspects.values(), now)
    held = {n: _held(d, Held(key, d.intent, d.mails)) for n, d in suspects.items()}
    items = in_order([*waiting, *(item_of(*on) for on in _placed(held.values()))])
    # told as what happened: some of them may be back by the time that somebody reads it
    why = f"{len(items)} of {live + len(waiting)} linked meetings were deleted at once"
    hold = replace(begun, why=why, items=items) if begun else Hold(key, why, items, now)
    return [held.get(n, d) for n, d in enumerate(decisions)], hold


def recent_deletions(cursors: Cursors, now: datetime) -> tuple[datetime, ...]:
    """The deletions before ``now`` that count with those of today."""
    return tuple(at for at in cursors.deletions if now - at < A_DAY)


def is_approved(decision: Decision, approved: frozenset[str]) -> bool:
    """Whether a person said yes to this very deletion: to void an activity is not to remove an event."""
    on = decision.case.link.held if decision.case.link else None
    return decision.case.event_id in approved and (on is None or on.intent == decision.intent)


def _begun(holds: Sequence[Hold], now: datetime) -> Hold | None:
    """The newest list without an answer that is no older than a day."""
    fresh = [hold for hold in holds if hold.approval == Approval.OPEN and now - hold.since_at < A_DAY]
    return max(fresh, key=lambda hold: hold.since_at, default=None)


def _key(suspects: Iterable[Decision], now: datetime) -> str:
    named = "|".join(sorted(d.case.event_id + d.case.activity_id for d in suspects))
    return sha256(f"{now.isoformat()}|{named}".encode()).hexdigest()[:16]


def _placed(decisions: Iterable[Decision]) -> Iterator[tuple[Link, Held]]:
    for decision in decisions:
        if decision.link is not None and decision.link.held is not None:
            yield decision.link, decision.link.held


def _held(decision: Decision, on: Held) -> Decision:
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
    )
