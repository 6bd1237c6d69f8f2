"""Every command of `calsync`, as somebody may type it, by what it needs."""

from __future__ import annotations

from collections.abc import Iterator

import click

from cli import main

ANNA = "anna@acme.example"

ROSTER = "the path of a roster file"
"""Stands for one."""

READS = (
    ("approve", "unknown", "--show"),
    ("commands",),
    ("conflicts",),
    ("journal",),
    ("status",),
    ("unsynced",),
    ("users", "export"),
    ("users", "list"),
    ("users", "show", ANNA),
)
"""What stands in the tables."""

ASKS = (
    ("approve", "unknown", "--yes"),
    ("doctor",),
    ("pause", "--user", ANNA),
    ("preview",),
    ("resolve", "unknown", "--keep", "outlook"),
    ("resume", "--user", ANNA),
    ("retry", "--user", ANNA),
    ("sync",),
    ("undo", "unknown", "--yes"),
    ("unlink", ANNA, "unknown", "--yes"),
    ("users", "disable", ANNA, "--yes"),
    ("users", "enable", ANNA),
    ("users", "forget", ANNA, "--yes"),
    ("users", "import", ROSTER),
    ("why", ANNA, "unknown"),
)
"""What the app is asked for."""

COMPARES = ("policy",)
"""Reads the tables and, of both sides, the settings."""

ALONE = ("demo",)
"""Needs no settings."""


def named(words: tuple[str, ...]) -> tuple[str, ...]:
    """Which command it is."""
    return words[: 2 if words[0] == "users" else 1]


def every_command(group: click.Group = main, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The names of all there are."""
    for name, one in group.commands.items():
        if isinstance(one, click.Group):
            yield from every_command(one, (*above, name))
        else:
            yield (*above, name)
