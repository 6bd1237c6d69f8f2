"""`calsync demo`: what calsync does, shown against stand-ins."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cli.group import command, main
from cli.leaving import as_python_does
from cli.runner import Runner


@command(main, examples=("demo", "demo --ics calendar.ics", "demo --step 3 --pause"))
@click.option(
    "--ics",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A calendar export (.ics) of any program.",
)
@click.option("--pause", "is_paused", is_flag=True, help="Wait for Enter between the steps.")
@click.option("--step", metavar="N", type=click.IntRange(1), default=None, help="Show only this step.")
def demo(_: Runner, ics: Path | None, is_paused: bool, step: int | None) -> None:
    """Show what calsync does, against stand-ins.

    One person's calendar is synced; no settings are needed.
    """
    from simulators import demo

    with as_python_does():  # what it starts has to be ended
        sys.exit(demo.main(main, ics, step=step or 0, is_paused=is_paused))
