"""What is given on the command line: names, days and files, and what is said of those that cannot be used."""

from __future__ import annotations

import sys
from datetime import date
from typing import TYPE_CHECKING, Any, TextIO

import click

if TYPE_CHECKING:
    Converted = click.ParamType[str]
else:
    Converted = click.ParamType  # older ones are not generic

LARGEST = 8_000_000
"""The most characters of a file that is read: 10,000 people with all that is known of them are a quarter of it."""


class Upn(Converted):
    """Somebody's name, without the blanks round it; '' would be nobody, or everybody."""

    name = "upn"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name. Raises ``BadParameter``."""
        return str(value).strip() or self.fail("it is empty: write a UPN, like anna@acme.com", param, ctx)


class Day(Converted):
    """A day like 2026-12-07."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The day in its ISO form. Raises ``BadParameter``."""
        try:
            return date.fromisoformat(str(value).strip()).isoformat()
        except ValueError:
            self.fail("a day is written like 2026-12-07", param, ctx)


class Words(Converted):
    """A text that says something: '' would mean any."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text. Raises ``BadParameter``."""
        return str(value).strip() or self.fail("it is empty: write what is looked for", param, ctx)


class TextFile(click.File):
    """A file of text, as Notepad and Excel write it, too; - is standard input."""

    def __init__(self) -> None:
        super().__init__(encoding="utf-8-sig")

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The file, open. Raises ``BadParameter``."""
        if value == "-" and sys.stdin is None:
            self.fail("standard input is closed: name a file", param, ctx)
        return super().convert(value, param, ctx)


UPN, DAY, WORDS, TEXT_FILE = Upn(), Day(), Words(), TextFile()


def text_of(file: TextIO, remedy: str) -> str:
    """All that is written in a file. Raises ``UsageError`` with the remedy where it is no text of a usable size."""
    try:
        text = file.read(LARGEST + 1)
    except (OSError, UnicodeDecodeError):
        raise click.UsageError(f"the file is no text in UTF-8: {remedy}") from None
    if len(text) > LARGEST:
        raise click.UsageError(f"the file is larger than {LARGEST:,} characters: {remedy}")
    return text
