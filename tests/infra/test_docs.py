"""README and docs speak only of what exists: settings, commands and their options, files, tests, alerts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from adapters.settings import ROWS
from cli import main
from simulators.demo.story import STEPS
from sync_core.plan.remedies import DO
from tests.bench.size.figures import sessions_for
from tests.support.bicep import read_bicep
from tests.support.deployment import MAIN, ROOT, delivered, environment, functions_with, module

README = ROOT / "README.md"
DOCS = sorted((ROOT / "docs").glob("*.md"))
SETTINGS, COMMANDS, PROMISES = (ROOT / "docs" / f"{name}.md" for name in ("settings", "commands", "promises"))
PAGES = [README, *(ROOT / f"{name}.md" for name in ("CONTRIBUTING", "SECURITY", "CHANGELOG")), *DOCS]

PLATFORM = {
    "WEBSITE_HOSTNAME",
    "WEBSITE_AUTH_ENABLED",
    "WEBSITE_SITE_NAME",
    "AZURE_SUBSCRIPTION_ID",
    "CALSYNC_HERE",
}
"""What Azure sets by itself, or azd, the pipeline and the command line are told."""

TESTS = ROOT / "tests"
TEST = re.compile(r"\]\((?:\.\./)?tests/([\w/]+\.py)\)|`([\w/]+\.py)`|`((?:test_|Test|…_)[\w…]+)`")
"""A test file, by a link or as code below ``tests``, or the name of a test."""

CALL = re.compile(
    r"\bcalsync ((?!is\b|on\b|state\b)[a-z]+(?: (?:list|enable|disable|forget|export|import)\b)?)([^`\n]*)"
)


def text_of(path: Path) -> str:
    """The page."""
    return path.read_text(encoding="utf-8")


def code_in(path: Path) -> list[str]:
    """Everything a page sets as code: spans and blocks."""
    text = text_of(path)
    blocks = re.findall(r"^ *```\w*\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()] + re.findall(r"`([^`\n]+)`", text)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_setting_named_exists(path: Path) -> None:
    """A name in capitals is a setting, something a deployment reads or gives back, one of make's, or a stand-in."""
    known = {row.name for row in ROWS} | set(environment()) | set(delivered()) | set(read_bicep(MAIN).outputs)
    given_to_make = set(re.findall(r"^([A-Z_]+) \?=", text_of(ROOT / "Makefile"), re.MULTILINE))

    assert names_in(path) - known - given_to_make - PLATFORM == set()


def test_the_pages_name_settings() -> None:
    """The check above has something to look at."""
    assert len(set().union(*map(names_in, DOCS))) > 10


def names_in(path: Path) -> set[str]:
    """The names in capitals on a page."""
    return set(re.findall(r"\b[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+\b|\bAzureWebJobs\w+", text_of(path)))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_command_named_exists(path: Path) -> None:
    """What follows `calsync` is a command, with options that it has."""
    for words, rest in (found.groups() for line in code_in(path) for found in CALL.finditer(line)):
        command = _command(words.split())
        options = {option for param in command.params for option in param.opts}

        assert set(re.findall(r"--[a-z-]+", rest)) <= options, f"{words} {rest}"


def _command(words: list[str]) -> click.Command:
    command: click.Command = main
    for word in words:
        assert isinstance(command, click.Group), words
        assert word in command.commands, words
        command = command.commands[word]
    return command


def test_commands_are_found_in_the_docs() -> None:
    """The pattern finds commands: operating is done with these."""
    found = {match[1] for line in code_in(ROOT / "docs" / "operate.md") for match in CALL.finditer(line)}

    assert {"doctor", "status", "conflicts", "why", "approve", "retry", "users enable"} <= found


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    """Links lead to pages, files and headings that are there; ``../../actions`` is GitHub's own beside the README."""
    for target, heading in re.findall(r"\]\((?!\w+:|\.\./\.\./actions/)([^)#\s]*)(?:#([\w-]+))?\)", text_of(path)):
        found = path.parent / target if target else path

        assert found.exists(), target
        assert not heading or heading in headings_of(found), (target, heading)


