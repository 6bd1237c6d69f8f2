"""The life of a link: every status it can have, and every way from one to another.

Whoever changes a link's status does it by a transition of this module and nowhere else (a test looks for it):

    live ⇄ parked, held      a side must be read, a person must choose, a deletion waits for an answer
    live → tombstone         the pair is over; it stays so that nothing is made again, and may come back to life
    live → archived          the meeting is over; it comes back to life if it is moved into the future
    any → unlinked           a person took the pair apart; the tombstone comes back to life by a retry of it alone
    ended → forgotten        ``is_forgettable``

The sets say what a round may expect of a link; ``reason`` and ``reread`` are words for people, and which of our own
they are, ``why.named`` tells.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from sync_core.model.conflict import CategoryState, Chosen, Conflict, PutBack
from sync_core.model.pending import Pending
from sync_core.model.series import Occurrence
from sync_core.model.sides import ErpContent, GraphContent, Seen, Side, newest, stamp_of
from sync_core.model.why import Why


class LinkStatus(StrEnum):
    """What a round does with a link."""

    LIVE = "live"
    PARKED = "parked"
    HELD = "held"
    TOMBSTONE = "tombstone"
    ARCHIVED = "archived"


class EndedBy(StrEnum):
    """What ended a link: a person in Outlook, in ERP.net or in both, the hand-over of its meeting, an operator's no
    to a held deletion, its age, or a person who unlinked the pair."""

    NOBODY = ""
    OUTLOOK = "outlook"
    ERP = "erp"
    BOTH = "both"
    HANDED_ON = "handed-on"
    DROPPED = "dropped"
    AGE = "age"
    UNLINKED = "unlinked"


@dataclass(frozen=True, slots=True)
class Held:
    """The list that a link is on (``Hold.key``), the ``Intent`` that would be carried out, and how many people it
    would mail."""

    hold: str
    intent: str
    mails: int = 0


class Role(StrEnum):
    """What one mailbox's copy of a meeting is to the meeting's activity (design.md §4 "Meetings").

    The organizer's own event (``own``) and, where the organizer is not with us, one invited copy (``invited``) feed
    the activity; every other copy follows: it only tells its owner's response.
    """

    OWN = "own"
    INVITED = "holder"
    """Stored by the word that it had first."""

    FOLLOWER = "follower"


@dataclass(frozen=True, slots=True)
class Link:
    """One event and one activity that belong together, with the base snapshots of when both were last in step.

    ``zone`` is the IANA zone of the activity's digits. ``creator`` is the id of the ERP.net user that R12 asks about,
    decided once (``login:…`` where only a login was known). ``change_key`` and ``modified_at`` of the event,
    ``version`` and ``updated_at`` of the activity are those last seen; so is ``series_at`` of a date of a series,
    None in a row of before it was remembered. ``answers`` are (e-mail, response) as last written to ERP.net. A
    follower's ``activity_id`` is '': the claim knows it. ``unseen``: we made the event, and the delta query has not
    shown it yet; if it is deleted before, the query never tells (graph.md §3).

    ``status``, ``ended_by`` and ``ended_at`` are written by ``link.py`` alone. ``reason`` is for people and compared
    with nothing. ``reread`` says why both sides must be read by id in the next round ('' = no need). ``given_up_at``
    is what both sides were at the last of too many tries: nothing is tried until one of them changes or somebody asks
    for a retry. ``held``: the deletion is on a list that a person must answer, or has answered. ``missed_at`` is
    since when a calendar that was moved or restored lacks the event (relocate.py). ``chosen`` is what a person chose
    for fields in conflict, until it is carried out or the item moves on; ``put_back`` is what an undo asks for, once.
    ``occurrence`` says which date of which series the event is: the key of the link, of which ``event_id`` is a
    handle that each reading may replace. ``left`` are the fields that were edited in Outlook while ``SYNC_DIRECTION``
    kept them out of ERP.net.
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
    chosen: tuple[Chosen, ...] = ()
    put_back: tuple[PutBack, ...] = ()
    occurrence: Occurrence | None = None
    left: tuple[str, ...] = ()
    series_at: datetime | None = None

    @property
    def newest_at(self) -> datetime | None:
        """The time of the newest change that the event may have shown when it was last seen (``sides.newest``)."""
        return newest(self.occurrence, self.modified_at, self.series_at)

    @property
    def conflict_id(self) -> str:
        """What a person calls the open conflict by: short, another one once a value is another; '' without one."""
        if self.conflict is None:
            return ""
        shown = "|".join(
            f"{one.field}{one.event_value}{one.activity_value}{one.digest}" for one in self.conflict.clashes
        )
        return sha256(f"{self.event_id}|{self.activity_id}|{shown}".encode()).hexdigest()[:8]

    @property
    def stamp(self) -> str:
        """The state in which the activity was last seen."""
        return stamp_of(self.updated_at, self.version)


