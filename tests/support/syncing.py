"""A sync of several people in this process, as `calsync sync --here` carries it out: the pull, then one by one. Also
its dry run."""

from __future__ import annotations

from collections.abc import Sequence

from jobs.commands.sync import SyncReport, plan_rounds, pull_first, sync_user
from jobs.waiting import Notice, erp_session, unheeded
from jobs.world import World
from sync_core.errors import SideError
from sync_core.model.user import User


async def sync_all(
    world: World, users: Sequence[User], *, full: bool = False, notice: Notice = unheeded
) -> SyncReport:
    """Sync these people; what fails for all of them ends it, and is the report's ``failure``."""
    total = SyncReport()
    try:
        async with erp_session(world, notice):
            await pull_first(world, notice)
            for user in users:
                for report in (await sync_user(world, user, full=full, notice=notice)).reports:
                    total.add(report)
    except SideError as error:
        total.ended_by = error
    return total


async def plan_sync(world: World, users: Sequence[User], *, full: bool = False) -> SyncReport:
    """The dry run of it: what the pull and each one's first round would do, in one report."""
    total = SyncReport()
    async with erp_session(world, unheeded):
        async for outcome in plan_rounds(world, users, full=full):
            total.reports += outcome.reports
            total.ended_by = outcome.ended_by
    return total
