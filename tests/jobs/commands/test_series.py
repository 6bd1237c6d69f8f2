"""`calsync doctor` about recurring meetings: what one that is there shows, and whether dates may be synced here."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from jobs.commands.checks import UNCONFIRMED, Check, Grade
from jobs.commands.series import Sample, examine_series, verdict_on
from jobs.says import Asked, Seen
from sync_core.model.policy import SeriesRule
from sync_core.model.series import Occurrence
from sync_core.model.sides import EventKind, GraphEvent, Malformed, Side
from tests.support.house import House
from tests.support.samples import an_event
from tests.support.series import MONDAYS, mondays, open_series


async def seen(house: House) -> dict[str, Check]:
    """The checks about series, by what they are about; none of them wrote anything."""
    house.graph.requests.clear()
    checks = await examine_series(house.world)
    assert {seen.method for seen in house.graph.requests} <= {"GET", "POST"}
    assert all(seen.method == "GET" or seen.path.endswith("/$batch") for seen in house.graph.requests)
    assert house.patches() == []
    assert {check.part for check in checks} == {UNCONFIRMED}
    return {check.what.text: check for check in checks}


WINDOW = Asked.IF_WINDOW.value

FACTS = [
    ({}, Asked.IF_UIDS, Seen.UIDS_DATED),
    ({"occurrence_uids": "series"}, Asked.IF_UIDS, Seen.UIDS_SHARED),
    ({}, Asked.IF_IDS, Seen.IDS_LEAD),
    ({}, Asked.IF_VIEW, Seen.CHANGED_SHOWN),
    ({"view_hides_exceptions": True}, Asked.IF_VIEW, Seen.CHANGED_HIDDEN),
    ({}, Asked.IF_INSTANCES, Seen.CHANGED_SHOWN),
    ({"instances_hide_exceptions": True}, Asked.IF_INSTANCES, Seen.CHANGED_HIDDEN),
]


@pytest.mark.parametrize(("switches", "question", "finding"), FACTS, ids=lambda one: getattr(one, "name", str(one)))
async def test_each_disputed_fact_is_told_as_it_is_here(
    switches: dict[str, Any], question: Asked, finding: Seen
) -> None:
    """By a weekly meeting of which one date was changed; and dates may be synced, whichever way it is."""
    async with open_series() as house:
        for switch, value in switches.items():
            setattr(house.graph.switches, switch, value)
        house.outlook().edit_date(mondays(house), MONDAYS[2], subject="Other week")
        found = await seen(house)

    assert found[question.value].found == finding.say()
    assert (found[WINDOW].fine, found[WINDOW].found.text.split(":")[0]) == (True, "yes")


async def test_a_view_without_changed_dates_is_dearer() -> None:
    """It is no reason to leave series alone."""
    async with open_series() as house:
        house.graph.switches.view_hides_exceptions = True
        house.outlook().edit_date(mondays(house), MONDAYS[2], subject="Other week")
        found = await seen(house)

    assert found[WINDOW].found.code == Seen.WINDOW_DEARER.code


async def test_without_a_changed_date_it_is_not_known_where_they_are() -> None:
    """Neither of the view nor of the instances; the rest is told."""
    async with open_series() as house:
        mondays(house)
        found = await seen(house)

    unseen = Seen.CHANGED_UNSEEN.say()
    assert [found[asked.value].grade for asked in (Asked.IF_VIEW, Asked.IF_INSTANCES)] == [Grade.OPEN] * 2
    assert found[WINDOW].grade is Grade.PASSED
    assert (found[Asked.IF_VIEW.value].found, found[Asked.IF_INSTANCES.value].found) == (unseen, unseen)
    assert found[WINDOW].found.text == "yes: 5 dates of 1 series are told apart"


async def test_where_nobody_has_a_series_the_remedy_is_told_and_works() -> None:
    """A series with two dates soon is needed, in the calendar that is named: it is looked at."""
    async with open_series("anna", "boris") as house:
        [unanswered] = (await seen(house)).values()
        upn = unanswered.found.values["upn"]
        mondays(house, upn=upn)
        found = await seen(house)

    assert unanswered.found == Seen.SERIES_NONE.say(people=2, upn=upn)
    assert (unanswered.what.text, unanswered.fine, unanswered.grade) == (WINDOW, True, Grade.OPEN)
    assert found[WINDOW].grade is Grade.PASSED


async def test_where_nobody_is_switched_on_it_cannot_be_told() -> None:
    """There is no calendar to look at; nothing has failed by it."""
    async with open_series() as house:
        await house.world.store.revise_user((await house.user()).id, lambda user: replace(user, enabled=False))
        [unanswered] = (await seen(house)).values()

    assert (unanswered.found, unanswered.grade) == (Seen.SERIES_NOBODY.say(), Grade.OPEN)


async def test_the_next_person_is_looked_at_where_a_calendar_cannot_be_read() -> None:
    """One whose mailbox is gone hides nobody's series."""
    async with open_series("anna", "boris") as house:
        mondays(house, upn="boris@acme.example")
        house.graph.add_fault("GET /v1.0/users/*/calendarView", status=403, times=1)
        found = await seen(house)

    assert found[WINDOW].found.code == Seen.WINDOW_SAFE.code


