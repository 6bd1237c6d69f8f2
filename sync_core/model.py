"""The values calsync thinks in: what each side shows, what is remembered, what must be done.

Words (one word for one thing): an *event* is a Graph event or our neutral value, an *activity* is ERP.net's;
a *link* says that one of each belong together; its *base* is what both sides showed when they were last in
step, each in its own terms. Own terms matter: a new time zone, a tzdata update or rewritten HTML must not look
like an edit, so a side is only ever compared with what the same side showed before.

Instants are aware UTC and end in ``_at`` (or are ``start``/``end`` of an instant span). ERP.net's wall clock is
kept as naive ``datetime`` digits (erpnet.md §12), never as an instant.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from hashlib import sha256

from sync_core.policy import Policy
from sync_core.sides import Side as Side  # whoever reads the model finds it here

MSSYNC_SYSTEM = "Office365-iCalUId"
"""ExternalSystem of activities paired with an event; ERP.net's own MSSync uses it too (erpnet.md §7)."""

CONFLICT_CATEGORY = "ERP.net conflict"
"""The Outlook category that marks an event in conflict (R9)."""


class Field(StrEnum):
    """The groups in which content is compared, merged and written; start, end and all-day are one."""

    SUBJECT = "subject"
    BODY = "body"
    TIME = "time"
    REMINDER = "reminder"
    PRIVATE = "private"
    PRIORITY = "priority"
    PEOPLE = "people"


EVERYTHING = frozenset(Field)


class Priority(StrEnum):
    """Priority as both sides can say it: Outlook's three classes."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Timed:
    """A span between two instants, UTC, whole minutes; it may be empty."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is not UTC or self.end.tzinfo is not UTC:
            raise ValueError("a timed span needs UTC instants")
        if self.end < self.start:
            raise ValueError("the end lies before the start")


@dataclass(frozen=True, slots=True)
class AllDay:
    """Whole calendar days, floating: ``first`` is in, ``until`` is the day after the last one."""

    first: date
    until: date

    def __post_init__(self) -> None:
        if self.until <= self.first:
            raise ValueError("an all-day span needs at least one day")


When = Timed | AllDay


@dataclass(frozen=True, slots=True)
class Event:
    """Common ground: what both sides can say about one meeting.

    ``subject`` fits an activity, ``body`` is plain text, ``reminder`` is minutes before the start (None = no
    reminder), ``people`` are lower-case e-mail addresses.
    """

    subject: str
    body: str
    when: When
    reminder: int | None
    private: bool
    priority: Priority
    people: frozenset[str] = frozenset()


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


Content = GraphContent | ErpContent


class EventKind(StrEnum):
    """Graph's event types (graph.md §6)."""

    SINGLE = "singleInstance"
    OCCURRENCE = "occurrence"
    EXCEPTION = "exception"
    MASTER = "seriesMaster"


@dataclass(frozen=True, slots=True)
class Attendee:
    """One invited person of an event; ``kind`` and ``response`` in Graph's words, ``email`` lower case.

    ``address`` and ``answered`` are the address and the time of the response as Graph wrote them: the list is sent
    back whole (graph.md §5).
    """

    email: str
    name: str = ""
    kind: str = "required"
    response: str = "none"
    address: str = ""
    answered: str = ""


@dataclass(frozen=True, slots=True)
class GraphEvent:
    """One event as read. ``mark`` (our extended property: an activity id) and ``html`` only where asked for.

    ``response`` is the mailbox owner's own answer to an invitation. ``hidden_crowd`` counts the attendees of an event
    whose people are hidden (``SYNC_PRIVATE=busy``). ``is_uncut``: the text may still tell the Teams block, which only
    the HTML shows; nobody but the adapter sees such an event.
    """

    id: str
    change_key: str
    ical_uid: str
    content: GraphContent
    kind: EventKind = EventKind.SINGLE
    series_id: str | None = None
    is_organizer: bool = True
    organizer: str = ""
    is_cancelled: bool = False
    categories: tuple[str, ...] = ()
    attendees: tuple[Attendee, ...] = ()
    response: str = "none"
    hidden_crowd: int = 0
    modified_at: datetime | None = None
    transaction_id: str | None = None
    mark: str | None = None
    html: str | None = None
    is_uncut: bool = False

    @property
    def is_series(self) -> bool:
        """Whether the event belongs to a recurring series (R10)."""
        return self.kind is not EventKind.SINGLE


