"""The decision: three tables, read in this order.

Theory of operation. A round collects *cases*: a link with what both sides show of it, or a single item without one.

1. **Scope** looks at each item alone. A trait puts an unlinked item out (skipped) or sets a linked pair aside
   (parked, skipped); the first trait that does so decides.
2. **Fate** looks at the pair. Each side is unchanged, changed or gone against its base (changes.py); unlinked items
   are present or absent. The cell names an intent.
3. **Permit** looks at the target of the write. The first obstacle that is not ``act`` decides: conflict, hold, skip,
   park, archive.

What survives becomes writes by the field-wise merge (merge.py, carry.py) or ends the pair (ending.py). Nothing is
*gone* on the word of one answer: ``judge_gone`` weighs the evidence, and whoever is undecided is read again next
round, never voided. Deletion wins over an edit on the other side; the edited content goes to the journal.

Actions are data (``Decision``); doing them has no opinion (jobs/act.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sync_core import link as life
from sync_core.beginning import create_activity, create_event, link_pair
from sync_core.carry import carry
from sync_core.cases import Case, Context, Decision, Intent, Sight, Verdict
from sync_core.changes import changed_in_erp, changed_in_graph
from sync_core.conflict import unmarking
from sync_core.ending import MASS_DELETION, ended, remove, void
from sync_core.grid import read_grid
from sync_core.identity import creator_of, is_made_from, rightful
from sync_core.meeting import (
    CLASH,
    OTHERS_UNREAD,
    Seat,
    as_bereaved,
    as_feeder,
    follow,
    follower,
    hand_on,
    is_dismissed,
    is_follower,
    is_lost,
    seat,
    step_back,
)
from sync_core.model import (
    UNHINDERED,
    EndedBy,
    ErpActivity,
    Field,
    GraphEvent,
    Link,
    LinkStatus,
    PendingState,
    Role,
    Side,
    Timed,
    When,
)
from sync_core.policy import PrivateRule
from sync_core.project import erp_when, fits_erp, fits_graph, graph_when, is_private
from sync_core.ranges import BEYOND
from sync_core.window import bounds, is_inside, is_over


class Trait(StrEnum):
    """What an item shows that may put it out of scope, in the order in which it is asked."""

    SERIES = "series"
    CANCELLED = "cancelled"
    OTHER_TYPE = "other-type"
    VOID = "void"
    CREATOR_OFF = "creator-off"
    TAKEN = "taken"
    PRIVATE = "private"
    OLD = "old"
    OUTSIDE = "outside"
    ONE_WAY = "one-way"


GRAPH_TRAITS = (Trait.SERIES, Trait.CANCELLED, Trait.PRIVATE, Trait.OLD, Trait.OUTSIDE, Trait.ONE_WAY)
ERP_TRAITS = (
    Trait.OTHER_TYPE,
    Trait.VOID,
    Trait.CREATOR_OFF,
    Trait.TAKEN,
    Trait.PRIVATE,
    Trait.OLD,
    Trait.ONE_WAY,
)

SCOPE = read_grid("""
                   unlinked  linked
graph/series       skip      park
graph/cancelled    skip      in
graph/private      skip      park
graph/old          skip      in
graph/outside      skip      in
graph/one-way      skip      in
erp/other-type     skip      park
erp/void           skip      in
erp/creator-off    skip      skip
erp/taken          skip      skip
erp/private        skip      park
erp/old            skip      in
erp/one-way        skip      in
""")
"""R8, R10, R12 and the window; ``in`` for a linked pair means that fate and permit deal with it."""

FATE_UNLINKED = read_grid("""
                 activity-absent  activity-present
event-absent     nothing          create-event
event-present    create-activity  link
""")

FATE_LINKED = read_grid("""
                 activity-unchanged  activity-changed  activity-gone
event-unchanged  nothing             update-event      remove
event-changed    update-activity     merge             remove
event-gone       void                void              end
""")


class Obstacle(StrEnum):
    """What may stand in the way of a write, in the order in which it is asked."""

    PAST = "past"
    SERIES = "series"
    PRIVATE = "private"
    INVITED = "invited"
    ONE_WAY = "one-way"
    NO_COMPANY = "no-company"
    BEYOND = "beyond"
    LOCKED = "locked"
    MASS_DELETION = "mass-deletion"


PERMIT = read_grid("""
                 past     series  private  invited  one-way  no-company  beyond  locked    mass-deletion