def headings_of(path: Path) -> list[str]:
    """The anchors of a page's headings."""
    return [_anchor(line) for line in re.findall(r"^#+ (.+)$", text_of(path), re.MULTILINE)]


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_file_named_exists(path: Path) -> None:
    """Paths into ``infra`` and modules set as code, below the root or ``tests``, are there."""
    named = re.findall(r"\binfra/[\w./-]+\w", text_of(path)) + re.findall(r"`([\w/]+/\w+\.py)`", text_of(path))

    assert [one for one in named if not any((base / one).exists() for base in (ROOT, TESTS))] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_test_named_exists(path: Path) -> None:
    """A test is named after its file; an ellipsis stands for the rest of a name, or of several."""
    assert [(file.name, name) for file, name in named_tests(path) if not _is_test(file, name)] == []


@pytest.mark.parametrize(("name", "least"), [("failure-model.md", 40), ("threat-model.md", 20)])
def test_the_models_name_tests(name: str, least: int) -> None:
    """The check above has something to look at."""
    assert len(list(named_tests(ROOT / "docs" / name))) > least


def test_as_many_sessions_are_advised_as_were_simulated() -> None:
    """The administrator's table, the sentence that is the rule, and the rows of simulated companies agree."""
    deploy, operate, capacity = (text_of(ROOT / "docs" / f"{name}.md") for name in ("deploy", "operate", "capacity"))
    advised = [
        *re.findall(r"^\| ([\d,]+) \| [\d,]+ \| \d+ \| \d+ \| (\d) \|", deploy, re.MULTILINE),
        *((people, number) for number, people in re.findall(r"\b(\d) for ([\d,]*00)\b", operate)),
        *re.findall(r"^\| ([\d,]+), [^|]+ \| (\d) \| (?:[^|]+\|){5}$", capacity, re.MULTILINE),
    ]

    assert len(advised) > 15
    assert [one for one in advised if sessions_for(int(one[0].replace(",", ""))) != int(one[1])] == []


def test_every_promise_links_to_a_test() -> None:
    """Each row of the table of promises has a link to a test file."""
    rows = [row for row in text_of(PROMISES).splitlines() if row.startswith("|")][2:]

    assert len(rows) > 10
    assert [row for row in rows if not re.search(r"\]\(\.\./tests/[\w/]+/test_\w+\.py\)", row)] == []


def named_tests(path: Path) -> Iterator[tuple[Path, str]]:
    """File and name of every test that a page names, each with the file named last before it."""
    file = TESTS
    for link, code, name in TEST.findall(text_of(path)):
        if link or code:
            file = TESTS / (link or code)
        else:
            yield file, name


def _is_test(file: Path, name: str) -> bool:
    if "…" not in name:
        return name in _names_in(file)
    return any(re.fullmatch(name.replace("…", r"\w+"), one) for one in _names_in(file))


@cache
def _names_in(file: Path) -> frozenset[str]:
    """The functions and classes of a test file."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return frozenset(node.name for node in ast.walk(ast.parse(text_of(file))) if isinstance(node, kinds))


def test_every_setting_stands_in_its_table() -> None:
    """The table of settings is the whole list, but for the parts of the storage account's address."""
    parts = {row.name for row in ROWS if "__" in row.name}
    cells = [row.split("|")[1] for row in text_of(SETTINGS).splitlines() if row.startswith("| `")]
    listed = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}

    assert {row.name for row in ROWS} - parts <= listed


def test_every_command_stands_in_its_table() -> None:
    """Whoever looks for what `calsync` can do finds all of it on one page."""
    group = main.commands["users"]
    assert isinstance(group, click.Group)
    rows = "\n".join(row for row in text_of(COMMANDS).splitlines() if row.startswith("| `"))

    assert [name for name in main.commands if f"`calsync {name}" not in rows] == []
    assert [name for name in group.commands if not re.search(rf"`(?:calsync users )?{name}\b", rows)] == []


LONGEST_README = 150
"""Lines that somebody reads who does not know yet whether they want it."""


def test_the_readme_is_short_and_leads_to_every_page() -> None:
    """What it does not say itself is one link away."""
    text = text_of(README)

    assert len(text.splitlines()) <= LONGEST_README
    assert [page.name for page in DOCS if f"(docs/{page.name})" not in text] == []


