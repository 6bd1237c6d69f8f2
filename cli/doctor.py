"""`calsync doctor`: whether everything is there that is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli.group import command, main
from cli.runner import DONE, FAILED, Runner
from cli.text import checks as text
from cli.wishes import ask

if TYPE_CHECKING:
    from jobs.world import World

Json = dict[str, Any]


@command(main, examples=("doctor", "doctor --repair"))
@click.option("--repair", is_flag=True, help="Create and grant in ERP.net what is missing.")
def doctor(runner: Runner, repair: bool) -> None:
    """Check every requirement and permission, for the app and for each user; a failed check names the remedy."""

    if runner.is_here:
        runner.run(lambda world: _examine(runner, world, repair), is_examined=True)
    ask(runner, "grant" if repair else "doctor", text.doctor_lines, repair=repair)


async def _examine(runner: Runner, world: World, repair: bool) -> int:
    """Print each check as soon as it is made."""
    from adapters.settings import load
    from jobs.commands import shapes
    from jobs.commands.doctor import examine

    checks: list[Json] = [
        {"fine": False, "what": "Settings", "text": warning} for warning in load(runner.environ).warnings
    ]
    runner.say(text.check_line({"fine": True, "what": "Settings", "text": "complete"}))
    runner.say(*map(text.check_line, checks))
    async for check in examine(world, repair=repair, notice=runner.notice):
        checks.append(shapes.check_of(check))
        runner.say(text.check_line(checks[-1]))
    is_fine = all(check["fine"] for check in checks)
    runner.say(text.verdict_line(checks))
    runner.give({"fine": is_fine, "checks": checks}, ())
    return DONE if is_fine else FAILED
