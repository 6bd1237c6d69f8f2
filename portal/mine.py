"""The page of everybody who is signed in: their own sync."""

from __future__ import annotations

from portal.visit import Page, Visit


async def show(visit: Visit) -> Page:
    """How the reader's own sync stands."""
    user = await visit.world.store.read_user(visit.person.id)
    return Page("mine.html", {"is_on": user is not None and user.enabled}, zone=user.zone if user else "")
