"""One meeting in several mailboxes: whose copy feeds its activity, who follows, and every hand-over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from sync_core.model.claim import Claim
from sync_core.model.conflict import CategoryState, Clash, Conflict
from sync_core.model.decision import Case, Context, Decision, Intent, Sight, Verdict
from sync_core.model.link import EndedBy, Link, LinkStatus, Role
from sync_core.model.pending import PendingState
from sync_core.model.policy import Policy, PrivateRule
from sync_core.model.sides import CONFLICT_CATEGORY, ErpActivity, Field, GraphEvent, Participant
from sync_core.model.writes import CreateActivity, ParticipantChanges, PatchActivity, PatchEvent, VoidActivity
from sync_core.plan.decide import decide
from sync_core.plan.delete import CANCELLED, DELETED_IN_ERP, DELETED_IN_OUTLOOK
from sync_core.plan.identity import link_after
from sync_core.plan.shared import (
    BACK_AGAIN,
    CANCELLED_COPY,
    FOLLOWED,
    HANDED_ON,
    OTHERS_UNREAD,
    as_feeder,
    claimed,
    elected,
    is_dismissed,
    is_fed_elsewhere,
    is_follower,
)
from sync_core.plan.tables import CLASH, ELECTION, PARTNER_GONE, Claimed
from tests.support.samples import (
    ANNA_ID,
    BORIS,
    BORIS_ID,
    CARL,
    CARL_ID,
    GUEST,
    ME,
    NOW,
    SERVICE,
    UID,
    a_case,
    a_follower,
    a_link,
    a_meeting,
    a_staff,
    an_activity,
    an_event,
    an_invitation,
    an_office,
    attended,
    known_to,
    linked,
    noted,
    shown,
    tombstone,
)

YES, NO, DELETED = "Outlook: accepted", "Outlook: declined", "Outlook: deleted from the calendar"


def held_by(user_id: str = "boris-id", **told: object) -> Claim:
    """A claim, an hour old, on the activity."""
    known: dict[str, object] = {"activity_id": "A1", "at": NOW - timedelta(hours=1), "etag": "e1"}
    return Claim(UID, user_id, **known | told)  # type: ignore[arg-type]


MINE = held_by("anna-id")

CLAIMS = {
    "nobody": None,
    "me": MINE,
    "own": held_by(is_own=True),
    "guest": held_by(),
    "lapsed": held_by("carl-id"),
    "stalled": held_by(activity_id=""),
}
COPIES = {
    "own": a_meeting(BORIS),
    "invited/organizer-on": an_invitation(organizer=BORIS),
    "invited/organizer-off": an_invitation(organizer=CARL),
}
ELECTION_CELLS = {
    "own/nobody": "feed",
    "own/me": "feed",
    "own/own": "clash",
    "own/guest": "feed",
    "own/lapsed": "feed",
    "own/stalled": "feed",
    "invited/organizer-on/nobody": "follow",
    "invited/organizer-on/me": "feed",
    "invited/organizer-on/own": "follow",
    "invited/organizer-on/guest": "follow",
    "invited/organizer-on/lapsed": "follow",
    "invited/organizer-on/stalled": "feed",
    "invited/organizer-off/nobody": "feed",
    "invited/organizer-off/me": "feed",
    "invited/organizer-off/own": "follow",
    "invited/organizer-off/guest": "follow",
    "invited/organizer-off/lapsed": "feed",
    "invited/organizer-off/stalled": "feed",
}


@pytest.mark.parametrize("cell", ELECTION_CELLS)
def test_election(cell: str) -> None:
    """Whose copy it is and what the claim says decide whether it feeds the activity, follows or clashes."""
    copy, _, claim = cell.rpartition("/")

    assert ELECTION_CELLS[cell] == elected(COPIES[copy], CLAIMS[claim], an_office())


def test_the_election_has_no_gap() -> None:
    """Every copy under every claim has its cell, and each is tested."""
    assert set(ELECTION) == set(product(COPIES, Claimed))
    assert {tuple(cell.rsplit("/", 1)) for cell in ELECTION_CELLS} == set(ELECTION)
    assert set(CLAIMS) == set(Claimed)
    assert set(ELECTION.values()) == {"feed", "follow", "clash"}


PATIENT = an_office(stalled_after=timedelta(minutes=6))


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        pytest.param(None, Claimed.NOBODY, id="no-claim-read"),
        pytest.param(Claim(), Claimed.NOBODY, id="unclaimed"),
        pytest.param(MINE, Claimed.ME, id="mine"),
        pytest.param(replace(MINE, activity_id=""), Claimed.ME, id="mine-and-stalled"),
        pytest.param(held_by("carl-id"), Claimed.LAPSED, id="feeder-off"),
        pytest.param(held_by("carl-id", is_own=True), Claimed.LAPSED, id="organizer-off"),
        pytest.param(held_by("gone-id"), Claimed.LAPSED, id="feeder-forgotten"),
        pytest.param(held_by("carl-id", activity_id=""), Claimed.LAPSED, id="feeder-off-and-stalled"),
        pytest.param(held_by(activity_id=""), Claimed.STALLED, id="no-activity-for-an-hour"),
        pytest.param(held_by(activity_id="", at=NOW - timedelta(minutes=6)), Claimed.GUEST, id="no-activity-yet"),
        pytest.param(
            held_by(activity_id="", at=NOW - timedelta(minutes=6, seconds=1)), Claimed.STALLED, id="just-too-long"
        ),
        pytest.param(held_by(activity_id="", at=None), Claimed.GUEST, id="no-activity-nobody-knows-since-when"),
        pytest.param(held_by(is_own=True, activity_id=""), Claimed.STALLED, id="organizer-stalled"),
        pytest.param(held_by(is_own=True), Claimed.OWN, id="organizer"),
        pytest.param(held_by(), Claimed.GUEST, id="another-copy"),
    ],
)
def test_a_claim_is_seen_from_one_mailbox(claim: Claim | None, expected: Claimed) -> None:
    """Mine, another's own or invited copy; a feeder who is off lapses, one who made nothing for long has stalled."""
    assert expected is claimed(claim, PATIENT)
    assert is_fed_elsewhere(claim, PATIENT) is (expected in (Claimed.OWN, Claimed.GUEST))


