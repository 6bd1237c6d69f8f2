"""Carries changed fields across a pair: merge, what stands in the way field by field, the writes, the mark.

The plan's tables decide *whether* a pair is worked on; here is *what* is written. A field that cannot go across is an
open conflict with both values, its base stays the last one both sides agreed on, and the event wears a category
until it is resolved (R9). A mark that a person took off is not set again for the same conflict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sync_core.body import BodyShape, body_shape, normal_text, with_new_text
from sync_core.cases import Case, Context, Decision, Intent, Verdict
from sync_core.changes import changed_in_erp, sealed
from sync_core.merge import later_side, merge, winning_side
from sync_core.model import (
    CARRIED,
    CONFLICT_CATEGORY,
    Clash,
    Conflict,
    ErpActivity,
    ErpContent,
    Event,
    Field,
    GraphContent,
    GraphEvent,
    Link,
    LinkStatus,
    Mark,
    Side,
    Timed,
)
from sync_core.policy import Direction
from sync_core.project import PRIORITY_OF, from_erp, from_graph, reminder_digits, to_erp, to_graph
from sync_core.writes import PatchActivity, PatchEvent

SHOWN_TEXT = 1000
"""Longest value kept in a conflict or the journal, in characters."""

ASK = "both sides changed it; the settings leave the choice to a person"
RICH_BODY = "the event's text has formatting that ERP.net cannot hold"
NEEDS_BODY = "the event's formatted text is needed"

EVENT_ATTRIBUTE = {
    Field.SUBJECT: "subject",
    Field.BODY: "body",
    Field.TIME: "when",
    Field.REMINDER: "reminder",
    Field.PRIVATE: "private",
    Field.PRIORITY: "priority",
    Field.PEOPLE: "people",
}
GRAPH_ATTRIBUTES = {
    Field.SUBJECT: ("subject",),
    Field.BODY: ("body",),
    Field.TIME: ("start", "end", "all_day"),
    Field.REMINDER: ("reminder",),
    Field.PRIVATE: ("sensitivity",),
    Field.PRIORITY: ("importance",),
    Field.PEOPLE: ("people",),
}
ERP_ATTRIBUTES = {
    Field.SUBJECT: ("subject",),
    Field.BODY: ("notes",),
    Field.TIME: ("start", "end", "planned_minutes"),
    Field.REMINDER: ("reminder",),
    Field.PRIVATE: ("private",),
    Field.PRIORITY: ("priority",),
    Field.PEOPLE: ("people",),
}

Permits = Callable[[Intent], tuple[Verdict, str]]


def shown(event: Event, field: Field) -> str:
    """A field's value as bounded text for people."""
    value = getattr(event, EVENT_ATTRIBUTE[field])
    match value:
        case Timed(start, end):
            text = f"{start:%Y-%m-%d %H:%MZ} – {end:%Y-%m-%d %H:%MZ}"
        case frozenset():
            text = ", ".join(sorted(value))
        case None:
            text = "none"
        case _ if field is Field.TIME:
            text = f"all day {value.first} – before {value.until}"
        case _:
            text = str(value)
    return text if len(text) <= SHOWN_TEXT else f"{text[:SHOWN_TEXT]}… (cut, {len(text)} characters)"


class _Pair:
    """Both sides of one case in common ground; strictly private to this module."""

    def __init__(self, case: Case, link: Link, has_base: bool) -> None:
        self.case = case
        self.zone = ZoneInfo(link.zone)
        self.graph_now = case.event.content if case.event else link.base_event
        self.erp_now = case.activity.content if case.activity else link.base_activity
        self.event = from_graph(self.graph_now)
        self.activity = from_erp(self.erp_now, self.zone, (link.base_event, link.base_activity) if has_base else None)

    def is_same(self, field: Field) -> bool:
        """Whether both sides agree on a field: in common ground, or as an activity would hold the event's value."""
        attribute = EVENT_ATTRIBUTE[field]
        if getattr(self.event, attribute) == getattr(self.activity, attribute):
            return True
        # a reminder hangs on the start: the event's is laid at the activity's own before digits are compared
        event = replace(self.event, when=self.activity.when) if field is Field.REMINDER else self.event
        return _erp_terms(to_erp(event, self.zone), field) == _erp_terms(self.erp_now, field)

    def clash(self, field: Field, why: str) -> Clash:
        """The field with both values."""
        return Clash(field, shown(self.event, field), shown(self.activity, field), why)

    def agreed(self, to_graph: frozenset[Field]) -> Event:
        """The event's content with the activity's value of the named fields."""
        taken = {EVENT_ATTRIBUTE[f]: getattr(self.activity, EVENT_ATTRIBUTE[f]) for f in to_graph}
        return replace(self.event, **taken)