EDITABLE_STATES = frozenset({"New", "Planned", "FirmPlanned"})
"""Document states that accept edits (erpnet.md §10)."""


@dataclass(frozen=True, slots=True)
class Participant:
    """One row of an activity's participants; ``email`` lower case, '' for a person without one."""

    id: str
    email: str
    notes: str = ""


@dataclass(frozen=True, slots=True)
class ErpActivity:
    """One activity as read. ``version`` is ObjectVersion, ``updated_at`` AggregateLastUpdateTimeUtc.

    ``created`` is CreationTime: digits of the server's clock, whose zone nobody tells (erpnet.md §12).
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
        """The state the activity is in."""
        return stamp_of(self.updated_at, self.version)

    @property
    def is_locked(self) -> bool:
        """Whether ERP.net refuses changes of this activity (R9)."""
        return self.state not in EDITABLE_STATES or self.read_only or self.void


@dataclass(frozen=True, slots=True)
class Malformed:
    """An item that could be read as JSON but not understood; ``reason`` is fit for an administrator's eyes."""

    side: Side
    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open span of instants in UTC: ``start <= t < end``."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is not UTC or self.end.tzinfo is not UTC or self.end < self.start:
            raise ValueError("a window needs two UTC instants in order")


@dataclass(frozen=True, slots=True)
class GraphReading:
    """What Graph told in one complete read.

    ``removed`` are ids named by ``@removed`` (a hint, never a deletion by itself). ``occurrences`` counts the bare
    rows of series that were left out. ``delta_link`` is the next opaque link, None for a plain read.
    """

    events: tuple[GraphEvent, ...] = ()
    removed: frozenset[str] = frozenset()
    malformed: tuple[Malformed, ...] = ()
    occurrences: int = 0
    delta_link: str | None = None