def test_the_readme_says_at_once_what_has_been_proven_where() -> None:
    """Beside the badges, before anything that is promised; the badge names the Pythons that are supported."""
    top = text_of(README).partition("\n\n")[2].partition("\n\n![")[0]
    oldest, newest = re.findall(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', text_of(ROOT / "pyproject.toml"))[0]

    assert "stand-ins" in top
    assert "worker library" in top
    assert "No live tenant has been reached yet." in top
    assert f"python-3.{oldest}_to_3.{int(newest) - 1}-" in top


def test_the_demo_has_the_steps_that_are_told() -> None:
    """The README says how many."""
    assert re.findall(r"(\d+) steps", text_of(README)) == [str(len(STEPS))]


def test_every_goal_of_make_is_in_its_help() -> None:
    """Those that can be called by name, each once, and no others."""
    text = text_of(ROOT / "Makefile")
    goals = re.findall(r"^\.PHONY: (.+)$", text, re.MULTILINE)[0].split()
    head = text.partition("\nPYTHON")[0]

    assert sorted(set(re.findall(r"\bmake ([a-z-]+)", head))) == sorted(goals)


def test_every_reason_explained_is_given() -> None:
    """What operating quotes from `calsync why` about people is what the code says."""
    page = text_of(ROOT / "docs" / "operate.md")
    reasons = re.findall(r"^\| `(?:… )?([^`…]+?)(?:, that of …)?` \|", page, re.MULTILINE)
    code = "".join(text_of(path) for room in ("sync_core", "jobs") for path in (ROOT / room).rglob("*.py"))

    assert len(reasons) > len(DO)
    assert [reason for reason in reasons if reason not in DO and reason not in code] == []


def test_every_reason_has_a_row_with_its_next_step() -> None:
    """Operating tells of each reason of the code what it means, and the step that `calsync` gives after "Do:"."""
    table = (
        text_of(ROOT / "docs" / "operate.md")
        .partition("## Reasons, each with the next step")[2]
        .partition("\n## ")[0]
    )
    rows = [[cell.strip() for cell in row.strip("|").split(" | ")] for row in table.splitlines() if row[:3] == "| `"]

    assert {reason.strip("`"): step for reason, _, step in rows} == dict(DO)
    assert [reason for reason, means, _ in rows if len(means) < 15] == []


def test_every_alert_is_explained() -> None:
    """Operating says of each alert what it means, and of no other."""
    alerts = {alert["name"]: alert["title"] for alert in module("alerts").variables["alerts"]}
    explained = dict(re.findall(r"^\*\*`([\w-]+)`: (.+?)\.\*\*", text_of(ROOT / "docs" / "operate.md"), re.MULTILINE))

    assert explained == {name: title.removeprefix("calsync: ") for name, title in alerts.items()}


def test_every_option_of_a_deployment_is_explained() -> None:
    """Each name of ours that only the deployment reads stands in the table of options."""
    table = set(re.findall(r"`(CALSYNC_\w+)`", text_of(ROOT / "docs" / "deploy.md")))

    assert {name for name in environment() if name.startswith("CALSYNC_")} <= table


def test_the_graph_permissions_are_named() -> None:
    """The page on permissions names exactly what the script grants (the module grants the same)."""
    page = text_of(ROOT / "docs" / "permissions.md")
    script = text_of(ROOT / "infra" / "scripts" / "grant-graph-roles.sh")
    granted = re.findall(r"\(([A-Z]\w+(?:\.\w+)+)=", script)

    assert sorted(granted) == ["Calendars.ReadWrite", "MailboxSettings.Read", "User.Read.All"]
    assert all(f"`{name}`" in page for name in granted)


def test_the_addresses_of_webhook_and_health_are_right() -> None:
    """Every address of the app that the docs give is a route."""
    routes = {f"/{trigger['route']}" for trigger in functions_with("httpTrigger").values()}
    named = {found for path in DOCS for found in re.findall(r"(/api/(?!v1\b)[\w/]+)", text_of(path))}

    assert {"/api/health", "/api/webhooks/erpnet"} <= named
    assert named <= routes
