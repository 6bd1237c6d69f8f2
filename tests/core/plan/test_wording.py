"""Wording: what a decision does, in words for the journal, the dry run and the log."""

from __future__ import annotations

import pytest

from sync_core.content.compare import SHOWN_TEXT
from sync_core.model.claim import Claim
from sync_core.model.conflict import CategoryState, Clash, Conflict
from sync_core.model.decision import Case, Intent, Sight, Verdict
from sync_core.model.link import Role
from sync_core.model.sides import Attendee
from sync_core.plan.decide import decide
from sync_core.plan.wording import BY_INTENT, BY_VERDICT, action_of, is_about_private, sides_of, values
from tests.support.samples import (
    BORIS,
    GUEST,
    ME,
    NOW,
    UID,
    ZOE,
    a_case,
    a_context,
    a_follower,
    a_link,
    a_meeting,
    an_activity,
    an_event,
    an_invitation,
    an_office,
    attended,
    known_to,
    linked,
    noted,
    shown,
    utc,
    wall_clock,
)

SOFIA = "Europe/Sofia"
PLAN = shown(subject="Plan")
OPEN = Conflict((Clash("subject", "Plan", "Budget", "locked"),), NOW, CategoryState.SET)


def test_every_intent_and_verdict_has_words() -> None:
    """Nothing that can happen is without a name."""
    assert set(Intent) == set(BY_INTENT)
    assert set(Verdict) - {Verdict.ACT} == set(BY_VERDICT)


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        pytest.param(a_case(an_event()), "activity created", id="create-activity"),
        pytest.param(a_case(None, an_activity()), "event created", id="create-event"),
        pytest.param(a_case(an_event(), an_activity()), "linked", id="link"),
        pytest.param(linked(an_event(PLAN), an_activity()), "activity updated", id="update-activity"),
        pytest.param(linked(an_event(), an_activity(noted(priority="High"))), "event updated", id="update-event"),
        pytest.param(linked(an_event(PLAN), an_activity(noted(priority="High"))), "both updated", id="merge"),
        pytest.param(linked(None, an_activity(), event_sight=Sight.GONE), "activity voided", id="void"),
        pytest.param(linked(an_event(), an_activity(void=True)), "event removed", id="remove"),
        pytest.param(linked(an_event(PLAN), an_activity(state="Closed")), "category set", id="category-set"),
        pytest.param(
            linked(an_event(categories=("ERP.net conflict",)), an_activity(), link=a_link(conflict=OPEN)),
            "category removed",
            id="category-removed",
        ),
        pytest.param(
            linked(an_event(PLAN, categories=("ERP.net conflict",)), an_activity(), link=a_link(conflict=OPEN)),
            "activity updated",
            id="category-removed-beside-a-field-of-the-other-side",
        ),
        pytest.param(linked(an_event(), an_activity()), "in step", id="nothing"),
        pytest.param(a_case(an_event(is_cancelled=True)), "skipped", id="skip"),
        pytest.param(linked(an_event(), activity_sight=Sight.HIDDEN), "parked", id="park"),
        pytest.param(linked(event_sight=Sight.UNDECIDED), "to be read again", id="reread"),
    ],
)
def test_a_decision_is_named_in_two_words(case: Case, expected: str) -> None:
    """What was done, or why nothing was."""
    assert expected == action_of(decide(case, a_context()))


MINE, THEIRS = (Claim(UID, user_id, "A1", etag="e1") for user_id in ("anna-id", "boris-id"))
OUTSIDE = an_invitation(organizer=GUEST)
HOLDING = a_link(role=Role.INVITED, base_event=OUTSIDE.content)


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        pytest.param(
            linked(
                a_meeting(Attendee(BORIS, response="accepted")), attended(BORIS), link=known_to((BORIS,), (BORIS,))
            ),
            "answer noted",
            id="answer",
        ),
        pytest.param(
            linked(an_invitation(response="accepted"), attended(ME), link=a_follower(), claim=THEIRS),
            "answer noted",
            id="answer-of-a-follower",
        ),
        pytest.param(a_case(OUTSIDE, claim=THEIRS), "skipped", id="follow"),
        pytest.param(
            linked(
                an_event(categories=("ERP.net conflict",), is_organizer=False, organizer=GUEST),
                an_activity(),
                link=a_link(role=Role.INVITED, conflict=OPEN),
                claim=THEIRS,
            ),
            "followed",
            id="step-back",
        ),
        pytest.param(
            linked(None, attended(ME), event_sight=Sight.GONE, link=HOLDING, claim=MINE, others=("boris-id",)),
            "handed on",
            id="hand-on",
        ),
        pytest.param(linked(a_meeting(BORIS), attended(), link=known_to()), "activity updated", id="participant"),
        pytest.param(linked(a_meeting(), attended(ZOE), link=known_to()), "event updated", id="invitation"),
    ],
)
def test_what_becomes_of_people_is_named_in_two_words(case: Case, expected: str) -> None:
    """Answers, hand-overs and lists have names of their own."""
    assert expected == action_of(decide(case, an_office()))


