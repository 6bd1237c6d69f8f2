"""The store, composed of one Protocol for each thing that is stored."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from jobs.ports.command import CommandStore
from jobs.ports.graph import Subscription
from jobs.ports.queue import LineStore
from sync_core.content.names import Names
from sync_core.model.claim import Claim
from sync_core.model.day import Day
from sync_core.model.entries import JournalEntry
from sync_core.model.hold import Hold
from sync_core.model.instance import Instance
from sync_core.model.ledger import Ledger
from sync_core.model.link import Link
from sync_core.model.memory import Cursors, InboxRow, Memory
from sync_core.model.pending import Pending
from sync_core.model.unsynced import Unsynced
from sync_core.model.user import User


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write a user's partition until ``expires_at`` (our clock); ``etag`` is the fencing token.

    ``ledger`` is that of the user's links as they are stored, None where it is not known. It is stored with the
    lease, and stays when the lease is given back. ``begun`` are the creates under way that stand in one row
    (``Begin``), None where it was not looked yet.
    """

    user_id: str
    holder: str
    expires_at: datetime
    etag: str
    ledger: Ledger | None = None
    begun: tuple[Pending, ...] | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A licence to call ERP.net."""

    number: int
    holder: str
    etag: str


@dataclass(frozen=True, slots=True)
class Followed:
    """Users as read: all of them (``is_whole``), or those written since an earlier reading, and perhaps others.
    ``mark`` is where the next reading goes on."""

    users: tuple[User, ...]
    is_whole: bool
    mark: str


LINKS_AT_ONCE = 98
"""Links that one transaction of a save holds, beside the lease and what is begun."""

Storable = Link | Pending | Cursors | Hold


@dataclass(frozen=True, slots=True)
class Put:
    """Insert or replace this row."""

    row: Storable


@dataclass(frozen=True, slots=True)
class Begin(Put):
    """Put a pending row of which it is known that it is not there yet: it may stand in one row with others."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Delete this row; a missing one is no error."""

    row: Link | Pending | Hold


RowChange = Put | Drop


class SlotStore(Protocol):
    """The ERP.net session slots, shared by all processes."""

    async def acquire_slot(
        self,
        holder: str,
        count: int,
        stale_after_seconds: float,
        *,
        last: bool = False,
        known: Slot | None = None,
    ) -> Slot:
        """Take one of ``count`` slots: a free one, our own, or one without a heartbeat for that long.

        With ``last`` the highest number is tried first: a command keeps out of the way of an app that has fewer
        slots. The ``known`` one, as ``free_slot`` returned it, is tried before the others are read. Raises
        ``SlotsTaken``.
        """

    async def beat_slot(self, slot: Slot) -> Slot:
        """Send a heartbeat. Raises ``LeaseLost`` if the slot was taken over."""

    async def free_slot(self, slot: Slot, lingers_seconds: float = 0) -> Slot | None:
        """Give the slot back; return it as it is then, None for a lost one. For ``lingers_seconds`` only its holder
        can take it again."""

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


class DueStore(Protocol):
    """The due marks: who may be owed a round, as the timer reads it.

    ``write_wake``, ``file_inbox`` and ``save`` mark a user before they store what makes that user due.
    """

    async def list_due(self) -> frozenset[str]:
        """The ids of the users who bear a mark."""

    async def settle(self, lease: Lease, served: str) -> bool:
        """Take back the mark of the lease's user, whose round has served the wake token ``served`` and left nothing
        to do. False if a round was asked for since, or the lease has run out: the mark stays."""

    async def read_reached(self) -> str:
        """The user up to whom the timer's run has come, '' if it has come to its end."""

    async def save_reached(self, user_id: str) -> None:
        """Store the user up to whom the timer's run has come, '' at its end."""


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

    async def reindex(self, user_id: str, links: Collection[Link], done: Collection[str] = ()) -> None:
        """Write the index rows of these links: by activity for a feeder, by iCalUId for a follower. A full round
        rebuilds a user's index in this way. ``done`` are the ids of events whose rows are written already."""

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

    async def read_claims(self, keys: Collection[str]) -> dict[str, Claim]:
        """The claims on many meetings, in few requests where they are many; an unclaimed meeting has ``UNCLAIMED``,
        and a claim that cannot be read says why (``unreadable``)."""

    async def save_claim(self, claim: Claim) -> Claim:
        """Insert (etag '') or replace a claim; return it with its etag. Raises ``StaleWrite`` if another write came
        first."""

    async def save_claims(self, claims: Sequence[Claim]) -> list[Claim | None]:
        """``save_claim`` for many, in few requests; None in the place of a claim that another write was faster
        with."""

    async def move_old_index(self, most: int) -> int:
        """Move index rows of an older build to where this one keeps them, about ``most``; return how many."""


