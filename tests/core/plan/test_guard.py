"""The guard: how much may be deleted at once, what is held, and what goes on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.model import link as life
from sync_core.model.conflict import Conflict
from sync_core.model.decision import Decision, Intent, Verdict
from sync_core.model.hold import Approval, HeldItem, Hold
from sync_core.model.link import EndedBy, Held, LinkStatus
from sync_core.model.memory import Memory
from sync_core.model.series import Occurrence
from sync_core.model.writes import VoidActivity
from sync_core.plan.guard import guard, is_mass_deletion, more_units
from tests.support.samples import NOW, a_link, linked, utc

LIMIT = (5, 0.2)


def deletion(number: int, intent: Intent = Intent.VOID) -> Decision:
    """A pair that one side has lost."""
    link = a_link(event_id=f"E{number}", activity_id=f"A{number}")
    return Decision(linked(link=link), intent, Verdict.ACT, erp=VoidActivity(link.activity_id, "gone"), link=link)


def update() -> Decision:
    """A pair that lives on."""
    link = a_link(event_id="E-live", activity_id="A-live")
    return Decision(linked(link=link), Intent.UPDATE_ACTIVITY, Verdict.ACT, link=link)


@pytest.mark.parametrize(
    ("deletions", "recent", "live", "expected"),
    [
        pytest.param(5, 0, 10, False, id="five-is-not-more-than-five"),
        pytest.param(6, 0, 29, True, id="six-of-twenty-nine-is-more-than-a-fifth"),
        pytest.param(6, 0, 30, False, id="six-of-thirty-is-exactly-a-fifth"),
        pytest.param(6, 0, 100, False, id="many-but-a-small-share"),
        pytest.param(4, 0, 8, False, id="a-large-share-but-few"),
        pytest.param(2, 0, 2, False, id="all-of-two"),
        pytest.param(3, 0, 3, True, id="all-of-three"),
        pytest.param(3, 0, 4, False, id="three-of-four"),
        pytest.param(1, 5, 20, True, id="the-sixth-within-a-day"),
        pytest.param(1, 5, 25, False, id="the-sixth-of-thirty-within-a-day"),
        pytest.param(1, 4, 20, False, id="the-fifth-within-a-day"),
        pytest.param(1, 2, 1, True, id="the-last-of-three-within-a-day"),
        pytest.param(1, 1, 1, False, id="the-last-of-two-within-a-day"),
    ],
)
def test_too_much_is_more_than_the_count_and_the_share_or_everything(
    deletions: int, recent: int, live: int, expected: bool
) -> None:
    """Both limits must be exceeded, or all of at least three be gone; a day's deletions count together."""
    assert expected == is_mass_deletion(deletions, recent, live, LIMIT)


def test_another_limit_is_another_limit() -> None:
    """The company's own count and share apply."""
    assert is_mass_deletion(2, 0, 3, (1, 0.5))
    assert not is_mass_deletion(2, 0, 4, (1, 0.5))


def test_only_the_deletions_are_held_and_the_rest_goes_on() -> None:
    """A held deletion writes nothing, its link waits, and the update beside it is untouched."""
    decisions = [deletion(1), update(), deletion(2, Intent.REMOVE), deletion(3)]

    kept, hold = guard(decisions, live=3, recent=0, limit=LIMIT, approved=frozenset(), now=NOW)

    assert [d.verdict for d in kept] == [Verdict.HOLD, Verdict.ACT, Verdict.HOLD, Verdict.HOLD]
    assert [d.intent for d in kept] == [Intent.VOID, Intent.UPDATE_ACTIVITY, Intent.REMOVE, Intent.VOID]
    assert decisions[1] is kept[1]
    for held in (kept[0], kept[2], kept[3]):
        assert (None, None, frozenset()) == (held.graph, held.erp, held.in_step)
        assert held.link is not None
        assert LinkStatus.HELD is held.link.status
    assert hold is not None
    listed = [(item.event_id, item.activity_id, item.intent, item.subject, item.start) for item in hold.items]
    assert listed == [
        (f"E{n}", f"A{n}", d, "Budget", utc(2026, 2, 2, 8)) for n, d in ((1, "void"), (2, "remove"), (3, "void"))
    ]
    assert "3 of 3" in hold.why
    assert hold.since_at == NOW
    assert hold.approval is Approval.OPEN


