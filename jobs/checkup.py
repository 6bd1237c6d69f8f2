"""The checkup finds what a user lacks before rounds can run, and names the remedy in the user's state (R4, R5).

A user who lacks something stays switched on, and other users are not affected. ERP.net notifies the user of a missing
company once per problem, not once per round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from hashlib import sha256
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jobs.accounts import find_account, secure_account, why_taken, with_account, without_account
from jobs.notices import send_noted
from jobs.places import described
from jobs.ports import ErpUser, Mailbox, Place, Store
from jobs.refusal import judged
from jobs.world import World
from sync_core.errors import (
    AccessRefused,
    AppRefused,
    ItemRejected,
    MailboxUnavailable,
)
from sync_core.model.instance import Instance
from sync_core.model.policy import Policy, SeriesRule
from sync_core.model.user import OPERATIONAL, User, in_error

NO_COMPANY_NOTICE = "SyncJob 'Calendar' processing error. There's no enterprise company defined."
"""The notification's subject, word for word MSSync's (erpnet.md §10)."""


@dataclass(frozen=True, slots=True)
class Checkup:
    """The user as the checkup found them. ``can_sync``: rounds may run; ``can_create``: they may create activities.
    ``unshown`` is what ERP.net fails to show, so that what is known of it counts: no fault of the user's."""

    user: User
    document_type_id: str
    can_sync: bool
    can_create: bool
    problems: tuple[str, ...] = ()
    unshown: tuple[str, ...] = ()


def as_known(user: User, instance: Instance) -> Checkup:
    """The checkup's result as far as the store knows it; no side is asked."""
    can_sync = bool(user.erp_login and user.zone)
    can_create = can_sync and bool(user.company_id and user.location_id and instance.document_type_id)
    return Checkup(user, instance.document_type_id, can_sync, can_create)