@pytest.mark.parametrize(
    ("organizer", "ctx", "expected"),
    [
        pytest.param(BORIS, an_office(), "follow", id="on"),
        pytest.param("Boris.Alias@ACME.example", an_office(), "follow", id="on/by-an-alias"),
        pytest.param(CARL, an_office(), "feed", id="off"),
        pytest.param(BORIS, an_office(colleagues=a_staff(boris={"is_well": False})), "feed", id="in-error-for-a-day"),
        pytest.param(GUEST, an_office(), "feed", id="outside"),
        pytest.param("", an_office(), "feed", id="not-told"),
        pytest.param(ME, an_office(), "feed", id="oneself-in-a-copy"),
    ],
)
def test_an_organizer_who_is_on_feeds(organizer: str, ctx: Context, expected: str) -> None:
    """Known by every address; off, in error for a day or from outside, the first invited copy feeds instead."""
    assert expected == elected(an_invitation(organizer=organizer), None, ctx)


@pytest.mark.parametrize(
    ("creator", "expected"),
    [("", "feed"), (BORIS_ID, "feed"), (CARL_ID, "follow")],
)
def test_what_somebody_switched_off_began_in_erp_is_theirs(creator: str, expected: str) -> None:
    """Nobody's copy feeds it while its creator is off, not even the one that did (R12); the organizer's own does."""
    claim = replace(MINE, creator=creator)

    assert expected == elected(an_invitation(organizer=GUEST), claim, an_office())
    assert elected(a_meeting(BORIS), claim, an_office()) == "feed"


# Who feeds

HEARD = an_invitation(organizer=BORIS)
OUTSIDE = an_invitation(organizer=GUEST)


def kept(decision: Decision) -> Link:
    """The link the decision leaves."""
    assert decision.link is not None
    return decision.link


def followed(event: GraphEvent | None, activity: ErpActivity | None = None, **told: object) -> Case:
    """The case of a copy that follows Boris."""
    return linked(event, activity, **{"link": a_follower(), "claim": held_by(is_own=True)} | told)


def test_the_first_copy_of_an_outside_meeting_feeds() -> None:
    """It makes the activity and claims the meeting first."""
    decision = decide(a_case(OUTSIDE, claim=Claim()), an_office())

    assert isinstance(decision.erp, CreateActivity)
    assert (decision.intent, decision.take) == (Intent.CREATE_ACTIVITY, True)


def test_a_second_copy_follows() -> None:
    """It is remembered with its activity and reason, nothing is written, and nothing is claimed."""
    decision = decide(a_case(OUTSIDE, claim=held_by()), an_office())

    assert (decision.intent, decision.verdict, decision.reason) == (Intent.FOLLOW, Verdict.SKIP, FOLLOWED)
    assert (decision.graph, decision.erp, decision.take, decision.mails) == (None, None, False, 0)
    link = kept(decision)
    assert (link.role, link.activity_id, link.event_id, link.ical_uid) == (Role.FOLLOWER, "A1", "E1", "uid-1")
    assert (link.base_event, link.answers, link.reason) == (OUTSIDE.content, (), FOLLOWED)


def test_a_copy_waits_for_an_organizer_who_is_on() -> None:
    """Met before the organizer's own event, it does not make the activity."""
    decision = decide(a_case(HEARD, claim=Claim()), an_office())

    assert (decision.intent, decision.take, kept(decision).activity_id) == (Intent.FOLLOW, False, "")


