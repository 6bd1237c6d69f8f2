"""``calsync``, the operator's command line: it runs the jobs of the cloud app in its own process (design.md §9).

``commands`` parses the arguments and calls one job. ``runner`` opens the world and turns errors into exit codes.
``text`` puts the output (JSON of ``jobs.commands.shapes``) into sentences.
"""

from cli.commands import main

__all__ = ["main"]
