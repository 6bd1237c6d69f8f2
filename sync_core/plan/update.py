"""What is written to a live pair: a three-way merge, then rules that hold fields back, then the writes.

The tables decide *whether* a pair is updated; this module decides *what* is written. The merge says which fields each
side lacks. Each of ``RULES`` then takes fields out of the writes or adds one, in the order of the tuple. Its
docstring says why it has its place. The writes are built once, from what the last rule leaves.

A field that cannot be written is either an open conflict, with both values, or left for later. In both cases its base
stays what both sides last agreed on, so the next round finds the same edit again. The event has a category while a
conflict is open (conflict.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from sync_core.content.body import BodyShape, body_shape, with_new_text
from sync_core.content.compare import Pair
from sync_core.content.merge import later_side, merge, winning_side
from sync_core.content.project import fits_erp, fits_graph, reminder_digits, to_erp, to_graph
from sync_core.content.ranges import BEYOND, external_id_of
from sync_core.model import link as life
from sync_core.model.decision import Case, Context, Decision, Intent, Verdict
from sync_core.model.event import Event
from sync_core.model.link import Chosen, Clash, Conflict, Link, PutBack, Role
from sync_core.model.sides import EVERYTHING, PEOPLE, Attendee, ErpActivity, Field, Fields, Side
from sync_core.model.writes import ParticipantChanges, PatchActivity, PatchEvent
from sync_core.people.lists import (
    TELLING,
    Moves,
    listed,
    mails_anybody,
    mails_of_patch,
    new_list,
    remarks,
    rows_after,
)
from sync_core.people.moves import moves_of, participant_changes, uninvited
from sync_core.people.privacy import (
    HIDEABLE,
    is_hidden,
    is_private_in_erp_only,
    kept_from_erp,
    kept_from_graph,
    shown_again,
)
from sync_core.plan.conflict import with_category
from sync_core.plan.tables import edited_in_erp, edited_in_graph, permitted
from sync_core.plan.undo import sorted_out, with_values

ASK = "both sides changed it; the settings leave the choice to a person"
RICH_BODY = "the event's text has formatting that ERP.net cannot hold"
NEEDS_BODY = "the event's formatted text is needed"
NEEDS_LISTS = "both lists of people are needed"
NEEDS_CATEGORY = "the event is needed to set its category"
MAILS_FOLLOW = "what people are told by mail follows by itself"
SHOWN_AGAIN = "what was hidden is looked at again"
BY_POLICY = "both sides changed it; {} won"
BY_PERSON = "a person chose; {} was kept"
HIDDEN_VALUE = "(private)"
WOULD_MAIL = "people are invited, and a first meeting of both sides mails nobody"


@dataclass(frozen=True, slots=True)
class Flow:
    """What is written to each side, as far as the rules so far leave it.

    These do not change: ``moves`` are the people who join and leave the lists, ``twice`` the fields edited on both
    sides, ``solved`` the conflicts that the policy solved, each with its losing side.

    ``to_erp`` and ``to_graph`` are the fields to write. ``clashes`` are the fields in conflict; ``left`` are those
    that stay as they are on both sides, and ``why`` tells people the reason. ``needs`` says why both sides must be
    read again. ``html`` is the new body where plain text will not do. ``conflict`` is what stays open, ``categories``
    are the event's new ones (None = unchanged). ``later`` are the fields that are written in a round right after this
    one, ``by_person`` those that a person chose for. ``asked`` is what an undo still asks for afterwards.
    """

    pair: Pair
    ctx: Context
    moves: Moves = field(default_factory=Moves)
    twice: Fields = frozenset()
    solved: tuple[tuple[Field, Side], ...] = ()
    to_erp: Fields = frozenset()
    to_graph: Fields = frozenset()
    clashes: Mapping[Field, Clash] = field(default_factory=dict)
    left: Fields = frozenset()
    why: str = ""
    needs: str = ""
    html: str | None = None
    conflict: Conflict | None = None
    categories: tuple[str, ...] | None = None
    later: Fields = frozenset()
    by_person: Fields = frozenset()
    asked: tuple[PutBack, ...] = ()

    @property
    def case(self) -> Case:
        """The case that is decided."""
        return self.pair.case

    @property
    def link(self) -> Link:
        """The pair's link, with its bases."""
        return self.pair.link

    @property
    def is_first(self) -> bool:
        """Whether two items have just been found to be a pair, so that there is no base."""
        return not self.pair.has_base

    @property
    def mails_people(self) -> bool:
        """Whether Exchange mails anybody when the event changes."""
        event = self.case.event
        return mails_anybody(event) if event else bool(self.pair.graph_now.people)

    @property
    def open(self) -> Fields:
        """The fields on which the sides still differ afterwards."""
        return self.left | frozenset(self.clashes)

    @property
    def agreed(self) -> Event:
        """The activity's content after the write, in common ground."""
        agreed = self.pair.agreed(self.to_graph | self.open)
        return agreed if Field.TIME in self.to_erp else replace(agreed, when=self.pair.activity.when)

    def without(self, side: Side, fields: Fields) -> Flow:
        """The flow that does not write these fields to the side."""
        if side is Side.ERP:
            return replace(self, to_erp=self.to_erp - fields)
        return replace(self, to_graph=self.to_graph - fields)

    def leaving(self, fields: Fields, why: str = "") -> Flow:
        """The flow that leaves these fields as they are on both sides. People are told the first reason."""
        return replace(self, left=self.left | fields, why=self.why or why) if fields else self

    def clashing(self, fields: Fields, why: str) -> Flow:
        """The flow with these fields in conflict for this reason."""
        return replace(self, clashes={**self.clashes, **{f: self.pair.clash(f, why) for f in fields}})


