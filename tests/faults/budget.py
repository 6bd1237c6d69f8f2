"""How much the fault tests may cost: `make test` keeps to a small fixed budget, `make soak` (SOAK=1) goes on."""

from __future__ import annotations

import os

IS_SOAK = bool(os.environ.get("SOAK"))


def budget(small: int, large: int) -> int:
    """``small`` in `make test`, ``large`` in `make soak`."""
    return large if IS_SOAK else small