def test_a_held_link_names_its_hold() -> None:
    """Whoever looks at the link finds the list it waits in, and what would be done to it."""
    kept, hold = guard([deletion(n) for n in range(3)], live=3, recent=0, limit=LIMIT, approved=frozenset(), now=NOW)

    assert hold is not None
    assert [d.link and d.link.held for d in kept] == [Held(hold.key, "void")] * 3


def test_few_deletions_pass_untouched() -> None:
    """Below the limits the plan comes back as it is and nothing waits."""
    decisions = [deletion(1), update()]

    assert (decisions, None) == guard(decisions, live=10, recent=0, limit=LIMIT, approved=frozenset(), now=NOW)


def test_what_was_approved_is_exempt() -> None:
    """An approved list is carried out, and does not count towards the next one."""
    decisions = [deletion(n) for n in range(8)]
    approved = frozenset(f"E{n}" for n in range(5))

    assert (decisions, None) == guard(decisions, live=20, recent=0, limit=LIMIT, approved=approved, now=NOW)


def test_a_yes_to_a_void_is_no_yes_to_a_removal() -> None:
    """Restored in Outlook and void in ERP.net since: what was approved for it was another deletion."""
    on = Held("h1", "void")
    voided, removed = (
        replace(d, case=replace(d.case, link=life.held(a_link(event_id="E1", activity_id="A1"), "why", on)))
        for d in (deletion(1), deletion(1, Intent.REMOVE))
    )
    more = [deletion(n) for n in range(2, 4)]
    _, hold = guard([removed, *more], live=3, recent=0, limit=LIMIT, approved=frozenset({"E1"}), now=NOW)
    assert hold is not None
    assert [item.intent for item in hold.items if item.event_id == "E1"] == ["remove"]
    kept, none = guard([voided, *more], live=3, recent=0, limit=LIMIT, approved=frozenset({"E1"}), now=NOW)
    assert (kept, none) == ([voided, *more], None)


def test_what_is_not_on_the_approved_list_is_held() -> None:
    """Approving a list approves exactly that list."""
    decisions = [deletion(n) for n in range(8)]

    kept, hold = guard(decisions, live=8, recent=0, limit=LIMIT, approved=frozenset({"E0"}), now=NOW)

    assert [d.verdict for d in kept] == [Verdict.ACT] + [Verdict.HOLD] * 7
    assert hold is not None
    assert len(hold.items) == 7


def test_a_deletion_that_does_not_act_is_no_suspect() -> None:
    """Skipped, held and conflicting deletions delete nothing and hold nobody up."""
    decisions = [Decision(linked(link=a_link()), Intent.VOID, Verdict.CONFLICT, link=a_link())] * 9

    assert (decisions, None) == guard(decisions, live=9, recent=0, limit=LIMIT, approved=frozenset(), now=NOW)


def hold_of(items: list[HeldItem]) -> Hold:
    """A list of these."""
    return Hold("key", "why", tuple(items), NOW)


@given(st.permutations([HeldItem(f"E{n}", f"A{n}", "void") for n in range(5)]))
def test_a_hold_id_is_the_same_for_the_same_list(items: list[HeldItem]) -> None:
    """The order of reading does not change what an administrator has to type; another list has another id."""
    assert hold_of([HeldItem(f"E{n}", f"A{n}", "void") for n in range(5)]).id == hold_of(items).id
    assert hold_of(items).id != hold_of(items[1:]).id
    assert len(hold_of(items).id) == 8


def begun(**told: Any) -> Hold:
    """A list of three that an earlier round made."""
    items = tuple(HeldItem(f"E1{n}", f"A1{n}", "void", f"Talk {n}", NOW) for n in range(3))
    return replace(Hold("first", "3 of 20 linked meetings would be deleted at once", items, NOW), **told)


