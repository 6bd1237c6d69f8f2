"""Builds the context of a decision: what a round, or `calsync why`, knows beside the items themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from jobs.people import Everybody
from jobs.ports import Store
from jobs.round.recall import NeedsAll
from jobs.world import World
from sync_core.content.window import window_at
from sync_core.model.decision import Case, Context
from sync_core.model.hold import Approval
from sync_core.model.instance import Instance
from sync_core.model.link import RUNNING, Link, Role
from sync_core.model.logins import LOGIN, logins_of
from sync_core.model.memory import Memory
from sync_core.model.sides import ErpActivity
from sync_core.model.user import User
from sync_core.plan.tables import asks_for_event_owners


async def context_of(
    world: World,
    user: User,
    memory: Memory,
    instance: Instance,
    now: datetime,
) -> Context:
    """Build the context of one user at ``now``; the user has a zone and an ERP.net login.

    ERP.net is asked for the service user's login if the store does not have it. The caller sets ``has_company`` and
    ``whole``.
    """
    zone = ZoneInfo(user.zone)
    everybody = (await world.people.read(world.store, world.clock)).around(user, now)
    approved = [hold for hold in memory.holds if hold.approval == Approval.APPROVED]
    service = instance.service_login or await world.erp.service_login()
    return Context(
        now=now,
        zone=zone,
        window=window_at(now, zone, world.policy.months_ahead),
        policy=world.policy,
        mailbox=user.id,
        erp_user_id=user.erp_user_id,
        party_id=user.erp_party_id,
        creators_on=everybody.erp_ids_on | _maybe_theirs(everybody, memory),
        logins=everybody.logins(instance, world.policy, service),
        colleagues=everybody.colleagues,
        enabled_at=user.enabled_at,
        stalled_after=timedelta(seconds=2 * world.lease_seconds),
        approved=frozenset(item.event_id for hold in approved for item in hold.items),
    )


async def with_bearers(world: World, ctx: Context, activities: Iterable[ErpActivity]) -> Context:
    """The context with the present bearers of the logins that created these activities.

    ERP.net is asked, since a known login may belong to another user by now.
    """
    asked = ctx.logins.unasked(one.creation_user for one in activities)
    if not asked:
        return ctx
    return replace(ctx, logins=ctx.logins.asked(asked, await world.erp.find_logins(asked)))


async def with_known_creators(world: World, memory: Memory, ctx: Context) -> tuple[Memory, list[Link]]:
    """Replace logins by user ids as the creators of links; return the memory, and the links to save.

    An older version stored logins. A login that nobody bears any more was this user's own; one whose bearer ERP.net
    fails to show waits.
    """
    links = [replace(link, creator=ctx.known(link.creator)) for link in memory.links]
    unknown = {link.creator.removeprefix(LOGIN) for link in links if link.creator.startswith(LOGIN)}
    found = await world.erp.find_logins(unknown) if unknown else {}
    told = {login: found.get(login, "") for login in unknown}
    owners = {f"{LOGIN}{login}": known or ctx.erp_user_id for login, known in told.items() if known is not None}
    asked = [replace(link, creator=owners[link.creator]) for link in links if link.creator in owners]
    by_id = {link.event_id: link for link in asked}
    return replace(memory, links=tuple(by_id.get(link.event_id, link) for link in links)), asked


def _maybe_theirs(everybody: Everybody, memory: Memory) -> frozenset[str]:
    """The creators of linked meetings who may be a user whose row cannot be read: such a user counts as switched on.

    Raises ``NeedsAll``.
    """
    if not everybody.unreadable:
        return frozenset()
    if memory.unread is not None:
        raise NeedsAll("the row of a user cannot be read")
    return frozenset(link.creator for link in memory.links) - everybody.erp_ids


async def with_event_owners(store: Store, ctx: Context, cases: Sequence[Case]) -> list[Case]:
    """The cases with the other users who have an event of the activity, for the cases that ask for it."""
    asked = {case.activity_id for case in cases if asks_for_event_owners(case, ctx)}
    found = await event_owners_of(store, ctx, asked)
    return [replace(c, event_owners=found[c.activity_id]) if found.get(c.activity_id) else c for c in cases]


async def event_owners_of(store: Store, ctx: Context, activity_ids: Collection[str]) -> dict[str, frozenset[str]]:
    """The other users with sync on who have an event of each activity, or are about to get one."""
    found = await store.find_event_owners(activity_ids) if activity_ids else {}
    people = {i: ctx.colleagues.of(i) for owners in found.values() for i in owners if i != ctx.mailbox}
    on = {i for i, one in people.items() if one is not None and one.is_on}
    return {activity_id: owners & on for activity_id, owners in found.items()}


def left_alone(users: Sequence[User], memory: Memory) -> int:
    """Count the pairs that every round leaves alone, because their creator's sync is not switched on (R12)."""
    on = {i for one in users if one.enabled for i in one.erp_user_ids}
    logins = logins_of(users, ())
    creators = [x.creator for x in memory.links if x.status in RUNNING and x.role is not Role.FOLLOWER]
    known = (logins.bearer(x.removeprefix(LOGIN)) if x.startswith(LOGIN) else x for x in creators)
    return 0 if any(one.unreadable for one in users) else sum(creator not in on for creator in known)
