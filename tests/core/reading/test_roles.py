"""Which claims a round must read, and which copies feed, follow or take over by them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from sync_core.content.ranges import uid_key
from sync_core.model import link as life
from sync_core.model.claim import UNCLAIMED, Claim
from sync_core.model.conflict import Conflict
from sync_core.model.decision import Case, Sight
from sync_core.model.link import EndedBy, Link, Role
from sync_core.model.memory import InboxRow, Memory
from sync_core.model.pending import Pending
from sync_core.model.series import Occurrence
from sync_core.model.sides import Evidence, GraphEvent, Side
from sync_core.model.why import Why
from sync_core.plan.relocate import Move
from sync_core.reading.frame import Frame, Scale
from sync_core.reading.news import GraphNews
from sync_core.reading.roles import (
    Roles,
    as_claimed,
    as_known_to,
    asked_claims,
    asks_for_event,
    before_the_feeder,
    carried,
    is_followed,
    is_unmade,
    lost_dates,
    may_be_ahead,
    may_be_promoted,
    may_be_renamed,
    named_by_lost,
    promoted_of,
    renamed,
    takes_over,
    with_claim,
    with_fresh,
    with_role,
)
from tests.support.samples import (
    BORIS,
    CARL,
    GUEST,
    ME,
    NOW,
    a_follower,
    a_link,
    a_meeting,
    an_activity,
    an_event,
    an_invitation,
    an_office,
    known_to,
    shown,
)

CTX = an_office()
MINE = Claim(user_id="anna-id", activity_id="A1", etag="1")
BORISES = Claim(user_id="boris-id", activity_id="A1", etag="1", is_own=True)
A_GUESTS = replace(BORISES, is_own=False)
CARLS = Claim(user_id="carl-id", activity_id="A1", etag="1")
"""Carl is not well: his claim has lapsed."""
UNMADE = replace(BORISES, activity_id="")
STALE = replace(UNMADE, at=NOW - timedelta(days=1))
GONE = Evidence(None)
INVITED = a_link(role=Role.INVITED)
OUTRUN = life.reread_for(known_to(event=(GUEST,)), "another mailbox was faster")
LOCKED = replace(life.ended(a_link(), EndedBy.OUTLOOK, "", NOW, conflict=Conflict((), NOW)))

AS_USUAL = Scale()


def frame(*links: Link, scale: Scale = AS_USUAL, **told: object) -> Frame:
    """What a round of these links goes by."""
    return Frame(Memory(links=links, **told), CTX, scale)  # type: ignore[arg-type]


def news(*events: GraphEvent, **told: object) -> GraphNews:
    """A calendar that showed these."""
    return GraphNews({event.id: event for event in events}, **told)  # type: ignore[arg-type]


def roles(claim: Claim, **told: object) -> Roles:
    """The claim on the one meeting."""
    return Roles({"uid-1": claim}, **told)  # type: ignore[arg-type]


FILED = (InboxRow("A1", NOW),)
OTHERS = (InboxRow("A9", NOW),)


@pytest.mark.parametrize(
    ("link", "seen", "scale", "inbox", "matters"),
    [
        pytest.param(a_follower(), news(), AS_USUAL, (), False, id="followed"),
        pytest.param(a_follower(), news(an_event()), AS_USUAL, (), True, id="followed-with-news"),
        pytest.param(a_follower(), news(dates={"E1": Sight.GONE}), AS_USUAL, (), True, id="followed-date-gone"),
        pytest.param(a_follower(), news(), Scale(roll=True), (), True, id="followed-daily"),
        pytest.param(a_follower(), news(), AS_USUAL, OTHERS, True, id="followed-something-handed-on"),
        pytest.param(INVITED, news(), AS_USUAL, (), False, id="invited"),
        pytest.param(INVITED, news(an_event()), AS_USUAL, (), True, id="invited-with-news"),
        pytest.param(INVITED, news(), AS_USUAL, FILED, True, id="invited-edited-in-erp"),
        pytest.param(INVITED, news(), Scale(full=True), (), True, id="invited-full-round"),
        pytest.param(a_link(), news(an_event()), AS_USUAL, (), False, id="own-with-news"),
        pytest.param(a_link(), news(), AS_USUAL, FILED, True, id="own-edited-in-erp"),
        pytest.param(a_link(), news(evidence={"E1": GONE}), AS_USUAL, (), True, id="own-lost"),
        pytest.param(a_link(), news(an_event(is_cancelled=True)), AS_USUAL, (), True, id="own-cancelled"),
        pytest.param(a_link(), news(), Scale(full=True), (), False, id="own-alone-full-round"),
        pytest.param(known_to(event=(GUEST,)), news(), Scale(full=True), (), True, id="own-with-people-full-round"),
        pytest.param(known_to(event=(GUEST,)), news(), Scale(roll=True), (), False, id="own-with-people-daily"),
        pytest.param(OUTRUN, news(), AS_USUAL, (), True, id="own-with-people-to-be-read-again"),
        pytest.param(LOCKED, news(), AS_USUAL, (), False, id="locked-when-it-was-lost"),
        pytest.param(LOCKED, news(), AS_USUAL, FILED, True, id="locked-then-and-edited-in-erp"),
        pytest.param(replace(LOCKED, reread="failed"), news(), AS_USUAL, (), True, id="locked-then-to-be-read-again"),
    ],
)
def test_a_links_claim_matters(
    link: Link, seen: GraphNews, scale: Scale, inbox: tuple[InboxRow, ...], matters: bool
) -> None:
    """An own meeting's is asked about where somebody else may have a hand in it."""
    assert asked_claims(seen, frame(link, scale=scale, inbox=inbox)) == ({"uid-1"} if matters else set())


