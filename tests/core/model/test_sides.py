"""What each side shows: their order, what is a series, and what is locked."""

from __future__ import annotations

import pytest

from sync_core.model.sides import EventKind, Side
from tests.support.samples import an_activity, an_event


def test_the_sides_have_one_order() -> None:
    """Graph before ERP.net, each the other's far end."""
    assert list(Side) == [Side.GRAPH, Side.ERP]
    assert (Side.GRAPH.other, Side.ERP.other) == (Side.ERP, Side.GRAPH)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (EventKind.SINGLE, False),
        (EventKind.OCCURRENCE, True),
        (EventKind.EXCEPTION, True),
        (EventKind.MASTER, True),
    ],
)
def test_all_but_single_events_are_series(kind: EventKind, expected: bool) -> None:
    """Masters, occurrences and exceptions belong to a recurring series (R10)."""
    assert expected is an_event(kind=kind).is_series


@pytest.mark.parametrize(
    ("state", "void", "read_only", "expected"),
    [
        ("New", False, False, False),
        ("Planned", False, False, False),
        ("FirmPlanned", False, False, False),
        ("Adjustment", False, False, True),
        ("Released", False, False, True),
        ("Completed", False, False, True),
        ("Closed", False, False, True),
        ("New", True, False, True),
        ("New", False, True, True),
    ],
)
def test_a_read_only_state_locks_an_activity(state: str, void: bool, read_only: bool, expected: bool) -> None:
    """Released, Completed, Closed, void or flagged read-only: ERP.net refuses changes (R9)."""
    assert expected is an_activity(state=state, void=void, read_only=read_only).is_locked
