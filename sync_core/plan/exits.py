"""The exits: what is decided about a case before fate and permit are asked (decide.py).

Each case takes the first exit that is open to it. These are asked about the case as it was read:

    exit          verdict               when
    unlinked      skip                  a person took the pair apart
    series-off    park                  a date of a series, and ``SYNC_SERIES`` is ``skip``
    malformed     park                  a side cannot be understood
    undecided     reread                the event may be gone, and the evidence is incomplete
    elsewhere     act, park             the event is in another calendar; an invited copy hands its meeting on
    hidden        park                  the service user cannot see the activity
    hindered      park                  a person must choose before an item gets a counterpart (HINDRANCES)
    given-up      park                  writes failed too often, and neither side has changed since
    follower      act, nothing          another mailbox's copy feeds the activity: only a response is written
    ended         skip                  a tombstone whose event is gone, or of which nothing may be made again

An event that shows up again after its pair has ended goes on with its activity, if that lives, or begins anew. Then:

    exit          verdict               when
    half-seen     reread                a side was not read without which nothing can be decided
    over          act, archive, skip    the meeting ended too long ago; our category is removed
    restored      park                  the activity is older than its base, as after restoring a backup
    taken         nothing               the event is gone, and its activity belongs in a colleague's calendar
    out-of-scope  park, skip            table SCOPE says so
    not-feeding   act, park, skip       table ELECTION says that the copy follows another one, or clashes with it
    claim-lost    reread                another mailbox has the claim, and this invited copy was not read
    copy-lost     act, nothing, reread  the event is gone, and another mailbox may still have the meeting
    voided        reread                a colleague's round voided the activity, and the event is still here
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from sync_core.content.project import graph_when
from sync_core.content.window import is_over
from sync_core.model import link as life
from sync_core.model.decision import Case, Context, Decision, Intent, Sight, Verdict
from sync_core.model.link import EndedBy, LinkStatus, Role
from sync_core.model.pending import UNHINDERED, PendingState
from sync_core.model.policy import SeriesRule
from sync_core.plan import cells
from sync_core.plan.conflict import category_removal
from sync_core.plan.delete import ended
from sync_core.plan.over import all_over
from sync_core.plan.shared import (
    OTHERS_UNREAD,
    VOIDED_ELSEWHERE,
    elected,
    election_cell,
    follow,
    follower,
    hand_on,
    is_dismissed,
    is_fed_elsewhere,
    is_follower,
    is_voided_elsewhere,
    step_back,
)
from sync_core.plan.tables import (
    ELECTION,
    HINDRANCES,
    REASONS,
    Elected,
    Trait,
    edited_in_erp,
    fate,
    is_event_gone,
    is_taken,
    scope,
    scope_cell,
)

Exit = Callable[[Case, Context], Decision | None]
"""One way out: the decision, or None where the case goes on."""

UNLINKED = "a person unlinked it: both sides stay as they are and are not synced"

MALFORMED = "the item cannot be understood"

UNDECIDED = "the event may be gone"

ELSEWHERE = "moved to another calendar"

HALF_SEEN = "one side of the pair has not been read"

HIDDEN = "the activity is not visible to the service user"

RESTORED = (
    "ERP.net shows an older state than it did before, as after restoring a backup: save the activity in ERP.net once "
    "to accept what it says"
)

BACKWARDS = timedelta(hours=1)
"""An update time so much older than the last one seen cannot come from different clocks."""


def as_read(case: Case, ctx: Context) -> Decision | None:
    """The decision of the first exit that is open to a case as it was read; None where none is."""
    return _first(AS_READ, case, ctx)


def before_fate(case: Case, ctx: Context) -> Decision | None:
    """The decision of the first exit that is open to a case that goes on (``revived``); None where none is."""
    return _first(BEFORE_FATE, case, ctx)


def _first(exits: tuple[Exit, ...], case: Case, ctx: Context) -> Decision | None:
    """The decision of the first exit that is open."""
    for leave in exits:
        found = leave(case, ctx)
        if found is not None:
            return replace(found, cell=cells.joined(cells.of_exit(leave.__name__), *_asked_there(leave, case, ctx)))
    return None


def _asked_there(leave: Exit, case: Case, ctx: Context) -> list[str]:
    """The cell of the table that an exit asks, where it decided."""
    if leave is _out_of_scope:
        found = scope_cell(case, ctx)
        return [cells.of_table("scope", found)] if found else []
    if leave is not _not_feeding or case.event is None:
        return []
    cell = election_cell(case.event, case.claim, ctx)
    return [cells.of_table("election", cell)] if ELECTION[cell] == elected(case.event, case.claim, ctx) else []


# The exits of a case as it was read


def _unlinked(case: Case, _: Context) -> Decision | None:
    """What a person took apart stays apart, whatever happens to either side."""
    if case.link is None or not life.is_unlinked(case.link):
        return None
    return set_aside(case, Verdict.SKIP, UNLINKED)


def _series_off(case: Case, ctx: Context) -> Decision | None:
    """A date of a series is left alone on both sides while series are not synced, whatever was read of it."""
    if case.link is None or case.link.occurrence is None or ctx.policy.series is not SeriesRule.SKIP:
        return None
    return set_aside(case, Verdict.PARK, REASONS[Trait.SERIES])


def _malformed(case: Case, ctx: Context) -> Decision | None:
    """A side that cannot be understood decides nothing, while the meeting is to come."""
    if Sight.MALFORMED not in (case.event_sight, case.activity_sight) or _is_shown_over(case, ctx):
        return None
    return set_aside(case, Verdict.PARK, case.explanation or MALFORMED)


def _undecided(case: Case, _: Context) -> Decision | None:
    """An event that may be gone is read again, never voided on incomplete evidence."""
    if Sight.UNDECIDED not in (case.event_sight, case.activity_sight):
        return None
    return _reread(case, case.explanation or UNDECIDED)


def _elsewhere(case: Case, ctx: Context) -> Decision | None:
    """An event in another calendar is set aside while the meeting is to come; an invited copy that fed its meeting
    hands it on where it can."""
    if Sight.ELSEWHERE not in (case.event_sight, case.activity_sight):
        return None
    if case.link is not None and case.link.role is Role.INVITED and case.others != ():
        return hand_on(case, case.link, ctx) if case.others else _reread(case, OTHERS_UNREAD)
    return None if _is_shown_over(case, ctx) else set_aside(case, Verdict.PARK, ELSEWHERE)


def _hidden(case: Case, ctx: Context) -> Decision | None:
    """An activity that the service user cannot see is not gone, so the pair is parked. It counts as gone only where
    the event is gone as well, or the pair has ended or is over; a follower does not need it."""
    is_hidden = Sight.HIDDEN in (case.event_sight, case.activity_sight)
    if not is_hidden or case.event_sight is Sight.GONE or _is_ended(case) or is_follower(case.link):
        return None
    return None if _is_shown_over(case, ctx) else set_aside(case, Verdict.PARK, HIDDEN)


def _is_shown_over(case: Case, ctx: Context) -> bool:
    """Whether a pair is over by its bases and by the one side that is shown. Should the other one stand later, the
    pair goes on once that is shown: by its next change, or by a full round."""
    is_shown = case.event is not None or case.activity is not None
    return case.link is not None and not is_follower(case.link) and is_shown and all_over(case, case.link, ctx)


def _hindered(case: Case, ctx: Context) -> Decision | None:
    """Something must be cleared up before this item gets a counterpart."""
    if is_follower(case.link) or case.awaits in UNHINDERED or is_taken(case, ctx):
        return None
    return _waiting(case, case.awaits)


def _given_up(case: Case, ctx: Context) -> Decision | None:
    """A pair or item that failed too often is left alone until somebody asks for a retry or a side has changed.

    A meeting that is over is archived like any other.
    """
    link, pending, seen = case.link, case.pending, case.seen
    if link is not None:
        if not life.is_given_up(link) or life.is_news(link, seen) or all_over(case, link, ctx):
            return None
        kept = life.left_alone(link, seen)
        return Decision(case, Intent.NOTHING, Verdict.PARK, link.reason, link=kept, in_step=frozenset())
    if pending is None or not life.is_given_up(pending) or life.is_news(pending, seen):
        return None
    row = replace(pending, given_up_at=pending.given_up_at or seen)
    return Decision(case, Intent.NOTHING, Verdict.PARK, pending.reason, pending=row)


def _follower(case: Case, ctx: Context) -> Decision | None:
    """A follower's response is written, and nothing else."""
    return follower(case, case.link, ctx) if case.link is not None and is_follower(case.link) else None


