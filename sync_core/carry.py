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
from sync_core.model import Clash, Conflict, ErpActivity, Event, Field, GraphEvent, Link, LinkStatus, Role, Side
from sync_core.pair import Pair
from sync_core.people import (
    TELLING,
    Moves,
    answers_of,
    crowd_of,
    fitting,
    invited,
    is_hidden,
    left_out,
    listed,
    mails_of,
    merge_people,
    new_list,
    notes_for,
    reaches,
    remarks,
    rows_after,
    who,
)
from sync_core.project import is_private, reminder_digits, to_erp, to_graph
from sync_core.writes import Crowd, PatchActivity, PatchEvent

ASK = "both sides changed it; the settings leave the choice to a person"
RICH_BODY = "the event's text has formatting that ERP.net cannot hold"
NEEDS_BODY = "the event's formatted text is needed"
NEEDS_LISTS = "both lists of people are needed"
MAILS_FOLLOW = "what people are told by mail follows by itself"
SHOWN_AGAIN = "what was hidden is looked at again"
WOULD_MAIL = "people are invited, and a first meeting of both sides mails nobody"

PEOPLE = frozenset({Field.PEOPLE})
HIDEABLE = PEOPLE | {Field.SUBJECT, Field.BODY}
"""What ``SYNC_PRIVATE=busy`` hides."""

Permits = Callable[[Intent], tuple[Verdict, str]]
Fields = frozenset[Field]


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
    crowded = bool(invited(case.event)) if case.event else bool(link.base_event.people)
    moves = _moves(pair, link, event_changed | activity_changed, ctx, has_base=intent is not Intent.LINK)
    merged = merge(
        event_changed - PEOPLE,
        activity_changed - PEOPLE,
        is_same=pair.is_same,
        winner=_winner(pair, link, ctx, intent),
    )
    clashes = {f: pair.clash(f, ASK) for f in merged.unsolved}
    reread = ""

    wanted = merged.to_erp | (PEOPLE if moves.join_erp or moves.leave_erp else frozenset())
    to_erp_fields, blocked, left, why = _let_through(wanted, permits(Intent.UPDATE_ACTIVITY))
    clashes |= {f: pair.clash(f, why) for f in blocked}
    wanted = merged.to_graph | (PEOPLE if moves.join_graph or moves.leave_graph else frozenset())
    wanted -= _personal(case, link, ctx, crowded)
    to_graph_fields, blocked, also_left, left_why = _let_through(wanted, permits(Intent.UPDATE_EVENT))
    clashes |= {f: pair.clash(f, left_why) for f in blocked}
    left |= also_left | (PEOPLE if _is_veiled(case, ctx) else frozenset())
    if intent is Intent.LINK and crowded and to_graph_fields & TELLING:
        left, left_why = left | (to_graph_fields & TELLING), WOULD_MAIL
        to_graph_fields -= TELLING
    html: str | None = None
    if Field.BODY in to_graph_fields:
        html, obstacle = _body_for(case.event, pair.activity.body)
        if obstacle == RICH_BODY:
            clashes[Field.BODY] = pair.clash(Field.BODY, RICH_BODY)
        if obstacle:
            to_graph_fields -= {Field.BODY}
            left |= {Field.BODY}
            reread = NEEDS_BODY if obstacle == NEEDS_BODY else ""
    if _lacks_lists(case, to_erp_fields, to_graph_fields):
        to_erp_fields, to_graph_fields, left, reread = (
            to_erp_fields - PEOPLE,
            to_graph_fields - PEOPLE,
            left | PEOPLE,
            NEEDS_LISTS,
        )

    conflict, categories = marked(case.event, link, _in_order(clashes), ctx)
    telling = to_graph_fields & (TELLING | PEOPLE)
    if crowded and telling and (to_graph_fields - telling or categories is not None):
        to_graph_fields, left, reread = to_graph_fields - telling, left | telling, MAILS_FOLLOW
    if unseen := _unveiled(case, to_erp_fields, to_graph_fields, ctx):
        left, reread = left | unseen, reread or SHOWN_AGAIN
    open_fields = left | frozenset(clashes)
    moving = to_graph_fields | ((event_changed & activity_changed) - open_fields)
    crowd, answers = _crowd(case, link, moves if Field.PEOPLE in to_erp_fields else Moves(), permits, ctx)
    erp, zone = _erp_patch(pair, link, to_erp_fields, moving, to_graph_fields | open_fields, permits, ctx, crowd)
    graph = _graph_patch(pair, link, to_graph_fields, html, categories, moves, ctx)
    uninvited = _uninvited(case, moves, ctx)
    kept = replace(
        link,
        zone=zone,
        status=LinkStatus.LIVE,
        reason=conflict.clashes[0].why if conflict else remarks(case.event, case.activity, uninvited),
        reread=reread,
        tries=0,
        retry_at=None,
        ended_at=None,
        conflict=conflict,
        answers=answers,
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
        mails=mails_of(graph, case.event, link),
    )


