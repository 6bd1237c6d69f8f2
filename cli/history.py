"""`calsync commands`: what the app was asked for, by whom, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.group import command, main
from cli.runner import DONE, Runner
from cli.text import history as text

if TYPE_CHECKING:
    from jobs.world import World


LONGEST = 60
"""The most characters of an id that are shown of one that is none."""


@command(main, examples=("commands", "commands --limit 100 --json", "commands 0abcdef-0123456789ab"))
@click.argument("command_id", metavar="ID", default="")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, help="How many, newest first.")
def commands(runner: Runner, command_id: str, limit: int) -> None:
    """Show what the app was asked for, and what became of it.

    With an ID, the answer too.
    """
    if command_id:
        runner.read(lambda world: _one(runner, world, command_id))
    runner.read(lambda world: _newest(runner, world, limit))


async def _newest(runner: Runner, world: World, limit: int) -> int:
    from jobs.commands import shapes

    users = await world.store.list_users()
    found = [shapes.command_of(one, users) for one in await world.store.list_commands(limit)]
    unreadable = len(await world.store.unreadable_commands(limit))
    lines = [text.asked_line(one) for one in found] or ([] if unreadable else ["Nothing was asked for yet."])
    runner.give({"commands": found, "unreadable": unreadable}, [*lines, *text.unreadable_lines(unreadable)])
    return DONE


async def _one(runner: Runner, world: World, command_id: str) -> int:
    from jobs.commands import shapes
    from jobs.commands.ask import look, read_answer
    from jobs.commands.mistakes import UnknownItem

    one = await look(world, command_id)
    if one is None:
        named = command_id if len(command_id) <= LONGEST else f"{command_id[: LONGEST - 1]}…"
        raise UnknownItem(f"no command has the id {named}: `calsync commands` lists the newest")
    answer, shown = await read_answer(world, one), shapes.command_of(one, await world.store.list_users())
    lines = [text.asked_line(shown), *text.answer_lines(one.wish.kind, answer)]
    runner.give({"command": shown, "answer": answer}, lines)
    return DONE
