"""Dates of a series beside activities that name the whole series, or dates that it does not have any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from sync_core.content.ranges import uid_key
from sync_core.model.link import Role
from sync_core.model.pending import Pending, PendingState
from sync_core.model.policy import Policy, SeriesRule, Winner
from sync_core.model.series import EXCHANGE, NO_DATE, Occurrence, Rhythm
from sync_core.model.sides import ErpActivity, EventKind, GraphEvent, Side
from tests.support.samples import a_context, a_link, an_activity, an_event, noted, shown, utc, wall_clock
from tests.support.unlinked import OTHER, imported, matched, unpaired

WINDOWED = Policy(series=SeriesRule.WINDOW)

SERIES = f"{EXCHANGE}{NO_DATE}01DC0000{NO_DATE}"


def dated(day: int) -> str:
    """The iCalUId of the date of ``SERIES`` on a day of February."""
    return Occurrence(SERIES, date(2026, 2, day)).uid


DATES = [
    an_event(
        id=f"D{day}",
        kind=EventKind.OCCURRENCE,
        ical_uid=f"uid-1_202602{day:02}",
        occurrence=Occurrence("uid-1", date(2026, 2, day)),
        content=shown(start=utc(2026, 2, day, 8), end=utc(2026, 2, day, 9)),
    )
    for day in (1, 2, 3)
]
OWN_AND_SERIES = {"uid-1": [imported("A1")], DATES[1].ical_uid: [imported("A2", external_id=DATES[1].ical_uid)]}
ON_THE_9TH = Occurrence("uid-1", date(2026, 2, 9))
FOLLOWED_DATE = a_link(
    event_id="D1", activity_id="A1", occurrence=Occurrence("uid-1", date(2026, 2, 1)), role=Role.FOLLOWER
)
LINKED_DATE = a_link(event_id="D9", activity_id="A9", ical_uid="uid-1_20260209", occurrence=ON_THE_9TH)

TUESDAYS = [
    replace(event, ical_uid=dated(day), occurrence=Occurrence(SERIES, date(2026, 2, day), rhythm=Rhythm.WEEKLY))
    for event, day in zip(DATES, (3, 10, 17), strict=True)
]
MONDAYS = [imported(f"A{day}", external_id=dated(day)) for day in (2, 9)]

SINGLES = {
    "a whole series, on one of its days": (
        unpaired(*DATES, imported("A1")),
        [("D1", "", "waiting"), ("D2", "A1", "waiting"), ("D3", "", "waiting")],
    ),
    "a whole series, on none of its days": (
        unpaired(*DATES, imported("A1", content=OTHER)),
        [("D1", "A1", "waiting"), ("D2", "", "waiting"), ("D3", "", "waiting")],
    ),
    "a whole series whose dates are linked, on none of the days of the others": (
        unpaired(*DATES[:1], imported("A1", content=OTHER), links=[LINKED_DATE]),
        [("", "A1", "partner-gone"), ("D1", "", "waiting")],
    ),
    "a whole series, and that day has an activity of its own": (
        unpaired(*DATES[1:2], imported("A1"), imported("A2", external_id=DATES[1].ical_uid), named=OWN_AND_SERIES),
        [("", "A1", "partner-gone"), ("D2", "A2", "waiting")],
    ),
    "a whole series that a colleague's calendar feeds, of which a date is followed already": (
        unpaired(*DATES[1:], links=[FOLLOWED_DATE], named={"uid-1": (imported("A1"),)}),
        [("D2", "", "waiting"), ("D3", "", "waiting")],
    ),
    "our mark on the whole series names it": (
        unpaired(*DATES, an_activity(id="A1"), series_marks={"uid-1": "A1"}),
        [("D1", "", "waiting"), ("D2", "A1", "waiting"), ("D3", "", "waiting")],
    ),
    "our mark on the whole series names it, and so does another": (
        unpaired(*DATES[1:2], imported("A2"), an_activity(id="A1"), series_marks={"uid-1": "A1"}),
        [("", "A1", "waiting"), ("", "A2", "partner-gone"), ("D2", "", "waiting")],
    ),
    "our mark on the whole series names one of another meeting": (
        unpaired(*DATES[1:2], imported("A1", external_id="uid-2"), series_marks={"uid-1": "A1"}, named={}),
        [("", "A1", "partner-gone"), ("D2", "", "waiting")],
    ),
    "our mark on the whole series names a void one": (
        unpaired(*DATES[1:2], an_activity(id="A1", void=True), series_marks={"uid-1": "A1"}),
        [("", "A1", "waiting"), ("D2", "", "waiting")],
    ),
}


@pytest.mark.parametrize("case", SINGLES)
def test_dates_of_a_single_event_that_became_a_series(case: str) -> None:
    """Its activity is the date's on whose day it stands, else the first one's; but no second one's of a linked
    series."""
    material, expected = SINGLES[case]

    assert expected == matched(material)


WAITING = {"waiting": {(Side.ERP, "A2"): Pending(Side.ERP, "A2", state=PendingState.DECLINED)}}
PATTERNS: dict[str, tuple[list[GraphEvent | ErpActivity], dict[str, Any], list[tuple[str, str, str]]]] = {
    "other days": (
        [*TUESDAYS, *MONDAYS],
        {},
        [("D1", "A2", "waiting"), ("D2", "A9", "waiting"), ("D3", "", "waiting")],
    ),
    "a date that nobody shows beside one that is shown": (
        [*TUESDAYS[1:], MONDAYS[0], imported("A17", external_id=dated(17))],
        {},
        [("", "A2", "partner-gone"), ("D2", "", "waiting"), ("D3", "A17", "waiting")],
    ),
    "somebody wants no event": (
        [TUESDAYS[0], MONDAYS[0]],
        WAITING,
        [("", "A2", "partner-gone"), ("D1", "", "waiting")],
    ),
    "it could not be looked for": (
        [TUESDAYS[0], MONDAYS[0]],
        {"unsure": frozenset({"A2"})},
        [("", "A2", "partner-gone"), ("D1", "", "waiting")],
    ),
    "a person's copy": (
        [TUESDAYS[0], replace(MONDAYS[0], creation_user="anna")],
        {},
        [("", "A2", "partner-gone"), ("D1", "", "waiting")],
    ),
    "a colleague's copy feeds the date with another one": (
        [TUESDAYS[0], MONDAYS[0]],
        {"followed": frozenset({"D1"})},
        [("", "A2", "partner-gone"), ("D1", "", "waiting")],
    ),
    "a colleague's copy feeds the date with this one": (
        [TUESDAYS[0], MONDAYS[0]],
        {"followed": frozenset({"D1"}), "fed": frozenset({"A2"})},
        [("D1", "A2", "waiting")],
    ),
    "a changed date, whose time may be the activity's": (
        [replace(TUESDAYS[0], kind=EventKind.EXCEPTION), MONDAYS[0]],
        {},
        [("", "A2", "partner-gone"), ("D1", "", "waiting")],
    ),
}


@pytest.mark.parametrize("case", PATTERNS)
def test_dates_of_another_pattern(case: str) -> None:
    """Nobody remembers the pairs: an activity goes on with the date that takes the place of its own."""
    items, more, expected = PATTERNS[case]
    names: dict[str, tuple[ErpActivity, ...]] = {}
    for item in items:
        if isinstance(item, ErpActivity):
            names[uid_key(item.external_id)] = (item,)
    material = unpaired(*items, named=names, **more)

    assert expected == matched(material, a_context(policy=WINDOWED))


COLLEAGUES = [replace(one, owner_party="party-boris") for one in MONDAYS]
LONG_OVER = noted(start=wall_clock(2026, 1, 12, 8), end=wall_clock(2026, 1, 12, 9))
FORMER = {
    "on other days": ([], COLLEAGUES, [("D1", "A2", "waiting"), ("D2", "A9", "waiting"), ("D3", "", "waiting")]),
    "beside the user's own": (MONDAYS[:1], COLLEAGUES, [("D1", "A2", "waiting"), ("D2", "A9", "waiting")]),
    "typed by hand": ([], [replace(COLLEAGUES[0], creation_user="anna")], [("D1", "", "waiting")]),
    "over for long": ([], [replace(COLLEAGUES[0], content=LONG_OVER)], [("D1", "", "waiting")]),
}


@pytest.mark.parametrize("case", FORMER)
def test_former_dates_that_a_colleagues_activities_name(case: str) -> None:
    """They go on like the user's own, each once."""
    own, former, expected = FORMER[case]
    material = unpaired(*TUESDAYS[: len(expected)], *own, former=former, named={})

    assert expected == matched(material, a_context(policy=WINDOWED))


@pytest.mark.parametrize("winner", [Winner.ERP, Winner.ASK])
def test_dates_of_another_pattern_where_outlooks_time_may_not_count(winner: Winner) -> None:
    """They would be moved back to their old days: nothing is linked."""
    named_by = {uid_key(MONDAYS[0].external_id): (MONDAYS[0],)}
    material = unpaired(TUESDAYS[0], MONDAYS[0], named=named_by)
    found = matched(material, a_context(policy=replace(WINDOWED, winner=winner)))

    assert found == [("", "A2", "partner-gone"), ("D1", "", "waiting")]
