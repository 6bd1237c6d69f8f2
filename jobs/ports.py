"""The ports: what the jobs need from the world, as Protocols. ``adapters`` implement them, ``wiring`` chooses.

``Store`` is composed of one Protocol for each thing that is stored. Each method states what it returns and what it
raises (classes of ``sync_core.errors``). Any call of a side may also raise ``SideUnavailable`` (or a subclass),
``AppRefused`` and ``AccessRefused``; any call of the store may raise a subclass of ``StoreError``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from jobs.asked import CommandStore
from sync_core.model.claim import Claim
from sync_core.model.day import Day
from sync_core.model.event import Window
from sync_core.model.link import Link, Pending
from sync_core.model.memory import Cursors, Hold, InboxRow, Instance, JournalEntry, Memory, User
from sync_core.model.sides import ActivityChange, ErpActivity, Evidence, GraphEvent, GraphReading, Malformed
from sync_core.model.unsynced import Unsynced
from sync_core.model.writes import ErpIdentity, ErpWrite, GraphWrite, Outcome

Cover = Callable[[], AbstractAsyncContextManager[None]]

cover: ContextVar[Cover] = ContextVar("cover", default=nullcontext)
"""The adapters make every request to a side inside ``cover.get()()``. A round sets it to its lease (``Fence``), which
is then renewed however long a read or a write of many requests takes."""


class Clock(Protocol):
    """Tells the current instant, aware UTC."""

    def __call__(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A directory user. ``id`` is the Entra object id; ``addresses`` are all their e-mail addresses, in lower
    case."""

    id: str
    upn: str
    mail: str
    display_name: str
    account_enabled: bool
    addresses: tuple[str, ...] = ()


class Calendar(Protocol):
    """Microsoft Graph, one tenant; ``user_id`` is the Entra object id, always the default calendar."""

    async def find_user(self, upn: str) -> Mailbox | None:
        """Look a user up by UPN, mail or id; None when the directory does not know them."""

    async def read_time_zone(self, user_id: str) -> str:
        """The mailbox's zone as an IANA name, '' when unset or unknown. Raises ``MailboxUnavailable``."""

    async def read_changes(self, user_id: str, link: str | None, span: Window) -> GraphReading:
        """Follow ``link`` (None: start anew over ``span``) to the last page.

        Raises ``CursorExpired`` (link unknown), ``EndlessRead``, ``MailboxUnavailable``, ``ForeignHost``.
        """

    async def has_news(self, links: Mapping[str, str]) -> dict[str, bool]:
        """Probe delta links (user id → link), batched. True also if a probe failed: a round will report why."""

    async def read_view(self, user_id: str, span: Window) -> GraphReading:
        """Every event that occurs in ``span`` (``calendarView``), in full, with our marks."""

    async def read_marked(self, user_id: str) -> GraphReading:
        """Every event that carries our mark, in full, wherever in time it lies."""

    async def read_events(
        self, user_id: str, ids: Collection[str], *, html: bool = False
    ) -> dict[str, GraphEvent | Malformed | None]:
        """Read by id, batched; None = 404. With ``html`` the body's HTML and our mark are read as well."""

    async def find_marked(self, user_id: str, activity_ids: Collection[str]) -> dict[str, tuple[GraphEvent, ...]]:
        """The events that carry the mark of each activity, in full with ``transaction_id``."""

    async def read_marks(self, user_id: str, ids: Collection[str]) -> dict[str, str]:
        """Our marks on these events: event id → activity id, batched; events without one are left out."""

    async def find_by_uid(self, user_id: str, ical_uids: Collection[str]) -> dict[str, tuple[GraphEvent, ...]]:
        """The events with each iCalUId, in full, wherever in time they lie; batched."""

    async def gather_evidence(self, user_id: str, ids: Collection[str]) -> dict[str, Evidence]:
        """Read what ``judge_gone`` needs to know of events that may be gone."""

    async def write(self, user_id: str, writes: Sequence[GraphWrite]) -> list[Outcome]:
        """Carry out writes, batched; one outcome for each write, in their order.

        Errors inside an outcome: ``StaleWrite``, ``ItemGone``, ``DuplicateCreate``, ``ItemRejected``, ``Throttled``,
        ``SideUnavailable`` (``unclear`` if the write may have been done).
        """


