"""A meeting changes hands between copies that differ: a hand-over writes nothing, a later change is an edit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_core.content.base import base_after_handover
from sync_core.content.changes import changed_in_graph
from sync_core.model.claim import Claim
from sync_core.model.conflict import Clash, Conflict
from sync_core.model.decision import Case, Sight, Verdict
from sync_core.model.link import Link, LinkStatus, Role, left_to_next
from sync_core.model.policy import Policy, SeriesRule
from sync_core.model.series import Occurrence
from sync_core.model.sides import EVERYTHING, EventKind, Field, GraphContent, GraphEvent
from sync_core.model.writes import PatchActivity, PatchEvent
from sync_core.plan.decide import decide
from sync_core.plan.identity import link_after
from sync_core.plan.relocate import relocated
from sync_core.plan.shared import FOLLOWED, OTHERS_UNREAD, fed_until
from tests.support.samples import (
    BORIS,
    GUEST,
    ME,
    NOW,
    UID,
    ZOE,
    a_follower,
    a_link,
    a_staff,
    an_activity,
    an_office,
    attended,
    noted,
    shown,
    utc,
    wall_clock,
)

LOOKED = NOW - timedelta(hours=1)
"""When the former feeder last looked."""

BEFORE, SINCE = LOOKED - timedelta(minutes=1), LOOKED + timedelta(minutes=1)

starts = st.sampled_from([utc(2026, 2, 2, 8), utc(2026, 2, 2, 9), utc(2026, 2, 3, 22), utc(2026, 3, 29, 1)])
contents = st.builds(
    lambda start, minutes, **told: shown(start=start, end=start + timedelta(minutes=minutes), **told),
    starts,
    st.sampled_from([0, 30, 60, 1440]),
    subject=st.sampled_from(["Budget", "Plan", "", "x" * 400]),
    body=st.sampled_from(["Agenda", "", "other words\n\nin lines"]),
    reminder=st.sampled_from([None, 0, 15, 60]),
    sensitivity=st.sampled_from(["normal", "private"]),
    importance=st.sampled_from(["low", "normal", "high"]),
    people=st.sampled_from([(), (ME,), (ME, GUEST), (GUEST, ME, ZOE)]),
)
LOCKED = Conflict((Clash("subject", "as renamed", "Budget", "the activity is read-only"),), NOW)
CLAIMS = {
    "feeder off": Claim(UID, "carl-id", "A1", at=NOW, etag="e"),
    "handed to me": Claim(UID, "anna-id", "A1", at=NOW, etag="e", before="carl-id"),
    "organizer comes on": Claim(UID, "boris-id", "A1", at=NOW, etag="e"),
}


def a_copy(content: GraphContent, *, own: bool, **told: Any) -> GraphEvent:
    """Anna's copy, or her own event."""
    organizer = ME if own else "kim@partner.example"
    return GraphEvent(
        id="E1",
        change_key="ck-9",
        ical_uid="uid-1",
        content=content,
        is_organizer=own,
        organizer=organizer,
        **{"modified_at": BEFORE} | told,
    )


def an_inheritance(content: GraphContent, activity: Any) -> Link:
    """The link of whoever fed the activity before, in step with it."""
    return a_link(event_id="E9", role=Role.INVITED, base_event=content, base_activity=activity.content)


