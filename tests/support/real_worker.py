"""How tests speak with Microsoft's worker library; see ``worker.py`` for the other end."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
NEEDED = "azure_functions_runtime"
Json = dict[str, Any]

needs_worker = pytest.mark.skipif(
    find_spec(NEEDED) is None,
    reason="azure-functions-runtime, Microsoft's worker library, exists for Python 3.13 and newer only",
)


def http(
    method: str,
    url: str,
    body: bytes = b"",
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Json:
    """A request as the host sends it; an empty body is left out."""
    wire = {"method": method, "url": url, "headers": dict(headers or {}), "params": {}, "query": dict(query or {})}
    return {"http": {**wire, "body": {"bytes": base64.b64encode(body).decode()} if body else None}}


TIMER = {"json": json.dumps({"Schedule": {"AdjustForDST": True}, "ScheduleStatus": None, "IsPastDue": False})}
"""What the host hands to a timer that it does not monitor."""

AT = '"2026-03-01T10:00:00+00:00"'
QUEUE_METADATA = {
    "Id": {"string": "0f8b"},
    "DequeueCount": {"json": "1"},
    "InsertionTime": {"json": AT},
    "ExpirationTime": {"json": AT},
    "NextVisibleTime": {"json": AT},
    "PopReceipt": {"string": "receipt"},
}


class Worker:
    """The library with an app loaded; ``functions`` holds each function's bindings.

    ``seconds`` is how long each of the last invocations took since it was asked for, ``meanwhile`` how many seconds
    of CPU the process used in that time; ``used`` is what it has used until then: ``cpu_seconds`` and ``rss_mib``.
    """

    def __init__(self, folder: Path, script: str, environ: Mapping[str, str]) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}
        self._environ = {**kept, **environ, "PYTHON_SCRIPT_FILE_NAME": script, "PYTHONIOENCODING": "utf-8"}
        self._folder = folder
        self.functions: dict[str, list[Json]] = {}
        self.seconds: list[float] = []
        self.meanwhile: list[float] = []
        self.used: Json = {}

    def __enter__(self) -> Self:
        order = [sys.executable, "-m", "tests.support.worker_process", str(self._folder)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            order, cwd=ROOT, env=self._environ, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, encoding="utf-8"
        )
        index = self._read()
        if "functions" not in index:
            self.__exit__()
        assert "functions" in index, index["failure"]
        self.functions, self.used = index["functions"], index["used"]
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def invoke(self, name: str, wire: Json, metadata: Json | None = None) -> Json:
        """Run one function; what it answered, or ``failure``."""
        [outcome] = self.invoke_all([(name, wire, metadata or {})])
        return outcome

    def invoke_all(self, orders: list[tuple[str, Json, Json]], *, apart: float = 0.0) -> list[Json]:
        """Run several at once, or each so many seconds ``apart`` from the one before."""
        lines = [
            {
                "function": name,
                "parameter": self.trigger(name)["name"],
                "input": wire,
                "metadata": metadata,
                "after": apart * number,
            }
            for number, (name, wire, metadata) in enumerate(orders)
        ]
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(lines) + "\n")
        self._process.stdin.flush()
        told = self._read()
        self.seconds, self.meanwhile, self.used = told["seconds"], told["meanwhile"], told["used"]
        outcomes: list[Json] = told["outcomes"]
        return outcomes

    def trigger(self, name: str) -> Json:
        """A function's trigger."""
        [found] = [one for one in self.functions[name] if one["type"].endswith("Trigger")]
        return found

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the worker library ended"
        return json.loads(line)
