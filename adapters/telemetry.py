"""Metrics for Application Insights, counted from the app's log lines (jobs/log.py).

Metrics are all that leaves: numbers with the few words of ``Metrics``. The exporter is used alone, since Microsoft's
``configure_azure_monitor`` sends every log line and every request's URL in any configuration (azure.md §9), and those
hold delta links, addresses and table keys. Nothing is kept on disk, and the exporter's own statistics are off.

Off without ``APPLICATIONINSIGHTS_CONNECTION_STRING``; OpenTelemetry is imported only with it, in a thread that nobody
waits for, and a failure of it is one line in the log. The chatter of the SDKs is silenced everywhere: it shows URLs.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from adapters import http
from sync_core.model.sides import Side

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, Meter, Observation

LOG = logging.getLogger("calsync")

CONNECTION = "APPLICATIONINSIGHTS_CONNECTION_STRING"
AUTHENTICATION = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING"

SERVICE = "WEBSITE_SITE_NAME"
"""Set by Azure: the app's name, under which the metrics are exported."""

ABOUT_THE_EXPORTER = (
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL",
    "APPLICATIONINSIGHTS_SDKSTATS_DISABLED",
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED",
)
"""Switches off the exporter's statistics about itself; it reads these from the environment only."""

CHATTERING = ("azure", "httpx", "httpcore", "msal", "opentelemetry")
"""Loggers that log each request with its URL at INFO."""


def quieten() -> None:
    """Keep the URLs of requests out of the log."""
    for name in CHATTERING:
        logging.getLogger(name).setLevel(logging.WARNING)


def start(environ: Mapping[str, str]) -> threading.Thread | None:
    """Export metrics if a connection string is set; never raises.

    What is logged from now on is counted, though the exporter comes with the end of the thread: a process that ends
    before has counted for nobody.
    """
    quieten()
    if not environ.get(CONNECTION) or any(isinstance(handler, Metrics) for handler in LOG.handlers):
        return None
    metrics = Metrics()
    LOG.addHandler(metrics)
    loading = threading.Thread(target=_begin, args=(metrics, environ), name="telemetry")
    loading.start()
    return loading


def _begin(metrics: Metrics, environ: Mapping[str, str]) -> None:
    try:
        metrics.begin(_meter(environ))
    except Exception as problem:  # noqa: BLE001 - telemetry is never in the way
        LOG.removeHandler(metrics)
        LOG.warning("metrics are off: %s", type(problem).__name__)


def _meter(environ: Mapping[str, str]) -> Meter:
    os.environ.update(dict.fromkeys(ABOUT_THE_EXPORTER, "true"))
    from azure.monitor.opentelemetry.exporter import AzureMonitorMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource

    exporter = AzureMonitorMetricExporter(
        connection_string=environ[CONNECTION],
        disable_offline_storage=True,
        **_identity(environ.get(AUTHENTICATION, "")),
    )
    service = Resource.create({"service.name": environ.get(SERVICE, "calsync")})
    return MeterProvider([PeriodicExportingMetricReader(exporter)], service).get_meter("calsync")


def _identity(authentication: str) -> dict[str, Any]:
    """``ClientId=<id>;Authorization=AAD`` (azure.md §9): who we are to Application Insights, {} with a key."""
    parts = dict(piece.partition("=")[::2] for piece in authentication.split(";") if piece)
    if parts.get("Authorization") != "AAD":
        return {}
    from azure.identity import ManagedIdentityCredential

    return {"credential": ManagedIdentityCredential(client_id=parts.get("ClientId") or None)}


class Metrics(logging.Handler):
    """Counts the facts of log records; ``logging`` keeps its errors from the caller that logs.

    What comes before ``begin`` waits, and is counted then.
    """

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._early: list[logging.LogRecord] | None = []

    def begin(self, meter: Meter) -> None:
        """Count with this meter from now on."""
        self._rounds = meter.create_counter("calsync.rounds", description="Rounds that ended")
        self._actions = meter.create_counter("calsync.actions", description="Items written, by kind")
        self._failures = meter.create_counter("calsync.failures", description="What did not work, by place and error")
        for name, counted in (("calsync.calls", http.calls), ("calsync.throttles", http.throttles)):
            meter.create_observable_counter(name, [_reader(counted)], description="Answers of the systems, by side")
        self._conflicts = meter.create_histogram("calsync.conflicts", description="Open conflicts of a user")
        self._lag = meter.create_histogram("calsync.lag", unit="s", description="From the wake-up to the write")
        self._seconds = meter.create_histogram("calsync.round.duration", unit="s", description="How long rounds take")
        self.acquire()
        try:
            early, self._early = self._early or [], None
            for record in early:
                self.emit(record)
        finally:
            self.release()

    def emit(self, record: logging.LogRecord) -> None:
        """Count one record of ours; others have no facts."""
        if self._early is not None:
            self._early.append(record)
            return
        facts = getattr(record, "calsync", None)
        if not isinstance(facts, Mapping):
            return
        try:
            self._count(facts)
        except Exception:  # noqa: BLE001 - counting is never in the way
            self.handleError(record)

    def _count(self, facts: Mapping[str, Any]) -> None:
        if facts["what"] == "round":
            self._count_round(facts)
        elif facts["what"] == "failure":
            self._failures.add(1, {"where": facts["where"], "error": facts["error"]})

    def _count_round(self, facts: Mapping[str, Any]) -> None:
        self._rounds.add(1, {"full": facts["full"], "operational": facts["operational"]})
        self._conflicts.record(facts["conflicts"])
        self._seconds.record(facts["seconds"])
        for what, count in facts["actions"].items():
            self._actions.add(count, {"kind": what})
        if "lag_seconds" in facts:
            self._lag.record(facts["lag_seconds"])


def _reader(counted: Counter[Side]) -> Callable[[CallbackOptions], Iterable[Observation]]:
    """A callback that reports a process-wide count, by side."""
    from opentelemetry.metrics import Observation

    return lambda _: [Observation(count, {"side": str(side)}) for side, count in counted.items()]
