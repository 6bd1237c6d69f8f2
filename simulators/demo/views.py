"""Both calendars as people see them, paired: what the story looks at, compares and shows.

Nothing here knows the product. Events and activities are paired by what any administrator can see: the activity's
ExternalId (erpnet.md §7), or the mark under the event. What calsync ought to take along is worked out from the rules
alone (design R6, R8, R10).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

Json = dict[str, Any]

CONFLICT_CATEGORY = "ERP.net conflict"
SUBJECT_UNITS = 254
"""Longest activity subject in UTF-16 units (erpnet.md §8)."""

NO_SUBJECT = "(no subject)"
DEFAULT_MINUTES = 30
"""Length of an activity with neither end nor planned duration (design.md §4 "Time")."""

MINUTE = timedelta(minutes=1)

ANSWERS = {"accepted": "accepted", "tentativelyAccepted": "tentative", "declined": "declined"}
"""Graph's words for a person's own answer that are worth showing."""


@dataclass(frozen=True, slots=True)
class Span:
    """When something happens on the person's own clock: naive digits, or whole days with the last one included."""

    start: datetime
    end: datetime
    all_day: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """An event in Outlook."""

    id: str
    ical_uid: str
    subject: str
    span: Span
    version: str
    kind: str = "singleInstance"
    organizer: str = ""
    private: bool = False
    cancelled: bool = False
    people: tuple[str, ...] = ()
    answer: str = ""
    categories: tuple[str, ...] = ()

    @property
    def is_marked(self) -> bool:
        """Whether it wears the conflict category."""
        return CONFLICT_CATEGORY in self.categories

    @property
    def is_date(self) -> bool:
        """Whether it is one date of a series."""
        return self.kind in ("occurrence", "exception")

    @property
    def is_own(self) -> bool:
        """Whether its owner organises it."""
        return not self.organizer


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody who takes part in an activity; their answer is in their notes."""

    address: str
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Activity:
    """An activity in ERP.net."""

    id: str
    external_id: str
    subject: str
    span: Span
    version: int
    owner: str = ""
    people: tuple[Participant, ...] = ()
    private: bool = False
    void: bool = False
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """An event and its activity, or one that stands alone."""

    event: Event | None = None
    activity: Activity | None = None

    @property
    def key(self) -> str:
        """What stays the same about a row while it lives."""
        return self.activity.id if self.activity else self.event.id if self.event else ""

    @property
    def versions(self) -> tuple[object, object]:
        """What changes when anything does."""
        return (self.event.version if self.event else None, self.activity.version if self.activity else None)

    @property
    def at(self) -> datetime:
        """Where the row stands in the calendar."""
        shown = self.event or self.activity
        assert shown is not None, "a row in a calendar is never empty"
        return shown.span.start

    @property
    def is_pair(self) -> bool:
        """Whether both sides are there and alive."""
        return self.event is not None and self.activity is not None and not self.activity.void

    def differences(self) -> list[str]:
        """In which respects a living pair does not say the same, in words."""
        if self.event is None or self.activity is None or self.activity.void:
            return []
        told = {
            "subject": as_activity_holds(self.event.subject) == as_activity_holds(self.activity.subject),
            "time": _is_same_time(self.event.span, self.activity.span),
            "privacy": self.event.private == self.activity.private,
        }
        return [name for name, same in told.items() if not same]


@dataclass(frozen=True, slots=True)
class Meeting:
    """One meeting wherever it is: its copies by login, None where a mailbox has none, and its activities."""

    copies: Mapping[str, Event | None]
    activities: tuple[Activity, ...] = ()

    @property
    def activity(self) -> Activity:
        """Its one activity; a LookupError in plain words where there are none or several."""
        if len(self.activities) != 1:
            raise LookupError(f"the meeting has {len(self.activities)} activities")
        return self.activities[0]

    @property
    def answers(self) -> dict[str, str]:
        """Who takes part and what they answered, by address."""
        return {one.address: one.notes for one in self.activity.people}


@dataclass(frozen=True, slots=True)
class World:
    """Both calendars at one moment, by time."""

    rows: tuple[Row, ...] = ()

    def of(self, event_id: str) -> Row:
        """The row of an event, alive or not; an empty row when nobody knows it."""
        return next((row for row in self.rows if row.event and row.event.id == event_id), Row())

    def activity(self, activity_id: str) -> Activity | None:
        """An activity by id, void ones too."""
        return next((r.activity for r in self.rows if r.activity and r.activity.id == activity_id), None)

    @property
    def activities(self) -> list[Activity]:
        """Everything in ERP.net."""
        return [row.activity for row in self.rows if row.activity]

    @property
    def pairs(self) -> list[Row]:
        """Rows whose both sides are alive."""
        return [row for row in self.rows if row.is_pair]

    @property
    def out_of_step(self) -> list[Row]:
        """Pairs whose sides differ."""
        return [row for row in self.pairs if row.differences()]

    def changed_since(self, before: World) -> set[str]:
        """Keys of rows that are new or have new versions; a row that lost its event counts as well."""
        known = {row.key: row.versions for row in before.rows}
        return {row.key for row in self.rows if known.get(row.key) != row.versions}


def as_activity_holds(subject: str) -> str:
    """A subject as an activity can hold it."""
    units = " ".join(subject.split()).encode("utf-16-le")[: SUBJECT_UNITS * 2]
    return units.decode("utf-16-le", "ignore").rstrip() or NO_SUBJECT


def _is_same_time(event: Span, activity: Span) -> bool:
    if event.all_day or activity.all_day:
        return event == activity
    return _is_same_edge(event.start, activity.start) and _is_same_edge(event.end, activity.end)


def _is_same_edge(event: datetime, activity: datetime) -> bool:
    """Equal to the minute; 00:00 means all day in ERP.net, so midnight stands a minute aside there."""
    apart = abs(activity - event.replace(second=0, microsecond=0))
    return apart < MINUTE or (event.time() == time() and apart == MINUTE)


def read_event(told: Json, zone: tzinfo) -> Event:
    """An event from the Graph stand-in's ``state``, on the clock of ``zone``."""
    private = told["sensitivity"] != "normal"
    organizer = "" if told["isOrganizer"] else told["organizer"]["emailAddress"]["address"]
    return Event(
        id=told["id"],
        ical_uid=told["iCalUId"],
        subject=told["subject"],
        span=_event_span(told, zone),
        version=told["changeKey"],
        kind=told["type"],
        organizer=organizer,
        private=private,
        cancelled=told["isCancelled"],
        people=tuple(guest["emailAddress"]["address"] for guest in told["attendees"]),
        answer=ANSWERS.get(told["responseStatus"]["response"], ""),
        categories=tuple(told["categories"]),
    )