def update_pair(case: Case, link: Link, intent: Intent, ctx: Context) -> Decision:
    """The decision for a live pair: what is written to which side, and which fields stay in conflict, and why."""
    flow = merged_flow(Pair(case, link, has_base=intent is not Intent.LINK), ctx)
    for rule in RULES:
        flow = rule(flow)
    return _decision(flow, intent)


def merged_flow(pair: Pair, ctx: Context) -> Flow:
    """What the merge of both sides' edits asks for, before any rule. Without a base every difference is an edit."""
    event_edits = edited_in_graph(pair.case, pair.link) if pair.has_base else EVERYTHING
    activity_edits = edited_in_erp(pair.case, pair.link) if pair.has_base else EVERYTHING
    moves = moves_of(pair, event_edits | activity_edits, ctx)
    merged = merge(event_edits - PEOPLE, activity_edits - PEOPLE, is_same=pair.is_same, winner=_winner(pair, ctx))
    flow = Flow(
        pair,
        ctx,
        moves,
        twice=event_edits & activity_edits,
        solved=merged.solved,
        to_erp=merged.to_erp | (PEOPLE if moves.join_erp or moves.leave_erp else frozenset()),
        to_graph=merged.to_graph | (PEOPLE if moves.join_graph or moves.leave_graph else frozenset()),
    )
    return flow.clashing(merged.unsolved, ASK)


def _winner(pair: Pair, ctx: Context) -> Side | None:
    """The side that wins a conflict. In somebody else's meeting the organizer wins. In a newly found pair Outlook
    wins where a change of the event would mail people. Else the policy decides."""
    case, link = pair.case, pair.link
    event = case.event
    is_guest = link.role is Role.INVITED or (event is not None and not event.is_organizer)
    is_first = not pair.has_base and event is not None and mails_anybody(event)
    if (is_guest or is_first) and ctx.policy.direction.lets(Side.ERP):
        return Side.GRAPH
    event_at = event.modified_at if event else link.modified_at
    activity_at = case.activity.updated_at if case.activity else link.updated_at
    return winning_side(ctx.policy, later_side(event_at, activity_at))


# The rules


def as_chosen(flow: Flow) -> Flow:
    """A person's choice decides the fields it was made for, while both sides show the values it was made between.

    First: what was chosen asks for the same permits, and mails no more people, than any other write.
    """
    for chosen in flow.link.chosen:
        flow = _with_choice(flow, chosen)
    return flow


