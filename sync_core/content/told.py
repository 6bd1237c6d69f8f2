"""How values are told in text, in the journal and of a conflict: where one stood, the times of an item, a value that
is not there, and a text that is too long. They are written here, and found again here by whoever says them in a
person's own words and time, or puts them back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime

from sync_core.model.event import AllDay, Timed

STOOD_IN = {"graph": "Outlook", "erp": "ERP.net", "void": "ERP.net", "remove": "Outlook"}
"""Where a value stood, by the first part of its name (``sync_core/plan/wording.py``): its side, or by what it was
deleted there."""

NONE = "none"
"""Tells that a field has no value."""

CUT = re.compile(r"… \(cut, \d+ characters\)\Z")
"""The end of what ``cut`` has shortened."""

INSTANT = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d)Z")
SPAN = re.compile(rf"{INSTANT.pattern} – {INSTANT.pattern}")
DAYS = re.compile(r"all day (\d{4}-\d\d-\d\d) – before (\d{4}-\d\d-\d\d)")
"""An instant, what ``span`` writes, and what ``days`` writes."""


def span(start: datetime, end: datetime) -> str:
    """Tell from when until when something lasts; both in UTC."""
    return f"{start:%Y-%m-%d %H:%MZ} – {end:%Y-%m-%d %H:%MZ}"


def days(first: date, until: date) -> str:
    """Tell on which days something lasts; ``until`` is the day after the last one."""
    return f"all day {first} – before {until}"


def cut(text: str, most: int) -> str:
    """Cut a text to so many characters; a cut text says so."""
    return text if len(text) <= most else f"{text[:most]}… (cut, {len(text)} characters)"


def is_cut(text: str) -> bool:
    """Whether a text that was told lacks its end."""
    return CUT.search(text) is not None


def follows_the_start(name: str, before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    """Whether a reminder was written only because the start was: it is as many minutes before it as ever."""
    was = before.get(name, "")
    return name.endswith(".reminder") and was == after.get(name) and was.lstrip("-").isdecimal()


def when_in(text: str) -> AllDay | Timed | None:
    """The time that ``span`` or ``days`` tells; None for another text. Raises ``ValueError`` for no day of the
    calendar."""
    if found := DAYS.fullmatch(text):
        return AllDay(*map(date.fromisoformat, found.groups()))
    if found := SPAN.fullmatch(text):
        return Timed(*(datetime.fromisoformat(f"{found[n]}T{found[n + 1]}+00:00") for n in (1, 3)))
    return None
