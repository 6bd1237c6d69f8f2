"""The projection of each side's content to common ground, which is what both sides can hold, and back.

Projection loses what the other side cannot hold. So it is applied only to a side that was edited in its own terms,
and only the edited fields are written to the other side (changes.py, merge.py). A write and the read after it change
nothing.

Time (design.md §4 "Time", erpnet.md §12): an activity's digits are wall clock of one zone, printed with a decorative
``Z``. A gap moves forward by its length, the repeated hour means the first. 00:00 means all day in ERP.net (rule
R38488), so a timed edge at midnight stands one minute inside; the true edge is taken from the base again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from sync_core.content.body import normal_text
from sync_core.content.ranges import SUBJECT_LIMIT, cut, is_known_year, shifted, utf16, whole_characters
from sync_core.content.window import days_of
from sync_core.model.event import AllDay, Event, Priority, Timed, When
from sync_core.model.sides import ErpContent, GraphContent

NO_SUBJECT = "(no subject)"
"""The Subject of an activity whose event has none: ERP.net requires one (erpnet.md §8)."""

BUSY_SUBJECT = "Private"
"""The subject of a private item under ``SYNC_PRIVATE=busy``."""

DEFAULT_MINUTES = 30
"""The length of an activity that has neither an end nor a planned duration."""

MINUTE = timedelta(minutes=1)

ERP_PRIORITY = {Priority.LOW: "Low", Priority.NORMAL: "Medium", Priority.HIGH: "High"}
PRIORITY_OF = {
    "Lowest": Priority.LOW,
    "Low": Priority.LOW,
    "Medium": Priority.NORMAL,
    "High": Priority.HIGH,
    "Highest": Priority.HIGH,
}

C = TypeVar("C", GraphContent, ErpContent)


def cut_subject(subject: str) -> str:
    """The subject as an activity can hold it: at most SUBJECT_LIMIT UTF-16 units, whole characters, never empty."""
    text = " ".join(whole_characters(utf16(subject)).split())
    return cut(text, SUBJECT_LIMIT).rstrip() or NO_SUBJECT


def to_digits(at: datetime, zone: ZoneInfo) -> datetime:
    """The naive wall-clock digits of an instant in ``zone``."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def to_instant(digits: datetime, zone: ZoneInfo) -> datetime:
    """The instant of wall-clock digits in ``zone``. In a gap they move forward by its length; in a repeated hour they
    mean the first."""
    return digits.replace(tzinfo=zone, fold=0).astimezone(UTC)


def floor_minute(at: datetime) -> datetime:
    """The instant without seconds."""
    return at.replace(second=0, microsecond=0)


def is_midnight(digits: datetime) -> bool:
    """Whether ERP.net reads these digits as all day. Only hour and minute count: local time of old had seconds."""
    return (digits.hour, digits.minute) == (0, 0)


def step_inside(digits: datetime) -> timedelta:
    """How far a start with these digits may stand inside the midnight that it means."""
    return MINUTE if (digits.hour, digits.minute) == (0, 1) else timedelta()


def is_private(content: GraphContent | ErpContent) -> bool:
    """Whether the item is hidden from others: any sensitivity but normal counts (graph.md T26)."""
    return content.sensitivity != "normal" if isinstance(content, GraphContent) else content.private


def masked(content: C) -> C:
    """A private item as ``SYNC_PRIVATE=busy`` shows it, with its time and no words or people; any other item
    unchanged."""
    if not is_private(content):
        return content
    if isinstance(content, GraphContent):
        return replace(content, subject=BUSY_SUBJECT, body="", people=())
    return replace(content, subject=BUSY_SUBJECT, notes="", people=())


def graph_when(content: GraphContent) -> When:
    """When an event is. All-day dates float and are never converted (graph.md §6)."""
    if content.all_day:
        last = max(content.end.date() - timedelta(days=1), content.start.date())
        return days_of(content.start.date(), last)
    start = floor_minute(content.start)
    return Timed(start, max(floor_minute(content.end), start))


def erp_when(content: ErpContent, zone: ZoneInfo, base: tuple[GraphContent, ErpContent] | None = None) -> When:
    """When an activity is. An edge whose digits are still the base's keeps the true instant of the base."""
    if is_midnight(content.start) and (content.end is None or is_midnight(content.end)):
        return days_of(content.start.date(), max(content.start, content.end or content.start).date())
    start = to_instant(content.start, zone)
    if content.end is not None:
        end = to_instant(content.end, zone)
    else:
        end = start + timedelta(minutes=content.planned_minutes or DEFAULT_MINUTES)
    if base is not None and not base[0].all_day:
        known = graph_when(base[0])
        if isinstance(known, Timed):
            true_start = known.start if content.start == base[1].start else start
            true_end = known.end if _is_same_end(content, base[1]) else end
            if true_start <= true_end:
                start, end = true_start, true_end
    start = floor_minute(start)
    return Timed(start, max(floor_minute(end), start))


