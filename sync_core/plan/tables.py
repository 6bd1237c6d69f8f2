"""The decision's tables, printed as a person reads them, and what each of them asks.

1. **Scope** looks at each item alone. A trait puts an unlinked item out (skip) or sets a linked pair aside (park,
   skip). The first trait that does so decides.
2. **Election** says what a mailbox's copy of a meeting does: it feeds the activity, follows or clashes with another.
3. **Fate** looks at the pair. Each side is unchanged, changed or gone against its base; an unlinked item is present
   or absent. The cell names an intent.
4. **Permit** looks at the target of the write. The first obstacle that is not ``act`` decides: conflict, hold, skip,
   park, archive.

``decide`` says what is asked before the tables, and in which order. Every cell has a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from zoneinfo import ZoneInfo

from sync_core.content.changes import changed_in_erp, changed_in_graph
from sync_core.content.project import erp_when, fits_erp, fits_graph, graph_when, is_private
from sync_core.content.ranges import BEYOND
from sync_core.content.window import bounds, is_inside, is_over
from sync_core.model.decision import Case, Context, Intent, Sight, Verdict
from sync_core.model.event import Timed, When
from sync_core.model.link import Link, Role
from sync_core.model.pending import PendingState
from sync_core.model.policy import PrivateRule
from sync_core.model.sides import ErpActivity, Field, GraphEvent, Side
from sync_core.model.why import Why
from sync_core.plan.identity import creator_of, is_made_from, rightful


def read_grid(text: str) -> dict[tuple[str, str], str]:
    """Read a printed table: ``{(row name, column name): cell}``. Raises ``ValueError`` for a row that does not fill
    every column."""
    lines = [line.split() for line in text.strip().splitlines()]
    columns, rows = lines[0], lines[1:]
    for row in rows:
        if len(row) != len(columns) + 1:
            raise ValueError(f"the row {row[0]!r} does not fill every column")
    return {(row[0], column): cell for row in rows for column, cell in zip(columns, row[1:], strict=True)}


# Scope


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
"""R8, R10, R12 and the window. ``in`` for a linked pair means that fate and permit decide about it."""


def _event_traits(event: GraphEvent, ctx: Context) -> dict[Trait, bool]:
    """Which traits an event has."""
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
    """Which traits an activity has, apart from TAKEN, which only its case knows."""
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
    """The span that decides how old an activity is. Without an end it is as old as its start (R8); whole days end
    with the last of them."""
    return Timed(when.start, when.start) if isinstance(when, Timed) and activity.content.end is None else when


def scope(case: Case, ctx: Context) -> tuple[Verdict | None, str]:
    """Ask the first table. Returns the verdict and its reason, or (None, '') for a case in scope."""
    found = scope_cell(case, ctx)
    if found is None:
        return None, ""
    return Verdict(SCOPE[found]), REASONS[Trait(found[0].partition("/")[2])]


def scope_cell(case: Case, ctx: Context) -> tuple[str, str] | None:
    """The cell of ``SCOPE`` that puts a case out of scope, None for one in scope."""
    column = "linked" if case.link else "unlinked"
    traits = _event_side(case, ctx) + _activity_side(case, ctx)
    shown = _of_pair(traits) if case.event is not None and case.activity is not None else traits
    cells = ((f"{side}/{trait}", column) for side, trait in shown)
    return next((cell for cell in cells if SCOPE[cell] != "in"), None)


def _event_side(case: Case, ctx: Context) -> list[tuple[Side, Trait]]:
    """The traits of the event, in the order in which they are asked."""
    has = _event_traits(case.event, ctx) if case.event is not None else {}
    return [(Side.GRAPH, trait) for trait in GRAPH_TRAITS if has.get(trait)]


def _activity_side(case: Case, ctx: Context) -> list[tuple[Side, Trait]]:
    """The traits of the activity. Of one that was not read, only whether its creator is off."""
    if case.activity is None:
        is_off = case.link is not None and not ctx.is_on(case.link.creator)
        return [(Side.ERP, Trait.CREATOR_OFF)] if is_off else []
    creator, is_mine = _creator_in(case, case.activity, ctx)
    has = _activity_traits(case.activity, creator, is_mine, ctx) | {Trait.TAKEN: is_taken(case, ctx)}
    return [(Side.ERP, trait) for trait in ERP_TRAITS if has[trait]]


def _creator_in(case: Case, activity: ErpActivity, ctx: Context) -> tuple[str, bool]:
    """The user whom R12 asks about, and whether the activity may stand in this calendar. A link has settled both."""
    if case.link is not None:
        return case.link.creator, True
    creator = creator_of(activity, ctx)
    is_events = case.event is not None and (
        activity.owner_party == ctx.party_id or is_made_from(activity, case.event, ctx)
    )
    is_mine = creator == ctx.erp_user_id or is_events
    return ctx.erp_user_id if is_mine else creator, is_mine


def asks_for_event_owners(case: Case, ctx: Context) -> bool:
    """Whether it must be asked who else has the activity: before an event is made of it, and where the activity of an
    own event belongs in a colleague's calendar by now, because its owner has changed."""
    activity = case.activity
    if activity is None or activity.void:
        return False
    if case.link is None:
        return case.event is None and scope(case, ctx)[0] is None
    return case.link.role is Role.OWN and rightful(activity, ctx) not in ("", ctx.mailbox)