create-activity  skip     skip    skip     act      skip     skip        park    act       act
create-event     skip     skip    skip     act      skip     act         park    act       act
link             skip     skip    skip     act      act      act         act     act       act
update-activity  archive  park    park     act      skip     act         act     conflict  act
update-event     archive  park    park     conflict skip     act         act     act       act
void             archive  park    park     act      skip     act         act     conflict  hold
remove           skip     park    park     skip     skip     act         act     act       hold
""")
"""A locked activity may be read, linked and followed, never written (R9); of somebody else's meeting nothing is ever
patched but our mark; what the other side cannot hold is not made there (of a pair, only its time is in conflict:
carry.py); a mass deletion waits for a person."""

REASONS = {
    Trait.SERIES: "part of a recurring series",
    Trait.CANCELLED: "cancelled",
    Trait.OTHER_TYPE: "an activity type that is not synced",
    Trait.VOID: "void in ERP.net",
    Trait.CREATOR_OFF: "its creator does not have sync switched on",
    Trait.TAKEN: "it is in a colleague's calendar already",
    Trait.PRIVATE: "private, and private items are not synced",
    Trait.OLD: life.OVER,
    Trait.OUTSIDE: "outside the window",
    Trait.ONE_WAY: "sync runs in one direction only",
    Obstacle.PAST: "in the past",
    Obstacle.INVITED: "organised by someone else",
    Obstacle.NO_COMPANY: "no default company and location",
    Obstacle.BEYOND: BEYOND,
    Obstacle.LOCKED: "the activity is read-only in ERP.net",
    Obstacle.MASS_DELETION: MASS_DELETION,
}

PARTNER_GONE = "its counterpart, named by a mark of an earlier sync, is not there any more"
SAME_UID = "another event of this calendar has the same iCalUId"
NAMED_TWICE = "two activities name the same event"
HINDRANCES = {
    PendingState.PARTNER_GONE: PARTNER_GONE,
    PendingState.TWIN: SAME_UID,
    PendingState.CLASH: CLASH,
    PendingState.NAMED_TWICE: NAMED_TWICE,
}
"""Why an item without a link gets no counterpart for now."""

ELSEWHERE = "moved to another calendar"
HALF_SEEN = "one side of the pair has not been read"
HIDDEN = "the activity is not visible to the service user"
RESTORED = (
    "ERP.net shows an older state than it did before, as after restoring a backup: save the activity in ERP.net once "
    "to accept what it says"
)

BACKWARDS = timedelta(hours=1)
"""An update time so much older than the one last seen is no matter of clocks."""


def _event_traits(event: GraphEvent, ctx: Context) -> dict[Trait, bool]:
    when = graph_when(event.content)
    return {
        Trait.SERIES: event.is_series,
        Trait.CANCELLED: event.is_cancelled,
        Trait.PRIVATE: ctx.policy.private is PrivateRule.SKIP and is_private(event.content),
        Trait.OLD: is_over(when, ctx.now - ctx.policy.max_age, ctx.zone),
        Trait.OUTSIDE: not is_inside(when, ctx.window, ctx.zone),
        Trait.ONE_WAY: not ctx.policy.direction.lets(Side.ERP),
    }


def _activity_traits(activity: ErpActivity, creator: str, mine: bool, ctx: Context) -> dict[Trait, bool]:
    when = erp_when(activity.content, ZoneInfo(ctx.digits_zone))
    return {
        Trait.OTHER_TYPE: activity.system_type not in ctx.policy.activity_types
        or activity.entity_name != "Cm_Activities",
        Trait.VOID: activity.void,
        Trait.CREATOR_OFF: not ctx.is_on(creator) or not mine,
        Trait.PRIVATE: ctx.policy.private is PrivateRule.SKIP and is_private(activity.content),
        Trait.OLD: is_over(_known_span(activity, when), ctx.now - ctx.policy.max_age, ctx.zone),
        Trait.ONE_WAY: not ctx.policy.direction.lets(Side.GRAPH),
    }


def _known_span(activity: ErpActivity, when: When) -> When:
    """An activity without an end is as old as its start (R8); a whole day ends with itself."""
    return Timed(when.start, when.start) if isinstance(when, Timed) and activity.content.end is None else when


def scope(case: Case, ctx: Context) -> tuple[Verdict | None, str]:
    """The first table: a verdict and its reason, or (None, '') for a case that is in."""
    column = "linked" if case.link else "unlinked"
    shown: list[tuple[Side, Trait]] = []
    if case.event is not None:
        has = _event_traits(case.event, ctx)
        shown += [(Side.GRAPH, trait) for trait in GRAPH_TRAITS if has[trait]]
    if case.link and case.activity is None and not ctx.is_on(case.link.creator):
        shown.append((Side.ERP, Trait.CREATOR_OFF))
    if case.activity is not None:
        if case.link:
            creator, mine = case.link.creator, True
        else:
            creator = creator_of(case.activity, ctx)
            mine = creator == ctx.erp_user_id or (
                case.event is not None
                and (case.activity.owner_party == ctx.party_id or is_made_from(case.activity, case.event, ctx))
            )
            creator = ctx.erp_user_id if mine else creator
        has = _activity_traits(case.activity, creator, mine, ctx) | {Trait.TAKEN: is_taken(case, ctx)}
        shown += [(Side.ERP, trait) for trait in ERP_TRAITS if has[trait]]
    for side, trait in _of_pair(shown) if case.event is not None and case.activity is not None else shown:
        cell = SCOPE[f"{side}/{trait}", column]
        if cell != "in":
            return Verdict(cell), REASONS[trait]
    return None, ""


def asks_for_holders(case: Case, ctx: Context) -> bool:
    """Whether it matters who else has the activity: before an event is made of it, and for the own event of a pair
    whose activity belongs in a colleague's calendar by now (its owner has changed)."""
    activity = case.activity
    if activity is None or activity.void:
        return False
    if case.link is None:
        return case.event is None and scope(case, ctx)[0] is None
    return case.link.role is Role.OWN and rightful(activity, ctx) not in ("", ctx.mailbox)


