"""One meeting in several mailboxes: whose copy feeds its one activity (design.md §4 "Meetings").

The copies of a meeting elect a feeder, and the claim names it. An organizer who is with us always feeds. Else the
feeder is whoever claimed the meeting, until they switch off, fail for a day or lose their copy. Every other copy
follows: it only tells its owner's response. A hand-over keeps the activity and its base: the new feeder takes both
from the former feeder's link. The event's base is the new feeder's own copy: differences between copies are no edits.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sync_core.content.base import base_after_handover, base_without_feeder
from sync_core.content.project import from_graph, to_erp
from sync_core.content.ranges import uid_key
from sync_core.model import link as life
from sync_core.model.claim import Claim
from sync_core.model.decision import Case, Context, Decision, Intent, Sight, Verdict
from sync_core.model.link import EndedBy, Link, LinkStatus, Role
from sync_core.model.sides import EVERYTHING, ErpActivity, Field, GraphContent, GraphEvent, Side
from sync_core.model.why import Why
from sync_core.model.writes import ParticipantChanges, PatchActivity
from sync_core.people.privacy import is_hidden
from sync_core.people.responses import DELETED_COPY, NOTES_OF, OURS, notes_for, responses_of
from sync_core.plan.conflict import category_removal
from sync_core.plan.delete import DELETED_IN_OUTLOOK
from sync_core.plan.identity import new_link
from sync_core.plan.tables import ELECTION, Claimed, Elected

FOLLOWED = "the meeting is fed from another calendar"
BACK_AGAIN = "its owner deleted it and has it again"
UNMADE = "another calendar claimed the meeting and has not made its activity yet"
OTHERS_UNREAD = "it is not known yet whether another invited calendar still has the meeting"
VOIDED_ELSEWHERE = "its activity was voided when a colleague lost the meeting, and it goes on here"
HANDED_ON = "the meeting is fed from another calendar now"
CANCELLED_COPY = "cancelled by its organizer"


def claimed(claim: Claim | None, ctx: Context) -> Claimed:
    """The claim's column of ``ELECTION``. A claim that cannot be read counts as another user's."""
    if claim is not None and claim.unreadable:
        return Claimed.OWN
    if claim is None or not claim.etag:
        return Claimed.NOBODY
    if claim.user_id == ctx.mailbox:
        return Claimed.ME
    if not ctx.colleagues.is_well(claim.user_id):
        return Claimed.LAPSED
    if not claim.activity_id and claim.at is not None and ctx.now - claim.at > ctx.stalled_after:
        return Claimed.STALLED
    return Claimed.OWN if claim.is_own else Claimed.GUEST


def elected(event: GraphEvent, claim: Claim | None, ctx: Context) -> Elected:
    """What this mailbox's copy of a meeting is: feeder, follower or clash. A colleague's own activity stays theirs,
    switched on or off (R12)."""
    if event.is_organizer and _is_import(claim, ctx):
        return Elected.CLASH
    if not event.is_organizer and claim is not None and claim.creator and not ctx.is_on(claim.creator):
        return Elected.FOLLOW
    return Elected(ELECTION[election_cell(event, claim, ctx)])


def election_cell(event: GraphEvent, claim: Claim | None, ctx: Context) -> tuple[str, str]:
    """The cell of ``ELECTION`` that a mailbox's copy of a meeting is in."""
    if event.is_organizer:
        return "own", claimed(claim, ctx)
    organizer = ctx.colleagues.at(event.organizer)
    is_on = organizer is not None and organizer.is_well and organizer.id != ctx.mailbox
    return "invited/organizer-on" if is_on else "invited/organizer-off", claimed(claim, ctx)


def _is_import(claim: Claim | None, ctx: Context) -> bool:
    """Whether an own event has the iCalUId of a meeting that somebody else organises, as an imported file does."""
    if claim is None or not claim.organizer or claim.user_id == ctx.mailbox:
        return False
    organizer = ctx.colleagues.at(claim.organizer)
    return organizer is None or organizer.id != ctx.mailbox