def wears_category(link: Link) -> bool:
    """Whether the event wears the category of its open conflict, as last seen: a date of a series never does."""
    return link.conflict is not None and link.conflict.category is CategoryState.SET


def master_of(link: Link) -> str:
    """Graph's id of the series of a link's date, '' for a single event."""
    return link.occurrence.master_id if link.occurrence else ""


RUNNING = frozenset({LinkStatus.LIVE, LinkStatus.PARKED})
"""Links whose pair goes on, now or when somebody has seen to it."""

WATCHED = RUNNING | {LinkStatus.HELD}
"""Links whose event and activity should both exist, or whose deletion a person is asked about."""

ENDED = frozenset({LinkStatus.TOMBSTONE, LinkStatus.ARCHIVED})
"""Links whose pair is over. They keep their status, whatever is found about their items, until the pair lives
again."""

TRIES = 10
"""Failures after which an item is parked for a person (design.md §4 "Guards")."""

KEPT = timedelta(days=90)
"""How long an ended link is remembered after its end or after its meeting's, whichever is later."""

OVER = Why.OLD


def asks_for_a_look(link: Link) -> bool:
    """Whether a round must look at the link even if neither side has news (``Cursors.settled``: none does)."""
    return bool(link.reread or link.unseen)


def is_forgettable(link: Link, now: datetime) -> bool:
    """Whether an ended link has been remembered for long enough. One that a person unlinked is never forgotten: both
    items may go on, and would find each other again."""
    if is_unlinked(link):
        return False
    return link.ended_at is not None and now - max(link.ended_at, link.base_event.end) > KEPT


def is_unlinked(link: Link) -> bool:
    """Whether a person took the pair apart."""
    return link.ended_by is EndedBy.UNLINKED


def unit_of(link: Link) -> str:
    """What a link counts as among meetings: the dates of a series count once."""
    return link.occurrence.series_uid if link.occurrence else link.event_id


def is_given_up(row: Link | Pending) -> bool:
    """Whether writes failed too often for the pair, or the item without a link, to be tried as it is."""
    is_parked = row.parked if isinstance(row, Pending) else row.status is LinkStatus.PARKED
    return is_parked and row.tries >= TRIES


def waits(link: Link) -> bool:
    """Whether the pair's deletion is on a list, answered or not."""
    return link.status is LinkStatus.HELD or link.held is not None


def is_news(row: Link | Pending, seen: Seen) -> bool:
    """Whether a side has changed since the row was given up. A side that was not read has not."""
    then = row.given_up_at
    if then is None:  # a row of before this was remembered: what is seen first counts
        return False
    return (seen.event or then.event, seen.activity or then.activity) != (then.event, then.activity)


def live(link: Link, reason: str = "", *, reread: str = "", conflict: Conflict | None = None) -> Link:
    """The pair goes on, and earlier failures are forgotten."""
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


def unlinked(link: Link, why: str, at: datetime) -> Link:
    """A person takes the pair apart: both sides stay as they are, and nothing is made or linked of them again."""
    over = ended(link, EndedBy.UNLINKED, why, at)
    return replace(over, put_back=(), given_up_at=None, missed_at=None)


