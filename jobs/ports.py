"""What the jobs need from the world, as Protocols; ``adapters`` implement them, ``wiring`` picks.

``Store`` is made of one Protocol for each thing that is kept, as ``adapters`` make it of one class each. Each method
states what it returns and what it raises (classes of ``sync_core.errors``). Any outside call may also raise
``SideUnavailable`` (or its children), ``AppRefused`` and ``AccessRefused``; any store call ``StoreError``'s children.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sync_core.model.claim import Claim
from sync_core.model.event import Window
from sync_core.model.link import Link, Pending
from sync_core.model.memory import Cursors, Hold, InboxRow, Instance, JournalEntry, Memory, User
from sync_core.model.sides import ActivityChange, ErpActivity, Evidence, GraphEvent, GraphReading, Malformed
from sync_core.model.writes import ErpIdentity, ErpWrite, GraphWrite, Outcome

Cover = Callable[[], AbstractAsyncContextManager[None]]

cover: ContextVar[Cover] = ContextVar("cover", default=nullcontext)
"""Every single request to a side is made inside ``cover.get()()``. A round puts its lease there: it is renewed while
requests are waited for and repeated, however long a reading or a write of many requests takes."""


class Clock(Protocol):
    """Tells the current instant, aware UTC."""

    def __call__(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A directory user. ``id`` is the Entra object id; ``addresses`` lower-case, every one mail reaches them at."""

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
        """Probe delta links (user id → link), batched. True also when the probe failed: a round will tell why."""

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
        """All that ``judge_gone`` needs about events that may be gone."""

    async def write(self, user_id: str, writes: Sequence[GraphWrite]) -> list[Outcome]:
        """Carry out writes, batched, in order of the answers' outcomes; one outcome for each write.

        Errors inside an outcome: ``StaleWrite``, ``ItemGone``, ``DuplicateCreate``, ``ItemRejected``, ``Throttled``,
        ``SideUnavailable`` (``unclear`` when it may have been done).
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
    """What R2 and R3 ask for: the document type's id, and what is missing as sentences with remedies."""

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
    """How an activity stands in ERP.net now. ``stamp`` as on links, '' for one that cannot be read: ``is_deleted``
    where ERP.net shows that it is gone for good, else it is hidden from us."""

    stamp: str = ""
    is_deleted: bool = False


class Erp(Protocol):
    """ERP.net, one instance, one request at a time."""

    @property
    def endpoints(self) -> tuple[str, ...]:
        """What discovery found (token URL, OData root), () before the first call; kept for the next process."""

    @property
    def session_ends_at(self) -> datetime | None:
        """Until when a session that our calls opened takes a licence (erpnet.md §3), by our clock; None without."""

    async def service_login(self) -> str:
        """The login every call runs as (the token's ``client_system_user``)."""

    async def check_access(self) -> str:
        """Prove URL, token and API; returns the server's version."""

    async def read_changes(self, since: datetime) -> PullReading:
        """Changed and deleted activities of the whole instance with an update time >= ``since`` (UTC), complete."""

    async def newest_change(self) -> datetime | None:
        """The highest update time of any activity: where a first watermark starts. None in an empty instance."""

    async def read_states(self, ids: Collection[str]) -> dict[str, ActivityState]:
        """How each of these stands, every id a key: ids, versions and update times only, thousands a request."""

    async def read_activities(self, ids: Collection[str]) -> dict[str, ErpActivity | Malformed | None]:
        """Read by id, batched; None = no such row (deleted, or not visible to us)."""

    async def read_owned(
        self, logins: Collection[str], party_id: str, since: datetime
    ) -> list[ErpActivity | Malformed]:
        """Activities created by one of ``logins`` or owned by ``party_id`` that may still run at ``since`` (UTC)
        or later.

        Wide on purpose (date filters are cut): the caller filters exactly.
        """

    async def find_paired(self, ical_uids: Collection[str]) -> dict[str, tuple[ErpActivity | Malformed, ...]]:
        """Activities whose (ExternalSystem, ExternalId) is (MSSYNC_SYSTEM, one of these), void ones included."""

    async def write(self, who: ErpIdentity, writes: Sequence[ErpWrite]) -> list[Outcome]:
        """Carry out writes, batched; one outcome for each, with the activity read back after it.

        Errors inside an outcome: ``StaleWrite``, ``ItemGone``, ``ItemRejected``, ``Throttled``, ``SideUnavailable``
        (``unclear`` when it may have been done).
        """

    async def find_users(self, addresses: Collection[str], user_id: str = "") -> list[ErpUser]:
        """Active internal users with this id or one of these e-mail addresses (fallback: logins), any letter case."""

    async def find_logins(self, logins: Collection[str], *, recently: bool = False) -> dict[str, str]:
        """Who bears these logins now, active or not: login in lower case → user id; nobody's are left out.

        ``recently``: an answer of the last minutes will do.
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
    """Our hold on a user's partition; ``expires_at`` by our clock, ``etag`` is the fence."""

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
    """Graph's promise to tell us of one mailbox's changes (graph.md §11), as we remember it.

    ``secret`` proves that a notification comes from Graph; it is stored before Graph is asked, so ``id`` is '' while
    that is under way. ``url`` is where notifications go. ``unreadable`` is never stored: it says why a newer build's
    row, of which nothing but the user is known, cannot be read.
    """

    user_id: str
    secret: str = field(repr=False)
    id: str = ""
    url: str = ""
    expires_at: datetime | None = None
    unreadable: str = ""

    @property
    def client_state(self) -> str:
        """What Graph sends along with each notification (at most 128 characters): whose it is, and the secret."""
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
        """Every subscription of this app that lives, of whatever address and mailbox."""

    async def subscribe(self, wanted: Subscription, until: datetime) -> Subscription:
        """Subscribe to ``wanted.user_id`` at ``wanted.url``; with the id and end Graph chose.

        Raises ``ItemRejected``: code ``ObjectIdentifierInUse`` for a twin, ``ValidationError`` when Graph could not
        reach the address.
        """

    async def renew(self, subscription_id: str, until: datetime) -> datetime | None:
        """Prolong, which also reauthorizes; the new end, None when Graph does not know it any more."""

    async def unsubscribe(self, subscription_id: str) -> None:
        """End it; an unknown one is ended already."""