def _with_choice(flow: Flow, chosen: Chosen) -> Flow:
    apart = flow.to_erp | flow.to_graph | frozenset(flow.clashes)
    field = next((f for f in apart - PEOPLE if f == chosen.clash.field), None)
    if field is None or not flow.pair.clash(field, "").is_between(chosen.clash):
        return flow
    fields, loser = frozenset({field}), chosen.keep.other
    return replace(
        flow,
        to_erp=flow.to_erp | fields if loser is Side.ERP else flow.to_erp - fields,
        to_graph=flow.to_graph | fields if loser is Side.GRAPH else flow.to_graph - fields,
        clashes={f: clash for f, clash in flow.clashes.items() if f is not field},
        solved=(*((f, side) for f, side in flow.solved if f is not field), (field, loser)),
        by_person=flow.by_person | fields,
    )


def put_back(flow: Flow) -> Flow:
    """An undo asks for what a round overwrote: both sides get it, as far as nobody edited it since.

    Before the permits, which say what else it asks for. A body waits until its HTML is known.
    """
    wanted, event = flow.link.put_back, flow.case.event
    if not wanted or event is None or flow.case.activity is None:
        return flow
    edited = tuple(flow.to_erp | flow.to_graph | frozenset(flow.clashes))
    why_not = sorted_out(flow.pair, wanted, edited, flow.ctx)
    going = [one for one in wanted if not why_not[Field(one.field)]]
    if event.html is None and any(one.field == Field.BODY for one in going):
        return replace(flow, needs=NEEDS_BODY, asked=wanted)
    if not going:
        return flow
    pair = copy(flow.pair)
    pair.activity = with_values(pair.activity, going)
    fields = frozenset(Field(one.field) for one in going)
    return replace(flow, pair=pair, to_erp=flow.to_erp | fields, to_graph=flow.to_graph | fields)


def keep_own_reminder(flow: Flow) -> Flow:
    """The reminder of an invited copy is its owner's own: ERP.net's is not written to it, nor in conflict.

    Before the permits: a field that is not written needs none.
    """
    return flow.without(Side.GRAPH, frozenset({Field.REMINDER})) if flow.link.role is Role.INVITED else flow


def hide_private(flow: Flow) -> Flow:
    """``SYNC_PRIVATE=busy``: nothing that one side hides is written to the other, and nothing hidden is overwritten.

    Before the permits: a field that is not written needs none, and must not become a conflict that shows a value.
    """
    case, ctx = flow.case, flow.ctx
    unseen = kept_from_erp(case, ctx, is_first=flow.is_first)
    flow = flow.leaving(flow.to_erp & unseen).without(Side.ERP, unseen)
    flow = flow.without(Side.GRAPH, kept_from_graph(case, ctx, mails_people=flow.mails_people))
    return flow.leaving(PEOPLE) if is_private_in_erp_only(case, ctx) else flow


def permit_erp(flow: Flow) -> Flow:
    """The activity gets what ``PERMIT`` allows: a locked one makes conflicts, a one-way sync leaves its fields alone.

    Before ``permit_graph``, so that people are told its reason.
    """
    return _permitted(flow, Side.ERP, flow.to_erp, Intent.UPDATE_ACTIVITY)


def permit_graph(flow: Flow) -> Flow:
    """The event gets what ``PERMIT`` allows: in somebody else's meeting every field is a conflict.

    After ``permit_erp``, and before the rules that ask what is left to write to the event.
    """
    return _permitted(flow, Side.GRAPH, flow.to_graph, Intent.UPDATE_EVENT)


def _permitted(flow: Flow, side: Side, fields: Fields, intent: Intent) -> Flow:
    verdict, why = permitted(flow.case, intent, flow.ctx)
    if not fields or verdict is Verdict.ACT:
        return flow
    flow = flow.without(side, fields)
    return flow.clashing(fields, why) if verdict is Verdict.CONFLICT else flow.leaving(fields, why)


