"""What it takes to start: an import, help, a command that only reads tables, and the first call of each trigger.

Each in a process of its own, against Azurite and the stand-ins; CPU and memory are the process's own. All CPU times
hang together on one machine: the ratio to ``import azure.functions`` says more than the seconds. Where Graph's
stand-in asks at the app's address whether it wants notifications, a server of a few lines answers. A process that
tells of a failure ends the measuring: the figure would be that of the failure.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from simulators.demo.hands import control
from simulators.host.company import WEBHOOK_SECRET, Company
from tests.bench.figures import Budget, Figure
from tests.support.fresh import Cost, cost_of

BASE = "import azure.functions"

Order = tuple[str, tuple[str, ...], float | None, float | None]
"""What is done, the order to the process, and the goals in seconds of CPU and in MiB."""

ORDERS: tuple[Order, ...] = (
    ("python", ("import", "-"), None, None),
    (BASE, ("import", "azure.functions"), None, None),
    ("import function_app", ("import", "function_app"), 0.2, 30),
    ("calsync --help", ("command", "--help"), 0.2, None),
    ("calsync --version", ("command", "--version"), 0.2, None),
    ("calsync users list", ("command", "users", "list"), 0.6, None),
    ("calsync status", ("command", "status"), 0.6, None),
    ("calsync sync", ("command", "--here", "sync"), None, None),
    ("handshake", ("function", "notifications", '{"params": {"validationToken": "t"}}'), None, None),
    ("notification", ("function", "notifications", '{"body": "{\\"value\\": []}"}'), None, None),
    ("erpnet", ("function", "erpnet", json.dumps({"headers": {"x-calsync-secret": WEBHOOK_SECRET}})), None, None),
    ("warmup", ("function", "warmup", "{}"), None, None),
    ("sync", ("function", "sync", "{}"), None, None),
    ("pull", ("function", "pull", "{}"), None, None),
    ("keeper", ("function", "keeper", "{}"), None, None),
    ("housekeeping", ("function", "housekeeping", "{}"), None, None),
    ("work: pull", ("function", "work", '{"kind": "pull"}'), None, None),
)


def measure(budget: Budget) -> Iterator[Figure]:
    """Processes that do one thing; the orders take turns, so that a busy moment of the machine hits all of them."""
    with Company() as company, handshakes(company.port):
        company.calsync("users", "enable", company.hire("anna", "Anna Petrova"))
        [anna] = [box["id"] for box in control(company.graph, "state")["mailboxes"]]
        a_round = ("function", "work", json.dumps({"kind": "round", "user": anna, "full": True}))
        orders = (*ORDERS, ("work: round of an empty calendar", a_round, None, None))
        costs: dict[str, list[Cost]] = {what: [] for what, *_ in orders}
        for _ in range(budget.repetitions):
            for what, order, *_ in orders:
                costs[what].append(_well(what, cost_of(*order, environ=company.environ)))
    yield from _figures(orders, costs)


def _well(what: str, cost: Cost) -> Cost:
    """What a process cost that told of no failure. Raises ``RuntimeError``."""
    if "failure {" in cost.said:
        raise RuntimeError(f"{what}: {cost.said[-2000:]}")
    return cost


class _Handshake(BaseHTTPRequestHandler):
    """Says the token back (graph.md §11)."""

    def do_POST(self) -> None:
        """Answer."""
        [token] = parse_qs(urlsplit(self.path).query)["validationToken"]
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(token.encode())

    def log_message(self, *_: object) -> None:
        """Tell nothing."""


@contextmanager
def handshakes(port: int) -> Iterator[None]:
    """Answer Graph's handshakes where the app would listen."""
    with ThreadingHTTPServer(("127.0.0.1", port), _Handshake) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()


def _figures(orders: Iterable[Order], costs: dict[str, list[Cost]]) -> Iterator[Figure]:
    base = [cost.cpu_seconds for cost in costs[BASE]]
    for what, _, seconds, mib in orders:
        cpu = [cost.cpu_seconds for cost in costs[what]]
        yield Figure(what, "CPU", "s", tuple(cpu), seconds)
        yield Figure(what, "CPU to the base", "times", _ratios(cpu, base))
        yield Figure(what, "memory", "MiB", tuple(cost.rss_mib for cost in costs[what]), mib)
        yield Figure(what, "modules", "", tuple(len(cost.loaded) for cost in costs[what]))


def _ratios(these: Sequence[float], those: Sequence[float]) -> tuple[float, ...]:
    return tuple(this / that for this, that in zip(these, those, strict=True))
