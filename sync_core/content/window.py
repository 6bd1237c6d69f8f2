"""The window: which instants a round covers, in the user's local days.

The window decides only whether an *unlinked event* becomes an activity: leaving it is no deletion, entering it is
no change. The delta window is the span a delta link is asked for. It is wider, so that the window can roll for a
month before a new baseline is needed (R6 to R8; design.md §4 "Window").
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sync_core.model.event import AllDay, Timed, When, Window

BEYOND_WINDOW = timedelta(days=31)
"""How far the delta window reaches past the window."""

RENEW_BELOW = timedelta(days=7)
"""A delta window that reaches less than this past the window is worn: a new delta link is due."""


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which ``day`` begins in ``zone``; where the clock skips midnight, the first instant after
    it."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """The calendar day of an instant in ``zone``."""
    return at.astimezone(zone).date()


def add_months(day: date, months: int) -> date:
    """The same day ``months`` later, at most that month's last day (Jan 31 → Feb 28)."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month0 + 1, min(day.day, monthrange(year, month0 + 1)[1]))


def window_at(now: datetime, zone: ZoneInfo, months: int) -> Window:
    """The window: from today 00:00 to the end of the day ``months`` later, in the user's local days."""
    today = local_day(now, zone)
    return Window(midnight(today, zone), midnight(add_months(today, months) + timedelta(days=1), zone))


def delta_window_at(now: datetime, zone: ZoneInfo, months: int) -> Window:
    """The span that a new delta link is asked for: from yesterday to well past the window."""
    window = window_at(now, zone, months)
    return Window(midnight(local_day(now, zone) - timedelta(days=1), zone), window.end + BEYOND_WINDOW)


def is_delta_window_worn(delta_window: Window, window: Window) -> bool:
    """Whether the delta window no longer reaches far enough past the window."""
    return delta_window.end - window.end < RENEW_BELOW


def bounds(when: When, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The first instant and the end of a span, UTC. Whole days are the user's local days."""
    if isinstance(when, Timed):
        return when.start, when.end
    return midnight(when.first, zone), midnight(when.until, zone)


def is_inside(when: When, window: Window, zone: ZoneInfo) -> bool:
    """Whether a span overlaps the window. An empty span counts where it stands."""
    start, end = bounds(when, zone)
    return start < window.end and (end > window.start or (start == end == window.start))


def is_over(when: When, before: datetime, zone: ZoneInfo) -> bool:
    """Whether a span ended before the instant."""
    return bounds(when, zone)[1] < before


def days_of(first: date, last: date) -> AllDay:
    """An all-day span from its first and its last day, both included."""
    return AllDay(first, last + timedelta(days=1))
