"""A sync of one person: what it reads, when it waits, and how its rounds are added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from jobs.commands.pause import pause_everybody
from jobs.commands.sync import SyncReport, pull_first, sync_user
from jobs.round.report import Failure, Report
from jobs.round.worded import Line
from jobs.waiting import erp_session
from sync_core.errors import LeaseHeld, RowUnreadable, SideUnavailable
from sync_core.model.instance import Instance
from sync_core.model.sides import Side
from tests.support.days import at
from tests.support.house import House

UNREAD = Failure("row unreadable", RowUnreadable("row unreadable"))


async def synced(house: House, *, full: bool = False, before_rounds: Callable[[], None] = lambda: None) -> SyncReport:
    """A sync of Anna's as the command makes it; ``before_rounds`` is called after the pull."""
    async with erp_session(house.world):
        await pull_first(house.world)
        before_rounds()
        return await sync_user(house.world, await house.user(), full=full)


@pytest.mark.parametrize("full", [False, True], ids=["as-due", "full"])
async def test_a_sync_reads_the_instance_row_once(house: House, monkeypatch: Any, *, full: bool) -> None:
    """After the pull, one reading of the company's row tells what the sync and its round ask of it."""
    await house.step()
    house.outlook().create("Plan", at(5), at(5, 10))
    store = house.world.store
    reads, read_instance = [], store.read_instance

    async def counted() -> tuple[Instance, str]:
        reads.append(await read_instance())
        return reads[-1]

    outcome = await synced(
        house, full=full, before_rounds=lambda: monkeypatch.setattr(store, "read_instance", counted)
    )

    assert [report.done for report in outcome.reports] == [Counter({"activity created": 1})]
    assert len(reads) == 1


async def test_a_pause_that_begins_while_a_sync_waits_counts(house: House, monkeypatch: Any) -> None:
    """The lease was taken, and before it was free sync was paused for everybody: nothing is written."""
    await house.step()
    house.outlook().create("Plan", at(5), at(5, 10))
    store = house.world.store
    acquire_lease = store.acquire_lease

    async def taken(*of_whom: Any) -> object:
        monkeypatch.setattr(store, "acquire_lease", acquire_lease)
        await pause_everybody(house.world)
        raise LeaseHeld("another round", house.world.clock())

    monkeypatch.setattr(store, "acquire_lease", taken)
    [report] = (await synced(house)).reports

    assert (report.ran, report.state) == (False, "paused until somebody resumes")
    assert house.desk().find("Plan") == []


def a_report(user_id: str = "anna-id", **told: Any) -> Report:
    """One round's."""
    return Report(user_id, f"{user_id}@acme.example", **told)


def a_line(subject: str) -> Line:
    """One action."""
    return Line("event created", subject, "", "E1", "A1", {}, {})


def test_two_reports_of_one_person_become_one() -> None:
    """Counts and lines are added up, the later state stands, and only what a later round cannot mend stays failed."""
    outcome = SyncReport()
    first = a_report(
        done=Counter({"event created": 1}),
        skipped=Counter({"series": 2}),
        lines=[a_line("Plan")],
        failures=[UNREAD, Failure("Graph is busy", SideUnavailable(Side.GRAPH, ""))],
        unreadable=[UNREAD],
        full=True,
        state="Error: later",
    )
    again = a_report(
        done=Counter({"event created": 2}),
        skipped=Counter({"series": 1}),
        lines=[a_line("Call")],
        state="Operational",
    )
    for report in (first, a_report("boris-id"), again):
        outcome.add(report)

    assert [report.user_id for report in outcome.reports] == ["anna-id", "boris-id"]
    total = outcome.reports[0]
    assert (total.done, total.skipped) == (Counter({"event created": 3}), Counter({"series": 2}))
    assert [line.subject for line in total.lines] == ["Plan", "Call"]
    assert (total.failures, total.full, total.state) == ([UNREAD], True, "Operational")


@pytest.mark.parametrize(
    ("outcome", "is_fine"),
    [
        pytest.param(SyncReport(), True, id="nobody"),
        pytest.param(SyncReport([a_report(conflicts=1, parked=1)]), True, id="conflicts-are-no-failure"),
        pytest.param(
            SyncReport([a_report(), a_report(failures=[Failure("Plan: refused", SideUnavailable(Side.ERP, ""))])]),
            False,
            id="one-failed",
        ),
        pytest.param(SyncReport([a_report(operational=False)]), False, id="not-operational"),
        pytest.param(SyncReport(ended_by=SideUnavailable(Side.ERP, "ERP.net refused")), False, id="failed-for-all"),
    ],
)
def test_when_a_sync_was_fine(outcome: SyncReport, *, is_fine: bool) -> None:
    """One failure of anybody's, or one for all, makes the exit code 1."""
    assert is_fine is outcome.is_fine