@given(
    former=contents,
    mine=contents,
    claim=st.sampled_from(sorted(CLAIMS)),
    has_followed=st.booleans(),
    is_left=st.booleans(),
    subject=st.sampled_from(["Budget", "as ERP.net has it"]),
)
def test_a_hand_over_writes_nothing(
    former: GraphContent, mine: GraphContent, claim: str, *, has_followed: bool, is_left: bool, subject: str
) -> None:
    """Whatever the copies show, in every field; nor does the round after it, and nobody is told."""
    own = claim == "organizer comes on"
    event = a_copy(mine, own=own)
    activity = attended(ME, GUEST, BORIS, content=noted(subject=subject))
    ctx = an_office(colleagues=a_staff(boris={"looked_at": LOOKED}, carl={"looked_at": LOOKED, "is_well": False}))
    former_feeder = "boris-id" if own else "carl-id"
    link = a_follower(base_event=former) if has_followed and not own else None
    case = Case(
        link=link,
        event=event,
        activity=activity,
        event_sight=Sight.PRESENT,
        activity_sight=Sight.PRESENT,
        claim=CLAIMS[claim],
        former_link=an_inheritance(former, activity) if is_left else None,
        former_feeder=former_feeder if is_left else "",
    )
    first = decide(case, ctx)
    after = link_after(first, event, activity, ctx)

    assert (first.erp, first.graph, first.mails) == (None, None, 0)
    assert after is not None
    assert after.role is (Role.OWN if own else Role.INVITED)
    mine_now = replace(CLAIMS[claim], user_id="anna-id", is_own=own)
    again = decide(replace(case, link=after, claim=mine_now, former_link=None, former_feeder=""), ctx)
    assert (again.erp, again.graph) == (None, None)


@given(former=contents, mine=contents, start=starts, field=st.sampled_from([Field.SUBJECT, Field.TIME, Field.BODY]))
def test_what_changes_after_a_hand_over_is_an_edit(
    former: GraphContent, mine: GraphContent, start: Any, field: Field
) -> None:
    """Of that field alone, whatever else the copies show differently."""
    activity = attended(ME, GUEST, content=noted())
    event = a_copy(mine, own=False)
    base = base_after_handover(event, an_inheritance(former, activity), None, LOOKED)
    edits = {
        Field.SUBJECT: {"subject": "edited"},
        Field.BODY: {"body": "edited"},
        Field.TIME: {"start": start + timedelta(hours=5), "end": start + timedelta(hours=6)},
    }

    assert changed_in_graph(base, replace(mine, **edits[field])) == {field}


OLD, FED, NEW = shown(subject="old"), shown(subject="fed"), shown(subject="new")


@pytest.mark.parametrize(
    ("seen", "at", "own", "expected"),
    [
        pytest.param(None, BEFORE, False, set(), id="never-seen"),
        pytest.param(None, SINCE, False, {Field.SUBJECT}, id="never-seen-and-since"),
        pytest.param(None, BEFORE, True, set(), id="organizer"),
        pytest.param(None, SINCE, True, {Field.SUBJECT}, id="organizer-since"),
        pytest.param(NEW, BEFORE, False, set(), id="unchanged"),
        pytest.param(NEW, SINCE, False, set(), id="unchanged-and-touched-since"),
        pytest.param(OLD, BEFORE, False, set(), id="changed-before-the-feeder-looked"),
        pytest.param(OLD, SINCE, False, {Field.SUBJECT}, id="changed-since"),
        pytest.param(OLD, LOOKED, False, {Field.SUBJECT}, id="changed-at-that-moment"),
        pytest.param(OLD, None, False, {Field.SUBJECT}, id="changed-nobody-knows-when"),
    ],
)
def test_what_counts_as_an_edit(seen: GraphContent | None, at: Any, own: bool, expected: set[Field]) -> None:
    """What the copy shows since the former feeder last looked, and the former feeder never showed."""
    event = a_copy(NEW, own=own, modified_at=at)
    base = base_after_handover(event, a_link(base_event=FED), seen, LOOKED)

    assert changed_in_graph(base, NEW) == expected


@pytest.mark.parametrize(
    ("followed_at", "looked_at", "is_edit"),
    [
        pytest.param(BEFORE, LOOKED, False, id="before-the-feeder-looked"),
        pytest.param(LOOKED, LOOKED, False, id="at-that-moment"),
        pytest.param(SINCE, LOOKED, True, id="since-the-feeder-looked"),
        pytest.param(BEFORE, None, True, id="the-feeders-first-round-never-ended"),
    ],
)
def test_what_a_copy_showed_when_it_was_first_seen(followed_at: Any, looked_at: Any, *, is_edit: bool) -> None:
    """What stood there while the former feeder still looked is a difference between copies, else an edit."""
    event = a_copy(NEW, own=False, modified_at=SINCE)
    case = Case(
        a_follower(base_event=NEW, modified_at=followed_at),
        event,
        an_activity(noted(subject="fed")),
        Sight.PRESENT,
        Sight.PRESENT,
        claim=CLAIMS["feeder off"],
        former_link=an_inheritance(FED, an_activity(noted(subject="fed"))),
        former_feeder="carl-id",
    )
    ctx = an_office(colleagues=a_staff(carl={"looked_at": looked_at, "is_well": False}))
    decision = decide(case, ctx)

    assert decision.erp is None or isinstance(decision.erp, PatchActivity)
    assert (decision.erp.fields if decision.erp else set()) == ({Field.SUBJECT} if is_edit else set())


