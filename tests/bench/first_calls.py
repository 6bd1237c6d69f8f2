"""The first calls of a process in Microsoft's worker library: CPU and memory after indexing and after a call, and how
long a handshake waits while the first notification is served. Only where the library is (Python 3.13 and newer)."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from simulators.host.company import Company
from tests.bench.figures import Budget, Figure, say
from tests.bench.start_up import handshakes
from tests.support.real_worker import NEEDED, QUEUE_METADATA, ROOT, TIMER, Json, Worker, http

ROUTE = "https://app/api/webhooks/graph"
NOTIFIED = http("POST", ROUTE, b'{"value": []}')
HANDSHAKE = http("POST", ROUTE, query={"validationToken": "t"})

CALLS: dict[str, tuple[str, Json, Json]] = {
    "handshake": ("notifications", HANDSHAKE, {}),
    "notification": ("notifications", NOTIFIED, {}),
    "health": ("health", http("GET", "https://app/api/health"), {}),
    "warmup": ("warmup", {"json": "{}"}, {}),
    "sync": ("sync", TIMER, {}),
    "pull": ("pull", TIMER, {}),
    "keeper": ("keeper", TIMER, {}),
    "housekeeping": ("housekeeping", TIMER, {}),
    "work: pull": ("work", {"string": '{"kind": "pull"}'}, QUEUE_METADATA),
}

HANDSHAKE_GOAL = 100.0
"""Milliseconds."""

APART = 0.03
"""Seconds from one handshake to the next."""


def measure(budget: Budget) -> Iterator[Figure]:
    """Each call in a worker of its own, then the handshake beside the first notification."""
    if find_spec(NEEDED) is None:
        say("  not measured, it needs Python 3.13: make bench PYTHON=python3.13 VENV=.venv-3.13")
        return
    with Company() as company, handshakes(company.port):
        company.calsync("users", "enable", company.hire("anna", "Anna Petrova"))
        for what, order in CALLS.items():
            used = [_first_call(company, order) for _ in range(budget.repetitions)]
            yield Figure(what, "CPU, indexed", "s", tuple(before["cpu_seconds"] for before, _ in used))
            yield Figure(what, "CPU, called", "s", tuple(after["cpu_seconds"] for _, after in used))
            yield Figure(what, "memory, called", "MiB", tuple(after["rss_mib"] for _, after in used))
        waits = [_handshake_beside(company) for _ in range(budget.repetitions)]
        for name, told in zip(("longest wait", "CPU in a wait"), zip(*waits, strict=True), strict=True):
            yield Figure("handshakes beside the first notification", name, "ms", told, HANDSHAKE_GOAL)


def _first_call(company: Company, order: tuple[str, Json, Json]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the process has used when it is indexed, and after the call."""
    with Worker(ROOT, "function_app.py", company.settings) as worker:
        before = worker.used
        worker.invoke(*order)
        return before, worker.used


def _handshake_beside(company: Company) -> tuple[float, float]:
    """Milliseconds of the longest wait for a token, asked for every ``APART`` seconds while a new process serves its
    first notification, and of CPU that it used in one of these waits at most: the wait on a machine of its own."""
    handshakes = [CALLS["handshake"]] * 100
    with Worker(ROOT, "function_app.py", company.settings) as worker:
        worker.invoke_all([CALLS["notification"], *handshakes], apart=APART)
        served, *waits = worker.seconds
        _, *used = worker.meanwhile
    beside = max(1, int(served / APART))
    return max(waits[:beside]) * 1000, max(used[:beside]) * 1000
