"""Reads ERP.net's users, companies and locations (erpnet.md §8 "People and companies", "User mapping").

No attribute says which company and location are a user's default: RoleUsers and the configuration keys only yield
suggestions (UNCONFIRMED), and a person's own setting decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from adapters.erp.odata import Row, any_of, chunks, id_of, is_guid, key_of, plain, query, ref, text
from adapters.erp.session import Session
from jobs.ports import ErpUser, Place
from sync_core.content.ranges import NOTIFICATION_LIMIT, cut
from sync_core.errors import SideError

USERS = "Systems_Security_Users"
COMPANIES = "General_EnterpriseCompanies"
LOCATIONS = "General_Contacts_CompanyLocations"
ROLE_USERS = "Systems_Security_RoleUsers"
CONFIG = "Systems_Config_Config"
DEFAULT_LOCATION = "Default_Enterprise_Company_Location_Id/"
NOTIFICATION_CLASS = "NT_WEBSITE_EXT_MSSYNC"

Pair = tuple[str, str]


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
        active=bool(row.get("Active")),
        is_admin=bool(row.get("IsAdmin")),
        person_id=id_of(person),
        party_id=str(person.get("PartyId") or "").lower(),
        time_zone=str(row.get("TimeZone") or ""),
    )


def _is_internal(row: Row) -> bool:
    return bool(row.get("Active")) and row.get("UserType") == "InternalUser" and is_guid(id_of(row))


async def suggest_places(session: Session, user_id: str, login: str) -> list[Place]:
    """``Erp.suggest_places``. A table that may not be read suggests nothing."""
    mine = f"UserLogin eq {text(login)} and startswith(KeyPath,{text(DEFAULT_LOCATION)})"
    asked = [
        query(ROLE_USERS, f"User eq {text(ref(USERS, user_id))}"),
        query(CONFIG, mine),
    ]
    roles, keys = [[] if isinstance(rows, SideError) else rows for rows in await session.try_read(asked)]
    return await _resolve(session, [*map(_role_pair, roles), *map(_config_pair, keys)])


def _role_pair(row: Row) -> Pair:
    return key_of(row.get("EnterpriseCompany")), key_of(row.get("CompanyLocation"))


def _config_pair(row: Row) -> Pair:
    if row.get("IsActive") is False:
        return "", ""
    company = str(row.get("KeyPath") or "")[len(DEFAULT_LOCATION) :]
    return company.strip("{}").lower(), str(row.get("KeyValue") or "").strip("{}").lower()


async def find_place(session: Session, company_id: str, location_id: str) -> Place | None:
    """``Erp.find_place``."""
    if not is_guid(location_id):
        return None
    found = await _resolve(session, [(company_id.lower(), location_id.lower())])
    return found[0] if found else None


async def list_places(session: Session) -> list[Place]:
    """``Erp.list_places``."""
    asked = [
        query(COMPANIES, expand="Company($select=Id,PartyName,RegistrationNumber)"),
        query(LOCATIONS),
    ]
    companies, locations = await session.read(asked)
    owners = [row for row in companies if row.get("IsActive") is not False and row.get("Company")]
    places = [place for owner in owners for place in _places_of(owner, locations)]
    return sorted(places, key=lambda place: (place.company_name, place.location_name, place.location_id))


def _places_of(owner: Row, locations: Collection[Row]) -> list[Place]:
    code = str(owner["Company"].get("RegistrationNumber") or "")
    found = [replace(_place(owner, one), company_code=code) for one in locations if _fits(owner, one)]
    return found or [Place(id_of(owner), "", plain(owner["Company"].get("PartyName")), company_code=code)]


async def _resolve(session: Session, pairs: Iterable[Pair]) -> list[Place]:
    """The places that exist and belong together (R27482); a company alone means all its locations."""
    wanted = {pair for pair in pairs if is_guid(pair[0])}
    companies = await _companies(session, {company for company, _ in wanted})
    locations = await _locations(session, {key_of(row["Company"]) or id_of(row["Company"]) for row in companies})
    places = [_place(owner, location) for owner in companies for location in locations if _fits(owner, location)]
    chosen = [p for p in places if (p.company_id, p.location_id) in wanted or (p.company_id, "") in wanted]
    return sorted(chosen, key=lambda place: (place.company_name, place.location_name, place.location_id))


async def _companies(session: Session, ids: Collection[str]) -> list[Row]:
    asked = [
        query(COMPANIES, any_of("Id", piece), expand="Company($select=Id,PartyName)") for piece in chunks(sorted(ids))
    ]
    rows = [row for page in await session.read(asked) for row in page]
    return [row for row in rows if row.get("IsActive") is not False and row.get("Company")]


async def _locations(session: Session, companies: Collection[str]) -> list[Row]:
    references = [text(ref("General_Contacts_Companies", key)) for key in sorted(companies)]
    asked = [query(LOCATIONS, any_of("Company", piece)) for piece in chunks(references)]
    return [row for page in await session.read(asked) for row in page]


def _fits(company: Row, location: Row) -> bool:
    return id_of(company["Company"]) == key_of(location.get("Company"))


def _place(company: Row, location: Row) -> Place:
    names = plain(company["Company"].get("PartyName")), plain(location.get("LocationName"))
    return Place(id_of(company), id_of(location), *names)


async def notify(session: Session, user_id: str, subject: str) -> None:
    """``Erp.notify``: the action exists on any object, so it is called on the user themselves (erpnet.md §10)."""
    body = {
        "user": {"@odata.id": ref(USERS, user_id)},
        "notificationClass": NOTIFICATION_CLASS,
        "subject": cut(subject, NOTIFICATION_LIMIT),
        "priority": "Normal",
    }
    await session.send("POST", f"{ref(USERS, user_id)}/CreateNotification", body)
