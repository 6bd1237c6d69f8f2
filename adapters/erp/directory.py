"""Reads ERP.net's users, and notifies one (erpnet.md §8 "User mapping", §10)."""

from __future__ import annotations

from collections.abc import Collection

from adapters.erp.odata import Row, any_of, chunks, id_of, is_guid, plain, query, ref, text
from adapters.erp.session import Session
from jobs.ports import ErpUser
from sync_core.content.ranges import NOTIFICATION_LIMIT, cut

USERS = "Systems_Security_Users"
NOTIFICATION_CLASS = "NT_WEBSITE_EXT_MSSYNC"


async def find_users(session: Session, addresses: Collection[str], user_id: str = "") -> list[ErpUser]:
    """``Erp.find_users``: by e-mail; by login only if no e-mail fits."""
    wanted = {address.casefold() for address in addresses if address}
    literals = [text(value) for value in sorted({*addresses, *map(str.lower, addresses)} - {""})]
    asked = [users(any_of(name, piece)) for name in ("Email", "Login") for piece in chunks(literals)]
    asked += [users(f"Id eq {user_id}")] if is_guid(user_id) else []
    rows = [row for page in await session.read(asked) for row in page if _is_internal(row)]
    found = {user.id: user for user in map(read_user, rows)}.values()
    by_email = [user for user in found if user.email.casefold() in wanted]
    matched = {user.email.casefold() for user in by_email}
    by_id = [user for user in found if user.id == user_id.lower() and user not in by_email]
    rest = [user for user in found if user not in by_email and user not in by_id]
    return by_email + by_id + [user for user in rest if user.login.casefold() in wanted - matched]


async def find_logins(session: Session, logins: Collection[str]) -> dict[str, str]:
    """``Erp.find_logins``; inactive users count as well: the login is still theirs."""
    literals = [text(login) for login in sorted({login.casefold() for login in logins} - {""})]
    asked = [query(USERS, any_of("Login", piece), select="Id,Login") for piece in chunks(literals)]
    rows = [row for page in await session.read(asked) for row in page]
    return {str(row.get("Login") or "").casefold(): id_of(row) for row in rows}


async def find_user_ids(session: Session, addresses: Collection[str]) -> dict[str, str]:
    """The active internal users among these e-mails: e-mail in lower case → user id; one request for 2,000.

    Logins do not count: a participant's User must be the person the address belongs to.
    """
    pieces = chunks(map(text, sorted(set(addresses))))
    asked = [query(USERS, any_of("Email", piece), select="Id,Email,Active,UserType") for piece in pieces]
    rows = [row for page in await session.read(asked) for row in page if _is_internal(row)]
    found = {str(row.get("Email") or "").casefold(): id_of(row) for row in rows}
    return {address: found[address.casefold()] for address in addresses if address.casefold() in found}


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
