"""How an item is called in an address: short, and without meaning to whoever reads a log."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

from sync_core.model.memory import Memory
from sync_core.model.unsynced import Unsynced


def key_of(item: Mapping[str, str]) -> str:
    """The key of what has this ``event_id`` and ``activity_id``."""
    return key_of_ids(item["event_id"], item["activity_id"])


def key_of_ids(event_id: str, activity_id: str) -> str:
    """The same, by both ids ('' = it has none)."""
    return sha256(f"{event_id}|{activity_id}".encode()).hexdigest()[:16]


def keys_in(memory: Memory, unsynced: Unsynced) -> dict[str, str]:
    """The key of each item that has a page, by the id of either side: of every pair, and of what is not linked."""
    alone = [(item.event_id, item.activity_id) for item in unsynced.items] + [one.ids for one in memory.pending]
    pairs = [(link.event_id, link.activity_id) for link in memory.links]
    return {name: key_of_ids(*ids) for ids in (*alone, *pairs) for name in ids if name}