@pytest.mark.parametrize(
    ("event", "matters"),
    [(an_event(), False), (a_meeting(GUEST), True), (an_invitation(), True)],
    ids=["alone", "with people", "invited"],
)
def test_a_new_events_claim_matters_where_others_may_have_it(event: GraphEvent, matters: bool) -> None:
    """So does that of an item that waits."""
    waiting = Pending(Side.GRAPH, "E9", "uid-9")

    assert asked_claims(news(event), frame()) == ({"uid-1"} if matters else set())
    assert asked_claims(news(), frame(pending=(waiting,))) == {"uid-9"}


@pytest.mark.parametrize(
    ("claim", "is_read"),
    [
        pytest.param(MINE, True, id="handed-to-me"),
        pytest.param(CARLS, True, id="lapsed"),
        pytest.param(STALE, True, id="stalled"),
        pytest.param(UNCLAIMED, True, id="nobodys"),
        pytest.param(BORISES, False, id="an-organizers"),
        pytest.param(A_GUESTS, False, id="a-guests"),
        pytest.param(Claim(unreadable="row"), False, id="unreadable"),
    ],
)
def test_a_followed_copy_is_read_where_its_claim_may_let_it_feed(claim: Claim, is_read: bool) -> None:
    """Only where this round has not read it yet."""
    asked = frame(a_follower())

    assert may_be_promoted(roles(claim), news(), asked) == (["E1"] if is_read else [])
    assert may_be_promoted(roles(claim), news(an_invitation()), asked) == []
    assert may_be_promoted(Roles(), news(), asked) == [], "its claim was not read: there is no sign of a change"


@pytest.mark.parametrize(
    ("link", "event", "claim", "is_promoted"),
    [
        pytest.param(a_follower(), an_invitation(organizer=GUEST), MINE, True, id="handed-to-me"),
        pytest.param(a_follower(), an_invitation(organizer=GUEST), CARLS, True, id="lapsed"),
        pytest.param(a_follower(), an_invitation(organizer=GUEST), A_GUESTS, False, id="another-guests"),
        pytest.param(a_follower(), an_invitation(organizer=GUEST, is_cancelled=True), MINE, False, id="cancelled"),
        pytest.param(INVITED, an_invitation(organizer=GUEST), MINE, False, id="feeds-already"),
    ],
)
def test_whose_copy_feeds_from_now_on(link: Link, event: GraphEvent, claim: Claim, is_promoted: bool) -> None:
    """A followed copy that the claim and the tables let feed."""
    assert promoted_of(roles(claim), news(event), frame(link)) == ({"E1"} if is_promoted else set())


