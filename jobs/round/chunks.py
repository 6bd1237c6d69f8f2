"""Which decisions are written together, before their links are saved: a chunk.

That is as many as one request to ERP.net holds, and at most ``EVENTS_AT_ONCE`` to Outlook. An item that has failed
several times is written last and alone, so that one to which a batch always breaks off fails nobody else.
"""

from __future__ import annotations

from collections.abc import Sequence

from jobs.ports import LINKS_AT_ONCE
from sync_core.model.decision import Decision

EVENTS_AT_ONCE = LINKS_AT_ONCE
"""The most events written before their links are saved: five of Graph's batches (graph.md §9)."""

APART = 2
"""An item that has failed so often is written alone: a batch that breaks off tells of none of its items what became
of it. Once may be an outage, which all of a batch may try again together."""


def fitting(writing: Sequence[Decision], activities: int, events: int = EVENTS_AT_ONCE) -> int:
    """How many of the decisions, at least one, are written before their links are saved: at most so many writes of
    ``activities`` and of ``events``. What has failed before as a part of a batch is written alone. A series that does
    not fit begins the next chunk, so that the journal names it once."""
    for n, decision in enumerate(writing):
        if _suspicion(decision):
            return n or 1
        activities -= decision.erp is not None
        events -= decision.graph is not None
        if n and min(activities, events) < 0:
            begins = next(i for i, one in enumerate(writing) if _series_of(one) == _series_of(decision))
            return begins if begins and _series_of(decision) else n
    return len(writing)


def in_order(decisions: Sequence[Decision]) -> list[Decision]:
    """The decisions that write: what has failed several times last, the dates of a series one after another."""
    writing = [decision for decision in decisions if decision.graph is not None or decision.erp is not None]
    groups: dict[object, list[Decision]] = {}
    for place, decision in enumerate(writing):
        groups.setdefault(_series_of(decision) or place, []).append(decision)
    return sorted((decision for some in groups.values() for decision in some), key=_suspicion)


def _suspicion(decision: Decision) -> int:
    """How many times an item has failed, if that is reason to write it alone, else 0."""
    row = decision.case.link or decision.case.pending
    return row.tries if row is not None and row.tries >= APART else 0


def _series_of(decision: Decision) -> str:
    """The series of which an item is a date, '' for any other."""
    one = decision.case.occurrence
    return one.series_uid.casefold() if one is not None else ""