@dataclass(frozen=True, slots=True)
class ErpUser:
    """An ERP.net user. ``party_id`` is '' for one without a person: they cannot own an activity."""

    id: str
    login: str
    email: str
    name: str
    active: bool
    is_admin: bool
    person_id: str
    party_id: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Place:
    """An enterprise company (``company_code``: its registration number) and one of its locations, with names to show.

    A company without a location has '' for it.
    """

    company_id: str
    location_id: str
    company_name: str = ""
    location_name: str = ""
    company_code: str = ""


@dataclass(frozen=True, slots=True)
class Readiness:
    """What rules R2 and R3 require: the document type's id, and what is missing, as sentences with remedies."""

    document_type_id: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PullReading:
    """Every change at or after the asked time; ``high`` is the highest update time among them, None if none.

    A time more than a day ahead of our clock does not count: as a watermark it would hide all changes until then.
    """

    changes: tuple[ActivityChange, ...]
    high: datetime | None


@dataclass(frozen=True, slots=True)
class ActivityState:
    """The present state of an activity in ERP.net. ``stamp`` as on links, '' for one that cannot be read: ERP.net has
    deleted it (``is_deleted``) or hides it from us."""

    stamp: str = ""
    is_deleted: bool = False


class Erp(Protocol):
    """ERP.net, one instance, one request at a time."""

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The token URL and the OData root that discovery found, () before the first call; stored for other
        processes."""

    @property
    def session_ends_at(self) -> datetime | None:
        """When the session that our calls opened ends and frees its licence (erpnet.md §3); None without a
        session."""

    async def service_login(self) -> str:
        """The login every call runs as (the token's ``client_system_user``)."""

    async def check_access(self) -> str:
        """Prove URL, token and API; returns the server's version."""

    async def read_changes(self, since: datetime) -> PullReading:
        """Changed and deleted activities of the whole instance with an update time >= ``since`` (UTC), complete."""

    async def newest_change(self) -> datetime | None:
        """The highest update time of any activity: where a first watermark starts. None in an empty instance."""

    async def read_states(self, ids: Collection[str]) -> dict[str, ActivityState]:
        """The state of each activity, every id a key: only ids, versions and update times, thousands a request."""

    async def read_activities(self, ids: Collection[str]) -> dict[str, ErpActivity | Malformed | None]:
        """Read by id, batched; None = no such row (deleted, or not visible to us)."""

    async def read_owned(
        self, logins: Collection[str], party_id: str, since: datetime
    ) -> list[ErpActivity | Malformed]:
        """Activities created by one of ``logins`` or owned by ``party_id`` that may end at ``since`` (UTC) or later.

        The result may hold more (ERP.net cuts date filters to days): the caller filters exactly.
        """

    async def find_paired(self, ical_uids: Collection[str]) -> dict[str, tuple[ErpActivity | Malformed, ...]]:
        """Activities whose (ExternalSystem, ExternalId) is (MSSYNC_SYSTEM, one of these), void ones included."""

    async def write(self, who: ErpIdentity, writes: Sequence[ErpWrite]) -> list[Outcome]:
        """Carry out writes, batched; one outcome for each, with the activity read back after it.

        Errors inside an outcome: ``StaleWrite``, ``ItemGone``, ``ItemRejected``, ``Throttled``, ``SideUnavailable``
        (``unclear`` if the write may have been done).
        """

    async def find_users(self, addresses: Collection[str], user_id: str = "") -> list[ErpUser]:
        """Active internal users with this id or one of these e-mail addresses (fallback: logins), any letter case."""

    async def find_logins(self, logins: Collection[str], *, recently: bool = False) -> dict[str, str]:
        """Who bears these logins now, active or not: login in lower case → user id; a login of nobody is left out.

        ``recently`` allows an answer cached in the last minutes.
        """

    async def suggest_places(self, user_id: str, login: str) -> list[Place]:
        """Companies and locations ERP.net connects with the user (erpnet.md §8), without duplicates."""

    async def list_places(self) -> list[Place]:
        """Every active enterprise company with each of its locations, by name, codes included."""

    async def find_place(self, company_id: str, location_id: str) -> Place | None:
        """The company and location if both exist and belong together."""

    async def check_readiness(self, *, repair: bool) -> Readiness:
        """Document type and permissions (R2, R3); with ``repair`` create or grant what is missing."""

    async def notify(self, user_id: str, subject: str) -> None:
        """Send the user an ERP.net notification of MSSync's class (erpnet.md §10)."""

    async def probe(self) -> dict[str, str]:
        """Harmless probes of what the contract calls UNCONFIRMED: question → finding (for doctor)."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write a user's partition until ``expires_at`` (our clock); ``etag`` is the fencing token."""

    user_id: str
    holder: str
    expires_at: datetime
    etag: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A licence to call ERP.net."""

    number: int
    holder: str
    etag: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription to Graph's notifications of one mailbox's changes (graph.md §11), as stored.

    ``secret`` proves that a notification comes from Graph. It is stored before Graph is asked, so ``id`` is '' in
    between. ``url`` is where Graph sends notifications. ``unreadable`` is never stored: it says why the row of a
    newer build cannot be read, of which only the user is known.
    """

    user_id: str
    secret: str = field(repr=False)
    id: str = ""
    url: str = ""
    expires_at: datetime | None = None
    unreadable: str = ""

    @property
    def client_state(self) -> str:
        """What Graph sends with each notification (at most 128 characters): the user and the secret."""
        return f"{self.user_id}.{self.secret}"


@dataclass(frozen=True, slots=True)
class LiveSubscription:
    """A subscription as Graph lists it; ``resource`` names the mailbox."""

    id: str
    resource: str
    url: str
    expires_at: datetime


class Subscriptions(Protocol):
    """Graph's change notifications for the events of mailboxes."""

    async def list_live(self) -> list[LiveSubscription]:
        """Every live subscription of this app, for any address and mailbox."""

    async def subscribe(self, wanted: Subscription, until: datetime) -> Subscription:
        """Subscribe to ``wanted.user_id`` at ``wanted.url``; return it with the id and the end that Graph chose.

        Raises ``ItemRejected``: code ``ObjectIdentifierInUse`` for a second one of the same mailbox and address,
        ``ValidationError`` if Graph could not reach the address.
        """

    async def renew(self, subscription_id: str, until: datetime) -> datetime | None:
        """Renew, which also reauthorizes; return the new end, None if Graph does not know the subscription."""

    async def unsubscribe(self, subscription_id: str) -> None:
        """End a subscription; an unknown one is no error."""


Message = Mapping[str, str | bool | int]
"""One item of the work queue, as ``jobs.messages`` writes and reads it."""


@dataclass(frozen=True, slots=True)
class Queued:
    """An order for which one message is on its way; ``key`` is its deduplication key (``jobs.messages``).

    ``ticket`` identifies that message, which is seen at ``due_at``. ``message`` is the order, None if it is served
    already. ``since`` is when the order began to wait for ERP.net's session, None if it waits for something else;
    ``not_before`` is when that is over. ``is_big`` means a full round, which lets small ones pass.
    """

    key: str
    ticket: str
    due_at: datetime
    message: dict[str, str | bool | int] | None = None
    since: datetime | None = None
    not_before: datetime | None = None
    is_big: bool = False
    etag: str = ""


class LineStore(Protocol):
    """The line: the orders that are on their way through the work queue, shared by all processes."""

    async def read_queued(self, key: str) -> Queued | None:
        """The order with this key, None if none is on its way."""

    async def list_queued(self) -> list[Queued]:
        """Every order that is on its way."""

    async def save_queued(self, queued: Queued) -> Queued:
        """Insert (etag '') or replace; return it with its new etag. Raises ``StaleWrite`` if another write came
        first."""

    async def drop_queued(self, queued: Queued) -> None:
        """Delete the row as read; a missing one is no error. Raises ``StaleWrite`` if another write came first."""


class Queue(Protocol):
    """The work queue: it delivers each message at least once, in no order."""

    async def send(self, message: Message, *, delay_seconds: float = 0) -> None:
        """Put a message into the queue, to be seen after the delay. Raises ``StoreUnavailable``."""

    async def count(self) -> tuple[int, int]:
        """About how many messages wait, hidden ones included, and how many nobody could serve (the poison queue).
        Raises ``StoreUnavailable``."""


UNREADABLE = "row cannot be read"
"""The action of a journal entry that stands for a row that cannot be read."""


Storable = Link | Pending | Cursors | Hold


@dataclass(frozen=True, slots=True)
class Put:
    """Insert or replace this row."""

    row: Storable


@dataclass(frozen=True, slots=True)
class Drop:
    """Delete this row; a missing one is no error."""

    row: Link | Pending | Hold


RowChange = Put | Drop


class SlotStore(Protocol):
    """The ERP.net session slots, shared by all processes."""

    async def acquire_slot(self, holder: str, count: int, stale_after_seconds: float, *, last: bool = False) -> Slot:
        """Take one of ``count`` slots: a free one, our own, or one without a heartbeat for that long.

        With ``last`` the highest number is tried first: a command keeps out of the way of an app that has fewer
        slots. Raises ``SlotsTaken``.
        """

    async def beat_slot(self, slot: Slot) -> Slot:
        """Send a heartbeat. Raises ``LeaseLost`` if the slot was taken over."""

    async def free_slot(self, slot: Slot, lingers_seconds: float = 0) -> None:
        """Give the slot back; a lost one is no error. For ``lingers_seconds`` only its holder can take it again."""

    async def count_slots(self, count: int, stale_after_seconds: float) -> int:
        """How many of ``count`` slots are held, or stand for a session that may still be open."""


class LeaseStore(Protocol):
    """The leases: one holder at a time works on a user, and the lease's etag fences every save."""

    async def acquire_lease(self, user_id: str, holder: str, seconds: int) -> Lease:
        """Take the lease: a free or expired one, or our own. Raises ``LeaseHeld``."""

    async def release_lease(self, lease: Lease) -> None:
        """Give the lease back; a lost one is no error."""

    async def break_lease(self, user_id: str) -> None:
        """Take the lease from its holder, whose next save raises ``LeaseLost`` (when a user is switched off)."""


class AccountStore(Protocol):
    """The claims on ERP.net users: each belongs to one mailbox."""

    async def read_account(self, erp_user_id: str) -> tuple[str, str]:
        """The user who has claimed this ERP.net user, and the row's etag; '' and '' for none."""

    async def save_account(self, erp_user_id: str, user_id: str, etag: str) -> None:
        """Claim an ERP.net user for a mailbox, on the condition of ``etag`` ('' = insert). Raises ``StaleWrite``."""


class FormKeyStore(Protocol):
    """The key that the page's forms are signed with."""

    async def read_form_key(self) -> bytes:
        """The key, the same for every instance; made by whoever asks first. Raises ``StoreUnavailable``."""


class ClaimStore(Protocol):
    """What several users share: the index of links by activity, the index of copies by meeting, and the claims."""

    async def reindex(self, user_id: str, links: Collection[Link]) -> None:
        """Write the index rows of these links: by activity for a feeder, by iCalUId for a follower. A full round
        rebuilds a user's index in this way."""

    async def find_copies(self, key: str) -> frozenset[str]:
        """The users whose copy of a meeting follows; ``key`` as in ``Claim``. Raises ``RowUnreadable`` if a row can
        neither be read nor rebuilt."""

    async def begin_events(self, user_id: str, activity_ids: Collection[str]) -> None:
        """Store, before the events are created, that this user gets events of these activities (a write-ahead
        record). Saving the link or dropping the pending row replaces it."""

    async def end_events(self, user_id: str, activity_ids: Collection[str]) -> None:
        """Remove what ``begin_events`` stored, for events that will not be created; index rows of links stay."""

    async def find_event_owners(self, activity_ids: Collection[str]) -> dict[str, frozenset[str]]:
        """The users who have an event of each activity or are about to get one; every asked id is a key."""

    async def find_linked(self, activity_ids: Collection[str]) -> dict[str, dict[str, str]]:
        """The users who have a link of each activity (activity id → user id → the link's ``stamp``)."""

    async def read_claim(self, key: str) -> Claim | None:
        """The claim on a meeting, None if it is unclaimed. Raises ``RowUnreadable``, which concerns this meeting
        only."""

    async def save_claim(self, claim: Claim) -> Claim:
        """Insert (etag '') or replace a claim; return it with its etag. Raises ``StaleWrite`` if another write came
        first."""


class JournalStore(Protocol):
    """What was done, for people to read."""

    async def append_journal(self, entries: Sequence[JournalEntry]) -> None:
        """Write journal rows. The same entry (user, instant, round, action, ids) written twice is one row."""

    async def read_journal(self, user_id: str, limit: int = 100) -> list[JournalEntry]:
        """The newest entries first; an unreadable row gives an entry with the action ``UNREADABLE``."""

    async def save_unsynced(self, user_id: str, unsynced: Unsynced) -> None:
        """Replace the list of a user's items that are not in step."""

    async def read_unsynced(self, user_id: str) -> Unsynced:
        """A user's items that are not in step; empty where nothing is known."""

    async def count_unsynced(self) -> dict[str, dict[str, int]]:
        """How many items of each user are not in step, by reason: user id → reason → count."""

    async def trim_journal(self, user_id: str, before: datetime) -> int:
        """Erase entries older than ``before``; return how many there were."""


class DayStore(Protocol):
    """What the rounds of each day did, in numbers."""

    async def add_to_day(self, told: Day, user_id: str) -> None:
        """Add what one round of a user did to its day. Raises ``StoreUnavailable``."""

    async def list_days(self) -> list[Day]:
        """The days that are kept, in parts (``by_day``); unreadable rows are left out. As many rows for ten people as
        for ten thousand."""

    async def trim_days(self, before: date) -> None:
        """Erase the days before this one."""


class SubscriptionStore(Protocol):
    """Graph's subscriptions, as stored."""

    async def list_subscriptions(self) -> list[Subscription]:
        """The subscriptions of all users. Of a newer build's row only the user is known (``unreadable``); a spoilt
        row is left out."""

    async def read_subscription(self, user_id: str) -> Subscription | None:
        """The subscription of one user; None for a spoilt row, so that a new one is made. Raises ``RowUnreadable``
        for a newer build's row."""

    async def save_subscription(self, subscription: Subscription) -> None:
        """Insert or replace a user's subscription."""

    async def drop_subscription(self, user_id: str) -> None:
        """Delete a user's subscription; a missing one is no error."""


class Store(
    SlotStore,
    LineStore,
    LeaseStore,
    AccountStore,
    FormKeyStore,
    ClaimStore,
    CommandStore,
    DayStore,
    JournalStore,
    SubscriptionStore,
    Protocol,
):
    """The store: all of the above, the users, and the memory of each.

    The tables and the memory store pass one contract suite (tests/support/store_contract.py).
    """

    async def prepare(self) -> None:
        """Create missing tables; may be repeated."""

    async def find_unreadable(self) -> list[str]:
        """Name every row of users and meetings that cannot be read, with its owner and the remedy."""

    async def read_instance(self) -> tuple[Instance, str]:
        """The instance row and its etag; an empty ``Instance`` and '' before the first save."""

    async def save_instance(self, instance: Instance, etag: str) -> str:
        """Save on the condition of ``etag`` ('' = insert); return the new etag. Raises ``StaleWrite``."""

    async def list_users(self) -> list[User]:
        """All known users, by UPN. A user whose row cannot be read has only an id; they are on and in an error
        state."""

    async def read_user(self, user_id: str) -> User | None:
        """One user. Raises ``RowUnreadable``."""

    async def revise_user(
        self, user_id: str, revise: Callable[[User], User | None], *, new: User | None = None
    ) -> None:
        """Save what ``revise`` makes of the stored user; None changes nothing.

        If another write comes first, ``revise`` is called again. ``new`` is revised for an unknown user; without it
        nothing is saved. Raises ``RowUnreadable``.
        """

    async def forget_user(self, user_id: str) -> None:
        """Erase the user, their partition, index rows and journal."""

    async def recall(self, user_id: str) -> Memory:
        """Read everything stored in the user's partition. Raises ``RowUnreadable``."""

    async def save(self, lease: Lease, changes: Sequence[RowChange]) -> Lease:
        """Save row changes of the lease's user in as few transactions as the limits allow.

        Each transaction is fenced by the lease and renews it; links are indexed afterwards. Returns the renewed
        lease. Raises ``LeaseLost``: nothing of that transaction was stored.
        """

    async def file_inbox(self, user_id: str, rows: Collection[InboxRow]) -> None:
        """Add or replace inbox rows (needs no lease)."""

    async def clear_inbox(self, user_id: str, rows: Collection[InboxRow]) -> None:
        """Remove inbox rows that are still as they were read; newer ones stay."""

    async def write_wake(self, user_id: str, token: str) -> None:
        """Replace the user's wake token: a round is wanted."""

    async def read_wake(self, user_id: str) -> str:
        """The newest wake token, '' if none."""

    async def read_served(self, user_id: str) -> str:
        """The wake token that the user's last whole round served, '' if none. Raises ``RowUnreadable``."""
