"""How often a timer looks, by its schedule: for people, who are told when something is looked for."""

from __future__ import annotations

import re

_EVERY_SO_MANY = re.compile(r"0 \*/(\d{1,2}) \* \* \* \*")
"""The usual form of ``SYNC_SCHEDULE``, in NCRONTAB (azure.md §5)."""


def minutes_between(schedule: str) -> int:
    """The minutes between two looks of a timer with this NCRONTAB schedule; 0 for one of another form."""
    found = _EVERY_SO_MANY.fullmatch(schedule)
    return int(found[1]) if found and 0 < int(found[1]) < 60 else 0
