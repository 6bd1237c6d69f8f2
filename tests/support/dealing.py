"""Deals the tests out to the processes that run them: those that wait for other processes begin, a pile for each.

pytest-xdist cuts the list of all tests into equal shares, one for each process, and moves tests from the end of a
long share to whoever is idle. What waits stands at the beginning of the shares: while one process waits, the others
use its time, and no long test is left for the end. Tests that share what is dear to start stay in one share.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

PILES = (
    ("tests/browser/",),
    ("tests/host/", "tests/app/test_workers.py"),
    ("tests/demo/", "tests/cli/", "tests/faults/test_kills.py", "tests/infra/test_queries.py"),
)
"""Beginnings of tests' names; a pile has what takes about as long as another."""


def dealt(tests: Sequence[T], names: Sequence[str], processes: int) -> list[T]:
    """The tests in the order in which ``processes`` equal shares of them begin with a pile each."""
    piles: list[list[T]] = [[] for _ in range(processes)]
    others: list[T] = []
    for test, name in zip(tests, names, strict=True):
        pile = next((number for number, begins in enumerate(PILES) if name.startswith(begins)), None)
        (others if pile is None else piles[pile % processes]).append(test)
    order: list[T] = []
    for number, pile_of in enumerate(piles):
        share = (len(tests) - len(order)) // (processes - number)
        more = max(0, share - len(pile_of))
        order += [*pile_of, *others[:more]]
        del others[:more]
    return order
