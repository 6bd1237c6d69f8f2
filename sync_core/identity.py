"""Who an item belongs to and what it is known by: the creator, the repeatable create, the link of a new pair."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid5

from sync_core import base
from sync_core.cases import Context, Decision, Intent
from sync_core.model import ErpActivity, GraphEvent, Link, Side

_NAMESPACE = UUID("7be0a9f4-5c5e-4f0e-9b1e-6a1f6f0f4f5b")


def transaction_id(mailbox: str, activity_id: str, incarnation: int) -> str:
    """The create's transactionId: the same for every try of the same create (graph.md T8)."""
    return str(uuid5(_NAMESPACE, f"{mailbox}|{activity_id}|{incarnation}"))


def creator_of(activity: ErpActivity, ctx: Context) -> str:
    """The login R12 asks about: who created it, or the owner of what a service user created; '' = somebody else."""
    creator = activity.creation_user.casefold()
    if creator not in ctx.service_logins:
        return creator
    return ctx.login.casefold() if activity.owner_party == ctx.party_id else ""


def new_link(event: GraphEvent, activity: ErpActivity, origin: Side, ctx: Context) -> Link:
    """The link of two items that now belong together, based on what both show."""
    creator = creator_of(activity, ctx)
    if origin is Side.GRAPH or activity.owner_party == ctx.party_id:
        creator = ctx.login.casefold()
    return Link(
        event_id=event.id,
        activity_id=activity.id,
        ical_uid=event.ical_uid,
        zone=ctx.digits_zone,
        base_event=event.content,
        base_activity=activity.content,
        change_key=event.change_key,
        version=activity.version,
        updated_at=activity.updated_at,
        modified_at=event.modified_at,
        origin=origin,
        creator=creator,
    )


def settle(decision: Decision, event: GraphEvent | None, activity: ErpActivity | None, ctx: Context) -> Link | None:
    """The link to remember once the writes are done, from what each side shows afterwards (None = not read)."""
    link = decision.link
    if link is None:
        if event is None or activity is None:
            return None
        is_ours = decision.intent is Intent.CREATE_EVENT
        link = new_link(event, activity, Side.ERP if is_ours else Side.GRAPH, ctx)
        return base.seal(replace(link, unseen=is_ours))
    return base.moved(link, decision.in_step, event, activity) if decision.in_step else base.seal(link)
