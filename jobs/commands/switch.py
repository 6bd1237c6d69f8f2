"""Switches a user's sync on or off, forgets a user, and finds a known user by name (R4, R5, R12).

A user who lacks something is switched on all the same; ``jobs.checkup`` finds what is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import fields, replace

from jobs.accounts import (
    AccountTaken,
    find_account,
    take_account,
    why_taken,
    with_account,
)
from jobs.app.subscriptions import end_user
from jobs.checkup import Checkup, check_user, is_zone, save_findings
from jobs.commands.mistakes import UnknownUser, UnknownZone
from jobs.company import is_stamped
from jobs.erasure import Whom, erase_from_commands, look_again
from jobs.forgotten import erase_if_forgotten
from jobs.handovers import hand_on_all
from jobs.log import log_failure
from jobs.places import choose
from jobs.ports import Drop, Mailbox, Put
from jobs.world import World
from sync_core.errors import (
    RowUnreadable,
    SideError,
)
from sync_core.model.colleagues import colleague_of
from sync_core.model.user import User


async def enable(world: World, upn: str, *, company_id: str = "", location_id: str = "", zone: str = "") -> Checkup:
    """Switch a user's sync on. Company and location (by id, name or code) and ``zone`` (IANA) override those stored.

    All names are looked up before anything is saved. If somebody switches the user off meanwhile, the user stays off.
    Raises ``UnknownUser``, ``UnknownPlace``, ``UnknownZone``, ``WrongStore``, and ``AccountTaken`` if another mailbox
    has claimed the ERP.net user.
    """
    if zone and not is_zone(zone):
        raise UnknownZone(f"{zone!r} is no IANA time zone; write it like Europe/Sofia")
    is_stamped(world, (await world.store.read_instance())[0])
    mailbox = await world.calendar.find_user(upn)
    if mailbox is None:
        raise UnknownUser(f"{upn} is not known in the directory; check the spelling of the user principal name")
    stored = await world.store.read_user(mailbox.id)
    known = stored or User(mailbox.id, mailbox.upn)
    place = await _chosen_place(world, known, company_id, location_id)
    user = replace(
        _on(world, known, mailbox),
        company_id=place[0],
        location_id=place[1],
        zone=zone or known.zone,
        zone_chosen=bool(zone) or known.zone_chosen,
    )
    user = await _claimed(world, user)
    user = await _switched_on(world, known, user, is_new=stored is None)
    if not user.enabled:
        why = f"{user.upn} was switched off meanwhile and stays so: `calsync users enable {user.upn}` once more"
        return Checkup(user, "", can_sync=False, can_create=False, problems=(why,))
    checkup = await check_user(world, user, mailbox=mailbox)
    await save_findings(world.store, user, checkup.user)
    for former in await _superseded(world, checkup.user):
        await disable(world, former)
    await erase_if_forgotten(world, user.id)
    return checkup


async def first_known(world: World, names: str) -> str:
    """The id that a text begins with, if the directory knows it, else the name behind it; a mere name as it is."""
    id_, _, name = names.partition(" ")
    if not name or "@" in id_:
        return names
    return id_ if await world.calendar.find_user(id_) is not None else name


async def as_switched_on(world: World, name: str) -> User:
    """Somebody as switching on would have them, for a plan of their first round; nothing is saved.

    Raises ``UnknownUser``.
    """
    mailbox = await world.calendar.find_user(name)
    if mailbox is None:
        return await find_known(world, name)
    known = await world.store.read_user(mailbox.id) or User(mailbox.id, mailbox.upn)
    return known if known.enabled else _on(world, known, mailbox)


def _on(world: World, known: User, mailbox: Mailbox) -> User:
    return replace(
        known,
        upn=mailbox.upn,
        mail=mailbox.mail,
        addresses=mailbox.addresses,
        display_name=mailbox.display_name,
        enabled=True,
        enabled_at=known.enabled_at if known.enabled else world.clock(),
    )


async def _chosen_place(world: World, known: User, company: str, location: str) -> tuple[str, str]:
    """The ids of the named company and location, by default those stored. Raises ``UnknownPlace``."""
    before = known.company_id, known.location_id
    if not (company or location):
        return before
    place = choose(await world.erp.list_places(), company, location, before)
    return place.company_id, place.location_id


async def _switched_on(world: World, known: User, user: User, *, is_new: bool) -> User:
    """Save the fields in which ``user`` differs from ``known``, over what others saved meanwhile.

    A user who was switched off meanwhile stays off. Raises ``UnknownUser`` if the user was forgotten meanwhile.
    """
    names = (field.name for field in fields(User))
    found = {n: getattr(user, n) for n in names if getattr(user, n) != getattr(known, n)}
    saved: list[User] = []

    def revise(stored: User) -> User:
        was_off = not stored.enabled and (known.enabled or stored.enabled_at != known.enabled_at)
        on = {
            "enabled": not was_off,
            "enabled_at": stored.enabled_at if was_off or stored.enabled else user.enabled_at,
        }
        saved.append(replace(stored, **{**found, **on}))
        return saved[-1]

    await world.store.revise_user(user.id, revise, new=known if is_new else None)
    if not saved:
        raise UnknownUser(f"{user.upn} was forgotten meanwhile: `calsync users enable {user.upn}` once more")
    return saved[-1]


async def _superseded(world: World, user: User) -> list[User]:
    """The other enabled accounts of the same ERP.net user: the directory has replaced them by this one."""
    known = await world.store.list_users() if user.erp_user_id else []
    return [one for one in known if one.enabled and one.id != user.id and one.erp_user_id == user.erp_user_id]


async def _claimed(world: World, user: User) -> User:
    """Claim the user's ERP.net account for them alone and return the user with it.

    Without an account the user comes back as they are: the checkup says why. Raises ``AccountTaken``.
    """
    account = await find_account(world, user, [])
    if account is None:
        return user
    first = await take_account(world, user, account)
    if first is not None:
        raise AccountTaken(why_taken(user, account, first))
    return with_account(user, account, world.clock())


async def disable(world: World, user: User) -> None:
    """Switch a user's sync off. Nothing is deleted on either side; links and bases stay stored.

    The lease is broken, so a round under way stops at its next save (fencing). The user's meetings are handed on and
    their Graph subscription ends, and so does a pause. Raises ``RowUnreadable``, ``LeaseHeld``.
    """
    await world.store.revise_user(user.id, lambda stored: replace(stored, enabled=False, pause=None))
    await world.store.break_lease(user.id)
    lease = await world.store.acquire_lease(user.id, world.holder, world.lease_seconds)
    try:
        memory = await world.store.recall(user.id)
        cursors = replace(memory.cursors, delta_link=None, delta_window=None, full_due=True)
        lease = await world.store.save(lease, [Put(cursors), *(Drop(p) for p in memory.pending)])
        await world.store.clear_inbox(user.id, memory.inbox)
        await hand_on_all(world, user, memory, await _well_users(world))
    finally:
        await world.store.release_lease(lease)
    await end_user(world, user.id)


async def forget(world: World, user: User) -> None:
    """Switch a user off and erase everything stored about them; rows written meanwhile are erased as well.

    What was asked of the app is gone through while the user is still known, so that whoever goes on after a stop
    begins anew, and once more afterwards. A message erases what is left later, for a process that was slower
    (``jobs.erasure``). Raises ``LeaseHeld``.
    """
    try:
        await disable(world, user)
    except RowUnreadable as error:  # a row that cannot be read can still be erased
        log_failure("forget", error, user_id=user.id)
        with suppress(RowUnreadable):
            await end_user(world, user.id)
    turn = await world.store.read_turn(turn_at(user.id))
    whom = Whom(user.id, user.names, turn.asked_at if turn is not None else world.clock())
    await look_again(world, user.id, whom.at)
    await erase_from_commands(world, whom)
    await world.store.forget_user(user.id)
    await world.store.forget_user(user.id)
    await erase_from_commands(world, whom)


def turn_at(user_id: str) -> str:
    """Where the turns stand of commands about a person's switch."""
    return f"switch|{user_id}"


