"""Ctrl-C for processes that tests start: where the tests run in the background it is ignored, and inherited so."""

from __future__ import annotations

import signal


def heed_interrupts() -> None:
    """To be called in the child before it becomes the program."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