def is_zone(name: str) -> bool:
    """Whether Python's zone database knows the name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


# Six parameters: one for each choice of a caller.
async def check_user(
    world: World,
    user: User,
    *,
    mailbox: Mailbox | None = None,
    known_type: str = "",
    repair: bool = True,
    notify: bool = True,
) -> Checkup:
    """Check everything that a user needs on both sides. ``known_type`` is the id of the document type so far.

    ``repair`` creates the document type and grants permissions (R2, R3); ``notify`` lets ERP.net notify the user.
    Raises ``SideUnavailable`` if a side cannot be asked now, which says nothing about the user.
    """
    problems: list[str] = []
    unshown: list[str] = []
    user = await _check_mailbox(world, user, mailbox, problems)
    account = await find_account(world, user, problems)
    first = await secure_account(world, user, account, live=repair) if account is not None else None
    if account is not None and first is not None:
        problems.append(why_taken(user, account, first))
        user, account = without_account(user), None
    if account is not None:
        user = _as_seen(user, account, world.clock(), unshown)
    if not user.zone:
        problems.append(
            f"no time zone is known for {user.upn}: set one in Outlook, or `calsync users enable {user.upn} "
            "--time-zone Europe/Sofia`"
        )
    can_sync = not problems
    if account is not None:
        user = await _check_place(world, user, problems, unshown)
    readiness = await world.erp.check_readiness(repair=repair)
    problems += readiness.problems
    unshown += readiness.unshown
    type_id = readiness.document_type_id or (known_type if readiness.unshown else "")
    user = in_state(user, in_error(problems) if problems else OPERATIONAL, world.clock())
    if notify:
        user = await _notify_once(world, user)
    can_create = can_sync and bool(user.company_id and user.location_id and type_id)
    return Checkup(user, type_id, can_sync, can_create, tuple(problems), tuple(unshown))


def _as_seen(user: User, account: ErpUser, now: datetime, unshown: list[str]) -> User:
    """The user with their account as ERP.net shows it, and its zone where they have none."""
    if not account.is_shown:
        unshown.append(
            f"ERP.net fails to show the user {account.login} ({account.id}): save that user in ERP.net, or ask "
            "ERP.net's support"
        )
    zone = user.zone or (account.time_zone if is_zone(account.time_zone) else "")
    return replace(with_account(user, account, now), zone=zone)


def in_state(user: User, state: str, now: datetime) -> User:
    """The user in this state; ``troubled_at`` is since when the state has been an error."""
    if state == OPERATIONAL:
        return replace(user, state=state, troubled_at=None)
    return replace(user, state=state, troubled_at=user.troubled_at or now)


async def _check_mailbox(world: World, user: User, mailbox: Mailbox | None, problems: list[str]) -> User:
    mailbox = mailbox or await world.calendar.find_user(user.id)
    if mailbox is None:
        problems.append(f"{user.upn} is no longer in the directory: restore the account or `calsync users forget` it")
        return user
    if not mailbox.account_enabled:
        problems.append(f"the account of {mailbox.upn} is disabled: enable it in Entra ID")
    user = replace(
        user,
        upn=mailbox.upn,
        mail=mailbox.mail,
        addresses=mailbox.addresses,
        display_name=mailbox.display_name,
    )
    try:
        zone = await world.calendar.read_time_zone(user.id)
    except (MailboxUnavailable, AccessRefused) as error:
        known = await judged(world, error) if isinstance(error, AccessRefused) else error
        if isinstance(known, AppRefused):
            raise known from error
        problems.append(str(known))
        return user
    return user if user.zone_chosen else replace(user, zone=zone or user.zone)


async def _check_place(world: World, user: User, problems: list[str], unshown: list[str]) -> User:
    """Check the chosen company and location; without a choice take the only one that ERP.net suggests (R5). A choice
    that ERP.net fails to show stays as it is."""
    remedy = f"`calsync users enable {user.upn} --company ID --location ID`"
    if user.company_id or user.location_id:
        try:
            place = await world.erp.find_place(user.company_id, user.location_id)
        except ItemRejected as error:
            unshown.append(f"the default company and location of {user.upn} cannot be checked now: {error}")
            return user
        if place is None:
            problems.append(f"the default company and location do not exist or do not belong together: {remedy}")
            return replace(user, company_id="", location_id="", company="", location="")
        return _placed(user, place)
    places = await world.erp.suggest_places(user.erp_user_id, user.erp_login)
    if len(places) == 1:
        return _placed(user, places[0])
    problems.append(f"no default enterprise company and location: {remedy}{_choices(places)}")
    return user


def _placed(user: User, place: Place) -> User:
    return replace(
        user,
        company_id=place.company_id,
        location_id=place.location_id,
        company=place.company_name,
        location=place.location_name,
    )


def _choices(places: Sequence[Place]) -> str:
    if not places:
        return ""
    return f" (ERP.net suggests {'; '.join(map(described, places[:5]))})"


async def _notify_once(world: World, user: User) -> User:
    """Notify the user of a missing company once; a solved problem is notified again when it comes back.

    It is noted first and then sent, as with every notification (``jobs.notices``).
    """
    lacks = bool(user.erp_user_id) and not (user.company_id and user.location_id)
    if not lacks:
        return replace(user, notified="")
    if user.notified == NO_COMPANY_NOTICE:
        return user
    told = replace(user, notified=NO_COMPANY_NOTICE)
    if not await _is_first_to_note(world, user):
        return told
    before = user.notified
    is_told = await send_noted(world, user, NO_COMPANY_NOTICE, lambda stored: replace(stored, notified=before))
    return told if is_told else user


async def _is_first_to_note(world: World, user: User) -> bool:
    """Note that the user is notified; False where another process has, or nothing is kept of the user any more."""
    is_first = [False]

    def revise(stored: User) -> User | None:
        is_first.append(stored.notified != NO_COMPANY_NOTICE)
        return replace(stored, notified=NO_COMPANY_NOTICE) if is_first[-1] else None

    await world.store.revise_user(user.id, revise)
    return is_first[-1]


def fingerprint(checkup: Checkup, policy: Policy) -> str:
    """Hash everything that decides which items are skipped. A new value causes a full round, which looks at them
    again."""
    user = checkup.user
    parts = (
        user.company_id,
        user.location_id,
        user.zone,
        user.erp_user_id,
        user.erp_party_id,
        checkup.document_type_id,
        checkup.can_create,
        policy.direction,
        policy.private,
        *([policy.series] if policy.series is not SeriesRule.SKIP else ()),
        policy.months_ahead,
        policy.max_age,
        policy.erp_time,
        sorted(policy.activity_types),
        sorted(policy.service_logins),
        *(sorted(user.erp_logins) if user.former_accounts else ()),
    )
    return sha256(repr(parts).encode()).hexdigest()[:16]


async def save_findings(store: Store, before: User, after: User) -> None:
    """Save the fields in which ``after`` differs from ``before``, if the user is still switched on.

    A round reads the user row at its start and writes it at its end. What others saved meanwhile stays: a user who
    was switched off or forgotten stays so.
    """
    names = (field.name for field in fields(User))
    found = {n: getattr(after, n) for n in names if getattr(after, n) != getattr(before, n)}
    await store.revise_user(
        after.id, lambda stored: replace(stored, **found) if stored.enabled else None, lately=True
    )
