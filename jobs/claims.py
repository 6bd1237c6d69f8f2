"""Reads and writes the claims on meetings that several mailboxes share (design.md §4 "Meetings").

``sync_core.plan.shared`` decides what a claim means for one mailbox. Here a claim is read, taken and given its
activity, each time by one conditional write; ``jobs.handovers`` hands it on.

A voided activity cannot be restored. So before the last copy of a meeting is called lost, it must be certain that
nobody else has a copy:

- The mailboxes themselves are asked: those of the users in the index, those of the people whom the meeting names
  (attendees and organizer), and those of users who have had no round since they were switched on. The index alone is
  not enough: an invited colleague has a copy before their first round sees it. The cost grows with the meeting, never
  with the company.
- Somebody whom the meeting does not name (a group's member, one it was forwarded to, one who was invited as this copy
  left) is found by the index alone, since the only other way is to ask everybody. The two sides write first and read
  afterwards: a follower saves its link, and with it the index, and *then* reads the claim; a round that voids clears
  the claim's activity and *then* reads the index. So at least one of the two sees the other. Either the activity is
  not voided, or the follower sees a meeting without an activity, reads it again and, once the claim is stale, creates
  a new one.
- Somebody who knows the meeting by another iCalUId by now, since its series was changed, may not be found either. A
  follower saves its link under that one and then looks, in every round until the feeder's link has it too, whether
  the feeder has cleared the former claim: where the activity is void by then, the same as above happens; where the
  feeder's link has ended and could void nothing, the follower feeds the activity
  (``sync_core.reading.roles.before_the_feeder``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import replace

from jobs.copies import live_elsewhere
from jobs.handovers import file_hint, hand_over, wake_colleague
from jobs.log import log_failure
from jobs.ports import ClaimStore
from jobs.together import together
from jobs.world import World
from sync_core.content.ranges import uid_key
from sync_core.errors import RowUnreadable, StaleWrite
from sync_core.model import link as life
from sync_core.model.claim import UNCLAIMED, Claim
from sync_core.model.decision import Context, Decision, Intent
from sync_core.model.link import RUNNING, Link, Role
from sync_core.model.sides import ErpActivity, GraphEvent
from sync_core.plan.identity import began_with, creator_of
from sync_core.plan.shared import fed_until, is_fed_elsewhere, is_unserved

Planned = dict[str, Claim]
"""The claims that earlier users' dry runs would have taken, by the claim's key."""


async def read_claims(store: ClaimStore, ical_uids: Collection[str]) -> dict[str, Claim]:
    """Read the claims on these meetings, by iCalUId; an unclaimed meeting has ``UNCLAIMED``."""
    asked = [uid for uid in dict.fromkeys(ical_uids) if uid]
    found = await store.read_claims({uid_key(uid) for uid in asked}) if asked else {}
    return {uid: found[uid_key(uid)] for uid in asked}


def planned_by(decisions: Iterable[Decision], ctx: Context) -> Planned:
    """The claims that carrying out a plan would take."""
    taken = [(d.case.event, d.case.activity) for d in decisions if d.take]
    return {
        uid_key(event.ical_uid): Claim(
            key=uid_key(event.ical_uid),
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


class Claims:
    """Writes the claims that one round's decisions need."""

    def __init__(self, world: World, ctx: Context) -> None:
        self._world = world
        self._ctx = ctx
        self._taken: dict[str, Claim] = {}
        self.woken: set[str] = set()
        """The users who lost or got a meeting by this round, and were woken."""

    async def take(self, decisions: Sequence[Decision]) -> tuple[list[Decision], list[Decision]]:
        """Claim the meetings of these decisions. Return the decisions that may go on, and those whose meeting another
        mailbox claimed first."""
        return await _split(decisions, lambda d: d.take and d.case.event is not None, self._take)

    async def confirm_lost(self, decisions: Sequence[Decision]) -> tuple[list[Decision], list[Decision]]:
        """Confirm that nobody else has the meetings whose activities are about to be voided.

        Each activity is cleared from its claim, then the mailboxes are asked once more. Return the decisions that may
        go on, and those that must wait.
        """

        def is_asked(decision: Decision) -> bool:
            return decision.intent is Intent.VOID and decision.erp is not None and decision.case.others is not None

        return await _split(decisions, is_asked, self._confirm_lost)

    async def find_changed(self, followed: Iterable[Decision]) -> set[str]:
        """The iCalUIds of newly followed meetings whose claim names another activity by now, or none.

        A claim that named no activity before is left out: its meeting is looked at again anyway.
        """
        links = [(d.link.ical_uid, d.case.claim) for d in followed if d.link is not None]
        known = {uid: claim for uid, claim in links if claim is not None and claim.activity_id}
        now = await read_claims(self._world.store, known)
        return {uid for uid, claim in now.items() if claim.activity_id != known[uid].activity_id}

    async def record(self, done: Iterable[tuple[Decision, Link | None]]) -> None:
        """Write the claims of decisions that were carried out, before their links are saved.

        A claim gets its new activity, an event created from ERP.net is claimed, and a lost meeting is handed on.
        """
        giving: list[tuple[Link, str]] = []
        moved: list[Claim] = []
        created: list[Link] = []
        for decision, link in done:
            if decision.hand_to and decision.case.link is not None:
                never_fed = replace(decision.case.link, role=Role.FOLLOWER)
                giving.append((never_fed if decision.case.followed else decision.case.link, decision.hand_to))
            elif decision.take and link is not None:
                moved += self._moved(link)
            elif decision.intent is Intent.CREATE_EVENT and link is not None:
                created.append(link)
        await self._world.store.save_claims(moved)
        await self._claim_created(created)
        await together(lambda one: self._hand_on(*one), giving)

    async def serve(self, saved: Iterable[tuple[Decision, Link]]) -> None:
        """What a former feeder left goes from the claim as soon as the new feeder's own link, now saved, has it: from
        then on the feeder's looks count."""
        served = []
        for decision, link in saved:
            known = self._taken.get(uid_key(link.ical_uid), decision.case.claim or UNCLAIMED)
            is_feeding = decision.case.event is not None and link.role is not Role.FOLLOWER and link.status in RUNNING
            if decision.case.followed and is_feeding and is_unserved(known) and known.user_id == self._ctx.mailbox:
                served.append(replace(known, left=None))
        await self._world.store.save_claims(served)

    async def _take(self, decisions: Sequence[Decision]) -> list[bool]:
        """Claim meetings, in few requests; whether each is this mailbox's now."""
        claims = [self._claim_of(decision) for decision in decisions]
        losing = [self._loser(decision, claim) for decision, claim in zip(decisions, claims, strict=True)]
        await together(lambda one: file_hint(self._world, *one), losing)
        saved = await self._world.store.save_claims(claims)
        self._taken |= {claim.key: claim for claim in saved if claim is not None}
        overtaken = [claim for claim, own in zip(claims, saved, strict=True) if own is None]
        mine = dict(zip([one.key for one in overtaken], await together(self._is_mine, overtaken), strict=True))
        got = [one for one, own in zip(losing, saved, strict=True) if own is not None]
        await together(lambda one: wake_colleague(self._world, *one), got)
        self.woken |= {user_id for user_id, _ in got} - {""}
        return [own is not None or mine[claim.key] for claim, own in zip(claims, saved, strict=True)]

    def _loser(self, decision: Decision, claim: Claim) -> tuple[str, str]:
        """Who loses a meeting by this claim ('' for nobody), and its activity."""
        known = decision.case.claim or UNCLAIMED
        before = known.user_id if known.user_id != self._ctx.mailbox else ""
        return before, claim.activity_id or known.activity_id

    def _claim_of(self, decision: Decision) -> Claim:
        """The claim of this mailbox, in place of the known one. What a former feeder left stays with it until this
        copy's own link, saved by an earlier round, has it."""
        case, event, activity = decision.case, decision.case.event, decision.case.activity
        known = case.claim or UNCLAIMED
        assert event is not None
        if case.link is not None and known.user_id == self._ctx.mailbox:
            return replace(known, left=None)
        before = known.user_id if known.user_id != self._ctx.mailbox else known.before
        claim = Claim(
            key=uid_key(event.ical_uid),
            user_id=self._ctx.mailbox,
            activity_id=activity.id if activity else "",
            at=self._world.clock(),
            creator=self._creator(event, activity) if activity else "",
            is_own=event.is_organizer,
            organizer=event.organizer,
            etag=known.etag,
            before=before,
            since=known.began_at if activity is not None and activity.id == known.activity_id else None,
        )
        if not case.followed or case.former_link is None:
            return claim
        left = life.left_to_next(case.former_link)
        return replace(claim, before=case.former_feeder or before, looked_at=fed_until(case, self._ctx), left=left)

    async def _confirm_lost(self, decisions: Sequence[Decision]) -> list[bool]:
        """Clear the activities from their claims, then ask about all of them at once."""
        links = [decision.case.link for decision in decisions if decision.case.link is not None]
        claims = await together(self._cleared, links)
        mine = [(link, claim) for link, claim in zip(links, claims, strict=True) if claim is not None]
        asked, world = {link.ical_uid: () for link, _ in mine}, self._world
        found = await live_elsewhere(world.calendar, world.store, asked, links, self._ctx) if asked else {}
        alive = [replace(one, activity_id=link.activity_id) for link, one in mine if found[link.ical_uid] != ()]
        await together(self._save, alive)
        return [found.get(link.ical_uid) == () for link in links]

    async def _cleared(self, link: Link) -> Claim | None:
        """The claim of this mailbox, stored without its activity; None where another one has it."""
        store, key = self._world.store, uid_key(link.ical_uid)
        known = await store.read_claim(key)
        if is_fed_elsewhere(known, self._ctx):
            return None
        claim = known or Claim(key, self._ctx.mailbox, "", self._world.clock())
        mine = replace(claim, user_id=self._ctx.mailbox, activity_id="", at=self._world.clock())
        try:
            return await store.save_claim(mine)
        except StaleWrite:
            return None

    def _creator(self, event: GraphEvent, activity: ErpActivity) -> str:
        """The creator that R12 asks about; '' for a meeting that began in Outlook: its event lacks our mark."""
        began_in_erp = creator_of(activity, self._ctx) if event.mark == activity.id else ""
        return began_with(activity, self._ctx) or began_in_erp

    async def _is_mine(self, claim: Claim) -> bool:
        """Whether the stored claim is this mailbox's own, left by a round that was cut off."""
        found = await self._world.store.read_claim(claim.key)
        if found is None or found.user_id != claim.user_id:
            return False
        self._taken[claim.key] = found
        return True

    def _moved(self, link: Link) -> list[Claim]:
        """The taken claim with the link's activity, unless it has it already. Another mailbox that has claimed the
        meeting meanwhile keeps it."""
        known = self._taken.get(uid_key(link.ical_uid))
        if known is None or known.activity_id == link.activity_id:
            return []
        return [replace(known, activity_id=link.activity_id)]

    async def _hand_on(self, link: Link, successor: str) -> None:
        looked_at = self._ctx.colleagues.looked_at(self._ctx.mailbox)
        try:
            await hand_over(self._world, link, self._ctx.mailbox, successor, looked_at)
        except RowUnreadable as error:  # the next reader of the claim reports it
            log_failure("meetings", error, user_id=self._ctx.mailbox)
            return
        self.woken.add(successor)

    async def _claim_created(self, links: Sequence[Link]) -> None:
        """Claim the meetings of events that were just created, also from a colleague who claimed one by a copy."""
        me = self._ctx.colleagues.of(self._ctx.mailbox)
        claims = [
            Claim(
                key=uid_key(link.ical_uid),
                user_id=self._ctx.mailbox,
                activity_id=link.activity_id,
                at=self._world.clock(),
                creator=link.creator,
                is_own=True,
                organizer=me.canonical if me else "",
            )
            for link in links
        ]
        saved = await self._world.store.save_claims(claims)
        await together(self._claim_over, [one for one, own in zip(claims, saved, strict=True) if own is None])

    async def _claim_over(self, claim: Claim) -> None:
        try:
            known = await self._world.store.read_claim(claim.key)
        except RowUnreadable as error:  # the pair is linked all the same; the next reader of the claim reports it
            log_failure("meetings", error, user_id=self._ctx.mailbox)
            return
        await self._save(replace(claim, etag=known.etag) if known else claim)

    async def _save(self, claim: Claim) -> None:
        try:
            await self._world.store.save_claim(claim)
        except StaleWrite:  # another mailbox has claimed the meeting meanwhile and keeps it
            return


async def _split(
    decisions: Sequence[Decision],
    is_asked: Callable[[Decision], bool],
    ask: Callable[[Sequence[Decision]], Awaitable[list[bool]]],
) -> tuple[list[Decision], list[Decision]]:
    """Split decisions into those that may go on and those that ``ask`` refuses. It is asked at once about all that
    ``is_asked`` selects; the others may go on."""
    places = [n for n, decision in enumerate(decisions) if is_asked(decision)]
    said = await ask([decisions[n] for n in places])
    refused = {n for n, may_go_on in zip(places, said, strict=True) if not may_go_on}
    going_on = [decision for n, decision in enumerate(decisions) if n not in refused]
    return going_on, [decisions[n] for n in sorted(refused)]
