"""Many changed activities at once, and what the pull files of them."""

from __future__ import annotations

from sync_core.model.instance import Instance
from tests.support.days import digits
from tests.support.house import House

ACTIVITIES = "General_Activities_Activities"


async def watermark_of(house: House) -> Instance:
    """What is remembered of ERP.net."""
    return (await house.world.store.read_instance())[0]


async def inbox_of(house: House) -> set[str]:
    """The activities filed for Anna."""
    return {row.activity_id for row in (await house.recall()).inbox}


def many_activities(house: House, count: int, first: int = 0) -> set[str]:
    """Anna's new activities; their ids."""
    return {house.desk().create(f"row {n}", digits(n + 1), None) for n in range(first, first + count)}
