"""What a round, or an answer to "why?", knows beside the items: the context in which the tables decide."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from jobs.world import World
from sync_core.cases import Context
from sync_core.colleagues import Colleagues, colleague_of
from sync_core.model import Answer, Instance, Memory, User
from sync_core.window import window_at


async def context_of(
    world: World,
    user: User,
    memory: Memory,
    instance: Instance,
    *,
    has_company: bool,
    now: datetime,
    whole: bool = False,
) -> Context:
    """The context of one user at ``now``; the user has a zone and an ERP.net login. Asks ERP.net who the service
    user is where the store does not know."""
    zone = ZoneInfo(user.zone)
    known = [user if one.id == user.id else one for one in await world.store.list_users()]
    users = [one for one in known if one.enabled or one.id == user.id]
    service = instance.service_login or await world.erp.service_login()
    return Context(
        now=now,
        zone=zone,
        window=window_at(now, zone, world.policy.months_ahead),
        policy=world.policy,
        mailbox=user.id,
        login=user.erp_login,
        party_id=user.erp_party_id,
        creators_on=frozenset(one.erp_login.casefold() for one in (*users, user) if one.erp_login),
        service_logins=frozenset({service.casefold(), *map(str.casefold, world.policy.service_logins)}),
        has_company=has_company,
        colleagues=Colleagues(colleague_of(one, now) for one in known),
        whole=whole,
        enabled_at=user.enabled_at,
        stalled_after=timedelta(seconds=2 * world.lease_seconds),
        approved=frozenset(i.event_id for hold in memory.holds if hold.answer == Answer.APPROVED for i in hold.items),
    )
