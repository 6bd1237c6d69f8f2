"""All commands: each module adds its own to ``main``."""

from cli import answers, company, demo, doctor, history, lists, pauses, people, roster, rounds, status, why
from cli.group import main

__all__ = [
    "answers",
    "company",
    "demo",
    "doctor",
    "history",
    "lists",
    "main",
    "pauses",
    "people",
    "roster",
    "rounds",
    "status",
    "why",
]