def is_fed_elsewhere(claim: Claim | None, ctx: Context) -> bool:
    """Whether another mailbox feeds the meeting now."""
    return claimed(claim, ctx) in (Claimed.OWN, Claimed.GUEST)


def is_voided_elsewhere(link: Link, claim: Claim | None, ctx: Context) -> bool:
    """Whether another mailbox fed this pair's meeting, lost its copy, knew of nobody else who is on, and cleared the
    claim to void the activity: nobody ended the meeting."""
    if claim is None or claim.unreadable or is_follower(link) or link.status not in life.RUNNING:
        return False
    return bool(claim.etag) and not claim.activity_id and claim.user_id != ctx.mailbox


def is_follower(link: Link | None) -> bool:
    """Whether the link's copy is a follower."""
    return link is not None and link.role is Role.FOLLOWER


def as_feeder(case: Case, ctx: Context) -> Case:
    """The case of a copy that feeds the activity from now on: with the former feeder's link, if one is left."""
    event, claim, link = case.event, case.claim, case.link
    if event is None or event.is_cancelled or not (link is None or is_follower(link)):
        return case
    if elected(event, claim, ctx) is not Elected.FEED:
        return case
    if case.activity is None:
        is_new = claim is None or not claim.activity_id
        return replace(case, link=None, followed=link is not None) if is_new else case
    if case.activity.void:
        return case
    promoted = _promoted(case, event, case.activity, ctx)
    return replace(case, link=promoted, followed=promoted is not None or link is not None)


def _promoted(case: Case, event: GraphEvent, activity: ErpActivity, ctx: Context) -> Link | None:
    """The link of a promoted copy, which feeds from now on what another copy fed. None where no other one did, or
    nobody has seen how both sides stood together: they are found as a pair then.

    The activity's base is the former feeder's, so that no edit in ERP.net is lost; the event's base is this copy's
    own. Where nobody's link is left, both bases are what the sides show, unless the copy shows what nobody has seen:
    a hand-over alone causes no write.
    """
    claim, before, own = case.claim, case.former_link, case.link
    if before is None or not has_activity_base(before):
        if claim is None or not {claim.user_id, claim.before} - {"", ctx.mailbox}:
            return None
        looked_at = _looked_before(claim, ctx)
        if _is_unseen(event, own, looked_at):
            return None
        before = new_link(event, activity, Side.GRAPH, ctx)
        base_event = base_without_feeder(event, own.base_event if own else None, looked_at)
    else:
        looked_at = None if _has_missed(before, event) else fed_until(case, ctx)
        base_event = base_after_handover(event, before, _shown_by(looked_at, own), looked_at)
    began_here = claim is None or not claim.creator
    return replace(
        life.live(before),
        event_id=event.id,
        ical_uid=event.ical_uid,
        occurrence=event.occurrence,
        base_event=base_event,
        change_key=event.change_key,
        modified_at=event.modified_at,
        series_at=event.series_at,
        role=Role.OWN if event.is_organizer else Role.INVITED,
        creator=ctx.erp_user_id if began_here or claim is None else before.creator,
        answers=own.answers if own else (),
        unseen=False,
        missed_at=None,
    )


def _looked_before(claim: Claim, ctx: Context) -> datetime | None:
    """When the last feeder looked of whom no link is left, or who died before saving one."""
    is_mine = claim.user_id in ("", ctx.mailbox)
    return claim.looked_at or ctx.colleagues.looked_at(claim.before if is_mine else claim.user_id)


def _is_unseen(event: GraphEvent, own: Link | None, looked_at: datetime | None) -> bool:
    """Whether nobody may have seen by that look what this copy shows now: whoever had the activity made since died
    before the link was saved, and both are a pair without a base."""
    is_since = looked_at is not None and (event.newest_at is None or event.newest_at > looked_at)
    return is_since and _shown_by(looked_at, own) is None


