"""What is remembered between rounds, besides links and claims: users, cursors, holds, the inbox, the journal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256

from sync_core.model.action import Action
from sync_core.model.event import Window
from sync_core.model.link import RUNNING, Link, Pending, unit_of
from sync_core.model.pause import Pause
from sync_core.model.phrase import Phrase
from sync_core.model.policy import Policy
from sync_core.model.series import Occurrence


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A row that the pull files for a user's round: this activity changed. ``etag`` guards its removal."""

    activity_id: str
    updated_at: datetime
    deleted: bool = False
    etag: str = ""


@dataclass(frozen=True, slots=True)
class HeldItem:
    """One item of a hold: what would be done to it, and what its owner knows it by.

    ``start`` is as in ``GraphContent``; None = not known. ``private``: only its owner may see the subject. ``unit``
    is what it counts as, '' = itself: dates of a series count together. ``occurrence`` is which date of one it is.
    """

    event_id: str
    activity_id: str
    intent: str
    subject: str = ""
    start: datetime | None = None
    all_day: bool = False
    private: bool = False
    mails: int = 0
    unit: str = ""
    occurrence: Occurrence | None = None


class Approval(StrEnum):
    """What a person answered to a hold."""

    OPEN = ""
    APPROVED = "approved"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Hold:
    """A list of deletions that waits for the administrator, or was answered: exactly these items (holds.py).

    ``key`` names its row. ``items`` stand on the links and are not stored with it. ``listed`` are the items of a row
    of schema version 1, whose links do not know of it.
    """

    key: str
    why: str
    items: tuple[HeldItem, ...]
    since_at: datetime
    approval: Approval = Approval.OPEN
    listed: tuple[HeldItem, ...] = ()

    @property
    def id(self) -> str:
        """The short name that people use: the same for the same list, another for any other."""
        named = "|".join(sorted(item.event_id + item.activity_id for item in self.items))
        return sha256(named.encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Cursors:
    """How far a user's rounds have come.

    ``delta_window`` is the span the delta link was asked for. ``window_end`` is the instant up to which events have
    been taken in (R7); ``day`` the user's local day of the last daily roll. ``full_due`` asks the next round to be
    full. ``deletions`` are the instants of the last 24 hours' deletions, for the guard. ``served`` is the last wake
    token served, ``fingerprint`` what decided the skips. ``settled``: no link asks for a look by itself, so that
    whether a round is due can be told without the links. ``unread`` are the days of which ERP.net did not show all of
    the user's activities; they are asked for again once a day.
    """

    delta_link: str | None = None
    delta_window: Window | None = None
    window_end: datetime | None = None
    day: date | None = None
    full_due: bool = True
    deletions: tuple[datetime, ...] = ()
    served: str = ""
    fingerprint: str = ""
    settled: bool = False
    unread: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """How many of the links that a round has not read run, and how many meetings they are of which it has read none
    (``Memory.units``)."""

    running: int
    units: int


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered about one user's calendar, as recalled at the start of a round.

    ``unread`` are the links that are not among ``links``, None = all are there. Of these none asks for anything
    (``sync_core.model.ledger``).
    """

    cursors: Cursors = field(default_factory=Cursors)
    links: tuple[Link, ...] = ()
    pending: tuple[Pending, ...] = ()
    inbox: tuple[InboxRow, ...] = ()
    holds: tuple[Hold, ...] = ()
    wake: str = ""
    unread: Unread | None = None

    @property
    def running(self) -> int:
        """How many links run, those that were not read included."""
        return (self.unread.running if self.unread else 0) + sum(link.status in RUNNING for link in self.links)

    @property
    def units(self) -> int:
        """How many meetings the links that run are: the dates of a series count once."""
        units = {unit_of(link) for link in self.links if link.status in RUNNING}
        return len(units) + (self.unread.units if self.unread else 0)


OPERATIONAL = "Operational"

ERROR = "Error: "

BETWEEN = " | "
"""Stands between the problems of a state in error."""


def in_error(problems: Iterable[str]) -> str:
    """The state of a user with these problems, of which there is at least one."""
    return f"{ERROR}{BETWEEN.join(problems)}"


def without_error(state: str) -> str:
    """The problems of a state in error, in one text; any other state as it is."""
    return state.removeprefix(ERROR)


def problems_in(state: str) -> list[str]:
    """The problems of a state, each by itself; none of one that is operational. Of a state that is no error, its
    words."""
    return [] if state == OPERATIONAL else [one for one in without_error(state).split(BETWEEN) if one]


@dataclass(frozen=True, slots=True)
class FormerAccount:
    """An ERP.net user or a login that a person had: last seen so at ``seen_at``, seen without it at ``until_at``."""

    erp_user_id: str
    login: str
    seen_at: datetime | None
    until_at: datetime


@dataclass(frozen=True, slots=True)
class Tally:
    """What the last whole round left: open conflicts, parked items, open holds, links that live.

    ``lag`` is how many seconds the newest change was under way, from what woke its round; None = not known. The
    oldest of what waits does so since ``conflicts_since`` and so on; None where nothing does, or an older build wrote
    the row.
    """

    conflicts: int = 0
    parked: int = 0
    holds: int = 0
    links: int = 0
    lag: int | None = None
    conflicts_since: datetime | None = None
    holds_since: datetime | None = None
    parked_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class User:
    """One person and their switch. ``id`` is the Entra object id; ``state`` is what R14 shows.

    ``company_id``, ``location_id`` and ``zone`` are the person's settings. ``notified`` is the last problem that they
    were notified of (one notification for each problem, R5). ``addresses`` are all addresses at which mail reaches
    them, in lower case. ``pause`` is for how long no round runs for them, None = rounds run. ``troubled_at`` is since
    when they are not operational. ``erp_user_id`` is who the person is in ERP.net. Login, person and party are kept
    current, last at ``erp_seen_at``; ``former_accounts`` are what they were before. ``tally`` is what their last
    whole round left, so that the company's numbers need no look into everybody's partition. ``told`` are keys of what
    they were notified of and still lasts (notices.py). ``company`` and ``location`` are what ERP.net calls the chosen
    ones. ``heard_at`` is the newest of Graph's notifications that a round of theirs has served. ``asks`` are the ids
    of their open choices and conflicts, None where no round has told yet. ``cursors`` are a copy, for the timer, of
    those that their last whole round left, None where none or an older build has: an older copy makes a round too
    many, never one too few. ``unreadable`` is never stored: it says why the row cannot be read of a user of whom only
    the id is known.
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
    pause: Pause | None = None
    tally: Tally = Tally()
    told: tuple[str, ...] = ()
    company: str = ""
    location: str = ""
    heard_at: datetime | None = None
    asks: tuple[str, ...] | None = None
    cursors: Cursors | None = field(default=None, repr=False)
    unreadable: str = ""

    @property
    def is_unread(self) -> bool:
        """Whether no whole round has ended since they were switched on, so that nobody knows what their calendar
        holds."""
        return self.synced_at is None or (self.enabled_at is not None and self.synced_at < self.enabled_at)

    @property
    def names(self) -> frozenset[str]:
        """Every name by which somebody can ask for this person, in small letters."""
        return frozenset(name.casefold() for name in (self.id, self.upn, self.mail, *self.addresses) if name)

    @property
    def erp_user_ids(self) -> frozenset[str]:
        """The ids of every ERP.net user that this person is or was."""
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
class FailedCheck:
    """A check that fails, check for check, ``since`` then: what it is about, and what is wrong, with the remedy.

    ``found`` has no text where another system said it, whose words are not kept.
    """

    since: datetime
    what: Phrase
    found: Phrase


@dataclass(frozen=True, slots=True)
class Instance:
    """What is remembered about the two systems to which this store belongs.

    ``tenant`` and ``database`` are its stamp. ``endpoints`` are ERP.net's discovered roots (token URL, OData root).
    ``document_type_id`` is the type of R2. ``former_service_logins`` are the service user's former accounts.
    ``policy`` is the company's, None before anybody stamped it; ``policy_by_app`` says whether the app did. ``pause``
    is for how long no round runs for anybody.

    ``watermark`` is the highest ERP.net update time of which all rows were filed: the only time here by
    ERP.net's clock. ``met`` are digests of the changes so near below it that a pull meets them again
    (jobs/pull.py), oldest first. ``unread`` are the seconds of which ERP.net has not shown all changes; they
    are asked for again. ``looked_back_at`` is when a pull last looked an hour further back, ``pulled_at`` when
    the last complete pull began. ``repair_began_at`` is when the repair's day began; ``repaired_to`` is the
    user, or the place in the order of users, up to whom it has come, None where it has not begun. ``refused``
    says why a side, ``refused_by``, has refused the app itself since ``refused_at``, '' = it does not.
    ``has_webhook``: the app has a secret for ERP.net's webhook, which last called at ``called_at``, within a
    minute. ``queued`` and ``poisoned`` are how many messages the work queue and its poison queue held at that
    pull, and ``poisoned_since`` is the first pull since which the latter was never empty.
    ``failing`` are the checks of ``calsync doctor`` that failed when the app last made all, by the codes of their
    topics; not those of a person, whose own row tells.
    ``looks_every`` are the minutes between two looks of the app's timer at everybody, 0 for
    a schedule that has no such number; after ``late_after`` minutes without a look somebody's calendar is late.
    ``looked_at`` is when the timer last looked whose turn it is; ``woken`` says of those whom it woke and whose round
    has not come since when (those who wait longest).
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
    pause: Pause | None = None
    digest_on: date | None = None
    queued: int = 0
    poisoned: int = 0
    poisoned_since: datetime | None = None
    failing: dict[str, FailedCheck] = field(default_factory=dict)
    unread: tuple[datetime, ...] = ()
    refused_by: str = ""
    has_webhook: bool = False
    looks_every: int = 15
    late_after: int = 60
    called_at: datetime | None = None
    looked_at: datetime | None = None
    woken: dict[str, datetime] = field(default_factory=dict)

    def looked_at_user(self, user: User) -> datetime | None:
        """When the user's calendar was last looked at: by a round, or by the timer, to which nothing was new."""
        waits_since = self.woken.get(user.id)
        if user.synced_at is None:
            return None
        if waits_since is not None and user.synced_at < waits_since:
            return waits_since
        return max(user.synced_at, self.looked_at or user.synced_at)


@dataclass(frozen=True, slots=True)
class EnteredDate:
    """One of several dates of a series of which one journal entry tells: its ids, which date it is (without the
    series' ids), and the values that are its own."""

    event_id: str
    activity_id: str
    occurrence: Occurrence | None
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """What was done at one moment, and why. ``before`` and ``after`` hold bounded text by field name. ``cell`` names
    what decided (``Decision.cell``); '' where no table did, or an older build wrote the row. ``occurrence`` is which
    date of a series the item was, without the series' ids; None for any other, or where an older build wrote it.
    ``dates`` are those of a series that the entry tells of at once, () for one item alone (``model/entries.py``)."""

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
    cell: str = ""
    occurrence: Occurrence | None = None
    dates: tuple[EnteredDate, ...] = ()

    @property
    def is_idle(self) -> bool:
        """Whether it stands for a round that was no full one and found nothing to do."""
        return self.action == Action.ROUND and not self.reason and not self.after
