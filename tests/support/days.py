"""Days and meetings that most tests of whole rounds begin with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.house import House

WEEKLY = {
    "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "monday"},
    "range": {"type": "noEnd", "startDate": "2026-01-26"},
}


def at(day: int, hour: int = 9, minute: int = 0) -> datetime:
    """An instant ``day`` days after the start's midnight, UTC."""
    return datetime(2026, 1, 25, hour, minute, tzinfo=UTC) + timedelta(days=day)


def digits(day: int, hour: int = 11) -> datetime:
    """Wall-clock digits ``day`` days after the start."""
    return datetime(2026, 1, 25, hour, tzinfo=UTC).replace(tzinfo=None) + timedelta(days=day)


def only(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The one row there must be."""
    assert len(rows) == 1
    return rows[0]


async def linked_meeting(house: House, subject: str = "Planning", day: int = 1) -> tuple[str, str]:
    """A linked meeting made in Outlook: (event id, activity id)."""
    event = house.outlook().create(subject, at(day), at(day, 10), body="agenda", reminder=15)
    await house.step()
    return event, (await house.link_of(event)).activity_id


GUEST = "guest@vendor.example"


def the_event(house: House, subject: str) -> str:
    """The id of the event that is called so."""
    return str(next(one["id"] for one in house.outlook().events() if one["subject"] == subject))


def the_activity(house: House, subject: str) -> str:
    """The id of the activity that is called so."""
    return str(next(one["Id"] for one in house.desk().activities() if one["Subject"] == subject))
