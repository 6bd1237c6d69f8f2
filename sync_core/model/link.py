"""The life of a link: every status it can have, and every way from one to another.

Whoever changes a link's status does it by a transition of this module and nowhere else (a test looks for it):

    live ⇄ parked, held      a side must be read, a person must choose, a deletion waits for an answer
    live → tombstone         the pair is over; it stays so that nothing is made again, and may come back to life
    live → archived          the meeting is over; it comes back to life if it is moved into the future
    ended → forgotten        ``is_forgettable``

The sets say what a round may expect of a link; ``reason`` and ``reread`` are words for people.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sync_core.model.sides import (
    ErpContent,
    GraphContent,
    Seen,
    Side,  # whoever reads the model finds it here
    stamp_of,
)


class CategoryState(StrEnum):
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
    """An open conflict of one link; ``category`` is the state of the event's category (R9)."""

    clashes: tuple[Clash, ...]
    since_at: datetime
    category: CategoryState = CategoryState.NONE


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

    The organizer's own event (``own``) and, where the organizer is not with us, one invited copy (``invited``) feed
    the activity; every other copy follows: it only tells its owner's answer.
    """

    OWN = "own"
    INVITED = "holder"
    """Stored by the word that it had first."""

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
    ``missed_at`` is since when a calendar that was moved or restored lacks the event (relocate.py).
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


RUNNING = frozenset({LinkStatus.LIVE, LinkStatus.PARKED})
"""Links whose pair goes on, now or once somebody has seen to it."""

WATCHED = RUNNING | {LinkStatus.HELD}
"""Links whose event and activity are both expected to exist, or are asked about."""

ENDED = frozenset({LinkStatus.TOMBSTONE, LinkStatus.ARCHIVED})
"""Links that stay what they are, whatever is found about their items, until the pair is alive again."""

TRIES = 10
"""Failures after which an item is parked for a person (design.md §4 "Guards")."""

KEPT = timedelta(days=90)
"""How long ended links are remembered, from their end or, where that is later, from their meeting's."""

OVER = "older than a day"


def is_forgettable(link: Link, now: datetime) -> bool:
    """Whether an ended link has been remembered for long enough, after its end and after its meeting."""
    return link.ended_at is not None and now - max(link.ended_at, link.base_event.end) > KEPT


def is_given_up(row: Link | Pending) -> bool:
    """Whether writes of the pair, or of the item without one, failed too often to be tried as it is."""
    is_parked = row.parked if isinstance(row, Pending) else row.status is LinkStatus.PARKED
    return is_parked and row.tries >= TRIES


def waits(link: Link) -> bool:
    """Whether the pair's deletion is on a list, answered or not."""
    return link.status is LinkStatus.HELD or link.held is not None


def is_news(row: Link | Pending, seen: Seen) -> bool:
    """Whether a side is another than it was when the row was given up; a side that was not read is no news."""
    then = row.given_up_at
    if then is None:  # a row of before this was remembered: what is seen first counts
        return False
    return (seen.event or then.event, seen.activity or then.activity) != (then.event, then.activity)


def live(link: Link, reason: str = "", *, reread: str = "", conflict: Conflict | None = None) -> Link:
    """The pair goes on; what was tried in vain before is forgotten."""
    return replace(
        link,
        status=LinkStatus.LIVE,
        reason=reason,
        reread=reread,
        tries=0,
        retry_at=None,
        conflict=conflict,
        ended_at=None,
        ended_by=EndedBy.NOBODY,
        given_up_at=None,
        held=None,
    )


def retried(link: Link) -> Link:
    """Somebody asks for another look at a parked pair; until then an open conflict, and an answer, stay what they
    are."""
    status = LinkStatus.HELD if link.held else LinkStatus.LIVE
    return replace(live(link, reread="retry", conflict=link.conflict), status=status, held=link.held)


def followed(link: Link, reason: str, *, reread: str = "") -> Link:
    """The meeting is fed from another calendar: this copy only tells its owner's answer."""
    return replace(live(link, reason, reread=reread), role=Role.FOLLOWER)


def parked(link: Link, why: str) -> Link:
    """The pair is left alone until its reason ends; what has ended, or was given up, stays so."""
    if link.status in ENDED or is_given_up(link):
        return looked_at(link)
    return replace(link, status=LinkStatus.PARKED, reason=why, reread="")


def held(link: Link, why: str, on: Held | None) -> Link:
    """A deletion waits for a person's answer to the list it is on."""
    return replace(link, status=LinkStatus.HELD, reason=why, reread="", held=on)


def unlisted(link: Link) -> Link:
    """The list that a deletion waited on is not there any more: what is to be done is decided anew."""
    if link.status is LinkStatus.HELD:
        return live(link, reread="the list it was held on is gone")
    return replace(link, held=None)


def ended(link: Link, by: EndedBy, why: str, at: datetime, *, conflict: Conflict | None = None) -> Link:
    """The pair is over. With a conflict it is not yet: the side that stayed could not follow."""
    return replace(
        link,
        status=LinkStatus.TOMBSTONE,
        reason=why,
        reread="",
        tries=0,
        retry_at=None,
        conflict=conflict,
        ended_at=None if conflict else at,
        ended_by=by,
        held=None,
    )


def archived(link: Link, at: datetime) -> Link:
    """The meeting is over, and whatever was open about it; a tombstone stays one."""
    if link.status in ENDED:
        return replace(link, reread="", conflict=None, ended_at=link.ended_at or at)
    return replace(
        link,
        status=LinkStatus.ARCHIVED,
        reason=OVER,
        reread="",
        conflict=None,
        ended_at=at,
        ended_by=EndedBy.AGE,
        held=None,
    )


def reread_for(link: Link, why: str) -> Link:
    """Both sides must be read by id before anything is said about the pair."""
    return replace(link, reread=why)


def failed(link: Link, why: str, tries: int, retry_at: datetime | None) -> Link:
    """A write did not get through for the ``tries``-th time; tried again at ``retry_at`` (None: at once)."""
    status = LinkStatus.LIVE if link.status is LinkStatus.PARKED else link.status
    return replace(link, status=status, reread=why or "failed", tries=tries, retry_at=retry_at, given_up_at=None)


def given_up(link: Link, why: str, tries: int, seen: Seen) -> Link:
    """A write did not get through, time and again: the pair is left alone as it is ``seen``."""
    return replace(
        link,
        status=LinkStatus.PARKED,
        reason=why,
        reread="",
        tries=tries,
        retry_at=None,
        given_up_at=Seen(seen.event or link.change_key, seen.activity or link.stamp),
    )


def left_alone(link: Link, seen: Seen) -> Link:
    """A pair that was given up was looked at: it stays as it is."""
    known = link.given_up_at or Seen(seen.event or link.change_key, seen.activity or link.stamp)
    return replace(link, reread="", given_up_at=known)


def looked_at(link: Link) -> Link:
    """Both sides were read, and nothing is to be done."""
    return replace(link, reread="")
