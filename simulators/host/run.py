"""``make run`` runs the app, Azurite and both stand-ins together, with two people whose sync is on, until Ctrl-C.

A terminal sends Ctrl-C to everybody at once, and an app whose storage goes first has much to complain about. So the
company lives in a session of its own and ends in order when this process tells it to, or is gone.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from types import FrameType

from simulators.azurite import AzuriteMissing
from simulators.demo.stage import CalsyncFailed
from simulators.graph import zones
from simulators.host.company import HOME, Company, HostFailed
from simulators.parent import leave_with_parent

PEOPLE = {"anna": "Anna Petrova", "boris": "Boris Dimitrov"}
FUNCTIONS_PORT = 7071
"""Core Tools' own."""

ACTS = """
{graph}  Microsoft Graph's stand-in
{erpnet}  ERP.net's stand-in
{app}  the app: /api/health, /api/webhooks/graph, /api/webhooks/erpnet

The page is {app}/portal: be Anna, Boris or an administrator.

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
    parser = argparse.ArgumentParser(prog="make run", description="The app with Azurite and its simulators.")
    parser.add_argument("--port", type=int, default=FUNCTIONS_PORT, help="where the app listens")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    return _inside(wanted.port) if wanted.inside else _outside(wanted.port)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _outside(port: int) -> int:
    order = [sys.executable, "-m", "simulators.host.run", "--inside", "--port", str(port)]
    with subprocess.Popen(order, stdin=subprocess.PIPE, start_new_session=True) as company:  # noqa: S603 - ourselves
        try:
            return company.wait()
        except KeyboardInterrupt:
            company.terminate()
            return company.wait()


def _inside(port: int) -> int:
    leave_with_parent()
    try:
        return _run(port)
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped; everything that was started has ended.\n")
        return 0
    except (AzuriteMissing, CalsyncFailed, HostFailed) as reason:
        sys.stderr.write(f"{reason}\n")
        return 1


def _run(port: int) -> int:
    print("Starting Azurite, Microsoft Graph, ERP.net and the app …", flush=True)
    with Company(port) as company:
        for login, name in PEOPLE.items():
            upn = company.hire(login, name)
            company.calsync("users", "enable", upn)
        host = company.open_host()
        company.switch_webhook_on()
        host.run("pull")  # an instance's first one only notes where to begin
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
