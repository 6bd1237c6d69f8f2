"""ERP.net, as the jobs need it: activities, users, and what an instance must have."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from sync_core.model.phrase import Phrase
from sync_core.model.sides import ActivityChange, ErpActivity, Malformed
from sync_core.model.writes import ErpIdentity, ErpWrite, Outcome


@dataclass(frozen=True, slots=True)
class ErpUser:
    """An ERP.net user. ``party_id`` is '' for one without a person: they cannot own an activity."""

    id: str
    login: str
    email: str
    name: str
    is_admin: bool
    person_id: str
    party_id: str
    time_zone: str
    is_shown: bool = True
    """False where ERP.net fails to show them, so that this is what was known before."""


@dataclass(frozen=True, slots=True)
class FoundUsers:
    """The users that were found, and the asked addresses (in lower case) and id that ERP.net fails to answer about,
    because of a user whom it does not show."""

    users: tuple[ErpUser, ...] = ()
    unshown: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Owned:
    """The activities of one person, and the days of which ERP.net does not show all, because it fails on one."""

    activities: tuple[ErpActivity | Malformed, ...] = ()
    unread: tuple[date, ...] = ()


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
    """What rules R2 and R3 require: the document type's id, and what is missing, as sentences with remedies.

    ``unshown`` is what ERP.net fails to show, so that nothing is known of it now: of the document type '' is the id.
    """

    document_type_id: str
    problems: tuple[str, ...] = ()
    unshown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PullReading:
    """Every change at or after the asked time; ``high`` is the highest update time among them, None if none.

    A time more than a day ahead of our clock does not count: as a watermark it would hide all changes until then.
    ``unread`` are the seconds of which ERP.net does not show all changes, because it fails on one of them.
    """

    changes: tuple[ActivityChange, ...]
    high: datetime | None
    unread: tuple[datetime, ...] = ()


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

    async def read_changes(self, since: datetime, around: Collection[datetime] = ()) -> PullReading:
        """Changed and deleted activities of the whole instance with an update time >= ``since`` (UTC), complete but
        for its ``unread`` seconds. The seconds ``around`` which the last pull read are asked for one by one."""

    async def reread_days(self, days: Collection[date]) -> PullReading:
        """The activities that changed on these days (UTC), as ``read_changes``."""

    async def newest_change(self) -> datetime | None:
        """The highest update time of any activity: where a first watermark starts. None in an empty instance."""

    async def read_states(self, ids: Collection[str]) -> dict[str, ActivityState]:
        """The state of each activity, every id a key: only ids, versions and update times, thousands a request. One
        that ERP.net fails on counts as hidden."""

    async def read_activities(self, ids: Collection[str]) -> dict[str, ErpActivity | Malformed | None]:
        """Read by id, batched; None = no such row (deleted, or not visible to us)."""

    async def read_owned(
        self, logins: Collection[str], party_id: str, since: datetime, *, days: Collection[date] | None = None
    ) -> Owned:
        """Activities created by one of ``logins`` or owned by ``party_id`` that may end at ``since`` (UTC) or later;
        with ``days``, of these only those that begin or end on one of them.

        The result may hold more (ERP.net cuts date filters to days): the caller filters exactly. Raises what ERP.net
        answers where it shows nothing at all.
        """

    async def find_paired(self, ical_uids: Collection[str]) -> dict[str, tuple[ErpActivity | Malformed, ...]]:
        """Activities whose (ExternalSystem, ExternalId) is (MSSYNC_SYSTEM, one of these), void ones included."""

    async def write(self, who: ErpIdentity, writes: Sequence[ErpWrite]) -> list[Outcome]:
        """Carry out writes, batched; one outcome for each, with the activity read back after it.

        Errors inside an outcome: ``StaleWrite``, ``ItemGone``, ``ItemRejected``, ``Throttled``, ``SideUnavailable``
        (``unclear`` if the write may have been done).
        """

    @property
    def writes_at_once(self) -> int:
        """How many writes travel in one request, by how long the last ones took."""

    async def find_users(self, addresses: Collection[str], user_id: str = "") -> FoundUsers:
        """Active internal users with this id or one of these e-mail addresses (fallback: logins), any letter case.

        Raises what ERP.net answers where it shows no user at all.
        """

    async def find_logins(self, logins: Collection[str], *, recently: bool = False) -> dict[str, str | None]:
        """Who bears these logins now, active or not: login in lower case → user id; a login of nobody is left out.

        None stands for a bearer whom ERP.net fails to show. ``recently`` allows an answer cached in the last minutes.
        Raises what ERP.net answers where it shows nobody at all.
        """

    async def suggest_places(self, user_id: str, login: str) -> list[Place]:
        """Companies and locations ERP.net connects with the user (erpnet.md §8), without duplicates."""

    async def list_places(self) -> list[Place]:
        """Every active enterprise company with each of its locations, by name, codes included."""

    async def find_place(self, company_id: str, location_id: str) -> Place | None:
        """The company and location if both exist and belong together. Raises ``ItemRejected`` where ERP.net fails to
        show one of them."""

    async def check_readiness(self, *, repair: bool) -> Readiness:
        """Document type and permissions (R2, R3); with ``repair`` create or grant what is missing."""

    async def notify(self, user_id: str, subject: str) -> None:
        """Send the user an ERP.net notification of MSSync's class (erpnet.md §10)."""

    async def probe(self) -> list[tuple[Phrase, Phrase]]:
        """Harmless probes of what the contract calls UNCONFIRMED: each question and its finding (for doctor)."""
