"""Finds the ERP.net user of a mailbox, and claims it: one ERP.net user belongs to one mailbox.

A user is found by e-mail once and known by id from then on. Every checkup reads e-mail, login, person and party
again. A changed name on either side does not change the id. If ERP.net has a new account for the same person, the old
account is stored as one of the user's former accounts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from jobs.ports import ErpUser, FoundUsers
from jobs.world import World
from sync_core.errors import CalsyncError, StaleWrite, StoreUnavailable
from sync_core.model.instance import Instance
from sync_core.model.user import FormerAccount, User

TRIES = 20
"""The most tries to claim an account while other processes write the same row."""

NEVER = datetime.min.replace(tzinfo=UTC)


class AccountTaken(CalsyncError):
    """Another mailbox has claimed this ERP.net user; only one mailbox can have it (exit 1)."""


async def find_account(world: World, user: User, problems: list[str]) -> ErpUser | None:
    """Find the ERP.net user of a mailbox. If there is not exactly one: None, and the remedy is added to
    ``problems``.

    A known one whom ERP.net fails to show is as the store knows them: nothing is concluded from that.
    """
    main = {address for address in (user.upn, user.mail) if address}
    found = await world.erp.find_users(main | set(user.addresses), user.erp_user_id)
    if user.erp_user_id and user.erp_user_id in found.unshown:
        return account_as_known(user)
    candidates = accounts_of(user, found.users)
    if doubtful := _doubtful(user, found, candidates):
        problems.append(
            f"ERP.net fails to show the user with the e-mail {' or '.join(doubtful)}: save that user in ERP.net, or "
            "ask ERP.net's support"
        )
        return None
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


def account_as_known(user: User) -> ErpUser:
    """The ERP.net user of a mailbox by what is stored of them."""
    return ErpUser(
        id=user.erp_user_id,
        login=user.erp_login,
        email="",
        name="",
        is_admin=False,
        person_id=user.erp_person_id,
        party_id=user.erp_party_id,
        time_zone="",
        is_shown=False,
    )


def _doubtful(user: User, found: FoundUsers, candidates: Sequence[ErpUser]) -> list[str]:
    """The addresses behind which an ERP.net user may be who is not shown and would be this mailbox's."""
    if user.erp_user_id in {one.id for one in candidates}:
        return []
    main = {address.casefold() for address in (user.upn, user.mail) if address}
    open_ = found.unshown - {one.email.casefold() for one in found.users}
    return sorted(open_ & main if candidates else open_)


async def take_account(world: World, user: User, account: ErpUser) -> User | None:
    """Claim an ERP.net user for this mailbox. None on success, else the user who has claimed it already.

    A claim can be taken from a user who is switched off, who has another account by now, or whom the directory does
    not know any more. Our own claim is written again: a process that read the row before must see a new etag. Raises
    ``StoreUnavailable`` if others write the row every time.
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
    """Claim an ERP.net user as ``take_account`` does, and save its id in the user's row, which makes the claim last.

    Without ``live`` nothing is written.
    """
    if not live:
        return await owner_of(world, user, account.id, (await world.store.read_account(account.id))[0])
    first = await take_account(world, user, account)
    if first is None and account.id != user.erp_user_id:
        await _save_account_of(world, user, account.id)
        first = await take_account(world, user, account)
        if first is not None:
            await _save_account_of(world, user, "")
    return first


async def _save_account_of(world: World, user: User, account_id: str) -> None:
    await world.store.revise_user(user.id, lambda stored: replace(stored, erp_user_id=account_id))


async def owner_of(world: World, user: User, account_id: str, owner: str) -> User | None:
    """The other user who has the account: the ``owner`` that the store names, else who was switched on earlier."""
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


def why_taken(user: User, account: ErpUser, first: User) -> str:
    """Say why ``user`` cannot be synced: ``first`` has claimed their account."""
    return (
        f"the ERP.net user {account.login} is synced with the mailbox {first.upn} ({first.id}) already: give "
        f"{user.upn} an ERP.net user with an e-mail of their own, or `calsync users disable {first.id}` first"
    )


def accounts_of(user: User, found: Sequence[ErpUser]) -> list[ErpUser]:
    """The accounts among ``found`` that may be the user's, by the best evidence there is.

    The stored id is the best evidence, since addresses change on either side. Only another account of the same person
    replaces it: one that has the mailbox's e-mail when the stored account no longer has it.
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
    """The user with this ERP.net account, seen ``now``; another account of before becomes a former account. One that
    is not shown changes nothing."""
    if not account.is_shown:
        return user
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
    """The user without an ERP.net account."""
    return replace(user, erp_user_id="", erp_login="", erp_person_id="", erp_party_id="")


def with_service_login(instance: Instance, login: str, now: datetime) -> Instance:
    """The instance with the service user's present login; an earlier one stays stored, since activities carry it."""
    if instance.service_login.casefold() in ("", login.casefold()):
        return replace(instance, service_login=login)
    before = FormerAccount("", instance.service_login, None, now)
    former = _remembered(instance.former_service_logins, before)
    return replace(instance, service_login=login, former_service_logins=former)


def _remembered(known: tuple[FormerAccount, ...], one: FormerAccount) -> tuple[FormerAccount, ...]:
    """The former accounts with this one added: each pair of id and login once, with the latest times."""
    name = (one.erp_user_id, one.login.casefold())
    return (*(other for other in known if (other.erp_user_id, other.login.casefold()) != name), one)
