"""One round of one user, ten steps top to bottom (design.md §4).

1 wake · 2 lease · 3 recall · 4 read Graph · 5 read ERP.net · 6 compare · 7 plan and guard · 8 act · 9 move the
cursors · 10 report. Killed anywhere, the next round finds less to do and nothing twice: the cursors move last, and
only past what is done or marked with its reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from uuid import uuid4
from zoneinfo import ZoneInfo

from jobs.accounts import with_service_login
from jobs.act import Actor, Done
from jobs.checkup import Checkup, as_known, check_user, fingerprint, in_state, save_findings
from jobs.company import in_force, is_stamped
from jobs.context import context_of, with_known_creators
from jobs.feed import Scale
from jobs.forgotten import erase_if_forgotten
from jobs.meetings import Planned, planned_by
from jobs.moving import save_moves
from jobs.ports import Change, Drop, Put, cover
from jobs.pull import open_instance, take_first_watermark
from jobs.quarantine import UNRECKONABLE, Sifted, fenced, parked, plan_around
from jobs.reading import Findings, Reader
from jobs.refusal import judged
from jobs.report import PRIVATE, Line, Report, is_told, line_of, parked_in, title, untold
from jobs.telling import tell_failure
from jobs.world import Fence, World
from sync_core import link as life
from sync_core.cases import Context, Decision
from sync_core.decide import decide, is_over_link
from sync_core.errors import AccessRefused, AppRefused, CalsyncError, MailboxUnavailable, StaleWrite
from sync_core.guard import A_DAY, guard
from sync_core.holds import dropped, settled, without_lost
from sync_core.model import (
    Answer,
    Cursors,
    Hold,
    InboxRow,
    Instance,
    JournalEntry,
    Link,
    Memory,
    User,
    Window,
)
from sync_core.project import graph_when
from sync_core.window import is_inside, is_token_worn, local_day
from sync_core.writes import ErpIdentity


async def run_round(
    world: World,
    user: User,
    *,
    full: bool = False,
    asked: bool = False,
    dry_run: bool = False,
    inbox: tuple[InboxRow, ...] = (),
    planned: Planned | None = None,
) -> Report:
    """Bring one user's calendar and activities in step.

    ``full`` reads both sides whole, ``asked`` ignores back-off. ``dry_run`` plans and writes nothing; ``inbox`` then
    stands for what a pull would have filed, ``planned`` for the claims of the plans before this one, and is added to.
    Failures of a side or of items are in the report. Raises ``LeaseHeld``.
    """
    if not user.enabled:
        return Report(user.id, user.upn, state="switched off", ran=False)
    if user.unreadable:
        told = [user.unreadable]
        return Report(user.id, user.upn, state=user.state, operational=False, ran=False, failures=told)
    if dry_run:
        return await _Round(world, user, None, full, asked, inbox, {} if planned is None else planned).run()
    lease = await world.store.acquire_lease(user.id, world.holder, world.lease_seconds)
    fence = Fence(world, lease)
    uncovered = cover.set(fence.covering)
    try:
        known = await world.store.read_user(user.id)
        if known is None or not known.enabled:  # since this round was asked for
            return Report(user.id, user.upn, state="switched off", ran=False)
        report = await _Round(world, user, fence, full, asked).run()
    finally:
        cover.reset(uncovered)
        await fence.release()
    if await erase_if_forgotten(world, user.id):
        return report
    report.again |= await world.store.read_wake(user.id) != report.served
    return report


@dataclass(frozen=True, slots=True)
class _Plan:
    """What was read, what is to be done about it, and what waits for a person."""

    ctx: Context
    findings: Findings
    decisions: list[Decision]
    hold: Hold | None


class _Round:
    """The state of one round; strictly private."""

    def __init__(
        self,
        world: World,
        user: User,
        fence: Fence | None,
        full: bool,
        asked: bool,
        inbox: tuple[InboxRow, ...] = (),
        planned: Planned | None = None,
    ) -> None:
        self._world = world
        self._stored = user
        self._user = user
        self._fence = fence
        self._full = full
        self._asked = asked
        self._inbox = inbox
        self._planned: Planned = {} if planned is None else planned
        self._now: datetime = world.clock()
        self._report = Report(user.id, user.upn, full=full)

    async def run(self) -> Report:
        try:
            await self._steps()
        except MailboxUnavailable as error:
            await self._fail(error, is_state=True)
        except (AppRefused, AccessRefused) as refused:
            known = await judged(self._world, refused)
            await self._fail(known, is_state=isinstance(known, AccessRefused))
        except CalsyncError as error:
            await self._fail(error, is_state=False)
        except Exception as mistake:  # noqa: BLE001 - one user's trouble is nobody else's
            tell_failure("round", mistake, user_id=self._user.id)
            self._report.failures.append(f"{UNRECKONABLE}: a mistake in calsync ({type(mistake).__name__})")
        return self._report

    async def _steps(self) -> None:
        memory = await self._world.store.recall(self._user.id)
        if self._inbox:
            memory = replace(memory, inbox=self._inbox)
        self._report.served = memory.wake
        memory = await self._without_dropped(memory)
        if self._fence is not None:
            await take_first_watermark(self._world)
        instance, _ = await self._instance()
        self._world = in_force(self._world, instance)
        checkup, cursors = await self._prepare(memory)
        self._user = checkup.user
        self._report.state, self._report.operational = checkup.user.state, checkup.user.is_operational
        if not checkup.can_sync:
            self._report.ran = False
            await self._save_user(checkup.user)
            return
        ctx = await context_of(
            self._world,
            checkup.user,
            memory,
            instance,
            has_company=checkup.can_create,
            now=self._now,
            whole=self._full or cursors.full_due,
        )
        memory, learnt = await with_known_creators(self._world, memory, ctx)
        if learnt and self._fence is not None:
            await self._fence.save([Put(link) for link in learnt])
        scale = self._scale(cursors, ctx)
        self._report.full = scale.full
        sifted = await plan_around(self._world, memory, partial(self._plan, ctx, scale), self._user.id)
        plan, ctx = sifted.plan, sifted.plan.ctx
        self._report.count(plan.decisions)
        self._report.unreadable = _unclaimable(plan.decisions)
        self._report.failures += self._report.unreadable
        self._report.skipped.update({UNRECKONABLE: len(sifted.aside)} if sifted.aside else {})
        if self._fence is None:
            self._planned |= planned_by(plan.decisions, ctx)
            told = [(d, self._line(d, ctx)) for d in plan.decisions if is_told(d)]
            self._report.lines = [replace(line, mails=line.mails + d.mails_later) for d, line in told]
            known = [one for one in memory.holds if plan.hold is None or one.key != plan.hold.key]
            self._tell_waiting(memory.links, [*known, *([plan.hold] if plan.hold else [])])
            return
        await self._act(sifted, ctx, checkup, cursors, scale)

    async def _plan(self, ctx: Context, scale: Scale, world: World, memory: Memory) -> _Plan:
        """What to do for what ``world`` shows and ``memory`` knows; writes nothing."""
        findings = await Reader(world, self._user, without_lost(memory), ctx, scale, self._planned).read()
        ctx = findings.ctx
        decisions, hold = self._guarded([decide(case, ctx) for case in findings.cases], findings.memory, ctx)
        return _Plan(ctx, findings, decisions, hold)

    # 3 recall

    async def _without_dropped(self, memory: Memory) -> Memory:
        """What a person's no has ended needs no look at the sides. A list goes last: a stop leaves the rest on it."""
        links, holds = dropped(memory, self._now)
        if not holds:
            return memory
        if self._fence is not None:
            await self._fence.save([*map(Put, links), *map(Drop, holds)])
        ended = {link.event_id: link for link in links}
        return replace(
            memory,
            links=tuple(ended.get(link.event_id, link) for link in memory.links),
            holds=tuple(hold for hold in memory.holds if hold not in holds),
        )

    async def _prepare(self, memory: Memory) -> tuple[Checkup, Cursors]:
        """The user as they are; looked into anew at a full round, a new day, or while something is wrong."""
        cursors, user = memory.cursors, self._user
        instance, etag = await self._instance()
        zone = ZoneInfo(user.zone) if user.zone else ZoneInfo("UTC")
        is_new_day = cursors.day != local_day(self._now, zone)
        is_unsure = not user.is_operational or user.erp_seen_at is None
        if self._full or cursors.full_due or is_new_day or is_unsure or user.is_unread:
            checkup = await self._look_into(user, instance, etag)
        else:
            checkup = as_known(user, instance)
        mark = fingerprint(checkup, self._world.policy)
        healed = checkup.user.is_operational and not user.is_operational
        if healed or user.is_unread or mark != cursors.fingerprint:
            cursors = replace(cursors, full_due=True, fingerprint=mark)
        return checkup, cursors

    async def _look_into(self, user: User, instance: Instance, etag: str) -> Checkup:
        live = self._fence is not None
        checkup = await check_user(self._world, user, repair=live, notify=live)
        known = replace(
            with_service_login(instance, await self._world.erp.service_login(), self._now),
            endpoints=self._world.erp.endpoints,
            document_type_id=checkup.document_type_id,
        )
        if live and known != instance:
            with suppress(StaleWrite):  # somebody else's round or pull was faster; the next look saves it
                await self._world.store.save_instance(known, etag)
        return checkup

    async def _instance(self) -> tuple[Instance, str]:
        """The instance row and its etag; only a real round stamps it."""
        if self._fence is not None:
            return await open_instance(self._world)
        instance, etag = await self._world.store.read_instance()
        is_stamped(self._world, instance)
        return instance, etag

    def _scale(self, cursors: Cursors, ctx: Context) -> Scale:
        token = cursors.token
        return Scale(
            full=self._full or cursors.full_due,
            roll=cursors.day != local_day(ctx.now, ctx.zone),
            renew=token is not None and is_token_worn(token, ctx.window),
            patient=not self._asked,
        )

    # 7 plan and guard

    def _guarded(
        self, decisions: Sequence[Decision], memory: Memory, ctx: Context
    ) -> tuple[list[Decision], Hold | None]:
        live = sum(link.status in life.RUNNING for link in memory.links)
        return guard(
            decisions,
            live=live,
            recent=len(self._recent(memory.cursors)),
            limit=ctx.policy.mass_deletion,
            approved=ctx.approved,
            now=ctx.now,
            holds=memory.holds,
        )

    def _recent(self, cursors: Cursors) -> tuple[datetime, ...]:
        return tuple(at for at in cursors.deletions if self._now - at < A_DAY)

    # 8 act, 9 move the cursors, 10 report

    async def _act(
        self,
        sifted: Sifted[_Plan],
        ctx: Context,
        checkup: Checkup,
        cursors: Cursors,
        scale: Scale,
    ) -> None:
        assert self._fence is not None
        store, user = self._world.store, checkup.user
        findings = sifted.plan.findings
        memory = findings.memory
        decisions, hold = sifted.plan.decisions, sifted.plan.hold
        round_id = uuid4().hex[:12]
        aside = [fenced(partial(parked, together), lambda _: None, user.id) for together in sifted.aside]
        first: list[Change] = [change for rows in aside for change in rows or ()]
        first += [Put(hold)] if hold is not None else []
        await save_moves(self._world, self._fence, user.id, round_id, findings.moves)
        if first:
            await self._fence.save(first)
        who = ErpIdentity(
            user_id=user.erp_user_id,
            party_id=user.erp_party_id,
            person_id=user.erp_person_id,
            company_id=user.company_id,
            location_id=user.location_id,
            document_type_id=checkup.document_type_id,
        )
        kept = replace(memory.cursors, deletions=self._recent(memory.cursors))
        actor = Actor(self._world, self._fence, ctx, who, round_id, self._deadline(), kept)
        done = await actor.carry_out(decisions)
        self._tell(done, ctx)
        self._report.told = actor.told
        is_whole = done.unavailable is None and not done.out_of_time and not done.unmarked and None not in aside
        if is_whole:
            changes = self._closing(decisions, memory, actor.cursors.deletions, findings, cursors, scale, ctx)
            changes += self._confirmed(memory, actor.links, findings, ctx.zone)
            await self._fence.save(changes)
            await self._clear_inbox(memory, done)
        left = await store.recall(user.id)
        if is_whole and scale.full:
            await store.reindex(user.id, left.links)
        if over := settled(left):
            await self._fence.save([Drop(hold) for hold in over])
        self._tell_waiting(left.links, [hold for hold in left.holds if hold not in over])
        self._report.parked = parked_in(left)
        self._report.again = done.again or done.out_of_time
        self._report.trouble = done.unavailable
        await self._save_user(self._stamped(user) if is_whole else user)
        await store.append_journal([self._round_entry(round_id)])

    def _deadline(self) -> datetime:
        """When writing has to stop. Reading may have taken all the time: writes get a quarter whatever it took,
        or else the next round would read as long and get no further."""
        limit = self._world.round_limit
        return max(self._now + limit, self._world.clock() + limit / 4)

    def _closing(
        self,
        decisions: Sequence[Decision],
        memory: Memory,
        deletions: tuple[datetime, ...],
        findings: Findings,
        cursors: Cursors,
        scale: Scale,
        ctx: Context,
    ) -> list[Change]:
        """The cursors, and the links that the new day retires."""
        end = cursors.window_end
        moved = replace(
            cursors,
            delta_link=findings.delta_link,
            token=findings.token,
            window_end=max(end, ctx.window.end) if end and not scale.full else ctx.window.end,
            day=local_day(ctx.now, ctx.zone),
            full_due=False,
            deletions=deletions,
            served=memory.wake,
        )
        decided = {d.case.link.event_id for d in decisions if d.case.link is not None}
        changes: list[Change] = [] if moved == memory.cursors else [Put(moved)]
        if scale.roll or scale.full:
            changes += self._retired([link for link in memory.links if link.event_id not in decided], ctx)
        return changes

    def _retired(self, links: Sequence[Link], ctx: Context) -> list[Change]:
        changes: list[Change] = []
        before = ctx.now - ctx.policy.max_age
        for link in links:
            if life.is_forgettable(link, ctx.now):
                changes.append(Drop(link))
            elif (link.ended_at is None or link.conflict) and self._says(
                partial(is_over_link, link, before, ctx.zone)
            ):
                changes.append(Put(life.archived(link, ctx.now)))
        return changes

    def _says(self, question: Callable[[], bool]) -> bool:
        """The answer about one item, no where our own code fails on it."""
        return fenced(question, lambda _: False, self._user.id)

    async def _clear_inbox(self, memory: Memory, done: Done) -> None:
        failed = {decision.case.activity_id for decision, _ in done.failed}
        served = [row for row in memory.inbox if row.activity_id not in failed]
        if served:
            await self._world.store.clear_inbox(self._user.id, served)

    def _tell(self, done: Done, ctx: Context) -> None:
        for decision in done.acted:
            line = self._line(decision, ctx)
            self._report.done[line.what] += 1
            self._report.lines.append(line)
        self._report.failures += [f"{self._title(d)}: {reason}" for d, reason in done.failed]

    def _line(self, decision: Decision, ctx: Context) -> Line:
        return fenced(lambda: line_of(decision, ctx.digits_zone), lambda _: untold(decision), self._user.id)

    def _title(self, decision: Decision) -> str:
        return fenced(lambda: title(decision.case), lambda _: PRIVATE, self._user.id)

    def _tell_waiting(self, links: Sequence[Link], holds: Sequence[Hold]) -> None:
        self._report.conflicts = sum(link.conflict is not None for link in links)
        self._report.holds = tuple(hold for hold in holds if hold.answer == Answer.OPEN and hold.items)

    def _stamped(self, user: User) -> User:
        return replace(user, synced_at=self._now, remote_checkpoint_at=self._now, local_checkpoint_at=self._now)

    def _round_entry(self, round_id: str) -> JournalEntry:
        counts = {what: str(n) for what, n in sorted(self._report.done.items())}
        counts |= {"mails": str(self._report.mails)} if self._report.mails else {}
        return JournalEntry(
            user_id=self._user.id,
            at=self._world.clock(),
            round_id=round_id,
            action="round",
            reason="full" if self._report.full else "",
            after=counts | {f"skipped: {why}": str(n) for why, n in sorted(self._report.skipped.items())},
        )

    def _confirmed(
        self, memory: Memory, saved: Mapping[str, Link], findings: Findings, zone: ZoneInfo
    ) -> list[Change]:
        """Links of events we made, now that the feed has shown them, or that lie where it does not look.

        Goes with the cursor that passes them.
        """
        links = [saved.get(link.event_id, link) for link in memory.links if link.unseen]
        fed = partial(_is_fed, token=findings.token, zone=zone)
        shown = [x for x in links if x.event_id in findings.seen or not self._says(partial(fed, x))]
        return [Put(replace(link, unseen=False)) for link in shown]

    async def _fail(self, error: CalsyncError, *, is_state: bool) -> None:
        """A side could not be used: nothing is inferred from it, the cursors stay, the next round starts again."""
        self._report.failures.append(str(error))
        self._report.trouble = error
        if is_state:
            self._report.state, self._report.operational = f"Error: {error}", False
            await self._save_user(in_state(self._user, self._report.state, self._now))

    async def _save_user(self, user: User) -> None:
        if self._fence is not None:
            await save_findings(self._world.store, self._stored, user)


def _unclaimable(decisions: Sequence[Decision]) -> list[str]:
    """What is to be said of meetings whose claim cannot be read."""
    claims = (decision.case.claim for decision in decisions)
    return list(dict.fromkeys(one.unreadable for one in claims if one is not None and one.unreadable))


def _is_fed(link: Link, token: Window | None, zone: ZoneInfo) -> bool:
    return token is not None and is_inside(graph_when(link.base_event), token, zone)
