"""The life cycle of an activity: which state may follow which, and which writes each allows (erpnet.md §9, §10)."""

from __future__ import annotations

from simulators.erpnet import access, schema
from simulators.erpnet.errors import broken_rule, duplicate, invalid, not_saved
from simulators.erpnet.model import STATES
from simulators.erpnet.store import Row
from simulators.erpnet.values import parse, utf16_length
from simulators.erpnet.world import Caller, World

EDITABLE = ("New", "Planned", "FirmPlanned")
BACKWARD = {
    ("Planned", "New"),
    ("FirmPlanned", "Planned"),
    ("Completed", "Released"),
    ("Closed", "Completed"),
}
VOID_TYPES = ("VoidDocument", "VoidWithSubDocuments", "VoidWithReleasedSubDocuments")
REASON_SIZE = 254


def refuse_read_only(world: World, activity: Row) -> None:
    """R29107: the flag stops every change, of the state as well."""
    if activity["ReadOnly"]:
        raise broken_rule(
            "R29107",
            "ModifyOnlyIfDocumentIsNotReadOnly",
            f"The document {world.text_of(activity)} and it's header and lines cannot be updated/deleted. "
            "The documents is marked as read only.",
        )


def check_editable(world: World, caller: Caller, activity: Row) -> None:
    """Raise unless header and children may be changed by this caller right now."""
    access.require(world, caller, activity, "CanUpdate")
    refuse_read_only(world, activity)
    if activity["Void"] or activity["State"] not in EDITABLE:
        state = "void" if activity["Void"] else f"in state {activity['State']}"
        raise not_saved(f"The document {world.text_of(activity)} is {state} and cannot be modified.")


def complete(world: World, caller: Caller, activity: Row) -> None:
    """What the back end fills by itself on a new activity."""
    now = world.now_wall()
    company = _company_of(world, activity)
    filled = {
        "StartTime": now,
        "DocumentDate": now[:10] + "T00:00:00Z",
        "DocumentNo": world.next_document_no(),
        "DocumentId": world.store.new_id(),
        "CreationUser": caller.login,
        "CreationTime": now,
        "MasterDocument": activity.id,
        "FromParty": company["PartyId"] if company else None,
    }
    for name, value in filled.items():
        if activity[name] is None:
            activity.values[name] = value


def _company_of(world: World, activity: Row) -> Row | None:
    ours = world.store.get(schema.ENTERPRISE_COMPANIES, activity["EnterpriseCompany"])
    return world.store.get(schema.COMPANIES, ours["Company"]) if ours else None


def check(world: World, activity: Row) -> None:
    """The back-end rules that hold for every saved activity."""
    _check_place(world, activity)
    _check_times(activity)
    _check_assignee(world, activity)


def _check_place(world: World, activity: Row) -> None:
    company = _company_of(world, activity)
    if company is None:
        raise broken_rule("R27483", "EnterpriseCompanyIsRequired", "The Enterprise Company is required.")
    location = world.store.get(schema.LOCATIONS, activity["EnterpriseCompanyLocation"])
    if location is None:
        raise broken_rule("R28151", "LocationIsRequired", "The Enterprise Company Location is required.")
    if location["Company"] != company.id:
        raise broken_rule("R27482", "LocationOfCompany", "The location does not belong to the enterprise company.")


def _check_times(activity: Row) -> None:
    start, end = activity["StartTime"], activity["EndTime"]
    if end is None:
        return
    if parse(start) > parse(end):
        raise broken_rule("R28916", "StartTimeBeforeEndTime", "'Start Time' must not be after 'End Time'.")
    if is_midnight(start) != is_midnight(end):
        raise broken_rule(
            "R38488",
            "StartTimeAndEndTimeAreBothZero",
            "The 'Start Time' or 'End Time' field contains an invalid time value. If one of the fields is "
            "marked as 'All day' (time is 00:00), then both fields must have the time set to '00:00'.",
        )