DATE = Occurrence("U", date(2026, 2, 2), "M")
LONG_AGO = LOOKED - timedelta(days=1)
CTX = an_office(
    policy=Policy(series=SeriesRule.WINDOW),
    colleagues=a_staff(boris={"looked_at": LOOKED}, carl={"looked_at": LOOKED, "is_well": False}),
)


def a_changed_date(content: GraphContent, series_at: datetime | None) -> GraphEvent:
    """A date that was changed by itself long ago, of a series that was changed at another time."""
    told = {"kind": EventKind.EXCEPTION, "occurrence": DATE, "modified_at": LONG_AGO, "series_at": series_at}
    return a_copy(content, own=False, **told)


@pytest.mark.parametrize(
    ("seen", "series_at", "is_edit"),
    [
        pytest.param(NEW, BEFORE, False, id="its-series-changed-before-the-look"),
        pytest.param(OLD, BEFORE, False, id="both-changed-before-the-look"),
        pytest.param(OLD, SINCE, True, id="its-series-changed-since"),
        pytest.param(NEW, SINCE, False, id="its-series-was-touched-since"),
        pytest.param(None, SINCE, True, id="its-series-changed-since-and-nobody-saw-it-before"),
        pytest.param(OLD, None, True, id="nobody-knows-when-its-series-changed"),
        pytest.param(None, None, True, id="nobody-knows-anything"),
    ],
)
@pytest.mark.parametrize("is_left", [True, False], ids=["left", "nothing-left"])
def test_a_date_with_a_change_of_its_own_may_show_what_its_series_got_since(
    seen: GraphContent | None, series_at: datetime | None, is_edit: bool, is_left: bool
) -> None:
    """Its own time never proves that the former feeder saw it, whether that one left a link or none."""
    told = {"occurrence": DATE, "modified_at": LONG_AGO, "series_at": LONG_AGO}
    activity = an_activity(noted(subject="fed"))
    case = Case(
        a_follower(base_event=seen, **told) if seen else None,
        a_changed_date(NEW, series_at),
        activity,
        Sight.PRESENT,
        Sight.PRESENT,
        claim=CLAIMS["feeder off"],
        former_link=an_inheritance(FED, activity) if is_left else None,
        former_feeder="carl-id" if is_left else "",
    )
    decision = decide(case, CTX)

    assert decision.erp is None or isinstance(decision.erp, PatchActivity)
    assert (decision.erp.fields if decision.erp else set()) == ({Field.SUBJECT} if is_edit else set())


@pytest.mark.parametrize(("age", "is_edit"), [(LONG_AGO, False), (SINCE, True), (None, True)], ids=str)
def test_what_a_changed_date_showed_when_it_was_first_seen(age: datetime | None, is_edit: bool) -> None:
    """A link that does not know how old that is, as one of an earlier build, proves nothing."""
    told = {"occurrence": DATE, "modified_at": LONG_AGO, "series_at": age}
    activity = an_activity(noted(subject="fed"))
    case = Case(
        a_follower(base_event=NEW, **told),
        a_changed_date(NEW, SINCE),
        activity,
        Sight.PRESENT,
        Sight.PRESENT,
        claim=CLAIMS["feeder off"],
        former_link=an_inheritance(FED, activity),
        former_feeder="carl-id",
    )
    decision = decide(case, CTX)

    assert isinstance(decision.erp, PatchActivity)  # which names the date, if nothing else
    assert decision.erp.fields == ({Field.SUBJECT} if is_edit else set())