def test_a_link_is_released_only_where_no_activity_is_known() -> None:
    """A copy that feeds from now on begins anew where its claim names none; a follower's activity is the claim's."""
    follower = a_follower()

    assert roles(UNMADE, promoted=frozenset({"E1"})).kept([follower]) == []
    assert roles(MINE, promoted=frozenset({"E1"})).kept([follower]) == [follower]
    assert roles(UNMADE).kept([follower]) == [follower]
    assert roles(MINE).activity_of(follower) == "A1"
    assert roles(replace(MINE, activity_id="A2")).activity_of(a_link()) == "A1"


@pytest.mark.parametrize(
    ("link", "claim", "event", "answers"),
    [
        pytest.param(INVITED, A_GUESTS, None, True, id="invited"),
        pytest.param(a_link(), MINE, None, True, id="own-and-mine"),
        pytest.param(a_link(), BORISES, None, False, id="another-mailboxes"),
        pytest.param(a_link(), MINE, a_meeting(GUEST, is_cancelled=True), False, id="called-off-by-its-organizer"),
        pytest.param(a_follower(), MINE, None, True, id="just-handed-to-me"),
        pytest.param(a_follower(), A_GUESTS, None, False, id="followed"),
    ],
)
def test_who_else_has_a_lost_meeting_is_asked_by_whoever_answers_for_it(
    link: Link, claim: Claim, event: GraphEvent | None, answers: bool
) -> None:
    """Whoever feeds it, unless its organizer called it off here."""
    seen = news(event) if event else news(evidence={"E1": GONE})

    assert set(named_by_lost(roles(claim), seen, frame(link))) == ({"uid-1"} if answers else set())


def test_the_users_whom_a_lost_meeting_names() -> None:
    """Its organizer and its people, as they were and as they are shown; only colleagues count."""
    cancelled = a_meeting(BORIS, GUEST, is_cancelled=True)
    link = replace(known_to(activity=(CARL,)), role=Role.INVITED)

    assert named_by_lost(Roles(), news(cancelled), frame(link)) == {"uid-1": {"anna-id", "boris-id", "carl-id"}}
    assert named_by_lost(roles(replace(MINE, organizer=ME)), news(evidence={"E1": GONE}), frame(INVITED)) == {
        "uid-1": {"anna-id"}
    }


@pytest.mark.parametrize(
    ("link", "claim", "is_changed", "stands"),
    [
        pytest.param(a_link(), BORISES, True, False, id="own"),
        pytest.param(a_link(), A_GUESTS, False, True, id="own-that-a-guest-feeds"),
        pytest.param(INVITED, MINE, True, True, id="invited-edited-in-erp"),
        pytest.param(INVITED, MINE, False, False, id="invited"),
        pytest.param(INVITED, BORISES, False, True, id="invited-and-somebody-else-feeds"),
        pytest.param(a_follower(), BORISES, True, False, id="followed"),
    ],
)
def test_the_event_has_to_be_looked_at(link: Link, claim: Claim, is_changed: bool, stands: bool) -> None:
    """Where ERP.net's word stands against an invited copy, or whose copy feeds has changed."""
    assert asks_for_event(link, roles(claim), CTX, is_changed=is_changed) is stands


def test_what_takes_over_is_news_whatever_its_link_remembers() -> None:
    """A copy that feeds from now on, and an organizer's own event that a guest has fed."""
    assert with_fresh(roles(MINE, promoted=frozenset({"E1"})), news(), frame(a_follower())).fresh == {"E1"}
    assert with_fresh(roles(A_GUESTS), news(), frame(a_link())).fresh == {"E1"}
    assert with_fresh(roles(MINE), news(), frame(a_link())).fresh == frozenset()


