"""Claims on meetings that several mailboxes hold: read, taken, filled and handed on (design.md §4 "Meetings").

What a claim means for one mailbox is decided in ``sync_core.plan.shared``; here it is read and written, each time by
one conditional write. Whoever gets or loses a meeting is told by a row in their inbox and woken: no lease is needed.

A void cannot be taken back, so who else has a meeting must be certain before its last copy is called lost:

- asked are the mailboxes themselves: of whom the index names, of whom the meeting names (its people, its organizer),
  and of whom has switched on and had no round since. The index alone cannot tell: a colleague who is invited has a
  copy before their first round sees it. The cost is that of the meeting, never of the company.
- whom the meeting does not name (a group's member, one it was forwarded to, one invited as this copy left) is known
  by the index alone, for want of anything but asking everybody. A follower
  saves its link, and with it the index, and reads the claim *then*; whoever voids takes the activity's name out of
  the claim and reads the index *then*. So one of two sees the other: the void is left, or the follower sees an unmade
  meeting, which is looked at again and, once the claim is stale, made anew.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from jobs.forgotten import erase_if_forgotten
from jobs.log import log_failure
from jobs.ports import Calendar, ClaimStore, Store
from jobs.together import together
from jobs.wake import wake
from jobs.world import World
from sync_core.content.ranges import uid_key
from sync_core.errors import (
    AccessRefused,
    MailboxUnavailable,
    RowUnreadable,
    SideUnavailable,
    StaleWrite,
    StoreUnavailable,
)
from sync_core.model.claim import UNCLAIMED, Claim
from sync_core.model.decision import Context, Decision, Intent
from sync_core.model.link import Link, LinkStatus, Role
from sync_core.model.memory import InboxRow, Memory, User
from sync_core.model.sides import ErpActivity, GraphEvent
from sync_core.plan.identity import began_with, creator_of
from sync_core.plan.shared import has_activity_base, is_lost

Planned = dict[str, Claim]
"""The claims that dry runs before this one would have taken, by the claim's key."""


def key_of(ical_uid: str) -> str:
    """The claim's key."""
    return uid_key(ical_uid)


async def read_claims(store: ClaimStore, ical_uids: Collection[str]) -> dict[str, Claim]:
    """The claims, by iCalUId; those of unclaimed meetings are empty (``UNCLAIMED``)."""
    asked = [uid for uid in dict.fromkeys(ical_uids) if uid]
    found = await together(lambda uid: _claim_on(store, uid), asked)
    return dict(zip(asked, found, strict=True))


async def _claim_on(store: ClaimStore, ical_uid: str) -> Claim:
    try:
        return await store.read_claim(key_of(ical_uid)) or UNCLAIMED
    except RowUnreadable as error:
        return Claim(unreadable=str(error))


def planned_by(decisions: Iterable[Decision], ctx: Context) -> Planned:
    """The claims that carrying out a plan would take."""
    taken = [(d.case.event, d.case.activity) for d in decisions if d.take]
    return {
        key_of(event.ical_uid): Claim(
            key=key_of(event.ical_uid),
            user_id=ctx.mailbox,
            activity_id=activity.id if activity else "",
            is_own=event.is_organizer,
            at=ctx.now,
            etag="planned",
            organizer=event.organizer,
        )
        for event, activity in taken
        if event is not None
    }


async def former_link_of(
    store: Store, claim: Claim, successor: str, recalled: dict[str, tuple[Link, ...]]
) -> tuple[str, Link | None]:
    """Whoever fed the activity before and their link, None where nobody has one; ``recalled`` are colleagues' links
    that were read already, by user, and is added to."""
    if not claim.activity_id:
        return "", None
    linked = (await store.find_linked([claim.activity_id]))[claim.activity_id]
    for user_id in dict.fromkeys((claim.user_id, claim.before, *sorted(linked))):
        if user_id in ("", successor):
            continue
        if user_id not in recalled:
            recalled[user_id] = (await store.recall(user_id)).links
        found = [x for x in recalled[user_id] if x.activity_id == claim.activity_id and has_activity_base(x)]
        if found:
            return user_id, found[0]
    return "", None


async def live_elsewhere(
    calendar: Calendar, store: Store, named: Mapping[str, Collection[str]], ctx: Context
) -> dict[str, tuple[str, ...] | None]:
    """By iCalUId the users with sync on who still have a copy of a meeting, as their mailboxes say, the well ones
    first; None where nobody is found and somebody cannot be asked now, or a row that would tell cannot be read.
    ``named`` are the meetings, each with the ids of the users it names. One question for each colleague."""
    users = [one for one in await store.list_users() if one.enabled and one.id != ctx.mailbox] if named else []
    unknown = set(named) if any(one.unreadable for one in users) else set()
    having: dict[str, Collection[str]] = {}
    for uid, ids in named.items():
        try:
            having[uid] = {*ids, *await store.find_copies(key_of(uid))}
        except RowUnreadable as error:
            log_failure("meetings", error, user_id=ctx.mailbox)
            having[uid], unknown = ids, unknown | {uid}
    found: dict[str, list[str]] = {uid: [] for uid in named}
    readable = [one for one in users if not one.unreadable]
    for user in sorted(readable, key=lambda one: (not ctx.colleagues.is_well(one.id), one.id)):
        asked = [uid for uid in named if user.id in having[uid] or user.is_unread]
        try:
            answers = await calendar.find_by_uid(user.id, asked) if asked else {}
        except (SideUnavailable, MailboxUnavailable, AccessRefused):
            unknown.update(asked)
            continue
        for uid, read in answers.items():
            found[uid] += [user.id] if any(not copy.is_cancelled for copy in read) else []
    return {uid: None if uid in unknown and not found[uid] else tuple(found[uid]) for uid in named}


