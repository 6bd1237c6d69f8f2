"""``calsync``, the operator's command line: it asks the app, or does the same in its own process (design.md §9).

``start`` is where its process begins, ``commands`` gathers all commands. Each module holds the commands of one
concern; ``group`` holds what they share. ``runner`` reads the settings, opens the world and turns errors into exit
codes; ``carry_out`` has wishes carried out, ``ask`` waits for the app, ``stopping`` and ``leaving`` are Ctrl-C.
``text`` puts the output (JSON of ``jobs.commands.shapes``) into sentences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from click import Group

    main: Group


def __getattr__(name: str) -> Group:
    """``main``, the command itself, is loaded when it is asked for: before that, Ctrl-C must be answered already."""
    if name != "main":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from cli.commands import main

    return main
