"""``make run``: the app, Azurite and both stand-ins together, with two people whose sync is on, until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
from datetime import datetime, timedelta
from types import FrameType

from simulators.azurite import AzuriteMissing
from simulators.demo.stage import CalsyncFailed
from simulators.graph import zones
from simulators.host.company import HOME, Company, HostFailed

PEOPLE = {"anna": "Anna Petrova", "boris": "Boris Dimitrov"}
FUNCTIONS_PORT = 7071
"""Core Tools' own."""

ACTS = """
{graph}  Microsoft Graph's stand-in
{erpnet}  ERP.net's stand-in
{app}  the app: /api/health, /api/webhooks/graph, /api/webhooks/erpnet

Anna enters a meeting in Outlook; ERP.net has it within seconds:
  curl -s {graph}/_sim/person -d '{{"upn": "anna@acme.example", "do": "create",
    "with": {{"subject": "Budget", "start": "{day}T09:00", "end": "{day}T10:00"}}}}'
  curl -s {erpnet}/_sim/person -d '{{"login": "anna", "do": "find", "with": {{"subject": "Budget"}}}}'
She moves it in ERP.net (ID is the activity's Id from the line before); Outlook follows:
  curl -s {erpnet}/_sim/person -d '{{"login": "anna", "do": "edit",
    "with": {{"activity": "ID", "start": "{day}T14:00", "end": "{day}T15:00"}}}}'
  curl -s {graph}/_sim/person -d '{{"upn": "anna@acme.example", "do": "events"}}'
What calsync says about it, in another terminal:
  {exports} \\
  .venv/bin/calsync status

Boris (boris@acme.example, login boris) is there as well. Ctrl-C ends everything; nothing is kept.
"""


def main() -> int:
    """Run until Ctrl-C or SIGTERM. Exit code: 0 ended so, 1 could not start or the host ended by itself."""
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--port", type=int, default=FUNCTIONS_PORT, help="where the app listens")
    port = parser.parse_args().port
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _run(port)
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped; everything that was started has ended.\n")
        return 0
    except (AzuriteMissing, CalsyncFailed, HostFailed) as reason:
        sys.stderr.write(f"{reason}\n")
        return 1


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(port: int) -> int:
    print("Starting Azurite, Microsoft Graph, ERP.net and the app …", flush=True)
    with Company(port) as company:
        for login, name in PEOPLE.items():
            upn = company.hire(login, name)
            company.calsync.run("users", "enable", upn)
        host = company.open_host()
        company.switch_webhook_on()
        host.run("sync")
        print(_told(company), flush=True)
        return host.wait() or 1


def _told(company: Company) -> str:
    soon = datetime.now(zones.any_zone(HOME)).date() + timedelta(days=2)
    exports = " ".join(f"{name}='{value}'" for name, value in company.settings.items())
    return ACTS.format(
        graph=company.graph, erpnet=company.erpnet, app=company.public_url, day=soon.isoformat(), exports=exports
    )


if __name__ == "__main__":
    sys.exit(main())
