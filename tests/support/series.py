"""A house that syncs the dates of series, and the series that most tests of them begin with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from inspect import isawaitable
from typing import Any

import pytest

from adapters.store.store import RowStore
from sync_core.model.policy import Policy, SeriesRule
from tests.support.fuse import MOST_CALLS, Fuse, FusedBackend, broken_sync
from tests.support.house import ANNA, House, open_house

MONDAY = datetime(2026, 1, 26, 6, tzinfo=UTC)
"""08:00 in Sofia; the window reaches to the end of February 26."""

MONDAYS = [date(2026, 1, 26) + timedelta(days=7 * n) for n in range(5)]
"""The dates of a weekly series in the window."""

WINDOWED = Policy(series=SeriesRule.WINDOW)

WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday"]

READINGS: dict[str, dict[str, Any]] = {
    "as captured": {},
    "one uid for the series": {"occurrence_uids": "series"},
    "ids that pass": {"occurrence_ids_stay": False, "delta_series": "master"},
    "bare delta": {"delta_series": "exceptions", "delta_original_start": False, "delta_omits_masters": True},
    "no exceptions in the view": {"view_hides_exceptions": True, "instances_hide_exceptions": True},
    "no uid abroad": {"foreign_uids": "none", "series_edit_drops_exceptions": False},
}
"""Each disputed fact about series, either way (the stand-in's switches)."""


def clock(day: date, hour: int = 9, minute: int = 0) -> datetime:
    """A wall-clock time, to be read in the mailbox's zone."""
    return datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001 - a wall clock has no zone


def repeating(*days: str, since: date, kind: str = "weekly", interval: int = 1) -> dict[str, Any]:
    """A recurrence without an end."""
    pattern: dict[str, Any] = {"type": kind, "interval": interval}
    pattern |= {"daysOfWeek": list(days), "firstDayOfWeek": "monday"} if days else {}
    return {"pattern": pattern, "range": {"type": "noEnd", "startDate": since.isoformat()}}


def mondays(house: House, subject: str = "Week", *, upn: str = ANNA, **details: Any) -> str:
    """Mondays at nine in Sofia, since two years; the master's id."""
    since = date(2024, 1, 22)
    return house.outlook(upn).create(
        subject, clock(since), clock(since, 10), **{"recurrence": repeating("monday", since=since), **details}
    )


def kept_meetings(house: House) -> None:
    """Two single meetings that stay, so that no deletion of a series is one of everything."""
    for day in MONDAYS[1:3]:
        house.outlook().create("Other", clock(day, 15), clock(day, 16))


def every_weekday(house: House, subject: str = "Stand-up", hour: int = 8, **details: Any) -> str:
    """Monday to Friday, half an hour, since the Monday."""
    return house.outlook().create(
        subject,
        clock(MONDAYS[0], hour, 15),
        clock(MONDAYS[0], hour, 45),
        recurrence=repeating(*WEEKDAYS, since=MONDAYS[0]),
        **details,
    )


def starts(house: House, login: str = "anna", *, void: bool = False) -> list[str]:
    """When a person's activities start, by their digits in ERP.net; void ones left out unless asked for."""
    rows = [row for row in house.desk(login).activities() if row["Void"] == void]
    return sorted(row["StartTime"][:16] for row in rows)


def on(house: House, day: date, subject: str = "") -> dict[str, Any]:
    """The one activity of a date, not void; of several the one with this title."""
    rows = [r for r in house.desk().activities() if not r["Void"] and r["StartTime"].startswith(day.isoformat())]
    (row,) = [r for r in rows if not subject or r["Subject"] == subject]
    return row


def nine(*days: date) -> list[str]:
    """Nine o'clock on these days, as ``starts`` tells it."""
    return [f"{day.isoformat()}T09:00" for day in days]


def read_as(house: House, readings: str) -> None:
    """Let Graph do with series as one of the ``READINGS`` says."""
    for switch, value in READINGS[readings].items():
        setattr(house.graph.switches, switch, value)


@asynccontextmanager
async def open_series(*names: str, readings: str = "as captured", at: datetime = MONDAY) -> AsyncIterator[House]:
    """A house with these people (Anna alone by default) in which series are synced."""
    async with open_house(at=at, policy=WINDOWED) as house:
        read_as(house, readings)
        for name in names or ("anna",):
            await house.employ(name)
        yield house


async def in_each_reading(request: pytest.FixtureRequest) -> AsyncIterator[House]:
    """For a fixture whose parameters are names of ``READINGS``: Anna's house, with the disputed facts that way."""
    async with open_series(readings=request.param) as house:
        yield house


def subjects(rows: Sequence[dict[str, Any]]) -> set[str]:
    """The different titles."""
    return {row["Subject"] for row in rows}


SIDES = ("graph", "erp", "store")
"""Whose calls may be lost, or ours of the tables, after which the process is dead."""

TROUBLES: dict[str, dict[str, Any]] = {
    "lose": {"kind": "lose"},
    "cut": {"kind": "cut"},
    "503": {"kind": "answer", "status": 503},
    "500": {"kind": "answer", "status": 500},
    "429": {"kind": "answer", "status": 429},
}
"""What a side does with a call: carries it out and answers nothing, breaks off, or answers so."""


async def stop_at_every_call(
    what: str,
    step: int,
    do: Callable[[House, str], Any],
    expect: Callable[[House, str, Any], None],
    trouble: str = "lose",
) -> None:
    """Anna's Mondays are synced, people ``do`` something, perhaps with rounds between, and the round after that is in
    one of the ``TROUBLES`` from each ``step``-th call of one of ``SIDES`` on; once all is quiet, ``expect`` looks at
    both sides, by the series and what ``do`` has given."""
    for n in range(0, MOST_CALLS, step):
        backend = FusedBackend(lambda: MONDAY)
        async with open_house(RowStore(backend), at=MONDAY, policy=WINDOWED) as house:
            backend._clock = house.clock.now
            await house.employ()
            series = mondays(house)
            await house.step()
            given = do(house, series)
            given = await given if isawaitable(given) else given
            fault = None
            if what == "store":
                backend.fuse = Fuse(n, True)
            else:
                side = house.graph if what == "graph" else house.erp
                fault = side.add_fault("*", **TROUBLES[trouble], skip=n, times=3)
            await broken_sync(house)
            is_hit = backend.fuse.left is not None and backend.fuse.left < 0 if fault is None else fault.times != 3
            backend.fuse = Fuse()
            house.graph.faults.clear()
            house.erp.faults.clear()
            house.advance(minutes=20)
            await house.settle()
            try:
                expect(house, series, given)
            except AssertionError as error:
                error.add_note(f"after a stop at call {n} of {what}")
                raise
            if not is_hit:
                return
    pytest.fail("the round makes more calls than this test looks at")