Message = Mapping[str, str | bool | int]
"""One item of the work queue, as ``jobs.messages`` writes and reads it."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A thing to do for which one message is on its way; ``key`` is a user's id, or names the pull.

    ``ticket`` marks that message, which is seen at ``due_at``. ``message`` is what it is to do then, None if that is
    done already. ``since`` tells how long it has waited for ERP.net's session, None if it waits for something else,
    ``not_before`` how long that lasts; ``is_big`` that it is a full round, which lets small ones pass.
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
    """What is on its way through the work queue, shared by all processes."""

    async def read_queued(self, key: str) -> Queued | None:
        """What is on its way about this."""

    async def list_queued(self) -> list[Queued]:
        """Everything that is on its way."""

    async def save_queued(self, queued: Queued) -> Queued:
        """Insert (etag '') or replace; with its new etag. Raises ``StaleWrite`` when somebody was faster."""

    async def drop_queued(self, queued: Queued) -> None:
        """Delete what was read; a missing one is fine. Raises ``StaleWrite`` when somebody was faster."""


class Queue(Protocol):
    """The work queue: at least once, in no order."""

    async def send(self, message: Message, *, delay_seconds: float = 0) -> None:
        """Put a message into the queue, to be seen after the delay. Raises ``StoreUnavailable``."""


UNREADABLE = "row cannot be read"
"""The action of a journal entry that stands for a row nobody can read."""


Storable = Link | Pending | Cursors | Hold


@dataclass(frozen=True, slots=True)
class Put:
    """Store this row as it is now (replace)."""

    row: Storable


@dataclass(frozen=True, slots=True)
class Drop:
    """Delete this row; a missing one is fine."""

    row: Link | Pending | Hold


RowChange = Put | Drop


class SlotStore(Protocol):
    """The ERP.net session slots, shared by all processes."""

    async def acquire_slot(self, holder: str, count: int, stale_after_seconds: float, *, last: bool = False) -> Slot:
        """Take one of ``count`` slots: free, our own, or silent for that long. Raises ``SlotsTaken``.

        A command takes ``last`` ones first, so that it stays out of the way of an app that counts fewer.
        """

    async def beat_slot(self, slot: Slot) -> Slot:
        """Sign of life. Raises ``LeaseLost`` when the slot was taken over."""

    async def free_slot(self, slot: Slot, lingers_seconds: float = 0) -> None:
        """Give the slot back; a lost one is no error. For so long it is still its holder's and nobody else's."""


class LeaseStore(Protocol):
    """Who works on a user: a lease of one holder, whose etag fences every save."""

    async def acquire_lease(self, user_id: str, holder: str, seconds: int) -> Lease:
        """Take or (as the same holder) take over the lease. Raises ``LeaseHeld``."""

    async def release_lease(self, lease: Lease) -> None:
        """Give the lease back; a lost one is no error."""

    async def break_lease(self, user_id: str) -> None:
        """Take the lease away from whoever holds it: their next save raises ``LeaseLost`` (switch-off)."""


class AccountStore(Protocol):
    """Which mailbox has which ERP.net user: one each."""

    async def read_account(self, erp_user_id: str) -> tuple[str, str]:
        """The user whose ERP.net account this is, and the row's etag; '' and '' for nobody's."""

    async def save_account(self, erp_user_id: str, user_id: str, etag: str) -> None:
        """Say whose an ERP.net account is, if nobody else did since ``etag`` was read ('' = insert). Raises
        ``StaleWrite``."""


class ClaimStore(Protocol):
    """What several users share: whose event an activity has, whose copy follows, and the claims."""

    async def reindex(self, user_id: str, links: Collection[Link]) -> None:
        """Write the index rows of these links (they are rebuilt by full rounds): by activity those that feed it, by
        iCalUId those that follow."""

    async def find_copies(self, key: str) -> frozenset[str]:
        """The users whose copy of a meeting follows; ``key`` as in ``Claim``. Raises ``RowUnreadable`` where a row
        can neither be read nor made anew."""

    async def begin_events(self, user_id: str, activity_ids: Collection[str]) -> None:
        """Note, before they are made, of which activities this user gets events; a link, or the end of the pending
        row, takes the note's place."""

    async def end_events(self, user_id: str, activity_ids: Collection[str]) -> None:
        """Take back what ``begin_events`` noted of events that will not be made; a link's word stays."""

    async def find_event_owners(self, activity_ids: Collection[str]) -> dict[str, frozenset[str]]:
        """Which users have an event of each activity, or are about to; every asked id is a key."""

    async def find_linked(self, activity_ids: Collection[str]) -> dict[str, dict[str, str]]:
        """Which users have a link of each activity (activity id → user id → the link's ``stamp``)."""

    async def read_claim(self, key: str) -> Claim | None:
        """The claim on a meeting. Raises ``RowUnreadable``: this meeting's, nobody else's."""

    async def save_claim(self, claim: Claim) -> Claim:
        """Insert (etag '') or replace (else) a claim. Raises ``StaleWrite`` when somebody was faster."""


