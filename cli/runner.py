"""Runs a command: reads the settings, opens the world, prints output and notices, turns errors into exit codes.

Output goes to stdout, notices and progress go to stderr. Text from outside passes ``plain`` before it is printed.
A package is imported only when a command needs it: help opens no world, and a command without notices loads no rich.
"""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from rich.console import Console

    from adapters.settings import Settings
    from jobs.asked import Json, Wish
    from jobs.world import World

Lines = Callable[["Json"], Iterable[str]]
Wishes = Callable[["World"], Awaitable["list[Wish]"]]

DONE, FAILED, WRONG, STOPPED = 0, 1, 2, 130
"""The exit codes: done; at least one user or item failed; settings or arguments are wrong; stopped by Ctrl-C."""

JOINERS = frozenset("\u200c\u200d")
"""The format characters that scripts and emoji need; every other one can change a line's direction."""


def plain(text: str) -> str:
    """Make a text safe for a terminal: one line, no control or direction characters, no lone surrogates."""
    return "".join(" " if char in "\t\r\n" else char if _is_harmless(char) else "\ufffd" for char in text)


def _is_harmless(char: str) -> bool:
    return char in JOINERS or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


class Runner:
    """Runs one command and prints its output; click passes it to the command as its context object."""

    def __init__(self) -> None:
        self.as_json = False
        self.is_here = os.environ.get("CALSYNC_HERE", "") not in ("", "0")

    @cached_property
    def _err(self) -> Console:
        from rich.console import Console

        return Console(stderr=True)

    def say(self, *lines: str) -> None:
        """Print lines of the output for people; with ``--json`` print nothing."""
        if not self.as_json:
            for line in lines:
                click.echo(line)

    def print(self, output: dict[str, Any]) -> None:
        """Print the output as JSON with or without ``--json`` (in ASCII, which no pipe can garble)."""
        click.echo(json.dumps(output, indent=2))

    def give(self, output: dict[str, Any], lines: Iterable[str]) -> None:
        """Print a command's output: as JSON with ``--json``, else the lines."""
        if self.as_json:
            self.print(output)
        else:
            self.say(*lines)

    def notice(self, text: str) -> None:
        """Print a notice to stderr."""
        from rich.text import Text

        self._err.print(Text(plain(text)), soft_wrap=True)

    @contextmanager
    def progress(self, total: int) -> Iterator[Callable[[str], None]]:
        """Show a progress bar if stderr is a terminal. Call what this yields with the name of each finished part."""
        if not self._err.is_terminal:
            yield lambda _: None
            return
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
        )

        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._err, transient=True) as bar:
            task = bar.add_task("syncing", total=total)
            yield lambda name: bar.update(task, advance=1, description=plain(name))

    def ask(self, kind: str, lines: Lines, *, empty: Sequence[str] = (), **details: Any) -> NoReturn:
        """Have a wish carried out, by the app or here; print its answer in ``lines``, or ``empty`` for one with none.

        ``kind`` and ``details`` are those of a ``Wish``.
        """

        async def find(_: World) -> list[Wish]:
            from jobs.asked import Kind, Wish

            return [Wish(Kind(kind), **details)]

        self.ask_each(find, lines, empty=empty)

    def ask_each(self, find: Wishes, lines: Lines, *, empty: Sequence[str] = ()) -> NoReturn:
        """Have several wishes carried out, one after the other; their answers are printed as one."""
        if self.is_here:
            self.run(lambda world: self._do_here(world, find, lines, empty))
        self._leave(lambda: self._ask(find, lines, empty))

    async def _do_here(self, world: World, find: Wishes, lines: Lines, empty: Sequence[str]) -> int:
        from jobs.asked import check, merged
        from jobs.commands.kinds import KINDS

        parts: list[tuple[Json, bool]] = []
        for wish in await find(world):
            check(wish)
            for item in await KINDS[wish.kind].items(world, wish):
                parts += [part async for part in KINDS[wish.kind].do(world, wish, item, self.notice)]
        answer = merged([part for part, _ in parts])
        self.give(answer, [*lines(answer)] or empty)
        return DONE if all(is_fine for _, is_fine in parts) else FAILED

    async def _ask(self, find: Wishes, lines: Lines, empty: Sequence[str]) -> int:
        from adapters.settings import load_asking
        from adapters.wiring import open_desk, who_asks
        from cli.asking import ask_and_wait
        from jobs.asked import State, merged

        settings = load_asking(os.environ)
        answers: list[Json] = []
        is_fine = True
        async with open_desk(settings) as desk:
            by = await who_asks(settings)
            for wish in await find(desk):
                command, answer = await ask_and_wait(desk, wish, by, self.notice, self.progress)
                if command.state is not State.DONE:
                    return self._fail(WRONG if command.state is State.REFUSED else FAILED, command.failure, [])
                answers.append(answer)
                is_fine &= command.is_fine
        whole = merged(answers)
        self.give(whole, [*lines(whole)] or empty)
        return DONE if is_fine else FAILED

    def read(self, work: Callable[[World], Awaitable[int]]) -> NoReturn:
        """Do work that reads the tables only, and exit with the code that it returns."""
        if self.is_here:
            self.run(work)
        self._leave(lambda: self._read(work))

    async def _read(self, work: Callable[[World], Awaitable[int]]) -> int:
        from adapters.settings import load_asking
        from adapters.wiring import open_desk

        async with open_desk(load_asking(os.environ)) as desk:
            return await work(desk)

    def run(
        self, work: Callable[[World], Awaitable[int]], *, is_examined: bool = False, is_agreed: bool = True
    ) -> NoReturn:
        """Open the world, do the work, exit with the code that the work returns.

        The world follows the company's policy, except when it is only examined or ``is_agreed`` is false.
        """
        from adapters.settings import load

        self._leave(lambda: self._run(load(os.environ), work, is_examined, is_agreed))

    def _leave(self, work: Callable[[], Coroutine[Any, Any, int]]) -> NoReturn:
        """Exit with the code that the work returns, or with that of its error."""
        import asyncio
        import logging

        from sync_core.errors import CalsyncError, SettingsInvalid

        logging.getLogger("azure").addHandler(logging.NullHandler())  # its warnings are not for people
        try:
            code = asyncio.run(work())
        except SettingsInvalid as error:
            code = self._fail(WRONG, "The settings are not right:", error.mistakes)
        except CalsyncError as error:
            from jobs.commands.mistakes import OTHERWISE

            code = self._fail(WRONG if isinstance(error, OTHERWISE) else FAILED, str(error), [])
        except KeyboardInterrupt:
            code = STOPPED
        sys.exit(code)

    async def _run(
        self, settings: Settings, work: Callable[[World], Awaitable[int]], is_examined: bool, is_agreed: bool
    ) -> int:
        from adapters.wiring import open_world
        from jobs.company import agreed
        from jobs.refusal import judged
        from sync_core.errors import AccessRefused

        async with open_world(settings, is_examined=is_examined) as world:
            try:
                return await work(await agreed(world, self.notice) if is_agreed and not is_examined else world)
            except AccessRefused as error:
                raise await judged(world, error) from error

    def _fail(self, code: int, failure: str, mistakes: list[str]) -> int:
        for line in (failure, *(f"  {mistake}" for mistake in mistakes)):
            self.notice(line)
        if self.as_json:
            self.give({"failure": failure, "mistakes": mistakes}, ())
        return code
