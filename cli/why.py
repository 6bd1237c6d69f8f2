"""`calsync why`: what was decided about an item."""

from __future__ import annotations

import click

from cli.given import DAY, WORDS
from cli.group import command, main, upn_argument
from cli.runner import Runner
from cli.text import stories as text
from cli.wishes import ask


@command(
    main,
    examples=(
        'why anna@acme.com "Budget"',
        'why anna@acme.com "Budget" --on 2026-12-07 --limit 5',
        "why anna@acme.com AAMkAGI2T0A=",
    ),
)
@upn_argument
@click.argument("item", metavar="SUBJECT-OR-ID", type=WORDS)
@click.option(
    "--on",
    metavar="DATE",
    default=None,
    type=DAY,
    help="Only items of this day, in the person's own time, like 2026-12-07; also what was there before it moved.",
)
@click.option("--limit", type=click.IntRange(1, 5000), default=50, show_default=True, help="How many findings.")
def why(runner: Runner, upn: str, item: str, on: str | None, limit: int) -> None:
    """Explain what was decided about an item, and why.

    In the person's own time, with the values that lost and what helps.
    """
    ask(runner, "why", text.explained_lines, people=(upn,), item=item, on=on or "", limit=limit)
