"""The three-way merge, field by field against the base, and its conflict rule; nothing else.

Different fields edited on both sides both survive. The same field edited to different values is a conflict. The
policy solves it, and the journal keeps the loser's value; or the policy leaves it to a person. The same value on both
sides is no conflict.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sync_core.model.policy import Direction, Policy, Winner
from sync_core.model.sides import Field, Side

TOO_CLOSE = timedelta(minutes=2)
"""Of two edits closer than this, neither counts as later: the two systems' clocks differ."""


@dataclass(frozen=True, slots=True)
class Merged:
    """Which fields are written to which side. ``solved`` names the losing side of each conflict that the policy
    solves; ``unsolved`` fields wait for a person."""

    to_graph: frozenset[Field] = frozenset()
    to_erp: frozenset[Field] = frozenset()
    solved: tuple[tuple[Field, Side], ...] = ()
    unsolved: frozenset[Field] = frozenset()


def later_side(event_at: datetime | None, activity_at: datetime | None) -> Side:
    """The side that was edited last. Microsoft 365 counts as later within two minutes, or where a time is missing."""
    if event_at is not None and activity_at is not None and activity_at - event_at > TOO_CLOSE:
        return Side.ERP
    return Side.GRAPH


def winning_side(policy: Policy, later: Side) -> Side | None:
    """Which side wins a conflict; None = a person decides. In a one-way sync the source always wins."""
    if policy.direction is not Direction.BOTH:
        return Side.GRAPH if policy.direction is Direction.TO_ERP else Side.ERP
    return {
        Winner.LATEST: later,
        Winner.GRAPH: Side.GRAPH,
        Winner.ERP: Side.ERP,
        Winner.ASK: None,
    }[policy.winner]


def merge(
    event_changed: frozenset[Field],
    activity_changed: frozenset[Field],
    *,
    is_same: Callable[[Field], bool],
    winner: Side | None,
) -> Merged:
    """Decide for every changed field; ``is_same`` tells whether both sides agree on it in common ground."""
    apart = frozenset(f for f in event_changed | activity_changed if not is_same(f))
    both = apart & event_changed & activity_changed
    to_erp = apart & event_changed - both
    to_graph = apart & activity_changed - both
    if winner is None:
        return Merged(to_graph, to_erp, (), both)
    solved = tuple((f, winner.other) for f in Field if f in both)
    if winner is Side.GRAPH:
        return Merged(to_graph, to_erp | both, solved)
    return Merged(to_graph | both, to_erp, solved)
