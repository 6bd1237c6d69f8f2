"""The Azure CLI, asked for one thing: data comes back, or None where it is not installed or not signed in.

On Windows ``az`` is a batch file, and what runs it takes ``&``, ``|`` and quotes in arguments for its own: parameters
of an address and bodies never stand in one.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

PATIENCE = 120
"""Seconds for one answer."""


def get(url: str, **parameters: str) -> Any:
    """What an address of Azure or Graph answers, as data; with ``_`` in a parameter's name for ``-``. None if it does
    not."""
    named = [f"{name.replace('_', '-')}={value}" for name, value in parameters.items()]
    return ask("rest", "--method", "GET", "--url", url, *(["--url-parameters", *named] if named else []))


def post(url: str, body: Mapping[str, Any], resource: str) -> Any:
    """What an address answers to a body, with a token for the resource, as data. None if it does not."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "body.json"
        path.write_text(json.dumps(body), encoding="utf-8")
        return ask("rest", "--method", "POST", "--url", url, "--resource", resource, "--body", f"@{path}")


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