class JournalStore(Protocol):
    """What was done, for people to read."""

    async def append_journal(self, entries: Sequence[JournalEntry]) -> None:
        """Write entries, in few rows. The same (user, instant, round, action, ids) written twice counts once."""

    async def read_journal(self, user_id: str, limit: int = 100) -> list[JournalEntry]:
        """The newest entries first; an unreadable row gives an entry with the action
        ``Action.UNREADABLE``."""

    async def save_unsynced(self, user_id: str, unsynced: Unsynced) -> None:
        """Replace the list of a user's items that are not in step."""

    async def read_unsynced(self, user_id: str) -> Unsynced:
        """A user's items that are not in step; empty where nothing is known."""

    async def count_unsynced(self) -> dict[str, dict[str, int]]:
        """How many items of each user are not in step, by reason: user id → reason → count."""

    async def trim_journal(self, user_id: str, before: datetime) -> int:
        """Erase entries older than ``before``, to the minute; return how many rows there were."""


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
    DueStore,
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

    The tables and the memory store pass one contract suite (tests/support/store_contract).
    """

    people_changed: int
    """How often this process has changed a user as others see them."""

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

    async def list_users_after(self, user_id: str, most: int, *, until: str = "") -> list[User]:
        """The next users, at most ``most`` (and that at most 1,000), in the order of their keys; '' = from the first.
        Each as ``list_users`` gives them; fewer than ``most`` are the last, or the last before the key ``until``."""

    async def follow_users(self, mark: str = "") -> Followed:
        """The users that were written since the reading that gave ``mark``, by whichever process; all of them without
        one, for the second time, and if somebody was forgotten since. Each as ``list_users`` gives them. The mark of
        a small company is ''."""

    async def list_users_of(self, user_ids: Collection[str]) -> list[User]:
        """Those of these users who are known, each as ``list_users`` gives them: for a few of many."""

    async def read_user(self, user_id: str) -> User | None:
        """One user. Raises ``RowUnreadable``."""

    async def revise_user(
        self, user_id: str, revise: Callable[[User], User | None], *, new: User | None = None, lately: bool = False
    ) -> None:
        """Save what ``revise`` makes of the stored user; None changes nothing.

        If another write comes first, ``revise`` is called again. ``new`` is revised for an unknown user; without it
        nothing is saved. ``lately``: the row as this process read it last will mostly do. Raises ``RowUnreadable``.
        """

    async def forget_user(self, user_id: str) -> None:
        """Erase the user, their partition, index rows and journal."""

    async def recall(self, user_id: str) -> Memory:
        """Read everything stored in the user's partition. Raises ``RowUnreadable``."""

    async def recall_due(self, user_id: str) -> Memory:
        """What tells whether a round is due: like ``recall``, but without links where none of them can make one due.
        Raises ``RowUnreadable``."""

    async def recall_open(self, user_id: str) -> Memory | None:
        """Read everything but the links that are not open, by the ledger that is stored. None where none is, or it
        does not fit the links. Raises ``RowUnreadable``."""

    async def find_links(
        self, user_id: str, names: Names, known: Collection[str] = (), among: int | None = None
    ) -> Collection[Link]:
        """The links that have one of these names, and perhaps others, but for those of the ``known`` events. They are
        ``among`` about so many links, None = not known. Raises ``RowUnreadable``."""

    async def find_feeding(self, user_id: str, activity_id: str) -> Collection[Link] | None:
        """The links of an activity, and perhaps others, without the user's lease; None where no ledger is stored, so
        that names may be missing. Raises ``RowUnreadable``."""

    async def add_names(self, user_id: str, links: Collection[Link]) -> None:
        """Store by which names these links are found, before they are saved. Raises ``RowUnreadable``."""

    async def prove_names(self, lease: Lease, links: Collection[Link]) -> tuple[Lease, frozenset[str] | None]:
        """Make the names those of these links, which are all that the lease's user has. Returns the lease, and the
        events of links of which a name was not there; None if somebody else changed names at the same time, or has
        taken the lease."""

    async def save(
        self, lease: Lease, changes: Sequence[RowChange], ledger: Ledger | None = None, *, follows: bool = True
    ) -> Lease:
        """Save row changes of the lease's user in as few transactions as the limits allow.

        Each transaction is fenced by the lease and renews it; links are indexed afterwards, unless the caller does
        that by ``follow``. ``ledger`` is that of the
        links afterwards; without one, changes of links take it away. Returns the renewed lease. Raises ``LeaseLost``:
        nothing of that transaction was stored.
        """

    async def follow(self, user_id: str, changes: Sequence[RowChange]) -> None:
        """Index the links of these changes, which are saved; needs no lease."""

    async def file_inbox(self, user_id: str, rows: Collection[InboxRow]) -> None:
        """Add or replace inbox rows (needs no lease). Their user is marked before and after."""

    async def clear_inbox(self, user_id: str, rows: Collection[InboxRow]) -> None:
        """Remove inbox rows that are still as they were read; newer ones stay."""

    async def write_wake(self, user_id: str, token: str) -> None:
        """Replace the user's wake token: a round is wanted."""

    async def read_wake(self, user_id: str) -> str:
        """The newest wake token, '' if none."""

    async def read_served(self, user_id: str) -> str:
        """The wake token that the user's last whole round served, '' if none. Raises ``RowUnreadable``."""
