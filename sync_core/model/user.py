"""A person and their switch: the row of a user, and the words of their state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sync_core.model.memory import Cursors
from sync_core.model.pause import Pause

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
    """What the last whole round left: open conflicts, parked items that wait for somebody, open holds, links that
    live.

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
