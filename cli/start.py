"""Where the process of ``calsync`` begins: Ctrl-C is answered before anything is loaded that takes its time."""

from __future__ import annotations

import sys

from cli.leaving import watch


def main() -> None:
    """Run the command line, and exit with its code."""
    watch()
    from cli import main as calsync

    try:
        calsync(prog_name="calsync")
    except Exception:  # before a command has begun, which answers for itself
        from cli.runner import FAILED, OF_OURS

        sys.stderr.write(f"{OF_OURS}\n")
        if {"-v", "--verbose"} & {*sys.argv}:
            raise
        sys.exit(FAILED)
