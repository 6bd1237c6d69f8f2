"""How the app itself does, for `calsync doctor`: its permissions in Graph, how it learns of changes, its last pull,
its queue, its ERP.net sessions, its secret."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

from jobs.commands.checks import UNCONFIRMED, Check, Lacking, checked
from jobs.commands.overview import Every, last_heard, news_of, news_told, webhook_told
from jobs.ports import Grants
from jobs.says import Found, Topic
from jobs.world import World
from sync_core.errors import CalsyncError, RowUnreadable
from sync_core.model.instance import Instance
from sync_core.model.phrase import Phrase
from sync_core.model.user import User
from sync_core.plan.needs import REMINDED

NEEDED = ("Calendars.ReadWrite", "MailboxSettings.Read", "User.Read.All")
"""The application permissions of Microsoft Graph that the app needs (docs/permissions.md)."""

DIRECTORY = "User.Read.All"
"""The one that only Entra can grant; Exchange may grant the others, for some mailboxes."""

SILENT = timedelta(hours=1)
"""Subscriptions are made within the hour: where there is none then, something is not well."""

SCRIPT = "infra/scripts/grant-graph-roles.sh"


async def examine_grants(world: World) -> AsyncIterator[Check]:
    """The app's own permissions in Graph; what is missing is told with the exact command, since nobody can grant
    themselves permissions in Entra."""
    topic = Topic.ON_GRANTS.say()
    try:
        grants = await world.calendar.read_grants()
    except CalsyncError:  # the check of Graph says why
        return
    if grants is None:
        yield Check(topic, True, Found.GRANTS_UNNAMED.say())
        return
    command = command_for(grants)
    missing = [role for role in NEEDED if role not in grants.roles]
    if DIRECTORY in missing:
        yield Check(topic, False, Found.GRANTS_MISSING.say(roles=", ".join(missing), command=command))
        return
    if not missing:
        yield Check(topic, True, Found.GRANTS_COMPLETE.say(roles=", ".join(NEEDED)))
        return
    yield Check(topic, True, Found.GRANTS_BY_EXCHANGE.say(role=DIRECTORY, command=command))
    yield Check(Topic.ON_EXCHANGE.say(), True, await _pushed_by_exchange(world), UNCONFIRMED)


def command_for(grants: Grants) -> str:
    """What an administrator of Entra types to grant what is missing."""
    return f"`{SCRIPT} {grants.object_id or 'OBJECT-ID'}`"


async def _pushed_by_exchange(world: World) -> Phrase:
    last = last_heard(await world.store.list_users())
    return Found.EXCHANGE_PUSHES.say(at=last) if last else Found.EXCHANGE_SILENT.say()


async def examine_app(world: World) -> AsyncIterator[Check]:
    """What the tables, the queue and the settings tell of the app."""
    users = await world.store.list_users()
    yield await checked(Topic.ON_NEWS.say(), lambda: _news(world, users))
    yield await checked(Topic.ON_NOTIFICATION.say(), lambda: _notification(world))
    yield await checked(Topic.ON_PULL.say(), lambda: _pull(world, users))
    if world.serve is not None:  # in a command's own process there need be neither a webhook nor a queue
        yield await checked(Topic.ON_WEBHOOK.say(), lambda: _webhook(world))
        yield await checked(Topic.ON_QUEUE.say(), lambda: _queue(world))
    yield await checked(Topic.ON_SESSIONS.say(), lambda: _sessions(world))
    yield await checked(Topic.ON_TERM.say(), lambda: _secret(world))


async def _news(world: World, users: Sequence[User]) -> Phrase:
    now = world.clock()
    subscriptions = await world.store.list_subscriptions()
    instance = await _instance(world)
    news = news_told(instance, users, subscriptions, now)
    if not world.public_url:
        return Found.NEWS_NO_ADDRESS.say(every=Every(instance.looks_every)) if world.serve else news
    settled = [user for user in users if user.is_operational and user.enabled_at and now - user.enabled_at > SILENT]
    if settled and not news_of(instance, users, subscriptions, now)["pushed"]:
        raise Lacking(Found.NEWS_UNREACHED.say(address=world.public_url, every=Every(instance.looks_every)))
    return news


async def _notification(world: World) -> Phrase:
    last = last_heard(await world.store.list_users())
    return Found.AT.say(at=last) if last else Found.NOT_NOTIFIED.say()


async def _pull(world: World, users: Sequence[User]) -> Phrase:
    instance = await _instance(world)
    if instance.refused:
        raise Lacking(Found.PULL_REFUSED.say(at=instance.refused_at, words=instance.refused))
    if instance.unread:
        seconds = ", ".join(f"{at:%Y-%m-%d %H:%M:%S}" for at in instance.unread[:5])
        found = Found.PULL_UNREAD_MORE if instance.unread[5:] else Found.PULL_UNREAD
        raise Lacking(found.say(seconds=seconds))
    last, is_anybody_on = instance.pulled_at, any(user.enabled for user in users)
    if last is None:
        return _not_pulled(world, is_anybody_on=is_anybody_on)
    if world.serve is not None and is_anybody_on and world.clock() - last > timedelta(minutes=world.pull_late_after):
        raise Lacking(Found.PULL_OLD.say(at=last))
    return Found.AT.say(at=last)


def _not_pulled(world: World, *, is_anybody_on: bool) -> Phrase:
    if not is_anybody_on:
        return Found.PULL_NOT_DUE.say()
    if world.serve is None:
        return Found.PULL_BY_COMMANDS.say()
    raise Lacking(Found.PULL_NEVER.say())


async def _webhook(world: World) -> Phrase:
    return webhook_told(await _instance(world))


async def _instance(world: World) -> Instance:
    try:
        return (await world.store.read_instance())[0]
    except RowUnreadable:  # the check "Stored rows" names this row
        return Instance()


async def _queue(world: World) -> Phrase:
    waiting, poisoned = await world.queue.count()
    if poisoned:
        raise Lacking(Found.QUEUE_POISONED.say(waiting=waiting, poisoned=poisoned))
    return Found.QUEUE_FLOWS.say(waiting=waiting)


async def _sessions(world: World) -> Phrase:
    held = await world.store.count_slots(world.erp_sessions, world.call_timeout_seconds / 2)
    return Found.SESSIONS_HELD.say(held=held, most=world.erp_sessions)


async def _secret(world: World) -> Phrase:
    """Kept in Key Vault, it was read from there: with a reference that leads nowhere the app does not start."""
    ends = world.secret_ends
    if ends is None:
        return Found.TERM_UNKNOWN.say()
    left = ends - world.clock().date()
    if left <= REMINDED:
        raise Lacking((Found.TERM_OVER if left < timedelta(0) else Found.TERM_SHORT).say(day=ends))
    return Found.TERM_LONG.say(day=ends)
