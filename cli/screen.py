"""What a command prints: its output to stdout, notices and progress to stderr.

Text from outside passes ``plain`` before it is printed. A command without notices loads no rich.
"""

from __future__ import annotations

import json
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

JOINERS = frozenset("\u200c\u200d")
"""The format characters that scripts and emoji need; every other one can change a line's direction."""


def plain(text: str) -> str:
    """Make a text safe for a terminal: one line, no control or direction characters, no lone surrogates."""
    if text.isprintable():
        return text
    return "".join(" " if char in "\t\r\n" else char if _is_harmless(char) else "\ufffd" for char in text)


def _is_harmless(char: str) -> bool:
    return char in JOINERS or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


class Screen:
    """Where a command prints. ``as_json``: the output as JSON; ``is_verbose``: each step is told with its time."""

    def __init__(self) -> None:
        self.as_json = False
        self.is_verbose = False
        self._begun = time.monotonic()

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
        """Print a notice to stderr; above the bar, where there is one."""
        if "_err" not in vars(self):
            click.echo(plain(text), err=True)
            return
        from rich.text import Text

        self._err.print(Text(plain(text)), soft_wrap=True)

    def detail(self, text: str) -> None:
        """With ``--verbose`` print a step to stderr, with the seconds since the command began."""
        if self.is_verbose:
            click.echo(f"{time.monotonic() - self._begun:6.2f} s  {plain(text)}", err=True)

    @contextmanager
    def progress(self, total: int, begins_with: str = "working") -> Iterator[Callable[[str], None]]:
        """Show a progress bar if stderr is a terminal. Call what this yields with the name of each finished item;
        before the first, it says what it ``begins_with``."""
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
            task = bar.add_task(begins_with, total=total)
            yield lambda name: bar.update(task, advance=1, description=plain(name))
