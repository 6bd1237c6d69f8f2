"""Reads ERP.net's companies and locations (erpnet.md §8 "People and companies").

No attribute says which company and location are a user's default: RoleUsers and the configuration keys only yield
suggestions (UNCONFIRMED), and a person's own setting decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from adapters.erp.directory import USERS
from adapters.erp.odata import Row, any_of, chunks, id_of, is_guid, key_of, plain, query, ref, text
from adapters.erp.session import Session, Unintelligible
from jobs.ports import Place
from sync_core.errors import ItemRejected, SideError
from sync_core.model.sides import Side

COMPANIES = "General_EnterpriseCompanies"
LOCATIONS = "General_Contacts_CompanyLocations"
ROLE_USERS = "Systems_Security_RoleUsers"
CONFIG = "Systems_Config_Config"
DEFAULT_LOCATION = "Default_Enterprise_Company_Location_Id/"

Pair = tuple[str, str]


async def suggest_places(session: Session, user_id: str, login: str) -> list[Place]:
    """``Erp.suggest_places``. What may not be read, or is not shown, suggests nothing."""
    mine = f"UserLogin eq {text(login)} and startswith(KeyPath,{text(DEFAULT_LOCATION)})"
    asked = [
        query(ROLE_USERS, f"User eq {text(ref(USERS, user_id))}"),
        query(CONFIG, mine),
    ]
    rows = await _shown(session, asked)
    return await _resolve(session, [_config_pair(row) if "KeyPath" in row else _role_pair(row) for row in rows])


def _role_pair(row: Row) -> Pair:
    return key_of(row.get("EnterpriseCompany")), key_of(row.get("CompanyLocation"))


def _config_pair(row: Row) -> Pair:
    if row.get("IsActive") is False:
        return "", ""
    company = str(row.get("KeyPath") or "")[len(DEFAULT_LOCATION) :]
    return company.strip("{}").lower(), str(row.get("KeyValue") or "").strip("{}").lower()


async def find_place(session: Session, company_id: str, location_id: str) -> Place | None:
    """``Erp.find_place``."""
    if not (is_guid(company_id) and is_guid(location_id)):
        return None
    asked = [_company([company_id]), query(LOCATIONS, any_of("Id", [location_id]))]
    try:
        companies, locations = await session.read(asked)
    except Unintelligible as error:  # because of one of the two, as well as a refusal
        raise ItemRejected(Side.ERP, str(error)) from error
    found = [_place(one, other) for one in filter(_is_open, companies) for other in locations if _fits(one, other)]
    return found[0] if found else None


async def list_places(session: Session) -> list[Place]:
    """``Erp.list_places``."""
    asked = [
        query(COMPANIES, expand="Company($select=Id,PartyName,RegistrationNumber)"),
        query(LOCATIONS),
    ]
    companies, locations = await session.read(asked)
    owners = filter(_is_open, companies)
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
    return list(filter(_is_open, await _shown(session, list(map(_company, chunks(sorted(ids)))))))


def _company(ids: Collection[str]) -> str:
    return query(COMPANIES, any_of("Id", ids), expand="Company($select=Id,PartyName)")


def _is_open(company: Row) -> bool:
    return company.get("IsActive") is not False and bool(company.get("Company"))


async def _locations(session: Session, companies: Collection[str]) -> list[Row]:
    references = [text(ref("General_Contacts_Companies", key)) for key in sorted(companies)]
    return await _shown(session, [query(LOCATIONS, any_of("Company", piece)) for piece in chunks(references)])


async def _shown(session: Session, reads: Sequence[str]) -> list[Row]:
    """The rows of the reads that ERP.net answers."""
    return [row for rows in await session.try_read(reads) if not isinstance(rows, SideError) for row in rows]


def _fits(company: Row, location: Row) -> bool:
    return id_of(company["Company"]) == key_of(location.get("Company"))


def _place(company: Row, location: Row) -> Place:
    names = plain(company["Company"].get("PartyName")), plain(location.get("LocationName"))
    return Place(id_of(company), id_of(location), *names)
