"""How much random and exhaustive tests may cost: `make test` keeps to a small fixed budget, `make soak` goes on.

Three kinds of tests have a budget: plays that Hypothesis makes up (the number of examples), sweeps that stop a
round before each of its calls in turn (``range(0, MOST_CALLS, budget(8, 1))``: `make test` takes every eighth call),
and tests of several processes (how many people, how many kills, how long the app's own pauses are). `make soak` sets
``SOAK`` and runs the files that the Makefile lists as ``BUDGETED``; ``tests/test_budget.py`` sees that they are all.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from hypothesis import HealthCheck, settings

IS_SOAK = bool(os.environ.get("SOAK"))


def budget(small: int, large: int) -> int:
    """``small`` in `make test`, ``large`` in `make soak`."""
    return large if IS_SOAK else small


EXAMPLES = budget(3, 40)


def a_few(examples: int = EXAMPLES) -> Callable[..., object]:
    """Hypothesis within the budget."""
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=examples, deadline=None, suppress_health_check=slow, derandomize=examples < 20)
