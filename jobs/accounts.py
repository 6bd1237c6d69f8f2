"""Who somebody is in ERP.net: found by e-mail once, known by id from then on, and one mailbox's alone.

E-mail, login, person and party are read with every check and kept current. Whatever name changes, on either side, the
id stays; where an account was made anew for the same person, the old one is remembered as theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from jobs.ports import ErpUser
from jobs.world import World
from sync_core.errors import CalsyncError, StaleWrite, StoreUnavailable
from sync_core.model.logins import Bearer, Logins, logins_of
from sync_core.model.memory import FormerAccount, Instance, User
from sync_core.model.policy import Policy

TRIES = 20
"""Tries at an account that others take at the same time."""

NEVER = datetime.min.replace(tzinfo=UTC)


class AccountTaken(CalsyncError):
    """Somebody else's calendar is synced with this ERP.net user; only one can be (exit 1)."""


async def find_account(world: World, user: User, problems: list[str]) -> ErpUser | None:
    """The ERP.net user behind the mailbox; None, and the problem with its remedy, where there is not exactly one."""
    main = {address for address in (user.upn, user.mail) if address}
    found = await world.erp.find_users(main | set(user.addresses), user.erp_user_id)
    candidates = accounts_of(user, found)
    if not candidates:
        problems.append(
            f"no active internal ERP.net user has the e-mail {' or '.join(sorted(main))}: "
            "set the e-mail of the ERP.net user"
        )
        return None
    if len(candidates) > 1:
        logins = ", ".join(sorted(account.login for account in candidates))
        problems.append(f"several ERP.net users have the e-mail of {user.upn} ({logins}): leave it on one of them")
        return None
    account = candidates[0]
    if not account.party_id:
        problems.append(f"the ERP.net user {account.login} has no person: connect one, activities need an owner")
        return None
    return account


async def take_account(world: World, user: User, account: ErpUser) -> User | None:
    """Make an ERP.net user this mailbox's own; None when it is, else the user whose it is already.

    It may be taken from who is switched off, is somebody else by now, or whom the directory does not know any more.
    Written even where it is ours: whoever looked before we stored that it is ours must look again.
    """
    for _ in range(TRIES):
        owner, etag = await world.store.read_account(account.id)
        first = await owner_of(world, user, account.id, owner)
        if first is not None:
            return first
        try:
            await world.store.save_account(account.id, user.id, etag)
        except StaleWrite:
            continue
        return None
    raise StoreUnavailable(f"the account of {user.id} changes hands too fast")


async def secure_account(world: World, user: User, account: ErpUser, *, live: bool) -> User | None:
    """``take_account``, and what makes it stand: the user row says so, too. Without ``live`` nothing is written."""
    if not live:
        return await owner_of(world, user, account.id, (await world.store.read_account(account.id))[0])
    first = await take_account(world, user, account)
    if first is None and account.id != user.erp_user_id:
        await _say(world, user, account.id)
        first = await take_account(world, user, account)
        if first is not None:
            await _say(world, user, "")
    return first


async def _say(world: World, user: User, account_id: str) -> None:
    await world.store.revise_user(user.id, lambda stored: replace(stored, erp_user_id=account_id))


async def owner_of(world: World, user: User, account_id: str, owner: str) -> User | None:
    """The other user whose the account is by right: whom the store names, else whoever was switched on before."""
    if owner == user.id:
        return None
    users = [one for one in await world.store.list_users() if one.enabled]
    others = [one for one in users if one.erp_user_id == account_id]
    named = [one for one in users if one.id == owner and (one.unreadable or one.erp_user_id == account_id)]
    for first in [*named, *sorted((one for one in others if _precedes(one, user)), key=_since)]:
        if await world.calendar.find_user(first.id) is not None:
            return first
    return None


def _precedes(one: User, user: User) -> bool:
    return one.id != user.id and (not user.enabled or _since(one) < _since(user))


def _since(user: User) -> tuple[datetime, str]:
    return user.enabled_at or NEVER, user.id


def taken(user: User, account: ErpUser, first: User) -> str:
    """Why somebody cannot be synced: their account is another's."""
    return (
        f"the ERP.net user {account.login} is synced with the mailbox {first.upn} ({first.id}) already: give "
        f"{user.upn} an ERP.net user with an e-mail of their own, or `calsync users disable {first.id}` first"
    )


def accounts_of(user: User, found: Sequence[ErpUser]) -> list[ErpUser]:
    """Those of ``found`` by whom the user may be meant, by the best evidence alone.

    The known id goes first: addresses change, on either side. Only the same person's other account takes its place,
    once it has the mailbox's e-mail and the known one has not any more (made anew).
    """
    main = {address.casefold() for address in (user.upn, user.mail) if address}
    every = main | {address.casefold() for address in user.addresses}
    mailed = [one for one in found if one.email.casefold() in main]
    mailed = mailed or [one for one in found if one.email.casefold() in every]
    known = [one for one in found if one.id == user.erp_user_id]
    anew = [
        one
        for one in mailed
        for old in known
        if one.id != old.id and one.person_id and one.person_id == old.person_id and old.email.casefold() not in every
    ]
    return anew or known or mailed or [one for one in found if one.login.casefold() in main]


def with_account(user: User, account: ErpUser, now: datetime) -> User:
    """The user as this ERP.net user, seen ``now``; what they were before is remembered."""
    before = user.former_accounts
    is_another = (user.erp_user_id, user.erp_login.casefold()) != (account.id, account.login.casefold())
    if user.erp_user_id and is_another:
        before = _remembered(before, FormerAccount(user.erp_user_id, user.erp_login, user.erp_seen_at, now))
    return replace(
        user,
        erp_user_id=account.id,
        erp_login=account.login,
        erp_person_id=account.person_id,
        erp_party_id=account.party_id,
        erp_seen_at=now,
        former_accounts=before,
    )


def without_account(user: User) -> User:
    """The user as nobody in ERP.net."""
    return replace(user, erp_user_id="", erp_login="", erp_person_id="", erp_party_id="")


def with_service_login(instance: Instance, login: str, now: datetime) -> Instance:
    """The instance with the service user's login of today; that of before still tells what the service user made."""
    if instance.service_login.casefold() in ("", login.casefold()):
        return replace(instance, service_login=login)
    before = FormerAccount("", instance.service_login, None, now)
    former = _remembered(instance.former_service_logins, before)
    return replace(instance, service_login=login, former_service_logins=former)


def _remembered(known: tuple[FormerAccount, ...], one: FormerAccount) -> tuple[FormerAccount, ...]:
    """Each pair of id and login once, with the latest times."""
    name = (one.erp_user_id, one.login.casefold())
    return (*(other for other in known if (other.erp_user_id, other.login.casefold()) != name), one)


def known_logins(users: Iterable[User], instance: Instance, policy: Policy, service: str) -> Logins:
    """Whose logins the store knows; ``service`` is the service user's of today."""
    former = [Bearer(one.login, "", "", one.seen_at, one.until_at) for one in instance.former_service_logins]
    return logins_of(users, {service, *policy.service_logins} - {""}, former)
