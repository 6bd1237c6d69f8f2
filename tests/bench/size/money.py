"""What a simulated Monday comes to in a month, by the prices and assumptions of docs/deploy.md ("What it costs")."""

from __future__ import annotations

from dataclasses import dataclass

MONDAYS, QUIET_DAYS = 21, 9
"""Days of a month like the simulated one, and days on which nobody changes anything."""

LOG_KB = 3
"""Log of one execution."""

OPERATIONS_A_MESSAGE = 3
"""On the queue: put in, taken out, deleted. Besides, it is looked into once a second."""

DAY = 86_400
PULLS, TIMERS = 1_440, 1_440 + 96 + 1
"""Executions of a quiet day: of the queue's function, each a billed second of an instance, and of the timers'."""

EURO = 1.16
"""Dollars for a euro: an assumption."""

GB = 2
"""Memory of an instance (docs/deploy.md)."""


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars at list prices of West Europe, November 2026, without the free grants."""

    on_demand: float = 0.000026
    """A GB-second of the queue's and the timers' instances."""
    warm: float = 0.000004
    """A GB-second of the instance that is always ready."""
    warm_at_work: float = 0.000016
    """A GB-second of it while it works (HTTP)."""
    executions: float = 0.40
    """A million."""
    queue: float = 0.004
    """10,000 operations."""
    tables: float = 0.00036
    """10,000 operations."""
    logs: float = 2.76
    """A GB."""


@dataclass(frozen=True, slots=True)
class Day:
    """What one simulated Monday took; GB-seconds of the queue, of the timers, of HTTP."""

    messages: int
    executions: int
    queue: float
    timers: float
    http: float
    table_requests: int


def a_month(day: Day, prices: Prices = Prices()) -> tuple[float, float]:
    """Dollars a month of a company with such days, and how many of them are the warm instance's."""
    warm = prices.warm * GB * DAY * (MONDAYS + QUIET_DAYS) + prices.warm_at_work * day.http * MONDAYS
    on_demand = day.queue * MONDAYS + day.timers * (MONDAYS + QUIET_DAYS) + PULLS * GB * QUIET_DAYS
    notified = day.http / GB  # each call is billed as a second
    executions = (day.executions + notified) * MONDAYS + PULLS * QUIET_DAYS + TIMERS * (MONDAYS + QUIET_DAYS)
    operations = OPERATIONS_A_MESSAGE * (day.messages * MONDAYS + PULLS * QUIET_DAYS) + DAY * (MONDAYS + QUIET_DAYS)
    rest = (
        prices.on_demand * on_demand
        + prices.executions * executions / 1e6
        + prices.queue * operations / 1e4
        + prices.tables * day.table_requests * MONDAYS / 1e4
        + prices.logs * executions * LOG_KB / 1e6
    )
    return warm + rest, warm
