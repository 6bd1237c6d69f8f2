"""Carries changed fields across a pair: merge, what stands in the way field by field, the writes, the mark.

The plan's tables decide *whether* a pair is worked on; here is *what* is written. A field that cannot go across is an
open conflict with both values, its base stays the last one both sides agreed on, and the event wears a category
until it is resolved (conflict.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from sync_core import link as life
from sync_core.body import BodyShape, body_shape, with_new_text
from sync_core.cases import Case, Context, Decision, Intent, Verdict
from sync_core.conflict import marked
from sync_core.gathering import (
    HIDEABLE,
    PEOPLE,
    Fields,
    crowd_for,
    is_veiled,
    kept_from_erp,
    kept_from_graph,
    moves_of,
    uninvited,
    unveiled,
)
from sync_core.merge import later_side, merge, winning_side
from sync_core.model import EVERYTHING, Clash, Conflict, ErpActivity, Event, Field, GraphEvent, Link, Role, Side
from sync_core.pair import Pair
from sync_core.people import TELLING, Moves, is_crowded, is_hidden, listed, mails_of, new_list, remarks, rows_after
from sync_core.project import fits_erp, fits_graph, reminder_digits, to_erp, to_graph
from sync_core.ranges import BEYOND, external_id_of
from sync_core.tables import edited_in_erp, edited_in_graph, permitted
from sync_core.writes import Crowd, PatchActivity, PatchEvent

ASK = "both sides changed it; the settings leave the choice to a person"
RICH_BODY = "the event's text has formatting that ERP.net cannot hold"
NEEDS_BODY = "the event's formatted text is needed"
NEEDS_LISTS = "both lists of people are needed"
NEEDS_MARK = "the event is needed to mark the conflict"
MAILS_FOLLOW = "what people are told by mail follows by itself"
SHOWN_AGAIN = "what was hidden is looked at again"
HIDDEN_VALUE = "(private)"
WOULD_MAIL = "people are invited, and a first meeting of both sides mails nobody"

Permits = Callable[[Intent], tuple[Verdict, str]]


def carry(
    case: Case,
    link: Link,
    intent: Intent,
    ctx: Context,
) -> Decision:
    """The decision for a living pair: what is written where, what stays apart and why."""
    is_first = intent is Intent.LINK
    event_changed = EVERYTHING if is_first else edited_in_graph(case, link)
    activity_changed = EVERYTHING if is_first else edited_in_erp(case, link)

    def permits(wanted: Intent) -> tuple[Verdict, str]:
        return permitted(case, wanted, ctx)

    pair = Pair(case, link, has_base=intent is not Intent.LINK)
    moves = moves_of(pair, link, event_changed | activity_changed, ctx, has_base=intent is not Intent.LINK)
    merged = merge(
        event_changed - PEOPLE,
        activity_changed - PEOPLE,
        is_same=pair.is_same,
        winner=_winner(pair, link, ctx, intent),
    )
    flow = _Flow(pair, {f: pair.clash(f, ASK) for f in merged.unsolved})
    flow.send_to_erp(merged.to_erp, moves, permits, kept_from_erp(case, ctx, is_first=intent is Intent.LINK))
    flow.send_to_graph(merged.to_graph, moves, permits, kept_from_graph(case, link, ctx, flow.is_crowded))
    if is_veiled(case, ctx):
        flow.left |= PEOPLE
    if intent is Intent.LINK and flow.is_crowded:
        flow.leave_in_graph(TELLING, WOULD_MAIL)
    flow.fit_time(ZoneInfo(ctx.digits_zone))
    html = flow.fit_body()
    flow.need_lists()
    if is_hidden(case, ctx):
        flow.clashes |= {f: _silent(c) for f, c in flow.clashes.items() if f in HIDEABLE}
    conflict, categories = marked(case.event, link, _in_order(flow.clashes), ctx)
    flow.mail_later(marks=categories is not None)
    if unseen := unveiled(case, flow.to_erp, flow.to_graph, ctx):
        flow.left, flow.reread = flow.left | unseen, flow.reread or SHOWN_AGAIN
    if conflict and case.event is None:
        flow.reread = flow.reread or NEEDS_MARK
    open_fields = flow.left | frozenset(flow.clashes)
    moving = flow.to_graph | ((event_changed & activity_changed) - open_fields)
    gathered = moves if Field.PEOPLE in flow.to_erp else Moves()
    crowd, answers = crowd_for(case, link, gathered, ctx, may_note=_may_write(permits))
    erp, zone = _erp_patch(pair, link, flow.to_erp, moving, flow.to_graph | open_fields, permits, ctx, crowd)
    graph = _graph_patch(pair, link, flow.to_graph, html, categories, moves, ctx)
    after = _graph_patch(pair, link, flow.postponed, html, None, moves, ctx)
    said = conflict.clashes[0].why if conflict else remarks(case.event, case.activity, uninvited(case, moves, ctx))
    kept = life.live(replace(link, zone=zone, answers=answers), said, reread=flow.reread, conflict=conflict)
    lost = tuple(
        (side, pair.clash(f, f"both sides changed it; {'Outlook' if side is Side.ERP else 'ERP.net'} won"))
        for f, side in merged.solved
        if f in (flow.to_graph if side is Side.GRAPH else flow.to_erp)
    )
    verdict, reason = _verdict(intent, graph, erp, conflict, flow.reread, flow.left, flow.why)
    return Decision(
        case=case,
        intent=_intent_of(intent, graph, erp),
        verdict=verdict,
        reason=reason,
        graph=graph,
        erp=erp,
        link=kept,
        in_step=frozenset(Field) - set(flow.clashes) - flow.left,
        lost=lost,
        carried=((Side.GRAPH, flow.to_graph), (Side.ERP, erp.fields if erp else frozenset())),
        mails=mails_of(graph, case.event, link),
        mails_later=mails_of(after, case.event, link),
        again=bool(flow.postponed),
    )


@dataclass
class _Flow:
    """Which fields go where, step by step: what may not go is in conflict or left for later, with the reason."""

    pair: Pair
    clashes: dict[Field, Clash]
    to_erp: Fields = frozenset()
    to_graph: Fields = frozenset()
    left: Fields = frozenset()
    why: str = ""
    reread: str = ""
    postponed: Fields = frozenset()

    @property
    def is_crowded(self) -> bool:
        """Whether a change of the event mails anybody."""
        event = self.pair.case.event
        return is_crowded(event) if event else bool(self.pair.graph_now.people)

    def send_to_erp(self, fields: Fields, moves: Moves, permits: Permits, kept: Fields) -> None:
        """What the activity gets, as far as it may be written."""
        wanted = fields | (PEOPLE if moves.join_erp or moves.leave_erp else frozenset())
        self.left |= wanted & kept
        self.to_erp = self._let_through(wanted - kept, permits(Intent.UPDATE_ACTIVITY))

    def send_to_graph(self, fields: Fields, moves: Moves, permits: Permits, kept: Fields) -> None:
        """What the event gets, as far as it may be written."""
        wanted = fields | (PEOPLE if moves.join_graph or moves.leave_graph else frozenset())
        self.to_graph = self._let_through(wanted - kept, permits(Intent.UPDATE_EVENT))

    def leave_in_graph(self, fields: Fields, why: str) -> None:
        """Fields that the event does not get now."""
        if self.to_graph & fields:
            self.left, self.why = self.left | (self.to_graph & fields), self.why or why
            self.to_graph -= fields

    def fit_time(self, zone: ZoneInfo) -> None:
        """A time that the other side cannot hold is a conflict: what is written can be read."""
        cannot_erp = Field.TIME in self.to_erp and not fits_erp(self.pair.event.when, zone)
        cannot_graph = Field.TIME in self.to_graph and not fits_graph(self.pair.activity.when)
        if cannot_erp or cannot_graph:
            self.clashes[Field.TIME] = self.pair.clash(Field.TIME, BEYOND)
            self.to_erp, self.to_graph = self.to_erp - {Field.TIME}, self.to_graph - {Field.TIME}

    def fit_body(self) -> str | None:
        """The HTML that carries a new text; a body that cannot be replaced is a conflict or waits for its HTML."""
        if Field.BODY not in self.to_graph:
            return None
        html, obstacle = _body_for(self.pair.case.event, self.pair.activity.body)
        if obstacle == RICH_BODY:
            self.clashes[Field.BODY] = self.pair.clash(Field.BODY, RICH_BODY)
        if obstacle:
            self.to_graph -= {Field.BODY}
            self.left |= {Field.BODY}
            self.reread = NEEDS_BODY if obstacle == NEEDS_BODY else self.reread
        return html

    def need_lists(self) -> None:
        """A list that has not been read is not changed."""
        case = self.pair.case
        lacks_rows = Field.PEOPLE in self.to_erp and case.activity is None
        if lacks_rows or (Field.PEOPLE in self.to_graph and case.event is None):
            self.to_erp, self.to_graph = self.to_erp - PEOPLE, self.to_graph - PEOPLE
            self.left, self.reread = self.left | PEOPLE, NEEDS_LISTS

    def mail_later(self, *, marks: bool) -> None:
        """What mails people never goes with what is the owner's own: that goes first, the rest at once after."""
        telling = self.to_graph & (TELLING | PEOPLE)
        mails = bool(telling) and (self.is_crowded or Field.PEOPLE in telling)
        if mails and (self.to_graph - telling or marks):
            self.to_graph, self.left, self.reread = self.to_graph - telling, self.left | telling, MAILS_FOLLOW
            self.postponed = telling

    def _let_through(self, fields: Fields, permitted: tuple[Verdict, str]) -> Fields:
        """The fields that the permit's verdict lets be written; the others are in conflict or left alone."""
        verdict, why = permitted
        if not fields or verdict is Verdict.ACT:
            return fields
        if verdict is Verdict.CONFLICT:
            self.clashes |= {f: self.pair.clash(f, why) for f in fields}
        else:
            self.left |= fields
            self.why = self.why or why
        return frozenset()


