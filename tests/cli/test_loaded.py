"""What a command loads, in a process of its own; what one loads that asks the app: ``host/test_commands.py``."""

from __future__ import annotations

import pytest

from tests.support.commands import ALONE, ANNA, ASKS, COMPARES, READS, every_command, named
from tests.support.fresh import HEAVY, ROUNDS, cost_of
from tests.support.office import CliOffice

OURS = {"adapters", "cli", "jobs", "sync_core"}
TABLES = {"aiohttp", "azure.core", "azure.data.tables"}
GRAPH = {"httpx", "kiota_http", "msgraph", "opentelemetry"}


def test_every_command_has_its_place() -> None:
    """Whoever adds one says what it needs, and so what it loads."""
    assert {named(words) for words in (*READS, *ASKS, COMPARES, ALONE)} == {*every_command()}


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("sync", "--help"), ("users", "--help")])
def test_help_needs_nothing(words: tuple[str, ...]) -> None:
    """Help and version print without settings and without any package, rich included, but the one that parses."""
    cost = cost_of("command", *words, environ={})

    assert (cost.answer, cost.roots([*HEAVY, "rich", "asyncio"])) == (0, {"cli"})


@pytest.mark.parametrize("words", READS, ids=" ".join)
def test_reading_tables_needs_neither_side(office: CliOffice, words: tuple[str, ...]) -> None:
    """What is only in the tables is read without the packages of the two sides, of the queue, and of drawing, and
    without what carries out a round."""
    office.calsync("users", "enable", ANNA)
    cost = cost_of("command", *words, environ={**office.environ, "CALSYNC_HERE": ""})

    assert cost.answer == (2 if "unknown" in words else 0), cost.said
    assert cost.roots([*HEAVY, *ROUNDS, "rich"]) == OURS | TABLES


@pytest.mark.parametrize("words", [("users", "list"), ("status",), COMPARES], ids=" ".join)
def test_reading_tables_where_no_app_runs(office: CliOffice, words: tuple[str, ...]) -> None:
    """Our own clients of both sides are made there, as for the policy anywhere; no package of theirs is loaded."""
    office.calsync("users", "enable", ANNA)
    cost = cost_of("command", *words, environ=office.environ)

    assert (cost.answer, cost.roots([*HEAVY, "rich"])) == (0, OURS | TABLES)


def test_a_sync_needs_both_sides(office: CliOffice) -> None:
    """It is here that Graph's packages are loaded; the queue is the app's."""
    office.calsync("users", "enable", ANNA)
    cost = cost_of("command", "sync", environ=office.environ)

    assert (cost.answer, cost.roots(HEAVY)) == (0, OURS | TABLES | GRAPH)
