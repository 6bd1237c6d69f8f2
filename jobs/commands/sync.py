"""`calsync sync`: one pull of ERP.net, then rounds of each user who has something to do, until nothing is left.

For a user with nothing due only the delta link is probed: no lease is taken and no cursor is stored. A person asked
for the sync, so back-off from earlier failures is ignored; parked items stay parked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from jobs.approvals import Choice, choices_in
from jobs.checkup import save_findings
from jobs.claims import Planned
from jobs.due import is_due, pause_of
from jobs.pull import plan_pull
from jobs.refusal import judged
from jobs.repair import plan_repair, pull_and_repair
from jobs.round.report import Report, parked_in
from jobs.round.run import plan_round, run_round
from jobs.waiting import Notice, erp_session, take_when_free, unheeded
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
from sync_core.model.memory import Approval, InboxRow, User

ROUNDS = 6
"""The most rounds of one user in one sync; each round leaves less for the next."""


@dataclass(slots=True)
class SyncReport:
    """The outcome of a sync: one report a user (their last round's, with the counts of all their rounds added up),
    and the failure that ended the sync for all users, '' if none did."""

    reports: list[Report] = field(default_factory=list)
    failure: str = ""

    @property
    def is_fine(self) -> bool:
        """Whether nothing failed for any user."""
        return not self.failure and all(report.is_fine for report in self.reports)


async def run_sync(
    world: World,
    users: Sequence[User],
    *,
    full: bool = False,
    notice: Notice = unheeded,
    progress: Callable[[Report], None] = lambda report: None,
) -> SyncReport:
    """Sync these users; ``full`` reads both sides whole. ``progress`` is called with the report of each round."""
    outcome = SyncReport()
    async with erp_session(world, notice):
        try:
            await pull_first(world, notice)
        except SideError as error:
            outcome.failure = str(error)
            return outcome
        busy = dict(await _with_news(world, users, full))
        for _ in range(ROUNDS):
            woken: set[str] = set()
            for user, is_busy in busy.items():
                is_due_now = is_busy or user.id in woken
                report = await run_until_done(world, user, full, notice) if is_due_now else await _idle(world, user)
                woken = (woken - {user.id}) | report.woken
                _add(outcome, report)
                progress(report)
                if isinstance(report.trouble, AppRefused):  # the next user's round would only get the same refusal
                    outcome.failure = str(report.trouble)
                    return outcome
            busy, full = {user: True for user in users if user.id in woken}, False
            if not busy:
                break
    return outcome


async def pull_first(world: World, notice: Notice = unheeded) -> None:
    """Read what changed in ERP.net. Raises ``SideError``; where the app itself is refused, with the remedy."""
    try:
        await take_when_free(lambda: pull_and_repair(world), world, notice, "ERP.net")
    except AccessRefused as error:
        raise await judged(world, error) from error


async def sync_user(world: World, user: User, *, full: bool = False, notice: Notice = unheeded) -> SyncReport:
    """Sync one user after the pull. Colleagues whose meetings changed hands by it are woken where an app runs; else
    their rounds run here. Raises ``AppRefused``: whoever comes next would get the same answer."""
    [(_, is_busy)] = await _with_news(world, [user], full)
    outcome = SyncReport()
    woken = _added(outcome, await run_until_done(world, user, full, notice) if is_busy else await _idle(world, user))
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
    """Add a report to the outcome; the ids of the colleagues who must be looked at because of it."""
    if isinstance(report.trouble, AppRefused):
        raise report.trouble
    woken = set(report.woken) - {report.user_id}
    _add(outcome, report)
    return woken


async def what_waits(
    world: World, chosen: Iterable[User], outcome: SyncReport
) -> dict[str, tuple[User, Sequence[Choice]]]:
    """What waits for a person, by user id; a round that could not read its rows has said so."""
    users = {user.id: user for user in chosen}
    waiting: dict[str, tuple[User, Sequence[Choice]]] = {}
    for user_id in [report.user_id for report in outcome.reports]:
        users[user_id] = users.get(user_id) or await world.store.read_user(user_id) or User(user_id, user_id)
        waiting[user_id] = users[user_id], ()
        with suppress(RowUnreadable):
            waiting[user_id] = users[user_id], choices_in(await world.store.recall(user_id))
    return waiting


async def _failed(world: World, outcome: SyncReport, error: SideError) -> SyncReport:
    """The outcome if the pull of ERP.net failed; a refusal names the remedy."""
    outcome.failure = str(await judged(world, error) if isinstance(error, AccessRefused) else error)
    return outcome


def _add(outcome: SyncReport, report: Report) -> None:
    """Add a report to the outcome, summed with the same user's earlier one.

    A user has two if a colleague's round gave them a meeting.
    """
    for place, before in enumerate(outcome.reports):
        if before.user_id == report.user_id:
            outcome.reports[place] = _summed(before, report)
            return
    outcome.reports.append(report)


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


async def plan_sync(
    world: World,
    users: Sequence[User],
    *,
    full: bool = False,
    notice: Notice = unheeded,
    progress: Callable[[Report], None] = lambda report: None,
) -> SyncReport:
    """Plan a sync (dry run): exactly what the first rounds of ``run_sync`` would do. Nothing is written."""
    outcome, planned = SyncReport(), Planned()
    async with erp_session(world, notice):
        try:
            pulled, astray = await plan_pull(world), await plan_repair(world)
        except SideError as error:
            return await _failed(world, outcome, error)
        for user in users:
            filed = (*pulled.get(user.id, ()), *astray.get(user.id, ()))
            report = await _planned_round(world, user, filed, full, planned)
            outcome.reports.append(report)
            progress(report)
            if isinstance(report.trouble, AppRefused):
                outcome.failure = str(report.trouble)
                break
    return outcome


async def _planned_round(world: World, user: User, filed: Sequence[InboxRow], full: bool, planned: Planned) -> Report:
    """Plan one user's round; an unreadable row ends this user's plan only."""
    try:
        known = await world.store.recall(user.id)
        inbox = {row.activity_id: row for row in (*known.inbox, *filed)}
        stands_for = tuple[InboxRow, ...](inbox.values())
        return await plan_round(world, user, full=full, inbox=stands_for, planned=planned)
    except RowUnreadable as error:
        return _stopped(user, full, error)


async def _with_news(world: World, users: Sequence[User], full: bool) -> list[tuple[User, bool]]:
    """Each user with whether a round has anything to do."""
    busy: dict[str, bool] = {}
    links: dict[str, str] = {}
    instance, _ = await world.store.read_instance()
    for user in users:
        try:
            memory = await world.store.recall(user.id)
        except RowUnreadable:  # the user's round will report the row
            busy[user.id] = True
            continue
        except CalsyncError:
            raise
        except Exception:  # noqa: BLE001 - the user's round will report a bug of ours as well
            busy[user.id] = True
            continue
        is_paused = pause_of(user, instance, world.clock()) is not None  # as their own round will say
        busy[user.id] = full or is_paused or is_due(world, user, memory, instance)
        if not busy[user.id] and memory.cursors.delta_link:
            links[user.id] = memory.cursors.delta_link
    if links:
        busy |= await world.calendar.has_news(links)
    return [(user, busy[user.id]) for user in users]


async def run_until_done(world: World, user: User, full: bool, notice: Notice) -> Report:
    """Run rounds of one user until none wants another at once; their reports summed."""
    total: Report | None = None
    for _ in range(ROUNDS):
        whole = full and total is None
        report = await take_when_free(
            lambda whole=whole: _one_round(world, user, whole),  # type: ignore[misc]
            world,
            notice,
            f"the round of {user.upn}",
        )
        total = report if total is None else _summed(total, report)
        if not report.again:
            break
    assert total is not None
    return total


async def _one_round(world: World, user: User, full: bool) -> Report:
    """Run one round; a lost lease or an unreadable row ends this user's sync only."""
    try:
        current = await world.store.read_user(user.id) or user
        return await run_round(world, current, full=full, asked=True)
    except (LeaseLost, RowUnreadable) as error:
        return _stopped(user, full, error)


def _stopped(user: User, full: bool, error: StoreError) -> Report:
    return Report(
        user.id,
        user.upn,
        state=user.state,
        operational=user.is_operational,
        full=full,
        failures=[str(error)],
    )


async def _idle(world: World, user: User) -> Report:
    """Report a user with nothing to do; only the times of the last sync are written."""
    memory = await world.store.recall(user.id)
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
    )
