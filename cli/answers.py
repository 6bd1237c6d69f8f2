"""`calsync approve`, `resolve`, `undo` and `unlink`: what a person answers, takes back and takes apart."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from cli.given import WORDS
from cli.group import command, confirm, main, upn_argument, yes_option
from cli.runner import DONE, Runner
from cli.text import answers as text
from cli.text.holds import hold_lines
from cli.text.rounds import sync_lines
from cli.wishes import ask

if TYPE_CHECKING:
    from jobs.world import World


@command(main, examples=("approve 1f2e3d4c --show", "approve 1f2e3d4c", "approve 1f2e3d4c --drop --yes"))
@click.argument("choice_id", metavar="ID")
@click.option("--drop", is_flag=True, help="Say no: both sides stay as they are.")
@click.option("--show", is_flag=True, help="Only show the list, and what a yes and a no lead to.")
@yes_option
def approve(runner: Runner, choice_id: str, drop: bool, show: bool, yes: bool) -> None:
    """Carry out or drop the list that waits under an id.

    `sync` and `status --user` show what waits; exactly that is carried out.
    """
    if show:
        runner.read(lambda world: _show_choice(runner, world, choice_id))
    what = "Say no for good to" if drop else "Carry out"
    confirm(f"{what} what waits as {choice_id}? `calsync approve {choice_id} --show` lists it.", yes)
    ask(runner, "approve", sync_lines, item=choice_id, choice="drop" if drop else "approve")


async def _show_choice(runner: Runner, world: World, choice_id: str) -> int:
    from jobs.approvals import find_choice
    from jobs.commands import item_shapes

    user, choice = await find_choice(world, choice_id)
    held = item_shapes.hold_of(choice, user)
    runner.give({"hold": held}, [f"Times are those of {held['zone']}.", *hold_lines(held, most=None)])
    return DONE


@command(
    main, examples=("resolve 1f2e3d4c --keep outlook", "resolve 1f2e3d4c --field subject=outlook --field start=erp")
)
@click.argument("conflict_id", metavar="ID")
@click.option("--keep", type=click.Choice(["outlook", "erp"]), help="Whose values stay.")
@click.option(
    "--field", "fields", metavar="FIELD=SIDE", multiple=True, help="One field's side, like subject=outlook."
)
def resolve(runner: Runner, conflict_id: str, keep: str | None, fields: tuple[str, ...]) -> None:
    """Resolve a conflict: one side's values, or field by field.

    `conflicts` shows the ids.
    """
    if bool(keep) == bool(fields):
        raise click.UsageError("say either --keep outlook or --keep erp, or --field for each field")
    chosen = dict(field.partition("=")[::2] for field in fields)
    ask(runner, "resolve", text.resolved_lines, item=conflict_id, choice=keep or "fields", fields=chosen)


@command(main, examples=("undo 20261207T101500-ab12 --show", "undo 20261207T101500-ab12"))
@click.argument("round_id", metavar="ROUND")
@click.option("--show", is_flag=True, help="Only show what would be put back, and what would not.")
@click.option("--remake", is_flag=True, help="Also make anew in Outlook what the round deleted; nobody is mailed.")
@yes_option
def undo(runner: Runner, round_id: str, show: bool, remake: bool, yes: bool) -> None:
    """Put back what a round wrote.

    `journal` shows the rounds; what was edited since stays.
    """
    if not show:
        confirm(f"Put back what round {round_id} wrote? `calsync undo {round_id} --show` lists it.", yes)
    lines = partial(text.undo_lines, remakes=remake)
    ask(runner, "undo", lines, item=round_id, choice="show" if show else "remake" if remake else "")


@command(main, examples=("unlink anna@acme.com 7f0c1d52-8a7e-4b1e-9d1c-1f2e3d4c5b6a",))
@upn_argument
@click.argument("item", metavar="ID", type=WORDS)
@yes_option
def unlink(runner: Runner, upn: str, item: str, yes: bool) -> None:
    """Take an event and its activity apart.

    Both stay as they are and are not synced any more.
    """
    confirm(f"Take {item} of {upn} apart? `calsync why {upn} {item}` tells how it stands.", yes)
    ask(runner, "unlink", text.unlinked_lines, people=(upn,), item=item)