def _ended(case: Case, ctx: Context) -> Decision | None:
    """A tombstone stays one while its event is gone, or while nothing may be made of its event."""
    if case.link is None or not _is_ended(case):
        return None
    stays = case.event is None or _is_refused(case) or _is_left(case, ctx)
    return set_aside(case, Verdict.SKIP, case.link.reason) if stays else None


def _is_ended(case: Case) -> bool:
    return case.link is not None and case.link.status is LinkStatus.TOMBSTONE and case.link.conflict is None


def _is_refused(case: Case) -> bool:
    """Whether nothing may be made of an event again: ERP.net dismissed it, or a person dropped its deletion and it is
    not alive on both sides."""
    link, event, activity = case.link, case.event, case.activity
    if link is None or link.ended_by is not EndedBy.DROPPED:
        return link is not None and is_dismissed(link)
    return event is None or event.is_cancelled or activity is None or activity.void


def _is_left(case: Case, ctx: Context) -> bool:
    """Whether an own event was left in the calendar because it had taken place when its activity was void."""
    link, event, activity = case.link, case.event, case.activity
    is_erps = link is not None and link.ended_by is EndedBy.ERP and link.role is Role.OWN
    is_dead = activity is None or activity.void
    return is_erps and is_dead and event is not None and is_over(graph_when(event.content), ctx.now, ctx.zone)