def test_an_answer_known_at_once_is_told_by_the_next_look() -> None:
    """A new follower has told nothing yet."""
    event = replace(HEARD, response="accepted")
    link = kept(decide(a_case(event, claim=held_by(is_own=True)), an_office()))
    decision = decide(linked(event, attended(ME), link=link, claim=held_by(is_own=True)), an_office())

    assert isinstance(decision.erp, PatchActivity)
    assert decision.erp.participants == ParticipantChanges(notes=(("R1", YES),))


def test_two_events_of_ones_own_with_one_uid_clash() -> None:
    """Another mailbox's own event has the same iCalUId: set aside, nothing is written."""
    decision = decide(a_case(a_meeting(BORIS), claim=held_by(is_own=True)), an_office())

    assert (decision.verdict, decision.reason) == (Verdict.PARK, CLASH)
    assert (decision.graph, decision.erp, decision.take) == (None, None, False)


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        pytest.param(a_case(a_meeting(BORIS), claim=Claim()), True, id="create"),
        pytest.param(a_case(a_meeting(BORIS, ical_uid="")), False, id="create/no-uid"),
        pytest.param(a_case(a_meeting(BORIS), an_activity(), claim=Claim()), True, id="link"),
        pytest.param(a_case(a_meeting(BORIS), an_activity(), claim=MINE), True, id="link-of-mine"),
        pytest.param(linked(a_meeting(BORIS), attended(BORIS), claim=MINE), False, id="pair/mine"),
        pytest.param(linked(a_meeting(BORIS), attended(BORIS)), False, id="pair/claim-not-read"),
        pytest.param(linked(a_meeting(BORIS), attended(BORIS), claim=Claim()), True, id="pair/unclaimed"),
        pytest.param(linked(a_meeting(BORIS), attended(BORIS), claim=held_by()), True, id="pair/held-by-a-copy"),
        pytest.param(linked(None, attended(BORIS), claim=Claim()), False, id="pair/event-not-read"),
        pytest.param(linked(None, an_activity(), event_sight=Sight.GONE, claim=Claim()), False, id="pair/event-gone"),
        pytest.param(followed(HEARD, an_activity()), False, id="follower"),
        pytest.param(a_case(None, an_activity()), False, id="event-to-be-made"),
        pytest.param(a_case(an_event(is_cancelled=True), claim=Claim()), False, id="skipped"),
    ],
)
def test_whoever_feeds_a_meeting_claims_it(case: Case, expected: bool) -> None:
    """Before anything is made or linked, and where a living pair's claim is nobody's or another copy's."""
    assert expected is decide(case, an_office()).take


def test_the_organizer_takes_over_from_a_copy() -> None:
    """On later than the first copy, the organizer's own event goes on with the same activity; that it shows something
    else than the copy did is no edit, unless it was changed since the copy was last looked at."""
    before = a_link(
        event_id="E-of-boris", role=Role.INVITED, creator=BORIS_ID, base_event=shown(people=(BORIS,), reminder=5)
    )
    event = a_meeting(BORIS, content=shown(subject="Plan", reminder=30))
    activity = attended(BORIS, external_id="uid-1", creation_user=SERVICE, owner_party="party-boris")
    case = a_case(event, activity, claim=held_by(), former_link=before, former_feeder="boris-id")
    for hours, fields in ((0, set()), (-1, {Field.SUBJECT})):
        looked_at = NOW + timedelta(hours=hours, minutes=-30)
        decision = decide(case, an_office(colleagues=a_staff(boris={"looked_at": looked_at})))
        link = kept(decision)

        assert (decision.erp.fields if isinstance(decision.erp, PatchActivity) else set()) == fields
        assert (decision.take, decision.graph, decision.mails) == (True, None, 0)
        assert (link.event_id, link.activity_id, link.role, link.creator) == ("E1", "A1", Role.OWN, ANNA_ID)


# Follower → feeder


@pytest.mark.parametrize(
    "claim",
    [
        pytest.param(replace(MINE), id="handed-to-me"),
        pytest.param(held_by("carl-id"), id="feeder-off"),
        pytest.param(Claim(activity_id="A1"), id="claim-gone"),
    ],
)
def test_a_promoted_copy_goes_on_where_the_feeder_stopped(claim: Claim) -> None:
    """The former feeder's link goes on for this copy: what changed meanwhile flows once, and the category is new."""
    conflict = Conflict((Clash("subject", "Plan", "Budget", "locked"),), NOW, CategoryState.SET)
    before = a_link(
        event_id="E-of-carl",
        role=Role.INVITED,
        creator=CARL_ID,
        status=LinkStatus.PARKED,
        reason="waits",
        reread="waits",
        tries=3,
        retry_at=NOW,
        conflict=conflict,
        answers=((CARL, YES),),
        zone="Asia/Tokyo",
        base_event=shown(people=(ME,), reminder=5),
        base_activity=noted(people=(ME,)),
        unseen=True,
    )
    event = replace(OUTSIDE, content=replace(OUTSIDE.content, subject="Plan"))
    decision = decide(
        followed(event, attended(ME), claim=claim, former_link=before),
        an_office(creators_on=frozenset({ANNA_ID})),
    )

    assert isinstance(decision.erp, PatchActivity)
    assert decision.erp.fields == {Field.SUBJECT}
    assert decision.case.link == replace(
        before,
        event_id="E1",
        base_event=replace(before.base_event, reminder=15),
        change_key=event.change_key,
        modified_at=event.modified_at,
        creator=ANNA_ID,
        status=LinkStatus.LIVE,
        reason="",
        reread="",
        unseen=False,
        tries=0,
        retry_at=None,
        conflict=None,
        answers=(),
    )
    assert (decision.case.followed, decision.take) == (True, claim.user_id != "anna-id")