def _erp_terms(content: ErpContent, field: Field) -> tuple[object, ...]:
    if field is Field.BODY:
        return (normal_text(content.notes),)
    if field is Field.PRIORITY:
        return (PRIORITY_OF.get(content.priority),)
    if field is Field.TIME:
        return content.start, content.end
    return tuple(getattr(content, name) for name in ERP_ATTRIBUTES[field])


def carry(
    case: Case,
    link: Link,
    event_changed: frozenset[Field],
    activity_changed: frozenset[Field],
    ctx: Context,
    intent: Intent,
    permits: Permits,
) -> Decision:
    """The decision for a living pair: what is written where, what stays apart and why."""
    pair = _Pair(case, link, has_base=intent is not Intent.LINK)
    winner = winning_side(ctx.policy, _later(case, link))
    merged = merge(event_changed, activity_changed, is_same=pair.is_same, winner=winner)
    clashes = {f: pair.clash(f, ASK) for f in merged.unsolved}
    reread = ""

    to_erp_fields, blocked, left, why = _let_through(merged.to_erp, permits(Intent.UPDATE_ACTIVITY))
    clashes |= {f: pair.clash(f, why) for f in blocked}
    to_graph_fields, blocked, also_left, left_why = _let_through(merged.to_graph, permits(Intent.UPDATE_EVENT))
    clashes |= {f: pair.clash(f, left_why) for f in blocked}
    left |= also_left
    html: str | None = None
    if Field.BODY in to_graph_fields:
        html, obstacle = _body_for(case.event, pair.activity.body)
        if obstacle == RICH_BODY:
            clashes[Field.BODY] = pair.clash(Field.BODY, RICH_BODY)
        if obstacle:
            to_graph_fields -= {Field.BODY}
            left |= {Field.BODY}
            reread = NEEDS_BODY if obstacle == NEEDS_BODY else ""

    open_fields = left | frozenset(clashes)
    moving = to_graph_fields | ((event_changed & activity_changed) - open_fields)
    erp, zone = _erp_patch(pair, link, to_erp_fields, moving, to_graph_fields | open_fields, permits, ctx)
    conflict, categories = _mark(case.event, link, _in_order(clashes), ctx)
    graph = _graph_patch(pair, link, to_graph_fields, html, categories)
    kept = replace(
        link,
        zone=zone,
        status=LinkStatus.LIVE,
        reason=conflict.clashes[0].why if conflict else "",
        reread=reread,
        tries=0,
        retry_at=None,
        ended_at=None,
        conflict=conflict,
    )
    lost = tuple(
        (side, pair.clash(f, f"both sides changed it; {'Outlook' if side is Side.ERP else 'ERP.net'} won"))
        for f, side in merged.solved
        if f in (to_graph_fields if side is Side.GRAPH else to_erp_fields)
    )
    verdict, reason = _verdict(intent, graph, erp, conflict, reread, left, why or left_why)
    return Decision(
        case=case,
        intent=_intent_of(intent, graph, erp),
        verdict=verdict,
        reason=reason,
        graph=graph,
        erp=erp,
        link=kept,
        in_step=frozenset(Field) - set(clashes) - left,
        lost=lost,
        carried=((Side.GRAPH, to_graph_fields), (Side.ERP, erp.fields if erp else frozenset())),
    )


def _later(case: Case, link: Link) -> Side:
    event_at = case.event.modified_at if case.event else link.modified_at
    activity_at = case.activity.updated_at if case.activity else link.updated_at
    return later_side(event_at, activity_at)


Fields = frozenset[Field]


def _let_through(fields: Fields, permitted: tuple[Verdict, str]) -> tuple[Fields, Fields, Fields, str]:
    """Split fields by the permit's verdict: written, in conflict, left alone; and the reason."""
    none: Fields = frozenset()
    verdict, why = permitted
    if not fields or verdict is Verdict.ACT:
        return fields, none, none, ""
    if verdict is Verdict.CONFLICT:
        return none, fields, none, why
    return none, none, fields, why


def _body_for(event: GraphEvent | None, text: str) -> tuple[str | None, str]:
    """The HTML that carries a new text (None = the text alone will do), or what stands in the way."""
    if event is None or event.html is None:
        return None, NEEDS_BODY
    shape = body_shape(event.html, event.content.body)
    if shape is BodyShape.RICH:
        return None, RICH_BODY
    return (with_new_text(event.html, text) if shape is BodyShape.TEAMS else None), ""


