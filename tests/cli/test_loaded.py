"""What a command loads, in a process of its own."""

from __future__ import annotations

import pytest

from tests.support.fresh import HEAVY, cost_of
from tests.support.office import CliOffice

ANNA = "anna@acme.example"
OURS = {"adapters", "cli", "jobs", "sync_core"}
TABLES = {"aiohttp", "azure.core", "azure.data.tables"}
GRAPH = {"httpx", "kiota_http", "msgraph", "opentelemetry"}


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("sync", "--help"), ("users", "--help")])
def test_help_needs_nothing(words: tuple[str, ...]) -> None:
    """Help and version print without settings and without any package, rich included, but the one that parses."""
    cost = cost_of("command", *words, environ={})

    assert (cost.answer, cost.roots([*HEAVY, "rich", "asyncio"])) == (0, {"cli"})


@pytest.mark.parametrize("words", [("users", "list"), ("status",), ("conflicts",), ("policy",)])
def test_reading_tables_needs_neither_side(office: CliOffice, words: tuple[str, ...]) -> None:
    """What is only in the tables is read without the packages of the two sides, of the queue, and of drawing."""
    office.calsync("users", "enable", ANNA)
    cost = cost_of("command", *words, environ=office.environ)

    assert (cost.answer, cost.roots([*HEAVY, "rich"])) == (0, OURS | TABLES)


def test_a_sync_needs_both_sides(office: CliOffice) -> None:
    """It is here that Graph's packages are loaded; the queue is the app's."""
    office.calsync("users", "enable", ANNA)
    cost = cost_of("command", "sync", environ=office.environ)

    assert (cost.answer, cost.roots(HEAVY)) == (0, OURS | TABLES | GRAPH)
