"""What each side shows: their order, what is a series, and what is locked."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from sync_core.model.series import Occurrence
from sync_core.model.sides import EventKind, Side
from tests.support.samples import a_link, an_activity, an_event, utc


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


DATE = Occurrence("U", date(2026, 2, 2))
SEVEN, NINE = utc(2026, 1, 25, 7), utc(2026, 1, 25, 9)


@pytest.mark.parametrize(
    ("occurrence", "own", "series", "expected"),
    [
        pytest.param(None, SEVEN, None, SEVEN, id="single"),
        pytest.param(None, None, None, None, id="single-of-no-known-age"),
        pytest.param(DATE, SEVEN, NINE, NINE, id="its-series-changed-after-it"),
        pytest.param(DATE, NINE, SEVEN, NINE, id="changed-after-its-series"),
        pytest.param(DATE, NINE, None, None, id="its-series-was-not-read"),
        pytest.param(DATE, None, NINE, NINE, id="it-has-another-id-now"),
    ],
)
def test_how_new_what_is_shown_may_be(
    occurrence: Occurrence | None, own: datetime | None, series: datetime | None, expected: datetime | None
) -> None:
    """A date shows what its series got after it; without its series' time nothing is known of it."""
    told: dict[str, Any] = {"occurrence": occurrence, "modified_at": own, "series_at": series}

    assert an_event(**told).newest_at == expected
    assert a_link(**told).newest_at == expected


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