def is_taken(case: Case, ctx: Context) -> bool:
    """Whether another user's calendar has an event of this activity. Then no second one is made; where there are two,
    the one of the activity's creator or owner counts. A copy of the same meeting that fed it meanwhile is no second
    event."""
    if case.activity is None or not case.event_owners:
        return False
    if case.link is None:
        return case.event is None
    feeders = {case.claim.user_id, case.claim.before} if case.claim else set[str]()
    return case.link.role is Role.OWN and rightful(case.activity, ctx) in case.event_owners - feeders


def _of_pair(shown: list[tuple[Side, Trait]]) -> list[tuple[Side, Trait]]:
    """The traits that put a pair out. A pair is linked whatever the direction and the window, and it is over only if
    both items are."""
    kept = [(side, trait) for side, trait in shown if trait not in (Trait.ONE_WAY, Trait.OUTSIDE)]
    return [(side, trait) for side, trait in kept if trait is not Trait.OLD or (side.other, trait) in kept]


# Election


class Claimed(StrEnum):
    """What the claim says to one mailbox: the columns of ``ELECTION``."""

    NOBODY = "nobody"
    ME = "me"
    OWN = "own"
    GUEST = "guest"
    LAPSED = "lapsed"
    STALLED = "stalled"


class Elected(StrEnum):
    """What one mailbox's copy of a meeting is: it feeds the activity, follows, or stands beside another's own."""

    FEED = "feed"
    FOLLOW = "follow"
    CLASH = "clash"


ELECTION = read_grid("""
                       nobody  me    own     guest   lapsed  stalled
own                    feed    feed  clash   feed    feed    feed
invited/organizer-on   follow  feed  follow  follow  follow  feed
invited/organizer-off  feed    feed  follow  follow  feed    feed
""")
"""Rows: this mailbox's copy. Columns, what the claim says: nobody has the meeting; this user has it; another user has
it by their own event; or by an invited copy; its user is off or has failed for a day; its user never made the
activity."""


# Fate

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


def edited_in_graph(case: Case, link: Link) -> frozenset[Field]:
    """The fields of the event that were edited since the base; none where the event was not read."""
    return changed_in_graph(link.base_event, case.event.content) if case.event else frozenset()


def edited_in_erp(case: Case, link: Link) -> frozenset[Field]:
    """The fields of the activity that were edited since the base; none where the activity was not read."""
    return changed_in_erp(link.base_activity, case.activity.content) if case.activity else frozenset()


def is_event_gone(case: Case) -> bool:
    """Whether the event is deleted or cancelled."""
    return case.event_sight is Sight.GONE or (case.event is not None and case.event.is_cancelled)


def event_state(case: Case, link: Link) -> str:
    """The row of ``FATE_LINKED``. A cancelled event counts as gone."""
    if is_event_gone(case):
        return "event-gone"
    return "event-changed" if edited_in_graph(case, link) else "event-unchanged"


def activity_state(case: Case, link: Link) -> str:
    """The column of ``FATE_LINKED``. A void activity counts as gone, and so does one that the service user cannot
    see."""
    if case.activity_sight in (Sight.GONE, Sight.HIDDEN) or (case.activity is not None and case.activity.void):
        return "activity-gone"
    return "activity-changed" if edited_in_erp(case, link) else "activity-unchanged"


def fate(case: Case) -> Intent:
    """Ask the third table: what should happen to the pair, or to the single item."""
    return fated(fate_cell(case))


def fate_cell(case: Case) -> tuple[str, str]:
    """The cell of the third table that a case is in."""
    if case.link is not None:
        return event_state(case, case.link), activity_state(case, case.link)
    return (
        "event-present" if case.event else "event-absent",
        "activity-present" if case.activity else "activity-absent",
    )


