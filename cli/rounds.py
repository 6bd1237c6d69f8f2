"""`calsync sync`, `preview` and `retry`: what rounds do now, or would do."""

from __future__ import annotations

from typing import TextIO

import click

from cli import group
from cli.group import NOBODY, all_option, command, file_option, main, user_option
from cli.runner import Runner
from cli.text import rounds as text
from cli.wishes import ask


# 6 parameters: click hands over each option by itself.
@command(main, examples=("sync", "sync --user anna@acme.com --full", "sync --file sales.txt --dry-run"))
@user_option
@file_option
@all_option
@click.option("--full", is_flag=True, help="Read both sides whole.")
@click.option("--dry-run", is_flag=True, help="Show the plan and write nothing, like `preview`.")
def sync(
    runner: Runner, upns: tuple[str, ...], named: TextIO | None, everybody: bool, full: bool, dry_run: bool
) -> None:
    """Sync each user who is switched on, or the named ones, now.

    One pull, then rounds until all is done.
    """
    people = group.people(upns, named, everybody, needed=False)
    ask(runner, "preview" if dry_run else "sync", text.sync_lines, empty=NOBODY, people=people, full=full)


# 6 parameters: click hands over each option by itself.
@command(main, examples=("preview", "preview --user anna@acme.com --json", "preview --series"))
@user_option
@file_option
@all_option
@click.option("--full", is_flag=True, help="As if both sides were read whole.")
@click.option("--series", is_flag=True, help="As if recurring meetings were synced (SYNC_SERIES=window).")
def preview(
    runner: Runner, upns: tuple[str, ...], named: TextIO | None, everybody: bool, full: bool, series: bool
) -> None:
    """Show what a sync would do now, and write nothing.

    The mails that it would cause are counted.
    """
    people, choice = group.people(upns, named, everybody, needed=False), "series" if series else ""
    ask(runner, "preview", text.sync_lines, empty=NOBODY, people=people, full=full, choice=choice)


@command(main, examples=("retry --user anna@acme.com", "retry --user anna@acme.com --item ID", "retry --all"))
@user_option
@file_option
@all_option
@click.option("--item", metavar="ID", default="", help="Only this event or activity, parked or unlinked.")
def retry(runner: Runner, upns: tuple[str, ...], named: TextIO | None, everybody: bool, item: str) -> None:
    """Un-park every parked item; the next sync looks at it again."""
    people = group.people(upns, named, everybody, needed=False)
    if item and not people:
        raise click.UsageError("--item goes with --user: say whose item it is")
    ask(runner, "retry", text.retried_lines, empty=NOBODY, people=people, item=item)
