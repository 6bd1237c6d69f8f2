"""Every line of the docs that somebody may type names what exists, and what is reckoned comes out as told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infra.orders import EVERYWHERE, ORDERS
from tests.infra.test_docs import PAGES, code_in, text_of
from tests.support.deployment import ROOT

DEPLOY = ROOT / "docs" / "deploy.md"
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


def table(title: str) -> list[list[str]]:
    """The rows of the table whose first heading this is."""
    rows = text_of(DEPLOY).partition(f"| {title} |")[2].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def numbers(cells: list[str]) -> list[float]:
    """All numbers of the second cells, in their order."""
    return [float(number) for cell in cells for number in cell.split(", ")]


def test_the_costs_are_what_the_assumptions_make_them() -> None:
    """Each figure of the table is reckoned from the assumptions and prices above it."""
    changes, round_s, pull_s, other_s, notices, memory, log_kb, per_round, per_minute = numbers(
        [row[1] for row in table("assumed")]
    )
    on_demand, warm, warm_busy, million, queue, tables, gigabyte = numbers([row[1] for row in table("price")])
    minutes, polls = 30 * 24 * 60, 30 * 24 * 60 * 30
    quarters, hours = minutes / 15, minutes / 60
    told = {int(row[0].replace(",", "")): numbers(row[1:]) for row in table("people")}

    assert list(told) == [20, 200, 2000]
    for people, figures in told.items():
        rounds = people * changes
        busy = minutes * (pull_s + other_s) + quarters * pull_s + hours * other_s + rounds * round_s
        executions = 2 * minutes + quarters + hours + rounds * (1 + notices)
        costs = [
            memory * (60 * minutes * warm + rounds * notices * warm_busy),
            max(0, memory * busy - 100_000) * on_demand + max(0, executions - 250_000) / 1e6 * million,
            polls / 1e4 * queue + (minutes * per_minute + rounds * per_round) / 1e4 * tables,
            executions * log_kb / 1e6 * gigabyte,
        ]
        assert [*map(round, costs), round(sum(costs))] == figures
