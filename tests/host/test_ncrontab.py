"""When a timer fires: six fields, seconds first, UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from simulators.host.ncrontab import Schedule
from tests.support.ncrontab_table import ROWS, Row


def at(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "now", "then"),
    [
        ("0 */15 * * * *", "2026-03-01 10:00:00", "2026-03-01 10:15:00"),
        ("0 */15 * * * *", "2026-03-01 10:14:59.9", "2026-03-01 10:15:00"),
        ("30 * * * * *", "2026-03-01 10:00:29", "2026-03-01 10:00:30"),
        ("30 * * * * *", "2026-03-01 10:00:30", "2026-03-01 10:01:30"),
        ("0 5 * * * *", "2026-12-31 23:05:00", "2027-01-01 00:05:00"),
        ("0 40 3 * * *", "2026-02-28 03:40:00", "2026-03-01 03:40:00"),
        ("* * * * * *", "2026-03-01 23:59:59", "2026-03-02 00:00:00"),
        ("0 0 9 * * Mon-Fri", "2026-03-06 09:00:00", "2026-03-09 09:00:00"),
        ("0 0 9 * * 0", "2026-03-02 00:00:00", "2026-03-08 09:00:00"),
        ("0 0 0 29 2 *", "2026-01-01 00:00:00", "2028-02-29 00:00:00"),
        ("0 0 0 13 * 5", "2026-03-14 00:00:00", "2026-11-13 00:00:00"),
        ("0 0 0 1 jan,JUL *", "2026-02-01 00:00:00", "2026-07-01 00:00:00"),
        ("5/20 0 0 * * *", "2026-03-01 00:00:06", "2026-03-01 00:00:25"),
        ("10-20/5 0 0 * * *", "2026-03-01 00:00:15", "2026-03-01 00:00:20"),
        ("*/5 * * * *", "2026-03-01 10:01:00", "2026-03-01 10:05:00"),
    ],
)
def test_next_tick(expression: str, now: str, then: str) -> None:
    """The first matching whole second strictly after now; both day fields must match."""
    assert Schedule(expression).after(at(now)) == at(then)


def test_other_zones_are_turned_to_utc() -> None:
    """Fields are read in UTC whatever zone the clock shows."""
    noon_in_sofia = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2)))

    assert Schedule("0 30 10 * * *").after(noon_in_sofia) == at("2026-03-01 10:30:00")


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "* * * *",
        "* * * * * * *",
        "60 * * * * *",
        "0 0 24 * * *",
        "0 0 0 0 * *",
        "0 0 0 * 13 *",
        "0 0 0 * * 7",
        "*/x * * * * *",
        "*/٣ * * * * *",
        "5-61 * * * * *",
        "a * * * * *",
        "1, * * * * *",
        "*/ * * * * *",
        "00:05:00",
    ],
)
def test_what_is_no_schedule(expression: str) -> None:
    """Expressions that are malformed or out of range are refused."""
    with pytest.raises(ValueError, match=r"is no |fields"):
        Schedule(expression)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.expression)
def test_every_expression_of_the_table(row: Row) -> None:
    """The stand-in says of each what the host's own parser says: refused, or the same next instants."""
    if row.is_refused:
        with pytest.raises(ValueError, match=r"is no |fields"):
            Schedule(row.expression)
        return
    schedule = Schedule(row.expression)
    starts = (row.start, *row.instants[:-1])

    assert [schedule.after(start) for start in starts] == [*(row.instants or [None])]
