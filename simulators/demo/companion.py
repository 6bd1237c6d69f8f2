"""``python -m simulators.demo.companion graph|erpnet``: a stand-in on a free port that never outlives its parent.

Its origin is the first line on standard output; it ends when its standard input does, however the parent died.
"""

from __future__ import annotations

import asyncio
import sys

from simulators.base import Simulator, serve_until_stopped
from simulators.erpnet import ErpSimulator
from simulators.graph import GraphSimulator
from simulators.parent import leave_with_parent

KINDS: dict[str, type[Simulator]] = {"graph": GraphSimulator, "erpnet": ErpSimulator}


def main(kind: str) -> None:
    """Serve until told to stop or left alone."""
    leave_with_parent()
    asyncio.run(serve_until_stopped(KINDS[kind](), "127.0.0.1", 0))


if __name__ == "__main__":
    main(sys.argv[1])
