"""Finds whose a login is. ERP.net writes logins (``CreationUser``, erpnet.md §8) where calsync must know people.

A login is only a name: it may be changed, and given to somebody else later. So calsync stores and compares the id of
the ERP.net user. This module finds the id from who bears a login now and who bore it before. If that names several,
the time at which the login was written decides; if that leaves it open, the owner of what was written decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta

from sync_core.model.sides import ErpActivity
from sync_core.model.user import User

LOGIN = "login:"
"""Stands before a login in place of an id: nobody knows whose it is, or an older version kept only the login."""

OWNER = "owner"
"""Stands for the activity's owner: a service user made it, or somebody of whom ERP.net knows nothing any more."""

BEHIND, AHEAD = timedelta(hours=14), timedelta(hours=12)
"""How far the server's wall clock may be from UTC (``CreationTime``, erpnet.md §12)."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """An ERP.net user who bears a login, or bore it: last seen so at ``seen_at``, seen without it at ``until_at``
    (None = they bear it still, as far as is known)."""

    login: str
    user_id: str
    party_id: str = ""
    seen_at: datetime | None = None
    until_at: datetime | None = None


class Logins:
    """Finds users by login."""

    def __init__(
        self,
        bearers: Iterable[Bearer] = (),
        answers: Mapping[str, str] | None = None,
        former_ids: Mapping[str, str] | None = None,
        unshown: frozenset[str] = frozenset(),
    ) -> None:
        self._bearers: dict[str, tuple[Bearer, ...]] = {}
        for bearer in (one for one in bearers if one.login):
            login = bearer.login.casefold()
            self._bearers[login] = (*self._bearers.get(login, ()), bearer)
        self._former_ids = former_ids or {}
        """The ids that users had before their account was made anew → their ids now."""
        self._answers = answers or {}
        """What ERP.net said: login → the id of whoever bears it now, '' = nobody."""
        self._unshown = unshown
        """The logins whose bearer ERP.net fails to show: what is stored of them counts."""

    def asked(self, logins: Iterable[str], found: Mapping[str, str | None]) -> Logins:
        """Add ERP.net's answer to the question who bears ``logins`` (in lower case); None = it fails to show them."""
        said = {login.casefold(): found.get(login.casefold(), "") for login in logins}
        told = {login: user_id for login, user_id in said.items() if user_id is not None}
        after = copy(self)
        after._answers = {**self._answers, **told}
        after._unshown = self._unshown | (said.keys() - told.keys())
        return after

    def seen_again(self, users: Iterable[User]) -> Logins:
        """The same logins after ERP.net has shown these users, who still bear theirs."""
        after = copy(self)
        after._bearers = dict(self._bearers)
        for user in users:
            login = user.erp_login.casefold()
            if known := after._bearers.get(login):
                seen = (replace(one, seen_at=user.erp_seen_at) if _is_now(one, user) else one for one in known)
                after._bearers[login] = tuple(seen)
        return after

    def unasked(self, logins: Iterable[str]) -> set[str]:
        """Those of ``logins``, in lower case, that ERP.net should be asked about: no service user's, and not asked
        yet."""
        texts = {login.casefold() for login in logins} - {""} - self._answers.keys() - self._unshown
        return {login for login in texts if self._now(login) != OWNER}

    def candidates(self, login: str) -> frozenset[str]:
        """Everybody who may have written this login; ``OWNER`` where the owner decides."""
        text = login.casefold()
        if self._now(text) == OWNER:
            return frozenset({OWNER})
        found = {bearer.user_id for bearer in self._bearers.get(text, ())} | {self._now(text)}
        is_nobodys = self._answers.get(text) == "" and text not in self._bearers
        return frozenset({OWNER} if is_nobodys else found - {""})

    def bearer(self, login: str, preferred: str = "") -> str:
        """The id of the user who bears a login, or bore it last; ``preferred`` if they are among them; '' = nobody
        known."""
        known = self._bearers.get(login.casefold(), ())
        if any(one.user_id == preferred for one in known):
            return preferred
        past = sorted((one for one in known if one.until_at is not None), key=_until)
        return self._now(login.casefold()) or (past[-1].user_id if past else "")

    def creator_of(self, activity: ErpActivity) -> str:
        """The id of the user who created an activity; ``OWNER`` where its owner decides, ``login:…`` where nobody
        knows."""
        login = activity.creation_user.casefold()
        now = self._now(login)
        if now == OWNER:
            return OWNER
        known = self._bearers.get(login, ())
        past = sorted((one for one in known if one.user_id != now), key=_until)
        made = _made(activity)
        before = next((one for one in past if one.seen_at is not None and made.latest < one.seen_at), None)
        if before is not None:
            return before.user_id
        doubtful = [one for one in past if one.until_at is None or made.earliest <= one.until_at]
        owning = [one for one in doubtful if one.party_id and one.party_id == activity.owner_party]
        if owning:
            return owning[0].user_id
        if now or past:
            return now or past[-1].user_id
        return OWNER if login in self._answers else f"{LOGIN}{login}"

    def _now(self, login: str) -> str:
        """The id of the user who bears the login now; '' = nobody, or unknown. ERP.net's answer counts before what is
        stored."""
        current = [one for one in self._bearers.get(login, ()) if one.until_at is None]
        if any(one.user_id == OWNER for one in current):
            return OWNER
        if login in self._answers:
            return self._former_ids.get(self._answers[login], self._answers[login])
        return max(current, key=_seen).user_id if current else ""


def _is_now(bearer: Bearer, user: User) -> bool:
    return bearer.user_id == user.erp_user_id and bearer.until_at is None


EVER, NEVER = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)


def _until(bearer: Bearer) -> datetime:
    return bearer.until_at or EVER


def _seen(bearer: Bearer) -> datetime:
    return bearer.seen_at or NEVER


@dataclass(frozen=True, slots=True)
class _Span:
    """The earliest and the latest instant at which something may have happened."""

    earliest: datetime
    latest: datetime


def _made(activity: ErpActivity) -> _Span:
    """When an activity was made. The zone of its clock is unknown; it was not made after its last update."""
    latest = activity.updated_at or EVER
    if activity.created is None or not MINYEAR < activity.created.year < MAXYEAR:
        return _Span(NEVER, latest)
    digits = activity.created.replace(tzinfo=UTC)
    return _Span(digits - BEHIND, min(latest, digits + AHEAD))


def logins_of(users: Iterable[User], services: Collection[str], former_services: Iterable[Bearer] = ()) -> Logins:
    """The known logins: those of ``users``, present and former, and those of service users."""
    bearers = [Bearer(login, OWNER) for login in services]
    bearers += [replace(one, user_id=OWNER) for one in former_services]
    former_ids: dict[str, str] = {}
    for user in (one for one in users if one.erp_user_id):
        me = Bearer(user.erp_login, user.erp_user_id, user.erp_party_id, user.erp_seen_at)
        bearers.append(me)
        for was in user.former_accounts:
            bearers.append(replace(me, login=was.login, seen_at=was.seen_at, until_at=was.until_at))
            former_ids[was.erp_user_id] = user.erp_user_id
    return Logins(bearers, former_ids=former_ids)
