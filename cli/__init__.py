"""``calsync``, the operator's command line: it asks the app, or does the same in its own process (design.md §9).

Each module holds the commands of one concern; ``group`` holds what they share. ``runner`` reads the settings, opens
the world and turns errors into exit codes; ``carrying`` has wishes carried out, ``asking`` waits for the app,
``stopping`` is Ctrl-C. ``text`` puts the output (JSON of ``jobs.commands.shapes``) into sentences.
"""

from cli import answers, asked, company, demo, doctor, listed, pauses, people, roster, rounds, status, why
from cli.group import main

__all__ = [
    "answers",
    "asked",
    "company",
    "demo",
    "doctor",
    "listed",
    "main",
    "pauses",
    "people",
    "roster",
    "rounds",
    "status",
    "why",
]