class Claims:
    """The claims of one round, written for the decisions that need them."""

    def __init__(self, world: World, ctx: Context) -> None:
        self._world = world
        self._ctx = ctx
        self._taken: dict[str, Claim] = {}
        self.woken: set[str] = set()
        """The users whose next round has something to do, since a meeting was claimed or handed on."""

    async def take(self, decisions: Sequence[Decision]) -> tuple[list[Decision], list[Decision]]:
        """Claim the meetings of these decisions; those that may go on, and those for which somebody else was
        faster."""
        return await _parted(decisions, lambda d: d.take and d.case.event is not None, self._take)

    async def stay_alone(self, decisions: Sequence[Decision]) -> tuple[list[Decision], list[Decision]]:
        """Before the activities of lost copies are voided: take their names out of the claims, then look once more
        who has the meeting; the decisions that may go on, and those that must wait."""

        def is_asked(decision: Decision) -> bool:
            return decision.intent is Intent.VOID and decision.erp is not None and decision.case.others is not None

        return await _parted(decisions, is_asked, self._stays_alone)

    async def find_turned(self, followed: Iterable[Decision]) -> set[str]:
        """Of meetings that are followed from now on, those whose claim does not name the activity any more. One that
        named none is looked at again anyway."""
        links = [(d.link.ical_uid, d.case.claim) for d in followed if d.link is not None]
        known = {uid: claim for uid, claim in links if claim is not None and claim.activity_id}
        now = await read_claims(self._world.store, known)
        return {uid for uid, claim in now.items() if claim.activity_id != known[uid].activity_id}

    async def record(self, done: Iterable[tuple[Decision, Link | None]]) -> None:
        """Before the links are saved: name the activities, claim what was made in ERP.net, hand on what was lost."""
        await together(lambda one: self._record(*one), done)

    async def _take(self, decision: Decision) -> bool:
        """Whether the meeting is this mailbox's."""
        event, known = decision.case.event, decision.case.claim or UNCLAIMED
        assert event is not None
        activity = decision.case.activity
        claim = Claim(
            key=key_of(event.ical_uid),
            user_id=self._ctx.mailbox,
            activity_id=activity.id if activity else "",
            at=self._world.clock(),
            creator=self._creator(event, activity) if activity else "",
            is_own=event.is_organizer,
            organizer=event.organizer,
            etag=known.etag,
            before=known.user_id if known.user_id != self._ctx.mailbox else known.before,
        )
        before = known.user_id if known.user_id != self._ctx.mailbox else ""
        about = claim.activity_id or known.activity_id
        await file_hint(self._world, before, about)
        try:
            self._taken[claim.key] = await self._world.store.save_claim(claim)
        except StaleWrite:
            return await self._is_mine(claim)
        await wake_colleague(self._world, before, about)
        self.woken |= {before} - {""}
        return True

    async def _stays_alone(self, decision: Decision) -> bool:
        link = decision.case.link
        assert link is not None
        store, key = self._world.store, key_of(link.ical_uid)
        known = await store.read_claim(key)
        if is_lost(known, self._ctx):
            return False
        claim = known or Claim(key, self._ctx.mailbox, "", self._world.clock())
        mine = replace(claim, user_id=self._ctx.mailbox, activity_id="", at=self._world.clock())
        try:
            unmade = await store.save_claim(mine)
        except StaleWrite:
            return False
        found = await live_elsewhere(self._world.calendar, store, {link.ical_uid: ()}, self._ctx)
        if found[link.ical_uid] == ():
            return True
        await self._save(replace(unmade, activity_id=link.activity_id))
        return False

    def _creator(self, event: GraphEvent, activity: ErpActivity) -> str:
        """The login R12 asks about, '' for a meeting that began in Outlook; our mark tells the others."""
        began_in_erp = creator_of(activity, self._ctx) if event.mark == activity.id else ""
        return began_with(activity, self._ctx) or began_in_erp

    async def _is_mine(self, claim: Claim) -> bool:
        """Whether the claim that stands in the way is this mailbox's own, from a round that was cut."""
        found = await self._world.store.read_claim(claim.key)
        if found is None or found.user_id != claim.user_id:
            return False
        self._taken[claim.key] = found
        return True

    async def _record(self, decision: Decision, link: Link | None) -> None:
        try:
            await self._record_claim(decision, link)
        except RowUnreadable as error:  # the pair is made all the same; whoever reads the claim next says it
            log_failure("meetings", error, user_id=self._ctx.mailbox)

    async def _record_claim(self, decision: Decision, link: Link | None) -> None:
        case = decision.case
        if decision.hand_to and case.link is not None:
            looked_at = self._ctx.colleagues.looked_at(self._ctx.mailbox)
            await hand_over(self._world, case.link, self._ctx.mailbox, decision.hand_to, looked_at)
            self.woken.add(decision.hand_to)
        elif decision.take and link is not None:
            known = self._taken.get(key_of(link.ical_uid))
            if known is not None and known.activity_id != link.activity_id:
                await self._save(replace(known, activity_id=link.activity_id))
        elif decision.intent is Intent.CREATE_EVENT and link is not None:
            await self._own(link, link.creator)

    async def _own(self, link: Link, creator: str) -> None:
        """Claim the meeting of an event that was just made; whoever met its copy first gives way."""
        known = await self._world.store.read_claim(key_of(link.ical_uid))
        me = self._ctx.colleagues.of(self._ctx.mailbox)
        claim = Claim(
            key=key_of(link.ical_uid),
            user_id=self._ctx.mailbox,
            activity_id=link.activity_id,
            at=self._world.clock(),
            creator=creator,
            is_own=True,
            organizer=me.canonical if me else "",
        )
        await self._save(replace(claim, etag=known.etag) if known else claim)

    async def _save(self, claim: Claim) -> None:
        try:
            await self._world.store.save_claim(claim)
        except StaleWrite:  # somebody took the meeting over meanwhile: their word stands
            return


