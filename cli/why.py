"""`calsync why`: what was decided about an item."""

from __future__ import annotations

from typing import Any

import click

from cli.group import command, main
from cli.runner import Runner
from cli.text import stories as text
from cli.wishes import ask


# 5 parameters: click hands over each option by itself.
@command(
    main,
    examples=(
        'why anna@acme.com "Budget"',
        'why anna@acme.com "Budget" --on 2026-12-07 --limit 5',
        "why anna@acme.com AAMkAGI2T0A=",
    ),
)
@click.argument("upn")
@click.argument("item", metavar="SUBJECT-OR-ID")
@click.option(
    "--on",
    metavar="DATE",
    default=None,
    type=click.DateTime(["%Y-%m-%d"]),
    help="Only items of this day, in the person's own time, like 2026-12-07.",
)
@click.option("--limit", type=click.IntRange(1, 5000), default=50, show_default=True, help="How many findings.")
def why(runner: Runner, upn: str, item: str, on: Any, limit: int) -> None:
    """Explain what was decided about an item, in the person's own time, with the values that lost and what helps."""
    day = on.date().isoformat() if on else ""
    ask(runner, "why", text.explained_lines, people=(upn,), item=item, on=day, limit=limit)