class JournalStore(Protocol):
    """What was done, for people to read."""

    async def append_journal(self, entries: Sequence[JournalEntry]) -> None:
        """Write journal rows. The same entry (user, instant, round, action, ids) written twice is one row."""

    async def read_journal(self, user_id: str, limit: int = 100) -> list[JournalEntry]:
        """The newest entries first; one that cannot be read says so (action ``UNREADABLE``)."""

    async def trim_journal(self, user_id: str, before: datetime) -> int:
        """Erase entries older than ``before``; how many there were."""


class SubscriptionStore(Protocol):
    """Graph's subscriptions, as we remember them."""

    async def list_subscriptions(self) -> list[Subscription]:
        """The subscriptions of all users; of a newer build's the user only (``unreadable``), spoilt ones are none."""

    async def read_subscription(self, user_id: str) -> Subscription | None:
        """The subscription of one user; a spoilt one is none: it is made anew. Raises ``RowUnreadable`` for a newer
        build's."""

    async def save_subscription(self, subscription: Subscription) -> None:
        """Insert or replace a user's subscription."""

    async def drop_subscription(self, user_id: str) -> None:
        """Forget a user's subscription; a missing one is fine."""


class Store(SlotStore, LineStore, LeaseStore, AccountStore, ClaimStore, JournalStore, SubscriptionStore, Protocol):
    """Our memory: all of the above, the users and what is remembered of each.

    The tables and the memory store pass one contract suite (tests/support/store_contract.py).
    """

    async def prepare(self) -> None:
        """Create what is missing (tables); harmless when repeated."""

    async def find_unreadable(self) -> list[str]:
        """Every row of users and meetings that cannot be read: which it is, whose, and what helps."""

    async def read_instance(self) -> tuple[Instance, str]:
        """The instance row and its etag; an empty ``Instance`` and '' before the first save."""

    async def save_instance(self, instance: Instance, etag: str) -> str:
        """Save if nobody else did since ``etag`` was read ('' = insert); the new etag. Raises ``StaleWrite``."""

    async def list_users(self) -> list[User]:
        """All known users, by UPN; of one whose row cannot be read the id, on and in an error state."""

    async def read_user(self, user_id: str) -> User | None:
        """One user. Raises ``RowUnreadable``."""

    async def save_user(self, user: User) -> None:
        """Insert or replace a user, unread. Whoever keeps what others set calls ``revise_user``."""

    async def revise_user(
        self, user_id: str, revise: Callable[[User], User | None], *, new: User | None = None
    ) -> None:
        """Save what ``revise`` makes of the stored user; asked again when somebody else was faster.

        None changes nothing, nor does an unknown user where ``new`` does not stand for them. Raises
        ``RowUnreadable``.
        """

    async def forget_user(self, user_id: str) -> None:
        """Erase the user, their partition, index rows and journal."""

    async def recall(self, user_id: str) -> Memory:
        """Everything remembered about the user. Raises ``RowUnreadable``."""

    async def save(self, lease: Lease, changes: Sequence[RowChange]) -> Lease:
        """Store changes of the lease's user, in as few transactions as limits allow, each fenced by the lease and
        renewing it; links are indexed by activity afterwards. Raises ``LeaseLost``: nothing of that transaction
        was stored."""

    async def file_inbox(self, user_id: str, rows: Collection[InboxRow]) -> None:
        """Add or replace inbox rows (needs no lease)."""

    async def clear_inbox(self, user_id: str, rows: Collection[InboxRow]) -> None:
        """Remove inbox rows that are still the ones that were read; newer ones stay."""

    async def write_wake(self, user_id: str, token: str) -> None:
        """Note that somebody wants a round."""

    async def read_wake(self, user_id: str) -> str:
        """The newest wake token, '' if none."""

    async def read_served(self, user_id: str) -> str:
        """The wake token that the user's last whole round served, '' if none. Raises ``RowUnreadable``."""
