"""Makes a pair: an activity from an event, an event from an activity, or a link between two items that exist.

An event invites nobody (``SYNC_INVITE``) if its activity is older than the user's switching on, or is only found
again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

from sync_core.content.base import set_apart
from sync_core.content.project import from_erp, from_graph, to_erp, to_graph
from sync_core.content.ranges import external_id_of
from sync_core.model.decision import Case, Context, Decision, Intent, Verdict
from sync_core.model.sides import EVERYTHING, ErpActivity, Field, Side
from sync_core.model.writes import CreateActivity, CreateEvent
from sync_core.people.lists import guests, left_out, mails_anybody, reach_of, remarks, who
from sync_core.people.privacy import is_hidden, is_private_in_erp_only
from sync_core.people.responses import responses_of
from sync_core.plan.identity import new_link, transaction_id
from sync_core.plan.update import update_pair

ANY_ZONE = timedelta(hours=14)
"""How far a wall clock may be from UTC."""


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
    )
    said = remarks(event, None)
    return Decision(case, Intent.CREATE_ACTIVITY, Verdict.ACT, said, erp=write, written=((Side.ERP, EVERYTHING),))


def create_event(case: Case, ctx: Context) -> Decision:
    """Make an event for the activity; it invites the participants whom it may."""
    assert case.activity is not None
    content = to_graph(from_erp(case.activity.content, ZoneInfo(ctx.digits_zone)))
    incarnation = case.pending.incarnation if case.pending else 0
    attendees = guests(case.activity, ctx, _may_invite(case, ctx))
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


def _may_invite(case: Case, ctx: Context) -> Callable[[str], bool]:
    """Whom a new event may invite. Nobody, if the activity was there before the user was switched on or is only found
    again."""
    activity = case.activity
    if activity is None or ctx.whole or _is_older(activity, ctx) or is_hidden(case, ctx):
        return lambda _: False
    return reach_of(ctx)


def _is_older(activity: ErpActivity, ctx: Context) -> bool:
    """Whether the activity was made before the user was switched on, whatever the zone of the server's clock."""
    if activity.created is None or ctx.enabled_at is None:
        return False
    return activity.created.replace(tzinfo=UTC) + ANY_ZONE < ctx.enabled_at


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
    link = set_apart(decision.link, case.event, case.activity, apart, mails_anybody=mails_anybody(case.event))
    return replace(decision, link=link)
