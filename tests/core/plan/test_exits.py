"""The exits that a case may take before fate and permit are asked: each is reached, and the printed order is kept."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from sync_core.model import link as life
from sync_core.model.claim import Claim
from sync_core.model.conflict import CategoryState, Clash, Conflict
from sync_core.model.decision import Case, Decision, Sight
from sync_core.model.link import TRIES, EndedBy, LinkStatus, Role
from sync_core.model.pending import Pending, PendingState
from sync_core.model.series import Occurrence
from sync_core.model.sides import CONFLICT_CATEGORY, EventKind, Field, Seen, Side
from sync_core.plan import exits as way
from sync_core.plan.decide import decide
from tests.support.samples import (
    BORIS,
    CARL,
    ME,
    NOW,
    SERVICE,
    a_case,
    a_follower,
    a_link,
    a_meeting,
    an_activity,
    an_event,
    an_invitation,
    an_office,
    attended,
    linked,
    noted,
    shown,
    tombstone,
    utc,
    wall_clock,
)

ALL = (*way.AS_READ, *way.BEFORE_FATE)
PRINTED = re.compile(r"^    (?!exit)([a-z-]+) +((?:[a-z]+, )*[a-z]+)  +\S.*$", re.MULTILINE)
"""A row of the printed table: the exit, its verdicts, and when it is open."""

PAST_EVENT = shown(start=utc(2026, 1, 20, 8), end=utc(2026, 1, 20, 9))
PAST_ACTIVITY = noted(
    start=wall_clock(2026, 1, 20, 10), end=wall_clock(2026, 1, 20, 11), reminder=wall_clock(2026, 1, 20, 9, 45)
)
EDITED_PAST = an_activity(replace(PAST_ACTIVITY, subject="Forecast"))
PAST = a_link(base_event=PAST_EVENT, base_activity=PAST_ACTIVITY)
OPEN = Conflict((Clash(Field.SUBJECT, "Plan", "Forecast", "both"),), NOW, category=CategoryState.SET)
GIVEN_UP = a_link(
    status=LinkStatus.PARKED, reason="refused", tries=TRIES, given_up_at=Seen("ck-2", an_activity().stamp)
)
INVITED = a_link(role=Role.INVITED)
COPY = an_invitation(organizer=CARL)
THEIRS = Claim(user_id="boris-id", activity_id="A1", at=NOW, etag="e1")
EDITED = an_activity(noted(subject="Forecast"))
HIRED = an_activity(creation_user=SERVICE, owner_party="party-boris")

JUNE = Occurrence("series@acme.example", date(2026, 6, 25), "M1")

CASES: dict[str, list[Case]] = {
    "unlinked": [
        linked(an_event(shown(subject="Plan")), EDITED, link=life.unlinked(a_link(), way.UNLINKED, NOW)),
        linked(event_sight=Sight.MALFORMED, link=life.unlinked(a_link(), way.UNLINKED, NOW)),
    ],
    "series-off": [
        linked(an_event(), EDITED, link=a_link(occurrence=JUNE)),
        linked(None, an_activity(), event_sight=Sight.GONE, link=a_link(occurrence=JUNE)),
    ],
    "malformed": [a_case(event_sight=Sight.MALFORMED), linked(an_event(), activity_sight=Sight.MALFORMED)],
    "undecided": [linked(event_sight=Sight.UNDECIDED)],
    "elsewhere": [
        linked(None, EDITED, event_sight=Sight.ELSEWHERE),
        linked(None, an_activity(), link=INVITED, event_sight=Sight.ELSEWHERE, others=("boris-id",)),
    ],
    "hidden": [linked(an_event(), activity_sight=Sight.HIDDEN)],
    "hindered": [a_case(an_event(), awaits=PendingState.PARTNER_GONE), a_case(an_event(), awaits=PendingState.TWIN)],
    "given-up": [
        linked(an_event(shown(subject="Plan")), an_activity(), link=GIVEN_UP),
        a_case(an_event(), pending=Pending(Side.GRAPH, "E1", reason="refused", tries=TRIES, parked=True)),
    ],
    "follower": [
        linked(COPY, an_activity(), link=a_follower(), claim=THEIRS),
        linked(
            replace(COPY, response="accepted"),
            attended(ME),
            link=a_follower(),
            claim=THEIRS,
        ),
    ],
    "ended": [
        linked(None, an_activity(), link=tombstone()),
        linked(an_event(), an_activity(void=True), link=tombstone(ended_by=EndedBy.DROPPED)),
        linked(an_event(PAST_EVENT), link=tombstone(ended_by=EndedBy.ERP)),
    ],
    "half-seen": [
        linked(event_sight=Sight.GONE),
        linked(an_event(shown(subject="Plan")), link=a_link(reread="a write failed")),
        linked(an_event(), link=tombstone()),
        linked(an_event(), link=tombstone(ended_by=EndedBy.ERP)),
    ],
    "over": [
        linked(an_event(PAST_EVENT), EDITED_PAST, link=PAST),
        linked(event_sight=Sight.GONE, activity_sight=Sight.GONE, link=replace(PAST, status=LinkStatus.ARCHIVED)),
        linked(an_event(PAST_EVENT, categories=(CONFLICT_CATEGORY,)), EDITED_PAST, link=replace(PAST, conflict=OPEN)),
    ],
    "restored": [linked(an_event(), replace(EDITED, version=0, updated_at=utc(2026, 1, 20, 7)))],
    "taken": [linked(None, HIRED, event_sight=Sight.GONE, event_owners=frozenset({"boris-id"}))],
    "out-of-scope": [
        a_case(an_event(shown(start=utc(2026, 3, 1, 8), end=utc(2026, 3, 1, 9)))),
        linked(an_event(kind=EventKind.MASTER), an_activity()),
    ],
    "not-feeding": [
        a_case(COPY, claim=THEIRS),
        a_case(a_meeting(BORIS), claim=replace(THEIRS, is_own=True)),
        linked(
            replace(COPY, categories=(CONFLICT_CATEGORY,)),
            an_activity(),
            link=replace(INVITED, conflict=OPEN),
            claim=THEIRS,
        ),
    ],
    "claim-lost": [linked(None, EDITED, link=INVITED, claim=THEIRS)],
    "copy-lost": [
        linked(None, an_activity(), link=INVITED, event_sight=Sight.GONE, others=None),
        linked(None, an_activity(), link=INVITED, event_sight=Sight.GONE, others=("boris-id",)),
        linked(None, an_activity(), event_sight=Sight.GONE, others=("boris-id",)),
        linked(None, an_activity(), link=INVITED, event_sight=Sight.GONE, claim=THEIRS),
    ],
    "voided": [linked(an_event(), an_activity(void=True), claim=replace(THEIRS, activity_id=""))],
}
"""Cases that take the exit, one for each verdict at least."""


def name_of(leave: way.Exit) -> str:
    """An exit's name as it is printed."""
    return leave.__name__.strip("_").replace("_", "-")


