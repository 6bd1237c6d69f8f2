"""``python -m simulators.erpnet [--host HOST] [--port PORT]``: the stand-in in a process of its own."""

from __future__ import annotations

import argparse
import asyncio

from simulators.base import serve_until_stopped
from simulators.erpnet import ErpSimulator


def main() -> None:
    """Serve until stopped; the origin is printed on one line."""
    parser = argparse.ArgumentParser(prog="simulators.erpnet", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8091, help="0 takes a free one")
    options = parser.parse_args()
    asyncio.run(serve_until_stopped(ErpSimulator(), options.host, options.port))


if __name__ == "__main__":
    main()
