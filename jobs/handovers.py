"""Hands meetings over from one mailbox to another (design.md §4 "Meetings"), tells those who get or lose one, and
finds whose copy fed a meeting before.

The claim moves by one conditional write; the user who gets the meeting has a row in their inbox by then and is woken
afterwards. No lease is needed for that.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from jobs.forgotten import erase_if_forgotten
from jobs.log import log_failure
from jobs.ports import Store
from jobs.together import together
from jobs.wake import wake
from jobs.world import World
from sync_core.content.ranges import uid_key
from sync_core.errors import RowUnreadable, StaleWrite, StoreUnavailable
from sync_core.model import link as life
from sync_core.model.claim import Claim
from sync_core.model.link import WATCHED, Link, Role
from sync_core.model.memory import InboxRow, Memory
from sync_core.model.user import User
from sync_core.plan.shared import has_activity_base, is_unserved


async def hand_over(world: World, link: Link, feeder: str, successor: str, looked_at: datetime | None) -> None:
    """Hand a meeting over from ``feeder``, if they still have its claim, to ``successor`` (ids of users).

    ``looked_at`` is when the feeder last compared both sides. A round that finds the copy gone does not count: it did
    not see the changes before that, nor does any look of one whose own copy never went on where the former feeder
    stopped. The feeder's bases go along; one who has never fed (the link is a follower's) passes on what they were
    left themselves.
    """
    claim = await world.store.read_claim(uid_key(link.ical_uid))
    if claim is None or claim.user_id != feeder:
        return
    activity_id = claim.activity_id or link.activity_id
    moved = replace(claim, user_id=successor, activity_id=activity_id, is_own=False)
    moved = replace(moved, at=world.clock(), since=claim.began_at)
    if link.role is not Role.FOLLOWER:
        last = claim.looked_at if is_unserved(claim) else looked_at
        moved = replace(moved, before=feeder, looked_at=last, left=life.left_to_next(link))
    await file_hint(world, successor, activity_id)
    try:
        await world.store.save_claim(moved)
    except StaleWrite:
        return
    await wake_colleague(world, successor, activity_id)


async def hand_on_all(world: World, user: User, memory: Memory, well: frozenset[str]) -> None:
    """Hand on every meeting that a switched-off user feeds, or was just given to feed, each to the first ``well``
    colleague who has a copy."""
    shared = [x for x in memory.links if x.status in WATCHED and (x.role is not Role.OWN or x.base_event.people)]

    async def hand(link: Link) -> None:
        try:
            successors = sorted((await world.store.find_copies(uid_key(link.ical_uid))) & well - {user.id})
            claim = await world.store.read_claim(uid_key(link.ical_uid)) if successors else None
        except RowUnreadable as error:  # this meeting keeps its feeder; the others are handed on
            log_failure("meetings", error, user_id=user.id)
            return
        if claim is not None and not claim.creator:
            await hand_over(world, link, user.id, successors[0], user.synced_at)

    await together(hand, shared)


async def file_hint(world: World, user_id: str, activity_id: str) -> None:
    """File a row in a user's inbox, which makes their next round look at an activity.

    It is filed before a meeting is handed over: a process that died in between would leave two feeders or none.
    ``wake_colleague`` files it again afterwards, since an early round may have consumed the first row.
    """
    if user_id and activity_id:
        await world.store.file_inbox(user_id, [InboxRow(activity_id, world.clock())])
        await erase_if_forgotten(world, user_id)


async def wake_colleague(world: World, user_id: str, activity_id: str) -> None:
    """Wake a user so that their next round looks at a meeting's activity; '' wakes nobody."""
    if not user_id:
        return
    await file_hint(world, user_id, activity_id)
    try:
        await wake(world, user_id)
    except StoreUnavailable as error:  # this round goes on: the inbox row waits for their next round
        log_failure("wake", error, user_id=user_id)


async def former_link_of(
    store: Store, claim: Claim, successor: str, recalled: dict[str, tuple[Link, ...]]
) -> tuple[str, Link | None]:
    """Find who fed the meeting's activity before ``successor``, and their link; '' and None if nobody has a link.

    What the feeder remembers comes first, then what a former one left with the claim, then what anybody else
    remembers who has fed it: of those whoever saw the activity last. ``recalled`` holds by user the links of
    colleagues of whom all had to be read; who is read here is added to it.
    """
    if not claim.activity_id:
        return "", None

    async def fed_by(user_id: str) -> list[tuple[str, Link]]:
        if user_id in ("", successor):
            return []
        few = None if user_id in recalled else await store.find_feeding(user_id, claim.activity_id)
        if few is None and user_id not in recalled:
            recalled[user_id] = (await store.recall(user_id)).links
        known = recalled[user_id] if few is None else few
        links = [x for x in known if x.activity_id == claim.activity_id and has_activity_base(x)]
        return [(user_id, link) for link in links[:1]]

    found = await fed_by(claim.user_id)
    if not found and claim.left is not None:
        found = [(claim.before, claim.left)]
    if not found:
        linked = (await store.find_linked([claim.activity_id]))[claim.activity_id]
        others = dict.fromkeys((claim.before, *sorted(linked)))
        found = [one for user_id in others for one in await fed_by(user_id)]
    return max(found, key=lambda one: one[1].version or 0, default=("", None))
