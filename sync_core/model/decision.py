"""What the tables are asked about and what they answer: a case, the context of a round, and a decision."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sync_core.model.claim import Claim
from sync_core.model.colleagues import Colleagues
from sync_core.model.conflict import Clash
from sync_core.model.event import Window
from sync_core.model.link import Link
from sync_core.model.logins import LOGIN, Logins
from sync_core.model.pending import Pending, PendingState
from sync_core.model.policy import Policy
from sync_core.model.series import Occurrence
from sync_core.model.sides import ErpActivity, Field, GraphEvent, Seen, Side
from sync_core.model.writes import ErpWrite, GraphWrite


class Sight(StrEnum):
    """What this round saw of one side of a case."""

    UNREAD = "unread"
    PRESENT = "present"
    GONE = "gone"
    UNDECIDED = "undecided"
    ELSEWHERE = "elsewhere"
    HIDDEN = "hidden"
    MALFORMED = "malformed"


class Intent(StrEnum):
    """What should happen to a pair: the fate table's answer."""

    CREATE_ACTIVITY = "create-activity"
    CREATE_EVENT = "create-event"
    LINK = "link"
    UPDATE_ACTIVITY = "update-activity"
    UPDATE_EVENT = "update-event"
    MERGE = "merge"
    VOID = "void"
    REMOVE = "remove"
    END = "end"
    FOLLOW = "follow"
    HAND_ON = "hand-on"
    ANSWER = "answer"
    NOTHING = "nothing"


class Verdict(StrEnum):
    """What becomes of the intent."""

    ACT = "act"
    CONFLICT = "conflict"
    HOLD = "hold"
    SKIP = "skip"
    PARK = "park"
    ARCHIVE = "archive"
    REREAD = "reread"
    NOTHING = "nothing"


GONE = "gone"
"""The version of a side that does not exist any more."""


Neighbours = tuple[date | None, date | None]
"""The days before and after which a date of a series must stay (None = not known)."""


@dataclass(frozen=True, slots=True)
class Case:
    """One pair, or one item without a link, as this round sees it.

    ``event`` and ``activity`` are the fresh readings, there where the sight is PRESENT. ``explanation`` tells people
    what the sight or ``awaits`` leaves open. ``pending`` is the row of an item without a link, ``over`` the rows that
    end when both items are linked, and ``awaits`` what stands in the item's way.

    Of a meeting: ``claim`` is its claim (None = not asked). ``former_feeder`` is the user who fed the activity
    before, ``former_link`` their link. ``followed`` says that this copy has not fed until now, ``is_ahead`` that
    the feeder's link has yet to go along under its iCalUId. Where this mailbox has lost its copy, ``others`` are the
    users who still have one (None = not asked, or no answer), and ``farewell`` is the owner's response on the lost
    copy. ``event_owners`` are the other users, switched on, in whose calendar the activity has an event or is about
    to get one; they are asked where ``tables.asks_for_event_owners``.

    ``neighbours`` are the days of the dates on either side of a date of a series.
    """

    link: Link | None = None
    event: GraphEvent | None = None
    activity: ErpActivity | None = None
    event_sight: Sight = Sight.UNREAD
    activity_sight: Sight = Sight.UNREAD
    pending: Pending | None = None
    over: tuple[Pending, ...] = ()
    explanation: str = ""
    awaits: PendingState = PendingState.WAITING
    claim: Claim | None = None
    former_link: Link | None = None
    former_feeder: str = ""
    others: tuple[str, ...] | None = None
    farewell: str = ""
    followed: bool = False
    is_ahead: bool = False
    event_owners: frozenset[str] = frozenset()
    neighbours: Neighbours = (None, None)

    @property
    def event_id(self) -> str:
        """The event's id, '' when there is none."""
        if self.event is not None:
            return self.event.id
        return self.link.event_id if self.link else ""

    @property
    def activity_id(self) -> str:
        """The activity's id, '' when there is none."""
        if self.activity is not None:
            return self.activity.id
        return self.link.activity_id if self.link else ""

    @property
    def seen(self) -> Seen:
        """The versions of both sides that this round saw; '' = not read, or not there and never linked."""
        event = self.event.change_key if self.event else GONE if self.event_sight is Sight.GONE else ""
        activity = self.activity.stamp if self.activity else GONE if self.activity_sight is Sight.GONE else ""
        return Seen(event, activity)

    @property
    def subject(self) -> str:
        """The subject to show people."""
        if self.event is not None:
            return self.event.content.subject
        if self.activity is not None:
            return self.activity.content.subject
        return self.link.base_event.subject if self.link else ""

    @property
    def occurrence(self) -> Occurrence | None:
        """Which date of a series the item is, None for any other. An event read alone does not tell how its series
        repeats, and with ``SYNC_SERIES=skip`` not which date it is; its link does."""
        known = self.link.occurrence if self.link else None
        if self.event is None or self.event.is_series:
            return known
        read = self.event.occurrence
        return read.repeated(known.recurrence) if read and known and not read.rhythm else read


