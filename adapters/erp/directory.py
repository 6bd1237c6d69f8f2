"""Reads ERP.net's users, and notifies one (erpnet.md §8 "User mapping", §10)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from adapters.erp.apart import read_apart
from adapters.erp.odata import Row, any_of, chunks, id_of, is_guid, plain, query, ref, text
from adapters.erp.session import Session
from jobs.ports import ErpUser, FoundUsers
from sync_core.content.ranges import NOTIFICATION_LIMIT, cut

USERS = "Systems_Security_Users"
NOTIFICATION_CLASS = "NT_WEBSITE_EXT_MSSYNC"

NOBODY = "00000000-0000-0000-0000-000000000000"
"""An id, a login and an e-mail of nobody."""


class Key(NamedTuple):
    """By what a user is asked for: an attribute and its value."""

    attribute: str
    value: str

    @property
    def literal(self) -> str:
        """The value as it stands in a filter."""
        return self.value if self.attribute == "Id" else text(self.value)


async def find_users(session: Session, addresses: Collection[str], user_id: str = "") -> FoundUsers:
    """``Erp.find_users``: by e-mail; by login only if no e-mail fits."""
    wanted = {address.casefold() for address in addresses if address}
    names = sorted({*addresses, *map(str.lower, addresses)} - {""})
    keys = [Key(attribute, name) for attribute in ("Email", "Login") for name in names]
    keys += [Key("Id", user_id)] if is_guid(user_id) else []
    rows, refused = await read_apart(session, keys, _by_keys, nobody=Key("Id", NOBODY))
    found = {user.id: user for user in map(read_user, filter(_is_internal, rows))}.values()
    by_email = [user for user in found if user.email.casefold() in wanted]
    matched = {user.email.casefold() for user in by_email}
    by_id = [user for user in found if user.id == user_id.lower() and user not in by_email]
    rest = [user for user in found if user not in by_email and user not in by_id]
    by_login = [user for user in rest if user.login.casefold() in wanted - matched]
    return FoundUsers((*by_email, *by_id, *by_login), frozenset(key.value.casefold() for key in refused))


def _by_keys(keys: Sequence[Key]) -> list[str]:
    literals = {attribute: [key.literal for key in keys if key.attribute == attribute] for attribute, _ in keys}
    return [users(any_of(attribute, piece)) for attribute, all_ in literals.items() for piece in chunks(all_)]


async def find_logins(session: Session, logins: Collection[str]) -> dict[str, str | None]:
    """``Erp.find_logins``; inactive users count as well: the login is still theirs."""
    asked = sorted({login.casefold() for login in logins} - {""})
    rows, refused = await read_apart(session, asked, _by_login, nobody=NOBODY)
    found = {str(row.get("Login") or "").casefold(): id_of(row) for row in rows}
    return {**dict.fromkeys(refused), **found}


def _by_login(logins: Sequence[str]) -> list[str]:
    return [query(USERS, any_of("Login", piece), select="Id,Login") for piece in chunks(map(text, logins))]


async def find_user_ids(session: Session, addresses: Collection[str]) -> dict[str, str]:
    """The active internal users among these e-mails: e-mail in lower case → user id; one request for 2,000.

    Logins do not count: a participant's User must be the person the address belongs to. One whom ERP.net fails to
    show is left out.
    """
    rows, _ = await read_apart(session, sorted(set(addresses)), _by_email, nobody=NOBODY)
    found = {str(row.get("Email") or "").casefold(): id_of(row) for row in rows if _is_internal(row)}
    return {address: found[address.casefold()] for address in addresses if address.casefold() in found}


def _by_email(addresses: Sequence[str]) -> list[str]:
    select = "Id,Email,Active,UserType"
    return [query(USERS, any_of("Email", piece), select=select) for piece in chunks(map(text, addresses))]


def users(where: str) -> str:
    """Build the read of users with their person's two ids (trap 11)."""
    return query(USERS, where, expand="Person($select=Id,PartyId)")


def read_user(row: Row) -> ErpUser:
    """Parse one row of Systems_Security_Users; ``TimeZone`` exists only since 27.1.1.11."""
    person = row.get("Person") or {}
    return ErpUser(
        id=id_of(row),
        login=str(row.get("Login") or ""),
        email=str(row.get("Email") or ""),
        name=plain(row.get("Name")),
        is_admin=bool(row.get("IsAdmin")),
        person_id=id_of(person),
        party_id=str(person.get("PartyId") or "").lower(),
        time_zone=str(row.get("TimeZone") or ""),
    )


def _is_internal(row: Row) -> bool:
    return bool(row.get("Active")) and row.get("UserType") == "InternalUser" and is_guid(id_of(row))


async def notify(session: Session, user_id: str, subject: str) -> None:
    """``Erp.notify``: the action exists on any object, so it is called on the user themselves (erpnet.md §10)."""
    body = {
        "user": {"@odata.id": ref(USERS, user_id)},
        "notificationClass": NOTIFICATION_CLASS,
        "subject": cut(subject, NOTIFICATION_LIMIT),
        "priority": "Normal",
    }
    await session.send("POST", f"{ref(USERS, user_id)}/CreateNotification", body)
