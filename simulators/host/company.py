"""Starts a company on this machine: Azurite, both stand-ins, people in both systems, and the app in the local host.

Everything started here ends with it, however it ends. calsync comes in by its command line and by the path of its
``function_app.py``; see ``simulators.demo.stage`` for the processes it shares with the demo.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, Self

from simulators.demo.hands import DeskHands, OutlookHands, control
from simulators.demo.stage import LICENCES, ROOT, SETTINGS, Companions, answer_of, settings_for
from simulators.host.webhook import WebhookSender

APP = ROOT / "function_app.py"
DOMAIN = "acme.example"
HOME = "FLE Standard Time"
WEBHOOK_SECRET = "erp-sim-webhook-secret"
OURS = (*SETTINGS, "PUBLIC_URL", "PORTAL_", "WEBSITE_", "APPLICATIONINSIGHTS_")
"""Beginnings of settings that must not come in from the user's own environment."""

PATIENCE_SECONDS = 60.0
"""How long the host may take to load the app, or to end, and a command to answer."""


class HostFailed(Exception):
    """The host did not start; its log says why."""


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class HostProcess:
    """``python -m simulators.host`` as a child that never outlives us."""

    def __init__(self, environ: Mapping[str, str], *options: str, log: IO[str] | None = None) -> None:
        """Start it and wait until it serves. Raises ``HostFailed``."""
        self._process = subprocess.Popen(  # noqa: S603 - our own command line
            [sys.executable, "-m", "simulators.host", "--leave-with-parent", *options],
            cwd=ROOT,
            env=dict(environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            encoding="utf-8",
        )
        self.origin = self._process.stdout.readline().strip() if self._process.stdout else ""
        if not self.origin:
            raise HostFailed(f"the host did not start (exit code {self.wait()})")

    def run(self, function: str) -> None:
        """Let a timer function run now; answers before it ends."""
        port = int(self.origin.rpartition(":")[2])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("POST", f"/admin/functions/{function}", json.dumps({"input": ""}))
            connection.getresponse().read()
        finally:
            connection.close()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def wait(self) -> int:
        """Wait until it ends by itself; its exit code."""
        with self._process as ending:
            return ending.wait()

    def stop(self) -> int:
        """End it in good order; its exit code. One that does not listen is killed."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        return self.wait()

    def kill(self) -> None:
        """End it without a word, as a crash does."""
        self._process.kill()
        self.wait()


class Company:
    """``with Company() as company: company.hire("anna", "Anna Petrova"); host = company.open_host()``."""

    def __init__(self, port: int | None = None, settings: Mapping[str, str] | None = None) -> None:
        self.companions = Companions()
        self.port = port or free_port()
        self._more = dict(settings or {})
        self._ending = ExitStack()

    def __enter__(self) -> Self:
        self._ending.enter_context(self.companions)
        control(self.erpnet, "set", {"licences": LICENCES})
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.close()

    @property
    def graph(self) -> str:
        """Where Microsoft Graph's stand-in listens."""
        return self.companions.origins["graph"]

    @property
    def erpnet(self) -> str:
        """Where ERP.net's stand-in listens."""
        return self.companions.origins["erpnet"]

    @property
    def public_url(self) -> str:
        """Where the app listens, or will."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """All of calsync's settings here."""
        schedules = {"SYNC_SCHEDULE": "0 */15 * * * *", "PULL_SCHEDULE": "30 * * * * *"}
        own = {"STATE_PREFIX": "calsync", "PUBLIC_URL": self.public_url, "ERPNET_WEBHOOK_SECRET": WEBHOOK_SECRET}
        own["PORTAL_SIGN_IN"] = "development"
        return settings_for(self.companions) | schedules | own | self._more

    @property
    def environ(self) -> dict[str, str]:
        """The environment of the app's processes: the settings, and none of the user's own."""
        foreign = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        return foreign | self.settings | {"PYTHONIOENCODING": "utf-8"}

    def calsync(self, *words: str, here: bool = True) -> tuple[int, dict[str, Any]]:
        """Exit code and JSON answer of a calsync command, in a process of its own or asked of the running app.

        Raises ``CalsyncFailed`` where it gave none.
        """
        done = subprocess.run(  # noqa: S603 - our own command line
            [sys.executable, "-m", "cli", "--json", *(["--here"] if here else []), *words],
            cwd=ROOT,
            env=self.environ,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        return done.returncode, answer_of(words, done.returncode, done.stdout, done.stderr or done.stdout)

    def hire(self, login: str, name: str) -> str:
        """Somebody with a mailbox, a login and their default company and location; their address."""
        upn = f"{login}@{DOMAIN}"
        place = control(self.erpnet, "state")
        control(self.graph, "add_mailbox", {"upn": upn, "display_name": name, "time_zone": HOME})
        control(self.erpnet, "add_user", {"login": login, "email": upn, "name": name})
        role = {"login": login, "company": place["company"], "location": place["location"]}
        control(self.erpnet, "add_role_user", role)
        return upn

    def outlook(self, login: str) -> OutlookHands:
        """Somebody at their Outlook."""
        return OutlookHands(self.graph, f"{login}@{DOMAIN}")

    def desk(self, login: str) -> DeskHands:
        """Somebody at ERP.net."""
        return DeskHands(self.erpnet, login)

    def activities(self) -> list[dict[str, Any]]:
        """Every activity of ERP.net."""
        found: list[dict[str, Any]] = control(self.erpnet, "state")["activities"]
        return found

    def open_host(self, *options: str, log: Path | None = None) -> HostProcess:
        """Start the app; it is stopped with the company at the latest. Raises ``HostFailed``."""
        into = self._ending.enter_context(log.open("a", encoding="utf-8")) if log else None
        where = ("--app", str(APP), "--port", str(self.port))
        host = HostProcess(self.environ, *where, *options, log=into)
        self._ending.callback(host.stop)
        return host

    def switch_webhook_on(self) -> None:
        """From now on ERP.net tells the app when an activity changes."""
        self._ending.enter_context(WebhookSender(self.erpnet, self.public_url, WEBHOOK_SECRET))
