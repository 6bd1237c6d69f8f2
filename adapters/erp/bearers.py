"""Looks up who bears a login, and caches it: the pull meets the same people's logins again and again.

Only whoever asks for ``recently`` gets a remembered answer; what depends on whose a login is *now* asks ERP.net.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from adapters.erp.directory import find_logins
from adapters.erp.session import Session

MOST_REMEMBERED = 10_000

REMEMBERED_FOR = timedelta(minutes=10)
"""How long an answer is cached; a login may be given to another user."""


class Bearers:
    """Looks up who bears a login."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, tuple[datetime, str | None]] = {}

    async def find(self, logins: Collection[str], *, recently: bool = False) -> dict[str, str | None]:
        """Login in lower case → user id, None where ERP.net fails to show whose it is, a login of nobody left out; no
        request if all are cached."""
        wanted = {login.casefold() for login in logins} - {""}
        now = self._session.clock()
        fresh = {login: answer for login, answer in self._known.items() if now - answer[0] < REMEMBERED_FOR}
        asked = wanted - fresh.keys() if recently else wanted
        found = await find_logins(self._session, asked) if asked else {}
        answers = {login: (now, found.get(login, "")) for login in asked}
        room = len(fresh) + len(answers) <= MOST_REMEMBERED
        self._known = (fresh if room else {}) | answers
        return {login: one[1] for login, one in {**fresh, **answers}.items() if login in wanted and one[1] != ""}