def test_an_event_without_a_link_by_its_claim() -> None:
    """Another mailbox's to feed, or claimed without an activity yet."""
    event = an_invitation(organizer=GUEST)

    assert [is_followed(event, roles(claim), CTX) for claim in (A_GUESTS, CARLS, MINE)] == [True, False, False]
    assert [is_unmade(event, roles(claim)) for claim in (UNMADE, MINE, Claim())] == [True, False, False]
    assert (is_followed(event, Roles(), CTX), is_unmade(event, Roles())) == (False, False)


class TestCases:
    """What a case is told of its meeting."""

    def test_nothing_where_no_claim_was_read(self) -> None:
        """Most meetings are nobody else's business."""
        case = Case(a_link(), an_event())

        assert with_role(case, Roles(), news()) == case

    def test_a_claim_that_cannot_be_read_sets_the_case_aside(self) -> None:
        """With the reason."""
        case = with_claim(Case(a_link(), an_event(), event_sight=Sight.PRESENT), Claim(unreadable="a spoilt row"))

        assert (case.event_sight, case.explanation) == (Sight.MALFORMED, "a spoilt row")

    def test_a_lost_copy_with_who_else_has_one_and_its_last_answer(self) -> None:
        """The answer is what the copy told last."""
        seen = news(evidence={"E1": Evidence(an_invitation(response="declined"))})

        case = with_role(Case(INVITED), roles(MINE, others={"uid-1": ("boris-id",)}), seen)

        assert (case.claim, case.others, case.farewell) == (MINE, ("boris-id",), "declined")

    @pytest.mark.parametrize("response", ["declined", "accepted"])
    def test_a_date_that_went_with_its_series_has_the_answer_to_the_series(self, response: str) -> None:
        """Of the date itself nothing is left."""
        date_of = replace(a_follower(), occurrence=Occurrence("uid-1", date(2026, 2, 2), "M"))
        seen = news(dates={"E1": Sight.GONE}, masters={"M": an_invitation(response=response)})

        assert with_role(Case(date_of), roles(MINE), seen).farewell == response

    @pytest.mark.parametrize(
        ("case", "claim", "promoted", "takes"),
        [
            pytest.param(Case(None, an_event(), an_activity()), CARLS, set(), True, id="new-and-lapsed"),
            pytest.param(Case(None, an_event(), an_activity()), MINE, set(), False, id="new-and-always-mine"),
            pytest.param(Case(None, an_event()), CARLS, set(), False, id="no-activity"),
            pytest.param(Case(None, None, an_activity()), CARLS, set(), False, id="no-event"),
            pytest.param(Case(a_follower(), an_event(), an_activity()), MINE, {"E1"}, True, id="promoted"),
            pytest.param(Case(a_follower(), an_event(), an_activity()), MINE, set(), False, id="not-promoted"),
            pytest.param(Case(None, an_event(), an_activity()), None, set(), False, id="no-claim"),
        ],
    )
    def test_who_takes_over(self, case: Case, claim: Claim | None, promoted: set[str], takes: bool) -> None:
        """A copy that feeds what another mailbox fed: it needs to know what that one had seen."""
        asked = replace(case, claim=claim)

        assert takes_over(asked, roles(claim or Claim(), promoted=frozenset(promoted)), CTX) is takes


EARLIER, LATER = NOW - timedelta(days=2), NOW - timedelta(days=1)
MINE_BEFORE, BORISES_BEFORE = replace(MINE, at=EARLIER), replace(A_GUESTS, at=EARLIER)
HANDED = replace(MINE, since=EARLIER, at=NOW)
MADE_MEANWHILE = replace(CARLS, activity_id="A2", at=LATER)
UNREADABLE = Claim(unreadable="the row cannot be read")