AS_READ: tuple[Exit, ...] = (
    _unlinked,
    _series_off,
    _malformed,
    _undecided,
    _elsewhere,
    _hidden,
    _hindered,
    _given_up,
    _follower,
    _ended,
)
"""The exits of a case as it was read, in the order in which they are asked."""


# The exits of a case that goes on


def revived(case: Case) -> Case:
    """The event of a tombstone shows up again: the old pair goes on, or a new one begins.

    Which of them is known once the activity has been read.
    """
    if case.link is None or case.link.status is not LinkStatus.TOMBSTONE or case.activity_sight is Sight.UNREAD:
        return case
    if case.event is None:
        return replace(case, event_sight=Sight.GONE)
    alive = case.activity is not None and not case.activity.void and not is_follower(case.link)
    return case if alive else replace(case, link=None, activity=None, activity_sight=Sight.GONE)


def _half_seen(case: Case, _: Context) -> Decision | None:
    """A deletion, an open conflict, a failed write and a held deletion need a reading of both sides."""
    link = case.link
    if link is None:
        return None
    is_gone = case.event_sight is Sight.GONE or (case.event is not None and case.event.is_cancelled)
    if is_gone or link.status is LinkStatus.TOMBSTONE:
        is_half = case.activity_sight is Sight.UNREAD
    else:
        is_open = bool(link.reread) or link.conflict is not None or link.status is LinkStatus.HELD
        is_half = is_open and Sight.UNREAD in (case.event_sight, case.activity_sight)
    return _reread(case, link.reread or HALF_SEEN) if is_half else None


def _over(case: Case, ctx: Context) -> Decision | None:
    """A meeting that is over is archived. What was open is closed, and our category is removed."""
    link = case.link
    if link is None or not all_over(case, link, ctx):
        return None
    kept = life.archived(link, ctx.now)
    graph = None if life.is_given_up(link) else category_removal(case.event, link, ctx)
    if graph is not None:
        return Decision(case, Intent.UPDATE_EVENT, Verdict.ACT, life.OVER, graph, link=kept, in_step=frozenset())
    verdict = Verdict.SKIP if link.status in life.ENDED else Verdict.ARCHIVE
    return Decision(case, Intent.NOTHING, verdict, life.OVER, link=kept, in_step=frozenset())


def _restored(case: Case, _: Context) -> Decision | None:
    """An activity that differs from its base and is older than the base comes from a backup: nobody edited it."""
    link, activity = case.link, case.activity
    if link is None or activity is None or case.event_sight is Sight.GONE or link.status is LinkStatus.TOMBSTONE:
        return None
    if link.updated_at is None or activity.updated_at is None or link.updated_at - activity.updated_at < BACKWARDS:
        return None
    is_lower = link.version is None or activity.version is None or activity.version < link.version
    return set_aside(case, Verdict.PARK, RESTORED) if is_lower and edited_in_erp(case, link) else None


def _taken(case: Case, ctx: Context) -> Decision | None:
    """The activity belongs in a colleague's calendar by now, and the event is gone: the pair is over."""
    if case.link is None or not is_taken(case, ctx) or not is_event_gone(case):
        return None
    return ended(case, Intent.END, EndedBy.OUTLOOK, REASONS[Trait.TAKEN], ctx)


