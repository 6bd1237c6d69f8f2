"""What Graph's rows say of series: which date a row is, whatever of it Graph tells."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from adapters.graph.series import master_in, occurrence_in, recurrence_in
from sync_core.model.series import Occurrence, Recurrence, Rhythm
from sync_core.model.sides import EventKind

MASTER = "040000008200E00074C5B7101A82E00800000000" + "AB" * 40
DATED = MASTER[:32] + "07EA0619" + MASTER[40:]
JUNE = date(2026, 6, 25)
EVENING = {"start": {"dateTime": "2026-06-26T03:00:00.0000000", "timeZone": "UTC"}}
"""20:00 of June 25 in Los Angeles."""

PACIFIC = {"originalStartTimeZone": "Pacific Standard Time"}


def row(**told: Any) -> dict[str, Any]:
    """A date of a series of Exchange."""
    return {"iCalUId": MASTER, "seriesMasterId": "M1", "type": "occurrence", **told}


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"iCalUId": DATED}, id="its uid"),
        pytest.param({"occurrenceId": "OID.M1.2026-06-25"}, id="its occurrenceId"),
        pytest.param({"originalStart": "2026-06-26T03:00:00Z", **PACIFIC}, id="its original start, in its own zone"),
        pytest.param({**EVENING, **PACIFIC}, id="its start, in its own zone"),
        pytest.param(
            {"start": {"dateTime": "2026-06-25T00:00:00"}, "isAllDay": True}, id="a whole day, as it stands"
        ),
        pytest.param({"iCalUId": None, "uid": MASTER.lower(), "occurrenceId": "OID.M1.2026-06-25"}, id="no iCalUId"),
    ],
)
def test_a_row_tells_its_date(told: dict[str, Any]) -> None:
    """The date in the series' own zone, never that of UTC."""
    assert occurrence_in(row(**told), EventKind.OCCURRENCE) == Occurrence(MASTER, JUNE, "M1")


def test_a_moved_date_keeps_its_original_one() -> None:
    """Its start says nothing of it."""
    moved = {"start": {"dateTime": "2026-06-27T08:00:00"}, "type": "exception", **PACIFIC}

    assert occurrence_in(row(**moved, originalStart="2026-06-26T03:00:00Z"), EventKind.EXCEPTION) == Occurrence(
        MASTER, JUNE, "M1"
    )
    assert occurrence_in(row(**moved), EventKind.EXCEPTION) is None


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({**EVENING, "originalStartTimeZone": "tzone://Microsoft/Custom"}, id="a zone nobody knows"),
        pytest.param({**PACIFIC, "start": {"dateTime": "soon"}}, id="no time"),
        pytest.param({"iCalUId": None, "occurrenceId": "OID.M1.2026-06-25"}, id="no uid at all"),
        pytest.param({"occurrenceId": "OID.M1.2026-13-25"}, id="no date"),
    ],
)
def test_a_row_that_does_not_tell_is_no_known_date(told: dict[str, Any]) -> None:
    """It is left out with the reason that it is part of a series."""
    assert occurrence_in(row(**told), EventKind.OCCURRENCE) is None


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"id": "M1", "type": "seriesMaster"}, "M1"),
        ({"id": "O1", "type": "occurrence", "seriesMasterId": "M1"}, "M1"),
        ({"id": "X1", "type": "exception", "seriesMasterId": "M1"}, "M1"),
        ({"id": "E1", "type": "singleInstance", "seriesMasterId": None}, ""),
        ({"id": "O1", "@removed": {"reason": "deleted"}}, ""),
        ({"id": "O1", "seriesMasterId": 7}, ""),
        ("nothing", ""),
    ],
)
def test_every_row_of_a_series_names_its_master(item: object, expected: str) -> None:
    """A bare one too; a removal does not."""
    assert master_in(item) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"type": "weekly", "interval": 2}, Recurrence(Rhythm.WEEKLY, 2)),
        ({"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]}, Recurrence(Rhythm.WEEKLY)),
        (
            {"type": "weekly", "interval": 1, "daysOfWeek": ["Friday", "monday", "someday", 7]},
            Recurrence(Rhythm.WEEKLY, 1, (0, 4)),
        ),
        ({"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["monday", "friday"]}, Recurrence(Rhythm.MONTHLY)),
        ({"type": "weekly", "interval": 1, "daysOfWeek": "monday"}, Recurrence(Rhythm.WEEKLY)),
        ({"type": "relativeMonthly", "interval": 1}, Recurrence(Rhythm.MONTHLY)),
        ({"type": "absoluteYearly", "interval": "1"}, Recurrence(Rhythm.YEARLY)),
        ({"type": "lunar", "interval": 1}, None),
        (None, None),
    ],
)
def test_a_master_says_how_it_repeats(pattern: object, expected: Recurrence | None) -> None:
    """What Graph adds one day is no mistake."""
    assert recurrence_in({"recurrence": {"pattern": pattern}}) == expected
