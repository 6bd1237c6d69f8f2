"""What one thing loads and costs in a process that has done nothing yet (``probe.py``)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

HEAVY = (
    *("adapters", "cli", "jobs", "portal", "simulators", "sync_core"),
    *("azure.core", "azure.data.tables", "azure.identity", "azure.storage.queue", "azure.monitor"),
    *("aiohttp", "httpx", "kiota_http", "msgraph", "opentelemetry", "icalendar", "jinja2"),
)
"""Our rooms, and the packages that take long; not click and rich, which httpx imports wherever they are."""

ROUNDS = ("adapters.erp", "adapters.graph", "jobs.commands.kinds", "jobs.pull", "jobs.repair", "jobs.round.run")
"""Our own modules that only whoever carries something out needs."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one thing took: its ``answer`` (an exit code, a status, or None), the modules it ``loaded``, those that
    were imported ``on_loop`` (in the thread of the event loop, after indexing), seconds of CPU and MiB; ``said`` is
    what it wrote to standard error."""

    answer: int | None
    loaded: frozenset[str]
    on_loop: tuple[str, ...]
    cpu_seconds: float
    rss_mib: float
    said: str = ""

    def roots(self, names: Sequence[str]) -> set[str]:
        """Which of these packages were loaded."""
        return set(names) & self.loaded


def cost_of(*order: str, environ: Mapping[str, str]) -> Cost:
    """Give the order to a new process with this environment. Raises ``RuntimeError`` where it does not end well."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.probe", *order],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environ, "PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(order)}: {done.returncode}\n{done.stderr[-2000:]}")
    told = json.loads(done.stdout.splitlines()[-1])
    return Cost(**{**told, "loaded": frozenset(told["loaded"]), "on_loop": tuple(told["on_loop"])}, said=done.stderr)
