"""Who plays: meetings of the loaded calendar that the story can edit, topped up with a few of Anna's own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from simulators.demo.play import Play
from simulators.demo.views import Event

ROLES = ("moved", "renamed", "merged", "clashed", "locked", "deleted", "pushed")
DAYS_AHEAD = 24
"""Only meetings safely inside the window play: their story must not depend on the day it is told."""

EARLIEST, LATEST = time(7), time(21)
LONGEST_TITLE = 100


def is_suitable(event: Event, today: date) -> bool:
    """A plain meeting of the owner's own in the coming weeks, by day, with nobody else in it."""
    span = event.span
    plain = event.kind == "singleInstance" and event.is_own and not (event.private or event.cancelled or event.people)
    soon = today < span.start.date() <= today + timedelta(days=DAYS_AHEAD)
    by_day = not span.all_day and EARLIEST <= span.start.time() <= span.end.time() <= LATEST
    on_one_day = span.start.date() == span.end.date() and span.start < span.end
    return plain and soon and by_day and on_one_day and 0 < len(event.subject) <= LONGEST_TITLE


def choose(events: Iterable[Event], today: date) -> dict[str, str]:
    """Roles and the ids of the first events that suit them; each title plays once."""
    titles: dict[str, str] = {}
    for event in events:
        if is_suitable(event, today):
            titles.setdefault(event.subject, event.id)
    return dict(zip(ROLES, titles.values(), strict=False))


def fill(play: Play) -> int:
    """Give every role an event; Anna enters a meeting of her own for each the calendar has none for."""
    today = play.stage.today
    events = [row.event for row in play.stage.look().rows if row.event]
    play.cast |= choose(events, today)
    missing = [role for role in ROLES if role not in play.cast]
    for number, role in enumerate(missing, 1):
        at = datetime.combine(today + timedelta(days=1 + number), time(9))
        words = {"start": at.isoformat(), "end": (at + timedelta(hours=1)).isoformat()}
        play.cast[role] = play.stage.outlook.act("create", subject=f"Talk {number}", **words)
    return len(missing)