def test_each_side_tells_its_own_list() -> None:
    """Before and after are what that side's list was and is, not what the other side shows."""
    activity = attended(BORIS, ZOE)
    decision = decide(linked(a_meeting(BORIS, GUEST), activity, link=known_to((BORIS,), (BORIS,))), an_office())
    lists = values(decision, SOFIA)

    assert lists == (
        {"erp.people": f"{BORIS}, {ZOE}", "graph.people": f"{BORIS}, {GUEST}"},
        {"erp.people": f"{BORIS}, {GUEST}, {ZOE}", "graph.people": f"{BORIS}, {GUEST}, {ZOE}"},
    )


def test_a_list_that_is_not_alike_is_told_as_it_is() -> None:
    """Whoever is not invited is in ERP.net's list only."""
    decision = decide(linked(a_meeting(BORIS), attended(GUEST), link=known_to()), an_office())

    assert values(decision, SOFIA) == ({"erp.people": GUEST}, {"erp.people": f"{BORIS}, {GUEST}"})


def test_a_created_list_is_told() -> None:
    """Who becomes a participant, and who is invited."""
    made_in_erp = decide(a_case(a_meeting(BORIS, GUEST)), an_office())
    made_in_outlook = decide(a_case(None, attended(BORIS, GUEST)), an_office())

    assert values(made_in_erp, SOFIA)[1]["erp.people"] == f"{BORIS}, {GUEST}"
    assert values(made_in_outlook, SOFIA)[1]["graph.people"] == BORIS


def test_a_long_list_is_cut() -> None:
    """The journal's values are bounded and say so."""
    people = tuple(f"p{number:03}@out.example" for number in range(500))
    told = values(decide(a_case(a_meeting(*people)), an_office()), SOFIA)[1]["erp.people"]

    assert told.endswith("characters)")
    assert len(told) < SHOWN_TEXT + 50


def test_an_update_tells_before_and_after() -> None:
    """Only the written fields, each under the side it is written to."""
    decision = decide(linked(an_event(PLAN), an_activity(noted(priority="High"))), a_context())

    assert values(decision, SOFIA) == (
        {"erp.subject": "Budget", "graph.priority": "normal"},
        {"erp.subject": "Plan", "graph.priority": "high"},
    )


def test_a_create_tells_what_it_made() -> None:
    """There is nothing before; after is the whole content."""
    before, after = values(decide(a_case(an_event()), a_context()), SOFIA)

    assert before == {}
    assert (after["erp.subject"], after["erp.time"]) == ("Budget", "2026-02-02 08:00Z – 2026-02-02 09:00Z")


@pytest.mark.parametrize(
    ("case", "side"),
    [
        pytest.param(linked(None, an_activity(noted(subject="Forecast")), event_sight=Sight.GONE), "void", id="void"),
        pytest.param(linked(an_event(shown(subject="Forecast")), an_activity(void=True)), "remove", id="remove"),
    ],
)
def test_a_deletion_tells_what_went(case: Case, side: str) -> None:
    """The deleted content is in the journal, as it was at the end."""
    before, after = values(decide(case, a_context()), SOFIA)

    assert (before[f"{side}.subject"], after) == ("Forecast", {})
    assert set(before) == {
        f"{side}.{f}" for f in ("subject", "body", "time", "reminder", "private", "priority", "people")
    }


def test_an_unread_side_shows_its_base() -> None:
    """What was not read is taken to be what it was, in the link's own zone."""
    link = a_link(
        zone="Asia/Tokyo", base_activity=noted(start=wall_clock(2026, 2, 2, 17), end=wall_clock(2026, 2, 2, 18))
    )
    event, activity = sides_of(linked(an_event(PLAN), link=link), SOFIA)

    assert event is not None
    assert activity is not None
    assert (event.subject, activity.subject) == ("Plan", "Budget")
    assert event.when == activity.when


def test_an_item_alone_has_one_side() -> None:
    """An unlinked activity is read in the zone of its digits."""
    event, activity = sides_of(a_case(None, an_activity()), "UTC")

    assert event is None
    assert activity is not None
    assert utc(2026, 2, 2, 10) == getattr(activity.when, "start", None)


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        pytest.param(a_case(an_event(shown(sensitivity="personal"))), True, id="event"),
        pytest.param(a_case(None, an_activity(noted(private=True))), True, id="activity"),
        pytest.param(linked(an_event(), link=a_link(base_activity=noted(private=True))), True, id="base-activity"),
        pytest.param(linked(link=a_link(base_event=shown(sensitivity="private"))), True, id="base-event"),
        pytest.param(linked(an_event(), an_activity()), False, id="nobody"),
    ],
)
def test_a_case_is_private_if_any_of_it_is(case: Case, expected: bool) -> None:
    """Also what was private until now is shown to its owner only."""
    assert expected is is_about_private(case)
