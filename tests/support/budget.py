"""How much random and exhaustive tests may cost: `make test` keeps to a small fixed budget, `make soak` goes on.

Four kinds of tests have a budget: plays that Hypothesis makes up (the number of examples), sweeps that stop a
round before each of its calls in turn (``range(0, MOST_CALLS, budget(8, 1))``: `make test` takes every eighth call),
tests of every combination (``each``, ``in_turn``: `make test` takes each value of each list), and tests of several
processes (how many people, how many kills, how long the app's own pauses are). `make soak` sets
``SOAK`` and runs the files that the Makefile lists as ``BUDGETED``; ``tests/test_budget.py`` sees that they are all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

IS_SOAK = bool(os.environ.get("SOAK"))


def budget(small: int, large: int) -> int:
    """``small`` in `make test`, ``large`` in `make soak`."""
    return large if IS_SOAK else small


EXAMPLES = budget(2, 40)


def a_few(examples: int = EXAMPLES) -> Callable[..., object]:
    """Hypothesis within the budget."""
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=examples, deadline=None, suppress_health_check=slow, derandomize=examples < 20)


def each(*lists: Iterable[Any]) -> list[tuple[Any, ...]]:
    """Every combination of these values in `make soak`; in `make test` so few that each value is among them."""
    every = [list(values) for values in lists]
    return list(product(*every)) if IS_SOAK else _few(every)


def told(value: object) -> str:
    """A value in a test's name: what a function is called, or the value."""
    return str(getattr(value, "__name__", value)).strip("_")


def _few(lists: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """As many combinations as the longest list has values; a shorter list begins anew one further on."""
    most = max(map(len, lists))
    return [tuple(values[(n + n // len(values)) % len(values)] for values in lists) for n in range(most)]


def in_turn(metafunc: pytest.Metafunc, fixture: str, values: Iterable[str]) -> None:
    """Give the fixture these values: each test has all in `make soak`, in `make test` the first and one of the
    others, the next test of the module the next."""
    if fixture not in metafunc.fixturenames:
        return
    first, *others = values
    tests = [name for name in vars(metafunc.module) if name.startswith("test")]
    place = tests.index(metafunc.function.__name__)
    taken = [first, *others] if IS_SOAK else [first, others[place % len(others)]]
    metafunc.parametrize(fixture, taken, indirect=True)