@pytest.mark.parametrize(("began_with", "creator"), [("", ANNA_ID), (BORIS_ID, BORIS_ID)], ids=["outlook", "erp"])
def test_whose_switch_counts_after_a_hand_over(began_with: str, creator: str) -> None:
    """What began in Outlook counts as made by whoever feeds it now, what Boris made in ERP.net stays his (R12)."""
    before = a_link(event_id="E-of-boris", role=Role.INVITED, creator=BORIS_ID)
    claim = replace(MINE, creator=began_with)
    case = as_feeder(followed(OUTSIDE, an_activity(), claim=claim, former_link=before), an_office())

    assert case.link is not None
    assert (case.link.creator, case.link.role) == (creator, Role.INVITED)


@pytest.mark.parametrize("before", [None, tombstone(role=Role.INVITED), a_link(status=LinkStatus.ARCHIVED)])
def test_without_a_living_link_to_inherit_the_pair_is_linked_anew(before: Link | None) -> None:
    """As two items found: nobody is mailed, and the activity stays the same."""
    decision = decide(followed(OUTSIDE, attended(ME), claim=MINE, former_link=before), an_office())

    assert (decision.intent, decision.take, decision.graph, decision.mails) == (Intent.LINK, True, None, 0)
    assert (kept(decision).activity_id, kept(decision).role) == ("A1", Role.INVITED)


@pytest.mark.parametrize("link", [None, a_follower()], ids=["never-followed", "followed"])
@pytest.mark.parametrize(
    "claim", [held_by("carl-id"), replace(MINE, before="carl-id")], ids=["feeder-forgotten", "handed-to-me"]
)
def test_whoever_fed_it_left_no_link(claim: Claim, link: Link | None) -> None:
    """The copy goes on with the activity as both stand: what they show differently is nobody's edit."""
    event = replace(OUTSIDE, content=replace(OUTSIDE.content, subject="Plan", people=()))
    decision = decide(a_case(event, attended(ME, GUEST), claim=claim, link=link), an_office())

    assert (decision.erp, decision.graph, decision.case.followed) == (None, None, True)
    assert (kept(decision).activity_id, kept(decision).role) == ("A1", Role.INVITED)
    assert set(kept(decision).base_activity.people) == {ME, GUEST}


@pytest.mark.parametrize(
    ("changed", "first_seen", "expected"),
    [
        (-2, None, Intent.NOTHING),
        (-2, -2, Intent.NOTHING),
        (0, -2, Intent.NOTHING),
        (0, None, Intent.LINK),
        (0, 0, Intent.LINK),
    ],
)
def test_whoever_had_it_made_died_before_the_link(changed: int, first_seen: int | None, expected: Intent) -> None:
    """Carl's last whole round was an hour ago. What nobody saw by then counts as in any pair that is found."""
    event = replace(OUTSIDE, modified_at=NOW + timedelta(hours=changed))
    link = None if first_seen is None else a_follower(modified_at=NOW + timedelta(hours=first_seen))
    ctx = an_office(colleagues=a_staff(carl={"looked_at": NOW - timedelta(hours=1), "is_well": False}))
    decision = decide(a_case(event, attended(ME, GUEST), claim=held_by("carl-id"), link=link), ctx)

    assert (decision.intent, decision.take) == (expected, True)


@pytest.mark.parametrize("claim", [Claim(), replace(MINE, activity_id=""), held_by(activity_id="")])
def test_a_follower_makes_the_activity_that_nobody_made(claim: Claim) -> None:
    """The claim lapsed, is mine, or was taken and nothing came of it: look first, then create."""
    decision = decide(followed(OUTSIDE, claim=claim), an_office())

    assert isinstance(decision.erp, CreateActivity)
    assert (decision.take, decision.case.followed, decision.case.link) == (True, True, None)


def test_an_activity_not_read_yet_is_not_made_again() -> None:
    """The claim names one: the copy goes on following until both were seen."""
    decision = decide(followed(OUTSIDE, claim=MINE), an_office())

    assert (decision.intent, decision.verdict, decision.take) == (Intent.NOTHING, Verdict.NOTHING, False)
    assert is_follower(decision.link)


