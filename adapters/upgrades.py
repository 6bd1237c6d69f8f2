"""How rows of the schema version before this one become rows of this one (``rows.decode``).

One pure function per kind of row whose shape or meaning changed, from what the row's JSON said to what it would say
today. A kind that only got fields with defaults, or lost fields, needs none. With the next version the table starts
anew: a build reads its own version and the one before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]
"""The decoded JSON of one row in, the decoded JSON of the next version out; both as ``msgspec.json`` has them."""

UPGRADES: dict[str, Upgrade] = {}
"""By the name of the row's class, version 1 to 2."""