@pytest.mark.parametrize(
    ("link", "old", "new", "goes_along", "may"),
    [
        pytest.param(INVITED, MINE_BEFORE, UNCLAIMED, "anna-id", True, id="mine-and-nobody-saw-the-other-date"),
        pytest.param(a_follower(), BORISES_BEFORE, UNCLAIMED, "boris-id", True, id="a-follower-is-first"),
        pytest.param(INVITED, MINE_BEFORE, replace(MINE, at=LATER), None, True, id="a-follower-was-first"),
        pytest.param(INVITED, replace(MINE, at=LATER), BORISES_BEFORE, "anna-id", True, id="left-from-long-ago"),
        pytest.param(
            INVITED, MINE_BEFORE, replace(MINE, activity_id="A2", at=LATER), "anna-id", True, id="paired-otherwise"
        ),
        pytest.param(
            a_follower(),
            BORISES_BEFORE,
            replace(MINE, activity_id="A2", at=LATER),
            None,
            True,
            id="follower-then-made",
        ),
        pytest.param(
            INVITED, MINE_BEFORE, replace(CARLS, activity_id="A2", at=LATER), None, False, id="made-by-a-newcomer"
        ),
        pytest.param(INVITED, MINE_BEFORE, replace(UNMADE, at=LATER), None, False, id="begun-by-a-newcomer"),
        pytest.param(INVITED, HANDED, MADE_MEANWHILE, None, False, id="made-by-a-newcomer-before-a-hand-over"),
        pytest.param(a_follower(), HANDED, MADE_MEANWHILE, None, False, id="made-by-a-newcomer-before-a-copy-feeds"),
        pytest.param(
            a_follower(), replace(HANDED, user_id="boris-id"), MADE_MEANWHILE, None, True, id="handed-to-another"
        ),
        pytest.param(INVITED, MINE_BEFORE, replace(CARLS, since=EARLIER, at=LATER), None, True, id="handed-on-there"),
        pytest.param(INVITED, HANDED, replace(CARLS, at=EARLIER), "anna-id", True, id="handed-on-here"),
        pytest.param(
            a_follower(), MINE_BEFORE, replace(MINE, activity_id="A2", at=LATER), "anna-id", True, id="all-given-me"
        ),
        pytest.param(
            a_follower(), replace(UNMADE, at=LATER), BORISES_BEFORE, None, True, id="void-and-made-anew-there"
        ),
        pytest.param(
            a_follower(activity_id="A1"), replace(UNMADE, at=EARLIER), UNCLAIMED, None, True, id="void-meanwhile"
        ),
        pytest.param(a_follower(), replace(UNMADE, at=EARLIER), UNCLAIMED, "boris-id", True, id="not-made-yet"),
        pytest.param(
            a_follower(activity_id="A1"),
            replace(BORISES_BEFORE, activity_id="A2", at=LATER),
            replace(CARLS, at=EARLIER),
            None,
            True,
            id="went-along-before-another-was-made-here",
        ),
        pytest.param(a_link(), UNCLAIMED, UNCLAIMED, None, True, id="nobodys"),
        pytest.param(a_link(), UNREADABLE, UNCLAIMED, "", False, id="not-to-be-read"),
        pytest.param(INVITED, MINE_BEFORE, UNREADABLE, None, True, id="the-other-not-to-be-read"),
    ],
)
def test_a_claim_goes_along_with_its_meeting(
    link: Link, old: Claim, new: Claim, goes_along: str | None, may: bool
) -> None:
    """To another iCalUId, whoever sees that first; an activity that a colleague made there meanwhile stays."""
    move = Move(link, replace(link, event_id="E2", ical_uid="uid-2"))
    claims = {"uid-1": old, "uid-2": new}
    along = carried(move, claims, CTX)
    told = (along.user_id, along.activity_id, along.key, along.etag, along.began_at) if along else None
    assert told == (None if goes_along is None else (goes_along, old.activity_id, "uid-2", new.etag, old.began_at))
    assert may_be_renamed(move, claims, CTX) is may


