"""Turns writes into JSON bodies (erpnet.md §6, §8, §9, §10).

Plain requests run the back-end rules only, so everything the web client would fill in is set here (trap 10).
Participants are known by e-mail; a user is bound by their address only, so that no record of a person is ever made
or merged (trap 17).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from adapters.erp.activities import ACTIVITIES, PARTIES
from adapters.erp.batch import Changeset, Part
from adapters.erp.directory import USERS
from adapters.erp.odata import bind, ref
from sync_core.content.ranges import NOTES_LIMIT, REASON_LIMIT, cut
from sync_core.model.sides import ErpContent, Field
from sync_core.model.writes import (
    CreateActivity,
    ErpIdentity,
    ErpWrite,
    ParticipantChanges,
    PatchActivity,
    VoidActivity,
)

Body = dict[str, Any]


PARTICIPANTS = "General_Activities_ActivityParticipants"

Users = Mapping[str, str]
"""User ids by e-mail."""


def changeset_of(write: ErpWrite, who: ErpIdentity, users: Users) -> Changeset:
    """Build the requests of ``write``: all are done or none."""
    if isinstance(write, CreateActivity):
        return Changeset((Part("POST", ACTIVITIES, create_body(write, who, users)),))
    if isinstance(write, VoidActivity):
        return Changeset((Part("POST", f"{ref(ACTIVITIES, write.activity_id)}/MakeVoid", void_body(write)),))
    # The header goes first: each change of a participant moves the version it is checked against (erpnet.md §7).
    header = [Part("PATCH", ref(ACTIVITIES, write.activity_id), patch_body(write))] if has_header(write) else []
    return Changeset((*header, *_participant_parts(write, users)))


def has_header(write: PatchActivity) -> bool:
    """Whether the activity itself is patched, of which ERP.net notifies its assignee (R35940)."""
    return (
        bool(write.fields - {Field.PEOPLE}) or bool(write.external_id) or write.participants == ParticipantChanges()
    )


def weight_of(write: ErpWrite) -> int:
    """Count the requests of ``write``."""
    if not isinstance(write, PatchActivity):
        return 1
    changes = write.participants
    return int(has_header(write)) + len(changes.add) + len(changes.drop) + len(changes.notes)


def _participant_parts(write: PatchActivity, users: Users) -> list[Part]:
    changes, notes = write.participants, dict(write.participants.notes_of_added)
    owner = {"Activity": bind(ACTIVITIES, write.activity_id)}
    return [
        *[Part("DELETE", ref(PARTICIPANTS, key)) for key in changes.drop],
        *[Part("POST", PARTICIPANTS, owner | participant_body(email, notes, users)) for email in changes.add],
        *[Part("PATCH", ref(PARTICIPANTS, key), {"Notes": _notes(words)}) for key, words in changes.notes],
    ]


def participant_body(email: str, notes: Mapping[str, str], users: Users) -> Body:
    """A new participant: User, which the web client would find, is ours to bind (R36610; erpnet.md §9)."""
    body: Body = {"Email": email}
    if email in users:
        body["User"] = bind(USERS, users[email])
    if notes.get(email):
        body["Notes"] = _notes(notes[email])
    return body


def _notes(words: str) -> str:
    return cut(words, NOTES_LIMIT)


def create_body(write: CreateActivity, who: ErpIdentity, users: Users) -> Body:
    """Build a new activity: the person's own, in their company and location (R5), with its participants.

    Children inside a POST are always made (erpnet.md §6): it may be sent once only, and is looked for before.
    """
    content = write.content
    body: Body = {
        "DocumentType": bind("Systems_Documents_DocumentTypes", who.document_type_id),
        "EnterpriseCompany": bind("General_EnterpriseCompanies", who.company_id),
        "EnterpriseCompanyLocation": bind("General_Contacts_CompanyLocations", who.location_id),
        "OwnerParty": bind(PARTIES, who.party_id),
        "ResponsibleParty": bind(PARTIES, who.party_id),
        "ResponsiblePerson": bind("General_Contacts_Persons", who.person_id),
        "SystemType": "Meeting",
        "ExternalId": write.external_id,
        "ExternalSystem": write.external_system,
    }
    for values in _VALUES.values():
        body |= {name: value for name, value in values(content).items() if value is not None}
    if content.people:
        notes = dict(write.notes)
        body["Participants"] = [participant_body(email, notes, users) for email in content.people]
    return body


def patch_body(write: PatchActivity) -> Body:
    """Build a patch of the named fields, with the version that they were decided on; participants are separate rows.

    ObjectVersion in the body as the optimistic lock is UNCONFIRMED (erpnet.md §7, §14): ``Writer`` leaves it out
    where ERP.net refuses it.
    """
    body: Body = {}
    for field in sorted(write.fields - {Field.PEOPLE}):
        body |= _VALUES[field](write.content)
    if write.external_id:
        body |= {"ExternalId": write.external_id, "ExternalSystem": write.external_system}
    if write.version is not None:
        body["ObjectVersion"] = write.version
    return body


def void_body(write: VoidActivity) -> Body:
    """Build the parameters of MakeVoid, for this document only."""
    return {"reason": cut(write.reason, REASON_LIMIT), "voidType": "VoidDocument"}


def _digits(at: datetime | None) -> str | None:
    """Write wall-clock digits with the suffix that ERP.net expects (erpnet.md §12)."""
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
