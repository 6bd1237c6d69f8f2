"""Keeps what a round finds out about a user, and nothing that it only remembers.

A round reads the user row at its start and writes it at its end. Whatever somebody else set meanwhile stays, the
switch above all: a user who was switched off, or forgotten, stays so.
"""

from __future__ import annotations

from dataclasses import fields, replace

from jobs.ports import Store
from sync_core.model import User


async def note(store: Store, before: User, after: User) -> None:
    """Save the fields in which ``after`` differs from ``before``, if the user is still switched on."""
    names = (field.name for field in fields(User))
    found = {n: getattr(after, n) for n in names if getattr(after, n) != getattr(before, n)}
    await store.revise_user(after.id, lambda stored: replace(stored, **found) if stored.enabled else None)
