"""`calsync why`: what was decided about an item."""

from __future__ import annotations

import click

from cli.group import command, main
from cli.runner import Runner
from cli.text import stories as text
from cli.wishes import ask


@command(main, examples=('why anna@acme.com "Budget"',))
@click.argument("upn")
@click.argument("item", metavar="SUBJECT-OR-ID")
def why(runner: Runner, upn: str, item: str) -> None:
    """Explain what was decided about an item, with the values that lost."""
    ask(runner, "why", text.explained_lines, people=(upn,), item=item)
