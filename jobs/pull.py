"""The pull: one read of everything that changed in ERP.net, filed into the inboxes of the users it concerns.

The pull is an inbox, not a round (design section 6). It asks from five minutes below the watermark on, because
ERP.net's times are not strictly in commit order (erpnet.md §7); ``seen`` and the index drop what was met before and
the echoes of our own writes. The watermark moves last, by a conditional write: cut anywhere, the next pull files the
same rows again.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from jobs.ports import PullReading
from jobs.world import World
from sync_core.errors import StaleWrite, WrongStore
from sync_core.model import ActivityChange, InboxRow, Instance, User

OVERLAP = timedelta(minutes=5)
"""How far below the watermark a pull starts (erpnet.md §7)."""

MOST_SEEN = 3_000
"""Rows near the watermark that are remembered, the newest: what fits a row of the store. After an import of more,
the others are filed with every pull until ERP.net's time has moved on."""

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""The watermark of an instance without any activity."""


@dataclass(frozen=True, slots=True)
class PullReport:
    """What a pull found: changed rows of the whole instance, and the ids of users that got something to do."""

    changes: int
    woken: frozenset[str]


async def open_instance(world: World) -> tuple[Instance, str]:
    """The instance row, stamped with tenant and database. Raises ``WrongStore`` when it is somebody else's."""
    instance, etag = await world.store.read_instance()
    if is_stamped(world, instance):
        return instance, etag
    instance = replace(instance, tenant=world.tenant, database=world.database)
    return instance, await world.store.save_instance(instance, etag)


def is_stamped(world: World, instance: Instance) -> bool:
    """Whether the store is marked as ours already. Raises ``WrongStore`` when it is somebody else's."""
    if (instance.tenant, instance.database) == (world.tenant, world.database):
        return True
    if instance.tenant or instance.database:
        raise WrongStore(
            f"this store belongs to tenant {instance.tenant or '(none)'} and ERP.net {instance.database}, "
            f"not to {world.tenant or '(none)'} and {world.database}: correct AZURE_TENANT_ID and ERPNET_URL, or "
            "choose another STATE_PREFIX for a new pairing"
        )
    return False


async def take_first_watermark(world: World) -> None:
    """Before anybody's first full read: what changes from now on will be pulled (design section 6)."""
    instance, etag = await open_instance(world)
    if instance.watermark is None:
        first = await world.erp.newest_change() or BEGINNING
        with suppress(StaleWrite):  # another process took it at the same moment
            await world.store.save_instance(replace(instance, watermark=first), etag)


async def run_pull(world: World) -> PullReport:
    """Read and file what changed since the watermark. Raises what ERP.net and the store raise; nothing is lost."""
    instance, etag = await open_instance(world)
    if instance.watermark is None:
        await take_first_watermark(world)
        return PullReport(0, frozenset())
    reading, fresh = await _read(world, instance, instance.watermark)
    rows = await _addressed(world, instance, fresh)
    for user_id, filed in rows.items():
        await world.store.file_inbox(user_id, filed)
    if fresh:
        watermark = max(instance.watermark, reading.high or instance.watermark)
        met = {_identity(change) for change in reading.changes} | set(instance.seen)
        near = tuple(sorted(one for one in met if one[0] >= watermark - OVERLAP)[-MOST_SEEN:])
        with suppress(StaleWrite):  # another pull was faster: the next one meets these rows again
            await world.store.save_instance(replace(instance, watermark=watermark, seen=near), etag)
    return PullReport(len(fresh), frozenset(rows))


async def peek_pull(world: World) -> dict[str, list[InboxRow]]:
    """What a pull would file now, by user; writes nothing (a dry run)."""
    instance, _ = await world.store.read_instance()
    is_stamped(world, instance)
    if instance.watermark is None:
        return {}
    _, fresh = await _read(world, instance, instance.watermark)
    return await _addressed(world, instance, fresh)


async def _read(world: World, instance: Instance, watermark: datetime) -> tuple[PullReading, list[ActivityChange]]:
    reading = await world.erp.read_changes(max(BEGINNING, watermark - OVERLAP))
    seen = set(instance.seen)
    return reading, [c for c in reading.changes if _identity(c) not in seen]


def _identity(change: ActivityChange) -> tuple[datetime, str, str]:
    return change.updated_at, change.activity_id, change.stamp


async def _addressed(
    world: World, instance: Instance, changes: Sequence[ActivityChange]
) -> dict[str, list[InboxRow]]:
    """The inbox rows these changes make, by user."""
    if not changes:
        return {}
    users = [user for user in await world.store.list_users() if user.enabled]
    service = world.policy.service_logins | {instance.service_login.casefold()}
    linked = await world.store.find_linked({c.activity_id for c in changes})
    rows: dict[str, list[InboxRow]] = {}
    for change in changes:
        for user_id in _concerned(change, linked.get(change.activity_id, {}), users, service):
            rows.setdefault(user_id, []).append(InboxRow(change.activity_id, change.updated_at, change.deleted))
    return rows


def _concerned(
    change: ActivityChange, linked: dict[str, str], users: Sequence[User], service: frozenset[str]
) -> set[str]:
    """Whose round must look at this change: those whose link remembers another state, or else the creator."""
    enabled = {user.id for user in users}
    found = {user_id for user_id, known in linked.items() if user_id in enabled and known != change.stamp}
    if linked or change.deleted:
        return found
    creator = change.creation_user.casefold()
    for user in users:
        by_service = creator in service and change.owner_party and change.owner_party == user.erp_party_id
        if by_service or (creator and creator == user.erp_login.casefold()):
            found.add(user.id)
    return found