async def _well_users(world: World) -> frozenset[str]:
    """The ids of the users whose rounds run without trouble: who can take a meeting over."""
    now = world.clock()
    users = [one for one in await world.store.list_users() if not one.unreadable]
    return frozenset(one.id for one in users if colleague_of(one, now).is_well)


async def find_known(world: World, name: str) -> User:
    """Find a known user by id, by the directory's present name, or else by the stored UPN or mail.

    Letter case does not matter. The stored name counts only if the directory does not know the name any more. Raises
    ``UnknownUser``, also if two accounts bear the name: its text lists their ids.
    """
    with suppress(RowUnreadable):  # who that is, is found among all
        if (user := await world.store.read_user(name)) is not None:
            return user
    users = await world.store.list_users()
    folded = name.casefold()
    by_id = [user for user in users if user.id.casefold() == folded]
    if by_id:
        return by_id[0]
    called = [user for user in users if user.upn.casefold() == folded]
    called = called or [user for user in users if user.mail.casefold() == folded]
    account = await _in_directory(world, name)
    if account is not None:
        known = [user for user in users if user.id == account.id]
        if not known and called:
            raise UnknownUser(
                f"{name} is another account in the directory now ({account.id}), which calsync does not know; "
                f"the one of before is meant by its id: {_ids(called)}"
            )
        called = known
    if len(called) > 1:
        raise UnknownUser(f"{name} is the name of two accounts: say which by its id, {_ids(called)}")
    if not called:
        raise UnknownUser(
            f"{name} is not known to calsync; `calsync users list` shows who is, `calsync users enable` adds"
        )
    return called[0]


async def _in_directory(world: World, name: str) -> Mailbox | None:
    """The directory's account of this name; None if there is none or the directory cannot be asked."""
    try:
        return await world.calendar.find_user(name)
    except SideError:
        return None


def _ids(users: Sequence[User]) -> str:
    """Name accounts by id, each with whether it is on and its state, so that a person can choose one."""
    return " or ".join(f"{user.id} ({'on' if user.enabled else 'off'}, {user.state})" for user in users)
