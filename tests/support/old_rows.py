"""What the frozen rows of version 1 (``rows/v1``) mean, in today's values.

The files are what the build before schema version 2 wrote, letter by letter, and are never written anew; the values
below follow the model when it changes, and so tell what an update makes of somebody's memory.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from adapters.store.backend import Key, Row, Table
from adapters.store.claims import CopyRow, IndexRow
from adapters.store.leases import LeaseRow
from adapters.store.slots import SlotRow
from adapters.store.state import WakeRow
from jobs.ports import Subscription
from sync_core.model.claim import Claim
from sync_core.model.conflict import CategoryState, Clash, Conflict
from sync_core.model.entries import JournalEntry
from sync_core.model.event import Window
from sync_core.model.hold import Approval, HeldItem, Hold
from sync_core.model.instance import Instance
from sync_core.model.link import EndedBy, Link, LinkStatus, Role
from sync_core.model.memory import Cursors, InboxRow
from sync_core.model.pending import Pending, PendingState
from sync_core.model.sides import ErpContent, GraphContent, Side
from sync_core.model.user import User

FROZEN = Path(__file__).parent.parent / "adapters" / "rows" / "v1"

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ANNA = "6f1c8a52-0b7e-4c3d-9a10-5d2f0c6b7e81"
BORIS = "0a6d2a44-9d5a-4f7c-8f1f-0c5e0c2d9b17"
DIGITS = datetime.fromisoformat("2026-11-21T11:00")
EVENT = GraphContent(
    "Budget",
    "Second floor",
    NOW + timedelta(days=1),
    NOW + timedelta(days=1, hours=1),
    all_day=False,
    reminder=15,
    people=("ben@acme.example",),
)
ACTIVITY = ErpContent(
    "Budget",
    "Second floor",
    DIGITS,
    DIGITS + timedelta(hours=1),
    60,
    DIGITS - timedelta(minutes=15),
    people=("ben@acme.example",),
)
LONG = "Протокол 😀 " * 1_500

RICH_BODY = "the event's text has formatting that ERP.net cannot hold"
ASK = "both sides changed it; the settings leave the choice to a person"
LOCKED = "the activity is read-only in ERP.net"
FED = "the meeting is fed from another calendar"
FED_NOW = "the meeting is fed from another calendar now"
HIDDEN = "the activity is not visible to the service user"
RESTORED = (
    "ERP.net shows an older state than it did before, as after restoring a backup: save the activity in ERP.net once "
    "to accept what it says"
)
ERROR = "Error: no active internal ERP.net user has the e-mail boris@acme.example: set the e-mail of the ERP.net user"
NO_COMPANY = "SyncJob 'Calendar' processing error. There's no enterprise company defined."

LIVE = Link(
    "event-",
    "activity-",
    "UID-",
    "Europe/Sofia",
    EVENT,
    ACTIVITY,
    "key-",
    3,
    NOW,
    NOW + timedelta(seconds=1),
    creator="login:anna",
)
OWN_HELD = replace(LIVE, status=LinkStatus.HELD, reason="part of a mass deletion (1a2b3c4d)")
PARKED = replace(LIVE, status=LinkStatus.PARKED)
OVER = replace(LIVE, status=LinkStatus.TOMBSTONE, ended_at=NOW, ended_by=EndedBy.OUTLOOK)
ARCHIVED = replace(LIVE, status=LinkStatus.ARCHIVED, reason="over", ended_at=NOW, ended_by=EndedBy.AGE)
FOLLOWER = replace(LIVE, role=Role.FOLLOWER, activity_id="", reason=FED)
FOLLOWER_OVER = replace(FOLLOWER, status=LinkStatus.TOMBSTONE, ended_at=NOW, ended_by=EndedBy.OUTLOOK)


def _open(*clashes: Clash, category: CategoryState = CategoryState.NONE) -> Conflict:
    return Conflict(clashes, NOW, category)


_LINKS = {
    "live": LIVE,
    "live-from-erp-unseen": replace(
        LIVE, origin=Side.ERP, unseen=True, version=None, updated_at=None, modified_at=None
    ),
    "live-all-day-private": replace(
        LIVE,
        base_event=GraphContent(
            "Budget",
            "Second floor",
            datetime(2026, 11, 21, tzinfo=UTC),
            datetime(2026, 11, 22, tzinfo=UTC),
            all_day=True,
            reminder=None,
            sensitivity="private",
            importance="high",
        ),
        base_activity=ErpContent("Budget", "Second floor", DIGITS, None, None, None, private=True, priority="High"),
    ),
    "live-reread-unmade": replace(
        FOLLOWER, reread="another calendar claimed the meeting and has not made its activity yet"
    ),
    "live-reread-mails": replace(LIVE, reread="what people are told by mail follows by itself"),
    "live-reread-retry": replace(LIVE, reread="retry"),
    "live-reread-failed": replace(
        LIVE, reread="ERP.net refuses the change (locked)", tries=4, retry_at=NOW + timedelta(minutes=40)
    ),
    "live-conflict": replace(
        LIVE,
        reason=RICH_BODY,
        conflict=_open(
            Clash("body", "Agenda", "Agenda 2", RICH_BODY),
            Clash("subject", "A", "B", ASK),
            category=CategoryState.SET,
        ),
    ),
    "live-conflict-taken-off": replace(
        LIVE, conflict=_open(Clash("time", "09:00", "10:00", ASK), category=CategoryState.TAKEN_OFF)
    ),
    "live-holder": replace(
        LIVE, role=Role.INVITED, answers=(("ben@acme.example", "accepted"), ("cyd@acme.example", "none"))
    ),
    "live-follower": FOLLOWER,
    "live-follower-back": replace(FOLLOWER, reread="its owner deleted it and has it again"),
    "live-follower-leaving": replace(FOLLOWER, activity_id="activity-"),
    "parked": replace(PARKED, reason="Graph refuses the change (ErrorInvalidRequest)", tries=10),
    "parked-holder": replace(PARKED, role=Role.INVITED, reason=HIDDEN),
    "parked-hidden": replace(PARKED, reason=HIDDEN),
    "parked-restored": replace(PARKED, reason=RESTORED),
    "parked-elsewhere": replace(PARKED, reason="moved to another calendar"),
    "held": OWN_HELD,
    "held-holder": replace(OWN_HELD, role=Role.INVITED),
    "tombstone-deleted-in-outlook": replace(OVER, reason="deleted in Outlook"),
    "tombstone-cancelled": replace(OVER, reason="cancelled in Outlook"),
    "tombstone-deleted-in-erp": replace(
        OVER, origin=Side.ERP, reason="void or deleted in ERP.net", ended_by=EndedBy.ERP
    ),
    "tombstone-deleted-in-erp-past": replace(
        OVER, reason="void or deleted in ERP.net; in the past", ended_by=EndedBy.ERP
    ),
    "tombstone-dropped": replace(
        OVER, reason="an administrator dropped the deletion", ended_at=None, ended_by=EndedBy.DROPPED
    ),
    "tombstone-locked": replace(
        OVER, reason=LOCKED, ended_at=None, conflict=_open(Clash("deletion", "deleted in Outlook", "Closed", LOCKED))
    ),
    "tombstone-handed-on": replace(OVER, reason=FED_NOW, ended_by=EndedBy.HANDED_ON),
    "tombstone-handed-on-holder": replace(OVER, role=Role.INVITED, reason=FED_NOW, ended_by=EndedBy.HANDED_ON),
    "tombstone-follower-deleted": replace(FOLLOWER_OVER, reason="deleted in Outlook"),
    "tombstone-follower-cancelled": replace(FOLLOWER_OVER, reason="cancelled by its organizer"),
    "archived": replace(ARCHIVED, reason="older than a day"),
    "archived-over": ARCHIVED,
    "archived-over-conflict": replace(ARCHIVED, conflict=_open(Clash("body", "a", "b", ASK))),
    "archived-holder": replace(ARCHIVED, role=Role.INVITED),
    "archived-follower": replace(ARCHIVED, role=Role.FOLLOWER, activity_id=""),
    "live-long": replace(LIVE, base_event=replace(EVENT, body=LONG), base_activity=replace(ACTIVITY, notes=LONG)),
}


def _named(name: str, link: Link) -> Link:
    """The link with ids of its own."""
    activity = f"activity-{name}" if link.activity_id else ""
    return replace(
        link, event_id=f"event-{name}", activity_id=activity, ical_uid=f"UID-{name}", change_key=f"key-{name}"
    )


EXPECTED: dict[str, dict[str, object]] = {
    "link": {name: _named(name, link) for name, link in _LINKS.items()},
    "pending": {
        "plain-event": Pending(Side.GRAPH, "event-1", "UID-1"),
        "plain-activity": Pending(Side.ERP, "activity-1"),
        "incarnation": Pending(
            Side.GRAPH, "event-2", "UID-2", 2, tries=3, retry_at=NOW, reason="ERP.net does not answer (503)"
        ),
        "parked": Pending(
            Side.ERP,
            "activity-2",
            tries=10,
            parked=True,
            reason="Graph refuses the create (ErrorInvalidRequest)",
        ),
        "partner-gone": Pending(
            Side.ERP,
            "activity-3",
            parked=True,
            reason="its counterpart, named by a mark of an earlier sync, is not there any more",
            state=PendingState.PARTNER_GONE,
        ),
        "chosen": Pending(
            Side.ERP, "activity-4", reason="a person chose to make the counterpart anew", state=PendingState.RELEASED
        ),
        "same-uid": Pending(
            Side.GRAPH,
            "event-5",
            "UID-5",
            parked=True,
            reason="another event of this calendar has the same iCalUId",
            state=PendingState.TWIN,
        ),
        "moved-on": Pending(
            Side.GRAPH,
            "event-6",
            "UID-6",
            reason="the same meeting is back under another id; the one that is gone goes first",
        ),
        "outrun": Pending(
            Side.GRAPH, "event-7", "UID-7", reason="another mailbox claimed the meeting at the same moment"
        ),
        "got-through": Pending(Side.GRAPH, "event-8", "UID-8", tries=1, reason="an earlier try got through"),
    },
    "hold": {
        "open": Hold(
            "1a2b3c4d",
            "6 of 9 linked meetings would be deleted at once",
            (),
            NOW,
            listed=(HeldItem("event-a", "activity-a", "void"), HeldItem("event-b", "activity-b", "remove")),
        ),
        "approved": Hold(
            "2a2b3c4d",
            "3 of 3 linked meetings would be deleted at once",
            (),
            NOW,
            Approval.APPROVED,
            listed=(HeldItem("event-c", "activity-c", "void"),),
        ),
        "dropped": Hold(
            "3a2b3c4d",
            "3 of 3 linked meetings would be deleted at once",
            (),
            NOW,
            Approval.DROPPED,
            listed=(HeldItem("event-d", "activity-d", "remove"),),
        ),
    },
    "cursors": {
        "fresh": Cursors(),
        "working": Cursors(
            delta_link="https://graph.microsoft.com/v1.0/users/x/calendarView/delta?$deltatoken=abc",
            delta_window=Window(NOW - timedelta(days=1), NOW + timedelta(days=180)),
            window_end=NOW + timedelta(days=180),
            day=date(2026, 11, 20),
            full_due=False,
            deletions=(NOW - timedelta(hours=2), NOW),
            served="0000a-token",
            fingerprint="0123456789abcdef",
        ),
        "switched-off": Cursors(
            window_end=NOW, day=date(2026, 11, 20), deletions=(NOW,), served="t", fingerprint="f"
        ),
    },
    "index": {
        "feeding": IndexRow("activity-live", ANNA, f"{NOW.isoformat()}/3"),
        "parked": IndexRow("activity-parked", ANNA, f"{NOW.isoformat()}/3"),
    },
    "copy": {"following": CopyRow(BORIS)},
    "user": {
        "operational": User(
            ANNA,
            "anna@acme.example",
            "anna@acme.example",
            ("anna@acme.example", "a.petrova@acme.example"),
            "Anna Petrova",
            enabled=True,
            erp_user_id="11111111-0000-0000-0000-000000000001",
            erp_login="anna",
            erp_person_id="11111111-0000-0000-0000-000000000002",
            erp_party_id="11111111-0000-0000-0000-000000000003",
            company_id="22222222-0000-0000-0000-000000000001",
            location_id="22222222-0000-0000-0000-000000000002",
            zone="Europe/Sofia",
            zone_chosen=True,
            enabled_at=NOW,
            synced_at=NOW,
            remote_checkpoint_at=NOW,
            local_checkpoint_at=NOW,
        ),
        "in-error": User(
            BORIS,
            "boris@acme.example",
            enabled=True,
            state=ERROR,
            troubled_at=NOW,
            notified=NO_COMPANY,
            enabled_at=NOW,
        ),
        "switched-off": User("33333333-0000-0000-0000-000000000001", "cyd@acme.example"),
    },
    "instance": {
        "stamped": Instance(
            tenant="tenant-1",
            database="acme.erp.example",
            endpoints=("https://id.example/token", "https://acme.erp.example/api/domain/odata/"),
            watermark=NOW,
            service_login="calsync",
            document_type_id="44444444-0000-0000-0000-000000000001",
            pulled_at=NOW,
        )
    },
    "claim": {
        "own": Claim("uid-own", ANNA, "activity-own", NOW, is_own=True, organizer="anna@acme.example"),
        "unmade": Claim("uid-unmade", BORIS, "", NOW, organizer="guest@else.example"),
        "handed-on": Claim(
            "uid-handed", BORIS, "activity-handed", NOW, "login:anna", before=ANNA, organizer="anna@acme.example"
        ),
    },
    "subscription": {
        "live": Subscription(
            ANNA, "secret-1", "sub-1", "https://app.example/api/webhooks/graph", NOW + timedelta(days=6)
        ),
        "under-way": Subscription(BORIS, "secret-2"),
    },
    "journal": {
        "plain": JournalEntry(
            ANNA,
            NOW,
            "round-1",
            "activity updated",
            "edited in Outlook",
            "event-live",
            "activity-live",
            "Budget",
            before={"erp.subject": "Old"},
            after={"erp.subject": "Budget"},
        ),
        "private": JournalEntry(
            ANNA,
            NOW + timedelta(seconds=1),
            "round-1",
            "skipped",
            "private, and private items are not synced",
            "event-p",
            private=True,
        ),
    },
    "inbox": {
        "changed": InboxRow("activity-live", NOW),
        "deleted": InboxRow("activity-gone", NOW, deleted=True),
    },
    "wake": {"waiting": WakeRow("018f-token")},
    "lease": {"held": LeaseRow("process-1", NOW + timedelta(minutes=2), 120)},
    "slot": {"taken": SlotRow("process-1", NOW), "free": SlotRow("process-1", NOW, free=True)},
}
"""Kind of row → name → value; each name is a row of the file of that kind."""


def frozen(kind: str) -> dict[str, tuple[Table, Row]]:
    """The rows of one kind as they were written: name → table and row."""
    stored = json.loads((FROZEN / f"{kind}.json").read_text(encoding="utf-8"))
    return {
        one["name"]: (Table(one["table"]), Row(Key(one["partition"], one["row"]), one["properties"], "frozen"))
        for one in stored
    }