async def _parted(
    decisions: Sequence[Decision], is_asked: Callable[[Decision], bool], ask: Callable[[Decision], Awaitable[bool]]
) -> tuple[list[Decision], list[Decision]]:
    """The decisions that may go on, and those about which ``ask`` says no; it is asked where ``is_asked``, of all at
    once."""
    places = [n for n, decision in enumerate(decisions) if is_asked(decision)]
    said = await together(ask, [decisions[n] for n in places])
    refused = {n for n, may_go_on in zip(places, said, strict=True) if not may_go_on}
    going_on = [decision for n, decision in enumerate(decisions) if n not in refused]
    return going_on, [decisions[n] for n in sorted(refused)]


async def hand_over(world: World, link: Link, feeder: str, successor: str, looked_at: datetime | None) -> None:
    """The meeting goes from ``feeder``, if it is theirs still, to ``successor``; both are ids of users.

    ``looked_at`` is when the feeder last looked at both sides. The look that finds the copy gone does not count:
    it did not see what was changed before.
    """
    claim = await world.store.read_claim(key_of(link.ical_uid))
    if claim is None or claim.user_id != feeder:
        return
    activity_id = claim.activity_id or link.activity_id
    moved = replace(claim, user_id=successor, activity_id=activity_id, is_own=False, at=world.clock())
    if link.role is not Role.FOLLOWER:
        moved = replace(moved, before=feeder, looked_at=looked_at)
    await file_hint(world, successor, activity_id)
    try:
        await world.store.save_claim(moved)
    except StaleWrite:
        return
    await wake_colleague(world, successor, activity_id)


async def hand_on_all(world: World, user: User, memory: Memory, well: frozenset[str]) -> None:
    """The user switches off: every meeting they feed goes to the first well colleague who has a copy."""
    feeding = [x for x in memory.links if x.role is not Role.FOLLOWER and x.status is LinkStatus.LIVE]

    async def hand(link: Link) -> None:
        try:
            successors = sorted((await world.store.find_copies(key_of(link.ical_uid))) & well - {user.id})
            claim = await world.store.read_claim(key_of(link.ical_uid)) if successors else None
        except RowUnreadable as error:  # this meeting stays where it is; the others go
            log_failure("meetings", error, user_id=user.id)
            return
        if claim is not None and not claim.creator:
            await hand_over(world, link, user.id, successors[0], user.synced_at)

    await together(hand, [x for x in feeding if x.role is Role.INVITED or x.base_event.people])


async def file_hint(world: World, user_id: str, activity_id: str) -> None:
    """A row in somebody's inbox. It is filed before a meeting changes hands, or a stop between would leave both
    feeding or nobody, and by ``wake_colleague`` again after, since an early round of theirs may have used it up."""
    if user_id and activity_id:
        await world.store.file_inbox(user_id, [InboxRow(activity_id, world.clock())])
        await erase_if_forgotten(world, user_id)


async def wake_colleague(world: World, user_id: str, activity_id: str) -> None:
    """Have somebody's next round look at a meeting."""
    if not user_id:
        return
    await file_hint(world, user_id, activity_id)
    try:
        await wake(world, user_id)
    except StoreUnavailable as error:  # no reason to fail this round: the inbox row waits for their next one
        log_failure("wake", error, user_id=user_id)
