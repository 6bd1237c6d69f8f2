"""One round of one user, ten steps top to bottom (design.md §4).

1 wake · 2 lease · 3 recall · 4 read Graph · 5 read ERP.net · 6 compare · 7 plan and guard · 8 act · 9 move the
cursors · 10 report. The cursors move last, and only past what is done, or left with its reason saved. So after a
crash at any point the next round does the rest, and nothing twice.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import uuid4

from jobs.approvals import asks_of
from jobs.checkup import in_state, save_findings
from jobs.claims import Planned, planned_by
from jobs.due import owes, pause_of
from jobs.fence import Fence
from jobs.forgotten import erase_if_forgotten
from jobs.log import log_failure
from jobs.notices import tell_once
from jobs.own_mistakes import unless_mistaken, wants_a_look
from jobs.ports import Put, RowChange, cover
from jobs.quarantine import Sifted, parked, plan_around
from jobs.refusal import judged
from jobs.round.act import Actor
from jobs.round.close import confirmed, moved_cursors, retired
from jobs.round.context import context_of, with_known_creators
from jobs.round.days import count_round, lag_of
from jobs.round.frame import RoundFrame
from jobs.round.journal import RoundJournal
from jobs.round.memory import RoundMemory
from jobs.round.planning import Plan, make_plan, unclaimable
from jobs.round.prepare import Company, Prepared, prepare, read_company
from jobs.round.recall import NeedsAll, Recall
from jobs.round.relocate import save_carried, save_moves
from jobs.round.remember import clear_inbox, end_dropped, look_over, remember_unsynced, served_rows
from jobs.round.report import Failure, Report
from jobs.round.worded import is_shown, worded
from jobs.together import side_by_side
from jobs.wake import heard_at
from jobs.world import World
from sync_core.content.window import is_delta_window_worn, local_day
from sync_core.errors import OWN_MISTAKE, AccessRefused, AppRefused, CalsyncError, MailboxUnavailable, RowUnreadable
from sync_core.model.instance import Instance
from sync_core.model.memory import InboxRow, Memory
from sync_core.model.user import User, in_error
from sync_core.model.writes import ErpIdentity
from sync_core.reading.frame import Scale


async def run_round(
    world: World,
    user: User,
    *,
    full: bool = False,
    asked: bool = False,
    row: tuple[Instance, str] | None = None,
) -> Report:
    """Bring one user's calendar and activities in step. ``full`` reads both sides whole, ``asked`` ignores back-off.

    ``row`` is the instance row with its etag if the caller has just read it: a round asks for it once. Failures of a
    side or of items are in the report. Raises ``LeaseHeld``, and ``RowUnreadable`` for the user's row.
    """
    if not user.enabled or user.unreadable:
        return _no_round(user)
    lease = await world.store.acquire_lease(user.id, world.holder, world.lease_seconds)
    fence = Fence(world, lease)
    uncovered = cover.set(fence.covering)
    try:
        known = await world.store.read_user(user.id)
        if known is None or not known.enabled:  # switched off or forgotten meanwhile
            return _no_round(replace(user, enabled=False))
        report = await _Round(world, known, fence, full=full, asked=asked, row=row).run()
    finally:
        cover.reset(uncovered)
        await fence.release()
    _, is_gone, token = await side_by_side(
        count_round(world, report), erase_if_forgotten(world, user.id), world.store.read_wake(user.id)
    )
    report.again |= not is_gone and not report.paused and token != report.served
    return report


async def plan_round(
    world: World,
    user: User,
    *,
    full: bool = False,
    inbox: tuple[InboxRow, ...] = (),
    planned: Planned | None = None,
) -> Report:
    """Plan what a round that a person asks for would do now (dry run). Nothing is written.

    ``inbox`` replaces the stored inbox: it is what a pull would have filed. ``planned`` are the claims that earlier
    plans would have taken; this plan's are added. Failures as in ``run_round``.
    """
    if not user.enabled or user.unreadable:
        return _no_round(user)
    known = {} if planned is None else planned
    return await _Round(world, user, None, full=full, asked=True, inbox=inbox, planned=known).run()


def _no_round(user: User) -> Report:
    if not user.enabled:
        return Report(user.id, user.upn, state="switched off", ran=False)
    failures = [Failure(user.unreadable, RowUnreadable(user.unreadable))]
    return Report(user.id, user.upn, state=user.state, operational=False, ran=False, failures=failures)


class _Round:
    """One round under way: its fence, None in a dry run, the user as found so far, the memory, and the report."""

    # Eight parameters: one for each choice of run_round and plan_round.
    def __init__(
        self,
        world: World,
        user: User,
        fence: Fence | None,
        *,
        full: bool,
        asked: bool,
        inbox: tuple[InboxRow, ...] = (),
        planned: Planned | None = None,
        row: tuple[Instance, str] | None = None,
    ) -> None:
        self._world = world
        self._stored = user
        self._user = user
        self._full = full
        self._asked = asked
        self._inbox = inbox
        self._planned = planned if planned is not None else {}
        self._row = row
        self._now = world.clock()
        self._fence = fence
        self._memory = RoundMemory(world, user.id, fence)
        self._report = Report(user.id, user.upn, full=full)

    async def run(self) -> Report:
        """Run the round; what ends it early is in the report."""
        try:
            await self._steps()
        except MailboxUnavailable as error:
            await self._fail(error, is_state=True)
        except (AppRefused, AccessRefused) as refused:
            known = await judged(self._world, refused)
            await self._fail(known, is_state=isinstance(known, AccessRefused))
        except CalsyncError as error:
            await self._fail(error, is_state=False)
        except Exception as mistake:  # noqa: BLE001 - a bug of ours ends this user's round only
            log_failure("round", mistake, user_id=self._user.id)
            text = f"a mistake in calsync ended the round ({type(mistake).__name__})"
            self._report.failures.append(Failure(text, mistake))
        return self._report

    async def _steps(self) -> None:
        company = await read_company(self._world, self._row, live=self._fence is not None)
        if self._is_paused(company):
            return
        memory = await self._recall(few=not self._full)
        self._reach("lease", self._world.clock())
        prepared = await self._prepare(memory, company)
        if not prepared.checkup.can_sync:
            await self._save_user(await self._notified_of_trouble(self._user))
            return
        try:
            sifted = await self._sifted(memory, prepared)
        except NeedsAll as why:
            self._report.read_all = str(why)
            sifted = await self._sifted(await self._recall(few=False), prepared)
        if self._fence is None:
            self._show(sifted)
        else:
            await self._carry_out(self._fence, sifted, prepared)

    def _reach(self, step: str, at: datetime) -> None:
        self._report.reached[step] = at

    def _is_paused(self, company: Company) -> bool:
        """Whether no round runs now; the report says so, and the wake token stays unserved."""
        pause = pause_of(self._user, company.instance, self._now)
        if pause is not None:
            self._report.state, self._report.ran, self._report.paused = pause.text, False, True
        return pause is not None

    # 3 recall

    async def _recall(self, *, few: bool) -> Memory:
        """Recall what is remembered, and end the links that a person has dropped."""
        memory = await self._memory.recall(few=few)
        if self._inbox:
            memory = replace(memory, inbox=self._inbox)
        self._report.served = memory.wake
        return await end_dropped(memory, self._fence, self._now)

    async def _prepare(self, memory: Memory, company: Company) -> Prepared:
        """Prepare the user; from here on the world follows the company's policy."""
        self._world = company.world
        prepared = await prepare(company, self._user, memory.cursors, self._now, full=self._full)
        self._user = prepared.checkup.user
        self._report.state, self._report.operational = self._user.state, self._user.is_operational
        self._report.ran = prepared.checkup.can_sync
        self._report.failures += map(Failure, prepared.checkup.unshown)
        return prepared

    async def _sifted(self, memory: Memory, prepared: Prepared) -> Sifted[Plan]:
        """Plan around the items on which planning fails. Raises ``NeedsAll``."""
        frame = await self._frame(memory, prepared)
        if frame.recall is None:
            return await plan_around(self._world, frame.memory, partial(make_plan, frame), self._user.id)
        try:
            return Sifted(await make_plan(frame, self._world, frame.memory), frame.memory)
        except (CalsyncError, NeedsAll):
            raise
        except Exception as mistake:  # some item is to blame, which is searched among all
            raise NeedsAll(f"a mistake in calsync ({type(mistake).__name__})") from mistake

    async def _frame(self, memory: Memory, prepared: Prepared) -> RoundFrame:
        """Build the round's frame, and save the links that get their creator's id. Raises ``NeedsAll``."""
        ctx = await context_of(self._world, self._user, memory, prepared.company.instance, self._now)
        ctx = replace(ctx, has_company=prepared.checkup.can_create, whole=prepared.is_full)
        memory, learnt = await with_known_creators(self._world, memory, ctx)
        if learnt and self._fence is not None:
            await self._fence.save([Put(link) for link in learnt])
        cursors = memory.cursors
        scale = Scale(
            full=prepared.is_full,
            roll=cursors.day != local_day(ctx.now, ctx.zone),
            renew=cursors.delta_window is not None and is_delta_window_worn(cursors.delta_window, ctx.window),
            after_backoff=not self._asked,
        )
        self._report.full = scale.full
        recall = None
        if self._fence is not None and memory.unread is not None:
            if scale.full or scale.roll or scale.renew or not cursors.delta_link or cursors.delta_window is None:
                raise NeedsAll("a full or daily round")
            recall = Recall(self._world, self._fence, self._user.id)
        return RoundFrame(
            memory=memory,
            ctx=ctx,
            scale=scale,
            world=self._world,
            user=self._user,
            planned=self._planned,
            recall=recall,
        )

    # 4 to 6 read and compare, 7 plan and guard

    def _count(self, sifted: Sifted[Plan]) -> None:
        self._report.count(sifted.plan.decisions, sifted.memory.links)
        self._report.unreadable = unclaimable(sifted.plan.decisions)
        self._report.failures += self._report.unreadable
        self._report.skipped.update({OWN_MISTAKE: len(sifted.aside)} if sifted.aside else {})

    def _show(self, sifted: Sifted[Plan]) -> None:
        """Report the plan of a dry run."""
        self._count(sifted)
        memory, plan = sifted.memory, sifted.plan
        ctx = plan.findings.frame.ctx
        self._planned |= planned_by(plan.decisions, ctx)
        lines = [(decision, worded(decision, ctx)) for decision in plan.decisions if is_shown(decision)]
        self._report.lines = [replace(line, mails=line.mails + d.mails_later) for d, line in lines]
        known = [hold for hold in memory.holds if plan.hold is None or hold.key != plan.hold.key]
        self._report.set_open(memory.links, [*known, *([plan.hold] if plan.hold else [])])

    # 8 act, 9 move the cursors, 10 report

    async def _carry_out(self, fence: Fence, sifted: Sifted[Plan], prepared: Prepared) -> None:
        self._count(sifted)
        plan, frame = sifted.plan, sifted.plan.findings.frame
        self._reach("read", plan.read_at)
        self._reach("decide", self._world.clock())
        journal = RoundJournal(self._world, self._user.id, uuid4().hex[:12])
        if not await save_carried(self._world.store, plan.findings.carried):
            self._report.again = True  # nothing was written yet, and no cursor moves
            return
        await save_moves(fence, journal, plan.findings.moves)
        is_saved = await self._set_aside(fence, sifted)
        actor = Actor(frame, fence, journal, _identity(prepared))
        done = await actor.carry_out(plan.decisions, self._deadline())
        self._reach("write", self._world.clock())
        self._report.add(done.acted, done.failures, actor.woken)
        self._report.is_whole = is_whole = done.is_whole and is_saved
        if is_whole:
            await self._move_cursors(fence, plan, prepared, actor)
        is_full = is_whole and frame.scale.full
        left = await self._memory.stored()
        known, served = self._user.tally.parked_since, served_rows(frame, done)
        [self._report.parked_since, *_] = await side_by_side(
            remember_unsynced(frame, plan, left, known, is_full=is_full),
            look_over(frame, fence, self._report, left, actor.links if is_full else None),
            clear_inbox(frame, served if is_whole else ()),
        )
        self._report.again = done.again or done.out_of_time
        self._report.trouble = done.unavailable
        self._user = await tell_once(self._world, replace(self._user, asks=asks_of(left)), left)
        owed = replace(left, inbox=tuple(row for row in left.inbox if row not in served))
        is_settled = is_whole and not unless_mistaken(lambda: owes(owed), lambda _: True, self._user.id)
        ends = [self._save_user(self._stamped(left) if is_whole else self._user), journal.close(self._report)]
        ends += [fence.settle(self._report.served)] if is_settled else []
        ends += [self._memory.prove()] if fence.memory is None else []
        await side_by_side(*ends)
        self._report.left = await self._memory.stored()

    async def _set_aside(self, fence: Fence, sifted: Sifted[Plan]) -> bool:
        """Save what is not acted on: park the items on which planning failed, and store the hold.

        Returns False if an item could not be parked.
        """
        aside = [
            unless_mistaken(partial(parked, together), lambda _: None, self._user.id) for together in sifted.aside
        ]
        rows: list[RowChange] = [change for own in aside for change in own or ()]
        rows += [Put(sifted.plan.hold)] if sifted.plan.hold is not None else []
        if rows:
            await fence.save(rows)
        return None not in aside

    def _deadline(self) -> datetime:
        """When no further write begins. Writes get a quarter of the limit even if reading took all of it: else the
        next round would read as long and get no further."""
        limit = self._world.round_limit
        return max(self._now + limit, self._world.clock() + limit / 4)

    async def _move_cursors(self, fence: Fence, plan: Plan, prepared: Prepared, actor: Actor) -> None:
        """Save the moved cursors together with the links that need no further look."""
        frame, news = plan.findings.frame, plan.findings.news
        moved = moved_cursors(frame, news, prepared.fingerprint, actor.cursors.deletions)
        moved = replace(moved, unread=plan.findings.unread)
        decided = {d.case.link.event_id for d in plan.decisions if d.case.link is not None}
        retiring = retired(frame, decided)
        changes = [*retiring, *confirmed(frame, news, actor.links)]
        known = await self._memory.stored()
        moved = replace(moved, settled=not any(map(wants_a_look, known.links)))
        cursors: list[RowChange] = [] if moved == known.cursors else [Put(moved)]
        await fence.save([*changes, *cursors], follows=False)  # what is confirmed is indexed as it stays
        if retiring:
            await self._world.store.follow(self._user.id, retiring)
        if not moved.settled and not any(map(wants_a_look, (await self._memory.stored()).links)):
            await fence.save([Put(replace(moved, settled=True))])  # the changes may have been several transactions

    def _stamped(self, left: Memory) -> User:
        at, lag = self._now, lag_of(self._report, self._world.clock())
        seconds = self._user.tally.lag if lag is None else round(lag)
        tally = replace(self._report.tally, lag=seconds)
        heard = heard_at(self._report.served) or self._user.heard_at
        return replace(
            self._user,
            synced_at=at,
            remote_checkpoint_at=at,
            local_checkpoint_at=at,
            tally=tally,
            heard_at=heard,
            cursors=replace(left.cursors, deletions=()),
        )

    async def _fail(self, error: CalsyncError, *, is_state: bool) -> None:
        """Report an error that ended the round. The cursors stay, so that the next round starts from the same
        ones."""
        failure = Failure(str(error), error)
        self._report.failures.append(failure)
        self._report.unreadable += [failure] if isinstance(error, RowUnreadable) else []
        self._report.trouble = error
        if is_state:
            self._report.state, self._report.operational = in_error([str(error)]), False
            user = in_state(self._user, self._report.state, self._now)
            await self._save_user(await self._notified_of_trouble(user))

    async def _notified_of_trouble(self, user: User) -> User:
        """The user, told why their rounds do not work; what they know of their items stays as it is."""
        if self._fence is None:
            return user
        return await tell_once(self._world, user, await self._memory.stored())

    async def _save_user(self, user: User) -> None:
        if self._fence is not None:
            await save_findings(self._world.store, self._stored, user)


def _identity(prepared: Prepared) -> ErpIdentity:
    user = prepared.checkup.user
    return ErpIdentity(
        user_id=user.erp_user_id,
        party_id=user.erp_party_id,
        person_id=user.erp_person_id,
        company_id=user.company_id,
        location_id=user.location_id,
        document_type_id=prepared.checkup.document_type_id,
    )