def first_link_mails_nobody(flow: Flow) -> Flow:
    """Two items found to be a pair mail nobody: the fields of which a change mails attendees are left as they are.

    After ``permit_graph``: only what is written can mail.
    """
    told = flow.to_graph & TELLING if flow.is_first and flow.mails_people else frozenset()
    return flow.without(Side.GRAPH, told).leaving(told, WOULD_MAIL)


def time_fits(flow: Flow) -> Flow:
    """A time that the other side cannot hold is a conflict, so that whatever is written can be read back.

    After the permits: a time that is not written need not fit.
    """
    cannot_erp = Field.TIME in flow.to_erp and not fits_erp(flow.pair.event.when, ZoneInfo(flow.ctx.digits_zone))
    cannot_graph = Field.TIME in flow.to_graph and not fits_graph(flow.pair.activity.when)
    if not (cannot_erp or cannot_graph):
        return flow
    time = frozenset({Field.TIME})
    return flow.clashing(time, BEYOND).without(Side.ERP, time).without(Side.GRAPH, time)


def body_fits(flow: Flow) -> Flow:
    """A text replaces the event's body only where the HTML says no more than its text; the block of a Teams meeting
    is kept. Formatting that would be lost is a conflict; HTML that was not read must be read first.

    After the permits: a body that is not written need not fit.
    """
    body, event = frozenset({Field.BODY}), flow.case.event
    if Field.BODY not in flow.to_graph:
        return flow
    if event is None or event.html is None:
        return replace(flow.without(Side.GRAPH, body).leaving(body), needs=NEEDS_BODY)
    shape, text = body_shape(event.html, event.content.body), flow.pair.activity.body
    if shape is BodyShape.RICH:
        return flow.without(Side.GRAPH, body).clashing(body, RICH_BODY)
    return (
        replace(flow, html=with_new_text(event.html, text, event.content.body)) if shape is BodyShape.TEAMS else flow
    )


def lists_known(flow: Flow) -> Flow:
    """A list of people that was not read is not changed, and then neither is the other one: both are read first.

    After the permits: a list that is not written need not be known.
    """
    lacks_rows = Field.PEOPLE in flow.to_erp and flow.case.activity is None
    lacks_attendees = Field.PEOPLE in flow.to_graph and flow.case.event is None
    if not (lacks_rows or lacks_attendees):
        return flow
    flow = flow.without(Side.ERP, PEOPLE).without(Side.GRAPH, PEOPLE).leaving(PEOPLE)
    return replace(flow, needs=NEEDS_LISTS)


def conceal_values(flow: Flow) -> Flow:
    """A conflict over a field that ``SYNC_PRIVATE=busy`` hides tells neither value.

    After every rule that finds a conflict, before ``set_category`` stores it.
    """
    if not is_hidden(flow.case, flow.ctx):
        return flow
    hidden = {f: _concealed(clash) for f, clash in flow.clashes.items() if f in HIDEABLE}
    return replace(flow, clashes={**flow.clashes, **hidden})


def _concealed(clash: Clash) -> Clash:
    return replace(clash, event_value=HIDDEN_VALUE, activity_value=HIDDEN_VALUE, digest="")


def set_category(flow: Flow) -> Flow:
    """The open conflict keeps its age, and the event gets or loses our category.

    After every rule that finds a conflict, before ``mail_last``: a category is a write of the owner's own.
    """
    clashes = tuple(flow.clashes[f] for f in Field if f in flow.clashes)
    conflict, categories = with_category(flow.case.event, flow.link, clashes, flow.ctx)
    return replace(flow, conflict=conflict, categories=categories)


def mail_last(flow: Flow) -> Flow:
    """A write that mails people holds nothing else: the owner's own fields go first, those that mail follow at once.

    After every rule that says what is written to the event.
    """
    telling = flow.to_graph & (TELLING | PEOPLE)
    mails = bool(telling) and (flow.mails_people or Field.PEOPLE in telling)
    is_alone = flow.to_graph == telling and flow.categories is None
    if not mails or is_alone:
        return flow
    return replace(flow.without(Side.GRAPH, telling).leaving(telling), needs=MAILS_FOLLOW, later=telling)