class Whereabouts(StrEnum):
    """In which calendar a readable event sits."""

    DEFAULT = "default"
    OTHER = "other"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What Graph says about an event that may be gone: the event itself (None = 404), whether ``calendarView``
    over its own span shows it (None = not asked or failed), and the calendar it sits in."""

    event: GraphEvent | Malformed | None
    in_view: bool | None = None
    where: Whereabouts = Whereabouts.UNKNOWN


def stamp_of(updated_at: datetime | None, version: int | None) -> str:
    """What tells one state of an activity from the next; the time alone may be equal for two edits."""
    return f"{updated_at.isoformat() if updated_at else '-'}/{'-' if version is None else version}"


@dataclass(frozen=True, slots=True)
class Seen:
    """The versions of both sides at one moment: the event's change key and the activity's stamp; '' = not there."""

    event: str = ""
    activity: str = ""


@dataclass(frozen=True, slots=True)
class ActivityChange:
    """One row of the pull: an activity that changed (or vanished) and when; times are UTC."""

    activity_id: str
    updated_at: datetime
    version: int | None = None
    creation_user: str = ""
    owner_party: str = ""
    deleted: bool = False

    @property
    def stamp(self) -> str:
        """The state the activity was met in."""
        return stamp_of(self.updated_at, self.version)


class Mark(StrEnum):
    """State of the conflict category on the event."""

    NONE = "none"
    SET = "set"
    TAKEN_OFF = "taken off"


@dataclass(frozen=True, slots=True)
class Clash:
    """One field (or 'deletion') on which both sides stand apart, what each shows (bounded text) and why."""

    field: str
    event_value: str
    activity_value: str
    why: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """An open conflict of one link; ``mark`` remembers what became of the category (R9)."""

    clashes: tuple[Clash, ...]
    since_at: datetime
    mark: Mark = Mark.NONE


class LinkStatus(StrEnum):
    """What a round does with a link."""

    LIVE = "live"
    PARKED = "parked"
    HELD = "held"
    TOMBSTONE = "tombstone"
    ARCHIVED = "archived"


class EndedBy(StrEnum):
    """What ended a link: a person in Outlook or ERP.net, both, the hand-over of its meeting, an operator's no to a
    held deletion, or its age."""

    NOBODY = ""
    OUTLOOK = "outlook"
    ERP = "erp"
    BOTH = "both"
    HANDED_ON = "handed-on"
    DROPPED = "dropped"
    AGE = "age"


@dataclass(frozen=True, slots=True)
class Held:
    """The list that a link is on (``Hold.key``), what would be done to it (an ``Intent``), and how many would be
    told by mail."""

    hold: str
    intent: str
    mails: int = 0


class Role(StrEnum):
    """What one mailbox's copy of a meeting is to the meeting's activity (design.md §4 "Meetings").

    The organizer's own event (``own``) and, where the organizer is not with us, one invited copy (``holder``) feed
    the activity; every other copy follows: it only tells its owner's answer.
    """

    OWN = "own"
    HOLDER = "holder"
    FOLLOWER = "follower"


@dataclass(frozen=True, slots=True)
class Link:
    """One event and one activity known to belong together, and the base both were last in step on.

    ``zone`` is the IANA zone the activity's digits are written in. ``creator`` is the id of the ERP.net user that R12
    asks about, decided once (``login:…`` where only a login was known). ``change_key``, ``version``, ``updated_at``
    (activity) and ``modified_at`` (event) are what the sides carried when last seen.
    ``status``, ``ended_by`` and ``ended_at`` are written by ``link.py`` alone; ``reason`` is for people and compared
    with nothing. ``reread`` names why both sides must be read by id in the next round ('' = need not). ``unseen``: we
    made the event and the feed has not shown it yet; deleted before that, the feed will never tell (graph.md §3).
    ``given_up_at`` is what both sides were when the last of too many tries failed: until one is another, or somebody
    asks for a retry, nothing is tried. ``held``: its deletion is on a list that a person must answer, or answered.
    ``missed_at`` is since when a calendar that was moved or restored lacks the event (moving.py).
    ``answers`` are (e-mail, answer) as last told to ERP.net. A follower's ``activity_id`` is '': the claim knows it.
    """

    event_id: str
    activity_id: str
    ical_uid: str
    zone: str
    base_event: GraphContent
    base_activity: ErpContent
    change_key: str
    version: int | None
    updated_at: datetime | None
    modified_at: datetime | None = None
    origin: Side = Side.GRAPH
    creator: str = ""
    role: Role = Role.OWN
    answers: tuple[tuple[str, str], ...] = ()
    status: LinkStatus = LinkStatus.LIVE
    reason: str = ""
    reread: str = ""
    unseen: bool = False
    tries: int = 0
    retry_at: datetime | None = None
    conflict: Conflict | None = None
    ended_at: datetime | None = None
    ended_by: EndedBy = EndedBy.NOBODY
    given_up_at: Seen | None = None
    held: Held | None = None
    missed_at: datetime | None = None

    @property
    def stamp(self) -> str:
        """The state in which the activity was last seen."""
        return stamp_of(self.updated_at, self.version)


class PendingState(StrEnum):
    """What an item without a link waits for.

    Nothing: its counterpart is under way, or a person chose to have it made anew (marks no longer count), or to leave
    the item alone. A choice, since the counterpart that a mark names is gone. The end of something: another event of
    its calendar (twin) or of another mailbox (clash) is the meeting; several activities name the same event.
    """

    WAITING = "waiting"
    RELEASED = "released"
    DECLINED = "declined"
    PARTNER_GONE = "partner-gone"
    TWIN = "twin"
    CLASH = "clash"
    NAMED_TWICE = "named-twice"


UNHINDERED = frozenset({PendingState.WAITING, PendingState.RELEASED, PendingState.DECLINED})
"""States in which nothing stands in an item's way, or a person chose; else it is looked at again when that ends."""


