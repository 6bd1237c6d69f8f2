"""How an item is called in an address: short, and without meaning to whoever reads a log."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256


def key_of(item: Mapping[str, str]) -> str:
    """The key of what has this ``event_id`` and ``activity_id``."""
    return sha256(f"{item['event_id']}|{item['activity_id']}".encode()).hexdigest()[:16]