def is_taken(case: Case, ctx: Context) -> bool:
    """Whether one activity would be two events: a new one is not made; of two, the one of whoever is the creator or
    owner now counts."""
    if case.activity is None or not case.holders:
        return False
    if case.link is None:
        return case.event is None
    return case.link.role is Role.OWN and rightful(case.activity, ctx) in case.holders


def _of_pair(shown: list[tuple[Side, Trait]]) -> list[tuple[Side, Trait]]:
    """What puts two items out that belong together: they are linked whatever the direction and wherever they lie, and
    are over only where both are."""
    kept = [(side, trait) for side, trait in shown if trait not in (Trait.ONE_WAY, Trait.OUTSIDE)]
    return [(side, trait) for side, trait in kept if trait is not Trait.OLD or (side.other, trait) in kept]


def decide(case: Case, ctx: Context) -> Decision:
    """What to do about one case. Never raises for a valid case; a doubtful one is parked or read again."""
    case = as_bereaved(as_feeder(case, ctx), ctx)
    unclear = _unclear(case, ctx)
    if unclear is not None:
        return unclear
    left = _given_up(case, ctx)
    if left is not None:
        return left
    if case.link is not None and case.link.role is Role.FOLLOWER:
        return follower(case, case.link, ctx)
    return _claiming(_decide(case, ctx), ctx)


def _decide(case: Case, ctx: Context) -> Decision:
    if _is_ended(case) and (case.event is None or _is_refused(case)):
        return _set_aside(case, Verdict.SKIP, case.link.reason if case.link else "")
    if case.link is not None and _is_half_seen(case, case.link):
        return _reread(case, case.link.reread or HALF_SEEN)
    case = _revived(case)
    if case.link is not None and _all_over(case, case.link, ctx):
        return _archived(case, case.link, ctx)
    if case.link is not None and _is_restored(case, case.link):
        return _set_aside(case, Verdict.PARK, RESTORED)
    verdict, reason = scope(case, ctx)
    if case.link is not None and is_taken(case, ctx) and _event_state(case, case.link)[1] == "event-gone":
        return ended(case, case.link, ctx, Intent.END, EndedBy.OUTLOOK, REASONS[Trait.TAKEN])
    if verdict is not None:
        return _set_aside(case, verdict, reason)
    if case.event is not None and (case.link is None or case.link.role is Role.HOLDER):
        place = seat(case.event, case.claim, ctx)
        if place is Seat.CLASH:
            return _hindered(case, PendingState.CLASH)
        if place is Seat.FOLLOW:
            return step_back(case, case.link, ctx) if case.link else follow(case, ctx)
    if case.link is None:
        return _decide_unlinked(case, ctx)
    if case.event_sight is Sight.UNREAD and case.link.role is Role.HOLDER and is_lost(case.claim, ctx):
        return _reread(case, HALF_SEEN)
    return _decide_linked(case, case.link, ctx)


