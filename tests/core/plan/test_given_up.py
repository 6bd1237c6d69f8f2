"""A write that failed too often: the pair is left alone until a side changes or somebody asks for a retry."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync_core.model import link as life
from sync_core.model.conflict import CategoryState, Clash, Conflict
from sync_core.model.decision import Case, Context, Sight, Verdict
from sync_core.model.link import Link, LinkStatus, Role
from sync_core.model.pending import Pending
from sync_core.model.policy import Direction, Policy, PrivateRule
from sync_core.model.sides import EventKind, Seen, Side
from sync_core.plan.decide import decide
from tests.support.samples import (
    BORIS,
    NOW,
    PAST_ACTIVITY,
    PAST_EVENT,
    a_case,
    a_context,
    a_follower,
    a_link,
    an_activity,
    an_event,
    an_invitation,
    an_office,
    linked,
    noted,
    past_link,
    shown,
    utc,
)

EDITED_EVENT, EDITED_ACTIVITY = an_event(shown(subject="Plan")), an_activity(noted(subject="Forecast"))
WHY = "Graph answered 500"
IN_CONFLICT = Conflict((Clash("subject", "Plan", "Budget", "locked"),), NOW, CategoryState.SET)


def weary(case: Case) -> Case:
    """The case after its last try, remembered as the actor remembers it."""
    if case.link is not None:
        return replace(case, link=life.given_up(case.link, WHY, life.TRIES, case.seen))
    pending = case.pending or (
        Pending(Side.GRAPH, case.event_id) if case.event is not None else Pending(Side.ERP, case.activity_id)
    )
    row = replace(pending, parked=True, tries=life.TRIES, reason=WHY, given_up_at=case.seen)
    return replace(case, pending=row)


WRITING = {
    "update-activity": linked(EDITED_EVENT, an_activity()),
    "update-event": linked(an_event(), EDITED_ACTIVITY),
    "update-event/event-unread": linked(None, EDITED_ACTIVITY),
    "merge": linked(an_event(shown(subject="Plan")), an_activity(noted(notes="Minutes"))),
    "void": linked(None, an_activity(), event_sight=Sight.GONE),
    "remove": linked(an_event(), an_activity(void=True)),
    "remove/deleted": linked(an_event(), None, activity_sight=Sight.GONE),
    "category-removal": linked(
        an_event(categories=("ERP.net conflict",)), an_activity(), link=a_link(conflict=IN_CONFLICT)
    ),
    "create-activity": a_case(an_event()),
    "create-event": a_case(None, an_activity()),
    "link": a_case(EDITED_EVENT, an_activity(external_system="Office365-iCalUId", external_id="uid-1")),
}
"""Cases in which something would be written."""


@pytest.mark.parametrize("name", WRITING)
def test_what_was_given_up_is_not_written_to(name: str) -> None:
    """Nothing is written, claimed or remembered anew, and it stays parked with the reason."""
    case = WRITING[name]
    assert decide(case, a_context()).verdict is Verdict.ACT
    left = decide(weary(case), a_context())

    assert (left.verdict, left.reason, left.graph, left.erp, left.take) == (Verdict.PARK, WHY, None, None, False)
    assert (left.link, left.pending) == (weary(case).link, weary(case).pending)


@pytest.mark.parametrize("name", WRITING)
def test_a_side_that_was_not_read_is_no_news(name: str) -> None:
    """A round that reads one side only finds the pair as it was."""
    case = weary(WRITING[name])
    for half in (
        replace(case, activity=None, activity_sight=Sight.UNREAD),
        replace(case, event=None, event_sight=Sight.UNREAD),
    ):
        decision = decide(half, a_context())
        assert (decision.graph, decision.erp) == (None, None)


def newer(case: Case, side: Side) -> Case | None:
    """The case with an item of this side edited since, None where there is none."""
    if side is Side.GRAPH and case.event is not None:
        return replace(case, event=replace(case.event, change_key="ck-9", content=shown(subject="Newer")))
    if side is Side.ERP and case.activity is not None:
        return replace(case, activity=replace(case.activity, version=9, content=noted(subject="Newer")))
    return None


@pytest.mark.parametrize(
    "case", [found for case in WRITING.values() for side in Side if (found := newer(weary(case), side))]
)
def test_a_change_of_either_side_is_tried_again(case: Case) -> None:
    """What is decided then is what would be decided had nothing ever failed."""
    fresh = replace(case, link=life.live(case.link, conflict=case.link.conflict) if case.link else None, pending=None)
    expected, again = decide(fresh, a_context()), decide(case, a_context())

    assert again.verdict is Verdict.ACT
    assert (again.graph, again.erp, again.intent) == (expected.graph, expected.erp, expected.intent)


OTHER_WORLDS: dict[str, Context] = {
    "another day": a_context(now=NOW.replace(day=26)),
    "a full round": a_context(whole=True),
    "one way to Outlook": a_context(policy=Policy(direction=Direction.TO_GRAPH)),
    "one way to ERP.net": a_context(policy=Policy(direction=Direction.TO_ERP)),
    "private left out": a_context(policy=Policy(private=PrivateRule.SKIP)),
    "no company": a_context(has_company=False),
    "approved": a_context(approved=frozenset({"E1"})),
}


@pytest.mark.parametrize("world", OTHER_WORLDS)
@pytest.mark.parametrize("name", WRITING)
def test_nothing_else_brings_it_back(name: str, world: str) -> None:
    """Another day, a full round, another policy: none of them is a change of the item."""
    case = weary(WRITING[name])
    left = decide(case, OTHER_WORLDS[world])

    assert (left.graph, left.erp, left.link, left.pending) == (None, None, case.link, case.pending)


def test_a_follower_that_was_given_up_tells_no_answer() -> None:
    """Its owner's answer could not be noted ten times; their next change of the event is tried again."""
    event = an_invitation(organizer=BORIS)
    link = replace(
        a_follower(), tries=life.TRIES, status=LinkStatus.PARKED, reason=WHY, given_up_at=Seen("ck-2", "-/-")
    )
    left = decide(linked(event, link=link), an_office())

    assert (left.verdict, left.link) == (Verdict.PARK, link)
    moved = decide(linked(replace(event, change_key="ck-3"), link=link), an_office())
    assert moved.link is not None
    assert (moved.link.status, moved.link.role) == (LinkStatus.LIVE, Role.FOLLOWER)