def _moves(pair: Pair, link: Link, changed: Fields, ctx: Context, has_base: bool) -> Moves:
    """Who joins and leaves which list. Two items found to be a pair have no base: ERP.net's list is completed."""
    case = pair.case
    if Field.PEOPLE not in changed or _is_veiled(case, ctx):
        return Moves()
    out = left_out(case.event, case.activity, ctx)
    event, activity = (who(now.people, out, ctx) for now in (pair.graph_now, pair.erp_now))
    if not has_base:
        return Moves(join_erp=event - activity)
    event_base, activity_base = (who(base.people, out, ctx) for base in (link.base_event, link.base_activity))
    moves = merge_people(event_base, event, activity_base, activity, reaches(case.event, link, ctx))
    return fitting(moves, case.event)


def _is_veiled(case: Case, ctx: Context) -> bool:
    """Whether only ERP.net hides the meeting, yet or still: that says nothing about who is invited."""
    return is_hidden(case, ctx) and (case.event is None or not is_private(case.event.content))


def _winner(pair: Pair, link: Link, ctx: Context, intent: Intent) -> Side | None:
    """The policy's winner; but an organizer's word stands, and a first meeting of both sides mails nobody."""
    event = pair.case.event
    is_guest = link.role is Role.HOLDER or (event is not None and not event.is_organizer)
    is_first = intent is Intent.LINK and event is not None and bool(invited(event))
    if (is_guest or is_first) and ctx.policy.direction.lets(Side.ERP):
        return Side.GRAPH
    return winning_side(ctx.policy, _later(pair.case, link))


def _personal(case: Case, link: Link, ctx: Context, crowded: bool) -> Fields:
    """What stays ERP.net's alone: the reminder of a meeting somebody else organises, and of a hidden activity
    whatever would have to be told to those who are invited."""
    mine: Fields = frozenset({Field.REMINDER}) if link.role is Role.HOLDER else frozenset()
    hides = case.activity is not None and is_private(case.activity.content) and is_hidden(case, ctx)
    return mine | (HIDEABLE if hides and crowded else frozenset())


def _unveiled(case: Case, to_erp_fields: Fields, to_graph_fields: Fields, ctx: Context) -> Fields:
    """What the side that is written may show or hide by it: no base takes that unseen."""
    is_lifted = Field.PRIVATE in to_erp_fields | to_graph_fields and is_hidden(case, ctx)
    return HIDEABLE - to_erp_fields - to_graph_fields if is_lifted else frozenset()


def _lacks_lists(case: Case, to_erp_fields: Fields, to_graph_fields: Fields) -> bool:
    """Whether a list would have to be changed that has not been read."""
    return (Field.PEOPLE in to_erp_fields and case.activity is None) or (
        Field.PEOPLE in to_graph_fields and case.event is None
    )


