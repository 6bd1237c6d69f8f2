"""Runs a command: settings, world, notices, progress, and what an error means for the exit code.

What a command does not need is not imported: the world for help, rich where there is nothing to say on the way.
Answers go to stdout, everything said on the way to stderr. Whatever comes from outside passes ``plain`` first.
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
"""Format characters without which scripts and emoji fall apart; the others can turn a line round."""


def plain(text: str) -> str:
    """Text that cannot do anything to a terminal: one line, no control or direction characters, no half ones."""
    return "".join(" " if char in "\t\r\n" else char if _is_harmless(char) else "\ufffd" for char in text)


def _is_harmless(char: str) -> bool:
    return char in JOINERS or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


class Stage:
    """Where one command plays; click hands it to the command as its object."""

    def __init__(self) -> None:
        self.as_json = False

    @cached_property
    def _err(self) -> Console:
        from rich.console import Console

        return Console(stderr=True)

    def say(self, *lines: str) -> None:
        """Lines of the answer for people; nothing where a machine listens."""
        if not self.as_json:
            for line in lines:
                click.echo(line)

    def print(self, answer: dict[str, Any]) -> None:
        """An answer that is JSON for people, too (ASCII, so that nothing can happen on the way)."""
        click.echo(json.dumps(answer, indent=2))

    def give(self, answer: dict[str, Any], lines: Iterable[str]) -> None:
        """The answer: JSON on stdout where it was asked for, else the lines."""
        if self.as_json:
            self.print(answer)
        else:
            self.say(*lines)

    def notice(self, text: str) -> None:
        """Something said on the way."""
        from rich.text import Text

        self._err.print(Text(plain(text)), soft_wrap=True)

    @contextmanager
    def progress(self, total: int) -> Iterator[Callable[[str], None]]:
        """A bar on a terminal, nothing elsewhere; call what it yields with the name of each part done."""
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
        """Open the world, do the work, leave with its exit code.

        Unless it is only examined, or not to be ``is_agreed``, the world is under the company's policy.
        """
        import asyncio

        from adapters.settings import load
        from sync_core.errors import CalsyncError, SettingsInvalid

        try:
            code = asyncio.run(self._play(load(os.environ), work, is_examined, is_agreed))
        except SettingsInvalid as error:
            self._fail(WRONG, "The settings are not right:", error.mistakes)
        except CalsyncError as error:
            from cli.errors import ARGUMENTS

            self._fail(WRONG if isinstance(error, ARGUMENTS) else FAILED, str(error), [])
        sys.exit(code)

    async def _play(
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
