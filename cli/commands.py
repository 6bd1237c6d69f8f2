"""All commands: each module adds its own to ``main``."""

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
