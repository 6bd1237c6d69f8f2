"""``python -m simulators.graph``: the stand-in in a process of its own, until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import asyncio

from simulators.base import serve_until_stopped
from simulators.graph import GraphSimulator


def main() -> None:
    """Serve; the origin is the first line on standard output."""
    parser = argparse.ArgumentParser(prog="python -m simulators.graph", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--token-lifetime", type=float, default=3599, help="seconds")
    wanted = parser.parse_args()
    graph = GraphSimulator(token_lifetime=wanted.token_lifetime)
    asyncio.run(serve_until_stopped(graph, wanted.host, wanted.port))


if __name__ == "__main__":
    main()