@pytest.mark.parametrize(
    ("series_at", "is_taken_in"), [(BEFORE, True), (SINCE, False), (None, False)], ids=["before", "since", "unknown"]
)
def test_a_changed_date_is_taken_in_once_the_feeder_has_looked_after_its_series_changed(
    series_at: datetime | None, is_taken_in: bool
) -> None:
    """The follower's link then knows how old its base is."""
    event = a_changed_date(NEW, series_at)
    claim = Claim(UID, "boris-id", "A1", at=NOW, etag="e", is_own=True)
    link = a_follower(base_event=OLD, occurrence=DATE, modified_at=LONG_AGO, series_at=LONG_AGO)
    case = Case(link=link, event=event, event_sight=Sight.PRESENT, claim=claim)
    after = link_after(decide(case, CTX), event, None, CTX)

    assert after is not None
    assert (after.base_event, after.newest_at) == ((NEW, BEFORE) if is_taken_in else (OLD, LONG_AGO))


@pytest.mark.parametrize("is_new", [True, False], ids=["a-new-copy", "a-promoted-one"])
def test_the_link_of_a_changed_date_knows_how_old_its_base_is(is_new: bool) -> None:
    """Whoever follows a meeting that it has not seen before, and whoever feeds one from now on."""
    event, activity = a_changed_date(NEW, SINCE), an_activity(noted(subject="fed"))
    held_by = replace(CLAIMS["organizer comes on"] if is_new else CLAIMS["feeder off"], is_own=is_new)
    former = None if is_new else an_inheritance(FED, activity)
    case = Case(None, event, activity, Sight.PRESENT, Sight.PRESENT, claim=held_by, former_link=former)
    link = decide(case, CTX).link

    assert link is not None
    assert (link.role, link.newest_at) == (Role.FOLLOWER if is_new else Role.INVITED, SINCE)


def test_a_date_that_has_another_id_knows_how_old_its_base_is() -> None:
    """Its base stays, while a state of any age is news under the new id."""
    link = a_follower(occurrence=DATE, modified_at=LONG_AGO, series_at=BEFORE)
    moved = relocated(link, replace(a_changed_date(NEW, SINCE), id="E2"))

    assert (moved.modified_at, moved.newest_at) == (None, BEFORE)


@pytest.mark.parametrize(
    ("told", "is_edit"),
    [
        pytest.param({}, False, id="it-was-decided"),
        pytest.param({"reread": "its series did not answer"}, True, id="it-had-to-be-read-again"),
        pytest.param({"ical_uid": "uid-2"}, True, id="it-was-another-date"),
    ],
)
@pytest.mark.parametrize("keep", [lambda link: link, left_to_next], ids=["remembered", "left-with-the-claim"])
def test_a_look_of_the_former_feeder_that_did_not_reach_the_meeting(
    told: dict[str, Any], is_edit: bool, keep: Callable[[Link], Link]
) -> None:
    """Its round came after the change, and the link that it left says that it cannot have seen this copy's state."""
    activity = an_activity(noted(subject="fed"))
    former = keep(replace(an_inheritance(FED, activity), **told))
    event, link = a_copy(NEW, own=False), a_follower(base_event=NEW, modified_at=BEFORE)
    claim, sights = CLAIMS["feeder off"], (Sight.PRESENT, Sight.PRESENT)
    case = Case(link, event, activity, *sights, claim=claim, former_link=former, former_feeder="carl-id")
    decision = decide(case, CTX)

    assert decision.erp is None or isinstance(decision.erp, PatchActivity)
    assert (decision.erp.fields if decision.erp else set()) == ({Field.SUBJECT} if is_edit else set())


def test_what_the_former_feeder_showed_already_is_no_edit() -> None:
    """This copy got it later than the feeder did, and ERP.net may have changed it since."""
    event = a_copy(FED, own=False, modified_at=SINCE)

    assert base_after_handover(event, a_link(base_event=FED), OLD, LOOKED) == FED


def test_what_the_former_feeder_could_not_carry_is_carried_on() -> None:
    """Its writes failed until it was switched off; who takes part is the copies' own all the same."""
    event = a_copy(replace(NEW, people=(ME,)), own=False)
    base = base_after_handover(event, a_link(base_event=replace(FED, people=(ME, GUEST)), tries=3), NEW, LOOKED)

    assert changed_in_graph(base, event.content) == {Field.SUBJECT}


