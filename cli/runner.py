"""Runs a command: reads the settings, opens the world, prints output and notices, turns errors into exit codes.

Output goes to stdout, notices and progress go to stderr. Text from outside passes ``plain`` before it is printed.
A package is imported only when a command needs it: help opens no world, and a command without notices loads no rich.
"""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from rich.console import Console

    from adapters.settings import Settings
    from jobs.world import World

DONE, FAILED, WRONG = 0, 1, 2
"""The exit codes: done; at least one user or item failed; settings or arguments are wrong."""

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

    def run(
        self, work: Callable[[World], Awaitable[int]], *, is_examined: bool = False, is_agreed: bool = True
    ) -> NoReturn:
        """Open the world, do the work, exit with the code that the work returns.

        The world follows the company's policy, except when it is only examined or ``is_agreed`` is false.
        """
        import asyncio

        from adapters.settings import load
        from sync_core.errors import CalsyncError, SettingsInvalid

        try:
            code = asyncio.run(self._run(load(os.environ), work, is_examined, is_agreed))
        except SettingsInvalid as error:
            self._fail(WRONG, "The settings are not right:", error.mistakes)
        except CalsyncError as error:
            from jobs.commands.mistakes import OTHERWISE

            self._fail(WRONG if isinstance(error, OTHERWISE) else FAILED, str(error), [])
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

    def _fail(self, code: int, failure: str, mistakes: list[str]) -> NoReturn:
        for line in (failure, *(f"  {mistake}" for mistake in mistakes)):
            self.notice(line)
        if self.as_json:
            self.give({"failure": failure, "mistakes": mistakes}, ())
        sys.exit(code)
