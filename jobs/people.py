"""Who works here, as every round has to know it: kept by a process, and half a minute old at most.

Who is switched on, at which addresses and under which logins is the same for all rounds, and thousands of rows in a
large company. They are read once; from then on those that were written since, by whichever process, and all again
once an hour and where somebody was forgotten. What this process changes it knows at once; what another one changes
within ``LIFE``, as if the round had run so much earlier. The pull, which names the creators of new activities and
must miss nobody, reads what was written since before it asks. Whoever asks whether a meeting has lost its last copy
reads the rows themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from jobs.ports import Clock, Store
from sync_core.model.colleagues import Colleagues, as_others_see, colleague_of
from sync_core.model.instance import Instance
from sync_core.model.logins import Bearer, Logins, logins_of
from sync_core.model.policy import Policy
from sync_core.model.user import User

LIFE = timedelta(seconds=30)

WHOLE = timedelta(hours=1)
"""After so long all rows are read: an older build forgets a user without a sign."""


@dataclass(frozen=True, slots=True)
class Everybody:
    """All known users by id at one moment, and what rounds make of them.

    ``erp_ids_on`` are the ERP.net users, present and former, of those who are on. By ERP.net user and by party stand
    the ids of those who are on and have them; ``unreadable`` are those whose row cannot be read. ``passing`` are
    those whom time alone makes look otherwise to others: who is in trouble, or paused.
    """

    users: Mapping[str, User]
    colleagues: Colleagues
    erp_ids: frozenset[str]
    erp_ids_on: frozenset[str]
    by_erp_user: Mapping[str, frozenset[str]]
    by_party: Mapping[str, frozenset[str]]
    unreadable: frozenset[str]
    passing: frozenset[str]
    _logins: dict[object, Logins] = field(default_factory=dict)

    def logins(self, instance: Instance, policy: Policy, service: str) -> Logins:
        """Who bears which login; ``service`` is the service user's present one."""
        key = (instance.former_service_logins, policy.service_logins, service)
        if key not in self._logins:
            self._logins[key] = known_logins(self.users.values(), instance, policy, service)
        return self._logins[key]

    def around(self, user: User, now: datetime) -> Everybody:
        """Everybody as this user's round sees them: with this user's own row, which it has read itself, and on."""
        known = self.users.get(user.id)
        if known is not None and known.enabled and as_others_see(known) == as_others_see(user):
            return self._looked([user], now)
        return everybody_of({**self.users, user.id: user}.values(), now, on=user.id)

    def after(self, written: Collection[User], now: datetime) -> Everybody:
        """Everybody ``now`` that these rows were written."""
        news = [one for one in written if self.users.get(one.id) != one]
        users = {**self.users, **{one.id: one for one in news}} if news else self.users
        is_same = all(self._looks_the_same(one, now) for one in news)
        if is_same and all(self._looks_the_same(users[one], now) for one in self.passing):
            return self._looked(news, now)
        return everybody_of(users.values(), now)

    def _looks_the_same(self, user: User, now: datetime) -> bool:
        known, seen = self.users.get(user.id), self.colleagues.of(user.id)
        if known is None or seen is None or as_others_see(known) != as_others_see(user):
            return False
        return replace(colleague_of(user, now), looked_at=seen.looked_at) == seen

    def _looked(self, users: Collection[User], now: datetime) -> Everybody:
        """Everybody after rounds of these users, who look to others as before."""
        if not users:
            return self
        seen = [one for one in users if one.erp_seen_at != self.users[one.id].erp_seen_at]
        return replace(
            self,
            users={**self.users, **{one.id: one for one in users}},
            colleagues=self.colleagues.with_looks(colleague_of(one, now) for one in users),
            _logins={key: one.seen_again(seen) for key, one in self._logins.items()} if seen else self._logins,
        )


def everybody_of(users: Iterable[User], now: datetime, *, on: str = "") -> Everybody:
    """Make it of the users' rows; ``on`` is the id of one who counts as switched on."""
    known = {one.id: one for one in sorted(users, key=lambda one: (one.upn.casefold(), one.id))}
    enabled = [one for one in known.values() if one.enabled or one.id == on]
    return Everybody(
        known,
        Colleagues(colleague_of(one, now) for one in known.values()),
        frozenset(i for one in known.values() for i in one.erp_user_ids),
        frozenset(i for one in enabled for i in one.erp_user_ids),
        _ids_by((one.erp_user_id, one.id) for one in enabled),
        _ids_by((one.erp_party_id, one.id) for one in enabled),
        frozenset(one.id for one in known.values() if one.unreadable),
        frozenset(one.id for one in known.values() if one.troubled_at or one.pause),
    )


def _ids_by(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for name, user_id in pairs:
        if name:
            found[name] = found.get(name, frozenset()) | {user_id}
    return found


@dataclass(frozen=True, slots=True)
class _Kept:
    """Everybody as read of a ``store`` at ``read_at``, when it had changed a user ``changes`` times; ``mark`` is
    where the next reading goes on, and at ``whole_at`` all rows were read."""

    store: Store
    changes: int
    read_at: datetime
    whole_at: datetime
    mark: str
    everybody: Everybody

    def is_of(self, store: Store, now: datetime) -> bool:
        """Whether the next reading may go on from this one."""
        return self.store is store and timedelta(0) <= now - self.whole_at < WHOLE

    def is_young(self, store: Store, now: datetime) -> bool:
        """Whether nothing has to be read."""
        return self.changes == store.people_changed and timedelta(0) <= now - self.read_at < LIFE


class People:
    """Everybody, as one process keeps them."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._kept: _Kept | None = None

    async def read(self, store: Store, clock: Clock, *, anew: bool = False) -> Everybody:
        """Everybody, as read at most ``LIFE`` ago; ``anew``: as they are now. Raises what the store raises."""
        async with self._turn:
            now, kept, changes = clock(), self._kept, store.people_changed
            if kept is not None and not kept.is_of(store, now):
                kept = None
            if kept is not None and not anew and kept.is_young(store, now):
                return kept.everybody
            read = await store.follow_users(kept.mark if kept else "")
            if kept is None or read.is_whole:
                everybody, whole_at = everybody_of(read.users, now), now
            else:
                everybody, whole_at = kept.everybody.after(read.users, now), kept.whole_at
            self._kept = _Kept(store, changes, now, whole_at, read.mark, everybody)
            return everybody


def known_logins(users: Iterable[User], instance: Instance, policy: Policy, service: str) -> Logins:
    """Who bears which login, as far as the store knows; ``service`` is the service user's present login."""
    former = [Bearer(one.login, "", "", one.seen_at, one.until_at) for one in instance.former_service_logins]
    return logins_of(users, {service, *policy.service_logins} - {""}, former)
