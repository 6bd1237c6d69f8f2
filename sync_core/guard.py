"""Looks at the whole plan before anything is done and holds the part that would do damage.

A plan that would void or delete more than the limit's count *and* share of a user's live links within 24 hours, or
all of at least three, is held as a list; everything else goes on. A person approves exactly that list, and each item
is read again first (design section 4 "Guards").
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from sync_core import link as life
from sync_core.cases import Decision, Verdict
from sync_core.model import HeldItem, Hold
from sync_core.plan import PERMIT, REASONS, Obstacle

SMALLEST_WHOLE = 3
"""A calendar of fewer links may be emptied without asking."""


def is_mass_deletion(deletions: int, recent: int, live: int, limit: tuple[int, float]) -> bool:
    """Whether ``deletions`` more, after ``recent`` ones and of ``live`` links, is too much at once."""
    total, known = deletions + recent, live + recent
    count, share = limit
    return (total > count and total > share * known) or (total >= SMALLEST_WHOLE and total >= known)


def hold_id(items: Sequence[HeldItem]) -> str:
    """A short id, the same for the same list."""
    return sha256("|".join(sorted(i.event_id + i.activity_id for i in items)).encode()).hexdigest()[:8]


def guard(
    decisions: Sequence[Decision],
    *,
    live: int,
    recent: int,
    limit: tuple[int, float],
    approved: frozenset[str],
    now: datetime,
) -> tuple[list[Decision], Hold | None]:
    """The decisions with a mass deletion taken out, and the list that waits for a person."""
    suspects = [d for d in decisions if d.is_deletion and d.case.event_id not in approved]
    if not suspects or not is_mass_deletion(len(suspects), recent, live, limit):
        return list(decisions), None
    items = tuple(HeldItem(d.case.event_id, d.case.activity_id, d.intent) for d in suspects)
    why = f"{len(items)} of {live} linked meetings would be deleted at once"
    hold = Hold(hold_id(items), why, items, now)
    held = {d.case.event_id for d in suspects}
    return [_held(d, hold) if d.case.event_id in held and d.is_deletion else d for d in decisions], hold


def _held(decision: Decision, hold: Hold) -> Decision:
    reason = REASONS[Obstacle.MASS_DELETION]
    link = decision.case.link
    assert link is not None
    return Decision(
        case=decision.case,
        intent=decision.intent,
        verdict=Verdict(PERMIT[decision.intent, Obstacle.MASS_DELETION]),
        reason=reason,
        link=life.held(link, f"{reason} ({hold.id})"),
        in_step=frozenset(),
    )
