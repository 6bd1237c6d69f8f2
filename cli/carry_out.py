"""Has wishes carried out: by the app, which is asked and waited for, or here, by the very same functions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from cli.runner import FAILED, HERE, WRONG, Runner
from jobs.command import Json, State, merged
from jobs.commands.shapes import one_each
from jobs.wish import Wish, check

if TYPE_CHECKING:
    from cli.stopping import Stop
    from jobs.commands.kinds import Part
    from jobs.world import World

Find = Callable[["World"], Awaitable["list[Wish]"]]
"""What is wished for, once the tables can be read."""

Finish = Callable[[Json, bool], int]
"""Prints an answer, and returns the exit code for one that is fine or not."""


async def ask_app(runner: Runner, find: Find, finish: Finish, stop: Stop) -> int:
    """Ask the app, wait, and print the answers as one."""
    from adapters.settings import load_asking
    from adapters.wiring import open_desk, who_asks
    from cli.ask import ask_and_wait

    settings = load_asking(runner.environ)
    answers: list[Json] = []
    is_fine = True
    async with open_desk(settings) as desk:
        by = await who_asks(settings)
        for wish in await find(desk):
            command, answer = await ask_and_wait(desk, wish, by, runner, stop)
            if command.state is not State.DONE:
                return runner.fail(WRONG if command.state is State.REFUSED else FAILED, command.failure)
            answers.append(answer)
            is_fine &= command.is_fine
    return finish(one_each(merged(answers)), is_fine)


async def do_here(runner: Runner, world: World, find: Find, finish: Finish) -> int:
    """Do it in this process, item by item as the app does, and print the answers as one."""
    parts: list[Part] = []
    for wish in await find(world):
        check(wish)
        if wish.calls:
            runner.notice(HERE)
        parts += await _carry_out(runner, world, wish)
    return finish(one_each(merged([part for part, _ in parts])), all(is_fine for _, is_fine in parts))


async def _carry_out(runner: Runner, world: World, wish: Wish) -> list[Part]:
    from cli.text.words import OPENINGS as SAID
    from jobs.command import Turn, new_id
    from jobs.commands.kinds import KINDS
    from jobs.commands.turns import in_turn
    from jobs.waiting import erp_session
    from jobs.wish import OPENINGS, Kind, named

    now = world.store.service_now()
    turn = Turn(now, new_id(now), named(wish))
    items = await KINDS[wish.kind].items(world, wish)
    openings = OPENINGS.get(wish.kind, ())
    total = len(items) - len(openings)
    parts: list[Part] = []
    async with AsyncExitStack() as opened:
        if wish.kind is Kind.SYNC:  # each of its items calls ERP.net, whose session nobody else gets in between
            await opened.enter_async_context(erp_session(world, runner.notice))
        begins_with = SAID[openings[0]] if openings else "working"
        step = opened.enter_context(runner.progress(total, begins_with)) if len(items) > 1 else None
        for number, item in enumerate(items, 1 - len(openings)):
            is_counted = number > 0
            runner.detail(f"{wish.kind}, {f'{number} of {total}' if is_counted else SAID[openings[number - 1]]}")
            parts += [part async for part in in_turn(world, turn, wish, item, runner.notice)]
            if step is not None and is_counted:
                step(f"{number} of {total}")
    return parts