def _erp_patch(
    pair: _Pair, link: Link, fields: Fields, moving: Fields, kept: Fields, permits: Permits, ctx: Context
) -> tuple[PatchActivity | None, str]:
    """The activity's patch and the zone its digits are in afterwards. ReminderTime follows the start.

    ``moving`` are fields edited in ERP.net that count, ``kept`` those whose value there stands, agreed or still open.
    """
    agreed = pair.agreed(kept)
    zone = ctx.digits_zone if Field.TIME in fields else link.zone
    if Field.TIME not in fields:
        agreed = replace(agreed, when=pair.activity.when)
    if Field.TIME in fields and not (agreed.reminder is None and pair.erp_now.reminder is None):
        fields |= {Field.REMINDER}
    elif _is_reminder_left_behind(pair, fields | moving, agreed) and _may_write(permits):
        fields |= {Field.REMINDER}
    if not fields:
        return None, link.zone
    activity = pair.case.activity
    return PatchActivity(
        activity_id=link.activity_id,
        version=activity.version if activity else link.version,
        fields=fields,
        content=to_erp(agreed, ZoneInfo(zone)),
        external_id=link.ical_uid if activity and _takes_external_id(activity) else "",
    ), zone


def _is_reminder_left_behind(pair: _Pair, moving: Fields, agreed: Event) -> bool:
    """Whether the activity's start was moved without its ReminderTime."""
    if Field.TIME not in moving or Field.REMINDER in moving or pair.erp_now.reminder is None:
        return False
    return reminder_digits(agreed.when, agreed.reminder, pair.zone) != pair.erp_now.reminder


def _may_write(permits: Permits) -> bool:
    return permits(Intent.UPDATE_ACTIVITY)[0] is Verdict.ACT


def _takes_external_id(activity: ErpActivity) -> bool:
    """Whether our pair may be written: none there yet, and in a state where nobody minds (design section 4)."""
    return not activity.external_id and not activity.external_system and activity.state in ("New", "FirmPlanned")


def _graph_patch(
    pair: _Pair, link: Link, fields: Fields, html: str | None, categories: tuple[str, ...] | None
) -> PatchEvent | None:
    if not fields and categories is None:
        return None
    event = pair.case.event
    key = event.change_key if event else link.change_key
    return PatchEvent(link.event_id, key, fields, to_graph(pair.agreed(fields)), html, categories)


def _in_order(clashes: dict[Field, Clash]) -> tuple[Clash, ...]:
    return tuple(clashes[f] for f in Field if f in clashes)


def kept_conflict(link: Link, clashes: tuple[Clash, ...], now: datetime) -> Conflict | None:
    """The conflict to remember: the same one keeps its age and its mark."""
    if not clashes:
        return None
    if link.conflict is not None and _typed(link.conflict.clashes) == _typed(clashes):
        return replace(link.conflict, clashes=clashes)
    return Conflict(clashes, now)


def _typed(clashes: tuple[Clash, ...]) -> set[tuple[str, str]]:
    """What makes a conflict another one: its fields and the values typed in Outlook."""
    return {(c.field, c.event_value) for c in clashes}


def _mark(
    event: GraphEvent | None, link: Link, clashes: tuple[Clash, ...], ctx: Context
) -> tuple[Conflict | None, tuple[str, ...] | None]:
    """The conflict with the state of its mark, and the event's new categories where they must change."""
    conflict = kept_conflict(link, clashes, ctx.now)
    if event is None or ctx.policy.direction is Direction.TO_ERP:
        return conflict, None
    is_marked = CONFLICT_CATEGORY in event.categories
    if conflict is None:
        ours = link.conflict is not None and link.conflict.mark is Mark.SET
        rest = tuple(c for c in event.categories if c != CONFLICT_CATEGORY)
        return None, rest if ours and is_marked else None
    if is_marked:
        return replace(conflict, mark=Mark.SET), None
    if conflict.mark is not Mark.NONE:
        return replace(conflict, mark=Mark.TAKEN_OFF), None
    return replace(conflict, mark=Mark.SET), (*event.categories, CONFLICT_CATEGORY)


def _intent_of(intent: Intent, graph: PatchEvent | None, erp: PatchActivity | None) -> Intent:
    if intent is Intent.LINK:
        return intent
    if graph and erp:
        return Intent.MERGE
    return Intent.UPDATE_ACTIVITY if erp else Intent.UPDATE_EVENT if graph else Intent.NOTHING