@pytest.mark.parametrize("claim", [MINE, held_by("carl-id"), held_by()])
def test_a_void_activity_is_never_fed_again(claim: Claim) -> None:
    """Voided in ERP.net, the meeting stays in Outlook, and no copy makes another activity of it."""
    decision = decide(followed(OUTSIDE, an_activity(void=True), claim=claim), an_office())

    assert (decision.graph, decision.erp, decision.take) == (None, None, False)
    assert is_follower(decision.link)


def test_a_mark_whose_activity_is_gone_does_not_stop_a_follower() -> None:
    """A follower is not half of a pair: a partner that is gone does not park it."""
    decision = decide(followed(replace(HEARD, response="accepted"), awaits=PendingState.PARTNER_GONE), an_office())

    assert (decision.verdict, decision.reason == PARTNER_GONE) == (Verdict.NOTHING, False)


# Holder → follower


@pytest.mark.parametrize("conflict", [None, Conflict((Clash("subject", "a", "b", "c"),), NOW, CategoryState.SET)])
def test_a_feeder_steps_back_and_loses_its_category(conflict: Conflict | None) -> None:
    """Somebody else feeds now: our category goes, others stay, the conflict is not this copy's any more."""
    link = a_link(role=Role.INVITED, conflict=conflict, answers=((ME, YES),), base_event=HEARD.content)
    event = replace(HEARD, categories=("Red", CONFLICT_CATEGORY))
    decision = decide(linked(event, an_activity(), link=link, claim=held_by(is_own=True)), an_office())

    assert (decision.intent, decision.erp, decision.mails, decision.take) == (Intent.FOLLOW, None, 0, False)
    assert decision.graph == (
        PatchEvent("E1", "ck-2", frozenset(), event.content, None, ("Red",)) if conflict else None
    )
    assert decision.verdict is (Verdict.ACT if conflict else Verdict.SKIP)
    assert kept(decision) == replace(link, role=Role.FOLLOWER, reason=FOLLOWED, reread="", conflict=None, answers=())


def test_a_feeder_that_was_parked_follows() -> None:
    """Whatever kept it from feeding is not its matter any more."""
    link = a_link(role=Role.INVITED, status=LinkStatus.PARKED, reason="waits", base_event=HEARD.content)
    decision = decide(linked(HEARD, an_activity(), link=link, claim=held_by()), an_office())

    assert (kept(decision).status, kept(decision).role) == (LinkStatus.LIVE, Role.FOLLOWER)


def test_a_feeder_whose_event_was_not_read_waits() -> None:
    """An edit in ERP.net of a meeting that somebody else feeds now is not carried to a copy."""
    link = a_link(role=Role.INVITED, base_event=HEARD.content)
    case = linked(None, an_activity(noted(subject="Forecast")), link=link, claim=held_by(is_own=True))
    decision = decide(case, an_office())

    assert (decision.verdict, decision.graph, decision.erp) == (Verdict.REREAD, None, None)


# The feeder's copy is gone

HOLDING = a_link(role=Role.INVITED, base_event=OUTSIDE.content, answers=((ME, YES),))


def gone(**told: object) -> Case:
    """The feeder has lost its copy."""
    known: dict[str, object] = {"event_sight": Sight.GONE, "link": HOLDING, "claim": MINE}
    return linked(None, attended(ME), **known | told)


def test_whether_others_have_a_copy_is_asked_first() -> None:
    """Nothing is voided while a mailbox could not be asked."""
    decision = decide(gone(others=None), an_office())

    assert (decision.verdict, decision.reason, decision.erp) == (Verdict.REREAD, OTHERS_UNREAD, None)
    assert kept(decision).reread == OTHERS_UNREAD


def test_the_last_copy_voids_once() -> None:
    """No synced user has the meeting any more."""
    decision = decide(gone(others=()), an_office())

    assert decision.erp == VoidActivity("A1", DELETED_IN_OUTLOOK)
    assert (kept(decision).status, decision.hand_to) == (LinkStatus.TOMBSTONE, "")


@pytest.mark.parametrize(("farewell", "notes"), [("", DELETED), ("declined", NO), ("accepted", DELETED)])
def test_the_meeting_is_handed_on(farewell: str, notes: str) -> None:
    """To the first who has a copy; the activity lives, and the leaver's row says why they are gone."""
    decision = decide(gone(others=("boris-id", "zoe-id"), farewell=farewell), an_office())

    assert (decision.intent, decision.verdict, decision.hand_to) == (Intent.HAND_ON, Verdict.ACT, "boris-id")
    assert isinstance(decision.erp, PatchActivity)
    assert (decision.erp.fields, decision.erp.participants) == (
        frozenset(),
        ParticipantChanges(notes=(("R1", notes),)),
    )
    link = kept(decision)
    assert (link.role, link.status, link.reason, link.ended_at) == (
        Role.FOLLOWER,
        LinkStatus.TOMBSTONE,
        HANDED_ON,
        NOW,
    )
    assert (link.base_event, link.base_activity) == (HOLDING.base_event, HOLDING.base_activity)


