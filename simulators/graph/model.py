"""The values of a mailbox: content of an event, items, calendars, mails; no behaviour beyond reading.

Times: a timed event keeps two instants in UTC; an all-day event keeps midnights in UTC that stand for floating
dates (graph.md §6, ``isAllDay``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Any

from simulators.graph import zones
from simulators.graph.recurrence import Recurrence

if TYPE_CHECKING:
    from simulators.graph.mailbox import Mailbox

Json = dict[str, Any]

NEVER = "0001-01-01T00:00:00Z"
DELETED = "deleteditems"


@dataclass(frozen=True, slots=True)
class Address:
    """Name and e-mail address of a person."""

    name: str
    address: str

    def as_json(self) -> Json:
        """The ``emailAddress`` resource inside its wrapper's key."""
        return {"name": self.name, "address": self.address}


@dataclass(frozen=True, slots=True)
class Attendee:
    """One attendee and their answer."""

    who: Address
    kind: str = "required"
    response: str = "none"
    at: str = NEVER

    def as_json(self) -> Json:
        """The ``attendee`` resource."""
        return {
            "type": self.kind,
            "status": {"response": self.response, "time": self.at},
            "emailAddress": self.who.as_json(),
        }


@dataclass(frozen=True, slots=True)
class Content:
    """What an event says; the same for singles, masters and (with overrides) exceptions."""

    start: datetime
    end: datetime
    organizer: Address
    subject: str = ""
    body: str = ""
    is_all_day: bool = False
    start_zone: str = "UTC"
    end_zone: str = "UTC"
    locations: tuple[Json, ...] = ()
    categories: tuple[str, ...] = ()
    importance: str = "normal"
    sensitivity: str = "normal"
    show_as: str = "busy"
    is_reminder_on: bool = True
    reminder_minutes: int = 15
    attendees: tuple[Attendee, ...] = ()
    response_requested: bool = True
    allow_new_time_proposals: bool = True
    hide_attendees: bool = False
    is_online: bool = False
    join_url: str = ""
    is_cancelled: bool = False
    response: str = "organizer"
    responded_at: str = NEVER
    recurrence: Recurrence | None = None

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Whether the event is in the window; one of no length counts where it starts."""
        return self.start < end and (self.end > start or (self.end == self.start >= start))


@dataclass(frozen=True, slots=True)
class Deviation:
    """What is different on one date of a series; an exception has times of its own (graph.md §5)."""

    changes: dict[str, Any]
    created_at: datetime
    modified_at: datetime


@dataclass(slots=True)
class Item:
    """One stored event: a single or a series with its exceptions and deleted occurrences."""

    mailbox: Mailbox
    serial: int
    immutable_id: str
    regular_id: str
    calendar: str
    content: Content
    ical_uid: str
    created_at: datetime
    modified_at: datetime
    is_organizer: bool = True
    transaction_id: str | None = None
    properties: dict[str, str] = field(default_factory=dict)
    exceptions: dict[date, Deviation] = field(default_factory=dict)
    cancelled: set[date] = field(default_factory=set)
    declined: set[date] = field(default_factory=set)
    version: int = 0
    # When it first and last stood in the default calendar, and under which regular id it was last seen there.
    entered: int | None = None
    seen_as: str = ""
    # The organizer's item knows the attendees' copies by mailbox id, a copy knows the organizer's item. Whoever is
    # invited to one date only has an orphan instance: a single event that knows the date it is a copy of.
    copies: dict[str, Item] = field(default_factory=dict)
    orphans: dict[tuple[str, date], Item] = field(default_factory=dict)
    original: Item | None = None
    original_slot: date | None = None

    @property
    def is_master(self) -> bool:
        """Whether this is a series."""
        return self.content.recurrence is not None

    @property
    def is_deleted(self) -> bool:
        """Whether it sits in Deleted Items or is gone altogether."""
        return self.calendar in ("", DELETED)

    @property
    def is_meeting(self) -> bool:
        """Whether others are invited."""
        return bool(self.content.attendees)

    def deviate(self, slot: date, changes: dict[str, Any], at: datetime) -> None:
        """Make one date of the series an exception, or change the exception that it is."""
        known = self.exceptions.get(slot) or Deviation({}, at, at)
        self.exceptions[slot] = Deviation({**known.changes, **changes}, known.created_at, at)

    def drop_date(self, slot: date, *, declined: bool = False) -> None:
        """One date of the series does not take place here any more."""
        self.exceptions.pop(slot, None)
        self.cancelled.add(slot)
        if declined:
            self.declined.add(slot)

    def restore_date(self, slot: date) -> None:
        """One date of the series takes place again."""
        self.cancelled.discard(slot)
        self.declined.discard(slot)

    def fit_dates(self, before: Content) -> None:
        """Forget the dates that differ where the series is none any more, is made anew, or lost the date."""
        series = self.content.recurrence
        anew = self.mailbox.switches.series_edit_drops_exceptions and is_made_anew(before, self.content)
        kept = set() if series is None or anew else {d for d in (*self.exceptions, *self.cancelled) if series.has(d)}
        self.exceptions = {d: e for d, e in self.exceptions.items() if d in kept}
        self.cancelled.intersection_update(kept)
        self.declined.intersection_update(kept)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One date of a series, and what stands there; ``item`` alone (``slot`` None) is the event itself."""

    item: Item
    slot: date | None = None

    @property
    def is_exception(self) -> bool:
        """Whether the occurrence differs from its series."""
        return self.slot in self.item.exceptions

    @property
    def content(self) -> Content:
        """What the event says at this place."""
        if self.slot is None:
            return self.item.content
        start, end = slot_times(self.item.content, self.slot)
        plain = replace(self.item.content, start=start, end=end, recurrence=None)
        deviation = self.item.exceptions.get(self.slot)
        return replace(plain, **deviation.changes) if deviation else plain


