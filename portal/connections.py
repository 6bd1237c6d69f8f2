"""What the app is connected to, and how that goes: both sides, queue, sessions, secret. From rows alone."""

from __future__ import annotations

from jobs.commands.item_shapes import iso_of
from jobs.commands.overview import last_heard, webhook_of
from portal.everyone import reader_zone
from portal.http import Json
from portal.visit import Page, Visit


async def show(visit: Visit) -> Page:
    """ERP.net, Microsoft Graph, the queue and the secret."""
    store, world = visit.world.store, visit.world
    instance, _ = await store.read_instance()
    users = await store.list_users()
    on = {user.id for user in users if user.enabled}
    live = [
        one.user_id
        for one in await store.list_subscriptions()
        if one.user_id in on and one.id and one.expires_at is not None and one.expires_at > visit.now
    ]
    notified_at = last_heard(users)
    sessions = await store.count_slots(world.erp_sessions, world.call_timeout_seconds / 2)
    data: Json = {
        "refused": instance.refused,
        "refused_by": instance.refused_by,
        "refused_at": iso_of(instance.refused_at),
        "database": instance.database,
        "service_login": instance.service_login,
        "pulled_at": iso_of(instance.pulled_at),
        "webhook": webhook_of(instance),
        "sessions": sessions,
        "most_sessions": world.erp_sessions,
        "secret_ends": iso_of(world.secret_ends),
        "is_pushed": bool(world.public_url),
        "subscriptions": len(live),
        "people": len(on),
        "notified_at": iso_of(notified_at),
        "queued": instance.queued,
        "poisoned": instance.poisoned,
    }
    return Page("connections.html", data, zone=await reader_zone(visit))
