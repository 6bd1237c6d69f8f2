"""A person at ERP.net's web client: the front-end rules help, the back-end rules refuse (erpnet.md §9, §10)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from simulators.base import Refused
from simulators.erpnet import documents, notices, schema, writes
from simulators.erpnet.errors import ErpError
from simulators.erpnet.seeds import Seeds
from simulators.erpnet.store import Row
from simulators.erpnet.values import parse, print_moment, wall
from simulators.erpnet.world import Caller, Json

_FIELDS = {
    "subject": "Subject",
    "start": "StartTime",
    "end": "EndTime",
    "notes": "Notes",
    "system_type": "SystemType",
    "priority": "Priority",
    "private": "Private",
    "reminder": "ReminderTime",
    "deadline": "DeadlineTime",
    "planned_minutes": "PlannedDurationMinutes",
    "assigned_to": "AssignedToUser",
}
_TIMES = ("start", "end", "deadline")
_STEP_BACK = dict(documents.BACKWARD)

Moment = datetime | str


class ErpPerson:
    """One user's hands; every act raises ``Refused`` with ERP.net's message when it is not possible.

    Times are wall-clock digits: a naive ``datetime`` or text like ``2026-01-25T09:00``; a zone is ignored.
    """

    ACTS = frozenset(
        {
            "create", "copy", "edit", "release", "complete", "close", "reopen", "set_state", "set_read_only", "void",
            "delete", "hide", "show", "change_owner", "add_participant", "note_participant",
            "remove_participant", "get", "activities", "find",
        }
    )  # fmt: skip

    def __init__(self, erp: Seeds, login: str) -> None:
        self._erp = erp
        self._user = erp.user_row(login)

    def create(
        self,
        subject: str,
        start: Moment,
        end: Moment | None = None,
        *,
        notes: str = "",
        system_type: str = "Meeting",
        document_type: str = "Meeting",
        priority: str = "Medium",
        private: bool = False,
        reminder: Moment | int | None = None,
        state: str = "New",
        participants: Iterable[str] = (),
        planned_minutes: int | None = None,
        assigned_to: str | None = None,
        company: str | None = None,
        location: str | None = None,
        entity_name: str = schema.ACTIVITY_TABLE,
    ) -> str:
        """A new activity, owned by this person; returns its id.

        ``reminder`` is a moment or minutes before the start; ``participants`` are logins or addresses;
        ``entity_name`` other than the default makes a row of a derived set.
        """
        fields: Json = {"subject": subject, "start": start, "system_type": system_type, "priority": priority}
        fields |= {"private": private, "notes": notes or None}
        optional = {"end": end, "planned_minutes": planned_minutes, "reminder": reminder}
        optional["assigned_to"] = assigned_to
        fields |= {k: v for k, v in optional.items() if v is not None}
        with self._acting() as caller:
            caller.company, caller.location = company or caller.company, location or caller.location
            body = self._body(fields, None)
            kind = self._erp.document_type(document_type)
            body["DocumentType"] = {"@odata.id": f"{schema.DOCUMENT_TYPES}({kind})"}
            row = writes.create(self._erp, caller, schema.SETS[schema.ACTIVITIES], body)
            self._erp.store.assign(row, "EntityName", entity_name)
            for who in participants:
                self._add_participant(caller, row, who)
            if state != "New":
                self._change_state(caller, row, state)
        return row.id

    def copy(self, activity: str, **fields: Any) -> str:
        """A copy of the document, by this person, as the web client and an import make it; returns its id.

        ExternalId and ExternalSystem come along (nothing makes them unique: erpnet.md §6), ids, numbers, creator,
        state and times of change do not. ``fields`` are what is different, by the names ``create`` uses.
        """
        own = {"DocumentId", "DocumentNo", "CreationUser", "CreationTime", "MasterDocument", "State", "ReadOnly"}
        own |= {"Void", "VoidReason", "VoidTime", "VoidUser", "ObjectVersion", "AggregateLastUpdateTimeUtc"}
        with self._acting() as caller:
            source = self._row(activity)
            row = Row(source.entity, self._erp.store.new_id())
            row.values = {name: value for name, value in source.values.items() if name not in own}
            row.values |= {
                a.name: a.default for a in source.entity.attrs.values() if a.name in own and a.default is not None
            }
            documents.complete(self._erp, caller, row)
            self._erp.store.insert(row)
            for child in self._erp.store.children(schema.PARTICIPANTS, source.id):
                twin = Row(child.entity, self._erp.store.new_id(), dict(child.values))
                twin.values[child.entity.owner] = row.id
                self._erp.store.insert(twin)
            if fields:
                writes.update(self._erp, caller, row, self._body(fields, row))
            self._erp.touch(row)
        return row.id

    def edit(self, activity: str, **fields: Any) -> None:
        """Change fields, by the names ``create`` uses or by ERP.net's own."""
        with self._acting() as caller:
            row = self._row(activity)
            writes.update(self._erp, caller, row, self._body(fields, row))

    def set_state(self, activity: str, state: str) -> None:
        """Any state change that ``ChangeState`` allows."""
        with self._acting() as caller:
            self._change_state(caller, self._row(activity), state)

    def release(self, activity: str) -> None:
        """New, Planned or FirmPlanned → Released."""
        self.set_state(activity, "Released")

    def complete(self, activity: str) -> None:
        """→ Completed."""
        self.set_state(activity, "Completed")

    def close(self, activity: str) -> None:
        """→ Closed."""
        self.set_state(activity, "Closed")

    def reopen(self, activity: str) -> None:
        """One allowed step back; ``Refused`` from New and Released, which have none."""
        state = self._row(activity)["State"]
        if state not in _STEP_BACK:
            raise Refused(f"there is no way back from {state}")
        self.set_state(activity, _STEP_BACK[state])

    def set_read_only(self, activity: str, read_only: bool) -> None:
        """Set or take off the ReadOnly flag."""
        with self._acting():
            row = self._row(activity)
            self._erp.store.assign(row, "ReadOnly", read_only)
            self._erp.touch(row)

    def void(self, activity: str, reason: str = "") -> None:
        """Void it, for ever."""
        with self._acting() as caller:
            documents.make_void(self._erp, caller, self._row(activity), reason)

    def delete(self, activity: str) -> None:
        """Hard delete: the row vanishes, its system object stays, marked deleted."""
        with self._acting():
            self._erp.bury(self._row(activity))

    def hide(self, activity: str) -> None:
        """Take it out of the service user's sight, as a change of permissions would."""
        self._row(activity).hidden = True

    def show(self, activity: str) -> None:
        """Put it back into the service user's sight."""
        self._row(activity).hidden = False

    def change_owner(self, activity: str, login: str) -> None:
        """Hand it to another user's party."""
        person = self._erp.store.get(schema.PERSONS, self._erp.user_row(login)["Person"])
        if person is None:
            raise Refused(f"{login} is no person and cannot own an activity")
        with self._acting() as caller:
            body = {"OwnerParty": {"@odata.id": person.path}}
            writes.update(self._erp, caller, self._row(activity), body)

    def add_participant(self, activity: str, who: str = "", *, person: str = "", notes: str = "") -> str:
        """Add a user (by login), an outsider (by address) or a ``person`` (by id: ``add_person``).

        Returns the participant's id.
        """
        with self._acting() as caller:
            return self._add_participant(caller, self._row(activity), who, person, notes)

    def note_participant(self, activity: str, who: str, notes: str) -> None:
        """Write a participant's Notes."""
        with self._acting() as caller:
            writes.update(self._erp, caller, self._participant(activity, who), {"Notes": notes or None})

    def remove_participant(self, activity: str, who: str) -> None:
        """Remove the participant with this login, address or id."""
        with self._acting() as caller:
            writes.delete(self._erp, caller, self._participant(activity, who))

    def get(self, activity: str) -> Json:
        """Everything stored: attributes, references as keys, participants, type code and owner's login."""
        row = self._row(activity)
        kind = self._erp.store.at(schema.DOCUMENT_TYPES, row["DocumentType"])
        names = (*row.entity.attrs, *row.entity.refs)
        return {
            **{name: row[name] for name in names},
            "Id": row.id,
            "DisplayText": self._erp.text_of(row),
            "DocumentTypeCode": kind["Code"],
            "OwnerLogin": self._owner(row),
            "Hidden": row.hidden,
            "Participants": [
                {
                    "Id": p.id,
                    "Email": p["Email"],
                    "Login": self._login(p["User"]),
                    "Person": p["ParticipantPerson"],
                    "Notes": p["Notes"],
                }
                for p in self._erp.store.children(schema.PARTICIPANTS, row.id)
            ],
        }

    def activities(self) -> list[Json]:
        """Every activity of the instance, void and hidden ones too, oldest first."""
        self._erp.commit_due()
        return [self.get(row.id) for row in self._erp.store.rows(schema.ACTIVITIES)]

    def find(self, subject: str) -> list[Json]:
        """The activities with exactly this subject."""
        return [self.get(row.id) for row in self._erp.store.find(schema.ACTIVITIES, Subject=subject)]

    @contextmanager
    def _acting(self) -> Iterator[Caller]:
        caller = Caller(self._user, front=True, company=self._erp.company_id, location=self._erp.location_id)
        try:
            with self._erp.person_writing():
                yield caller
        except ErpError as error:
            raise Refused(error.message) from error

    def _row(self, activity: str) -> Row:
        row = self._erp.store.get(schema.ACTIVITIES, activity)
        if row is None:
            raise Refused(f"there is no activity {activity}")
        return row

    def _body(self, fields: Json, row: Row | None) -> Json:
        values = {k: wall(v) if k in _TIMES and v is not None else v for k, v in fields.items()}
        reminder = values.get("reminder")
        if isinstance(reminder, int):
            start = values.get("start") or (row["StartTime"] if row else "")
            values["reminder"] = _before(str(start), reminder)
        elif reminder is not None:
            values["reminder"] = wall(reminder)
        if values.get("assigned_to") is not None:
            values["assigned_to"] = {"@odata.id": self._erp.user_row(values["assigned_to"]).path}
        return {_FIELDS.get(k, k): v for k, v in values.items()}

    def _change_state(self, caller: Caller, row: Row, state: str) -> None:
        documents.change_state(self._erp, caller, row, state)
        notices.state_changed(self._erp, caller.user, row)

    def _participant(self, activity: str, who: str) -> Row:
        for row in self._erp.store.children(schema.PARTICIPANTS, self._row(activity).id):
            if who in (row.id, self._login(row["User"])) or who.lower() == (row["Email"] or "").lower():
                return row
        raise Refused(f"{who} is no participant")

    def _add_participant(self, caller: Caller, row: Row, who: str, person: str = "", notes: str = "") -> str:
        users = self._erp.store.find(schema.USERS, Login=who) if who else []
        body: Json = {"User": {"@odata.id": users[0].path}} if users else {"Email": who or None}
        if person:
            body["ParticipantPerson"] = {"@odata.id": f"{schema.PERSONS}({person})"}
        body["Notes"] = notes or None
        return writes.create(self._erp, caller, schema.SETS[schema.PARTICIPANTS], body, row).id

    def _login(self, user: str | None) -> str | None:
        row = self._erp.store.get(schema.USERS, user)
        return row["Login"] if row else None

    def _owner(self, row: Row) -> str | None:
        people = {p.id for p in self._erp.store.find(schema.PERSONS, PartyId=row["OwnerParty"])}
        users = [u for u in self._erp.store.rows(schema.USERS) if u["Person"] in people]
        return users[0]["Login"] if users else None


def _before(start: str, minutes: int) -> str:
    return print_moment(parse(start) - timedelta(minutes=minutes), digits=True)
