"""From a recurrence rule of RFC 5545 to what Outlook's series can say (graph.md §6, ``recurrence``)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from simulators.graph import zones
from simulators.graph.recurrence import DAYS, INDEXES

Json = dict[str, Any]

DAY_NAMES = dict(zip(("SU", "MO", "TU", "WE", "TH", "FR", "SA"), DAYS, strict=True))
UNDERSTOOD = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS"}
PLACES = {"-1", "1", "2", "3", "4", "5", "+1", "+2", "+3", "+4", "+5"}
LAST_DAY = 31
"""Exchange takes a day beyond a month's end as its last one."""


FOR_EVER = 2200
"""An end beyond this year is how programs write that there is none."""


class Unsupported(Exception):
    """Outlook's series cannot say this rule."""


def to_recurrence(rule: Json, start: date, shift: timedelta, zone: str) -> Json:
    """The series' pattern and range with its first date at ``start`` (already shifted). Raises ``Unsupported``.

    A month's day or a year's month follows the shifted start, as its weekday does.
    """
    strange = set(rule) - UNDERSTOOD
    if strange:
        raise Unsupported(", ".join(sorted(strange)))
    if int(_one(rule, "INTERVAL", 1)) < 1 or int(_one(rule, "COUNT", 1)) < 1:
        raise Unsupported("never")
    pattern = {"interval": int(_one(rule, "INTERVAL", 1)), **_pattern(rule, start)}
    if "WKST" in rule:
        pattern["firstDayOfWeek"] = DAY_NAMES[str(_one(rule, "WKST", "MO"))]
    return {"pattern": pattern, "range": {"startDate": start.isoformat(), **_range(rule, shift, zone)}}


def _one(rule: Json, name: str, default: Any = None) -> Any:
    values = rule.get(name, [default])
    if len(values) != 1:
        raise Unsupported(f"several values of {name}")
    return values[0]


def _pattern(rule: Json, start: date) -> Json:
    frequency = str(_one(rule, "FREQ")).upper()
    if frequency != "YEARLY" and "BYMONTH" in rule:
        raise Unsupported("some months only")
    _one(rule, "BYMONTH")
    match frequency:
        case "DAILY":
            return _daily(rule)
        case "WEEKLY":
            return {"type": "weekly", "daysOfWeek": _weekdays(rule) or [_day_of(start)]}
        case "MONTHLY":
            return _monthly(rule, start, "Monthly")
        case "YEARLY":
            return {**_monthly(rule, start, "Yearly"), "month": start.month}
        case _:
            raise Unsupported(frequency)


def _daily(rule: Json) -> Json:
    if "BYDAY" not in rule:
        return {"type": "daily"}
    if int(_one(rule, "INTERVAL", 1)) != 1:
        raise Unsupported("every few days on some weekdays")
    return {"type": "weekly", "daysOfWeek": _weekdays(rule)}


def _monthly(rule: Json, start: date, kind: str) -> Json:
    if "BYDAY" not in rule:
        day = LAST_DAY if int(_one(rule, "BYMONTHDAY", start.day)) < 0 else start.day
        return {"type": f"absolute{kind}", "dayOfMonth": day}
    if "BYMONTHDAY" in rule:
        raise Unsupported("weekday and day of the month at once")
    return {"type": f"relative{kind}", "daysOfWeek": _days_placed(rule), "index": _index(rule, start)}


def _days_placed(rule: Json) -> list[str]:
    return [DAY_NAMES[str(day)[-2:]] for day in rule["BYDAY"]]


def _index(rule: Json, start: date) -> str:
    """Which of the month's days it is: the last one stays the last, others follow the shifted start."""
    places = {str(day)[:-2] for day in rule["BYDAY"]} - {""} or {str(_one(rule, "BYSETPOS", ""))}
    if len(places) > 1 or not places <= PLACES:
        raise Unsupported("weekdays in several or unusual places of a month")
    return "last" if places == {"-1"} else INDEXES[(start.day - 1) // 7]


def _weekdays(rule: Json) -> list[str]:
    days = [str(d) for d in rule.get("BYDAY", [])]
    if not set(days) <= set(DAY_NAMES):
        raise Unsupported("numbered weekdays in a week")
    return [DAY_NAMES[d] for d in days]


def _day_of(day: date) -> str:
    return DAYS[day.isoweekday() % 7]


def _range(rule: Json, shift: timedelta, zone: str) -> Json:
    if "COUNT" in rule:
        return {"type": "numbered", "numberOfOccurrences": int(_one(rule, "COUNT"))}
    until = _one(rule, "UNTIL")
    if until is None or until.year >= FOR_EVER:
        return {"type": "noEnd"}
    if isinstance(until, datetime):
        until = (until.astimezone(zones.any_zone(zone)) if until.tzinfo and zone else until).date()
    return {"type": "endDate", "endDate": (until + shift).isoformat()}