def is_made_anew(before: Content, after: Content) -> bool:
    """Whether a series takes place at other times or by another pattern; where it ends does not count."""
    shapes = [(c.start, c.end, c.recurrence and c.recurrence.endless()) for c in (before, after)]
    return shapes[0] != shapes[1]


def series_clock(content: Content) -> tzinfo:
    """The clock by which the dates of a series are told and its times stay."""
    series = content.recurrence
    if series is None:
        return zones.any_zone(content.start_zone)
    return zones.any_zone(series.zone) if series.offset is None else timezone(series.offset)


def slot_times(content: Content, slot: date) -> tuple[datetime, datetime]:
    """Start and end of a series on this date: the wall clock of its zone stays over DST.

    A start that the clock skips is as much later, and the length stays.
    """
    length = content.end - content.start
    if content.is_all_day:
        return zones.midnight(slot), zones.midnight(slot) + length
    clock = series_clock(content)
    first, last = (at.astimezone(clock).replace(tzinfo=None) for at in (content.start, content.end))
    begin = datetime.combine(slot, first.time())
    start, end = (at.replace(tzinfo=clock).astimezone(UTC) for at in (begin, begin + (last - first)))
    is_skipped = start.astimezone(clock).replace(tzinfo=None) != begin
    return start, start + length if is_skipped else end


def local_date(content: Content, at: datetime) -> date:
    """The series' own date of an instant."""
    return at.date() if content.is_all_day else at.astimezone(series_clock(content)).date()


def original_start(here: Occurrence) -> datetime | None:
    """When an occurrence starts by its series, in whole minutes; a whole day at midnight in the series' zone."""
    if here.slot is None:
        return None
    content = here.item.content
    if content.is_all_day:
        clock = series_clock(content)
        return datetime.combine(here.slot, datetime.min.time(), tzinfo=clock).astimezone(UTC)
    return slot_times(content, here.slot)[0].replace(second=0, microsecond=0)


def slots(item: Item, start: datetime, end: datetime) -> Iterator[Occurrence]:
    """Occurrences and exceptions of a series inside the window, by slot date."""
    recurrence = item.content.recurrence
    if recurrence is None:
        return
    length = item.content.end - item.content.start
    first = clamp(start, -(timedelta(days=2) + length)).date()
    last = clamp(end, timedelta(days=2)).date()
    far = [d for d in item.exceptions if not first <= d <= last]
    for slot in (*far, *recurrence.dates(first, last)):
        if slot in item.cancelled:
            continue
        here = Occurrence(item, slot)
        if here.content.overlaps(start, end):
            yield here


def clamp(at: datetime, by: timedelta) -> datetime:
    """``at + by`` that stops at the ends of the calendar."""
    try:
        return at + by
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC) if by < timedelta(0) else datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class Calendar:
    """A calendar folder."""

    id: str
    name: str
    is_default: bool = False

    def as_json(self) -> Json:
        """The part of the ``calendar`` resource that tells calendars apart."""
        return {"id": self.id, "name": self.name, "isDefaultCalendar": self.is_default}


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail Exchange would send; ``kind`` is invitation, update, cancellation or response."""

    kind: str
    sender: str
    to: str
    subject: str
    ical_uid: str
    at: datetime
