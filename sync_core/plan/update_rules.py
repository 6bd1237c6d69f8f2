"""The rules of an update, by name: each takes fields out of the writes or adds one.

They are asked in the order of ``RULES``; each docstring says why the rule has its place. A field that cannot be
written is either an open conflict, with both values, or left for later. In both cases its base stays what both sides
last agreed on, so the next round finds the same edit again. The event has a category while a conflict is open
(conflict.py).
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from zoneinfo import ZoneInfo

from sync_core.content.body import BodyShape, body_shape, with_new_text
from sync_core.content.project import fits_erp, fits_graph, reminder_digits, to_erp
from sync_core.content.ranges import BEYOND
from sync_core.model.conflict import Chosen, Clash
from sync_core.model.decision import Intent, Verdict
from sync_core.model.link import Role
from sync_core.model.policy import PrivateRule
from sync_core.model.sides import PEOPLE, Field, Fields, Side
from sync_core.model.why import Why, named
from sync_core.people.mail import TELLING
from sync_core.people.privacy import (
    HIDEABLE,
    PRIVATE,
    hidden_in_graph,
    is_hidden,
    is_private_in_erp_only,
    kept_from_erp,
    kept_from_graph,
    shown_again,
)
from sync_core.plan.conflict import with_category
from sync_core.plan.dates import NEIGHBOUR, is_between
from sync_core.plan.flow import Flow
from sync_core.plan.tables import permitted
from sync_core.plan.undo import sorted_out, with_values

RICH_BODY = "the event's text has formatting that ERP.net cannot hold"
NEEDS_BODY = "the event's formatted text is needed"
NEEDS_LISTS = "both lists of people are needed"
NEEDS_CATEGORY = "the event is needed to set its category"
MAILS_FOLLOW = "what people are told by mail follows by itself"
SHOWN_AGAIN = "what was hidden is looked at again"
ONE_PRIVACY = "it is a date of a series, and Outlook has one privacy for the whole series"
WOULD_MAIL = "people are invited, and a first meeting of both sides mails nobody"


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
    hidden = hidden_in_graph(case, ctx)
    flow = flow.leaving(flow.to_graph & hidden).without(Side.GRAPH, hidden)
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


def date_stays_public(flow: Flow) -> Flow:
    """Whether a date of a series is private is not written to Outlook: the whole series has one privacy (R21).

    After the permits: a field that is not written is in no conflict.
    """
    private = flow.to_graph & frozenset({Field.PRIVATE}) if flow.link.occurrence is not None else frozenset()
    return flow.clashing(private, ONE_PRIVACY).without(Side.GRAPH, private) if private else flow


def words_need_privacy(flow: Flow) -> Flow:
    """What stands for hidden words and people goes only to a side that is private as well, if need be by this write.

    After the permits and ``date_stays_public``, which say whether the privacy is written.
    """
    event, activity = flow.pair.event.private, flow.pair.activity.private
    if flow.ctx.policy.private is not PrivateRule.BUSY or event == activity:
        return flow
    side, written = (Side.ERP, flow.to_erp) if event else (Side.GRAPH, flow.to_graph)
    if Field.PRIVATE in written:
        return flow
    return flow.leaving(written & HIDEABLE).without(side, HIDEABLE)


def date_stays_between(flow: Flow) -> Flow:
    """A date of a series does not move on or across the day of its neighbour, since Outlook refuses that (R22). It is
    not asked again for what it has refused.

    After ``permit_graph``: a time that is not written need not fit.
    """
    time = frozenset({Field.TIME})
    if not time <= flow.to_graph or flow.link.occurrence is None:
        return flow
    conflict = flow.link.conflict
    refused = [one for one in conflict.clashes if named(one.why) is Why.NEIGHBOUR] if conflict else []
    is_refused = any(one.is_between(flow.pair.clash(Field.TIME, "")) for one in refused)
    if not is_refused and is_between(flow.pair.activity.when, flow.case.neighbours, flow.ctx.zone):
        return flow
    flow = flow.clashing(time, NEIGHBOUR).without(Side.GRAPH, time)
    return flow.without(Side.GRAPH, frozenset({Field.REMINDER})) if _is_reminder_of_before(flow) else flow


def _is_reminder_of_before(flow: Flow) -> bool:
    """Whether a new pair's activity was moved without its ReminderTime, which still is where the event has it."""
    as_event = to_erp(flow.pair.event, flow.pair.zone)
    return flow.is_first and flow.pair.erp_now.reminder == as_event.reminder


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
    return replace(clash, event_value=PRIVATE, activity_value=PRIVATE, digest="")


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
    is_due = flow.conflict is not None and flow.case.event is None and flow.link.occurrence is None
    return replace(flow, needs=flow.needs or NEEDS_CATEGORY) if is_due else flow


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
    date_stays_public,
    words_need_privacy,
    date_stays_between,
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
