"""Every line of the docs that somebody may type names what exists, and what is reckoned comes out as told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infra.orders import EVERYWHERE, ORDERS
from tests.infra.test_docs import PAGES, code_in, text_of
from tests.support.deployment import ROOT

DEPLOY, CAPACITY = (ROOT / "docs" / f"{name}.md" for name in ("deploy", "capacity"))
ORDER = re.compile(r"(?:^|&& |; ?|\| )(az|azd|func) ([^|;&]+)")


def orders(page: Path) -> Iterator[tuple[str, str]]:
    """Program and the rest of every order on a page, comments left out."""
    for line in code_in(page):
        for found in ORDER.finditer(line.partition(" #")[0].strip()):
            yield found[1], found[2].strip()


def known(program: str, rest: str) -> str | None:
    """The command that the order gives: the longest that it begins with."""
    fitting = [command for command in ORDERS[program] if rest == command or rest.startswith(f"{command} ")]
    return max(fitting, key=len, default=None)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_order_exists(page: Path) -> None:
    """Command and options of the Azure CLI, azd and Core Tools are ones that these programs have."""
    wrong = []
    for program, rest in orders(page):
        command = known(program, rest)
        options = set(re.findall(r"(?<!\S)--?[a-z][a-z-]*", rest)) - {command}
        if command is None or not options <= ORDERS[program][command] | EVERYWHERE[program]:
            wrong.append(f"{program} {rest}")

    assert wrong == []


def test_orders_are_found() -> None:
    """The check above has something to look at, of each program."""
    found = [(program, known(program, rest)) for program, rest in orders(DEPLOY)]

    assert {program for program, _ in found} == {"az", "azd", "func"}
    assert {"up", "down", "azure functionapp publish", "deployment sub create"} <= {command for _, command in found}
    assert len(found) > 30


def test_what_is_published_is_told_its_language() -> None:
    """On a clone without local settings Core Tools cannot know it (azure.md §3)."""
    published = [rest for page in PAGES for program, rest in orders(page) if "functionapp publish" in rest]

    assert len(published) > 2
    assert [rest for rest in published if not rest.endswith((" --python", "functionapp publish"))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_windows_reads_an_order_as_others_do(page: Path) -> None:
    """PowerShell takes a bare @NAME for a variable's parts, and what runs ``az`` there an & for another order."""
    lines = [line.partition(" #")[0].strip() for line in code_in(page)]

    assert [line for line in lines if line.startswith("az ") and re.search(r"\s@|&", line)] == []


def test_each_block_has_its_powershell() -> None:
    """Lines that set variables, read secrets or pass them on are given for PowerShell, too."""
    blocks = re.findall(r"^ *```(\w+)\n(.*?)^ *```\n(?: *```(\w+)\n)?", text_of(DEPLOY), re.MULTILINE | re.DOTALL)
    posix_only = [block for kind, block, _ in blocks if kind == "sh" and re.search(r"\$|export", block)]
    followed = [block for kind, block, after in blocks if kind == "sh" and after == "powershell"]

    assert posix_only
    assert set(posix_only) <= set(followed)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("az ad signed-in-user show", "azd up"),
        ("read -rs", "azd up"),
        ("export AzureWebJobsStorage__accountName", "calsync doctor"),
    ],
)
def test_things_stand_in_the_order_in_which_they_are_needed(before: str, after: str) -> None:
    """The operator before the deployment that gives it its rights, a secret or an account before what takes it."""
    text = text_of(DEPLOY)

    assert text.index(before) < text.index(f"\n{after}")


# What it costs


def table(page: Path, title: str) -> list[list[str]]:
    """The rows of the table whose first heading this is, without their commas between thousands."""
    rows = re.sub(r"(\d),(\d)", r"\1\2", text_of(page).partition(f"| {title} |")[2]).split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def numbers(cells: list[str]) -> list[float]:
    """All numbers of the cells, in their order."""
    return [float(number) for cell in cells for number in cell.split(", ")]


def test_the_costs_are_what_the_simulated_days_make_them() -> None:
    """Each amount, in euros as well, is reckoned from a simulated Monday, the assumptions and the prices."""
    mondays, idle_days, log_kb, each_message, each_second = numbers([row[1] for row in table(DEPLOY, "assumed")])
    prices = numbers([row[1] for row in table(DEPLOY, "price")])
    on_demand, warm, warm_busy, million, queue, tables, gigabyte, euro = prices
    days, minutes, memory = mondays + idle_days, 24 * 60, 2
    simulated = {row[0].removesuffix(" their first Monday").strip(" ,"): row[2:] for row in table(CAPACITY, "people")}
    told = {row[0]: numbers(row[1:4]) for row in table(DEPLOY, "people")}

    assert list(told) == ["20", "200", "1000", "2000", "10000"]
    for people, figures in told.items():
        messages, served, _, work, timers, http, *_, asked = numbers(simulated[people])
        executions = mondays * (served + http / memory) + idle_days * minutes + days * (minutes + minutes / 15 + 1)
        busy = mondays * work + idle_days * minutes * memory + days * timers
        ready = memory * days * minutes * 60 * warm + mondays * http * warm_busy
        operations = each_message * (mondays * messages + idle_days * minutes) + each_second * days * minutes * 60
        costs = [
            ready,
            busy * on_demand + executions / 1e6 * million,
            operations / 1e4 * queue + mondays * asked / 1e4 * tables,
            executions * log_kb / 1e6 * gigabyte,
        ]
        assert [round(sum(costs)), round(sum(costs) / euro), round(ready)] == figures
