"""Activities on their way out: writes → JSON bodies (erpnet.md §6, §8, §9, §10).

Plain requests run the back-end rules only, so everything the web client would fill in is set here (trap 10).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from adapters.erp.activities import ACTIVITIES, PARTIES
from adapters.erp.batch import Part
from adapters.erp.odata import bind, ref
from sync_core.model import MSSYNC_SYSTEM, ErpContent, Field
from sync_core.writes import CreateActivity, ErpIdentity, ErpWrite, PatchActivity, VoidActivity

Body = dict[str, Any]


def part_of(write: ErpWrite, who: ErpIdentity) -> Part:
    """The request that carries out ``write``."""
    if isinstance(write, CreateActivity):
        return Part("POST", ACTIVITIES, create_body(write, who))
    if isinstance(write, PatchActivity):
        return Part("PATCH", ref(ACTIVITIES, write.activity_id), patch_body(write))
    return Part("POST", f"{ref(ACTIVITIES, write.activity_id)}/MakeVoid", void_body(write))


def create_body(write: CreateActivity, who: ErpIdentity) -> Body:
    """A complete new activity: the person's own, in their company and location (R5)."""
    content = write.content
    body = {
        "DocumentType": bind("Systems_Documents_DocumentTypes", who.document_type_id),
        "EnterpriseCompany": bind("General_EnterpriseCompanies", who.company_id),
        "EnterpriseCompanyLocation": bind("General_Contacts_CompanyLocations", who.location_id),
        "OwnerParty": bind(PARTIES, who.party_id),
        "ResponsibleParty": bind(PARTIES, who.party_id),
        "ResponsiblePerson": bind("General_Contacts_Persons", who.person_id),
        "SystemType": "Meeting",
        "ExternalId": write.ical_uid,
        "ExternalSystem": MSSYNC_SYSTEM,
    }
    for values in _VALUES.values():
        body |= {name: value for name, value in values(content).items() if value is not None}
    return body


def patch_body(write: PatchActivity) -> Body:
    """Only the named fields, and the version they were decided on.

    ObjectVersion in the body as the optimistic lock is UNCONFIRMED (erpnet.md §7, §14): ``Writer`` leaves it out
    where ERP.net refuses it.
    """
    body: Body = {}
    for field in sorted(write.fields):
        body |= _VALUES[field](write.content)
    if write.external_id:
        body |= {"ExternalId": write.external_id, "ExternalSystem": MSSYNC_SYSTEM}
    if write.version is not None:
        body["ObjectVersion"] = write.version
    return body


def void_body(write: VoidActivity) -> Body:
    """The parameters of MakeVoid: this document only."""
    return {"reason": write.reason[:254], "voidType": "VoidDocument"}


def _digits(at: datetime | None) -> str | None:
    """Wall-clock digits with the decoration ERP.net expects (erpnet.md §12)."""
    return None if at is None else at.isoformat(timespec="seconds") + "Z"


def _time(content: ErpContent) -> Body:
    return {
        "StartTime": _digits(content.start),
        "EndTime": _digits(content.end),
        "PlannedDurationMinutes": content.planned_minutes,
    }


_VALUES: Mapping[Field, Callable[[ErpContent], Body]] = {
    Field.SUBJECT: lambda content: {"Subject": content.subject},
    Field.BODY: lambda content: {"Notes": content.notes},
    Field.TIME: _time,
    Field.REMINDER: lambda content: {"ReminderTime": _digits(content.reminder)},
    Field.PRIVATE: lambda content: {"Private": content.private},
    Field.PRIORITY: lambda content: {"Priority": content.priority},
}