def _shown_by(looked_at: datetime | None, own: Link | None) -> GraphContent | None:
    """What this copy showed when the former feeder last looked. None where nobody knows: it was not seen before, or
    in a later state only, or in one of unknown age. A follower's base and its ``newest_at`` move together."""
    if own is None or looked_at is None or own.newest_at is None or own.newest_at > looked_at:
        return None
    return own.base_event


def _has_missed(before: Link, event: GraphEvent) -> bool:
    """Whether no look of the former feeder's tells that it saw what this copy shows: its own link had to be read
    again, or it fed the activity as another date, in place of which this one goes on (R19, R20)."""
    return bool(before.reread) or uid_key(before.ical_uid) != uid_key(event.ical_uid)


def fed_until(case: Case, ctx: Context) -> datetime | None:
    """When the former feeder last looked at a copy that they still had, as the feeder."""
    claim = case.claim
    if claim is not None and is_unserved(claim):
        return claim.looked_at
    is_handover = claim is not None and claim.looked_at is not None and case.former_feeder == claim.before
    return claim.looked_at if claim and is_handover else ctx.colleagues.looked_at(case.former_feeder)


def is_unserved(claim: Claim) -> bool:
    """Whether the feeder's own copy does not yet go on where the former feeder stopped. Its rounds may have looked
    while it followed, or have found that it is gone: no look of the feeder's counts until then."""
    return claim.left is not None


def as_left(claim: Claim, link: Link) -> Claim:
    """The claim of a feeder whose copy is gone and whose ended ``link`` neither handed the meeting on nor voided its
    activity: nobody's, with the bases that they left. That a lock kept the deletion out is no edit to go on with.
    """
    left = life.left_to_next(replace(link, conflict=None))
    return replace(claim, user_id="", before=claim.user_id, looked_at=None, left=left)


def is_left(claim: Claim) -> bool:
    """Whether a living activity has no feeder any more (``as_left``)."""
    return bool(claim.activity_id) and not claim.user_id


def as_lost_feeder(case: Case, ctx: Context) -> Case:
    """The case of a follower that the claim made the feeder and whose event is gone before its first round as feeder.

    It is decided as a feeder's, with the former feeder's bases, so that the activity is handed on or voided, and what
    was edited in it is not lost.
    """
    link, claim, before = case.link, case.claim, case.former_link
    if link is None or claim is None or not is_lost_feeder(case, ctx):
        return case
    # a link of before the activity was made does not know it
    lost = replace(link, activity_id=claim.activity_id, role=Role.INVITED, creator=ctx.erp_user_id)
    if before is not None:
        lost = replace(
            lost,
            zone=before.zone,
            base_event=before.base_event,
            base_activity=before.base_activity,
            version=before.version,
            updated_at=before.updated_at,
        )
    return replace(case, link=lost, followed=True)


def still_following(decision: Decision, link: Link | None) -> Decision:
    """The decision of a lost feeder that must wait, with the follower's ``link`` that it came with."""
    assert link is not None
    return replace(decision, link=life.followed(link, FOLLOWED, reread=decision.reason))


def is_lost_feeder(case: Case, ctx: Context) -> bool:
    """Whether the claim made this follower the feeder, and its event is gone or in another calendar."""
    link, claim = case.link, case.claim
    is_called_off = case.event is not None and case.event.is_cancelled
    is_lost_copy = case.event_sight in (Sight.GONE, Sight.ELSEWHERE) or is_called_off
    if link is None or not is_follower(link) or link.status is LinkStatus.TOMBSTONE or not is_lost_copy:
        return False
    return claim is not None and bool(claim.activity_id) and claimed(claim, ctx) is Claimed.ME


def has_activity_base(link: Link) -> bool:
    """Whether a link has the activity's base: it feeds the meeting, or fed it until it was handed on."""
    is_feeding = link.role is not Role.FOLLOWER and link.status in life.WATCHED
    return is_feeding or link.ended_by is EndedBy.HANDED_ON


