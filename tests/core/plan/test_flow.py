"""The merge of a live pair before any rule: what goes where, and which side wins a conflict."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from sync_core.content.compare import Pair
from sync_core.model.link import Link, Role
from sync_core.model.policy import Direction, Policy, Winner
from sync_core.model.series import Occurrence
from sync_core.model.sides import EventKind, Field, GraphEvent, Side
from sync_core.plan.flow import merged_flow
from tests.support.samples import (
    BORIS,
    a_context,
    a_link,
    a_meeting,
    an_activity,
    an_event,
    an_invitation,
    an_office,
    linked,
    noted,
    shown,
    utc,
)


def test_the_merge_comes_before_the_rules() -> None:
    """Fields go where they were not edited; what was edited twice goes where it lost."""
    case = linked(
        an_event(shown(subject="Plan", body="Minutes")), an_activity(noted(subject="Forecast", priority="High"))
    )
    assert case.link is not None
    flow = merged_flow(Pair(case, case.link, has_base=True), a_context())

    assert flow.to_erp == {Field.SUBJECT, Field.BODY}
    assert flow.to_graph == {Field.PRIORITY}
    assert flow.twice == {Field.SUBJECT}
    assert [field for field, _ in flow.solved] == [Field.SUBJECT]


EARLIER, LATER = utc(2026, 1, 20), utc(2026, 1, 25, 7, 30)
COPY = a_link(role=Role.INVITED)


@pytest.mark.parametrize(
    ("event", "link", "policy", "activity_at", "loser"),
    [
        pytest.param(an_event(), a_link(), Policy(), EARLIER, Side.ERP, id="own/latest/event-edited-last"),
        pytest.param(an_event(), a_link(), Policy(), LATER, Side.GRAPH, id="own/latest/activity-edited-last"),
        pytest.param(an_event(), a_link(), Policy(winner=Winner.GRAPH), LATER, Side.ERP, id="own/outlook"),
        pytest.param(an_event(), a_link(), Policy(winner=Winner.ASK), LATER, None, id="own/asked"),
        pytest.param(an_invitation(), COPY, Policy(winner=Winner.ERP), LATER, Side.ERP, id="invited/the-organizer"),
        pytest.param(an_invitation(), COPY, Policy(winner=Winner.ASK), LATER, Side.ERP, id="invited/nobody-is-asked"),
        pytest.param(
            an_invitation(), COPY, Policy(direction=Direction.TO_GRAPH), EARLIER, Side.GRAPH, id="invited/one-way"
        ),
    ],
)
def test_who_wins_a_conflict(
    event: GraphEvent, link: Link, policy: Policy, activity_at: datetime, loser: Side | None
) -> None:
    """The policy decides in one's own meeting; in somebody else's the organizer wins where ERP.net may be written."""
    case = linked(
        replace(event, content=shown(subject="Plan")), an_activity(noted(subject="Forecast"), updated_at=activity_at)
    )
    flow = merged_flow(Pair(case, link, has_base=True), an_office(policy=policy))

    assert flow.solved == (((Field.SUBJECT, loser),) if loser else ())
    assert set(flow.clashes) == (set() if loser else {Field.SUBJECT})


T = [utc(2026, 1, 25, hour) for hour in (5, 6, 7, 8)]
"""Four moments an hour apart."""

CHANGED = EventKind.EXCEPTION


@pytest.mark.parametrize(
    ("kind", "seen", "own", "series", "activity_at", "winner"),
    [
        pytest.param(CHANGED, T[0], T[0], T[2], T[1], Side.GRAPH, id="its series changed last"),
        pytest.param(CHANGED, T[0], T[0], T[1], T[2], Side.ERP, id="the activity changed after its series"),
        pytest.param(CHANGED, T[0], T[0], None, T[2], Side.GRAPH, id="nobody knows when its series changed"),
        pytest.param(CHANGED, T[0], T[1], T[3], T[2], Side.ERP, id="its series was touched after both edits"),
        pytest.param(CHANGED, T[0], T[2], T[3], T[1], Side.GRAPH, id="it was changed last itself"),
        pytest.param(CHANGED, None, T[1], T[3], T[2], Side.ERP, id="nobody knows what was seen of it"),
        pytest.param(EventKind.OCCURRENCE, T[0], T[1], T[1], T[2], Side.GRAPH, id="a plain date"),
    ],
)
def test_which_side_of_a_date_was_edited_last(
    kind: EventKind,
    seen: datetime | None,
    own: datetime,
    series: datetime | None,
    activity_at: datetime,
    winner: Side,
) -> None:
    """A changed date's own time counts where it moved since the date was seen, else its series'."""
    one = Occurrence("U", date(2026, 2, 2), "M")
    event = an_event(shown(subject="Plan"), kind=kind, occurrence=one, modified_at=own, series_at=series)
    link = a_link(occurrence=one, modified_at=seen)
    case = linked(event, an_activity(noted(subject="Forecast"), updated_at=activity_at))

    flow = merged_flow(Pair(case, link, has_base=True), a_context())
    assert dict(flow.solved) == {Field.SUBJECT: winner.other}


@pytest.mark.parametrize(("attendees", "loser"), [((), Side.GRAPH), ((BORIS,), Side.ERP)], ids=["alone", "invited"])
def test_a_newly_found_pair_is_solved_so_that_nobody_is_mailed(attendees: tuple[str, ...], loser: Side) -> None:
    """Whatever the policy says, Outlook wins where a change of the event would mail its attendees."""
    event = a_meeting(*attendees, content=shown(subject="Plan"))
    case = linked(event, an_activity(noted(subject="Forecast")))
    flow = merged_flow(Pair(case, a_link(), has_base=False), an_office(policy=Policy(winner=Winner.ERP)))

    assert dict(flow.solved)[Field.SUBJECT] is loser
