"""The pull reads once what changed in all of ERP.net and files it into the inboxes of the users whom it concerns.

It reads from below the watermark on, because ERP.net may commit a row long after its update time
(``Policy.late_commit``). Once an hour it looks an hour further back. Changes that an earlier pull has met, and echoes
of our own writes, are dropped: by their digests in ``Instance.met`` and by the versions in the index. The watermark
moves last, by a conditional write. A pull that is cut off moves no watermark, so the next one files the same rows
again. Changes that ERP.net fails to show are read around; their seconds are stored, and each look back asks for them
again. The pull decides nothing; the rounds of the woken users do (design.md §6).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from jobs.company import in_force, is_stamped
from jobs.forgotten import people_of, still_known
from jobs.people import Everybody
from jobs.ports import PullReading
from jobs.together import together
from jobs.world import World
from sync_core.errors import StaleWrite
from sync_core.model.instance import Instance
from sync_core.model.logins import OWNER, Logins
from sync_core.model.memory import InboxRow
from sync_core.model.sides import ActivityChange

LOOK_BACK = timedelta(hours=1)
"""How often a pull looks further back, and how much further than ``late_commit``."""

MOST_MET = 10_000
"""The most digests of changes that are stored, the newest: 31 characters each of the 448,000 of a row of the store.
If there are more, pulls read from the oldest digest on, and the hourly look back reads what lies below."""

SECOND, MILLISECOND = timedelta(seconds=1), timedelta(milliseconds=1)

MOST_UNREAD = 1_000
"""The most seconds that are stored because ERP.net does not show all their changes."""

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""The watermark of an instance without any activity."""


@dataclass(frozen=True, slots=True)
class PullReport:
    """What a pull found: how many changed activities, and the ids of the users whose inboxes got rows."""

    changes: int
    woken: frozenset[str]


async def open_instance(world: World, row: tuple[Instance, str] | None = None) -> tuple[Instance, str]:
    """Read the instance row with its etag, and stamp it with tenant and database if it is new. Raises
    ``WrongStore``.

    ``row`` is the row with its etag if it was read just before: then it is not read again.
    """
    instance, etag = row or await world.store.read_instance()
    if is_stamped(world, instance):
        return instance, etag
    instance = replace(instance, tenant=world.tenant, database=world.database)
    return instance, await world.store.save_instance(instance, etag)


async def take_first_watermark(world: World, instance: Instance, etag: str) -> tuple[Instance, str]:
    """Set the first watermark, before any user's first full read: later changes will be pulled (design.md §6).

    Returns the instance row and its etag.
    """
    if instance.watermark is not None:
        return instance, etag
    first = await world.erp.newest_change() or BEGINNING
    begun = replace(instance, watermark=first, looked_back_at=world.clock())
    try:
        return begun, await world.store.save_instance(begun, etag)
    except StaleWrite:  # another process took it at the same moment
        return await open_instance(world)


async def run_pull(world: World) -> PullReport:
    """Read and file what changed since the watermark. Raises what ERP.net and the store raise; no change is lost."""
    return (await pull_from(world, None))[0]


async def pull_from(world: World, row: tuple[Instance, str] | None) -> tuple[PullReport, tuple[Instance, str] | None]:
    """``run_pull`` from the instance ``row`` with its etag, if it was read just before; also returns the row as it is
    left, None where somebody else has changed it."""
    instance, etag = row = await open_instance(world, row)
    world = in_force(world, instance)
    if instance.watermark is None:
        return PullReport(0, frozenset()), await take_first_watermark(world, instance, etag)
    now = world.clock()
    reading, fresh, digests = await _read(world, instance, now)
    rows = await _addressed(world, instance, fresh)
    await together(lambda own: world.store.file_inbox(*own), rows.items())
    if fresh or _looks_back(instance, now) or reading.unread != instance.unread:
        row = None
        with suppress(StaleWrite):  # another pull was faster: the next one meets these rows again
            moved = _moved(instance, reading, digests, now, world.policy.late_commit)
            row = moved, await world.store.save_instance(moved, etag)
    return PullReport(len(fresh), await still_known(world, rows)), row


async def plan_pull(world: World) -> dict[str, list[InboxRow]]:
    """Plan a pull (dry run): the rows that it would file now, by user. Nothing is written."""
    instance, _ = await world.store.read_instance()
    is_stamped(world, instance)
    world = in_force(world, instance)
    if instance.watermark is None:
        return {}
    _, fresh, _ = await _read(world, instance, world.clock())
    return await _addressed(world, instance, fresh)


async def _read(
    world: World, instance: Instance, now: datetime
) -> tuple[PullReading, list[ActivityChange], frozenset[str]]:
    """What changed, what of it is new, and the digests of all."""
    since = _since(instance, now, world.policy.late_commit)
    reading = await world.erp.read_changes(since, instance.unread)
    below = {at for at in instance.unread if at < since - SECOND}
    unread = below | set(reading.unread)
    if below and _looks_back(instance, now):
        again = await world.erp.reread_days({at.date() for at in below})
        reading = replace(reading, changes=(*again.changes, *reading.changes))
        unread = {*again.unread, *reading.unread}
    met, read = set(instance.met), [(_digest(change), change) for change in reading.changes]
    fresh = {change.activity_id: change for digest, change in read if digest not in met}
    return replace(reading, unread=_bounded(unread)), list(fresh.values()), frozenset(digest for digest, _ in read)


