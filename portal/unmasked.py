"""Takes the marks of private items off rows for their owner: for everybody else they stay masked.

The shapes of answers mask what is marked as private (``jobs/commands/shapes.py``); here the marks are taken off
before the shapes see the rows, and only for the person whose rows they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sync_core.model.entries import JournalEntry
from sync_core.model.link import Link
from sync_core.model.memory import Memory


def memory_for_owner(memory: Memory) -> Memory:
    """The memory as its owner may read it."""
    holds = tuple(
        replace(hold, items=tuple(replace(item, private=False) for item in hold.items)) for hold in memory.holds
    )
    return replace(memory, links=tuple(map(link_for_owner, memory.links)), holds=holds)


def link_for_owner(link: Link) -> Link:
    """The link as its owner may read it."""
    return replace(
        link,
        base_event=replace(link.base_event, sensitivity="normal"),
        base_activity=replace(link.base_activity, private=False),
    )


def journal_for_owner(entries: Iterable[JournalEntry]) -> list[JournalEntry]:
    """The journal as its owner may read it."""
    return [replace(entry, private=False) for entry in entries]