def _out_of_scope(case: Case, ctx: Context) -> Decision | None:
    """Table ``SCOPE`` puts the case out of scope."""
    verdict, reason = scope(case, ctx)
    return set_aside(case, verdict, reason) if verdict is not None else None


def _not_feeding(case: Case, ctx: Context) -> Decision | None:
    """Table ``ELECTION`` says that this copy follows another one or clashes with it."""
    if case.event is None or not (case.link is None or case.link.role is Role.INVITED):
        return None
    found = elected(case.event, case.claim, ctx)
    if found is Elected.FEED:
        return follow(case, ctx, unread=HALF_SEEN) if _is_made(case, ctx) else None
    if found is Elected.CLASH:
        return _waiting(case, PendingState.CLASH)
    return step_back(case, case.link, ctx) if case.link else follow(case, ctx)


def _is_made(case: Case, ctx: Context) -> bool:
    """Whether another mailbox's claim names an activity that was not found: one that was made in ERP.net need not
    name the meeting yet. The copy follows until it has been read."""
    claim = case.claim
    is_alone = case.link is None and case.activity is None
    return is_alone and claim is not None and bool(claim.activity_id) and claim.user_id != ctx.mailbox


def _claim_lost(case: Case, ctx: Context) -> Decision | None:
    """Another mailbox claims what this invited copy feeds: the copy is read first."""
    is_invited = case.link is not None and case.link.role is Role.INVITED
    is_elsewhere_and_unread = is_invited and case.event_sight is Sight.UNREAD and is_fed_elsewhere(case.claim, ctx)
    return _reread(case, HALF_SEEN) if is_elsewhere_and_unread else None


def _copy_lost(case: Case, ctx: Context) -> Decision | None:
    """The event is gone and the activity is not: the meeting goes on if another mailbox still has it."""
    link = case.link
    if link is None or fate(case) is not Intent.VOID:
        return None
    if link.role is Role.INVITED and is_fed_elsewhere(case.claim, ctx):
        return follower(case, link, ctx)
    if link.role is Role.INVITED and case.others is None:
        return _reread(case, OTHERS_UNREAD)
    may_hand_on = link.role is Role.INVITED or case.event is None
    return hand_on(case, link, ctx) if may_hand_on and case.others else None


def _voided(case: Case, ctx: Context) -> Decision | None:
    """A colleague's round voided the activity while this mailbox was off or in trouble, which ends no meeting. The
    pair ends, and the next round begins anew with its event, as with any that shows up again."""
    link = case.link
    if link is None or fate(case) is not Intent.REMOVE or not is_voided_elsewhere(link, case.claim, ctx):
        return None
    tombstone = life.ended(link, EndedBy.OUTLOOK, VOIDED_ELSEWHERE, ctx.now)
    kept = life.reread_for(tombstone, VOIDED_ELSEWHERE)
    return Decision(case, Intent.END, Verdict.REREAD, VOIDED_ELSEWHERE, link=kept, in_step=frozenset())


BEFORE_FATE: tuple[Exit, ...] = (
    _half_seen,
    _over,
    _restored,
    _taken,
    _out_of_scope,
    _not_feeding,
    _claim_lost,
    _copy_lost,
    _voided,
)
"""The exits of a case that goes on, in the order in which they are asked."""


# What comes of an exit


def _reread(case: Case, reason: str) -> Decision:
    """Both sides must be read by id first. Nothing is inferred, and no base moves."""
    link = life.reread_for(case.link, reason) if case.link else None
    return Decision(case, Intent.NOTHING, Verdict.REREAD, reason, link=link, in_step=frozenset())


def set_aside(case: Case, verdict: Verdict, reason: str) -> Decision:
    """Skip or park the case: both sides and the base stay as they are."""
    link = case.link
    if link is not None:
        link = life.parked(link, reason) if verdict is Verdict.PARK else life.looked_at(link)
    return Decision(case, Intent.NOTHING, verdict, reason, link=link, in_step=frozenset())


def _waiting(case: Case, by: PendingState) -> Decision:
    """The item gets no counterpart while something stands in its way. A person decides whether the counterpart of an
    item whose partner is gone is made anew."""
    if case.pending is not None and case.pending.state is PendingState.DECLINED:
        return replace(set_aside(case, Verdict.PARK, case.pending.reason), pending=case.pending)
    return replace(set_aside(case, Verdict.PARK, case.explanation or HINDRANCES[by]), awaits=by)