def retried(link: Link) -> Link:
    """Somebody asks for another look at a parked pair, or at one that was unlinked. Until then an open conflict and
    an approval stay what they are."""
    status = LinkStatus.HELD if link.held else LinkStatus.LIVE
    return replace(live(link, reread="retry", conflict=link.conflict), status=status, held=link.held)


def followed(link: Link, reason: str, *, reread: str = "") -> Link:
    """Another calendar feeds the meeting: this copy becomes a follower, which only tells its owner's response."""
    return replace(live(link, reason, reread=reread), role=Role.FOLLOWER)


def left_to_next(link: Link) -> Link:
    """What a feeder leaves to the next one: both bases, and nothing of this mailbox's own event.

    What tells of edits that were never written stays: ``tries``, that the pair is parked, an open conflict, or that
    both sides had to be read again.
    """
    own = replace(link, event_id="", change_key="", modified_at=None, series_at=None, answers=())
    left = live(replace(own, missed_at=None, put_back=()), reread=link.reread, conflict=link.conflict)
    left = parked(left, link.reason) if link.status is LinkStatus.PARKED else left
    return replace(left, role=Role.INVITED, unseen=False, tries=link.tries)


def parked(link: Link, why: str) -> Link:
    """The pair is left alone until its reason ends. A pair that has ended, or was given up, stays so."""
    if link.status in ENDED or is_given_up(link):
        return looked_at(link)
    return replace(link, status=LinkStatus.PARKED, reason=why, reread="")


def held(link: Link, why: str, on: Held | None) -> Link:
    """The deletion is put on a list and waits for a person's approval."""
    return replace(link, status=LinkStatus.HELD, reason=why, reread="", held=on)


def unlisted(link: Link) -> Link:
    """The list of a held deletion does not exist any more: the pair is decided anew."""
    if link.status is LinkStatus.HELD:
        return live(link, reread="the list it was held on is gone")
    return replace(link, held=None)


def ended(link: Link, by: EndedBy, why: str, at: datetime, *, conflict: Conflict | None = None) -> Link:
    """The pair is over and becomes a tombstone. With a conflict its end is open: the other side could not follow."""
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
        chosen=(),
    )


def archived(link: Link, at: datetime) -> Link:
    """The meeting is over, and so is whatever was open about it. A tombstone stays one."""
    if link.status in ENDED:
        return replace(link, reread="", conflict=None, chosen=(), ended_at=link.ended_at or at)
    return replace(
        link,
        status=LinkStatus.ARCHIVED,
        reason=OVER,
        reread="",
        conflict=None,
        ended_at=at,
        ended_by=EndedBy.AGE,
        held=None,
        chosen=(),
    )


def answered(link: Link, chosen: tuple[Chosen, ...]) -> Link:
    """A person chose between the values of an open conflict; both sides are read again before it is carried out."""
    return replace(link, chosen=chosen, reread="a person resolved its conflict")


def undone(link: Link, put_back: tuple[PutBack, ...]) -> Link:
    """A person undoes what a round wrote; both sides are read again before it is put back."""
    return replace(link, put_back=put_back, reread="a person undid a round")


def reread_for(link: Link, why: str) -> Link:
    """Both sides must be read by id before the pair is decided."""
    return replace(link, reread=why)


def failed(link: Link, why: str, tries: int, retry_at: datetime | None) -> Link:
    """A write failed for the ``tries``-th time. It is tried again at ``retry_at`` (None = at once)."""
    status = LinkStatus.LIVE if link.status is LinkStatus.PARKED else link.status
    return replace(link, status=status, reread=why or "failed", tries=tries, retry_at=retry_at, given_up_at=None)


def given_up(link: Link, why: str, tries: int, seen: Seen) -> Link:
    """A write failed too often: the pair is left alone as long as both sides are as ``seen``."""
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
    """A pair that was given up was looked at and has not changed."""
    known = link.given_up_at or Seen(seen.event or link.change_key, seen.activity or link.stamp)
    return replace(link, reread="", given_up_at=known)


def looked_at(link: Link) -> Link:
    """Both sides were read, and nothing is to be done."""
    return replace(link, reread="")
