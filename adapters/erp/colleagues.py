"""Finds the participants who are ERP.net users: only to them ERP.net shows the activity (erpnet.md §8, §9).

Users who were found are remembered while the process lives, people from outside for a while, since they may become
users. A changed user is noticed when a write with them is refused.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from adapters.erp.directory import find_user_ids
from adapters.erp.session import Session
from sync_core.errors import ItemRejected
from sync_core.model.writes import CreateActivity, ErpWrite, PatchActivity

MOST_REMEMBERED = 10_000

OUTSIDE_FOR = timedelta(minutes=10)
"""How long the answer that an e-mail has no user is cached."""

log = logging.getLogger(__name__)


def people_in(writes: Iterable[ErpWrite]) -> set[str]:
    """The e-mails of all participants whom these writes add."""
    return {email for write in writes for email in _added_by(write)}


def _added_by(write: ErpWrite) -> tuple[str, ...]:
    if isinstance(write, CreateActivity):
        return write.content.people
    return write.participants.add if isinstance(write, PatchActivity) else ()


class Colleagues:
    """Looks users up by e-mail."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, str] = {}
        self._outside: dict[str, datetime] = {}

    async def find(self, emails: Collection[str]) -> Mapping[str, str]:
        """E-mail → user id for those who are users; no request if all are cached.

        Where ERP.net refuses the question, participants go by their e-mail alone: better than no meeting.
        """
        known = {email: self._known[email] for email in emails if email in self._known}
        now = self._session.clock()
        outside = {e for e in emails if e in self._outside and now - self._outside[e] < OUTSIDE_FOR}
        unknown = set(emails) - known.keys() - outside
        found = await self._ask(unknown) if unknown else {}
        self._remember(found, dict.fromkeys(unknown - found.keys(), now))
        return known | found

    def forget(self, emails: Iterable[str]) -> None:
        """Drop these from the cache."""
        for email in emails:
            self._known.pop(email, None)
            self._outside.pop(email, None)

    async def _ask(self, emails: Collection[str]) -> dict[str, str]:
        try:
            return await find_user_ids(self._session, emails)
        except ItemRejected as error:
            log.warning("erp: users cannot be looked up (code %s); participants stay without one", error.code)
            return {}

    def _remember(self, found: Mapping[str, str], outside: Mapping[str, datetime]) -> None:
        if len(self._known) + len(self._outside) + len(found) + len(outside) > MOST_REMEMBERED:
            self._known.clear()
            self._outside.clear()
        self._known |= found
        self._outside |= outside