@pytest.mark.parametrize(
    ("link", "new", "activity_id"),
    [
        pytest.param(a_follower(activity_id="A1"), MADE_MEANWHILE, "A2", id="made-there"),
        pytest.param(a_follower(activity_id="A1"), replace(UNMADE, at=LATER), "", id="begun-there"),
        pytest.param(a_follower(activity_id="A1"), UNCLAIMED, "A1", id="nobodys-there"),
        pytest.param(a_follower(activity_id="A1"), UNREADABLE, "A1", id="not-to-be-read"),
        pytest.param(INVITED, MADE_MEANWHILE, "A1", id="no-follower"),
    ],
)
def test_whose_activity_a_follower_has_that_goes_on(link: Link, new: Claim, activity_id: str) -> None:
    """That of the meeting as which it goes on, where the claim there stays."""
    move = Move(link, replace(link, event_id="E2", ical_uid="uid-2"))

    made = as_claimed(move, {"uid-1": BORISES_BEFORE, "uid-2": new}, CTX)
    assert (made.old, made.new.activity_id) == (link, activity_id)


def test_what_keeps_its_uid_keeps_its_claim() -> None:
    """In any letter case."""
    moves = [Move(a_link(), replace(a_link(), ical_uid=uid)) for uid in ("uid-1", "UID-1", "uid-2")]
    assert renamed(moves) == moves[2:]


DATED = replace(INVITED, occurrence=Occurrence("series", date(2026, 2, 2)))
ELSEWHERE = a_follower(ical_uid="uid-2", activity_id="A1", occurrence=Occurrence("series", date(2026, 2, 3)))


@pytest.mark.parametrize(
    ("links", "known_as"),
    [
        pytest.param([ELSEWHERE], "uid-2", id="another-date"),
        pytest.param([ELSEWHERE, replace(ELSEWHERE, ical_uid="UID-1")], "uid-1", id="the-same-date-as-well"),
        pytest.param([replace(ELSEWHERE, activity_id="A9")], "uid-1", id="another-activity"),
        pytest.param([life.ended(ELSEWHERE, EndedBy.OUTLOOK, "", NOW)], "uid-1", id="lost-there-too"),
        pytest.param([], "uid-1", id="nobody"),
    ],
)
def test_a_lost_date_is_looked_for_as_colleagues_know_it(links: list[Link], known_as: str) -> None:
    """What it said last is compared with what they show."""
    found = as_known_to(DATED, links)
    assert (found.ical_uid, found.event_id, bool(found.left)) == (known_as, "E1", known_as == "uid-2")


def test_which_dates_were_lost() -> None:
    """Those that were fed from here for an outsider, each with the colleagues whom it names."""
    of_boris = replace(DATED, base_event=shown(people=("boris@acme.example", "guest@client.example")))
    gone = news(dates={"E1": Sight.GONE})
    assert lost_dates(gone, frame(of_boris)) == {"E1": frozenset({"boris-id"})}
    for other in (INVITED, replace(of_boris, role=Role.OWN), replace(of_boris, activity_id="")):
        assert lost_dates(gone, frame(other)) == {}
    assert lost_dates(news(), frame(of_boris)) == {}


AHEAD = a_follower(ical_uid="uid-2", activity_id="A1", reread=Why.ANOTHER_DATE)
GUESTS_AHEAD = replace(A_GUESTS, key=uid_key("uid-2"))
VOID = an_activity(id="A1", void=True)


