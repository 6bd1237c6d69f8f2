"""What each side shows, in its own terms: Graph's events and ERP.net's activities, and how they were read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from sync_core.model.series import Occurrence, Recurrence


class Side(StrEnum):
    """The two systems, always in this order."""

    GRAPH = "graph"
    ERP = "erp"

    @property
    def other(self) -> Side:
        """The system on the far end."""
        return Side.ERP if self is Side.GRAPH else Side.GRAPH


MSSYNC_SYSTEM = "Office365-iCalUId"
"""ExternalSystem of activities paired with an event; ERP.net's own MSSync uses it too (erpnet.md §7)."""

DATE_SYSTEM = "calsync-iCalUId-date"
"""ExternalSystem of activities paired with a date of a series that another calendar system named."""

PAIRED_SYSTEMS = frozenset({MSSYNC_SYSTEM, DATE_SYSTEM})
"""The systems under which an ExternalId names an event."""


def system_of(occurrence: Occurrence | None) -> str:
    """The ExternalSystem of an event's activity."""
    return DATE_SYSTEM if occurrence is not None and occurrence.is_foreign else MSSYNC_SYSTEM


CONFLICT_CATEGORY = "ERP.net conflict"
"""The Outlook category of an event in conflict (R9)."""


class Field(StrEnum):
    """The groups of properties that are compared, merged and written as one; start, end and all-day are one."""

    SUBJECT = "subject"
    BODY = "body"
    TIME = "time"
    REMINDER = "reminder"
    PRIVATE = "private"
    PRIORITY = "priority"
    PEOPLE = "people"


EVERYTHING = frozenset(Field)


@dataclass(frozen=True, slots=True)
class GraphContent:
    """The synced content of an event in Graph's own terms.

    ``start``/``end`` are UTC instants; for ``all_day`` they are the floating midnights written as UTC, ``end``
    exclusive. ``body`` is normalised text without the Teams block. ``reminder`` is minutes, None = off.
    """

    subject: str
    body: str
    start: datetime
    end: datetime
    all_day: bool
    reminder: int | None
    sensitivity: str = "normal"
    importance: str = "normal"
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ErpContent:
    """The synced content of an activity in ERP.net's own terms.

    ``start``, ``end`` and ``reminder`` are naive wall-clock digits; ``end`` may be missing. ``priority`` is one of
    Lowest, Low, Medium, High, Highest.
    """

    subject: str
    notes: str
    start: datetime
    end: datetime | None
    planned_minutes: int | None
    reminder: datetime | None
    private: bool = False
    priority: str = "Medium"
    people: tuple[str, ...] = ()


class EventKind(StrEnum):
    """Graph's event types (graph.md §6)."""

    SINGLE = "singleInstance"
    OCCURRENCE = "occurrence"
    EXCEPTION = "exception"
    MASTER = "seriesMaster"


@dataclass(frozen=True, slots=True)
class Attendee:
    """One invited person of an event. ``kind`` and ``response`` are Graph's words, ``email`` is lower case.

    ``address`` and ``answered`` are the address and the time of the response as Graph wrote them, because the list is
    sent back whole (graph.md §5).
    """

    email: str
    name: str = ""
    kind: str = "required"
    response: str = "none"
    address: str = ""
    answered: str = ""


@dataclass(frozen=True, slots=True)
class GraphEvent:
    """One event as read. ``mark`` (our extended property: an activity id) and ``html`` are there only if asked for.

    ``occurrence`` is which date of which series it is, where that is known; with ``SYNC_SERIES=skip`` nobody knows.
    Its ``ical_uid`` is then the date's (``Occurrence.uid``). ``recurrence`` is a master's.

    ``modified_at`` is Graph's own word: of a plain date its series' time, of a changed one (an exception) that of the
    last change made to it alone (graph.md §5). ``series_at`` is when the series of a date was last changed, in the
    state that the date was read in; None where the reading does not tell.

    ``response`` is the mailbox owner's own response to an invitation. ``hidden_attendees`` counts the attendees of an
    event whose people are hidden (``SYNC_PRIVATE=busy``). ``is_uncut``: the text may still hold the Teams block,
    which only the HTML can show; only the adapter sees such an event.
    """

    id: str
    change_key: str
    ical_uid: str
    content: GraphContent
    kind: EventKind = EventKind.SINGLE
    series_id: str | None = None
    occurrence: Occurrence | None = None
    recurrence: Recurrence | None = None
    is_organizer: bool = True
    organizer: str = ""
    is_cancelled: bool = False
    categories: tuple[str, ...] = ()
    attendees: tuple[Attendee, ...] = ()
    response: str = "none"
    hidden_attendees: int = 0
    modified_at: datetime | None = None
    series_at: datetime | None = None
    transaction_id: str | None = None
    mark: str | None = None
    html: str | None = None
    is_uncut: bool = False

    @property
    def is_series(self) -> bool:
        """Whether the event is a recurring series, or a date of one that is not synced by itself (R10)."""
        return self.kind is not EventKind.SINGLE and self.occurrence is None

    @property
    def newest_at(self) -> datetime | None:
        """The time of the newest change that the event may show (``newest``)."""
        return newest(self.occurrence, self.modified_at, self.series_at)