def follow(case: Case, ctx: Context, *, unread: str = "") -> Decision:
    """The copy gets a link of its own: its owner's response goes to the activity, and it can become the feeder.
    ``unread`` says what the next round must read for that."""
    assert case.event is not None
    event = case.event
    left = _said_to_have_left(case, ctx)
    link = Link(
        event_id=event.id,
        activity_id=case.claim.activity_id if case.claim else "",
        ical_uid=event.ical_uid,
        occurrence=event.occurrence,
        zone=ctx.digits_zone,
        base_event=event.content,
        base_activity=to_erp(from_graph(event.content), ZoneInfo(ctx.digits_zone)),
        change_key=event.change_key,
        version=None,
        updated_at=None,
        modified_at=event.modified_at,
        series_at=event.series_at,
        role=Role.FOLLOWER,
        reason=FOLLOWED,
        reread=unread or _unmade(case.claim) or (BACK_AGAIN if left else ""),
        answers=left,
    )
    return Decision(case, Intent.FOLLOW, Verdict.SKIP, FOLLOWED, link=link, in_step=frozenset())


def _said_to_have_left(case: Case, ctx: Context) -> tuple[tuple[str, str], ...]:
    """The response to take back: an earlier copy was deleted, its link was forgotten, and the activity still notes
    it."""
    me = ctx.colleagues.of(ctx.mailbox)
    rows = case.activity.participants if case.activity else ()
    noted = [p for p in rows if p.notes == DELETED_COPY and p.email]
    is_mine = me is not None and any(ctx.colleagues.canonical(p.email) == me.canonical for p in noted)
    return ((me.canonical, DELETED_COPY),) if me is not None and is_mine else ()


def _unmade(claim: Claim | None) -> str:
    """Why a followed meeting must be read again: the round that claimed it may have ended before its create."""
    return UNMADE if claim is not None and claim.etag and not claim.activity_id else ""


def _unsettled(case: Case) -> str:
    """Why a follower must be looked at again."""
    return _unmade(case.claim) or (Why.ANOTHER_DATE if case.is_ahead else "")


def step_back(case: Case, link: Link, ctx: Context) -> Decision:
    """Another copy feeds the meeting now: this one follows, and loses our category."""
    graph = category_removal(case.event, link, ctx)
    kept = replace(life.followed(link, FOLLOWED), answers=())
    verdict = Verdict.ACT if graph else Verdict.SKIP
    in_step = _taken_in(case.event, case.claim, ctx) if case.event is not None else frozenset[Field]()
    return Decision(case, Intent.FOLLOW, verdict, FOLLOWED, graph=graph, link=kept, in_step=in_step)


def follower(case: Case, link: Link, ctx: Context) -> Decision:
    """The decision about a copy that follows: nothing but its owner's response is written."""
    if case.event is not None and not case.event.is_cancelled:
        return _answering(case, link, ctx)
    if case.event is not None:
        return _gone(case, link, ctx, CANCELLED_COPY, None)
    if case.event_sight is Sight.GONE and link.status is not LinkStatus.TOMBSTONE:
        return _gone(case, link, ctx, DELETED_IN_OUTLOOK, _farewell(case, link, ctx))
    unread = _unsettled(case) if case.event_sight is Sight.UNREAD and link.status in life.WATCHED else ""
    kept = life.reread_for(link, unread) if unread else life.looked_at(link)
    return Decision(case, Intent.NOTHING, Verdict.NOTHING, link=kept, in_step=frozenset())


def hand_on(case: Case, link: Link, ctx: Context) -> Decision:
    """The copy that fed is gone: the claim goes to another mailbox, the activity stays."""
    assert case.others
    erp = _farewell(case, link, ctx)
    kept = _ended(link, ctx, EndedBy.HANDED_ON, HANDED_ON, erp)
    return Decision(
        case, Intent.HAND_ON, Verdict.ACT, HANDED_ON, erp=erp, link=kept, in_step=frozenset(), hand_to=case.others[0]
    )