def test_a_locked_activity_is_handed_on_without_a_word() -> None:
    """No conflict and no void: the meeting goes on elsewhere."""
    case = replace(gone(others=("boris-id",)), activity=attended(ME, state="Released"))
    decision = decide(case, an_office())

    assert (decision.intent, decision.hand_to, decision.erp) == (Intent.HAND_ON, "boris-id", None)
    assert kept(decision).conflict is None


@pytest.mark.parametrize("claim", [held_by(), held_by(is_own=True)])
def test_a_feeder_that_lost_both_copy_and_claim_voids_nothing(claim: Claim) -> None:
    """Somebody else feeds already: only this person's row tells that they deleted it."""
    decision = decide(gone(others=None, claim=claim), an_office())

    assert (decision.intent, decision.verdict) == (Intent.ANSWER, Verdict.ACT)
    assert isinstance(decision.erp, PatchActivity)
    assert decision.erp.participants == ParticipantChanges(notes=(("R1", DELETED),))
    assert (kept(decision).role, kept(decision).status) == (Role.FOLLOWER, LinkStatus.TOMBSTONE)


@pytest.mark.parametrize("others", [(), None], ids=["nobody", "not-known"])
def test_the_organizers_deletion_voids(others: tuple[str, ...] | None) -> None:
    """The organizer's own event is gone, and nobody is known to have the meeting still."""
    case = linked(None, attended(BORIS), event_sight=Sight.GONE, claim=MINE, others=others)

    assert decide(case, an_office()).erp == VoidActivity("A1", DELETED_IN_OUTLOOK)


def test_a_meeting_that_its_organizer_only_lost_goes_on() -> None:
    """Deleted without a word to those invited, or one more own event elsewhere: theirs goes on feeding it."""
    case = linked(None, attended(BORIS), event_sight=Sight.GONE, claim=MINE, others=("boris-id",))
    decision = decide(case, an_office())

    assert (decision.intent, decision.erp, decision.hand_to) == (Intent.HAND_ON, None, "boris-id")


def test_a_meeting_that_its_organizer_called_off_is_over() -> None:
    """Cancelled is cancelled, whatever the copies still show."""
    event = replace(a_meeting(BORIS), is_cancelled=True)
    case = linked(event, attended(BORIS), claim=MINE, others=("boris-id",))

    assert decide(case, an_office()).erp == VoidActivity("A1", CANCELLED)


def test_a_cancelled_copy_of_the_feeder_voids() -> None:
    """Cancelled by an organizer from outside, in the last live copy."""
    event = replace(OUTSIDE, is_cancelled=True)
    decision = decide(linked(event, attended(ME), link=HOLDING, claim=MINE, others=()), an_office())

    assert decision.erp == VoidActivity("A1", CANCELLED)


# What a follower tells


@pytest.mark.parametrize(
    ("told", "response", "notes", "expected"),
    [
        pytest.param((), "accepted", "", YES, id="accepted"),
        pytest.param((), "declined", "", NO, id="declined"),
        pytest.param((), "tentativelyAccepted", "", "Outlook: tentative", id="tentative"),
        pytest.param(((ME, YES),), "declined", YES, NO, id="changed"),
        pytest.param(((ME, YES),), "notResponded", YES, "", id="taken-back"),
        pytest.param(((ME, YES),), "accepted", YES, None, id="no-news"),
        pytest.param(((ME, YES),), "accepted", "", None, id="cleared-in-erp"),
        pytest.param((), "accepted", "Brings cake", None, id="foreign-note"),
        pytest.param(((ME, YES),), "declined", "Brings cake", None, id="foreign-note/changed"),
        pytest.param((), "none", "", None, id="no-answer"),
    ],
)
def test_only_its_owners_answer_goes_across(
    told: tuple[tuple[str, str], ...], response: str, notes: str, expected: str | None
) -> None:
    """On their own row, over our own words only, and nothing of it ever reaches a calendar."""
    rows = (Participant("R1", CARL, YES), Participant("R2", ME, notes))
    event = replace(HEARD, response=response, content=shown(subject="Plan"))
    decision = decide(followed(event, attended(*rows), link=a_follower(answers=told)), an_office())

    changes = decision.erp.participants if isinstance(decision.erp, PatchActivity) else None
    assert (ParticipantChanges(notes=(("R2", expected),)) if expected is not None else None) == changes
    assert (decision.graph, decision.mails, decision.take) == (None, 0, False)
    assert decision.intent is (Intent.ANSWER if changes else Intent.NOTHING)
    now = {"accepted": YES, "declined": NO, "tentativelyAccepted": "Outlook: tentative"}.get(response)
    assert kept(decision).answers == (((ME, now),) if now else ())


@pytest.mark.parametrize("activity", [None, attended(ME, state="Released"), attended(ME, void=True)])
def test_an_answer_that_cannot_be_noted_is_not_told(activity: ErpActivity | None) -> None:
    """Unread or locked: it stays news."""
    decision = decide(followed(replace(HEARD, response="accepted"), activity), an_office())

    assert (decision.erp, kept(decision).answers) == (None, ())


