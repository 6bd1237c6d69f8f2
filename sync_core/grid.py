"""Reads the decision tables of ``plan`` out of their printed form, so that the page a person reads is the rule."""

from __future__ import annotations


def read_grid(text: str) -> dict[tuple[str, str], str]:
    """A table with a heading line: ``{(row name, column name): cell}``; every row must fill every column."""
    lines = [line.split() for line in text.strip().splitlines()]
    columns, rows = lines[0], lines[1:]
    for row in rows:
        if len(row) != len(columns) + 1:
            raise ValueError(f"the row {row[0]!r} does not fill every column")
    return {(row[0], column): cell for row in rows for column, cell in zip(columns, row[1:], strict=True)}
