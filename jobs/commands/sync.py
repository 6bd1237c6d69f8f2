"""`calsync sync`: a pull of ERP.net, then rounds of each user who has something to do, until nothing is left.

For a user with nothing due only the delta link is probed: no lease is taken and no cursor is stored. A person asked
for the sync, so back-off from earlier failures is ignored; parked items stay parked.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from jobs.approvals import Choice, choices_in
from jobs.checkup import save_findings
from jobs.claims import Planned
from jobs.due import is_due, pause_of
from jobs.pull import PullReport, plan_pull
from jobs.refusal import judged
from jobs.repair import plan_repair, pull_and_repair
from jobs.round.days import log_timed
from jobs.round.report import Failure, Report, parked_in
from jobs.round.run import plan_round, run_round
from jobs.waiting import Notice, take_when_free, unheeded
from jobs.wake import wake
from jobs.world import World
from sync_core.errors import (
    AccessRefused,
    AppRefused,
    CalsyncError,
    LeaseLost,
    RowUnreadable,
    SideError,
    StoreError,
)
from sync_core.model.hold import Approval
from sync_core.model.instance import Instance
from sync_core.model.memory import InboxRow, Memory
from sync_core.model.user import User

ROUNDS = 6
"""The most rounds of one user in one sync; each round leaves less for the next."""


@dataclass(slots=True)
class SyncReport:
    """The outcome of a sync: one report a user (their last round's, with the counts of all their rounds added up),
    and the error that ended the sync for all users, None if none did."""

    reports: list[Report] = field(default_factory=list)
    ended_by: CalsyncError | None = None

    @property
    def failure(self) -> str:
        """What ended the sync for all users, in words; '' if nothing did."""
        return str(self.ended_by) if self.ended_by is not None else ""

    @property
    def is_fine(self) -> bool:
        """Whether nothing failed for any user."""
        return not self.failure and all(report.is_fine for report in self.reports)

    def add(self, report: Report) -> None:
        """Add a report, summed with the same user's earlier one: a colleague's round may have given them a
        meeting."""
        for place, before in enumerate(self.reports):
            if before.user_id == report.user_id:
                self.reports[place] = _summed(before, report)
                return
        self.reports.append(report)


async def pull_first(world: World, notice: Notice = unheeded, row: tuple[Instance, str] | None = None) -> None:
    """Read what changed in ERP.net. ``row`` is the instance row with its etag, if it was read just before. Raises
    ``SideError``; where the app itself is refused, with the remedy."""
    just_read = [row]

    async def pull() -> PullReport:
        return await pull_and_repair(world, just_read.pop() if just_read else None)

    try:
        await take_when_free(pull, world, notice, "ERP.net")
    except AccessRefused as error:
        raise await judged(world, error) from error


async def sync_user(world: World, user: User, *, full: bool = False, notice: Notice = unheeded) -> SyncReport:
    """Sync one user after the pull. Colleagues whose meetings changed hands by it are woken where an app runs; else
    their rounds run here. Raises ``AppRefused``: whoever comes next would get the same answer."""
    outcome = SyncReport()
    woken = _added(outcome, await _rounds_if_wanted(world, user, full, notice))
    if world.serve is not None:
        for user_id in sorted(woken):
            await wake(world, user_id)
        return outcome
    for _ in range(ROUNDS):
        known = [await world.store.read_user(user_id) for user_id in sorted(woken)]
        woken = set()
        for colleague in [one for one in known if one is not None and one.enabled]:
            woken |= _added(outcome, await run_until_done(world, colleague, False, notice))
    return outcome


def _added(outcome: SyncReport, report: Report) -> set[str]:
    """Add a report to the outcome; return the ids of the colleagues who need a round because of it."""
    if isinstance(report.trouble, AppRefused):
        raise report.trouble
    woken = set(report.woken) - {report.user_id}
    outcome.add(report)
    return woken


async def what_waits(
    world: World, chosen: Iterable[User], outcome: SyncReport
) -> dict[str, tuple[User, Sequence[Choice]]]:
    """What waits for a person, by user id; a round that could not read its rows has said so."""
    users = {user.id: user for user in chosen}
    waiting: dict[str, tuple[User, Sequence[Choice]]] = {}
    left = {report.user_id: report.left for report in outcome.reports}
    for user_id in left:
        users[user_id] = users.get(user_id) or await world.store.read_user(user_id) or User(user_id, user_id)
        waiting[user_id] = users[user_id], ()
        with suppress(RowUnreadable):
            memory = left[user_id] or await world.store.recall_open(user_id) or await world.store.recall(user_id)
            waiting[user_id] = users[user_id], choices_in(memory)
    return waiting


def _summed(before: Report, report: Report) -> Report:
    """Add the earlier report's counts to the later one. A row unread in the earlier round stays a failure."""
    report.unreadable = list(dict.fromkeys([*before.unreadable, *report.unreadable]))
    report.failures = list(dict.fromkeys([*before.unreadable, *report.failures]))
    report.done += before.done
    report.skipped |= before.skipped
    report.lines = before.lines + report.lines
    report.full |= before.full
    report.woken |= before.woken
    return report


async def plan_rounds(
    world: World, users: Sequence[User], size: int = 1, *, full: bool = False
) -> AsyncIterator[SyncReport]:
    """Plan a sync (dry run): exactly what the pull and each user's first round would do. Nothing is written.

    The reports come ``size`` people at a time, at least one report; needs a session (``erp_session``).
    """
    planned = Planned()
    try:
        pulled, astray = await plan_pull(world), await plan_repair(world)
    except SideError as error:
        yield SyncReport(ended_by=await judged(world, error) if isinstance(error, AccessRefused) else error)
        return
    for first in range(0, max(1, len(users)), size):
        outcome = SyncReport()
        for user in users[first : first + size]:
            filed = (*pulled.get(user.id, ()), *astray.get(user.id, ()))
            report = await _planned_round(world, user, filed, full, planned)
            outcome.reports.append(report)
            if isinstance(report.trouble, AppRefused):
                outcome.ended_by = report.trouble
                break
        yield outcome
        if outcome.ended_by is not None:
            return


async def _planned_round(world: World, user: User, filed: Sequence[InboxRow], full: bool, planned: Planned) -> Report:
    """Plan one user's round; an unreadable row ends this user's plan only."""
    try:
        known = await world.store.recall(user.id)
        inbox = {row.activity_id: row for row in (*known.inbox, *filed)}
        return await plan_round(world, user, full=full, inbox=tuple(inbox.values()), planned=planned)
    except RowUnreadable as error:
        return _stopped(user, full, error)


async def _rounds_if_wanted(world: World, user: User, full: bool, notice: Notice) -> Report:
    """Run rounds of a user, unless the user has nothing to do. ``full``: a person asked for both sides whole."""
    if full:
        return await run_until_done(world, user, full, notice)
    row = instance, _ = await world.store.read_instance()
    memory = await _unless_work(world, user, instance)
    return await _idle(world, user, memory) if memory else await run_until_done(world, user, full, notice, row)


async def _unless_work(world: World, user: User, instance: Instance) -> Memory | None:
    """What is open of a user whose round has nothing to do or to say; None for any other: a first round, a pause, an
    unreadable row and a bug of ours are for its report."""
    if user.is_unread or pause_of(user, instance, world.clock()) is not None:
        return None
    try:
        memory = await world.store.recall_open(user.id) or await world.store.recall(user.id)
    except RowUnreadable:
        return None
    except CalsyncError:
        raise
    except Exception:  # noqa: BLE001 - the user's round meets the bug as well, and reports it
        return None
    link = memory.cursors.delta_link
    if link is None or is_due(world, user, memory, instance):
        return None
    return None if (await world.calendar.has_news({user.id: link}))[user.id] else memory


async def run_until_done(
    world: World, user: User, full: bool, notice: Notice, row: tuple[Instance, str] | None = None
) -> Report:
    """Run rounds of one user until none wants another at once; their reports summed. A full one stays full until one
    got to its end.

    ``row`` is the instance row with its etag if the caller has just read it. It serves the first try only: whoever
    had to wait for a lease, or has run a round, reads the row anew.
    """
    just_read = [row] if row is not None else []

    async def one_round(whole: bool) -> Report:
        return await _one_round(world, user, whole, just_read.pop() if just_read else None)

    total: Report | None = None
    for _ in range(ROUNDS):
        report = await take_when_free(partial(one_round, full), world, notice, f"the round of {user.upn}")
        full &= not report.is_whole
        total = report if total is None else _summed(total, report)
        if not report.again:
            break
    assert total is not None
    return total


async def _one_round(world: World, user: User, full: bool, row: tuple[Instance, str] | None) -> Report:
    """Run one round; a lost lease or an unreadable row ends this user's sync only."""
    began_at = world.clock()
    try:
        report = await run_round(world, user, full=full, asked=True, row=row)
    except (LeaseLost, RowUnreadable) as error:
        return _stopped(user, full, error)
    if world.serve is not None:  # the app, in whose log its alerts look
        log_timed(report, began_at, world.clock())
    return report


def _stopped(user: User, full: bool, error: StoreError) -> Report:
    return Report(
        user.id,
        user.upn,
        state=user.state,
        operational=user.is_operational,
        full=full,
        failures=[Failure(str(error), error)],
    )


async def _idle(world: World, user: User, memory: Memory) -> Report:
    """Report a user with nothing to do; only the times of the last sync are written."""
    now = world.clock()
    await save_findings(
        world.store, user, replace(user, synced_at=now, remote_checkpoint_at=now, local_checkpoint_at=now)
    )
    return Report(
        user.id,
        user.upn,
        state=user.state,
        operational=user.is_operational,
        conflicts=sum(link.conflict is not None for link in memory.links),
        holds=tuple(hold for hold in memory.holds if hold.approval == Approval.OPEN and hold.items),
        parked=parked_in(memory),
        left=memory,
    )
