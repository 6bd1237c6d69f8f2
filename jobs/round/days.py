"""Counts a round in the row of its day, from which the page draws its chart (an idle round writes nothing), and tells
the app's log how long it took."""

from __future__ import annotations

from datetime import datetime

from jobs.log import log_failure
from jobs.round.report import Report, log_round, steps_of
from jobs.wake import woken_at
from jobs.world import World
from sync_core.errors import StoreError
from sync_core.model.day import Day, lags_of


def lag_of(report: Report, now: datetime) -> float | None:
    """Seconds from the wake-up to ``now``, when the writes have ended; None without a write or a time."""
    at = woken_at(report.served)
    return (now - at).total_seconds() if at is not None and report.done else None


def log_timed(report: Report, began_at: datetime, ended_at: datetime) -> None:
    """Log a round that the app has run, whoever asked for it."""
    log_round(
        report,
        seconds=(ended_at - began_at).total_seconds(),
        lag_seconds=lag_of(report, ended_at),
        steps=steps_of(report, woken_at(report.served), began_at),
    )


def day_of(report: Report, now: datetime) -> Day | None:
    """What a round that ends ``now`` adds to its day; None where it did nothing and nothing failed."""
    if not report.done and not report.failures:
        return None
    lags = lags_of(lag_of(report, now))
    return Day(now.date(), report.done.total(), len(report.failures), lags)


async def count_round(world: World, report: Report) -> None:
    """Add what a round did to its day. If the store refuses, the count is lost and the round has not failed."""
    day = day_of(report, world.clock())
    if day is None:
        return
    try:
        await world.store.add_to_day(day, report.user_id)
    except StoreError as error:
        log_failure("round", error, user_id=report.user_id)
