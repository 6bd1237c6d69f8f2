"""The people calsync knows: every user who is or was switched on, by each address at which mail reaches them.

An attendee may have one proxy address and a participant another. So one person has one address here, the *canonical*
one. Everybody else is known by the address alone, in lower case.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sync_core.model.user import Tally, User

GRACE = timedelta(days=1)
"""How long a user in an error state stays the feeder of their meetings (design.md §4 "Meetings")."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """One person. ``canonical`` is the address by which ERP.net knows them.

    ``is_on`` says whether they are switched on, in trouble or not; ``is_well`` whether their rounds work as well.
    Both are taken for granted of a user whose row cannot be read, so that nobody takes their meetings over.
    ``looked_at`` is when a round of theirs last looked at both sides.
    """

    id: str
    canonical: str
    addresses: frozenset[str] = frozenset()
    party_id: str = ""
    zone: str = ""
    is_well: bool = True
    is_on: bool = True
    erp_user_id: str = ""
    looked_at: datetime | None = None


def colleague_of(user: User, now: datetime) -> Colleague:
    """The user as other users' rounds see them at ``now``."""
    canonical = (user.mail or user.upn).lower()
    stopped = (user.troubled_at, user.pause.since_at if user.pause and user.pause.is_on(now, user.zone) else None)
    in_trouble = any(at is not None and now - at >= GRACE for at in stopped)
    return Colleague(
        id=user.id,
        canonical=canonical,
        addresses=frozenset({canonical, user.upn.lower(), *user.addresses}) - {""},
        party_id=user.erp_party_id,
        zone=user.zone,
        is_well=bool(user.unreadable) or (user.enabled and bool(user.erp_login) and not in_trouble),
        is_on=bool(user.unreadable) or (user.enabled and bool(user.erp_login)),
        erp_user_id=user.erp_user_id,
        looked_at=user.synced_at,
    )


def as_others_see(user: User) -> User:
    """The user without what other users' rounds do not see of them: when their rounds looked, what those left, when
    ERP.net showed them, and what they were notified of."""
    return replace(
        user,
        synced_at=None,
        remote_checkpoint_at=None,
        local_checkpoint_at=None,
        heard_at=None,
        erp_seen_at=None,
        notified="",
        tally=Tally(),
        told=(),
        asks=None,
        cursors=None,
    )


class Colleagues:
    """Finds people by address, id, party and ERP.net user."""

    def __init__(self, people: Iterable[Colleague] = ()) -> None:
        self._people = tuple(sorted(people, key=lambda one: (bool(one.party_id), one.is_well)))
        """Of two who are found by one address or party, the one who is somebody in ERP.net and well comes last."""
        self._by_id = {one.id: one for one in self._people}
        self._by_address = {address: one for one in self._people for address in one.addresses}
        self._by_party = {one.party_id: one for one in self._people if one.party_id}
        self._by_erp_user = {one.erp_user_id: one for one in self._people if one.erp_user_id}
        self.domains = frozenset(address.rpartition("@")[2] for address in self._by_address)
        """The domains in which the company's own people have addresses."""

    def with_looks(self, people: Iterable[Colleague]) -> Colleagues:
        """The same people where these differ at most in when they looked."""
        looked = {one.id: one for one in people if self._by_id.get(one.id) != one}
        if not looked:
            return self
        seen = copy(self)
        seen._by_id = {**self._by_id, **looked}
        return seen

    def of(self, user_id: str) -> Colleague | None:
        """The person with this user id."""
        return self._by_id.get(user_id)

    def at(self, address: str) -> Colleague | None:
        """The person whom mail to this address reaches."""
        return self._by_address.get(address.lower())

    def owning(self, party_id: str) -> Colleague | None:
        """The person behind an ERP.net party."""
        return self._by_party.get(party_id)

    def being(self, erp_user_id: str) -> Colleague | None:
        """The person who is this ERP.net user."""
        return self._by_erp_user.get(erp_user_id)

    def canonical(self, address: str) -> str:
        """The canonical address of the person behind ``address``; the address itself for anybody unknown."""
        known = self.at(address)
        return known.canonical if known else address.lower()

    def looked_at(self, user_id: str) -> datetime | None:
        """When a round of this user last looked at both sides, None = never."""
        known = self._by_id.get(user_id)
        return known.looked_at if known else None

    def is_well(self, user_id: str) -> bool:
        """Whether this user is switched on and their rounds work, or have failed for less than ``GRACE``."""
        known = self._by_id.get(user_id)
        return known is not None and known.is_well