def _answering(case: Case, link: Link, ctx: Context) -> Decision:
    assert case.event is not None
    activity_id = case.claim.activity_id if case.claim and case.claim.activity_id else link.activity_id
    link = life.followed(replace(link, activity_id=activity_id), FOLLOWED, reread=_unsettled(case))
    responses = {} if is_hidden(case, ctx) else responses_of(case.event, ctx)
    in_step = _taken_in(case.event, case.claim, ctx)
    if tuple(sorted(responses.items())) == link.answers or not _may_write_notes(case, ctx):
        return Decision(case, Intent.NOTHING, Verdict.NOTHING, link=link, in_step=in_step)
    assert case.activity is not None
    notes = notes_for(case.activity, link.answers, responses, ctx)
    link = replace(link, answers=tuple(sorted(responses.items())))
    if not notes:
        return Decision(case, Intent.NOTHING, Verdict.NOTHING, link=link, in_step=in_step)
    return Decision(case, Intent.ANSWER, Verdict.ACT, erp=_note(case, notes), link=link, in_step=in_step)


def _taken_in(event: GraphEvent, claim: Claim | None, ctx: Context) -> frozenset[Field]:
    """The fields of a follower's base that move. All move, once the feeder has looked at its own copy after this one
    changed. Until then the change may be an edit that a promoted copy must still write."""
    looked_at = ctx.colleagues.looked_at(claim.user_id) if claim else None
    if claim is None or is_unserved(claim) or looked_at is None or event.newest_at is None:
        return frozenset()
    return EVERYTHING if event.newest_at <= looked_at else frozenset()


def _gone(case: Case, link: Link, ctx: Context, reason: str, erp: PatchActivity | None) -> Decision:
    verdict = Verdict.ACT if erp else Verdict.NOTHING
    intent = Intent.ANSWER if erp else Intent.END
    kept = _ended(link, ctx, EndedBy.OUTLOOK, reason, erp)
    return Decision(case, intent, verdict, reason, erp=erp, link=kept, in_step=frozenset())


def _ended(link: Link, ctx: Context, by: EndedBy, reason: str, erp: PatchActivity | None) -> Link:
    """The link of a copy that is gone. It remembers its last note as a response, to take it back if it returns."""
    me = ctx.colleagues.of(ctx.mailbox)
    responses = ((me.canonical, erp.participants.notes[0][1]),) if me and erp else ()
    return replace(life.ended(link, by, reason, ctx.now), role=Role.FOLLOWER, answers=responses)


def _farewell(case: Case, link: Link, ctx: Context) -> PatchActivity | None:
    """The write that notes how the copy's owner left: declined, or just deleted."""
    me = ctx.colleagues.of(ctx.mailbox)
    if me is None or case.event_sight is not Sight.GONE or not _may_write_notes(case, ctx) or is_hidden(case, ctx):
        return None
    assert case.activity is not None
    declined = NOTES_OF["declined"]
    text = declined if case.farewell == "declined" else DELETED_COPY
    rows = [p for p in case.activity.participants if p.email and ctx.colleagues.canonical(p.email) == me.canonical]
    open_rows = [p for p in rows if p.notes != declined and (not p.notes or p.notes.startswith(OURS))]
    return _note(case, tuple((p.id, text) for p in open_rows)) if open_rows else None


def _may_write_notes(case: Case, ctx: Context) -> bool:
    return ctx.policy.direction.lets(Side.ERP) and case.activity is not None and not case.activity.is_locked


def _note(case: Case, notes: tuple[tuple[str, str], ...]) -> PatchActivity:
    assert case.activity is not None
    activity = case.activity
    return PatchActivity(
        activity.id, activity.version, frozenset(), activity.content, participants=ParticipantChanges(notes=notes)
    )


def is_dismissed(link: Link) -> bool:
    """Whether ERP.net voided the activity of an invited copy: the organizer's next change does not make it anew."""
    return link.role is Role.INVITED and link.ended_by is EndedBy.ERP