def _silent(clash: Clash) -> Clash:
    """A clash that tells neither value: one of them hides, and the other may be what it hides."""
    return replace(clash, event_value=HIDDEN_VALUE, activity_value=HIDDEN_VALUE)


def _winner(pair: Pair, link: Link, ctx: Context, intent: Intent) -> Side | None:
    """The policy's winner; but an organizer's word stands, and a first meeting of both sides mails nobody."""
    event = pair.case.event
    is_guest = link.role is Role.HOLDER or (event is not None and not event.is_organizer)
    is_first = intent is Intent.LINK and event is not None and is_crowded(event)
    if (is_guest or is_first) and ctx.policy.direction.lets(Side.ERP):
        return Side.GRAPH
    return winning_side(ctx.policy, _later(pair.case, link))


def _later(case: Case, link: Link) -> Side:
    event_at = case.event.modified_at if case.event else link.modified_at
    activity_at = case.activity.updated_at if case.activity else link.updated_at
    return later_side(event_at, activity_at)


def _body_for(event: GraphEvent | None, text: str) -> tuple[str | None, str]:
    """The HTML that carries a new text (None = the text alone will do), or what stands in the way."""
    if event is None or event.html is None:
        return None, NEEDS_BODY
    shape = body_shape(event.html, event.content.body)
    if shape is BodyShape.RICH:
        return None, RICH_BODY
    return (with_new_text(event.html, text, event.content.body) if shape is BodyShape.TEAMS else None), ""


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
        external_id=external_id_of(link.ical_uid) if activity and fields and _takes_external_id(activity) else "",
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
    """Whether our pair may be written: none is there, in a state where nobody minds (design.md §4 "Identity")."""
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
