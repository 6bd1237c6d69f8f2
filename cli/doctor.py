"""`calsync doctor`: whether everything is there that is needed, of the operator's own and of the app's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli.group import command, main
from cli.runner import DONE, FAILED, Runner
from cli.text import checks as text

if TYPE_CHECKING:
    from cli.stopping import Stop
    from jobs.wish import Wish
    from jobs.world import World

Json = dict[str, Any]

THE_APP = "The app"

BEGIN_WITHIN = 60.0
"""Seconds in which a running app begins on what it is asked."""


@command(main, examples=("doctor", "doctor --repair", "doctor --json"))
@click.option("--repair", is_flag=True, help="Create and grant in ERP.net what is missing.")
def doctor(runner: Runner, repair: bool) -> None:
    """Check every requirement and permission.

    Yours, the app's and each user's; a failed check names the remedy.
    """
    if runner.is_here:
        runner.run(lambda world: _examine(runner, world, repair), is_examined=True)
    runner.leave(lambda stop: _ask(runner, repair, stop))


def _wish(repair: bool) -> Wish:
    from jobs.wish import Kind, Wish

    return Wish(Kind.GRANT if repair else Kind.DOCTOR, repair=repair)


async def _examine(runner: Runner, world: World, repair: bool) -> int:
    """In this process, by the app's own function; each check is printed as soon as it is made."""
    from jobs.commands.kinds import KINDS

    wish, checks = _wish(repair), list[Json]()
    async for part, _ in KINDS[wish.kind].do(world, wish, "", runner.notice):
        runner.say(*text.part_lines(part["checks"], checks))
        checks += part["checks"]
    runner.say(text.verdict_line(checks))
    runner.give({"fine": _is_fine(checks), "checks": checks}, ())
    return DONE if _is_fine(checks) else FAILED


async def _ask(runner: Runner, repair: bool, stop: Stop) -> int:
    """What this machine needs in order to ask, and what the app says of itself."""
    own, app = list[Json](), list[Json]()
    await _find(runner, repair, stop, own, app)
    checks = [*({**one, "of": "you"} for one in own), *({**one, "of": "app"} for one in app)]
    runner.give({"fine": _is_fine(checks), "checks": checks}, text.both_lines(own, app))
    return DONE if _is_fine(checks) else FAILED


async def _find(runner: Runner, repair: bool, stop: Stop, own: list[Json], app: list[Json]) -> None:
    from adapters.settings import load_asking
    from adapters.wiring import open_desk, who_asks
    from cli.ask import AppSilent, ask_and_wait
    from jobs.command import State
    from sync_core.errors import StoreUnavailable

    settings = load_asking(runner.environ)
    own.append(_check("Settings", "complete for asking the app"))
    asked_for, checks = "Sign-in", own
    try:
        by = await who_asks(settings)
        own.append(_check(asked_for, f"as {by.name or by.id}"))
        asked_for = "State tables"
        async with open_desk(settings) as desk:
            own.append(_check(asked_for, "may be read and written"))
            asked_for = "Queue"
            await desk.queue.count()
            own.append(_check(asked_for, "may be used"))
            asked_for, checks = THE_APP, app
            stop.begin_within = BEGIN_WITHIN
            command, answer = await ask_and_wait(desk, _wish(repair), by, runner, stop)
            app += answer.get("checks", [])
            if command.state is not State.DONE:
                app.append(_check(asked_for, command.failure, fine=False))
    except (AppSilent, StoreUnavailable) as error:
        checks.append(_check(asked_for, str(error), fine=False))
        if checks is own:
            app.append(_check(THE_APP, text.NOT_ASKED, fine=False))


def _check(what: str, words: str, *, fine: bool = True) -> Json:
    return {"what": what, "fine": fine, "grade": "passed" if fine else "failed", "text": words, "part": ""}


def _is_fine(checks: list[Json]) -> bool:
    return all(check["fine"] for check in checks)
