"""Fills the instance: users, companies, document types, access keys, and what an earlier sync left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from simulators.base import Refused
from simulators.erpnet import schema, writes
from simulators.erpnet.errors import ErpError
from simulators.erpnet.model import PARTIES
from simulators.erpnet.store import Row
from simulators.erpnet.values import wall
from simulators.erpnet.world import Caller, World

SERVICE_LOGIN = "calsync.service"
MSSYNC_SYSTEM = "Office365-iCalUId"


@dataclass(frozen=True)
class ErpUser:
    """A user as seeded; the person's key and the party's key differ, as in ERP.net (trap 11)."""

    id: str
    login: str
    person_id: str | None
    party_id: str | None


class Seeds(World):
    """The administrator's side: every method takes effect at once and survives until ``clear``."""

    def _seed(self) -> None:
        self.company_id = self.add_company("Acme Ltd")
        self.location_id = self.add_location(self.company_id, "Head Office")
        self._everyone = self._add(schema.GROUPS, Name={"EN": "Everyone"}, GroupType="NormalGroup")
        self.service_user = self.add_user(
            SERVICE_LOGIN,
            "calsync.service@example.com",
            "Calendar Sync",
            user_type="ApplicationUserNoLogin",
            person=False,
            admin=True,
        )

    def _add(self, entity: str, **values: Any) -> Row:
        row = Row(schema.SETS[entity], self.store.new_id())
        row.values = {a.name: a.default for a in row.entity.attrs.values() if a.default is not None} | values
        self.store.insert(row)
        self.touch(row)
        return row

    def _add_party(self, kind: str, name: str) -> str:
        row = self._add(PARTIES, PartyName={"EN": name}, PartyType=kind)
        row.values["PartyId"] = row.id
        return row.id

    def user_row(self, login: str) -> Row:
        """The user's row; ``Refused`` when there is no such login."""
        found = self.store.find(schema.USERS, Login=login)
        if not found:
            raise Refused(f"there is no ERP user {login}")
        return found[0]

    def add_user(
        self,
        login: str,
        email: str | None,
        name: str,
        *,
        active: bool = True,
        user_type: str = "InternalUser",
        person: bool = True,
        time_zone: str | None = None,
        admin: bool = False,
    ) -> ErpUser:
        """A user with a one-user group, and a person and party unless ``person`` is false."""
        who = self._add_person(name) if person else None
        user = self._add(
            schema.USERS,
            Login=login,
            Email=email,
            Name={"EN": name},
            Active=active,
            UserType=user_type,
            TimeZone=time_zone,
            IsAdmin=admin,
            Person=who.id if who else None,
        )
        self._add(schema.GROUPS, Name={"EN": login}, GroupType="SystemGroupForOneUser", GroupForUser=user.id)
        if login != SERVICE_LOGIN:
            self._add(schema.USER_GROUPS, User=user.id, Group=self._everyone.id)
        return ErpUser(user.id, login, who.id if who else None, who["PartyId"] if who else None)

    def _add_person(self, name: str) -> Row:
        return self._add(schema.PERSONS, PartyId=self._add_party("Person", name), PartyName={"EN": name})

    def add_person(self, name: str) -> str:
        """A person who is no user and has no address (a contact); returns their id."""
        return self._add_person(name).id

    def change_user(self, login: str, **values: Any) -> None:
        """Change a user's stored attributes, by ERP.net's names (``Active``, ``Email``, ``TimeZone``, …)."""
        user = self.user_row(login)
        for name, value in values.items():
            self.store.assign(user, name, value)
        self.touch(user)

    def add_company(self, name: str, *, registration_number: str | None = None) -> str:
        """An enterprise company and the company it is; returns the enterprise company's id."""
        number = registration_number or f"REG{len(self.store.rows(schema.COMPANIES)) + 1:06d}"
        company = self._add(
            schema.COMPANIES,
            PartyId=self._add_party("Company", name),
            PartyName={"EN": name},
            RegistrationNumber=number,
        )
        return self._add(schema.ENTERPRISE_COMPANIES, Company=company.id).id

    def add_location(self, company: str, name: str) -> str:
        """A location of an enterprise company; returns its id."""
        owner = self.store.at(schema.ENTERPRISE_COMPANIES, company)["Company"]
        party = self._add_party("Location", name)
        names = {"EN": name}
        row = self._add(schema.LOCATIONS, PartyId=party, PartyName=names, LocationName=names, Company=owner)
        return row.id

    def add_role_user(self, login: str, company: str | None, location: str | None) -> str:
        """Give the user a role, maybe within a company and location (what suggestions are made of)."""
        role = self._add(schema.ROLES, Name={"EN": "Employee"})
        user = self.user_row(login).id
        row = self._add(
            schema.ROLE_USERS, User=user, Role=role.id, EnterpriseCompany=company, CompanyLocation=location
        )
        return row.id

    def add_config(self, login: str, company: str, location: str) -> str:
        """The user's configured default location within a company (the other source of suggestions)."""
        path = f"Default_Enterprise_Company_Location_Id/{company}"
        return self._add(schema.CONFIG, KeyPath=path, KeyValue=location, UserLogin=login).id

    def add_access_key(self, name: str, *, everyone: bool = True) -> str:
        """An access key; with ``everyone`` all users but the service user hold every permission of it."""
        key = self._add(schema.ACCESS_KEYS, Name={"EN": name}).id
        if everyone:
            held = dict.fromkeys(("CanUpdate", "CanDelete", *schema.PERMISSIONS), True)
            self._add(schema.GROUP_ACCESS_KEYS, Group=self._everyone.id, AccessKey=key, **held)
        return key

    def grant(self, key: str, login: str, **permissions: bool) -> str:
        """Give the user's own group a row under the key: ``CanUpdate``, ``CanDelete``, ``Permission6``, …"""
        group = self.store.find(schema.GROUPS, GroupForUser=self.user_row(login).id)[0]
        given = {"CanUpdate": False, "CanDelete": False} | permissions
        return self._add(schema.GROUP_ACCESS_KEYS, Group=group.id, AccessKey=key, **given).id

    def add_document_type(self, code: str, *, access_key: str | None = None) -> str:
        """A document type for activities; returns its id."""
        return self._add(
            schema.DOCUMENT_TYPES,
            Code=code,
            EntityName=schema.ACTIVITY_TABLE,
            TypeName={"EN": code},
            AccessKey=access_key,
        ).id

    def document_type(self, code: str) -> str:
        """The id of the activity document type with this code, created if absent."""
        found = self.store.find(schema.DOCUMENT_TYPES, Code=code, EntityName=schema.ACTIVITY_TABLE)
        return found[0].id if found else self.add_document_type(code)

    def seed_mssync(
        self,
        login: str,
        subject: str,
        start: datetime | str,
        end: datetime | str,
        ical_uid: str,
        *,
        notes: str = "",
        created_by: str = SERVICE_LOGIN,
    ) -> str:
        """An activity as ERP.net's own M365 sync leaves it (erpnet.md §7): marked with the iCalUId.

        Who creates it is not documented; the service user is the guess. Returns the activity's id.
        """
        user = self.user_row(login)
        person = self.store.at(schema.PERSONS, user["Person"])
        party = {"@odata.id": f"{PARTIES}({person['PartyId']})"}
        body = {
            "DocumentType@odata.bind": f"{schema.DOCUMENT_TYPES}({self.document_type('Meeting')})",
            "EnterpriseCompany@odata.bind": f"{schema.ENTERPRISE_COMPANIES}({self.company_id})",
            "EnterpriseCompanyLocation@odata.bind": f"{schema.LOCATIONS}({self.location_id})",
            "OwnerParty": party,
            "ResponsibleParty": party,
            "SystemType": "Meeting",
            "Subject": subject,
            "Notes": notes,
            "StartTime": wall(start),
            "EndTime": wall(end),
            "ExternalId": ical_uid,
            "ExternalSystem": MSSYNC_SYSTEM,
        }
        caller = Caller(self.user_row(created_by))
        try:
            with self.store.atomic():
                row = writes.create(self, caller, schema.SETS[schema.ACTIVITIES], body)
        except ErpError as error:
            raise Refused(error.message) from error
        return row.id
