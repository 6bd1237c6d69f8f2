"""The report of a round: what it counts, and its one line in the log."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.round.report import Failure, Report, log_round, parked_in, steps_of
from jobs.round.worded import Line
from sync_core.errors import AppRefused, SideUnavailable, StoreError
from sync_core.model.conflict import Clash, Conflict
from sync_core.model.decision import Decision, Intent, Verdict
from sync_core.model.hold import Approval, HeldItem, Hold
from sync_core.model.link import LinkStatus
from sync_core.model.memory import Memory
from sync_core.model.pending import Pending
from sync_core.model.sides import Side
from sync_core.model.user import Tally
from sync_core.model.why import Why
from sync_core.plan.unsynced import waiting
from tests.support.samples import NOW, a_case, a_link

IN_CONFLICT = a_link(conflict=Conflict((Clash("subject", "Plan", "Forecast", "both"),), NOW))
ITEM = HeldItem("E1", "A1", "void")
RULED = a_link(event_id="E2", status=LinkStatus.PARKED, reason=Why.SERIES)


def a_report(**told: object) -> Report:
    """Anna's."""
    return Report("anna-id", "anna@acme.example", **told)  # type: ignore[arg-type]


def a_line(what: str = "event changed", mails: int = 0) -> Line:
    """One action."""
    return Line(what, "Plan", "", "E1", "A1", {}, {}, mails=mails)


def test_what_is_left_alone_is_counted_by_reason() -> None:
    """Skipped, parked, held and archived; not what is carried out or in step."""
    report = a_report()
    report.count([Decision(a_case(), Intent.NOTHING, verdict, "a reason") for verdict in Verdict], ())

    assert report.skipped == Counter({"a reason": 4})


def test_what_was_carried_out_is_added_up() -> None:
    """By kind, with its mails."""
    report = a_report()
    report.add(
        [a_line(mails=2), a_line(), a_line("activity changed", mails=1)],
        [Failure("refused", StoreError())],
        frozenset({"boris-id"}),
    )

    assert (report.done, report.mails) == ({"event changed": 2, "activity changed": 1}, 3)
    assert not report.is_fine


@pytest.mark.parametrize(
    ("told", "expected"),
    [({}, True), ({"failures": ["refused"]}, False), ({"operational": False}, False), ({"conflicts": 3}, True)],
    ids=["nothing-to-do", "a-failure", "an-error-state", "open-conflicts"],
)
def test_what_a_round_calls_fine(told: dict[str, object], *, expected: bool) -> None:
    """What waits for a person is no failure."""
    assert expected is a_report(**told).is_fine


def test_steps_of_a_round_with_writes() -> None:
    """Milliseconds from one to the next, the wait since the wake-up before them; without a write there is nothing to
    tell, and without a wake-up no wait."""
    took = (("lease", 20), ("read", 300), ("decide", 1), ("write", 250))
    report, at = a_report(), NOW
    for step, milliseconds in took:
        at += timedelta(milliseconds=milliseconds)
        report.reached[step] = at
    assert steps_of(report, NOW, NOW) == {}

    report.done["event updated"] = 1
    assert steps_of(report, NOW - timedelta(seconds=1), NOW) == {"queue": 1000, **dict(took)}
    assert steps_of(report, None, NOW) == dict(took)


def test_what_waits_for_a_person() -> None:
    """Conflicts, and lists that nobody has answered; parked items of links and without, but for those that a rule
    leaves alone."""
    holds = [
        Hold(f"h{place}", "", items, NOW, approval)
        for place, (items, approval) in enumerate(
            [((ITEM,), Approval.OPEN), ((ITEM,), Approval.APPROVED), ((), Approval.OPEN)]
        )
    ]
    memory = replace(
        Memory(),
        links=(a_link(), a_link(status=LinkStatus.PARKED), RULED),
        pending=(Pending(Side.ERP, "A9", parked=True), Pending(Side.ERP, "A8")),
    )
    counts = {"parked": parked_in(memory), "waiting": len(waiting(memory))}
    report = a_report(**counts, links=1, parked_since=NOW - timedelta(hours=1))
    report.set_open([a_link(), IN_CONFLICT], holds)

    assert ([hold.key for hold in report.holds], report.parked) == (["h0"], 3)
    parked_since = NOW - timedelta(hours=1)
    assert report.tally == Tally(1, 2, 1, 1, conflicts_since=NOW, holds_since=NOW, parked_since=parked_since)
    report.waiting = 0
    assert report.tally.parked_since is None


@pytest.mark.parametrize(
    ("trouble", "operational"),
    [(None, True), (SideUnavailable(Side.GRAPH, "away"), True), (AppRefused(Side.ERP, "a wrong secret"), False)],
    ids=["none", "passes-by-itself", "the-app-is-refused"],
)
def test_the_rounds_line_tells_whether_it_works(
    caplog: pytest.LogCaptureFixture, trouble: SideUnavailable | AppRefused | None, *, operational: bool
) -> None:
    """A side that refuses the app counts as an error in the log, though it is nobody's state; then the trouble."""
    caplog.set_level(logging.INFO, "calsync")
    log_round(a_report(trouble=trouble), seconds=1.23456, lag_seconds=None)
    facts = [record.calsync for record in caplog.records]  # type: ignore[attr-defined]

    assert (facts[0]["operational"], facts[0]["seconds"], "lag_seconds" in facts[0]) == (operational, 1.235, False)
    assert [one["what"] for one in facts[1:]] == ["failure"] * (trouble is not None)
