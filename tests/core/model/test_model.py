"""The values: wrong ones cannot be made, and the small questions they answer."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest

from sync_core.model.event import AllDay, Timed, Window
from sync_core.model.memory import User
from sync_core.model.sides import EventKind, Side
from tests.support.samples import NOW, an_activity, an_event, at, utc

SOFIA_OFFSET = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param(at(2026, 2, 2, 8), utc(2026, 2, 2, 9), id="naive-start"),
        pytest.param(utc(2026, 2, 2, 8), at(2026, 2, 2, 9), id="naive-end"),
        pytest.param(datetime(2026, 2, 2, 10, tzinfo=SOFIA_OFFSET), utc(2026, 2, 2, 9), id="another-zone"),
        pytest.param(utc(2026, 2, 2, 9), utc(2026, 2, 2, 8), id="end-before-start"),
    ],
)
@pytest.mark.parametrize("kind", [Timed, Window])
def test_spans_are_utc_instants_in_order(kind: type[Timed] | type[Window], start: datetime, end: datetime) -> None:
    """A naive, foreign or reversed span cannot exist."""
    with pytest.raises(ValueError, match=r"UTC|before"):
        kind(start, end)


@pytest.mark.parametrize("kind", [Timed, Window])
def test_spans_may_be_empty(kind: type[Timed] | type[Window]) -> None:
    """Zero length is a length."""
    assert kind(NOW, NOW).end == NOW


@pytest.mark.parametrize("until", [date(2026, 2, 2), date(2026, 2, 1)])
def test_whole_days_are_at_least_one(until: date) -> None:
    """An all-day span without a day cannot exist."""
    with pytest.raises(ValueError, match="at least one day"):
        AllDay(date(2026, 2, 2), until)


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


def test_rounds_write_for_operational_users_only() -> None:
    """Any other state is an error and stops the writing."""
    assert User("id", "anna@acme.example").is_operational
    assert not User("id", "anna@acme.example", state="Error: no mailbox").is_operational
