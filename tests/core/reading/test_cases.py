"""Both sides side by side: which news asks for the other side's item, and which cases the readings make."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sync_core.model import link as life
from sync_core.model.claim import Claim
from sync_core.model.decision import Case, Sight
from sync_core.model.link import EndedBy, Link, Role
from sync_core.model.memory import InboxRow, Memory
from sync_core.model.pending import Pending
from sync_core.model.policy import Policy, PrivateRule
from sync_core.model.sides import ErpActivity, EventKind, Evidence, GraphEvent, Malformed, Side
from sync_core.plan.relocate import STILL_COMING
from sync_core.reading.cases import (
    Readings,
    asked_activities,
    free_activities,
    linked_cases,
    malformed_cases,
    pairs_apart,
    permitted_activities,
    to_be_formatted,
    vanished_cases,
)
from sync_core.reading.frame import Frame, Scale
from sync_core.reading.news import GraphNews
from sync_core.reading.roles import Roles
from tests.support.samples import (
    NOW,
    a_case,
    a_context,
    a_follower,
    a_link,
    an_activity,
    an_event,
    attended,
    noted,
    shown,
)

CTX = a_context()
GONE = Evidence(None)
OVER = life.ended(a_link(), EndedBy.ERP, "", NOW)
PARKED = life.parked(a_link(), "why")

AS_USUAL = Scale()


def frame(*links: Link, scale: Scale = AS_USUAL, **told: object) -> Frame:
    """What a round of these links goes by."""
    return Frame(Memory(links=links, **told), CTX, scale)  # type: ignore[arg-type]


def news(*events: GraphEvent | Malformed, **told: object) -> GraphNews:
    """A calendar that showed these."""
    return GraphNews({event.id: event for event in events}, **told)  # type: ignore[arg-type]


def both(
    *activities: ErpActivity | Malformed, missing: tuple[str, ...] = (), calendar: GraphNews | None = None
) -> Readings:
    """What was read: these activities, these others in vain, and the calendar."""
    known = {a.id: a for a in activities} | dict.fromkeys(missing)
    return Readings(calendar or news(), Roles(), known)


@pytest.mark.parametrize(
    ("link", "calendar", "is_read"),
    [
        pytest.param(a_link(), news(), False, id="not-shown"),
        pytest.param(a_link(), news(an_event()), False, id="touched-and-equal"),
        pytest.param(a_link(), news(an_event(shown(subject="New"))), True, id="edited"),
        pytest.param(a_link(), news(an_event(change_key="ck-1")), False, id="known"),
        pytest.param(a_link(), news(an_event(is_cancelled=True)), True, id="cancelled"),
        pytest.param(a_link(), news(an_event(kind=EventKind.MASTER)), True, id="made-a-series"),
        pytest.param(a_link(), news(evidence={"E1": GONE}), True, id="gone"),
        pytest.param(life.archived(a_link(), NOW), news(an_event()), True, id="archived-and-shown"),
        pytest.param(a_link(answers=(("boris@acme.example", "accepted"),)), news(an_event()), True, id="answered"),
    ],
)
def test_an_events_news_brings_its_activity(link: Link, calendar: GraphNews, is_read: bool) -> None:
    """Only where the content differs, or the pair is a special one."""
    assert asked_activities(calendar, Roles(), frame(link)) == ({"A1"} if is_read else set())


@pytest.mark.parametrize("subject", ["Budget", "New"])
def test_of_a_followed_copy_only_the_answer_is_news(subject: str) -> None:
    """What it shows is the matter of whoever feeds the meeting."""
    follower, roles = a_follower(), Roles({"uid-1": Claim(user_id="boris-id", activity_id="A7", etag="1")})

    assert asked_activities(news(an_event(shown(subject=subject))), roles, frame(follower)) == set()
    assert asked_activities(news(an_event()), replace(roles, promoted=frozenset({"E1"})), frame(follower)) == {"A7"}


def test_what_else_brings_an_activity() -> None:
    """The inbox, a row that waits for it, and a full round."""
    waiting = Pending(Side.ERP, "A8")
    over = life.ended(a_link(event_id="E2", activity_id="A2"), EndedBy.ERP, "", NOW)

    assert asked_activities(news(), Roles(), frame(inbox=(InboxRow("A9", NOW),), pending=(waiting,))) == {"A8", "A9"}
    assert asked_activities(news(), Roles(), frame(a_link(), over, scale=Scale(full=True))) == {"A1"}


@pytest.mark.parametrize(
    ("link", "activity", "calendar", "is_asked"),
    [
        pytest.param(a_link(), an_activity(), news(), False, id="touched-and-equal"),
        pytest.param(a_link(), an_activity(noted(subject="New")), news(), False, id="renamed"),
        pytest.param(a_link(), an_activity(noted(notes="New")), news(), True, id="text-edited"),
        pytest.param(a_link(), attended("guest@out.example"), news(), True, id="people-edited"),
        pytest.param(OVER, an_activity(noted(notes="New")), news(), False, id="over"),
        pytest.param(PARKED, an_activity(), news(), True, id="parked"),
        pytest.param(PARKED, an_activity(), news(evidence={"E1": GONE}), False, id="parked-read"),
        pytest.param(
            a_link(role=Role.INVITED), an_activity(noted(subject="New")), news(), True, id="invited-renamed"
        ),
        pytest.param(a_link(), Malformed(Side.ERP, "A1", "no start"), news(), False, id="malformed"),
    ],
)
def test_an_activitys_news_brings_its_event(
    link: Link, activity: ErpActivity | Malformed, calendar: GraphNews, is_asked: bool
) -> None:
    """With its HTML, where a text or a list has to be written into it or it cannot be taken as unchanged."""
    assert to_be_formatted(both(activity, calendar=calendar), frame(link)) == ({"E1"} if is_asked else set())


def test_new_pairs_whose_texts_differ_need_the_html() -> None:
    """Spaces and line ends are no difference."""
    apart = a_case(an_event(), an_activity(noted(notes="Other")))
    alike = a_case(an_event(), an_activity(noted(notes="Agenda\r\n")))

    assert pairs_apart([apart, alike, a_case(an_event()), a_case(None, an_activity())]) == ["E1"]


@pytest.mark.parametrize("rule", list(PrivateRule))
def test_private_activities_as_the_company_lets_them_be_known(rule: PrivateRule) -> None:
    """What is malformed or missing stays so."""
    private, odd = an_activity(noted(private=True)), Malformed(Side.ERP, "A2", "")
    known = permitted_activities({"A1": private, "A2": odd, "A3": None}, a_context(policy=Policy(private=rule)))

    assert (known["A1"] != private) is (rule is PrivateRule.BUSY)
    assert (known["A2"], known["A3"]) == (odd, None)


class TestCases:
    """One case for each link of which a side was read, and for what cannot be paired."""

    @pytest.mark.parametrize(
        ("is_filed", "sight"), [(True, Sight.GONE), (False, Sight.HIDDEN)], ids=["deleted objects", "no row"]
    )
    def test_a_missing_activity_is_deleted_only_where_erp_net_says_so(self, is_filed: bool, sight: Sight) -> None:
        """Else it may just be hidden from the service user."""
        inbox = (InboxRow("A1", NOW, deleted=is_filed),)

        [case] = linked_cases(both(missing=("A1",)), frame(a_link(), inbox=inbox))

        assert (case.activity, case.activity_sight, case.event_sight) == (None, sight, Sight.UNREAD)

    def test_a_person_who_approved_the_deletion_says_so_too(self) -> None:
        """Asked about is the pair, whatever the inbox tells."""
        asked = replace(frame(a_link()), ctx=a_context(approved=frozenset({"E1"})))

        assert linked_cases(both(missing=("A1",)), asked)[0].activity_sight is Sight.GONE

    def test_a_pair_of_which_nothing_was_read_is_no_case(self) -> None:
        """Silence on both sides is what most links have."""
        assert linked_cases(both(), frame(a_link())) == []

    def test_what_cannot_be_understood_says_why(self) -> None:
        """Of a pair on either side, and of items without a link."""
        odd = [Malformed(Side.GRAPH, "E1", "no start"), Malformed(Side.ERP, "A1", "no end")]
        read = Readings(news(odd[0]), Roles(), {"A1": odd[1]})

        [case] = linked_cases(read, frame(a_link()))

        assert (case.event_sight, case.activity_sight, case.explanation) == (
            Sight.MALFORMED,
            Sight.MALFORMED,
            "no start",
        )
        assert list(malformed_cases(read, frame(a_link()))) == []
        assert [(c.pending, c.explanation) for c in malformed_cases(read, frame())] == [
            (Pending(Side.GRAPH, "E1"), "no start"),
            (Pending(Side.ERP, "A1"), "no end"),
        ]

    def test_what_an_answer_says_nothing_of_waits(self) -> None:
        """A page of a proxy is no word about an item: a pair is undecided, what waited goes on waiting."""
        page = [Malformed(side, i, "a page", is_passing=True) for side, i in ((Side.GRAPH, "E1"), (Side.ERP, "A1"))]
        read = Readings(news(evidence={"E1": Evidence(page[0])}), Roles(), {"A1": page[1]})
        rows = (Pending(Side.GRAPH, "E1", tries=3), Pending(Side.ERP, "A1", tries=4))

        [case] = linked_cases(read, frame(a_link()))

        assert (case.event_sight, case.activity_sight) == (Sight.UNDECIDED, Sight.UNDECIDED)
        assert [(c.event_sight, c.activity_sight, c.pending) for c in malformed_cases(read, frame(pending=rows))] == [
            (Sight.UNDECIDED, Sight.UNREAD, rows[0]),
            (Sight.UNREAD, Sight.UNDECIDED, rows[1]),
        ]
        assert list(vanished_cases(read, frame(pending=rows))) == []

    def test_an_event_that_a_moved_calendar_may_bring_back_is_not_gone(self) -> None:
        """It is for a day no deletion."""
        read = both(calendar=news(evidence={"E1": GONE}, is_moving=True))

        [case] = linked_cases(read, frame(a_link()))
        [late] = linked_cases(read, frame(a_link(missed_at=NOW - timedelta(days=2))))

        assert (case.event_sight, case.explanation) == (Sight.UNDECIDED, STILL_COMING)
        assert late.event_sight is Sight.GONE

    def test_activities_of_followed_meetings_are_not_free(self) -> None:
        """They are another mailbox's to link."""
        roles = Roles({"uid-1": Claim(user_id="boris-id", activity_id="A2", etag="1")})
        read = replace(both(an_activity(), an_activity(id="A2"), an_activity(id="A3")), roles=roles)

        assert [a.id for a in free_activities(read, frame(a_link(ical_uid="uid-0"), a_follower()))] == ["A3"]

    def test_what_waited_and_is_gone(self) -> None:
        """An event that was asked about and is not there, an activity that ERP.net shows no more."""
        event, activity = Pending(Side.GRAPH, "E9"), Pending(Side.ERP, "A9")
        asked = frame(pending=(event, activity))
        read = both(missing=("A9",), calendar=news(evidence={"E9": GONE}))

        assert list(vanished_cases(read, asked)) == [
            Case(event_sight=Sight.GONE, pending=event),
            Case(activity_sight=Sight.GONE, pending=activity),
        ]
        assert list(vanished_cases(both(an_activity(id="A9")), asked)) == []