def test_an_answer_to_a_hidden_meeting_is_nobodys_business() -> None:
    """Neither told nor remembered."""
    ctx = an_office(policy=Policy(private=PrivateRule.BUSY))
    event = replace(HEARD, response="accepted", content=shown(sensitivity="private"))
    decision = decide(followed(event, attended(ME)), ctx)

    assert (decision.erp, kept(decision).answers) == (None, ())


def test_a_follower_learns_its_activity_from_the_claim() -> None:
    """Known once the feeder has made it, and told to the link."""
    decision = decide(followed(HEARD, link=a_follower(reason="")), an_office())

    assert (kept(decision).activity_id, kept(decision).reason) == ("A1", FOLLOWED)


@pytest.mark.parametrize(
    ("notes", "farewell", "expected"),
    [
        pytest.param("", "", DELETED, id="deleted"),
        pytest.param(YES, "accepted", DELETED, id="deleted-after-accepting"),
        pytest.param("", "declined", NO, id="declined"),
        pytest.param(YES, "declined", NO, id="declined-after-accepting"),
        pytest.param(NO, "", None, id="declined-before-and-deleted"),
        pytest.param("Brings cake", "", None, id="foreign-note"),
    ],
)
def test_whoever_deletes_their_copy_changes_their_own_row_only(
    notes: str, farewell: str, expected: str | None
) -> None:
    """Nothing is voided; a decline says more than a deletion."""
    rows = (Participant("R1", CARL, YES), Participant("R2", ME, notes))
    case = followed(None, attended(*rows), event_sight=Sight.GONE, farewell=farewell)
    decision = decide(case, an_office())

    changes = decision.erp.participants if isinstance(decision.erp, PatchActivity) else None
    assert (ParticipantChanges(notes=(("R2", expected),)) if expected is not None else None) == changes
    assert (decision.graph, kept(decision).status) == (None, LinkStatus.TOMBSTONE)
    assert (kept(decision).reason, kept(decision).ended_at) == (DELETED_IN_OUTLOOK, NOW)


def test_a_copy_cancelled_by_its_organizer_says_nothing() -> None:
    """The organizer's own event tells it; the attendee did nothing."""
    decision = decide(followed(replace(HEARD, is_cancelled=True), attended(ME)), an_office())

    assert (decision.intent, decision.erp, kept(decision).status) == (Intent.END, None, LinkStatus.TOMBSTONE)
    assert kept(decision).reason == CANCELLED_COPY


def test_a_deleted_copy_is_told_once() -> None:
    """Seen gone again, there is nothing to say."""
    case = followed(None, attended(ME), event_sight=Sight.GONE)
    again = decide(replace(case, link=kept(decide(case, an_office()))), an_office())

    assert (again.verdict, again.erp, again.intent) == (Verdict.NOTHING, None, Intent.NOTHING)


@pytest.mark.parametrize(("response", "expected"), [("accepted", YES), ("notResponded", "")])
def test_a_copy_that_is_back_takes_its_farewell_back(response: str, expected: str) -> None:
    """Restored, it follows again, and the row says what its owner answers now."""
    left = decide(followed(None, attended(ME), event_sight=Sight.GONE), an_office())
    event = replace(HEARD, response=response)
    activity = attended(Participant("R1", ME, DELETED))
    decision = decide(followed(event, activity, link=link_after(left, None, activity, an_office())), an_office())

    assert isinstance(decision.erp, PatchActivity)
    assert decision.erp.participants == ParticipantChanges(notes=(("R1", expected),))
    assert (kept(decision).status, kept(decision).ended_at) == (LinkStatus.LIVE, None)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param(Participant("R1", ME, DELETED), ((ME, DELETED),), id="own-note"),
        pytest.param(Participant("R1", CARL, DELETED), (), id="a-colleagues-note"),
        pytest.param(Participant("R1", ME, NO), (), id="another-note"),
    ],
)
def test_a_copy_without_a_link_takes_the_note_of_an_earlier_one_back(
    row: Participant, expected: tuple[tuple[str, str], ...]
) -> None:
    """Its link was forgotten: what the activity still notes of its owner counts as told, and is read again."""
    decision = decide(a_case(HEARD, attended(row), claim=held_by()), an_office())
    link = kept(decision)

    assert (decision.intent, link.role, link.answers) == (Intent.FOLLOW, Role.FOLLOWER, expected)
    assert link.reread == (BACK_AGAIN if expected else "")


def test_nothing_of_a_follower_is_inferred_about_the_activity() -> None:
    """Its event edited, its activity void or gone: the copy is left as it is."""
    for sight, activity in ((Sight.PRESENT, an_activity(void=True)), (Sight.GONE, None), (Sight.HIDDEN, None)):
        case = replace(followed(a_copy_edited(), activity), activity_sight=sight)
        decision = decide(case, an_office())

        assert (decision.graph, decision.erp, decision.verdict) == (None, None, Verdict.NOTHING)