def _given_up(case: Case, ctx: Context) -> Decision | None:
    """What was tried too often is left alone until somebody asks for a retry or one of its sides is another.

    Not past the meeting's end: then it is archived like any other.
    """
    link, pending, seen = case.link, case.pending, case.seen
    if link is not None:
        if not life.is_given_up(link) or life.is_news(link, seen) or _all_over(case, link, ctx):
            return None
        kept = life.left_alone(link, seen)
        return Decision(case, Intent.NOTHING, Verdict.PARK, link.reason, link=kept, in_step=frozenset())
    if pending is None or not life.is_given_up(pending) or life.is_news(pending, seen):
        return None
    row = replace(pending, given_up_at=pending.given_up_at or seen)
    return Decision(case, Intent.NOTHING, Verdict.PARK, pending.reason, pending=row)


def _claiming(decision: Decision, ctx: Context) -> Decision:
    """The decision with the meeting claimed for this mailbox first, where it is not yet."""
    case, link = decision.case, decision.link
    if case.event is not None and not case.event.ical_uid:  # one claim would stand for all that have no iCalUId
        return decision
    if decision.verdict is Verdict.ACT and decision.intent in (Intent.CREATE_ACTIVITY, Intent.LINK):
        return replace(decision, take=True)
    feeds = case.event is not None and link is not None and link.status in life.RUNNING
    is_mine = case.claim is None or case.claim.holder == ctx.mailbox
    return (
        replace(decision, take=True) if feeds and not is_mine and decision.intent is not Intent.FOLLOW else decision
    )


def _unclear(case: Case, ctx: Context) -> Decision | None:
    """Cases whose sight allows no decision: read again, or set aside with the reason."""
    sights = {case.event_sight, case.activity_sight}
    if Sight.MALFORMED in sights:
        return _set_aside(case, Verdict.PARK, case.note or "the item cannot be understood")
    if Sight.UNDECIDED in sights:
        return _reread(case, case.note or "the event may be gone")
    if Sight.ELSEWHERE in sights:
        return _moved_away(case, ctx)
    if is_follower(case.link):
        return None
    if Sight.HIDDEN in sights and case.event_sight is not Sight.GONE and not _is_ended(case):
        return _set_aside(case, Verdict.PARK, HIDDEN)
    return None if case.awaits in UNHINDERED or is_taken(case, ctx) else _hindered(case, case.awaits)


def _hindered(case: Case, by: PendingState) -> Decision:
    """An item that gets no counterpart while something stands in its way. Whether one is made anew for a partner that
    is gone is a person's choice, and so it is to leave it alone."""
    if case.pending is not None and case.pending.state is PendingState.DECLINED:
        return replace(_set_aside(case, Verdict.PARK, case.pending.reason), pending=case.pending)
    return replace(_set_aside(case, Verdict.PARK, case.note or HINDRANCES[by]), awaits=by)


def _moved_away(case: Case, ctx: Context) -> Decision:
    """An event in another calendar is set aside; an invited copy that fed its meeting hands it on where it can."""
    if case.link is not None and case.link.role is Role.HOLDER and case.others:
        return hand_on(case, case.link, ctx)
    return _set_aside(case, Verdict.PARK, ELSEWHERE)


def _reread(case: Case, reason: str) -> Decision:
    """Nothing is inferred, and no base moves, before both sides have been read by id."""
    link = life.reread_for(case.link, reason) if case.link else None
    return Decision(case, Intent.NOTHING, Verdict.REREAD, reason, link=link, in_step=frozenset())


def _is_half_seen(case: Case, link: Link) -> bool:
    """Whether a side is missing without which nothing can be said: a deletion, a conflict, a failed write."""
    is_gone = case.event_sight is Sight.GONE or (case.event is not None and case.event.is_cancelled)
    if is_gone or link.status is LinkStatus.TOMBSTONE:
        return case.activity_sight is Sight.UNREAD
    is_open = bool(link.reread) or link.conflict is not None or link.status is LinkStatus.HELD
    return is_open and Sight.UNREAD in (case.event_sight, case.activity_sight)


