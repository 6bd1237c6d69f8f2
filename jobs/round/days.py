"""Counts a round in the row of its day, from which the page draws its chart. One that did nothing costs nothing."""

from __future__ import annotations

from jobs.log import log_failure
from jobs.round.report import Report
from jobs.wake import is_notified, woken_at
from jobs.world import World
from sync_core.errors import StoreError
from sync_core.model.day import Day, lags_of


def lag_of(world: World, report: Report) -> float | None:
    """Seconds from the wake-up to the end of the writes; None without a write or a time."""
    at = woken_at(report.served)
    return (world.clock() - at).total_seconds() if at is not None and report.done else None


async def count_round(world: World, report: Report) -> None:
    """Add what a round did to its day. A store that refuses costs the count, and is no failure of the round."""
    if not report.done and not report.failures:
        return
    notified_at = woken_at(report.served) if report.done and is_notified(report.served) else None
    told = Day(
        world.clock().date(),
        report.done.total(),
        len(report.failures),
        lags_of(lag_of(world, report)),
        notified_at,
    )
    try:
        await world.store.add_to_day(told, report.user_id)
    except StoreError as error:
        log_failure("round", error, user_id=report.user_id)
