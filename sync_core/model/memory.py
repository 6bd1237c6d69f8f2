"""What is remembered of one user's calendar between rounds: links, pending rows, holds, inbox and cursors."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from sync_core.model.event import Window
from sync_core.model.hold import Hold
from sync_core.model.link import RUNNING, Link, unit_of
from sync_core.model.pending import Pending


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A row that the pull files for a user's round: this activity changed. ``etag`` guards its removal."""

    activity_id: str
    updated_at: datetime
    deleted: bool = False
    etag: str = ""


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
