"""``python -m tests.bench``: measure, print a table, write ``build/bench.json``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.bench import beside, first_calls, growth, housekeeping, notified, push, rounds, start_up, timer
from tests.bench.figures import Budget, Figure, machine, say, write
from tests.bench.size import figures as size
from tests.support.fresh import ROOT

MATTERS: Mapping[str, Callable[[Budget], Iterator[Figure]]] = {
    "start-up": start_up.measure,
    "first calls": first_calls.measure,
    "rounds": rounds.measure,
    "growth": growth.measure,
    "notifications": notified.measure,
    "push": push.measure,
    "timer": timer.measure,
    "housekeeping": housekeeping.measure,
    "size": size.measure,
    "side by side": beside.measure,
}
"""What is measured, in this order."""

FULL, QUICK = Budget(repetitions=9), Budget(repetitions=3, is_quick=True)


def main() -> None:
    """Parse, measure, tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="What calsync costs, in medians.")
    parser.add_argument("--quick", action="store_true", help="a third of the repetitions, and smaller sizes")
    parser.add_argument("--only", action="append", choices=sorted(MATTERS), help="this matter; may be repeated")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench.json", help="where the JSON goes")
    chosen = parser.parse_args()
    about = machine()
    found: dict[str, list[Figure]] = {}
    say(", ".join(f"{name} {value}" for name, value in about.items()))
    for matter, measure in MATTERS.items():
        if chosen.only is None or matter in chosen.only:
            say(f"\n{matter}")
            found[matter] = []
            for figure in measure(QUICK if chosen.quick else FULL):
                found[matter].append(figure)
                say(figure.line())
    write(chosen.out, about, found)
    say(f"\n{chosen.out}")


if __name__ == "__main__":
    main()
