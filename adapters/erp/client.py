"""``ErpNet`` implements the port ``Erp`` (jobs/ports/erp.py); it is composed of this package's modules."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime

from adapters.erp import activities, directory, owned, places, probe, readiness
from adapters.erp.bearers import Bearers
from adapters.erp.changes import Pull
from adapters.erp.session import Session
from adapters.erp.transport import ErpOptions
from adapters.erp.write import Writer
from adapters.http import Retries
from jobs.ports import ActivityState, FoundUsers, Owned, Place, PullReading, Readiness
from sync_core.model.phrase import Phrase
from sync_core.model.sides import ErpActivity, Malformed
from sync_core.model.writes import ErpIdentity, ErpWrite, Outcome


class ErpNet:
    """One ERP.net instance, one session; use it from one running loop and ``close`` it.

    ``endpoints`` are those another process discovered (``Instance.endpoints``): used first, asked for again once
    when they no longer answer. Raises ``ForeignHost`` when they lie outside the instance's domain.
    """

    def __init__(
        self,
        options: ErpOptions,
        *,
        clock: Callable[[], datetime],
        retries: Retries | None = None,
        endpoints: Sequence[str] = (),
    ) -> None:
        self._clock = clock
        self._session = Session(options, clock=clock, retries=retries or Retries(), endpoints=endpoints)
        self._writer = Writer(self._session)
        self._pull = Pull(self._session)
        self._bearers = Bearers(self._session)

    @property
    def endpoints(self) -> tuple[str, ...]:
        """See ``Erp.endpoints``."""
        return self._session.endpoints

    @property
    def session_ends_at(self) -> datetime | None:
        """See ``Erp.session_ends_at``."""
        return self._session.session_ends_at

    @property
    def version_check(self) -> str:
        """Whether a PATCH may carry a version (optimistic lock): unknown, works or refused (erpnet.md §14)."""
        return self._writer.version_check

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def service_login(self) -> str:
        """See ``Erp.service_login``; costs no licence."""
        return await self._session.service_login()

    async def check_access(self) -> str:
        """See ``Erp.check_access``."""
        return await probe.check_access(self._session)

    async def read_changes(self, since: datetime, around: Collection[datetime] = ()) -> PullReading:
        """See ``Erp.read_changes``; one request unless there are further pages."""
        return await self._pull.read_changes(since, self._clock(), around)

    async def reread_days(self, days: Collection[date]) -> PullReading:
        """See ``Erp.reread_days``; one request for 20 days."""
        return await self._pull.reread(days, self._clock())

    async def newest_change(self) -> datetime | None:
        """See ``Erp.newest_change``."""
        return await self._pull.newest_change(self._clock())

    async def read_states(self, ids: Collection[str]) -> dict[str, ActivityState]:
        """See ``Erp.read_states``; 2,000 ids a request, and one more where some are not there."""
        return await activities.read_states(self._session, ids)

    async def read_activities(self, ids: Collection[str]) -> dict[str, ErpActivity | Malformed | None]:
        """See ``Erp.read_activities``; 2,000 ids a request."""
        return await activities.read_activities(self._session, ids)

    async def read_owned(
        self, logins: Collection[str], party_id: str, since: datetime, *, days: Collection[date] | None = None
    ) -> Owned:
        """See ``Erp.read_owned``; one request unless there are further pages."""
        return await owned.read_owned(self._session, logins, party_id, since, days)

    async def find_paired(self, ical_uids: Collection[str]) -> dict[str, tuple[ErpActivity | Malformed, ...]]:
        """See ``Erp.find_paired``; every asked uid has an entry."""
        return await activities.find_paired(self._session, ical_uids)

    async def write(self, who: ErpIdentity, writes: Sequence[ErpWrite]) -> list[Outcome]:
        """See ``Erp.write``; many writes a request, read back in the same one, and one more for new participants."""
        return await self._writer.write(who, writes)

    @property
    def writes_at_once(self) -> int:
        """See ``Erp.writes_at_once``."""
        return self._writer.pace.at_once

    async def find_users(self, addresses: Collection[str], user_id: str = "") -> FoundUsers:
        """See ``Erp.find_users``; one request, unless ERP.net refuses to show somebody."""
        return await directory.find_users(self._session, addresses, user_id)

    async def find_logins(self, logins: Collection[str], *, recently: bool = False) -> dict[str, str | None]:
        """See ``Erp.find_logins``; one request for some hundred, unless ERP.net refuses to show somebody."""
        return await self._bearers.find(logins, recently=recently)

    async def suggest_places(self, user_id: str, login: str) -> list[Place]:
        """See ``Erp.suggest_places``."""
        return await places.suggest_places(self._session, user_id, login)

    async def list_places(self) -> list[Place]:
        """See ``Erp.list_places``."""
        return await places.list_places(self._session)

    async def find_place(self, company_id: str, location_id: str) -> Place | None:
        """See ``Erp.find_place``."""
        return await places.find_place(self._session, company_id, location_id)

    async def check_readiness(self, *, repair: bool) -> Readiness:
        """See ``Erp.check_readiness``."""
        return await readiness.check_readiness(self._session, repair=repair)

    async def notify(self, user_id: str, subject: str) -> None:
        """See ``Erp.notify``."""
        await directory.notify(self._session, user_id, subject)

    async def probe(self) -> list[tuple[Phrase, Phrase]]:
        """See ``Erp.probe``."""
        return await probe.Prober(self._session, self._pull).probe(self.version_check, self._clock())