def said(decision: Decision) -> tuple[object, ...]:
    """What a decision does, whatever case it is about."""
    return decision.intent, decision.verdict, decision.reason, decision.link, decision.graph, decision.erp


def test_the_printed_exits_are_those_of_the_code_in_their_order() -> None:
    """What a person reads at the top of the module is what is asked, row by row."""
    printed = [name for name, _ in PRINTED.findall(way.__doc__ or "")]

    assert [name_of(leave) for leave in ALL] == printed
    assert list(CASES) == printed


@pytest.mark.parametrize("leave", ALL, ids=name_of)
def test_every_exit_is_reached(leave: way.Exit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its cases get the printed verdicts, and each would be decided otherwise if the exit were not there."""
    printed = dict(PRINTED.findall(way.__doc__ or ""))[name_of(leave)]
    cases, ctx = CASES[name_of(leave)], an_office()
    decisions = [decide(case, ctx) for case in cases]
    for exits in ("AS_READ", "BEFORE_FATE"):
        monkeypatch.setattr(way, exits, tuple(one for one in getattr(way, exits) if one is not leave))

    assert printed == ", ".join(sorted({decision.verdict for decision in decisions}))
    others = [replace(decide(case, ctx), cell=before.cell) for case, before in zip(cases, decisions, strict=True)]
    assert [other != before for other, before in zip(others, decisions, strict=True)] == [True] * len(cases)
