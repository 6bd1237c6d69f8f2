"""``python -m tests.bench.size PEOPLE DAYS [SESSIONS [INSTANCES]]``: simulate one company and tell what it cost."""

from __future__ import annotations

import logging
import sys
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
    logging.disable(logging.CRITICAL)
    size, more = int(sys.argv[1]), [int(word) for word in sys.argv[3:]]
    main(size, float(sys.argv[2]), *(more + [sessions_for(size), 0][len(more) :]))
