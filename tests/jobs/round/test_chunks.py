"""How many decisions are written before their links are saved, and in which order."""

from __future__ import annotations

from datetime import date

import pytest

from jobs.round.chunks import APART, EVENTS_AT_ONCE, fitting, in_order
from sync_core.model.decision import Decision, Intent, Verdict
from sync_core.model.series import Occurrence
from sync_core.model.writes import RemoveEvent, VoidActivity
from tests.support.samples import a_case, a_link

VOID, REMOVE = VoidActivity("A1", "deleted in Outlook"), RemoveEvent("E1", "ck-1", cancel=False, comment="")


def a_decision(writes: str) -> Decision:
    """One that writes to ``erp``, to ``graph``, or to ``both``."""
    erp = VOID if writes in ("erp", "both") else None
    graph = REMOVE if writes in ("graph", "both") else None
    return Decision(a_case(), Intent.VOID, Verdict.ACT, erp=erp, graph=graph)


@pytest.mark.parametrize(
    ("writes", "activities", "expected"),
    [
        pytest.param(["erp"] * 3, 3, 3, id="all-fit"),
        pytest.param(["erp"] * 3, 2, 2, id="as-many-as-one-request-holds"),
        pytest.param(["erp"] * 3, 0, 1, id="at-least-one"),
        pytest.param(["graph", "erp", "graph", "erp"], 1, 3, id="events-do-not-count-as-activities"),
        pytest.param(["both"] * 3, 2, 2, id="both-sides"),
        pytest.param(["graph"] * 101, 1, EVENTS_AT_ONCE, id="as-many-events-as-are-written-at-once"),
    ],
)
def test_how_many_are_written_before_links_are_saved(writes: list[str], activities: int, expected: int) -> None:
    """A crash between a write and its save leaves no more unsaved than one chunk."""
    assert expected == fitting([a_decision(one) for one in writes], activities)


def a_date(series: str, tries: int = 0) -> Decision:
    """One that writes to the activity of a date of a series."""
    link = a_link(tries=tries, occurrence=Occurrence(series, date(2026, 2, 2))) if series else a_link(tries=tries)
    return Decision(a_case(link=link), Intent.VOID, Verdict.ACT, erp=VOID)


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        pytest.param(["", "S", "S", "S"], 1, id="a-series-that-does-not-fit-comes-later"),
        pytest.param(["S", "S", "", "T", "T"], 3, id="only-the-one-that-does-not-fit"),
        pytest.param(["S", "S", "S", "S"], 3, id="one-that-never-fits"),
    ],
)
def test_a_series_is_not_divided_where_it_fits(series: list[str], expected: int) -> None:
    """What is done to all its dates is one entry of the journal."""
    assert fitting([a_date(one) for one in series], 3) == expected


def test_dates_of_a_series_are_written_one_after_another() -> None:
    """Where the first of them stood; what has failed several times comes last all the same."""
    decided = [a_date(one, tries) for one, tries in [("S", 0), ("", 0), ("S", APART), ("T", 0), ("S", 0), ("T", 0)]]

    assert in_order([*decided, Decision(a_case(), Intent.NOTHING, Verdict.NOTHING)]) == [
        decided[n] for n in (0, 4, 1, 3, 5, 2)
    ]


@pytest.mark.parametrize(
    ("tries", "expected"),
    [
        pytest.param((0, 0, APART), 2, id="those-before-it"),
        pytest.param((APART, 0, 0), 1, id="it-alone"),
        pytest.param((APART - 1, 0, 0), 3, id="failed-less-often"),
    ],
)
def test_what_has_failed_before_is_written_alone(tries: tuple[int, ...], expected: int) -> None:
    """One item that breaks off every answer fails alone, and not its whole batch."""
    writing = [
        Decision(a_case(link=a_link(tries=one)), Intent.VOID, Verdict.ACT, erp=VOID, graph=None) for one in tries
    ]

    assert expected == fitting(writing, 10)