def _crowd(
    case: Case, link: Link, moves: Moves, permits: Permits, ctx: Context
) -> tuple[Crowd, tuple[tuple[str, str], ...]]:
    """What changes among the participants, and the answers told with it."""
    if case.activity is None:
        return Crowd(), link.answers
    crowd = crowd_of(case.activity, moves, ctx)
    if case.event is None or not _may_write(permits):
        return crowd, link.answers
    answers = {} if is_hidden(case, ctx) else answers_of(case.event, ctx)
    notes = notes_for(case.activity, link.answers, answers, ctx)
    noted = tuple((one, answers[one]) for one in crowd.add if one in answers)
    return replace(crowd, note=_but(notes, crowd.drop), noted=noted), tuple(sorted(answers.items()))


def _but(notes: tuple[tuple[str, str], ...], dropped: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple(note for note in notes if note[0] not in dropped)


def _uninvited(case: Case, moves: Moves, ctx: Context) -> int:
    """How many participants the event will not know of."""
    if case.event is None or case.activity is None or is_hidden(case, ctx):
        return 0
    out = left_out(case.event, case.activity, ctx)
    event, activity = (who(item.content.people, out, ctx) for item in (case.event, case.activity))
    return len(activity - event - moves.join_graph - moves.leave_erp)


def _later(case: Case, link: Link) -> Side:
    event_at = case.event.modified_at if case.event else link.modified_at
    activity_at = case.activity.updated_at if case.activity else link.updated_at
    return later_side(event_at, activity_at)


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
    pair: Pair,
    link: Link,
    fields: Fields,
    moving: Fields,
    kept: Fields,
    permits: Permits,
    ctx: Context,
    crowd: Crowd,
) -> tuple[PatchActivity | None, str]:
    """The activity's patch and the zone its digits are in afterwards. ReminderTime follows the start.

    ``moving`` are fields edited in ERP.net that count, ``kept`` those whose value there stands, agreed or still open.
    """
    agreed = pair.agreed(kept)
    activity = pair.case.activity
    is_mine = activity is None or activity.owner_party in ("", ctx.party_id)
    zone = ctx.digits_zone if Field.TIME in fields and is_mine else link.zone
    if Field.TIME not in fields:
        agreed = replace(agreed, when=pair.activity.when)
    if Field.TIME in fields and not (agreed.reminder is None and pair.erp_now.reminder is None):
        fields |= {Field.REMINDER}
    elif _is_reminder_left_behind(pair, fields | moving, agreed) and _may_write(permits):
        fields |= {Field.REMINDER}
    if not fields and not crowd.note:
        return None, link.zone
    people = rows_after(activity, crowd) if activity else link.base_activity.people
    return PatchActivity(
        activity_id=link.activity_id,
        version=activity.version if activity else link.version,
        fields=fields,
        content=replace(to_erp(agreed, ZoneInfo(zone)), people=people),
        external_id=link.ical_uid if activity and fields and _takes_external_id(activity) else "",
        crowd=crowd,
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
    pair: Pair,
    link: Link,
    fields: Fields,
    html: str | None,
    categories: tuple[str, ...] | None,
    moves: Moves,
    ctx: Context,
) -> PatchEvent | None:
    if not fields and categories is None:
        return None
    event = pair.case.event
    content = replace(to_graph(pair.agreed(fields - PEOPLE)), people=pair.graph_now.people)
    key = event.change_key if event else link.change_key
    patch = PatchEvent(link.event_id, key, fields, content, html, categories)
    if event is None or Field.PEOPLE not in fields:
        return patch
    attendees = new_list(event, moves, ctx)
    return replace(patch, attendees=attendees, content=replace(content, people=listed(event, attendees)))


def _in_order(clashes: dict[Field, Clash]) -> tuple[Clash, ...]:
    return tuple(clashes[f] for f in Field if f in clashes)


def _intent_of(intent: Intent, graph: PatchEvent | None, erp: PatchActivity | None) -> Intent:
    if intent is Intent.LINK:
        return intent
    if graph and erp:
        return Intent.MERGE
    if erp and not erp.fields:
        return Intent.ANSWER
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
