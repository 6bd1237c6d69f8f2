"""`calsync pause` and `resume`: no round runs meanwhile, and nothing is lost."""

from __future__ import annotations

from typing import TextIO

import click

from cli import group
from cli.given import DAY
from cli.group import all_option, command, file_option, main, user_option
from cli.runner import Runner
from cli.text import people as text
from cli.wishes import ask


@command(main, examples=("pause --user anna@acme.com --until 2026-12-07", "pause --all"))
@user_option
@file_option
@all_option
@click.option(
    "--until", metavar="DATE", type=DAY, default=None, help="The first day after the pause, like 2026-12-07."
)
def pause(runner: Runner, upns: tuple[str, ...], named: TextIO | None, everybody: bool, until: str | None) -> None:
    """Pause the sync of users, or of everybody.

    What changes meanwhile waits.
    """
    people = group.people(upns, named, everybody)
    ask(runner, "pause", text.paused_lines, people=people, everybody=everybody, until=until or "")


@command(main, examples=("resume --user anna@acme.com", "resume --all"))
@user_option
@file_option
@all_option
def resume(runner: Runner, upns: tuple[str, ...], named: TextIO | None, everybody: bool) -> None:
    """End a pause; what waited is synced now."""
    people = group.people(upns, named, everybody)
    ask(runner, "resume", text.paused_lines, people=people, everybody=everybody)
