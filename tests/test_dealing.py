"""The tests are dealt out so that nobody waits at the end for one that takes long (tests/support/dealing.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.dealing import PILES, dealt

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("name", [name for pile in PILES for name in pile])
def test_what_begins_is_there(name: str) -> None:
    """A file that was moved or renamed would wait at the end again."""
    assert (ROOT / name).exists()


@pytest.mark.parametrize("processes", [1, 2, 3, 4, 7])
def test_each_share_begins_with_what_waits(processes: int) -> None:
    """No test is lost or doubled, and each pile stands whole at the beginning of a share."""
    names = [f"tests/core/test_{n}.py::test" for n in range(100)]
    names += [f"{name}::test_{n}" for pile in PILES for name in pile for n in range(3)]

    order = dealt(names, names, processes)

    assert sorted(order) == sorted(names)
    share, begins = len(order) / processes, [order.index(f"{pile[0]}::test_0") for pile in PILES[:processes]]
    assert begins == [pytest.approx(number * share, abs=processes) for number in range(len(begins))]


def test_a_few_tests_are_dealt_as_well() -> None:
    """Where all of them wait, none is lost."""
    names = ["tests/browser/test_a.py::test", "tests/host/test_b.py::test", "tests/host/test_c.py::test"]

    assert sorted(dealt(names, names, 3)) == names
