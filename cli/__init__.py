"""``calsync``, the operator's command line: the same jobs as in the cloud, here and now (design.md §9).

``commands`` parses and hands over, ``stage`` runs and turns errors into exit codes, ``text`` puts answers
(``jobs.commands.shapes``) into sentences.
"""

from cli.commands import main

__all__ = ["main"]
