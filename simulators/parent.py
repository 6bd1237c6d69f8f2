"""Ends a child process when its parent ends, however that dies: the child's standard input ends with the parent."""

from __future__ import annotations

import os
import signal
import threading


def leave_with_parent() -> None:
    """From now on the end of standard input is a SIGTERM."""
    threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    while os.read(0, 1024):  # sys.stdin holds a lock that the interpreter wants when it ends
        pass
    os.kill(os.getpid(), signal.SIGTERM)