def is_midnight(digits: str) -> bool:
    """Whether a stored date-time reads 00:00, ERP.net's sign for all day."""
    return digits[11:16] == "00:00"


def _check_assignee(world: World, activity: Row) -> None:
    user = world.store.get(schema.USERS, activity["AssignedToUser"])
    if user is not None and user["UserType"] not in ("InternalUser", "VirtualUserNoLogin"):
        raise broken_rule("R36712", "AssigneeUserType", "Only internal and virtual users can be assigned.")


def check_participant(world: World, participant: Row) -> None:
    """R36484-2 and R36718; the e-mail of a person is filled in first (back end)."""
    if participant["Email"] is None and participant["ParticipantPerson"] is not None:
        users = world.store.find(schema.USERS, Person=participant["ParticipantPerson"])
        world.store.assign(participant, "Email", users[0]["Email"] if users else None)
    if participant["Email"] is None and participant["ParticipantPerson"] is None:
        raise broken_rule("R36484-2", "PersonOrEmail", "Participant person or e-mail must be given.")
    user = world.store.get(schema.USERS, participant["User"])
    if user is not None and user["UserType"] not in ("InternalUser", "VirtualUserNoLogin"):
        raise broken_rule("R36718", "ParticipantUserType", "The participant must be an internal user.")


def check_unique(world: World, row: Row) -> None:
    """Unique indexes of the row's table."""
    for fields in row.entity.unique:
        values = {f: row[f] for f in fields}
        if any(r is not row for r in world.store.find(row.entity.name, **values)):
            raise duplicate(row.entity.table, ", ".join(fields), ", ".join(map(str, values.values())))


def change_state(world: World, caller: Caller, activity: Row, new: str) -> None:
    """``ChangeState``: upward to any later state, backward only by the documented steps."""
    old = activity["State"]
    refuse_read_only(world, activity)
    if activity["Void"]:
        raise not_saved(f"The document {world.text_of(activity)} is void.")
    if new not in STATES or new == "Adjustment":
        raise invalid(f"'{new}' is not a state an activity can be given.")
    if STATES.index(new) <= STATES.index(old) and (old, new) not in BACKWARD:
        raise not_saved(f"The state of {world.text_of(activity)} cannot be changed from {old} to {new}.")
    access.require(world, caller, activity, _permission(old, new))
    _enter(world, activity, new)
    world.touch(activity)


def _permission(old: str, new: str) -> str:
    if (old, new) == ("Completed", "Released"):
        return access.RETURN_TO_RELEASED
    return {"Released": access.RELEASE, "Completed": access.COMPLETE}.get(new, "CanUpdate")


def _enter(world: World, activity: Row, state: str) -> None:
    world.store.assign(activity, "State", state)
    if state == "Released" and activity["ReleaseTime"] is None:
        world.store.assign(activity, "ReleaseTime", world.now_wall())
    if state == "Completed":
        world.store.assign(activity, "CompleteTime", world.now_wall())
    if state == "Released" and world.release_sets_read_only:
        world.store.assign(activity, "ReadOnly", True)


def make_void(world: World, caller: Caller, activity: Row, reason: str) -> None:
    """``MakeVoid``: for ever; a second time is an error, Completed and Closed by a switch."""
    access.require(world, caller, activity, access.VOID)
    refuse_read_only(world, activity)
    if activity["Void"]:
        raise not_saved(f"The document {world.text_of(activity)} is already void.")
    if activity["State"] in ("Completed", "Closed") and not world.voids_completed:
        raise not_saved(f"A document in state {activity['State']} cannot be voided.")
    if utf16_length(reason) > REASON_SIZE:
        raise invalid(f"The value of 'reason' exceeds the maximum length of {REASON_SIZE} characters.")
    values = {"Void": True, "VoidReason": reason, "VoidTime": world.now_wall(), "VoidUser": caller.login}
    for name, value in values.items():
        world.store.assign(activity, name, value)
    world.touch(activity)