@pytest.mark.parametrize(
    ("case", "is_asked"),
    [
        pytest.param(Case(AHEAD, claim=GUESTS_AHEAD), True, id="another-date"),
        pytest.param(Case(replace(AHEAD, reread=""), claim=GUESTS_AHEAD), False, id="nothing-new"),
        pytest.param(Case(replace(AHEAD, reread=""), None, VOID, claim=GUESTS_AHEAD), True, id="void"),
        pytest.param(Case(AHEAD, claim=BORISES), False, id="organizer"),
        pytest.param(Case(AHEAD, claim=MINE), False, id="mine"),
        pytest.param(Case(AHEAD, claim=replace(GUESTS_AHEAD, activity_id="")), False, id="unmade"),
        pytest.param(Case(replace(AHEAD, role=Role.INVITED), claim=GUESTS_AHEAD), False, id="feeding"),
    ],
)
def test_when_a_follower_may_be_ahead_of_its_feeder(case: Case, is_asked: bool) -> None:
    """When it has just gone on under another iCalUId, or its activity is void."""
    assert may_be_ahead(case, CTX) is is_asked


BEHIND = a_link(ical_uid="uid-1", activity_id="A1", role=Role.INVITED)
LEFT = life.ended(BEHIND, EndedBy.OUTLOOK, "", NOW)
CLEARED = replace(A_GUESTS, activity_id="")


@pytest.mark.parametrize(
    ("known", "former", "is_void", "found"),
    [
        pytest.param([BEHIND], [A_GUESTS], False, "ahead", id="not-seen"),
        pytest.param([LEFT], [CLEARED], False, "ahead", id="leaving"),
        pytest.param([replace(BEHIND, ical_uid="UID-2")], [], False, "settled", id="gone-along"),
        pytest.param([life.ended(BEHIND, EndedBy.ERP, "", NOW)], [A_GUESTS], False, "settled", id="ended"),
        pytest.param([], [], False, "settled", id="forgotten"),
        pytest.param([LEFT], [CLEARED], True, "unmade", id="left"),
        pytest.param([BEHIND], [CLEARED], True, "unmade", id="died-before-it-ended"),
        pytest.param([BEHIND], [A_GUESTS], True, "settled", id="void-in-erpnet"),
        pytest.param([LEFT], [replace(CLEARED, user_id="carl-id")], True, "settled", id="cleared-by-another"),
        pytest.param([LEFT], [UNCLAIMED], True, "settled", id="never-claimed"),
    ],
)
def test_what_a_follower_ahead_of_its_feeder_waits_for(
    known: list[Link], former: list[Claim], is_void: bool, found: str
) -> None:
    """It is looked at again until the feeder has gone along; what was voided meanwhile is as good as unmade."""
    case = Case(AHEAD, None, VOID if is_void else an_activity(id="A1"), claim=GUESTS_AHEAD)
    case = before_the_feeder(case, known, former, is_saved=True)
    is_unmade_now = case.claim is not None and not case.claim.activity_id and case.activity is None
    assert (case.is_ahead, is_unmade_now) == (found == "ahead", found == "unmade")


@pytest.mark.parametrize(
    ("is_read", "is_saved", "ended_by", "found"),
    [
        (True, True, EndedBy.OUTLOOK, "left"),
        (False, True, EndedBy.OUTLOOK, "ahead"),
        (True, False, EndedBy.OUTLOOK, "ahead"),
        (True, True, EndedBy.UNLINKED, "settled"),
    ],
)
def test_a_follower_ahead_takes_what_its_feeder_could_neither_void_nor_hand_on(
    is_read: bool, is_saved: bool, ended_by: EndedBy, found: str
) -> None:
    """It is nobody's then, with their bases, as soon as this copy is read and its claim is saved."""
    event = an_event(ical_uid="uid-2") if is_read else None
    case = Case(AHEAD, event, an_activity(id="A1"), claim=GUESTS_AHEAD)
    link = life.ended(BEHIND, ended_by, "", NOW)
    case = before_the_feeder(case, [link], [A_GUESTS], is_saved=is_saved)
    claim = case.claim
    assert claim is not None
    is_nobodys = claim.left is not None and (claim.user_id, claim.before) == ("", A_GUESTS.user_id)
    assert (case.is_ahead, is_nobodys) == (found == "ahead", found == "left")