def _bounded(unread: Collection[datetime]) -> tuple[datetime, ...]:
    """The seconds that stay unread; of too many one a day, since days are what is asked for again."""
    if len(unread) <= MOST_UNREAD:
        return tuple(sorted(unread))
    return tuple({at.date(): at for at in sorted(unread, reverse=True)}.values())


def _looks_back(instance: Instance, now: datetime) -> bool:
    """Whether a look back is due, also if the last one bears a time in the future (by a clock that was ahead)."""
    last = instance.looked_back_at
    return last is None or not timedelta(0) <= now - last < LOOK_BACK


def _since(instance: Instance, now: datetime, late_commit: timedelta) -> datetime:
    """Where a pull starts to read. A watermark ahead of our clock, as one wrong row may leave it, hides no change."""
    top = _top(instance, now)
    since = top - late_commit
    if _looks_back(instance, now):
        since = _lowest(instance, now, late_commit)
    elif len(instance.met) == MOST_MET:
        since = min(top, max(since, _met_at(instance.met[0])))
    return max(BEGINNING, since)


def _lowest(instance: Instance, now: datetime, late_commit: timedelta) -> datetime:
    """Where a look back starts to read: the last look back has seen everything below."""
    looked_back_at = instance.looked_back_at or now - LOOK_BACK
    return min(_top(instance, now), looked_back_at) - late_commit - LOOK_BACK


def _top(instance: Instance, now: datetime) -> datetime:
    return min(instance.watermark or BEGINNING, now)


def _moved(
    instance: Instance, reading: PullReading, digests: frozenset[str], now: datetime, late_commit: timedelta
) -> Instance:
    """The instance with the watermark and the digests after this reading, which met these."""
    high = max(at for at in (instance.watermark, reading.high, BEGINNING) if at is not None)
    moved = replace(instance, watermark=high, unread=reading.unread)
    if _looks_back(instance, now):
        moved = replace(moved, looked_back_at=now)
    lowest = _lowest(moved, now, late_commit)
    border = _instant(lowest + MILLISECOND - timedelta.resolution)
    near = sorted(digest for digest in digests.union(instance.met) if digest >= border)
    return replace(moved, met=tuple(near[-MOST_MET:]))


def _digest(change: ActivityChange) -> str:
    """The digest of a change: its update time, so that digests sort by it, and a hash of activity and version."""
    return f"{_instant(change.updated_at)}{sha256(f'{change.activity_id} {change.stamp}'.encode()).hexdigest()[:16]}"


def _instant(at: datetime) -> str:
    """How the digests of an instant begin, to the millisecond."""
    return f"{(at - BEGINNING) // MILLISECOND:012x}"


def _met_at(digest: str) -> datetime:
    return BEGINNING + timedelta(milliseconds=int(digest[:12], 16))


async def _addressed(
    world: World, instance: Instance, changes: Sequence[ActivityChange]
) -> dict[str, list[InboxRow]]:
    """The inbox rows of these changes, by user."""
    if not changes:
        return {}
    linked = await world.store.find_linked({c.activity_id for c in changes})
    owners = await people_of(world, {user_id for owners in linked.values() for user_id in owners})
    on = frozenset(user.id for user in owners if user.enabled)
    new = [change for change in changes if not change.deleted and not linked[change.activity_id].keys() & on]
    creators = await _creators_of(world, instance, new)
    rows: dict[str, list[InboxRow]] = {}
    for change in changes:
        own = linked[change.activity_id]
        behind = {user_id for user_id in own.keys() & on if own[user_id] != change.stamp}
        for user_id in behind | creators.get(change.activity_id, frozenset()):
            rows.setdefault(user_id, []).append(InboxRow(change.activity_id, change.updated_at, change.deleted))
    return rows


async def _creators_of(
    world: World, instance: Instance, changes: Sequence[ActivityChange]
) -> dict[str, frozenset[str]]:
    """Activity id → the users who are on and may have created it: anybody may have, and the round decides it. Any
    user whose row cannot be read may."""
    if not changes:
        return {}
    everybody = await world.people.read(world.store, world.clock, anew=True)
    logins = everybody.logins(instance, world.policy, instance.service_login)
    logins = await _with_bearers(world, logins, changes)
    return {change.activity_id: _may_be_of(change, everybody, logins) for change in changes}


def _may_be_of(change: ActivityChange, everybody: Everybody, logins: Logins) -> frozenset[str]:
    creators = logins.candidates(change.creation_user)
    found = everybody.unreadable.union(*(everybody.by_erp_user.get(one, ()) for one in creators))
    return found.union(everybody.by_party.get(change.owner_party, ())) if OWNER in creators else found


async def _with_bearers(world: World, logins: Logins, changes: Sequence[ActivityChange]) -> Logins:
    """The logins, with ERP.net's answer on those of these changes: a login may be new, or belong to another user
    now."""
    asked = logins.unasked(change.creation_user for change in changes)
    return logins.asked(asked, await world.erp.find_logins(asked, recently=True)) if asked else logins
