"""Writes the values of an item's fields as people say them. Only what people wrote themselves stands in quotes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from re import Match
from typing import Any
from zoneinfo import ZoneInfo

from cli.screen import plain
from cli.text.words import count, quoted

DAY, CLOCK = "%a %d.%m.%Y", "%H:%M"


def field_of(name: str) -> str:
    """Write whose field it is: ``erp.subject`` is the subject in ERP.net, and so is ``void.subject``."""
    from sync_core.content.told import STOOD_IN

    side, _, field = name.partition(".")
    return plain(f"{field} in {STOOD_IN[side]}" if field and side in STOOD_IN else name)


def value_of(name: str, value: str, zone: str) -> str:
    """Write a value of the field of this name (side and field, or the field alone); times by this zone's clock."""
    field = name.rpartition(".")[2]
    if field in WORDED:
        return plain(WORDED[field](value, zone))
    return quoted(value) if value else "(empty)"


def tells_time(lines: Iterable[dict[str, Any]]) -> bool:
    """Whether any of these lines of a round changes a time, so that its zone must be said."""
    return any(name.endswith(".time") for line in lines for name in line["before"].keys() & line["after"].keys())


def follows_the_start(name: str, line: dict[str, Any]) -> bool:
    """Whether a reminder was written only because the start was: it is as many minutes before it as ever."""
    from sync_core.content import told

    return told.follows_the_start(name, line["before"], line["after"])


def _yes_or_no(value: str, _: str) -> str:
    return {"True": "yes", "False": "no"}.get(value, value)


def _reminder(value: str, _: str) -> str:
    try:
        minutes = int(value)
    except ValueError:  # none, or of a form that is not known here
        return value
    return f"{count(abs(minutes), 'minute')} {'before' if minutes >= 0 else 'after the start'}"


def _time(value: str, zone: str) -> str:
    from sync_core.content.told import DAYS, INSTANT, SPAN

    try:
        if days := DAYS.fullmatch(value):
            return _days(*(date.fromisoformat(one) for one in days.groups()))
        if span := SPAN.fullmatch(value):
            return _span(*(_local(f"{span[n]} {span[n + 1]}", zone) for n in (1, 3)))
    except (ValueError, OverflowError):  # no day of any calendar: what is one is said
        pass
    return INSTANT.sub(lambda found: _instant(found, zone), value)


def _days(first: date, until: date) -> str:
    last = until - timedelta(days=1)
    return f"{first:{DAY}}{'' if first == last else f' – {last:{DAY}}'}, all day"


def _span(start: datetime, end: datetime) -> str:
    is_one_day = start.date() == end.date()
    return f"{start:{DAY} {CLOCK}} – {end:{CLOCK if is_one_day else f'{DAY} {CLOCK}'}}"


def _instant(found: Match[str], zone: str) -> str:
    try:
        return f"{_local(f'{found[1]} {found[2]}', zone):{DAY} {CLOCK}}"
    except (ValueError, OverflowError):
        return found[0]


def _local(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).astimezone(ZoneInfo(zone or "UTC"))


WORDED: dict[str, Callable[[str, str], str]] = {
    "private": _yes_or_no,
    "priority": lambda value, _: value,
    "reminder": _reminder,
    "time": _time,
    "deletion": lambda value, _: value,
}
"""How the values of fields are said that hold no words of people."""