def compare_again(flow: Flow) -> Flow:
    """Fields that become visible with this write have not been compared: their bases stay, and a round follows.

    After every rule that says what is written. A reread that was asked for before keeps its reason.
    """
    unseen = shown_again(flow.case, flow.to_erp, flow.to_graph, flow.ctx)
    return replace(flow.leaving(unseen), needs=flow.needs or SHOWN_AGAIN) if unseen else flow


def category_needs_event(flow: Flow) -> Flow:
    """The event of a conflict gets our category: if it was not read, it is read first.

    After ``set_category``. A reread that was asked for before keeps its reason.
    """
    return replace(flow, needs=flow.needs or NEEDS_CATEGORY) if flow.conflict and flow.case.event is None else flow


def reminder_follows_start(flow: Flow) -> Flow:
    """ERP.net's ReminderTime is an instant: it is written wherever the start has moved and it has not moved along.

    Last: it asks what the activity holds after everything else is written.
    """
    reminder = frozenset({Field.REMINDER})
    if Field.TIME in flow.to_erp:
        has_any = flow.agreed.reminder is not None or flow.pair.erp_now.reminder is not None
        return replace(flow, to_erp=flow.to_erp | reminder) if has_any else flow
    may_write = permitted(flow.case, Intent.UPDATE_ACTIVITY, flow.ctx)[0] is Verdict.ACT
    return replace(flow, to_erp=flow.to_erp | reminder) if may_write and _is_reminder_left_behind(flow) else flow


def _is_reminder_left_behind(flow: Flow) -> bool:
    """Whether the start was moved in ERP.net without its ReminderTime, and that move stands."""
    edited = flow.to_erp | flow.to_graph | (flow.twice - flow.open)
    now = flow.pair.erp_now.reminder
    if Field.TIME not in edited or Field.REMINDER in edited or now is None:
        return False
    return reminder_digits(flow.agreed.when, flow.agreed.reminder, flow.pair.zone) != now


RULES: tuple[Callable[[Flow], Flow], ...] = (
    as_chosen,
    put_back,
    keep_own_reminder,
    hide_private,
    permit_erp,
    permit_graph,
    first_link_mails_nobody,
    time_fits,
    body_fits,
    lists_known,
    conceal_values,
    set_category,
    mail_last,
    compare_again,
    category_needs_event,
    reminder_follows_start,
)
"""In the order in which they are asked."""


# The writes


def _decision(flow: Flow, intent: Intent) -> Decision:
    """The writes that the rules leave, and the link as it is if they succeed."""
    case, link, ctx = flow.case, flow.link, flow.ctx
    may_write_notes = permitted(case, Intent.UPDATE_ACTIVITY, ctx)[0] is Verdict.ACT
    moves = flow.moves if Field.PEOPLE in flow.to_erp else Moves()
    changes, responses = participant_changes(case, link, moves, ctx, may_write_notes=may_write_notes)
    erp, graph = _erp_patch(flow, changes), _graph_patch(flow)
    said = flow.conflict.clashes[0].why if flow.conflict else _remarks(flow)
    kept = replace(link, zone=_digits_zone(flow), answers=responses, chosen=_unserved(flow), put_back=flow.asked)
    verdict, reason = _verdict(flow, is_written=bool(graph or erp))
    attendees = _attendees(flow)
    return Decision(
        case=case,
        intent=_intent_of(intent, graph, erp),
        verdict=verdict,
        reason=reason,
        graph=graph,
        erp=erp,
        link=life.live(kept, said, reread=flow.needs, conflict=flow.conflict),
        in_step=frozenset(Field) - flow.open,
        lost=_lost(flow),
        written=((Side.GRAPH, flow.to_graph), (Side.ERP, flow.to_erp)),
        mails=mails_of_patch(flow.to_graph, attendees, case.event, link),
        mails_later=mails_of_patch(flow.later, attendees, case.event, link),
        again=bool(flow.later),
    )