def _event_span(told: Json, zone: tzinfo) -> Span:
    start, end = (datetime.fromisoformat(told[name]["dateTime"][:19]) for name in ("start", "end"))
    if told["isAllDay"]:
        return Span(start, end - timedelta(days=1), all_day=True)
    return Span(_on_clock(start, zone), _on_clock(end, zone))


def _on_clock(utc: datetime, zone: tzinfo) -> datetime:
    return utc.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)


def read_activity(told: Json) -> Activity:
    """An activity from the ERP.net stand-in's ``state``: its digits are the person's own clock already."""
    return Activity(
        id=told["Id"],
        external_id=told["ExternalId"] or "",
        subject=told["Subject"] or "",
        span=_activity_span(told),
        version=told["ObjectVersion"],
        owner=told["OwnerLogin"] or "",
        people=tuple(Participant(p["Email"] or "", p["Notes"] or "") for p in told["Participants"]),
        private=bool(told["Private"]),
        void=bool(told["Void"]),
        read_only=bool(told["ReadOnly"]),
    )


def _activity_span(told: Json) -> Span:
    start = datetime.fromisoformat(told["StartTime"][:19])
    length = timedelta(minutes=told["PlannedDurationMinutes"] or DEFAULT_MINUTES)
    end = datetime.fromisoformat(told["EndTime"][:19]) if told["EndTime"] else start + length
    return Span(start, end, all_day=start.time() == end.time() == time())


def pair(events: Sequence[Event], activities: Sequence[Activity], marks: Mapping[str, str]) -> World:
    """Both calendars as rows; ``marks`` tells for an event which activity's id lies under it."""
    by_id = {a.id: a for a in activities}
    by_external = {a.external_id: a for a in activities if a.external_id}
    rows = []
    for event in events:
        partner = by_external.get(event.ical_uid) or by_id.get(marks.get(event.id, ""))
        rows.append(Row(event, by_id.pop(partner.id, None) if partner else None))
    rows += [Row(None, activity) for activity in by_id.values()]
    return World(tuple(sorted(rows, key=lambda row: row.at)))


def last_day(today: date) -> date:
    """The last day calsync looks at: one month later, or that month's end (R6)."""
    year, month0 = divmod(today.year * 12 + today.month, 12)
    return date(year, month0 + 1, min(today.day, monthrange(year, month0 + 1)[1]))


def is_in_window(span: Span, today: date) -> bool:
    """Whether a span touches a day from today to a month later (R6)."""
    opens, closes = (datetime.combine(d, time()) for d in (today, last_day(today) + timedelta(days=1)))
    end = span.end + timedelta(days=1) if span.all_day else span.end
    return span.start < closes and (end > opens or span.start == end == opens)


def is_due(event: Event, today: date) -> bool:
    """Whether the rules want an activity for this event while nobody else's sync is on: single, in the window (R6,
    R10); a meeting that somebody without calsync organizes belongs to whom they invite."""
    plain = event.kind == "singleInstance" and not event.cancelled
    return plain and is_in_window(event.span, today)
