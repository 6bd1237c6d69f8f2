"""An office for tests of the command line: both stand-ins in processes of their own, Azurite, and real commands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

from azure.data.tables import TableServiceClient
from click.testing import CliRunner

from cli import main

ROOT = Path(__file__).resolve().parent.parent.parent
ANNA = "anna@acme.example"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The answer on stdout, parsed."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class StandIn:
    """A stand-in in a process of its own."""

    origin: str

    def act(self, verb: str, **body: Any) -> Any:
        """One ``POST /_sim/{verb}``."""
        request = Request(f"{self.origin}/_sim/{verb}", json.dumps(body).encode(), method="POST")
        with urlopen(request) as answer:
            return json.load(answer)

    def requests(self) -> list[Json]:
        """What reached the stand-in since the log was emptied."""
        found: list[Json] = self.act("requests")
        return found


@contextmanager
def stand_in(module: str) -> Iterator[StandIn]:
    """Start ``python -m module`` on a free port; it ends with the block."""
    with subprocess.Popen(
        [sys.executable, "-m", module, "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield StandIn(process.stdout.readline().strip())
        finally:
            process.terminate()


@dataclass
class CliOffice:
    """Anna's office: what she does, what the administrator types, what the tables hold."""

    graph: StandIn
    erp: StandIn
    storage: str
    prefix: str = field(default_factory=lambda: f"t{uuid4().hex[:12]}")
    more: dict[str, str] = field(default_factory=dict)

    def open(self) -> None:
        """A first day: nobody is there yet, nothing is limited."""
        self.graph.act("reset")
        self.erp.act("reset")
        self.erp.act("set", licences=1000, requests_per_minute=None)

    @property
    def environ(self) -> dict[str, str]:
        """The settings."""
        return {
            "GRAPH_URL": f"{self.graph.origin}/v1.0",
            "GRAPH_ACCESS_TOKEN": "graph-sim-token",
            "ERPNET_URL": self.erp.origin,
            "ERPNET_CLIENT_ID": "calsync",
            "ERPNET_CLIENT_SECRET": "erp-sim-secret",
            "ERPNET_MAX_SESSIONS": "50",
            "AzureWebJobsStorage": self.storage,
            "AZURE_TENANT_ID": "acme",
            "STATE_PREFIX": self.prefix,
            "CALSYNC_HERE": "1",
            **self.more,
        }

    def calsync(self, *arguments: str) -> Answer:
        """Run a command inside this process."""
        outcome = CliRunner(env=self.environ).invoke(main, arguments)
        if outcome.exception is not None and not isinstance(outcome.exception, SystemExit):
            raise outcome.exception
        return Answer(outcome.exit_code, outcome.stdout, outcome.stderr)

    def run(self, *arguments: str, environ: Mapping[str, str] | None = None) -> Answer:
        """Run a command in a process of its own."""
        with self.start(*arguments, environ=environ) as process:
            out, err = process.communicate(timeout=60)
            return Answer(process.returncode, out, err)

    def start(self, *arguments: str, environ: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start a command in a process of its own."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}
        return subprocess.Popen(
            [sys.executable, "-m", "cli", *arguments],
            cwd=ROOT,
            env={**kept, "PYTHONIOENCODING": "utf-8", **(self.environ if environ is None else environ)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    # People

    def employ(self, name: str = "anna", *, place: bool = True) -> str:
        """Hire somebody on both sides; returns the UPN."""
        upn = f"{name}@acme.example"
        self.graph.act("add_mailbox", upn=upn, time_zone="FLE Standard Time", display_name=name.title())
        self.erp.act("add_user", login=name, email=upn, name=name.title())
        if place:
            state = self.erp.act("state")
            self.erp.act("add_role_user", login=name, company=state["company"], location=state["location"])
        return upn

    def outlook(self, do: str, **how: Any) -> Any:
        """Anna at her Outlook."""
        return self.graph.act("person", upn=ANNA, do=do, **{"with": how})["result"]

    def desk(self, do: str, **how: Any) -> Any:
        """Anna at ERP.net."""
        return self.erp.act("person", login="anna", do=do, **{"with": how})

    def meet(self, subject: str, *, days: int = 2, **details: Any) -> str:
        """Anna enters a meeting of an hour, some days from now; returns the event's id."""
        return str(self.outlook("create", subject=subject, start=self.at(days, 9), end=self.at(days, 10), **details))

    def at(self, days: int, hour: int) -> str:
        """An instant some days from now, as Outlook is told."""
        when = datetime.now(UTC).replace(hour=hour, minute=0, second=0, microsecond=0) + timedelta(days=days)
        return when.isoformat()

    def day(self, days: int, hour: int) -> str:
        """Wall-clock digits some days from now, as ERP.net is told."""
        return self.at(days, hour)[:19]

    def activity(self, subject: str) -> Json:
        """The one activity with this subject."""
        [found] = [activity for activity in self.activities() if activity["Subject"] == subject]
        return found

    def activities(self) -> list[Json]:
        """Every activity of ERP.net."""
        found: list[Json] = self.erp.act("state")["activities"]
        return found

    def events(self) -> list[Json]:
        """Anna's events."""
        found: list[Json] = self.outlook("events")
        return found

    # What happened

    def forget_requests(self) -> None:
        """Empty both request logs."""
        self.graph.act("forget_requests")
        self.erp.act("forget_requests")

    def requests(self) -> list[Json]:
        """What calsync asked of both systems."""
        return self.graph.requests() + self.erp.requests()

    def everything(self) -> tuple[Any, ...]:
        """Both sides and all of our memory except who may call ERP.net."""
        users = {key: etag for key, etag in self.rows("Users").items() if key[0] != "slot"}
        return (self.events(), self.activities(), users, *map(self.rows, ("State", "Journal", "Meetings")))

    def rows(self, table: str) -> dict[tuple[str, str], str]:
        """Every row of a table, by key, with its ETag."""
        with TableServiceClient.from_connection_string(self.storage) as service:
            found = service.get_table_client(f"{self.prefix}{table}").list_entities()
            return {(row["PartitionKey"], row["RowKey"]): str(row.metadata["etag"]) for row in found}
