"""Carries changed fields across a pair: merge, what stands in the way field by field, the writes, the mark.

The plan's tables decide *whether* a pair is worked on; here is *what* is written. A field that cannot go across is an
open conflict with both values, its base stays the last one both sides agreed on, and the event wears a category
until it is resolved (conflict.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from zoneinfo import ZoneInfo

from sync_core.body import BodyShape, body_shape, with_new_text
from sync_core.cases import Case, Context, Decision, Intent, Verdict
from sync_core.conflict import marked
from sync_core.merge import later_side, merge, winning_side
from sync_core.model import Clash, Conflict, ErpActivity, Event, Field, GraphEvent, Link, LinkStatus, Side
from sync_core.pair import Pair
from sync_core.project import reminder_digits, to_erp, to_graph
from sync_core.writes import PatchActivity, PatchEvent

ASK = "both sides changed it; the settings leave the choice to a person"
RICH_BODY = "the event's text has formatting that ERP.net cannot hold"
NEEDS_BODY = "the event's formatted text is needed"

Permits = Callable[[Intent], tuple[Verdict, str]]


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
    pair = Pair(case, link, has_base=intent is not Intent.LINK)
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
    conflict, categories = marked(case.event, link, _in_order(clashes), ctx)
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
    pair: Pair, link: Link, fields: Fields, moving: Fields, kept: Fields, permits: Permits, ctx: Context
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


def _is_reminder_left_behind(pair: Pair, moving: Fields, agreed: Event) -> bool:
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
    pair: Pair, link: Link, fields: Fields, html: str | None, categories: tuple[str, ...] | None
) -> PatchEvent | None:
    if not fields and categories is None:
        return None
    event = pair.case.event
    key = event.change_key if event else link.change_key
    return PatchEvent(link.event_id, key, fields, to_graph(pair.agreed(fields)), html, categories)


def _in_order(clashes: dict[Field, Clash]) -> tuple[Clash, ...]:
    return tuple(clashes[f] for f in Field if f in clashes)


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