def test_a_partner_that_turns_up_is_news() -> None:
    """The create that failed ten times had got through after all: the two are linked."""
    event = an_event()
    made = an_activity(external_system="Office365-iCalUId", external_id="uid-1")
    pending = weary(a_case(event)).pending
    decision = decide(a_case(event, made, pending=pending), a_context())

    assert decision.link is not None
    assert decision.verdict is not Verdict.PARK


def test_a_row_of_before_versions_were_remembered_takes_the_first_that_is_seen() -> None:
    """Parked by an older build: it stays parked as it is now, and its next change is tried."""
    old = a_link(status=LinkStatus.PARKED, tries=life.TRIES, reason=WHY)
    left = decide(linked(EDITED_EVENT, an_activity(), link=old), a_context())
    assert (left.verdict, left.erp) == (Verdict.PARK, None)
    assert left.link is not None
    assert Seen("ck-2", an_activity().stamp) == left.link.given_up_at

    newer = replace(EDITED_EVENT, change_key="ck-3")
    assert decide(linked(newer, an_activity(), link=left.link), a_context()).erp is not None
    pending = Pending(Side.GRAPH, "E1", tries=life.TRIES, parked=True, reason=WHY)
    first = decide(a_case(an_event(), pending=pending), a_context())
    assert first.pending == replace(pending, given_up_at=Seen("ck-2"))


def test_what_is_parked_by_a_rule_goes_on_when_the_rule_ends() -> None:
    """No write ever failed: the pair was a series, and is none any more, without a new version."""
    link = life.parked(a_link(), "part of a recurring series")
    series = linked(replace(EDITED_EVENT, kind=EventKind.MASTER), an_activity(), link=link)
    assert decide(series, a_context()).verdict is Verdict.PARK

    assert decide(linked(EDITED_EVENT, an_activity(), link=link), a_context()).erp is not None


def test_a_meeting_that_was_given_up_is_archived_like_any_other() -> None:
    """Nobody has to see to what is over."""
    case = linked(an_event(replace(PAST_EVENT, subject="Plan")), an_activity(PAST_ACTIVITY), link=past_link())
    decision = decide(weary(case), a_context(now=utc(2026, 1, 25, 8)))

    assert decision.link is not None
    assert (decision.verdict, decision.link.status) == (Verdict.ARCHIVE, LinkStatus.ARCHIVED)


def test_a_mark_that_cannot_be_taken_off_stays_with_what_is_over() -> None:
    """It was tried ten times: the meeting is archived without it."""
    event = an_event(PAST_EVENT, categories=("ERP.net conflict",))
    case = linked(event, an_activity(PAST_ACTIVITY), link=past_link(conflict=IN_CONFLICT))
    tried, left = decide(case, a_context()), decide(weary(case), a_context())

    assert tried.graph is not None
    assert (left.graph, left.verdict) == (None, Verdict.ARCHIVE)
    assert left.link is not None
    assert (left.link.status, left.link.conflict) == (LinkStatus.ARCHIVED, None)


def test_the_next_try_after_a_change_has_all_its_tries() -> None:
    """A failure of what was changed is the first one, not the eleventh."""
    link: Link = life.given_up(a_link(), WHY, life.TRIES, Seen("ck-2", "1"))

    assert (life.is_given_up(link), life.is_given_up(life.retried(link))) == (True, False)
    again = life.failed(link, "again", 1, None)
    assert (again.status, again.given_up_at, life.is_given_up(again)) == (LinkStatus.LIVE, None, False)
