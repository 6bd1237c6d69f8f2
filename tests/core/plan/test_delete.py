"""The judgement of what is gone. Expected values are written by hand."""

from __future__ import annotations

from itertools import product

import pytest

from sync_core.model.decision import Sight
from sync_core.model.sides import EventKind, Evidence, Malformed, Side, Whereabouts
from sync_core.plan.delete import judge_gone
from tests.support.samples import an_event

JUDGED = {
    (True, Whereabouts.DEFAULT): Sight.PRESENT,
    (True, Whereabouts.OTHER): Sight.PRESENT,
    (True, Whereabouts.NONE): Sight.PRESENT,
    (True, Whereabouts.UNKNOWN): Sight.PRESENT,
    (False, Whereabouts.DEFAULT): Sight.UNDECIDED,
    (False, Whereabouts.OTHER): Sight.ELSEWHERE,
    (False, Whereabouts.NONE): Sight.GONE,
    (False, Whereabouts.UNKNOWN): Sight.UNDECIDED,
    (None, Whereabouts.DEFAULT): Sight.UNDECIDED,
    (None, Whereabouts.OTHER): Sight.UNDECIDED,
    (None, Whereabouts.NONE): Sight.UNDECIDED,
    (None, Whereabouts.UNKNOWN): Sight.UNDECIDED,
}
EVIDENCE = [
    pytest.param(in_view, where, id=f"{ {True: 'in', False: 'absent', None: 'unasked'}[in_view] }/{where}")
    for in_view, where in product((True, False, None), Whereabouts)
]


@pytest.mark.parametrize(("in_view", "where"), EVIDENCE)
def test_a_readable_event_is_gone_only_where_no_calendar_has_it(in_view: bool | None, where: Whereabouts) -> None:
    """Absent from its own span's view and in no calendar; whatever was not asked or failed decides nothing (R11)."""
    assert JUDGED[in_view, where] is judge_gone(Evidence(an_event(), in_view, where))


def test_a_series_whose_first_date_was_deleted_is_there() -> None:
    """What its first span does not show is there where its calendar says so, and gone where no calendar has it."""
    series = an_event(kind=EventKind.MASTER)
    judged = {where: judge_gone(Evidence(series, False, where)) for where in Whereabouts}
    assert judged == {
        Whereabouts.DEFAULT: Sight.PRESENT,
        Whereabouts.OTHER: Sight.ELSEWHERE,
        Whereabouts.NONE: Sight.GONE,
        Whereabouts.UNKNOWN: Sight.UNDECIDED,
    }


@pytest.mark.parametrize(("in_view", "where"), EVIDENCE)
def test_not_found_is_gone(in_view: bool | None, where: Whereabouts) -> None:
    """An immutable id that answers 404 is deleted."""
    assert Sight.GONE is judge_gone(Evidence(None, in_view, where))


@pytest.mark.parametrize(("in_view", "where"), EVIDENCE)
def test_what_cannot_be_understood_is_not_gone(in_view: bool | None, where: Whereabouts) -> None:
    """An event that answers nonsense is there."""
    bad = Malformed(Side.GRAPH, "E1", "no start")

    assert Sight.MALFORMED is judge_gone(Evidence(bad, in_view, where))


@pytest.mark.parametrize(("in_view", "where"), EVIDENCE)
def test_a_cancelled_event_is_present(in_view: bool | None, where: Whereabouts) -> None:
    """A cancelled event is seen, and fate deals with it."""
    assert Sight.PRESENT is judge_gone(Evidence(an_event(is_cancelled=True), in_view, where))
