"""The docs speak only of what exists: settings, commands and their options, files, alerts."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from adapters.settings import ROWS
from cli import main
from tests.infra.bicep import read
from tests.infra.house import MAIN, ROOT, delivered, environment, functions_with, module

DOCS = sorted((ROOT / "docs").glob("*.md"))

CALL = re.compile(r"\bcalsync ((?!is\b|on\b|state\b)[a-z]+(?: (?:list|enable|disable|forget)\b)?)([^`\n]*)")


def text_of(path: Path) -> str:
    """The page."""
    return path.read_text(encoding="utf-8")


def code_in(path: Path) -> list[str]:
    """Everything a page sets as code: spans and blocks."""
    text = text_of(path)
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()] + re.findall(r"`([^`\n]+)`", text)


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_setting_named_exists(path: Path) -> None:
    """A name in capitals is a setting, something a deployment reads or gives back, or a stand-in."""
    known = {row.name for row in ROWS} | set(environment()) | set(delivered()) | set(read(MAIN).outputs)

    assert names_in(path) - known == set()


def test_the_pages_name_settings() -> None:
    """The check above has something to look at."""
    assert len(set().union(*map(names_in, DOCS))) > 10


def names_in(path: Path) -> set[str]:
    """The names in capitals on a page."""
    return set(re.findall(r"\b[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+\b|\bAzureWebJobs\w+", text_of(path)))


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
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


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_every_file_and_heading_named_exists(path: Path) -> None:
    """Links lead to pages and headings that are there, and so do paths into ``infra``."""
    for target, heading in re.findall(r"\]\((\w+\.md)(?:#([\w-]+))?\)", text_of(path)):
        headings = re.findall(r"^#+ (.+)$", text_of(path.parent / target), re.MULTILINE)

        assert not heading or heading in [_anchor(line) for line in headings], (target, heading)
    for named in re.findall(r"\binfra/[\w./-]+\w", text_of(path)):
        assert (ROOT / named).exists(), named


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


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
    routes = {f"/api/{trigger['route']}" for trigger in functions_with("httpTrigger").values()}
    named = {found for path in DOCS for found in re.findall(r"(/api/[\w/]+)", text_of(path))}

    assert {"/api/health", "/api/webhooks/erpnet"} <= named
    assert named <= routes
