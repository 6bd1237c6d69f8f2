"""How values are told in text, in the journal and of a conflict: where one stood, and the times of an item, which are
written here, and found again here by whoever says them in a person's own time."""

from __future__ import annotations

import re
from datetime import date, datetime

STOOD_IN = {"graph": "Outlook", "erp": "ERP.net", "void": "ERP.net", "remove": "Outlook"}
"""Where a value stood, by the first part of its name (``sync_core/plan/wording.py``): its side, or by what it was
deleted there."""

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