def _is_ended(case: Case) -> bool:
    return case.link is not None and case.link.status is LinkStatus.TOMBSTONE and case.link.conflict is None


def _is_refused(case: Case) -> bool:
    """Whether nothing is to be made of an event anew: ERP.net dismissed it, or a person said no to its deletion, and
    it does not live on both sides again."""
    link, event, activity = case.link, case.event, case.activity
    if link is None or link.ended_by is not EndedBy.DROPPED:
        return link is not None and is_dismissed(link)
    return event is None or event.is_cancelled or activity is None or activity.void


def _revived(case: Case) -> Case:
    """A tombstone's event is gone until it shows up again; then the old pair goes on, or a new one begins."""
    if case.link is None or case.link.status is not LinkStatus.TOMBSTONE:
        return case
    if case.event is None:
        return replace(case, event_sight=Sight.GONE)
    alive = case.activity is not None and not case.activity.void and not is_follower(case.link)
    return case if alive else replace(case, link=None, activity=None, activity_sight=Sight.GONE)


def _all_over(case: Case, link: Link, ctx: Context) -> bool:
    """Whether event, activity and base all ended more than the age limit ago."""
    before = ctx.now - ctx.policy.max_age
    zone = ZoneInfo(link.zone)
    spans: list[When] = [graph_when(link.base_event), erp_when(link.base_activity, zone)]
    if case.event is not None:
        spans.append(graph_when(case.event.content))
    if case.activity is not None:
        spans.append(erp_when(case.activity.content, zone))
    return all(is_over(span, before, ctx.zone) for span in spans)


def _is_restored(case: Case, link: Link) -> bool:
    """Whether the activity says something else than before and is older: a backup's word, nobody's edit."""
    activity = case.activity
    if activity is None or case.event_sight is Sight.GONE or link.status is LinkStatus.TOMBSTONE:
        return False
    if link.updated_at is None or activity.updated_at is None or link.updated_at - activity.updated_at < BACKWARDS:
        return False
    is_lower = link.version is None or activity.version is None or activity.version < link.version
    return is_lower and bool(changed_in_erp(link.base_activity, activity.content))


def _archived(case: Case, link: Link, ctx: Context) -> Decision:
    """The meeting is over: what was open about it is closed, and a mark that we set is taken off the event."""
    kept = life.archived(link, ctx.now)
    graph = None if life.is_given_up(link) else unmarking(case.event, link, ctx)
    if graph is not None:
        return Decision(case, Intent.UPDATE_EVENT, Verdict.ACT, life.OVER, graph, link=kept, in_step=frozenset())
    verdict = Verdict.SKIP if link.status in life.ENDED else Verdict.ARCHIVE
    return Decision(case, Intent.NOTHING, verdict, life.OVER, link=kept, in_step=frozenset())


def _set_aside(case: Case, verdict: Verdict, reason: str) -> Decision:
    """Skip or park: both sides stay as they are, the base stays the last one in step."""
    link = case.link
    if link is not None:
        link = life.parked(link, reason) if verdict is Verdict.PARK else life.looked_at(link)
    return Decision(case, Intent.NOTHING, verdict, reason, link=link, in_step=frozenset())


def obstacles(case: Case, intent: Intent, ctx: Context) -> dict[Obstacle, bool]:
    """What stands in the way of this intent; a mass deletion is seen by the guard, over the whole plan."""
    event, activity, link = case.event, case.activity, case.link
    content = event.content if event else link.base_event if link else None
    ended = content is not None and bounds(graph_when(content), ctx.zone)[1] <= ctx.now
    target = Side.ERP if intent in (Intent.CREATE_ACTIVITY, Intent.UPDATE_ACTIVITY, Intent.VOID) else Side.GRAPH
    return {
        Obstacle.PAST: intent is Intent.REMOVE and ended,
        Obstacle.SERIES: event is not None and event.is_series,
        Obstacle.PRIVATE: ctx.policy.private is PrivateRule.SKIP
        and any(is_private(item.content) for item in (event, activity) if item is not None),
        Obstacle.INVITED: not event.is_organizer if event else link is not None and link.role is Role.HOLDER,
        Obstacle.ONE_WAY: not ctx.policy.direction.lets(target),
        Obstacle.NO_COMPANY: not ctx.has_company,
        Obstacle.BEYOND: _is_beyond(case, intent, ZoneInfo(ctx.digits_zone)),
        Obstacle.LOCKED: activity is not None and activity.is_locked,
        Obstacle.MASS_DELETION: False,
    }


