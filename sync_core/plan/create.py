"""Makes a pair: an activity from an event, an event from an activity, or a link between two items that exist."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from sync_core.content.base import set_apart, wished
from sync_core.content.compare import Pair
from sync_core.content.project import from_erp, from_graph, to_erp, to_graph
from sync_core.content.ranges import external_id_of
from sync_core.model.decision import Case, Context, Decision, Intent, Verdict
from sync_core.model.sides import EVERYTHING, PEOPLE, Field, Side, system_of
from sync_core.model.writes import CreateActivity, CreateEvent, PatchEvent
from sync_core.people.lists import guests, left_out, remarks, who
from sync_core.people.mail import mails_anybody, may_invite
from sync_core.people.privacy import is_hidden, is_private_in_erp_only
from sync_core.people.responses import responses_of
from sync_core.plan.dates import NEIGHBOUR, with_refusal
from sync_core.plan.identity import new_link, transaction_id
from sync_core.plan.update import update_pair


def create_activity(case: Case, ctx: Context) -> Decision:
    """Make an activity for the event, with the event's people as participants."""
    assert case.event is not None
    event = case.event
    people = who(event.content.people, left_out(event, None, ctx), ctx)
    responses = {} if is_hidden(case, ctx) else responses_of(event, ctx)
    content = to_erp(from_graph(event.content), ZoneInfo(ctx.digits_zone))
    write = CreateActivity(
        external_id_of(event.ical_uid),
        replace(content, people=tuple(sorted(people))),
        tuple((one, responses[one]) for one in sorted(people) if one in responses),
        system_of(event.occurrence),
    )
    said = remarks(event, None)
    return Decision(case, Intent.CREATE_ACTIVITY, Verdict.ACT, said, erp=write, written=((Side.ERP, EVERYTHING),))


def create_event(case: Case, ctx: Context) -> Decision:
    """Make an event for the activity; it invites the participants whom it may."""
    assert case.activity is not None
    content = to_graph(from_erp(case.activity.content, ZoneInfo(ctx.digits_zone)))
    incarnation = case.pending.incarnation if case.pending else 0
    attendees = guests(case.activity, ctx, may_invite(case, ctx))
    write = CreateEvent(
        case.activity.id,
        transaction_id(ctx.mailbox, case.activity.id, incarnation),
        replace(content, people=tuple(one.email for one in attendees)),
        attendees,
    )
    known = who(case.activity.content.people, left_out(None, case.activity, ctx), ctx)
    return Decision(
        case,
        Intent.CREATE_EVENT,
        Verdict.ACT,
        remarks(None, case.activity, len(known) - len(attendees)),
        graph=write,
        written=((Side.GRAPH, EVERYTHING),),
        mails=len(attendees),
    )


def link_pair(case: Case, ctx: Context) -> Decision:
    """Link two items that were found to be a pair. They have no base, so the policy decides every field that
    differs."""
    assert case.event is not None
    assert case.activity is not None
    origin = Side.GRAPH if case.activity.external_id else Side.ERP
    link = new_link(case.event, case.activity, origin, ctx)
    decision = update_pair(case, link, Intent.LINK, ctx)
    assert decision.link is not None
    apart = EVERYTHING - decision.in_step - ({Field.PRIVATE} if is_private_in_erp_only(case, ctx) else set())
    link = wished(decision.link, case.event, decision.refused)
    apart -= decision.refused
    link = set_apart(link, case.event, case.activity, apart, mails_anybody=mails_anybody(case.event))
    return replace(decision, link=link)


def linked_unmoved(decision: Decision, ctx: Context) -> Decision | None:
    """The decision to link a date to an activity, once Exchange has refused to move the date: without its write to
    Outlook, and with the conflict. What else the write held follows at once. None for any other decision."""
    case, link, write = decision.case, decision.link, decision.graph
    if case.link is not None or link is None or link.occurrence is None or not isinstance(write, PatchEvent):
        return None
    assert case.event is not None
    kept = with_refusal(link, Pair(case, link, has_base=False), ctx)
    return replace(
        decision,
        reason=NEIGHBOUR,
        graph=None,
        link=wished(kept, case.event, write.fields - PEOPLE),
        in_step=decision.in_step - write.fields,
        written=tuple((side, fields) for side, fields in decision.written if side is Side.ERP),
        mails=0,
        again=True,
    )
