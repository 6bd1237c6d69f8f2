"""Who works here, as every round has to know it: read once by a process and kept for half a minute.

Who is switched on, at which addresses and under which logins is the same for all rounds, and thousands of rows in a
large company. What this process changes it knows at once; what another one changes within ``LIFE``, as if the round
had run so much earlier. Whoever must miss nobody reads the rows themselves: the pull, which names the creators of new
activities, and whoever asks whether a meeting has lost its last copy.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from jobs.ports import Clock, Store
from sync_core.model.colleagues import Colleagues, as_others_see, colleague_of
from sync_core.model.logins import Bearer, Logins, logins_of
from sync_core.model.memory import Instance, User
from sync_core.model.policy import Policy

LIFE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Everybody:
    """All known users at one moment, and what rounds make of them; ``erp_ids_on`` are the ERP.net users, present and
    former, of those who are on."""

    users: tuple[User, ...]
    colleagues: Colleagues
    erp_ids: frozenset[str]
    erp_ids_on: frozenset[str]
    is_anybody_unreadable: bool
    _logins: dict[object, Logins] = field(default_factory=dict)

    def logins(self, instance: Instance, policy: Policy, service: str) -> Logins:
        """Who bears which login; ``service`` is the service user's present one."""
        key = (instance.former_service_logins, policy.service_logins, service)
        if key not in self._logins:
            self._logins[key] = known_logins(self.users, instance, policy, service)
        return self._logins[key]

    def around(self, user: User, now: datetime) -> Everybody:
        """Everybody as this user's round sees them: with this user's own row, which it has read itself, and on."""
        me = colleague_of(user, now)
        known = next((one for one in self.users if one.id == user.id), None)
        if known is not None and known.enabled and as_others_see(known) == as_others_see(user):
            return replace(self, colleagues=self.colleagues.seen_by(me))
        return everybody_of([user, *(one for one in self.users if one.id != user.id)], now, on=user.id)


def everybody_of(users: Iterable[User], now: datetime, *, on: str = "") -> Everybody:
    """Make it of the users' rows; ``on`` is the id of one who counts as switched on."""
    known = tuple(users)
    return Everybody(
        known,
        Colleagues(colleague_of(one, now) for one in known),
        frozenset(i for one in known for i in one.erp_user_ids),
        frozenset(i for one in known if one.enabled or one.id == on for i in one.erp_user_ids),
        any(one.unreadable for one in known),
    )


class People:
    """Everybody, as one process keeps them."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._kept: tuple[Store, int, datetime, Everybody] | None = None
        """The store that was read, how often it had changed a user by then, when, and who was found."""

    async def read(self, store: Store, clock: Clock, *, anew: bool = False) -> Everybody:
        """Everybody, as read at most ``LIFE`` ago, or ``anew``. Raises what the store raises."""
        async with self._turn:
            now = clock()
            if self._kept is not None and not anew:
                of, changes, at, everybody = self._kept
                if of is store and changes == store.people_changed and timedelta(0) <= now - at < LIFE:
                    return everybody
            changes = store.people_changed
            everybody = everybody_of(await store.list_users(), now)
            self._kept = store, changes, now, everybody
            return everybody


def known_logins(users: Iterable[User], instance: Instance, policy: Policy, service: str) -> Logins:
    """Who bears which login, as far as the store knows; ``service`` is the service user's present login."""
    former = [Bearer(one.login, "", "", one.seen_at, one.until_at) for one in instance.former_service_logins]
    return logins_of(users, {service, *policy.service_logins} - {""}, former)