@dataclass(frozen=True, slots=True)
class Pending:
    """An unlinked item that must get a counterpart and has not yet, or that was parked on the way.

    Saved before a create is sent; found at start it means: look before creating. ``parked`` items wait for a
    person (``retry``, ``approve`` or an edit of the item). ``reason`` is for people and compared with nothing.
    ``given_up_at`` as in ``Link``.
    """

    side: Side
    item_id: str
    ical_uid: str = ""
    incarnation: int = 0
    tries: int = 0
    retry_at: datetime | None = None
    parked: bool = False
    reason: str = ""
    state: PendingState = PendingState.WAITING
    given_up_at: Seen | None = None


@dataclass(frozen=True, slots=True)
class InboxRow:
    """The pull's note to a user's round: this activity changed. ``etag`` guards its removal."""

    activity_id: str
    updated_at: datetime
    deleted: bool = False
    etag: str = ""


@dataclass(frozen=True, slots=True)
class HeldItem:
    """One item of a hold: what would be done to it, and what its owner knows it by.

    ``start`` as in ``GraphContent``; None = not known. ``private``: the subject is its owner's only.
    """

    event_id: str
    activity_id: str
    intent: str
    subject: str = ""
    start: datetime | None = None
    all_day: bool = False
    private: bool = False
    mails: int = 0


