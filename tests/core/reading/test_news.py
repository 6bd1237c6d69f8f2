"""What a calendar has shown, link by link: what is news, what must be read by id, and which pending items are due."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sync_core.model import link as life
from sync_core.model.conflict import CategoryState, Conflict
from sync_core.model.decision import Sight
from sync_core.model.event import Window
from sync_core.model.link import TRIES, EndedBy, Link, LinkStatus, Role
from sync_core.model.memory import InboxRow, Memory
from sync_core.model.pending import Pending, PendingState
from sync_core.model.policy import Policy, PrivateRule
from sync_core.model.sides import Evidence, GraphEvent, GraphReading, Malformed, Side, Whereabouts
from sync_core.plan.relocate import Move
from sync_core.reading.frame import Frame, Scale
from sync_core.reading.news import (
    OTHER_EVENT,
    GraphNews,
    doubtful,
    due_pending,
    is_stale,
    lost_links,
    permitted,
    sight_of,
    taken,
    with_evidence,
    with_formatted,
    without_moved,
)
from tests.support.samples import NOW, a_context, a_link, a_meeting, an_event, noted, shown, utc, wall_clock

CTX = a_context()
NEAR = Window(utc(2026, 1, 23), utc(2026, 4, 1))
"""A delta window in which the samples lie."""
BEYOND = Window(utc(2026, 1, 23), utc(2026, 1, 30))
"""One that ends before them."""
LATER = NOW + timedelta(hours=1)
ODD = Malformed(Side.GRAPH, "E1", "no start")
GONE = Evidence(None)
KNOWN = an_event(change_key="ck-1")
ENDED = life.ended(a_link(), EndedBy.ERP, "", NOW)
GIVEN_UP = replace(a_link(reread="retry"), status=LinkStatus.PARKED, tries=TRIES)
MOVED = Evidence(an_event(), in_view=False, where=Whereabouts.OTHER)

AS_USUAL = Scale()


def frame(*links: Link, pending: tuple[Pending, ...] = (), scale: Scale = AS_USUAL, **told: object) -> Frame:
    """What a round of these links goes by."""
    return Frame(Memory(links=links, pending=pending, **told), CTX, scale)  # type: ignore[arg-type]


def news(*events: GraphEvent | Malformed, **told: object) -> GraphNews:
    """A calendar that showed these."""
    known: dict[str, object] = {"delta_window": NEAR}
    return GraphNews({event.id: event for event in events}, **known | told)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("event", "is_old"),
    [
        pytest.param(an_event(change_key="ck-1"), True, id="the version that is known"),
        pytest.param(an_event(shown(subject="Other"), change_key="ck-1"), False, id="known, an edit left alone"),
        pytest.param(an_event(), False, id="another version"),
        pytest.param(an_event(modified_at=utc(2026, 1, 24, 6)), True, id="older than what is known"),
        pytest.param(an_event(modified_at=None), False, id="of no known age"),
    ],
)
def test_what_is_older_than_the_link_is_no_news(event: GraphEvent, is_old: bool) -> None:
    """A delta query may lag behind our own write; an edit that was left alone is found again."""
    link = a_link(modified_at=utc(2026, 1, 24, 7))

    assert is_stale(link, event, news(event)) is is_old
    assert is_stale(link, event, news(event, fresh=frozenset({"E1"}))) is False


@pytest.mark.parametrize(
    ("seen", "sight"),
    [
        pytest.param(news(), Sight.UNREAD, id="not shown"),
        pytest.param(news(an_event()), Sight.PRESENT, id="shown"),
        pytest.param(news(an_event(change_key="ck-1")), Sight.UNREAD, id="shown as known"),
        pytest.param(news(KNOWN, fresh=frozenset({"E1"})), Sight.PRESENT, id="known but fresh"),
        pytest.param(news(ODD), Sight.MALFORMED, id="malformed"),
        pytest.param(news(evidence={"E1": Evidence(ODD)}), Sight.MALFORMED, id="malformed by id"),
        pytest.param(news(evidence={"E1": GONE}), Sight.GONE, id="not there by id"),
        pytest.param(news(evidence={"E1": MOVED}), Sight.ELSEWHERE, id="in another calendar"),
        pytest.param(
            news(an_event(), evidence={"E1": Evidence(an_event(), in_view=True)}), Sight.PRESENT, id="there by id"
        ),
        pytest.param(news(evidence={"E1": Evidence(an_event())}), Sight.UNDECIDED, id="half the evidence"),
    ],
)
def test_the_sight_of_a_link(seen: GraphNews, sight: Sight) -> None:
    """Absence is no deletion; what was read by id outweighs what the delta query showed."""
    event, found, explanation = sight_of(a_link(), seen)

    assert found is sight
    assert (event is not None) is (sight is Sight.PRESENT)
    assert bool(explanation) is (sight is Sight.MALFORMED)


@pytest.mark.parametrize("what", [GONE, MOVED], ids=["gone", "elsewhere"])
def test_only_a_watched_link_is_lost(what: Evidence) -> None:
    """A pair that has ended expects nothing."""
    seen = news(evidence={"E1": what})
    over = life.archived(a_link(), NOW)

    assert lost_links(seen, frame(a_link())) == [a_link()]
    assert lost_links(seen, frame(over)) == []
    assert lost_links(news(), frame(a_link())) == []


IN_CONFLICT = Conflict((), NOW, category=CategoryState.SET)
OVER = a_link(
    base_event=shown(start=utc(2026, 1, 20, 8), end=utc(2026, 1, 20, 9)),
    base_activity=noted(start=wall_clock(2026, 1, 20, 10), end=wall_clock(2026, 1, 20, 11)),
    conflict=IN_CONFLICT,
)
EVER = Window(utc(2025, 12, 1), utc(2026, 4, 1))
SET_ASIDE = life.parked(replace(OVER, conflict=None), "hidden")
UNMARKED = replace(OVER, conflict=replace(IN_CONFLICT, category=CategoryState.TAKEN_OFF))


@pytest.mark.parametrize(
    ("link", "seen", "scale", "is_read"),
    [
        pytest.param(a_link(), news(), AS_USUAL, False, id="in-step"),
        pytest.param(a_link(), news(removed=frozenset({"E1"})), AS_USUAL, True, id="removed"),
        pytest.param(
            life.archived(a_link(), NOW), news(removed=frozenset({"E1"})), AS_USUAL, False, id="removed-archived"
        ),
        pytest.param(ENDED, news(), AS_USUAL, False, id="ended"),
        pytest.param(
            life.ended(a_link(), EndedBy.ERP, "", NOW), news(an_event()), AS_USUAL, True, id="ended-and-back"
        ),
        pytest.param(a_link(), news(is_whole=True), Scale(full=True), True, id="missing-from-a-whole-reading"),
        pytest.param(a_link(), news(an_event(), is_whole=True), Scale(full=True), False, id="in-a-whole-reading"),
        pytest.param(a_link(unseen=True), news(), AS_USUAL, True, id="made-by-us-and-not-yet-shown"),
        pytest.param(a_link(), news(delta_window=BEYOND), AS_USUAL, False, id="beyond-the-window"),
        pytest.param(a_link(), news(delta_window=BEYOND), Scale(roll=True), True, id="beyond-it-at-the-daily-look"),
        pytest.param(a_link(), news(delta_window=BEYOND, looked=NEAR), Scale(roll=True), False, id="looked-instead"),
        pytest.param(a_link(reread="failed"), news(), AS_USUAL, True, id="to-be-read-again"),
        pytest.param(a_link(reread="failed", retry_at=LATER), news(), AS_USUAL, False, id="in-its-back-off"),
        pytest.param(
            a_link(reread="failed", retry_at=LATER), news(), Scale(after_backoff=False), True, id="asked-for-at-once"
        ),
        pytest.param(
            replace(a_link(reread="retry"), status=LinkStatus.PARKED, tries=TRIES),
            news(),
            Scale(),
            False,
            id="given-up",
        ),
        pytest.param(life.held(a_link(), "many", None), news(), AS_USUAL, False, id="held"),
        pytest.param(
            life.held(a_link(), "many", None), news(is_whole=True), Scale(full=True), True, id="held-in-a-full-round"
        ),
        pytest.param(
            life.held(a_link(), "many", None),
            news(an_event(), is_whole=True),
            Scale(full=True),
            False,
            id="held-and-back",
        ),
        pytest.param(a_link(), news(an_event(id="E2")), AS_USUAL, True, id="its-meeting-under-another-id"),
        pytest.param(life.reread_for(ENDED, "the event may be gone"), news(), AS_USUAL, True, id="ended-not-known"),
        pytest.param(OVER, news(), AS_USUAL, False, id="category-set-and-over"),
        pytest.param(OVER, news(), Scale(roll=True), True, id="category-set-and-over-at-the-daily-look"),
        pytest.param(UNMARKED, news(delta_window=EVER), Scale(roll=True), True, id="in-conflict-and-over"),
        pytest.param(
            life.parked(UNMARKED, "hidden"),
            news(delta_window=EVER),
            Scale(roll=True),
            True,
            id="in-conflict-and-parked",
        ),
        pytest.param(life.parked(a_link(), "hidden"), news(), AS_USUAL, False, id="set-aside"),
        pytest.param(life.parked(a_link(), "hidden"), news(), Scale(roll=True), True, id="set-aside-daily"),
        pytest.param(
            replace(life.parked(a_link(), "no"), tries=TRIES), news(), Scale(roll=True), False, id="given-up-daily"
        ),
        pytest.param(SET_ASIDE, news(delta_window=EVER), AS_USUAL, False, id="set-aside-and-over"),
        pytest.param(SET_ASIDE, news(delta_window=EVER), Scale(roll=True), True, id="set-aside-and-over-daily"),
        pytest.param(
            replace(SET_ASIDE, tries=TRIES), news(delta_window=EVER), Scale(roll=True), True, id="given-up-and-over"
        ),
        pytest.param(
            replace(SET_ASIDE, role=Role.FOLLOWER), news(delta_window=EVER), Scale(roll=True), False, id="follower"
        ),
        pytest.param(
            life.held(replace(OVER, conflict=None), "many", None),
            news(delta_window=EVER),
            Scale(roll=True),
            True,
            id="held-and-over",
        ),
    ],
)
def test_what_is_read_by_id(link: Link, seen: GraphNews, scale: Scale, is_read: bool) -> None:
    """Whatever the delta query leaves in doubt, and nothing else."""
    assert doubtful(seen, frame(link, scale=scale)) == ({"E1"} if is_read else set())


def test_a_yes_to_a_deletion_reads_its_event() -> None:
    """What a person approved is carried out on what is there now."""
    held = life.held(a_link(), "many", None)
    approved = replace(CTX, approved=frozenset({"E1"}))

    assert doubtful(news(), Frame(Memory(links=(held,)), approved)) == {"E1"}
    assert doubtful(news(), Frame(Memory(links=(replace(held, retry_at=LATER),)), approved)) == set()


def waiting(state: PendingState = PendingState.WAITING, side: Side = Side.GRAPH, **told: object) -> Pending:
    """An item of the meeting that waits."""
    return replace(Pending(side, "E9" if side is Side.GRAPH else "A9", "uid-1"), state=state, **told)  # type: ignore[arg-type]


def parked(state: PendingState = PendingState.WAITING, side: Side = Side.GRAPH) -> Pending:
    """One that waits for a person, or for what stands in its way to end."""
    return waiting(state, side, parked=True)


FILED = InboxRow("A9", NOW, deleted=True)


@pytest.mark.parametrize(
    ("row", "round_of", "seen", "is_due"),
    [
        pytest.param(waiting(), frame(), news(), True, id="on-its-way"),
        pytest.param(waiting(retry_at=LATER), frame(), news(), False, id="in-its-back-off"),
        pytest.param(waiting(retry_at=LATER), frame(scale=Scale(after_backoff=False)), news(), True, id="asked-for"),
        pytest.param(parked(), frame(), news(), False, id="parked"),
        pytest.param(parked(), frame(scale=Scale(roll=True)), news(), True, id="parked-daily-look"),
        pytest.param(parked(), frame(scale=Scale(full=True)), news(), True, id="parked-full-round"),
        pytest.param(parked(), frame(), news(removed=frozenset({"E9"})), True, id="parked-removed"),
        pytest.param(parked(side=Side.ERP), frame(inbox=(FILED,)), news(), True, id="parked-deleted-in-erp"),
        pytest.param(parked(side=Side.ERP), frame(), news(), False, id="parked-in-erp"),
        pytest.param(parked(PendingState.TWIN), frame(), news(), True, id="twin-alone"),
        pytest.param(parked(PendingState.TWIN), frame(a_link()), news(), False, id="twin-of-a-link"),
        pytest.param(
            parked(PendingState.TWIN), frame(life.archived(a_link(), NOW)), news(), True, id="twin-of-what-has-ended"
        ),
        pytest.param(parked(PendingState.CLASH), frame(), news(), False, id="clash"),
        pytest.param(
            parked(PendingState.CLASH), frame(inbox=(InboxRow("A1", NOW),)), news(), True, id="clash-something-filed"
        ),
        pytest.param(
            parked(PendingState.NAMED_TWICE), frame(), news(an_event(id="E2")), True, id="shown-under-another-id"
        ),
        pytest.param(
            parked(PendingState.DECLINED), frame(), news(an_event(id="E2")), False, id="declined-and-another-one"
        ),
    ],
)
def test_what_waiting_item_is_looked_at(row: Pending, round_of: Frame, seen: GraphNews, is_due: bool) -> None:
    """One on its way after its back-off; a parked one daily, and at the signs that nothing is in its way any more."""
    asked = replace(round_of, memory=replace(round_of.memory, pending=(row,)))

    assert due_pending(seen, asked) == ([row] if is_due else [])


class TestTakingIn:
    """Each reading makes a new value of the news."""

    def test_the_later_delivery_wins_and_a_removal_removes(self) -> None:
        """The delta link and its window are those of the last reading."""
        first = GraphReading(events=(an_event(), an_event(id="E2")), delta_link="one")
        then = GraphReading(events=(an_event(shown(subject="B")),), removed=frozenset({"E2"}), delta_link="two")

        found = taken(taken(GraphNews(), first, BEYOND, CTX), then, NEAR, CTX)

        assert set(found.events) == {"E1"}
        assert found.removed == {"E2"}
        assert found.delta_link == "two"
        assert found.delta_window == NEAR
        assert [event.content.subject for event in found.free(())] == ["B"]

    @pytest.mark.parametrize("rule", list(PrivateRule))
    def test_private_people_are_left_out_where_the_company_hides_them(self, rule: PrivateRule) -> None:
        """How many there are is known all the same."""
        event = a_meeting("guest@out.example", content=shown(sensitivity="private"))

        seen = permitted(event, a_context(policy=Policy(private=rule)))

        is_hidden = rule is PrivateRule.BUSY
        assert (seen.attendees == (), seen.hidden_attendees) == ((True, 1) if is_hidden else (False, 0))

    def test_an_event_without_a_link_counts_only_where_it_is_certainly_there(self) -> None:
        """A linked one is kept as evidence of what was done to it."""
        found = with_evidence(news(), {"E1": MOVED, "E2": replace(MOVED, event=an_event(id="E2"))}, frame(a_link()))

        assert set(found.events) == {"E1"}
        assert set(found.evidence) == {"E1", "E2"}

    def test_an_answer_about_another_event_says_nothing_of_this_one(self) -> None:
        """The one that was asked for is read again."""
        found = with_evidence(news(), {"E1": Evidence(an_event(id="E2"))}, frame(a_link()))

        assert sight_of(a_link(), found) == (None, Sight.UNDECIDED, OTHER_EVENT)

    def test_what_is_read_with_its_html_is_fresh(self) -> None:
        """One that is not there now has to be judged; what is known of it already stays."""
        known = news(an_event(change_key="ck-1"), evidence={"E3": GONE})

        found = with_formatted(known, {"E1": an_event(change_key="ck-1"), "E2": None, "E3": None}, CTX)

        assert found.fresh == {"E1"}
        assert found.evidence == {"E2": Evidence(None), "E3": GONE}
        assert known.fresh == frozenset()

    @pytest.mark.parametrize("is_expired", [True, False])
    def test_a_calendar_is_moving_where_links_took_new_ids_after_the_cursor_expired(self, is_expired: bool) -> None:
        """What was read under the old id is of no link any more."""
        move = Move(a_link(), a_link(event_id="E2"))

        found = without_moved(news(an_event(), an_event(id="E2"), is_expired=is_expired), [move])

        assert set(found.events) == {"E2"}
        assert found.is_moving is is_expired
        assert without_moved(found, []).is_moving is False
