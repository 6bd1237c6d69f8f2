"""Whose an item is and what identifies it: its creator, the id of a repeatable create, the link of a new pair."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid5

from sync_core.content import base
from sync_core.content.project import masked
from sync_core.content.ranges import uid_key
from sync_core.model.decision import Context, Decision, Intent
from sync_core.model.link import Link, Role
from sync_core.model.logins import OWNER
from sync_core.model.policy import PrivateRule
from sync_core.model.series import day_in, series_uid_of
from sync_core.model.sides import PAIRED_SYSTEMS, ErpActivity, GraphEvent, Side
from sync_core.people.privacy import is_hidden
from sync_core.people.responses import responses_of

_NAMESPACE = UUID("7be0a9f4-5c5e-4f0e-9b1e-6a1f6f0f4f5b")


def transaction_id(mailbox: str, activity_id: str, incarnation: int) -> str:
    """The transactionId of a create: the same for each try of the same create (graph.md T8)."""
    return str(uuid5(_NAMESPACE, f"{mailbox}|{activity_id}|{incarnation}"))


def creator_of(activity: ErpActivity, ctx: Context) -> str:
    """The ERP.net user R12 asks about: the creator, or this user if they own what a service user made; '' if another
    user owns it."""
    creator = ctx.logins.creator_of(activity)
    if creator != OWNER:
        return creator
    return ctx.erp_user_id if activity.owner_party == ctx.party_id else ""


def rightful(activity: ErpActivity, ctx: Context) -> str:
    """The user in whose calendar an activity belongs by R12, '' if that user is not switched on."""
    creator = ctx.logins.creator_of(activity)
    one = ctx.colleagues.owning(activity.owner_party) if creator == OWNER else ctx.colleagues.being(creator)
    return one.id if one is not None and one.is_on else ""


def new_link(event: GraphEvent, activity: ErpActivity, origin: Side, ctx: Context) -> Link:
    """The link of two items that now belong together. Its bases are what both show."""
    creator = creator_of(activity, ctx)
    if origin is Side.GRAPH or activity.owner_party == ctx.party_id:
        creator = ctx.erp_user_id
    owner = ctx.colleagues.owning(activity.owner_party) if origin is Side.GRAPH else None
    return Link(
        event_id=event.id,
        activity_id=activity.id,
        ical_uid=event.ical_uid,
        occurrence=event.occurrence,
        zone=ctx.policy.zone_of_digits(owner.zone) if owner and owner.zone else ctx.digits_zone,
        base_event=event.content,
        base_activity=activity.content,
        change_key=event.change_key,
        version=activity.version,
        updated_at=activity.updated_at,
        modified_at=event.modified_at,
        series_at=event.series_at,
        origin=origin,
        creator=creator,
        role=Role.OWN if event.is_organizer else Role.INVITED,
    )


def began_with(activity: ErpActivity, ctx: Context) -> str:
    """The user who made an activity by hand, '' if a service user made it from an event."""
    creator = ctx.logins.creator_of(activity)
    return "" if creator == OWNER else creator


def is_made_from(activity: ErpActivity, event: GraphEvent, ctx: Context) -> bool:
    """Whether a service user made this activity from this meeting, in any mailbox, or from another date of it."""
    if activity.external_system not in PAIRED_SYSTEMS or not event.ical_uid or began_with(activity, ctx):
        return False
    return uid_key(activity.external_id) == uid_key(event.ical_uid) or _names_date_of(activity, event)


def _names_date_of(activity: ErpActivity, event: GraphEvent) -> bool:
    """Whether an activity names a date of the event's series."""
    uid, one = activity.external_id, event.occurrence
    return one is not None and day_in(uid) is not None and one.is_of(series_uid_of(uid))


def link_after(
    decision: Decision, event: GraphEvent | None, activity: ErpActivity | None, ctx: Context
) -> Link | None:
    """The link to remember after the writes, from what each side shows then (None = that side was not read).

    What is read back is as the side has it. A base keeps nothing that ``SYNC_PRIVATE=busy`` hides.
    """
    link = decision.link
    if ctx.policy.private is PrivateRule.BUSY:
        event = replace(event, content=masked(event.content)) if event else None
        activity = replace(activity, content=masked(activity.content)) if activity else None
    if link is None:
        if event is None or activity is None:
            return None
        is_ours = decision.intent is Intent.CREATE_EVENT
        link = new_link(event, activity, Side.ERP if is_ours else Side.GRAPH, ctx)
        responses = () if is_hidden(decision.case, ctx) else tuple(sorted(responses_of(event, ctx).items()))
        return base.seal(replace(link, unseen=is_ours, answers=responses, reason=decision.reason))
    return base.moved(link, decision.in_step, event, activity) if decision.in_step else base.seal(link)