@pytest.mark.parametrize("at", [BEFORE, SINCE], ids=["before-the-feeder-looked", "since"])
@pytest.mark.parametrize(
    "waits",
    [
        pytest.param({"conflict": Conflict((Clash("people", "b, c", "b", "locked"),), NOW)}, id="locked"),
        pytest.param({"tries": 3}, id="failed"),
        pytest.param({"status": LinkStatus.PARKED}, id="parked"),
    ],
)
@pytest.mark.parametrize("keep", [lambda link: link, left_to_next], ids=["remembered", "left-with-the-claim"])
def test_whom_the_former_feeder_could_not_add_joins(
    at: datetime, waits: dict[str, Any], keep: Callable[[Link], Link]
) -> None:
    """Of the three who may take part, "a" is on the former copy's list alone and is not taken off by that."""
    event = a_copy(shown(people=("b", "c")), own=False, modified_at=at)
    before = keep(a_link(base_event=shown(people=("a", "b")), **waits))
    base = base_after_handover(event, before, event.content, LOOKED)

    assert set(base.people) == {"b"}


@pytest.mark.parametrize(
    ("now", "fed", "seen", "joined", "left"),
    [
        pytest.param({"b"}, {"b", "c"}, {"b"}, set(), set(), id="known-to-the-feeder-only"),
        pytest.param({"b", "c"}, {"b"}, {"b", "c"}, set(), set(), id="known-to-this-copy-only"),
        pytest.param({"b", "c"}, {"b"}, {"b"}, {"c"}, set(), id="joined-since"),
        pytest.param({"b"}, {"b", "c"}, {"b", "c"}, set(), {"c"}, id="left-since"),
        pytest.param({"b", "c"}, {"b", "c"}, {"b"}, set(), set(), id="the-feeder-had-them-already"),
        pytest.param({"b"}, {"b"}, {"b", "c"}, set(), set(), id="the-feeder-took-them-off-already"),
    ],
)
def test_people_are_known_one_by_one(
    now: set[str], fed: set[str], seen: set[str], joined: set[str], left: set[str]
) -> None:
    """Whoever is on one copy's list and not on the other's has not moved by that."""
    event = a_copy(shown(people=tuple(sorted(now))), own=False, modified_at=SINCE)
    before = a_link(base_event=shown(people=tuple(sorted(fed))))
    base = set(base_after_handover(event, before, shown(people=tuple(sorted(seen))), LOOKED).people)

    assert (now - base, base - now) == (joined, left)


@pytest.mark.parametrize(
    ("looked_at", "taken_in"),
    [(SINCE, EVERYTHING), (LOOKED, EVERYTHING), (BEFORE, frozenset()), (None, frozenset())],
    ids=["after", "at-that-moment", "before", "never"],
)
def test_a_follower_takes_a_change_in_once_the_feeder_has_looked(looked_at: Any, taken_in: frozenset[Field]) -> None:
    """Until then it may be an edit that this copy has to carry on."""
    event = a_copy(NEW, own=False, modified_at=LOOKED)
    claim = Claim(UID, "boris-id", "A1", at=NOW, etag="e", is_own=True)
    case = Case(link=a_follower(base_event=OLD), event=event, event_sight=Sight.PRESENT, claim=claim)
    ctx = an_office(colleagues=a_staff(boris={"looked_at": looked_at}))
    after = link_after(decide(case, ctx), event, None, ctx)

    assert after is not None
    assert changed_in_graph(after.base_event, NEW) == ({Field.SUBJECT} if not taken_in else set())


WAITING = Claim(UID, "boris-id", "A1", at=NOW - timedelta(hours=1), etag="e", before="anna-id", left=a_link())
"""Boris was given the meeting an hour ago, and his own link does not have its bases yet."""