def _is_beyond(case: Case, intent: Intent, zone: ZoneInfo) -> bool:
    """Whether a counterpart to be made could not hold the item's time."""
    if intent is Intent.CREATE_ACTIVITY and case.event is not None:
        return not fits_erp(graph_when(case.event.content), zone)
    if intent is Intent.CREATE_EVENT and case.activity is not None:
        return not fits_graph(erp_when(case.activity.content, zone))
    return False


def permit(intent: Intent, standing: dict[Obstacle, bool]) -> tuple[Verdict, str]:
    """The third table: the verdict of the first obstacle that is not ``act``."""
    for obstacle in Obstacle:
        if standing[obstacle] and PERMIT[intent, obstacle] != "act":
            return Verdict(PERMIT[intent, obstacle]), REASONS[obstacle]
    return Verdict.ACT, ""


def _decide_unlinked(case: Case, ctx: Context) -> Decision:
    row = "event-present" if case.event else "event-absent"
    column = "activity-present" if case.activity else "activity-absent"
    intent = Intent(FATE_UNLINKED[row, column])
    if intent is Intent.NOTHING:
        return Decision(case, intent, Verdict.NOTHING)
    verdict, reason = permit(intent, obstacles(case, intent, ctx))
    if verdict is not Verdict.ACT:
        return _set_aside(case, verdict, reason)
    if intent is Intent.LINK:
        return link_pair(case, ctx, _permit_of(case, ctx))
    return create_activity(case, ctx) if intent is Intent.CREATE_ACTIVITY else create_event(case, ctx)


def _permit_of(case: Case, ctx: Context) -> Callable[[Intent], tuple[Verdict, str]]:
    return lambda intent: permit(intent, obstacles(case, intent, ctx))


def _decide_linked(case: Case, link: Link, ctx: Context) -> Decision:
    event_changed, event_state = _event_state(case, link)
    activity_changed, activity_state = _activity_state(case, link)
    intent = Intent(FATE_LINKED[event_state, activity_state])
    if intent is Intent.END:
        return ended(case, link, ctx, intent, EndedBy.BOTH, "gone on both sides")
    if link.role is Role.HOLDER and event_state == "event-gone":
        if is_lost(case.claim, ctx):
            return follower(case, link, ctx)
        if case.others is None:
            return _reread(case, OTHERS_UNREAD)
        if case.others:
            return hand_on(case, link, ctx)
    if case.event is None and event_state == "event-gone" and case.others:
        return hand_on(case, link, ctx)
    if intent is Intent.VOID:
        return void(case, link, activity_changed, ctx, _permit_of(case, ctx))
    if intent is Intent.REMOVE:
        return remove(case, link, event_changed, ctx, _permit_of(case, ctx))
    return carry(case, link, event_changed, activity_changed, ctx, intent, _permit_of(case, ctx))


def _event_state(case: Case, link: Link) -> tuple[frozenset[Field], str]:
    if case.event_sight is Sight.GONE or (case.event is not None and case.event.is_cancelled):
        return frozenset(), "event-gone"
    changed = changed_in_graph(link.base_event, case.event.content) if case.event else frozenset()
    return changed, "event-changed" if changed else "event-unchanged"


def _activity_state(case: Case, link: Link) -> tuple[frozenset[Field], str]:
    if case.activity_sight in (Sight.GONE, Sight.HIDDEN):
        return frozenset(), "activity-gone"
    changed = changed_in_erp(link.base_activity, case.activity.content) if case.activity else frozenset()
    if case.activity is not None and case.activity.void:
        return changed, "activity-gone"
    return changed, "activity-changed" if changed else "activity-unchanged"


def is_over_link(link: Link, before: datetime, zone: ZoneInfo) -> bool:
    """Whether a link's base ended before the instant on both sides (the daily roll archives it)."""
    return is_over(graph_when(link.base_event), before, zone) and is_over(
        erp_when(link.base_activity, ZoneInfo(link.zone)), before, zone
    )
