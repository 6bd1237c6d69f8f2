"""What commands wish for: carried out by the app or in this process, and answered in the same words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, NoReturn

from cli.runner import DONE, FAILED, Runner

if TYPE_CHECKING:
    from jobs.command import Json
    from jobs.wish import Wish
    from jobs.world import World

Lines = Callable[["Json"], Iterable[str]]
Wishes = Callable[["World"], Awaitable["list[Wish]"]]


def ask(runner: Runner, kind: str, lines: Lines, *, empty: str = "", **details: Any) -> NoReturn:
    """Have a wish carried out, by the app or here; print its answer in ``lines``, or say that it is ``empty``.

    ``kind`` and ``details`` are those of a ``Wish``.
    """

    async def find(_: World) -> list[Wish]:
        from jobs.wish import Kind, Wish

        return [Wish(Kind(kind), **details)]

    ask_each(runner, find, lines, empty=empty)


def ask_each(runner: Runner, find: Wishes, lines: Lines, *, empty: str = "") -> NoReturn:
    """Have several wishes carried out, one after the other; their answers are printed as one."""
    from cli.carry_out import ask_app, do_here

    def finish(answer: Json, is_fine: bool) -> int:
        written = [*lines(answer)]
        if empty and not written and runner.as_json:
            runner.notice(empty)
        runner.give(answer, written or filter(None, (empty,)))
        return DONE if is_fine else FAILED

    if runner.is_here:
        runner.run(lambda world: do_here(runner, world, find, finish))
    runner.leave(lambda stop: ask_app(runner, find, finish, stop))
