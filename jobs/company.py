"""The one row that all processes of a company share, revised by whoever has something to say."""

from __future__ import annotations

from collections.abc import Callable

from jobs.world import World
from sync_core.errors import StaleWrite
from sync_core.model import Instance

TRIES = 8
"""Saves of the instance row in all, while others save it at the same moment."""


async def revise_instance(world: World, revise: Callable[[Instance], Instance | None]) -> Instance:
    """Save what ``revise`` makes of the instance row, asked again when somebody else was faster; None changes
    nothing. The row as it stands then. Raises ``StaleWrite`` when others are faster every time."""
    for attempt in range(1, TRIES + 1):
        instance, etag = await world.store.read_instance()
        revised = revise(instance)
        if revised is None or revised == instance:
            return instance
        try:
            await world.store.save_instance(revised, etag)
        except StaleWrite:
            if attempt == TRIES:
                raise
        else:
            return revised
    raise AssertionError("no try was made")
