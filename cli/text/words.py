"""How values are written, whatever they are part of: quoted, counted, as an instant, as a next step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cli.screen import plain

Json = dict[str, Any]

WIDEST = 100
"""The most characters of one value that are shown."""


def quoted(value: str) -> str:
    """Cut a value from outside to ``WIDEST`` and put it into quotation marks."""
    text = plain(value)
    return f"“{text if len(text) <= WIDEST else text[: WIDEST - 1] + '…'}”"


def count(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun: ``1 conflict``, ``2 conflicts``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def when(at: str | None) -> str:
    """Write an instant; one that never was too."""
    return f"{at[:10]} {at[11:19]} UTC" if at else "never"


def next_step(one: Json, margin: str) -> Iterator[str]:
    """Write what to do about something, where that is known."""
    if one["do"]:
        yield f"{margin}Do: {plain(one['do'])}."


def failure_lines(output: Json) -> Iterator[str]:
    """Write what failed for some of several users."""
    for one in output.get("failures", ()):
        yield plain(f"{one['upn']}: {one['failure']}")
