"""``python -m tests.bench.size PEOPLE DAYS [SESSIONS [INSTANCES]]``: simulate one company and tell what it cost."""

from __future__ import annotations

import argparse
import logging
import time

from tests.bench.figures import say
from tests.bench.size.company import simulate
from tests.bench.size.figures import sessions_for, told


def main(people: int, days: float, sessions: int, instances: int) -> None:
    """Simulate and tell."""
    began = time.process_time()
    for figure in told(simulate(people, days, sessions=sessions, instances=instances), days):
        say(figure.line())
    say(f"  simulated in {time.process_time() - began:.0f} s of CPU")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench.size", description="Simulate one company.")
    parser.add_argument("people", type=int, help="how many, all switched on within a minute")
    parser.add_argument(
        "days",
        type=float,
        help="from a Monday on; from the second day on something goes wrong each day (docs/capacity.md)",
    )
    parser.add_argument(
        "sessions", type=int, nargs="?", help="of ERP.net; one for 400 people, six at most, if left out"
    )
    parser.add_argument(
        "instances", type=int, nargs="?", default=0, help="of the queue; as many as sessions if left out"
    )
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    main(given.people, given.days, given.sessions or sessions_for(given.people), given.instances)