@pytest.mark.parametrize(
    ("claim", "looked_at", "is_taken_in"),
    [
        pytest.param(WAITING, LOOKED - timedelta(minutes=1), False, id="looked-as-a-follower-only"),
        pytest.param(WAITING, LOOKED + timedelta(minutes=1), False, id="looked-since-and-may-have-lost-its-copy"),
        pytest.param(replace(WAITING, left=None), LOOKED - timedelta(minutes=1), True, id="has-the-bases"),
    ],
)
@pytest.mark.parametrize("role", [Role.INVITED, Role.FOLLOWER])
def test_whoever_fed_a_meeting_keeps_what_the_next_one_has_not_seen(
    claim: Claim, looked_at: Any, is_taken_in: bool, role: Role
) -> None:
    """On again before the successor's first round, Anna's copy follows; if it feeds once more, its edit is still
    one."""
    link = a_link(role=role, base_event=OLD)
    event = a_copy(NEW, own=False, modified_at=LOOKED - timedelta(minutes=2))
    case = Case(link, event, an_activity(), Sight.PRESENT, Sight.PRESENT, claim=claim)
    ctx = an_office(colleagues=a_staff(boris={"looked_at": looked_at}))
    after = link_after(decide(case, ctx), event, case.activity, ctx)

    assert after is not None
    assert (after.role, bool(changed_in_graph(after.base_event, NEW))) == (Role.FOLLOWER, not is_taken_in)


MINE_NOW = replace(WAITING, user_id="anna-id", before="boris-id")


@pytest.mark.parametrize("former", [a_link(role=Role.INVITED), None], ids=["left", "nothing-left"])
@pytest.mark.parametrize("others", [("carl-id",), ()], ids=["handed-on", "the-last"])
def test_an_edit_is_not_lost_with_a_copy_that_never_got_to_feed(former: Link | None, others: tuple[str, ...]) -> None:
    """The claim came to Anna, her copy is gone before her first round as feeder: the edit in ERP.net since the former
    feeder's last round goes on to the next one, or to the journal with the void."""
    edited = an_activity(noted(subject="as ERP.net has it"))
    known = a_follower(base_activity=edited.content)
    case = Case(known, None, edited, Sight.GONE, Sight.PRESENT, claim=MINE_NOW, former_link=former, others=others)
    decision = decide(case, an_office())

    assert decision.link is not None
    assert decision.link.base_activity == (former or known).base_activity
    assert decision.case.followed
    lost = [clash.activity_value for _, clash in decision.lost]
    assert lost == (["as ERP.net has it"] if former and not others else [])


@pytest.mark.parametrize(
    ("claim", "followed", "expected"),
    [
        pytest.param(MINE_NOW, False, True, id="its-own-link-has-the-bases"),
        pytest.param(MINE_NOW, True, False, id="promoted-in-this-very-round"),
        pytest.param(replace(MINE_NOW, left=None), False, False, id="nothing-was-left"),
    ],
)
def test_what_was_left_goes_from_the_claim_once_the_feeders_own_link_has_it(
    claim: Claim, followed: bool, expected: bool
) -> None:
    """A round that is cut off between the claim and the link finds the bases again."""
    link = a_link(role=Role.INVITED)
    case = Case(link, a_copy(shown(), own=False), None, Sight.PRESENT, claim=claim, followed=followed)

    assert decide(case, an_office()).take is expected


def test_a_feeder_leaves_both_bases_and_nothing_of_its_own_event() -> None:
    """What the next one needs to know what was edited since, and that the last edit was never written."""
    parked = a_link(
        tries=10,
        status=LinkStatus.PARKED,
        answers=((ME, "Outlook: accepted"),),
        role=Role.FOLLOWER,
        conflict=LOCKED,
    )
    left = left_to_next(parked)

    assert (left.base_event, left.base_activity, left.version, left.tries) == (
        parked.base_event,
        parked.base_activity,
        parked.version,
        10,
    )
    assert (left.event_id, left.change_key, left.answers, left.role) == ("", "", (), Role.INVITED)
    assert (left.status, left.conflict) == (LinkStatus.PARKED, LOCKED)


