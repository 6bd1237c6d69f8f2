"""What docs/deploy.md says that a month costs is what docs/capacity.md's simulated Mondays come to."""

from __future__ import annotations

import re
from pathlib import Path

from tests.bench.size.money import (
    EURO,
    LOG_KB,
    MONDAYS,
    OPERATIONS_A_MESSAGE,
    QUIET_DAYS,
    Day,
    Prices,
    a_month,
)

DOCS = Path(__file__).parents[2] / "docs"
DEPLOY = (DOCS / "deploy.md").read_text(encoding="utf-8")
NUMBER = r"([\d,.]+)"


def row(page: str, begins: str) -> list[float]:
    """The numbers of a table's row beyond its first cell."""
    found = re.search(rf"^\| {re.escape(begins)} \|(.+)\|$", page, re.MULTILINE)
    assert found, f"no row that begins with {begins!r}"
    return [float(one.replace(",", "")) for one in re.findall(r"\d[\d,]*(?:\.\d+)?", found[1])]


def monday(people: str) -> Day:
    """What the page says of such a company's first Monday."""
    page = (DOCS / "capacity.md").read_text(encoding="utf-8")
    _, messages, executions, _, queue, timers, http, _, _, tables = row(page, f"{people}, their first Monday")
    return Day(int(messages), int(executions), queue, timers, http, int(tables))


def test_a_month_is_reckoned_from_the_simulated_mondays() -> None:
    """Each company of the table: dollars, euros, and how many dollars are the warm instance's."""
    companies = re.findall(rf"^\| {NUMBER} \| \d+ \| \d+ \| \d+ \| \d \|", DEPLOY, re.MULTILINE)

    assert len(companies) == 5
    for people in companies:
        dollars, warm = a_month(monday(people))
        assert row(DEPLOY, people)[:3] == [round(dollars), round(dollars / EURO), round(warm)], people


def test_the_prices_are_the_ones_that_are_told() -> None:
    """With what is assumed besides."""
    told, prices = DEPLOY, Prices()

    assert row(told, "GB-second on demand (queue and timers)") == [prices.on_demand]
    assert row(told, "GB-second of the warm instance of 2 GB, and while it works (HTTP)") == [
        prices.warm,
        prices.warm_at_work,
    ]
    assert row(told, "million executions") == [prices.executions]
    assert row(told, "10,000 operations on a queue, on tables") == [prices.queue, prices.tables]
    assert row(told, "GB of logs") == [prices.logs]
    assert row(told, "a euro (an assumption)") == [EURO]
    quiet = "days without a change, on which the queue serves a pull of a second each minute"
    assert row(told, f"simulated Mondays in a month, {quiet}") == [MONDAYS, QUIET_DAYS]
    assert row(told, "log of one execution in KB") == [LOG_KB]
    assert row(told, "operations on the queue for a message, and each second") == [OPERATIONS_A_MESSAGE, 1]
