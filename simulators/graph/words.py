"""A person's words as the body of a request: times as dates or datetimes, texts, addresses."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from simulators.base import Refused
from simulators.graph import zones

Json = dict[str, Any]
When = datetime | date

_PLAIN = {
    "subject": "subject",
    "sensitivity": "sensitivity",
    "importance": "importance",
    "show_as": "showAs",
    "recurrence": "recurrence",
    "all_day": "isAllDay",
    "online": "isOnlineMeeting",
}


def body(fields: Json, zone: str, *, all_day: bool) -> Json:
    """The words of ``OutlookPerson.create`` and ``edit`` as an ``event``; naive times are of this zone."""
    found: Json = {}
    for name, value in fields.items():
        if name in ("start", "end"):
            found[name] = _time(value, zone, all_day)
        elif name in _PLAIN:
            found[_PLAIN[name]] = value
        else:
            found |= _words(name, value)
    return found


def _time(value: When, zone: str, all_day: bool) -> Json:
    if all_day:
        at = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001
        if at.tzinfo is not None:
            at = at.astimezone(zones.any_zone(zone))
    elif not isinstance(value, datetime):
        raise Refused("a timed event needs datetimes")
    else:
        at = value
        if at.tzinfo is not None:
            at = at.astimezone(zones.any_zone(zone))
            if at.replace(tzinfo=None).replace(tzinfo=at.tzinfo, fold=0).astimezone(UTC) != value.astimezone(UTC):
                at, zone = value.astimezone(UTC), "UTC"  # the second of two equal wall clocks
    return {"dateTime": at.replace(tzinfo=None).isoformat(), "timeZone": zone}


def _words(name: str, value: Any) -> Json:
    match name:
        case "body":
            return {"body": {"contentType": "text", "content": value}}
        case "html":
            return {"body": {"contentType": "html", "content": value}} if value is not None else {}
        case "location":
            return {"location": None if value is None else {"displayName": value}}
        case "private":
            return {"sensitivity": "private" if value else "normal"}
        case "reminder":
            given = {} if value is None else {"reminderMinutesBeforeStart": value}
            return {"isReminderOn": value is not None, **given}
        case "categories":
            return {"categories": list(value)}
        case "attendees":
            return {"attendees": [_attendee(a) for a in value]}
        case _:
            raise Refused(f"an event has no '{name}'")


def _attendee(value: Any) -> Json:
    return value if isinstance(value, dict) else {"emailAddress": {"address": value}, "type": "required"}