def a_copy_edited() -> GraphEvent:
    """A copy that its owner has changed for themselves."""
    return replace(HEARD, content=shown(subject="My own words"))


# Dismissed


def dismissed() -> Link:
    """ERP.net voided what an invited copy fed."""
    decision = decide(linked(OUTSIDE, an_activity(void=True), link=HOLDING, claim=MINE), an_office())

    assert (decision.verdict, decision.graph, decision.erp, decision.mails) == (Verdict.SKIP, None, None, 0)
    return kept(decision)


def test_a_meeting_voided_in_erp_stays_away_whatever_its_organizer_changes() -> None:
    """The copy is not touched, and the organizer's next change does not make a new activity."""
    event = replace(OUTSIDE, content=shown(subject="Plan"))
    case = linked(event, an_activity(void=True), link=dismissed(), claim=MINE)
    decision = decide(case, an_office())

    assert is_dismissed(dismissed())
    assert (decision.verdict, decision.erp, decision.graph, decision.take) == (Verdict.SKIP, None, None, False)
    assert decision.reason.startswith(DELETED_IN_ERP)


@pytest.mark.parametrize(
    "link",
    [
        pytest.param(tombstone(ended_by=EndedBy.ERP), id="own-event"),
        pytest.param(tombstone(role=Role.INVITED), id="deleted-in-outlook"),
        pytest.param(tombstone(role=Role.FOLLOWER, ended_by=EndedBy.ERP), id="follower"),
    ],
)
def test_nothing_else_is_dismissed(link: Link) -> None:
    """A copy deleted in Outlook comes back when it is restored, and so does the organizer's own event."""
    assert not is_dismissed(link)


def test_a_restored_copy_of_the_last_feeder_makes_a_new_activity() -> None:
    """Deleted, voided and restored, the meeting begins anew."""
    link = tombstone(role=Role.INVITED, base_event=OUTSIDE.content)
    decision = decide(linked(OUTSIDE, an_activity(void=True), link=link, claim=MINE), an_office())

    assert isinstance(decision.erp, CreateActivity)
    assert decision.take


# R12, whole


@pytest.mark.parametrize(
    ("activity", "expected"),
    [
        pytest.param(attended(BORIS), Intent.CREATE_EVENT, id="creator-on/participant-on"),
        pytest.param(attended(CARL), Intent.CREATE_EVENT, id="creator-on/participant-off"),
        pytest.param(attended(ME, creation_user="carl", owner_party="party-carl"), None, id="creator-off"),
        pytest.param(attended(ME, creation_user="boris", owner_party="party-boris"), None, id="another-is-creator"),
        pytest.param(attended(BORIS, creation_user=SERVICE), Intent.CREATE_EVENT, id="service-for-me"),
        pytest.param(
            attended(ME, creation_user=SERVICE, owner_party="party-boris"), None, id="service-for-a-colleague"
        ),
        pytest.param(attended(ME, creation_user=SERVICE, owner_party="party-carl"), None, id="service-for-one-off"),
    ],
)
def test_an_activity_appears_in_its_creators_calendar_only(activity: ErpActivity, expected: Intent | None) -> None:
    """Participants are invited by that event; nobody gets one of their own (R12)."""
    decision = decide(a_case(None, activity), an_office())

    assert (expected or Intent.NOTHING) is decision.intent
    assert (decision.verdict is Verdict.ACT) == (expected is not None)


def test_a_copy_of_what_a_colleague_began_in_erp_only_follows() -> None:
    """The creator switched off: their activity is not fed from an invited copy, and no second one is made."""
    claim = held_by("carl-id", creator=CARL_ID, is_own=True)
    decision = decide(a_case(an_invitation(organizer=CARL), claim=claim), an_office())

    assert (decision.intent, decision.erp, decision.take) == (Intent.FOLLOW, None, False)


def test_a_step_back_and_a_take_over_keep_one_activity() -> None:
    """Copy, organizer, copy again: every link in turn names the same activity, and no hand-over writes anything."""
    mine = known_to((ME,), (ME,), role=Role.INVITED)
    activity = attended(ME)
    back = decide(linked(HEARD, activity, link=mine, claim=held_by(is_own=True)), an_office())
    stepped = link_after(back, HEARD, activity, an_office())
    ctx = an_office(colleagues=a_staff(boris={"is_well": False}))
    theirs = replace(mine, event_id="E-of-boris", role=Role.OWN, creator=BORIS_ID)
    again = decide(
        linked(HEARD, activity, link=stepped, claim=held_by(is_own=True), former_link=theirs),
        replace(ctx, creators_on=frozenset({ANNA_ID})),
    )

    assert stepped is not None
    assert [stepped.activity_id, kept(again).activity_id] == ["A1", "A1"]
    assert [one.graph or one.erp for one in (back, again)] == [None, None]
    assert (again.take, kept(again).role, kept(again).creator) == (True, Role.INVITED, ANNA_ID)