class Answer(StrEnum):
    """What a person said to a hold."""

    OPEN = ""
    APPROVED = "approved"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Hold:
    """A list that waits for the administrator, or was answered: exactly these items, nothing else (holds.py).

    ``key`` names its row. ``items`` stand on the links and are not stored with it; ``listed`` are those of a row of
    schema version 1, whose links do not know of it.
    """

    key: str
    why: str
    items: tuple[HeldItem, ...]
    since_at: datetime
    answer: Answer = Answer.OPEN
    listed: tuple[HeldItem, ...] = ()

    @property
    def id(self) -> str:
        """What a person calls it by: short, the same for the same list and another one for any other."""
        named = "|".join(sorted(item.event_id + item.activity_id for item in self.items))
        return sha256(named.encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Cursors:
    """How far a user's rounds have come.

    ``token`` is the window the delta link was asked for. ``window_end`` is the instant up to which events have been
    taken in (R7); ``day`` the user's local day of the last daily roll. ``full_due`` asks the next round to be full.
    ``deletions`` are the instants of the last 24 hours' deletions, for the guard. ``served`` is the last wake token
    served, ``fingerprint`` what decided the skips.
    """

    delta_link: str | None = None
    token: Window | None = None
    window_end: datetime | None = None
    day: date | None = None
    full_due: bool = True
    deletions: tuple[datetime, ...] = ()
    served: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Memory:
    """Everything remembered about one user's calendar, as recalled at the start of a round."""

    cursors: Cursors = field(default_factory=Cursors)
    links: tuple[Link, ...] = ()
    pending: tuple[Pending, ...] = ()
    inbox: tuple[InboxRow, ...] = ()
    holds: tuple[Hold, ...] = ()
    wake: str = ""


OPERATIONAL = "Operational"


@dataclass(frozen=True, slots=True)
class FormerAccount:
    """An ERP.net user somebody was, or a login they bore: so last at ``seen_at``, no more at ``until_at``."""

    erp_user_id: str
    login: str
    seen_at: datetime | None
    until_at: datetime


@dataclass(frozen=True, slots=True)
class User:
    """One person and their switch. ``id`` is the Entra object id; ``state`` is what R14 shows.

    ``company_id``/``location_id``/``zone`` are the person's settings; ``notified`` the last problem they were told
    about (one notification per problem, R5). ``addresses`` are all that mail reaches them at, in lower case;
    ``troubled_at`` is since when they are not operational. ``erp_user_id`` is whom the person is in ERP.net; login,
    person and party are kept current, last at ``erp_seen_at``, and ``former_accounts`` are what they were before.
    ``unreadable`` is never stored: it says why the row of somebody, of whom only the id is known, cannot be read.
    """

    id: str
    upn: str
    mail: str = ""
    addresses: tuple[str, ...] = ()
    display_name: str = ""
    enabled: bool = False
    erp_user_id: str = ""
    erp_login: str = ""
    erp_person_id: str = ""
    erp_party_id: str = ""
    company_id: str = ""
    location_id: str = ""
    zone: str = ""
    zone_chosen: bool = False
    state: str = OPERATIONAL
    troubled_at: datetime | None = None
    notified: str = ""
    enabled_at: datetime | None = None
    synced_at: datetime | None = None
    remote_checkpoint_at: datetime | None = None
    local_checkpoint_at: datetime | None = None
    erp_seen_at: datetime | None = None
    former_accounts: tuple[FormerAccount, ...] = ()
    unreadable: str = ""

    @property
    def is_unread(self) -> bool:
        """Whether no whole round has ended since they were switched on: what their calendar holds is not known."""
        return self.synced_at is None or (self.enabled_at is not None and self.synced_at < self.enabled_at)

    @property
    def erp_user_ids(self) -> frozenset[str]:
        """Everybody this person is or was in ERP.net."""
        return frozenset({self.erp_user_id, *(one.erp_user_id for one in self.former_accounts)}) - {""}

    @property
    def erp_logins(self) -> frozenset[str]:
        """Every login this person bears or bore, in lower case."""
        known = (self.erp_login, *(one.login for one in self.former_accounts))
        return frozenset(login.casefold() for login in known if login)

    @property
    def is_operational(self) -> bool:
        """Whether rounds may write for this user."""
        return self.state == OPERATIONAL


@dataclass(frozen=True, slots=True)
class Instance:
    """What is remembered about the two systems this store belongs to.

    ``tenant`` and ``database`` are its stamp. ``endpoints`` are ERP.net's discovered roots (token URL, OData root).
    ``watermark`` is the highest ERP.net update time whose rows were all filed; ``met`` are marks of the changes so
    near below it that a pull meets them again (jobs/pull.py), oldest first; ``looked_back_at`` is when a pull last
    looked an hour further back, ``pulled_at`` when the last complete one began. ``document_type_id`` is R2's type.
    ``repair_began_at`` is when all links were last begun to be held against ERP.net, ``repaired_to`` the user up to
    whom that has come, None where it has ended. ``refused`` is why a side refuses the app itself, since
    ``refused_at``, '' while none does. All of these by our clock but the watermark. ``policy`` is the company's, None
    before anybody stamped it; ``policy_by_app`` whether the app did.
    ``former_service_logins`` are the service user's of before.
    """

    tenant: str = ""
    database: str = ""
    endpoints: tuple[str, ...] = ()
    watermark: datetime | None = None
    service_login: str = ""
    document_type_id: str = ""
    pulled_at: datetime | None = None
    met: tuple[str, ...] = ()
    looked_back_at: datetime | None = None
    repair_began_at: datetime | None = None
    repaired_to: str | None = None
    former_service_logins: tuple[FormerAccount, ...] = ()
    refused: str = ""
    refused_at: datetime | None = None
    policy: Policy | None = None
    policy_by_app: bool = False


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One line of what was done and why. ``before``/``after`` hold bounded text by field name."""

    user_id: str
    at: datetime
    round_id: str
    action: str
    reason: str = ""
    event_id: str = ""
    activity_id: str = ""
    subject: str = ""
    private: bool = False
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
