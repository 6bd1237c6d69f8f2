"""How the app itself does, for `calsync doctor`: its permissions in Graph, how it learns of changes, its last pull,
its queue, its ERP.net sessions, its secret."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

from jobs.commands.checks import UNCONFIRMED, Check, Lacking, checked
from jobs.commands.overview import POLLED, last_heard, news_of
from jobs.ports import Grants
from jobs.world import World
from sync_core.errors import CalsyncError, RowUnreadable
from sync_core.model.memory import Instance, User

NEEDED = ("Calendars.ReadWrite", "MailboxSettings.Read", "User.Read.All")
"""The application permissions of Microsoft Graph that the app needs (docs/permissions.md)."""

DIRECTORY = "User.Read.All"
"""The one that only Entra can grant; Exchange may grant the others, for some mailboxes."""

SILENT = timedelta(hours=1)
"""A pull runs every minute, and subscriptions are made within the hour: what is older is not well."""

SOON = timedelta(days=30)
"""How long before its end a secret is to be made anew."""

SCRIPT = "infra/scripts/grant-graph-roles.sh"


async def examine_grants(world: World) -> AsyncIterator[Check]:
    """The app's own permissions in Graph; what is missing is told with the exact command, since nobody can grant
    themselves permissions in Entra."""
    try:
        grants = await world.calendar.read_grants()
    except CalsyncError:  # the check of Graph says why
        return
    if grants is None:
        yield Check("Graph permissions", True, "its token does not name them; what is asked of Graph shows them")
        return
    missing = [role for role in NEEDED if role not in grants.roles]
    if DIRECTORY in missing:
        yield Check("Graph permissions", False, f"{', '.join(missing)} not granted: {command_for(grants)}")
        return
    if not missing:
        yield Check("Graph permissions", True, f"{', '.join(NEEDED)} granted by Entra")
        return
    text = f"Entra grants {DIRECTORY} only; the others must come from Exchange, else: {command_for(grants)}"
    yield Check("Graph permissions", True, text)
    yield Check("Notifications where Exchange alone grants", True, await _pushed_by_exchange(world), UNCONFIRMED)


def command_for(grants: Grants) -> str:
    """What an administrator of Entra types to grant what is missing."""
    return f"`{SCRIPT} {grants.object_id or 'OBJECT-ID'}` after `az login` as Privileged Role Administrator"


async def _pushed_by_exchange(world: World) -> str:
    last = last_heard(await world.store.list_users())
    return (
        f"they come: the last one at {_when(last)}" if last else "none has come yet: change a meeting and ask again"
    )


async def examine_app(world: World) -> AsyncIterator[Check]:
    """What the tables, the queue and the settings tell of the app."""
    users = await world.store.list_users()
    yield await checked("Outlook's changes", lambda: _news(world, users))
    yield await checked("Last notification", lambda: _notification(world))
    yield await checked("Last pull", lambda: _pull(world, users))
    if world.serve is not None:  # in a command's own process there need be no queue
        yield await checked("Queue", lambda: _queue(world))
    yield await checked("ERP.net sessions", lambda: _sessions(world))
    yield await checked("ERP.net secret", lambda: _secret(world))


async def _news(world: World, users: Sequence[User]) -> str:
    now = world.clock()
    news = news_of(users, await world.store.list_subscriptions(), now)
    if not world.public_url:
        return f"{POLLED}: the app has no address for Graph (PUBLIC_URL)" if world.serve else str(news["text"])
    settled = [user for user in users if user.is_operational and user.enabled_at and now - user.enabled_at > SILENT]
    if settled and not news["pushed"]:
        raise Lacking(
            f"{news['text']}, though the app has the address {world.public_url}: see that Microsoft reaches it, and "
            "the log of the keeper"
        )
    return str(news["text"])


async def _notification(world: World) -> str:
    last = last_heard(await world.store.list_users())
    return f"at {_when(last)}" if last else "none that a round has served yet"


async def _pull(world: World, users: Sequence[User]) -> str:
    instance = await _instance(world)
    if instance.refused:
        raise Lacking(f"refused since {_when(instance.refused_at)}: {instance.refused}")
    if instance.unread:
        seconds = ", ".join(f"{at:%Y-%m-%d %H:%M:%S}" for at in instance.unread[:5])
        more = " and later" if instance.unread[5:] else ""
        raise Lacking(
            f"ERP.net fails to show an activity changed at {seconds}{more} UTC: "
            "find and save it in ERP.net, or ask ERP.net's support; it is asked for again every hour"
        )
    last, is_anybody_on = instance.pulled_at, any(user.enabled for user in users)
    if last is None and not is_anybody_on:
        return "none yet: nobody's sync is switched on"
    if last is None and world.serve is None:
        return "none by an app; a command with --here pulls by itself"
    if world.serve is not None and is_anybody_on and (last is None or world.clock() - last > SILENT):
        raise Lacking(f"at {_when(last)}: see in docs/operate.md what `no-pull` means")
    return f"at {_when(last)}"


async def _instance(world: World) -> Instance:
    try:
        return (await world.store.read_instance())[0]
    except RowUnreadable:  # the check "Stored rows" names this row
        return Instance()


async def _queue(world: World) -> str:
    waiting, poisoned = await world.queue.count()
    if poisoned:
        raise Lacking(f"{waiting} wait, {poisoned} given up: see in docs/operate.md what `poison-queue` means")
    return f"{waiting} wait, none given up"


async def _sessions(world: World) -> str:
    held = await world.store.count_slots(world.erp_sessions, world.call_timeout_seconds / 2)
    return f"{held} of {world.erp_sessions} in use (ERPNET_MAX_SESSIONS)"


async def _secret(world: World) -> str:
    """Kept in Key Vault, it was read from there: with a reference that leads nowhere the app does not start."""
    ends = world.secret_ends
    if ends is None:
        return "there; when it ends is not known here (ERPNET_CLIENT_SECRET_ENDS)"
    left = ends - world.clock().date()
    if left < SOON:
        how = "ended" if left < timedelta(0) else "ends"
        raise Lacking(f"{how} on {ends:%Y-%m-%d}: make a new one in ERP.net and set it (docs/deploy.md)")
    return f"there; ends on {ends:%Y-%m-%d}"


def _when(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "no time"