async def test_what_cannot_be_read_is_told_with_its_reason() -> None:
    """It is no failed check: nothing is wrong with dates because of it."""
    async with open_series() as house:
        house.graph.add_fault("GET /v1.0/users/*/calendarView", status=503, times=None)
        found = await seen(house)

    assert found[WINDOW].found.code == Seen.SERIES_UNASKED.code
    assert (found[WINDOW].fine, found[WINDOW].grade) == (True, Grade.OPEN)


def a_date(ident: str, day: date | None) -> GraphEvent:
    """A date of the series ``m``."""
    one = Occurrence("UID", day, "m") if day else None
    return an_event(id=ident, kind=EventKind.OCCURRENCE, series_id="m", occurrence=one)


DAMAGED = Malformed(Side.GRAPH, "1", "no start")
FIRST, SECOND = a_date("1", MONDAYS[0]), a_date("2", MONDAYS[1])

VERDICTS = [
    ("all told apart", (FIRST, SECOND), {"1": FIRST, "2": SECOND}, Seen.WINDOW_SAFE),
    ("two are one", (FIRST, a_date("2", MONDAYS[0])), {}, Seen.WINDOW_CONFUSED),
    ("an id leads nowhere", (FIRST, SECOND), {"1": None}, Seen.WINDOW_ASTRAY),
    ("an id leads to another date", (FIRST, SECOND), {"1": SECOND}, Seen.WINDOW_ASTRAY),
    ("one does not tell", (FIRST, a_date("2", None)), {"1": FIRST}, Seen.WINDOW_PARTLY),
    ("nothing can be read again", (FIRST, SECOND), {"1": DAMAGED}, Seen.WINDOW_UNKNOWN),
    (
        "one of two can be read again",
        (FIRST, SECOND),
        {"1": DAMAGED, "2": SECOND},
        Seen.WINDOW_SAFE,
    ),
]


@pytest.mark.parametrize(
    ("shown", "again", "verdict"), [one[1:] for one in VERDICTS], ids=[one[0] for one in VERDICTS]
)
def test_whether_dates_may_be_synced(
    shown: tuple[GraphEvent, ...], again: dict[str, GraphEvent | Malformed | None], verdict: Seen
) -> None:
    """They must be told apart, and found again by their ids."""
    assert verdict_on(Sample(shown, again, frozenset(), frozenset())) is verdict


@pytest.mark.parametrize(("rule", "fine"), [(SeriesRule.SKIP, True), (SeriesRule.WINDOW, False)])
async def test_what_is_not_safe_is_a_failed_check_only_where_it_is_switched_on(
    monkeypatch: pytest.MonkeyPatch, rule: SeriesRule, fine: bool
) -> None:
    """A company that leaves series alone lacks nothing."""
    async with open_series() as house:
        mondays(house)
        house.set_policy(series=rule)

        async def elsewhere(_: object, __: str, ids: list[str]) -> dict[str, None]:
            return dict.fromkeys(ids)

        monkeypatch.setattr(type(house.world.calendar), "read_events", elsewhere)
        found = await seen(house)

    assert (found[WINDOW].fine, found[WINDOW].found.code) == (fine, Seen.WINDOW_ASTRAY.code)
    assert found[WINDOW].grade is (Grade.WARNED if fine else Grade.FAILED)
