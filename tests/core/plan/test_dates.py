"""Dates of a series beside each other: between which days each must stay."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sync_core.model.conflict import Clash, Conflict
from sync_core.model.event import AllDay, Timed, When
from sync_core.model.link import Link, LinkStatus
from sync_core.model.series import Occurrence
from sync_core.model.sides import Field
from sync_core.plan.dates import NEIGHBOUR, is_between, neighbours_of, refused_move
from tests.support.samples import (
    NOW,
    SOFIA,
    a_context,
    a_link,
    an_activity,
    an_event,
    linked,
    noted,
    shown,
    utc,
)

MONDAY = date(2026, 2, 2)


def link(week: int, **told: object) -> Link:
    """A Monday of a series."""
    start = utc(2026, 2, 2, 8) + timedelta(weeks=week)
    one = Occurrence("U", MONDAY + timedelta(weeks=week), "M")
    known = {"event_id": f"E{week}", "occurrence": one, "base_event": shown(start=start, end=start)}
    return a_link(**{**known, **told})


def test_the_days_of_the_dates_on_either_side() -> None:
    """As they stand now, moved ones too; a date that is gone and other series do not count."""
    links = [
        link(2),
        link(0),
        link(1, base_event=shown(start=utc(2026, 2, 10, 22, 30), end=utc(2026, 2, 10, 23))),
        link(3, status=LinkStatus.TOMBSTONE),
        link(4),
        link(1, event_id="V", occurrence=Occurrence("V", MONDAY, "N")),
        a_link(event_id="single"),
    ]

    assert neighbours_of(links, (), SOFIA) == {
        "E0": (None, date(2026, 2, 11)),
        "E1": (MONDAY, date(2026, 2, 16)),
        "E2": (date(2026, 2, 11), date(2026, 3, 2)),
        "E4": (date(2026, 2, 16), None),
        "V": (None, None),
    }


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        pytest.param(Timed(utc(2026, 2, 3, 8), utc(2026, 2, 3, 9)), True, id="between"),
        pytest.param(Timed(utc(2026, 2, 2, 8), utc(2026, 2, 2, 9)), False, id="on the day before"),
        pytest.param(Timed(utc(2026, 2, 3, 22, 30), utc(2026, 2, 3, 23)), False, id="on the day after, in Sofia"),
        pytest.param(Timed(utc(2026, 2, 9, 8), utc(2026, 2, 9, 9)), False, id="across"),
        pytest.param(AllDay(date(2026, 2, 3), date(2026, 2, 5)), True, id="a whole day, by where it begins"),
    ],
)
def test_a_date_stays_between_its_neighbours(when: When, expected: bool) -> None:
    """By the day on which it starts."""
    assert is_between(when, (MONDAY, date(2026, 2, 4)), SOFIA) is expected
    assert is_between(when, (None, None), SOFIA)


def test_a_date_that_is_not_linked_yet_is_beside_the_others() -> None:
    """Where its event was read; of two events that are one date, the linked one counts."""
    new = an_event(shown(start=utc(2026, 2, 11, 8)), id="new", occurrence=link(1).occurrence)
    twin = an_event(shown(start=utc(2026, 2, 13, 8)), id="twin", occurrence=link(2).occurrence)

    assert neighbours_of([link(0), link(2)], [new, twin, an_event()], SOFIA) == {
        "E0": (None, date(2026, 2, 11)),
        "new": (MONDAY, date(2026, 2, 16)),
        "E2": (date(2026, 2, 11), None),
    }


def test_a_refused_move_is_a_conflict_beside_the_others() -> None:
    """It is decided again with it; a single event has no such conflict."""
    locked = Clash(Field.SUBJECT, "a", "b", "locked")
    case = linked(an_event(), an_activity(noted()), link=link(0, conflict=Conflict((locked,), NOW)))
    refused = refused_move(case, a_context())

    assert refused is not None
    assert refused.conflict is not None
    assert [(one.field, one.why) for one in refused.conflict.clashes] == [("subject", "locked"), ("time", NEIGHBOUR)]
    assert refused.reread == NEIGHBOUR
    assert refused_move(linked(an_event(), an_activity()), a_context()) is None