@pytest.mark.parametrize(
    ("told", "fields"),
    [
        pytest.param({}, set(), id="nothing-in-the-way"),
        pytest.param({"conflict": LOCKED}, {Field.SUBJECT}, id="in-conflict"),
        pytest.param({"status": LinkStatus.PARKED}, {Field.SUBJECT, Field.PRIORITY}, id="parked"),
        pytest.param({"tries": 3}, {Field.SUBJECT, Field.PRIORITY}, id="failing"),
    ],
)
@pytest.mark.parametrize("keep", [lambda link: link, left_to_next], ids=["remembered", "left-with-the-claim"])
def test_an_edit_that_the_former_feeder_could_not_write_is_one_for_the_next(
    told: dict[str, Any], fields: set[Field], keep: Callable[[Link], Link]
) -> None:
    """The former feeder has looked since, and so has Anna's copy. Beside the edit the copies differ, which is none,
    unless nobody knows what was written."""
    mine = replace(NEW, importance="high")
    former = keep(a_link(event_id="E9", role=Role.INVITED, base_event=OLD, **told))
    event = a_copy(mine, own=False, modified_at=BEFORE)
    base = base_after_handover(event, former, mine, LOOKED)

    assert changed_in_graph(base, mine) == fields


def test_a_move_in_erp_of_a_copy_that_never_showed_the_time() -> None:
    """The copy stands at another time than the activity: what ERP.net's digits mean is not read off the copy."""
    mine = shown(start=utc(2026, 2, 5, 8), end=utc(2026, 2, 5, 9), reminder=None)
    event, activity = a_copy(mine, own=True), attended(ME, content=noted(reminder=None))
    base = base_after_handover(event, an_inheritance(shown(), activity), None, LOOKED)
    link = a_link(base_event=base, base_activity=activity.content)
    moved = replace(activity, content=replace(activity.content, start=wall_clock(2026, 2, 2, 7)))
    claim = Claim(UID, "anna-id", "A1", etag="e", is_own=True)
    decision = decide(Case(link, event, moved, Sight.PRESENT, Sight.PRESENT, claim=claim), an_office())

    assert decision.erp is None
    assert isinstance(decision.graph, PatchEvent)
    assert decision.graph.fields == {Field.TIME}
    assert (decision.graph.content.start, decision.graph.content.end) == (utc(2026, 2, 2, 5), utc(2026, 2, 2, 9))


@pytest.mark.parametrize("sight", [Sight.GONE, Sight.ELSEWHERE])
def test_a_feeder_that_never_had_a_copy_to_feed_from_waits_as_a_follower(sight: Sight) -> None:
    """Nobody knows yet who else has the meeting. The claim keeps what the former feeder left, and the link what its
    own copy showed, for the case that the copy is back."""
    known = a_follower(base_event=OLD)
    left = replace(MINE_NOW, left=a_link(role=Role.INVITED, base_event=NEW))
    case = Case(known, None, an_activity(), sight, Sight.PRESENT, claim=left, former_link=left.left)
    decision = decide(case, an_office())

    assert (decision.verdict, decision.reason, decision.take) == (Verdict.REREAD, OTHERS_UNREAD, False)
    assert decision.link == replace(known, reason=FOLLOWED, reread=OTHERS_UNREAD)


@pytest.mark.parametrize("former_feeder", ["boris-id", "carl-id"])
def test_no_look_counts_of_a_feeder_that_has_not_taken_over(former_feeder: str) -> None:
    """Boris's rounds looked after the edit, and had no copy to see it in: for Anna, who feeds next, the meeting was
    last looked at by Carl, who fed it before him, and the edit is one."""
    left = a_link(event_id="E9", role=Role.INVITED, base_event=OLD)
    claim = replace(WAITING, before="carl-id", looked_at=LOOKED, left=left)
    event = a_copy(NEW, own=False, modified_at=SINCE)
    ctx = an_office(colleagues=a_staff(boris={"looked_at": NOW, "is_well": False}))
    case = Case(
        a_follower(base_event=OLD),
        event,
        an_activity(),
        Sight.PRESENT,
        Sight.PRESENT,
        claim=claim,
        former_link=left,
        former_feeder=former_feeder,
    )
    decision = decide(case, ctx)

    assert isinstance(decision.erp, PatchActivity)
    assert decision.erp.fields == {Field.SUBJECT}
    assert fed_until(case, ctx) == LOOKED