def newest(occurrence: Occurrence | None, own: datetime | None, series: datetime | None) -> datetime | None:
    """The time than which nothing that an event shows is younger; None = not known, and then it proves nothing.

    Of a date of a series it is the later of its own time, where there is one, and its series'. A changed date shows
    its series' title as long as nobody gave it one of its own, and its own time does not move when the series gets
    another: that time alone would say that whoever looked since has seen the title.
    """
    if occurrence is None:
        return own
    return max(own or series, series) if series is not None else None


EDITABLE_STATES = frozenset({"New", "Planned", "FirmPlanned"})
"""Document states that accept edits (erpnet.md §10)."""


@dataclass(frozen=True, slots=True)
class Participant:
    """One row of an activity's participants. ``email`` is lower case, '' for a person without one."""

    id: str
    email: str
    notes: str = ""


@dataclass(frozen=True, slots=True)
class ErpActivity:
    """One activity as read. ``version`` is ObjectVersion, ``updated_at`` AggregateLastUpdateTimeUtc.

    ``created`` is CreationTime: digits of the server's clock, whose zone is unknown (erpnet.md §12).
    """

    id: str
    version: int | None
    updated_at: datetime | None
    content: ErpContent
    system_type: str = "Meeting"
    state: str = "New"
    void: bool = False
    read_only: bool = False
    creation_user: str = ""
    owner_party: str = ""
    entity_name: str = "Cm_Activities"
    external_id: str = ""
    external_system: str = ""
    participants: tuple[Participant, ...] = ()
    created: datetime | None = None

    @property
    def stamp(self) -> str:
        """The state that the activity is in."""
        return stamp_of(self.updated_at, self.version)

    @property
    def is_locked(self) -> bool:
        """Whether ERP.net refuses changes of this activity (R9)."""
        return self.state not in EDITABLE_STATES or self.read_only or self.void


@dataclass(frozen=True, slots=True)
class Malformed:
    """An item that cannot be understood. ``reason`` may be shown to an administrator.

    ``is_passing``: it is not the item but the answer that was no use (a proxy's page, a failing server). The item is
    read again.
    """

    side: Side
    id: str
    reason: str
    is_passing: bool = False


@dataclass(frozen=True, slots=True)
class GraphReading:
    """What Graph answered in one complete read.

    ``removed`` are the ids in ``@removed`` (a hint, no proof of a deletion). Bare rows of series are left out;
    ``series`` are the ids of the masters of all rows of series. ``delta_link`` is the next opaque link, None for a
    plain read.
    """

    events: tuple[GraphEvent, ...] = ()
    removed: frozenset[str] = frozenset()
    malformed: tuple[Malformed, ...] = ()
    delta_link: str | None = None
    series: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SeriesDates:
    """What a master says of its dates: the original dates that were taken out, and the ids of those that were
    changed."""

    cancelled: frozenset[date] = frozenset()
    exceptions: Mapping[date, str] = field(default_factory=dict)


class Whereabouts(StrEnum):
    """The kind of calendar that holds a readable event."""

    DEFAULT = "default"
    OTHER = "other"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What Graph says about an event that may be gone: the event itself (None = 404), whether ``calendarView`` over
    its own span shows it (None = not asked, or failed), and the calendar that holds it."""

    event: GraphEvent | Malformed | None
    in_view: bool | None = None
    where: Whereabouts = Whereabouts.UNKNOWN


def stamp_of(updated_at: datetime | None, version: int | None) -> str:
    """What tells one state of an activity from the next. The time alone may be equal for two edits."""
    return f"{updated_at.isoformat() if updated_at else '-'}/{'-' if version is None else version}"


@dataclass(frozen=True, slots=True)
class Seen:
    """The versions of both sides at one moment: the event's change key and the activity's stamp; '' = not there."""

    event: str = ""
    activity: str = ""


@dataclass(frozen=True, slots=True)
class ActivityChange:
    """One row of the pull: an activity that changed or was deleted, and when (UTC)."""

    activity_id: str
    updated_at: datetime
    version: int | None = None
    creation_user: str = ""
    owner_party: str = ""
    deleted: bool = False

    @property
    def stamp(self) -> str:
        """The state in which the pull met the activity."""
        return stamp_of(self.updated_at, self.version)


PEOPLE = frozenset({Field.PEOPLE})


Fields = frozenset[Field]
