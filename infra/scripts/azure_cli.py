"""The Azure CLI, asked for one thing: data comes back, or None where it is not installed or not signed in."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

PATIENCE = 120
"""Seconds for one answer."""


def ask(*arguments: str) -> Any:
    """What ``az`` answers, as data. None if it does not."""
    az = shutil.which("az")
    if az is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - our own command line
            [az, *arguments, "--output", "json"], capture_output=True, text=True, timeout=PATIENCE, check=True
        )
        return json.loads(done.stdout)
    except (subprocess.SubprocessError, OSError, ValueError):
        return None