def _is_same_end(content: ErpContent, base: ErpContent) -> bool:
    """Whether the end is the base's. Where it is left open, the start and the planned duration tell it."""
    if content.end is not None:
        return content.end == base.end
    return (content.end, content.start, content.planned_minutes) == (base.end, base.start, base.planned_minutes)


def lead(when: When, minutes: int | None) -> int | None:
    """Minutes before the start at which a reminder rings. Only a reminder of whole days may ring later, on the day
    itself."""
    return minutes if minutes is None or isinstance(when, AllDay) else max(0, minutes)


def reminder_digits(when: When, minutes: int | None, zone: ZoneInfo) -> datetime | None:
    """ERP.net's ReminderTime for a reminder of ``minutes`` before the start: real time, or wall clock for whole days.

    None for no reminder, and for one before the earliest year: Outlook keeps its reminder and ERP.net has none.
    """
    minutes = lead(when, minutes)
    if minutes is None:
        return None
    if isinstance(when, AllDay):
        return shifted(datetime.combine(when.first, time()), -timedelta(minutes=minutes))
    at = shifted(when.start, -timedelta(minutes=minutes))
    digits = to_digits(at, zone) if at else None
    return digits if digits and is_known_year(digits) else None


def reminder_minutes(when: When, digits: datetime | None, zone: ZoneInfo) -> int | None:
    """Minutes from a ReminderTime to the start; None for no reminder."""
    if digits is None:
        return None
    if isinstance(when, AllDay):
        gap = datetime.combine(when.first, time()) - digits
    else:
        gap = when.start - to_instant(digits, zone)
    return lead(when, int(gap.total_seconds() // 60))


def erp_times(when: When, zone: ZoneInfo) -> tuple[datetime, datetime, int]:
    """StartTime, EndTime and PlannedDurationMinutes of a span. The last day of whole days is included (erpnet.md
    §12)."""
    if isinstance(when, AllDay):
        first = datetime.combine(when.first, time())
        last = datetime.combine(when.until - timedelta(days=1), time())
        return first, last, (when.until - when.first).days * 24 * 60
    length = when.end - when.start
    start, end = to_digits(when.start, zone), to_digits(when.end, zone)
    if end < start:  # the clock went back in between, and ERP.net refuses an end before the start (R28916)
        end = start + length
    if is_midnight(start):
        start += MINUTE
    if is_midnight(end):
        end -= MINUTE
    return start, max(start, end), int(length.total_seconds() // 60)


def fits_erp(when: When, zone: ZoneInfo) -> bool:
    """Whether an activity can hold this span, its digits in ``zone``."""
    return all(map(is_known_year, erp_times(when, zone)[:2]))


def fits_graph(when: When) -> bool:
    """Whether an event can hold this span. Whole days end on the day after the last one."""
    edges = (when.first, when.until) if isinstance(when, AllDay) else (when.start, when.end)
    return all(map(is_known_year, edges))


def from_graph(content: GraphContent) -> Event:
    """Project an event's content to common ground."""
    when = graph_when(content)
    return Event(
        subject=cut_subject(content.subject),
        body=normal_text(content.body),
        when=when,
        reminder=lead(when, content.reminder),
        private=is_private(content),
        priority=Priority(content.importance) if content.importance in set(Priority) else Priority.NORMAL,
        people=frozenset(content.people),
    )


def from_erp(content: ErpContent, zone: ZoneInfo, base: tuple[GraphContent, ErpContent] | None = None) -> Event:
    """Project an activity's content to common ground; ``base`` gives the true edges back (see ``erp_when``)."""
    when = erp_when(content, zone, base)
    return Event(
        subject=cut_subject(content.subject),
        body=normal_text(content.notes),
        when=when,
        reminder=reminder_minutes(when, content.reminder, zone),
        private=content.private,
        priority=PRIORITY_OF.get(content.priority, Priority.NORMAL),
        people=frozenset(content.people),
    )


def to_graph(event: Event) -> GraphContent:
    """Project common ground to an event's content."""
    if isinstance(event.when, AllDay):
        start = datetime.combine(event.when.first, time(), UTC)
        end = datetime.combine(event.when.until, time(), UTC)
    else:
        start, end = event.when.start, event.when.end
    return GraphContent(
        subject="" if event.subject == NO_SUBJECT else event.subject,
        body=event.body,
        start=start,
        end=end,
        all_day=isinstance(event.when, AllDay),
        reminder=event.reminder,
        sensitivity="private" if event.private else "normal",
        importance=event.priority.value,
        people=tuple(sorted(event.people)),
    )


def to_erp(event: Event, zone: ZoneInfo) -> ErpContent:
    """Project common ground to an activity's content, with its digits in ``zone``."""
    start, end, minutes = erp_times(event.when, zone)
    return ErpContent(
        subject=event.subject,
        notes=event.body,
        start=start,
        end=end,
        planned_minutes=minutes,
        reminder=reminder_digits(event.when, event.reminder, zone),
        private=event.private,
        priority=ERP_PRIORITY[event.priority],
        people=tuple(sorted(event.people)),
    )
