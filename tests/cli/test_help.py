"""Help: every command says what it does, with examples that hold."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from cli import main


def commands(group: click.Group, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command, with the words that call it."""
    for name, one in group.commands.items():
        if isinstance(one, click.Group):
            yield from commands(one, (*words, name))
        else:
            yield (*words, name), one


ALL = dict(commands(main))


def test_all_commands_are_found() -> None:
    """The tests below have something to look at."""
    assert len(ALL) > 20


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_help_has_examples_that_hold(words: tuple[str, ...]) -> None:
    """Each example is a line that this very command takes."""
    shown = CliRunner().invoke(main, [*words, "--help"]).output
    examples = [line.strip() for line in shown.partition("Examples:\n")[2].splitlines() if line.strip()]

    assert examples
    for example in examples:
        typed = shlex.split(example.partition(" > ")[0].partition(" < ")[0])
        assert typed[: len(words) + 1] == ["calsync", *words]
        known = {option for param in ALL[words].params for option in param.opts}
        assert {word for word in typed if word.startswith("--")} <= known, example
        arguments = [param for param in ALL[words].params if isinstance(param, click.Argument) and param.required]
        assert len([word for word in typed[len(words) + 1 :] if word == "-" or word[0] != "-"]) >= len(arguments), (
            example
        )


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_command_takes_what_all_take(words: tuple[str, ...]) -> None:
    """Each word of the page of commands about all of them is true of this one."""
    options = {option for param in ALL[words].params for option in param.opts}

    assert {"--json", "--here", "-v", "--verbose", "--env-file", "--profile"} <= options


def test_the_version_is_told() -> None:
    """In one line."""
    shown = CliRunner().invoke(main, ["--version"])

    assert (shown.exit_code, len(shown.output.splitlines())) == (0, 1)


def test_completion_is_told() -> None:
    """In the help of the whole, and it works."""
    assert "_CALSYNC_COMPLETE=bash_source" in CliRunner().invoke(main, ["--help"]).output
    env = {"_CALSYNC_COMPLETE": "bash_complete", "COMP_WORDS": "calsync us", "COMP_CWORD": "1"}
    assert CliRunner(env=env).invoke(main, [], prog_name="calsync").output == "plain,users\n"


@pytest.mark.parametrize("group", [(), ("users",)], ids=["calsync", "users"])
def test_the_list_of_commands_is_cut_nowhere(group: tuple[str, ...]) -> None:
    """On a terminal of 80 columns each says in whole words what it does."""
    shown = CliRunner().invoke(main, [*group, "--help"], terminal_width=80).output
    listed = shown.partition("Commands:\n")[2].partition("\n\n")[0]

    assert len(listed.splitlines()) > 5
    assert [line for line in listed.splitlines() if not line.endswith(".") or line.endswith("...")] == []
    assert max(map(len, shown.splitlines())) <= 80
