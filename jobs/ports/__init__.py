"""The ports: what the jobs need from the world, as Protocols. ``adapters`` implement them, ``wiring`` chooses.

Each method states what it returns and what it raises (classes of ``sync_core.errors``). Any call of a side may also
raise ``SideUnavailable`` (or a subclass), ``AppRefused`` and ``AccessRefused``; any call of the store may raise a
subclass of ``StoreError``.
"""

from jobs.ports.command import CommandPage, CommandStore
from jobs.ports.common import Clock, Cover, cover
from jobs.ports.erp import ActivityState, Erp, ErpUser, FoundUsers, Owned, Place, PullReading, Readiness
from jobs.ports.graph import Calendar, Grants, LiveSubscription, Mailbox, Subscription, Subscriptions
from jobs.ports.queue import LineStore, Message, Queue, Queued
from jobs.ports.store import (
    LINKS_AT_ONCE,
    AccountStore,
    Begin,
    ClaimStore,
    DayStore,
    Drop,
    DueStore,
    Followed,
    FormKeyStore,
    JournalStore,
    Lease,
    LeaseStore,
    Put,
    RowChange,
    Slot,
    SlotStore,
    Storable,
    Store,
    SubscriptionStore,
)

__all__ = [
    "LINKS_AT_ONCE",
    "AccountStore",
    "ActivityState",
    "Begin",
    "Calendar",
    "ClaimStore",
    "Clock",
    "CommandPage",
    "CommandStore",
    "Cover",
    "DayStore",
    "Drop",
    "DueStore",
    "Erp",
    "ErpUser",
    "Followed",
    "FormKeyStore",
    "FoundUsers",
    "Grants",
    "JournalStore",
    "Lease",
    "LeaseStore",
    "LineStore",
    "LiveSubscription",
    "Mailbox",
    "Message",
    "Owned",
    "Place",
    "PullReading",
    "Put",
    "Queue",
    "Queued",
    "Readiness",
    "RowChange",
    "Slot",
    "SlotStore",
    "Storable",
    "Store",
    "Subscription",
    "SubscriptionStore",
    "Subscriptions",
    "cover",
]
