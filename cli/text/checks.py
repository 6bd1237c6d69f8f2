"""Writes the checks of ``doctor``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cli.screen import plain
from cli.text.words import Json, count


def check_line(check: Json) -> str:
    """Write one check of ``doctor``."""
    return f"{'✓' if check['fine'] else '✗'} {plain(check['what']):<42} {plain(check['text'])}"


def verdict_line(checks: Sequence[Json]) -> str:
    """Say in one sentence what the checks come to."""
    wrong = sum(not check["fine"] for check in checks)
    return "All is well." if not wrong else f"{count(wrong, 'check')} failed; each says what helps."


def doctor_lines(output: Json) -> Iterator[str]:
    """Write the app's checks."""
    yield from map(check_line, output["checks"])
    yield verdict_line(output["checks"])