def _verdict(
    intent: Intent,
    graph: PatchEvent | None,
    erp: PatchActivity | None,
    conflict: Conflict | None,
    reread: str,
    left: Iterable[Field],
    why: str,
) -> tuple[Verdict, str]:
    if intent is Intent.LINK or graph or erp:
        return Verdict.ACT, conflict.clashes[0].why if conflict else ""
    if conflict:
        return Verdict.CONFLICT, conflict.clashes[0].why
    if reread:
        return Verdict.REREAD, reread
    return (Verdict.SKIP, why) if left else (Verdict.NOTHING, "")


def overruled(
    case: Case, link: Link, side: Side, changed: frozenset[Field], why: str
) -> tuple[tuple[Side, Clash], ...]:
    """What was edited on ``side`` and goes down with a deletion on the other."""
    pair = _Pair(case, link, has_base=True)
    return tuple((side, pair.clash(f, why)) for f in Field if f in changed)


def seal(link: Link) -> Link:
    """A link whose bases keep digests of long text."""
    return replace(link, base_event=sealed(link.base_event), base_activity=sealed(link.base_activity))


def _graph_base(base: GraphContent, now: GraphContent, fields: frozenset[Field]) -> GraphContent:
    return replace(base, **{name: getattr(now, name) for f in fields for name in GRAPH_ATTRIBUTES[f]})


def _erp_base(base: ErpContent, now: ErpContent, fields: frozenset[Field]) -> ErpContent:
    return replace(base, **{name: getattr(now, name) for f in fields for name in ERP_ATTRIBUTES[f]})


def _moved_erp(base: ErpContent, now: ErpContent, fields: frozenset[Field]) -> ErpContent:
    """The base moved for ``fields``; the reminder, where it stays apart, goes on telling an edit from none.

    It hangs on the start: unedited it is where it now stands, edited the base's keeps its distance from the start.
    """
    new = _erp_base(base, now, fields)
    if base.reminder is None or Field.TIME not in fields or Field.REMINDER in fields:
        return new
    edited = Field.REMINDER in changed_in_erp(base, now)
    return replace(new, reminder=new.start - (base.start - base.reminder) if edited else now.reminder)


def set_apart(link: Link, event: GraphEvent, activity: ErpActivity, fields: frozenset[Field]) -> Link:
    """A new link whose ``fields`` are not in step: each base gets the other side's value.

    Two items found to be a pair have no base; so what stays apart goes on standing as an edit of both sides.
    """
    zone = ZoneInfo(link.zone)
    told = to_graph(from_erp(activity.content, zone))
    seen = to_erp(from_graph(event.content), zone)
    if activity.content.reminder is not None:  # any other digits could pass for a reminder moved along or left behind
        seen = replace(seen, reminder=None)
    return replace(
        link,
        base_event=_graph_base(link.base_event, told, fields),
        base_activity=_erp_base(link.base_activity, seen, fields),
    )


def moved(link: Link, fields: frozenset[Field], event: GraphEvent | None, activity: ErpActivity | None) -> Link:
    """The link with its base moved, for ``fields``, to what the readings show; versions follow the readings."""
    if event is not None:
        link = replace(
            link,
            base_event=_graph_base(link.base_event, event.content, fields),
            change_key=event.change_key,
            modified_at=event.modified_at or link.modified_at,
        )
    if activity is not None:
        link = replace(
            link,
            base_activity=_moved_erp(link.base_activity, activity.content, fields),
            version=activity.version,
            updated_at=activity.updated_at,
        )
    return seal(link)


def disturbed(
    sent: ErpContent, fields: frozenset[Field], before: ErpContent | None, after: ErpContent
) -> frozenset[Field]:
    """Fields that somebody else changed between our write and reading it back.

    ERP.net tells a write's result only on a second read (erpnet.md §6), so what is read back may hold an edit that no
    base has seen. Expected are the ``fields`` as ``sent``, the others as ``before`` (None: everything was sent).
    """
    expected = sent if before is None else _erp_base(before, sent, fields)
    return frozenset(
        f for f in changed_in_erp(expected, after) & CARRIED if _erp_terms(expected, f) != _erp_terms(after, f)
    )


def as_expected(
    sent: ErpContent, fields: frozenset[Field], before: ErpContent | None, after: ErpContent
) -> ErpContent:
    """``after`` with the disturbed fields as they were expected, so that the disturbance still looks like an edit."""
    expected = sent if before is None else _erp_base(before, sent, fields)
    return _erp_base(after, expected, disturbed(sent, fields, before, after))