def _unserved(flow: Flow) -> tuple[Chosen, ...]:
    """The choices whose fields are left for a later round."""
    return tuple(chosen for chosen in flow.link.chosen if chosen.clash.field in flow.left)


def _erp_patch(flow: Flow, changes: ParticipantChanges) -> PatchActivity | None:
    if not flow.to_erp and not changes.notes:
        return None
    activity, link = flow.case.activity, flow.link
    people = rows_after(activity, changes) if activity else link.base_activity.people
    names = activity is not None and bool(flow.to_erp) and _takes_external_id(activity)
    return PatchActivity(
        activity_id=link.activity_id,
        version=activity.version if activity else link.version,
        fields=flow.to_erp,
        content=replace(to_erp(flow.agreed, ZoneInfo(_digits_zone(flow))), people=people),
        external_id=external_id_of(link.ical_uid) if names else "",
        participants=changes,
    )


def _digits_zone(flow: Flow) -> str:
    """The zone of the activity's digits afterwards. It is the user's, if they write a time to their own activity."""
    activity = flow.case.activity
    is_mine = activity is None or activity.owner_party in ("", flow.ctx.party_id)
    return flow.ctx.digits_zone if Field.TIME in flow.to_erp and is_mine else flow.link.zone


def _takes_external_id(activity: ErpActivity) -> bool:
    """Whether our ExternalSystem and ExternalId may be written: there is no other pair, and the state is early
    (design.md §4 "Identity")."""
    return not activity.external_id and not activity.external_system and activity.state in ("New", "FirmPlanned")


def _graph_patch(flow: Flow) -> PatchEvent | None:
    if not flow.to_graph and flow.categories is None:
        return None
    event, link = flow.case.event, flow.link
    content = replace(to_graph(flow.pair.agreed(flow.to_graph - PEOPLE)), people=flow.pair.graph_now.people)
    key = event.change_key if event else link.change_key
    patch = PatchEvent(link.event_id, key, flow.to_graph, content, flow.html, flow.categories)
    if event is None or Field.PEOPLE not in flow.to_graph:
        return patch
    attendees = _attendees(flow)
    return replace(patch, attendees=attendees, content=replace(content, people=listed(event, attendees)))


def _attendees(flow: Flow) -> tuple[Attendee, ...]:
    """The event's whole list of people after it is written, now or later."""
    return new_list(flow.case.event, flow.moves, flow.ctx) if flow.case.event else ()


def _lost(flow: Flow) -> tuple[tuple[Side, Clash], ...]:
    """The values that solved conflicts overwrite, for the journal."""
    written = {Side.GRAPH: flow.to_graph, Side.ERP: flow.to_erp}
    winner = {Side.GRAPH: "ERP.net", Side.ERP: "Outlook"}
    said = {f: (BY_PERSON if f in flow.by_person else BY_POLICY) for f in Field}
    lost = [(f, loser) for f, loser in flow.solved if f in written[loser]]
    return tuple((loser, flow.pair.clash(f, said[f].format(winner[loser]))) for f, loser in lost)


def _remarks(flow: Flow) -> str:
    """How many people of the meeting are left out on the other side, and why."""
    case = flow.case
    return remarks(case.event, case.activity, uninvited(case, flow.moves, flow.ctx))


def _intent_of(intent: Intent, graph: PatchEvent | None, erp: PatchActivity | None) -> Intent:
    if intent is Intent.LINK:
        return intent
    if graph and erp:
        return Intent.MERGE
    if erp and not erp.fields:
        return Intent.ANSWER
    return Intent.UPDATE_ACTIVITY if erp else Intent.UPDATE_EVENT if graph else Intent.NOTHING


def _verdict(flow: Flow, *, is_written: bool) -> tuple[Verdict, str]:
    conflict = flow.conflict
    if flow.is_first or is_written:
        return Verdict.ACT, conflict.clashes[0].why if conflict else ""
    if conflict:
        return Verdict.CONFLICT, conflict.clashes[0].why
    if flow.needs:
        return Verdict.REREAD, flow.needs
    return (Verdict.SKIP, flow.why) if flow.left else (Verdict.NOTHING, "")
