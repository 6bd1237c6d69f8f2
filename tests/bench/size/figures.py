"""What a simulated company cost, as figures: ``python -m tests.bench.size PEOPLE DAYS`` tells any size."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from statistics import quantiles

from tests.bench.figures import Budget, Figure
from tests.bench.size.company import Company, simulate
from tests.bench.size.people import STORMS

GB = 2
"""Memory of an instance (docs/deploy.md)."""

SIZES = ((100, 7.0), (1_000, 1.0))
"""People and days: a whole week of a small company, a Monday of a larger one. Ten thousand take minutes an hour."""

QUICK = ((100, 2.0),)


def sessions_for(people: int) -> int:
    """ERP.net's sessions: one for about 400 people, as docs/operate.md advises, six at most."""
    return max(1, min(6, round(people / 400)))


def measure(budget: Budget) -> Iterator[Figure]:
    """Each size once: a week has repetitions enough."""
    for people, days in QUICK if budget.is_quick else SIZES:
        logging.disable(logging.CRITICAL)  # a storm's failures are meant
        company = simulate(people, days, sessions=sessions_for(people))
        logging.disable(logging.NOTSET)
        yield from told(company, days)


def told(company: Company, days: float) -> Iterator[Figure]:
    """The figures of a company after so many days."""
    what = f"{len(company.ids):,} people, {days:g} days"
    queue, bill, backend = company.queue, company.bill, company.backend
    counts = {
        "messages": queue.sent.total(),
        "messages alive at most": queue.most,
        "executions of the queue": bill.executions["work"],
        "rounds": company.rounds.rounds.total(),
        "Graph requests": company.graph.requests,
        "ERP.net requests": company.gate.requests,
        "table requests": backend.reads + backend.writes,
        "table rows read": backend.rows,
        "instances of the queue": company.flex.most_running,
        "changes still under way": company.todo.left,
    }
    for cost, count in counts.items():
        yield Figure(what, cost, "", (float(count),))
    for group in sorted(bill.seconds):
        yield Figure(what, f"GB-s, {group}", "", (bill.seconds[group] * GB,))
    for (when, change), lags in sorted(company.todo.lags.items()):
        if when in ("calm", *STORMS):
            cuts = quantiles(lags, n=100) if len(lags) > 1 else lags * 99
            yield Figure(what, f"lag, {when}, {change}", "s, median", (cuts[49],))
            yield Figure(what, f"lag, {when}, {change}", "s, 99 %", (cuts[98],))