def fated(cell: tuple[str, str]) -> Intent:
    """What the third table says in this cell; no cell is in both of its parts."""
    return Intent(FATE_LINKED[cell] if cell in FATE_LINKED else FATE_UNLINKED[cell])


# Permit


class Obstacle(StrEnum):
    """What may forbid a write, in the order in which it is asked."""

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
"""A locked activity may be read, linked and followed, but never written (R9). Of somebody else's meeting nothing but
our category is ever patched. What the other side cannot hold is not made there; in a pair, only the time is in
conflict (update_rules.py). A mass deletion waits for a person."""

PERMITTED = frozenset(row for row, _ in PERMIT)
"""The intents whose write needs a permit."""


def obstacles(case: Case, intent: Intent, ctx: Context) -> dict[Obstacle, bool]:
    """Which obstacles this intent meets. The guard alone sees a mass deletion, over the whole plan."""
    event, activity, link = case.event, case.activity, case.link
    content = event.content if event else link.base_event if link else None
    ended = content is not None and bounds(graph_when(content), ctx.zone)[1] <= ctx.now
    target = Side.ERP if intent in (Intent.CREATE_ACTIVITY, Intent.UPDATE_ACTIVITY, Intent.VOID) else Side.GRAPH
    return {
        Obstacle.PAST: intent is Intent.REMOVE and ended,
        Obstacle.SERIES: event is not None and event.is_series,
        Obstacle.PRIVATE: ctx.policy.private is PrivateRule.SKIP
        and any(is_private(item.content) for item in (event, activity) if item is not None),
        Obstacle.INVITED: not event.is_organizer if event else link is not None and link.role is Role.INVITED,
        Obstacle.ONE_WAY: not ctx.policy.direction.lets(target),
        Obstacle.NO_COMPANY: not ctx.has_company,
        Obstacle.BEYOND: _is_beyond(case, intent, ZoneInfo(ctx.digits_zone)),
        Obstacle.LOCKED: activity is not None and activity.is_locked,
        Obstacle.MASS_DELETION: False,
    }


def _is_beyond(case: Case, intent: Intent, zone: ZoneInfo) -> bool:
    """Whether the counterpart to be made cannot hold the item's time."""
    if intent is Intent.CREATE_ACTIVITY and case.event is not None:
        return not fits_erp(graph_when(case.event.content), zone)
    if intent is Intent.CREATE_EVENT and case.activity is not None:
        return not fits_graph(erp_when(case.activity.content, zone))
    return False


def permit(intent: Intent, hindering: Mapping[Obstacle, bool]) -> tuple[Verdict, str]:
    """Ask the fourth table: the verdict of the first obstacle that is not ``act``, and its reason."""
    obstacle = first_obstacle(intent, hindering)
    return (Verdict.ACT, "") if obstacle is None else (Verdict(PERMIT[intent, obstacle]), REASONS[obstacle])


def first_obstacle(intent: Intent, hindering: Mapping[Obstacle, bool]) -> Obstacle | None:
    """The first obstacle that forbids the write of this intent, None if it may be made."""
    return next((one for one in Obstacle if hindering[one] and PERMIT[intent, one] != "act"), None)


def permitted(case: Case, intent: Intent, ctx: Context) -> tuple[Verdict, str]:
    """Whether the write of this intent may be made: the verdict of ``PERMIT`` and its reason."""
    return permit(intent, obstacles(case, intent, ctx))


# Why

MASS_DELETION = Why.MASS_DELETION
REASONS = {
    Trait.SERIES: Why.SERIES,
    Trait.CANCELLED: Why.CANCELLED,
    Trait.OTHER_TYPE: Why.OTHER_TYPE,
    Trait.VOID: Why.VOID,
    Trait.CREATOR_OFF: Why.CREATOR_OFF,
    Trait.TAKEN: Why.TAKEN,
    Trait.PRIVATE: Why.PRIVATE,
    Trait.OLD: Why.OLD,
    Trait.OUTSIDE: Why.OUTSIDE,
    Trait.ONE_WAY: Why.ONE_WAY,
    Obstacle.PAST: Why.PAST,
    Obstacle.INVITED: Why.INVITED,
    Obstacle.NO_COMPANY: Why.NO_COMPANY,
    Obstacle.BEYOND: BEYOND,
    Obstacle.LOCKED: Why.LOCKED,
    Obstacle.MASS_DELETION: MASS_DELETION,
}

CLASH = "another mailbox has an event of its own with the same iCalUId"
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
