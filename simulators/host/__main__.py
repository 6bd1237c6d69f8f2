"""``python -m simulators.host --app function_app.py --port 7071``: the host in a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path

from simulators.host import Host
from simulators.host.calendars import Calendars
from simulators.host.messages import HIDDEN
from simulators.host.plugin import Unusable
from simulators.parent import leave_with_parent


def main() -> int:
    """Run until SIGTERM or SIGINT; the origin is the first line on standard output. Exit code 1: it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m simulators.host", description=__doc__)
    parser.add_argument(
        "--app", type=Path, default=Path("function_app.py"), help="the app's file; host.json lies beside it"
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=7071, help="0 takes a free one")
    parser.add_argument(
        "--hidden", type=float, default=HIDDEN.total_seconds(), help="seconds that fetched messages stay hidden"
    )
    parser.add_argument(
        "--calendars", nargs=2, metavar=("GRAPH", "ERPNET"), help="serve the page of two calendars of these stand-ins"
    )
    parser.add_argument("--leave-with-parent", action="store_true", help="end when standard input does")
    wanted = parser.parse_args()
    _log()
    host = Host(
        wanted.app,
        os.environ,
        address=wanted.host,
        port=wanted.port,
        hidden=timedelta(seconds=wanted.hidden),
        beside=Calendars(*wanted.calendars).routes() if wanted.calendars else (),
    )
    if wanted.leave_with_parent:
        leave_with_parent()
    try:
        asyncio.run(_run(host))
    except (Unusable, OSError) as reason:
        sys.stderr.write(f"{reason}\n")
        return 1
    return 0


async def _run(host: Host) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with host:
        print(host.origin, flush=True)
        await stopped.wait()


def _log() -> None:
    """Everything from Information on, the storage SDK's chatter left out as host.json has it."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for chatty in ("azure", "aiohttp"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


if __name__ == "__main__":
    sys.exit(main())