def test_a_deletion_that_arrives_in_two_rounds_is_one_list() -> None:
    """What comes within a day of an open list joins it, however little it is; the list keeps its age, not its id."""
    first = begun()
    later = NOW + timedelta(hours=23)
    kept, hold = guard(
        [deletion(n) for n in range(3)],
        live=17,
        recent=0,
        limit=LIMIT,
        approved=frozenset(),
        now=later,
        holds=[first],
    )

    assert hold is not None
    assert (hold.key, hold.since_at, len(hold.items), hold.approval) == ("first", NOW, 6, Approval.OPEN)
    assert "6 of 20" in hold.why
    assert hold.id != first.id
    assert [d.link and d.link.held for d in kept] == [Held("first", "void")] * 3


@pytest.mark.parametrize(
    "hold",
    [
        pytest.param(begun(since_at=NOW - timedelta(days=1)), id="a-day-old"),
        pytest.param(begun(approval=Approval.APPROVED), id="approved"),
        pytest.param(begun(approval=Approval.DROPPED), id="dropped"),
    ],
)
def test_an_old_or_answered_list_gets_no_more_items(hold: Hold) -> None:
    """Few deletions pass beside it; many are a list of their own: an answer reaches what it was given for."""
    few = [deletion(n) for n in range(3)]
    assert guard(few, live=17, recent=0, limit=LIMIT, approved=frozenset(), now=NOW, holds=[hold]) == (few, None)
    many = [deletion(n) for n in range(9)]
    _, other = guard(many, live=17, recent=0, limit=LIMIT, approved=frozenset(), now=NOW, holds=[hold])

    assert other is not None
    assert (other.key != "first", len(other.items)) == (True, 9)


def of_series(number: int, uid: str, intent: Intent = Intent.VOID) -> Decision:
    """A date of a series that one side has lost."""
    one = deletion(number, intent)
    assert one.link is not None
    link = replace(one.link, occurrence=Occurrence(uid, date(2026, 2, 1 + number)))
    return replace(one, case=linked(link=link), link=link)


def test_a_deleted_series_counts_once() -> None:
    """It was one act of a person; of three series all are too many."""
    dates = [of_series(n, "U") for n in range(20)]
    links = [d.link for d in dates if d.link] + [a_link(event_id="E-live")]

    assert Memory(links=tuple(links)).units == 2
    assert guard(dates, live=2, recent=0, limit=LIMIT, approved=frozenset(), now=NOW) == (dates, None)
    three = [of_series(n, uid) for uid in "UVW" for n in range(3)]
    kept, hold = guard(three, live=3, recent=0, limit=LIMIT, approved=frozenset(), now=NOW)
    assert {d.verdict for d in kept} == {Verdict.HOLD}
    assert hold is not None
    assert (len(hold.items), hold.why) == (9, "3 of 3 linked meetings were deleted at once")


def test_what_a_void_in_erp_removes_counts_singly() -> None:
    """Each mails."""
    dates = [of_series(n, "U", Intent.REMOVE) for n in range(6)]
    links = [d.link for d in (of_series(n, "U") for n in range(20)) if d.link]
    _, hold = guard(dates, live=20, recent=0, limit=LIMIT, approved=frozenset(), now=NOW)

    assert hold is not None
    assert (more_units(links, dates), more_units(links, [of_series(1, "U")])) == (19, 0)


def test_what_could_not_be_deleted_before_counts_as_a_meeting_beside_those_that_go_on() -> None:
    """Its activity was locked when its event was deleted; unlocked, it is one of two, not the last of all."""
    known, conflict = a_link(event_id="E2", activity_id="A2"), Conflict((), NOW)
    late = life.ended(known, EndedBy.OUTLOOK, "locked", NOW, conflict=conflict)
    void = Decision(linked(link=late), Intent.VOID, Verdict.ACT, erp=VoidActivity("A2", "gone"), link=late)
    links = [a_link(), late]

    assert (more_units(links, [void]), more_units(links, [deletion(1)])) == (1, 0)
