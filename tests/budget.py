"""How much random and exhaustive tests may cost: `make test` keeps to a small fixed budget, `make soak` goes on."""

from __future__ import annotations

import os

IS_SOAK = bool(os.environ.get("SOAK"))


def budget(small: int, large: int) -> int:
    """``small`` in `make test`, ``large`` in `make soak`."""
    return large if IS_SOAK else small