@dataclass(frozen=True, slots=True)
class Context:
    """What a round knows besides the items.

    ``mailbox`` is the user's Entra id; ``erp_user_id`` and ``party_id`` are who they are in ERP.net. ``creators_on``
    are the ERP.net users, present and former, of everybody who is switched on. ``logins`` finds the user of a login.
    ``approved`` are the event ids whose held deletion was approved. ``colleagues`` are the people calsync knows.
    ``whole``: a first, full or re-linking round, which invites nobody. ``enabled_at`` is when the user was switched
    on. ``stalled_after`` is the age at which a claim without an activity counts as stalled.
    """

    now: datetime
    zone: ZoneInfo
    window: Window
    policy: Policy
    mailbox: str
    erp_user_id: str
    party_id: str
    creators_on: frozenset[str]
    logins: Logins = field(default_factory=Logins)
    has_company: bool = True
    approved: frozenset[str] = frozenset()
    colleagues: Colleagues = field(default_factory=Colleagues)
    whole: bool = False
    enabled_at: datetime | None = None
    stalled_after: timedelta = timedelta(minutes=6)

    @property
    def digits_zone(self) -> str:
        """The IANA zone of the times that are written to ERP.net now."""
        return self.policy.zone_of_digits(self.zone.key)

    def is_on(self, creator: str) -> bool:
        """Whether the creator that a link or claim keeps is switched on (R12)."""
        return self.known(creator) in self.creators_on

    def known(self, creator: str) -> str:
        """A kept creator by id. An older version kept a login: that is resolved where it is known whose it is."""
        if not creator.startswith(LOGIN):
            return creator
        return self.logins.bearer(creator.removeprefix(LOGIN), self.erp_user_id) or creator


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done about one case, as data.

    ``link`` is the link as it stands if every write succeeds, with the old base. Fields ``in_step`` then take as
    their base what both sides show. ``lost`` are the values that a solved conflict or a deletion overrules, for the
    journal. ``written`` names the fields written to each side, ``refused`` those that the event should get and cannot
    take: they are in conflict.

    ``take``: this mailbox claims the meeting first. ``hand_to`` is the user who has the claim afterwards. ``mails``
    is how many people the write mails, ``mails_later`` how many the round after it mails; ``again``: that round
    follows at once. ``awaits`` is what an item without a link waits for, ``pending`` its row where that must stay as
    it is. ``cell`` names the exit and the cells of the tables that decided (``plan.cells``).
    """

    case: Case
    intent: Intent
    verdict: Verdict
    reason: str = ""
    graph: GraphWrite | None = None
    erp: ErpWrite | None = None
    link: Link | None = None
    in_step: frozenset[Field] = frozenset(Field)
    lost: tuple[tuple[Side, Clash], ...] = ()
    written: tuple[tuple[Side, frozenset[Field]], ...] = ()
    refused: frozenset[Field] = frozenset()
    take: bool = False
    hand_to: str = ""
    mails: int = 0
    mails_later: int = 0
    again: bool = False
    awaits: PendingState = PendingState.WAITING
    pending: Pending | None = None
    cell: str = ""

    @property
    def is_deletion(self) -> bool:
        """Whether the decision voids an activity or removes an event."""
        return self.verdict is Verdict.ACT and self.intent in (Intent.VOID, Intent.REMOVE)
