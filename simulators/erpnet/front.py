"""The front-end rules: what the web client fills in and recalculates while a person types (erpnet.md §9).

Plain API requests never meet them; ``frontend`` transactions and people do.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from simulators.erpnet import schema
from simulators.erpnet.documents import is_midnight
from simulators.erpnet.store import Row
from simulators.erpnet.values import parse, print_moment
from simulators.erpnet.world import Caller, World


def defaults(world: World, caller: Caller, activity: Row) -> None:
    """R35923, R35924, R32981: the current user's person, company and location."""
    person = world.store.get(schema.PERSONS, caller.user["Person"])
    party = person["PartyId"] if person else None
    offered = {
        "OwnerParty": party,
        "ResponsibleParty": party,
        "ResponsiblePerson": person.id if person else None,
        "EnterpriseCompany": _usable(world, schema.ENTERPRISE_COMPANIES, caller.company),
        "EnterpriseCompanyLocation": _usable(world, schema.LOCATIONS, caller.location),
    }
    for name, value in offered.items():
        if activity[name] is None:
            activity.values[name] = value


def _usable(world: World, entity: str, key: str | None) -> str | None:
    """Context parameters that mean nothing are ignored."""
    row = world.store.get(entity, key.lower() if key else None)
    return row.id if row else None


def recalculated(world: World, now: dict[str, Any], typed: dict[str, Any]) -> dict[str, Any]:
    """``typed`` and what follows from it, for an activity whose other values are ``now``.

    The fields are entered in this order: start, end, duration, reminder.
    """
    seen = {**now, **typed}
    extra: dict[str, Any] = {}
    if "StartTime" in typed or "EndTime" in typed:
        extra |= _both_midnight(seen, typed)
    seen |= extra
    if seen.get("State", "New") == "New":
        extra |= _durations(seen, typed)
    if typed.get("ReminderTime"):
        extra["ReminderTime"] = max(typed["ReminderTime"], _soon(world))
    return {**typed, **extra}


def _both_midnight(seen: dict[str, Any], typed: dict[str, Any]) -> dict[str, Any]:
    """R38377 and R38396: 00:00 typed on one side sets the time of the other to 00:00."""
    start, end = seen.get("StartTime"), seen.get("EndTime")
    if start is None or end is None:
        return {}
    start_typed = "StartTime" in typed and is_midnight(start)
    end_typed = "EndTime" in typed and is_midnight(end)
    if not (start_typed or end_typed):
        return {}
    return {"StartTime": start[:10] + "T00:00:00Z", "EndTime": end[:10] + "T00:00:00Z"}


def _durations(seen: dict[str, Any], typed: dict[str, Any]) -> dict[str, Any]:
    """R30433-5 and R30433-6: duration from the times, or the end from a typed duration."""
    start, end, minutes = seen.get("StartTime"), seen.get("EndTime"), typed.get("PlannedDurationMinutes")
    if minutes is not None and start is not None:
        return {"EndTime": print_moment(parse(start) + timedelta(minutes=minutes), digits=True)}
    if "StartTime" not in typed and "EndTime" not in typed:
        return {}
    if start is None or end is None:
        return {"PlannedDurationMinutes": None}
    return {"PlannedDurationMinutes": int((parse(end) - parse(start)).total_seconds() // 60)}


def _soon(world: World) -> str:
    """R30433-1: the earliest reminder is a minute from now."""
    return print_moment(parse(world.now_wall()) + timedelta(minutes=1), digits=True)


def participant(world: World, fields: dict[str, Any]) -> dict[str, Any]:
    """R36610, R36612, R36484-1: user, person and e-mail of a participant complete one another."""
    filled = dict(fields)
    if filled.get("User") and not filled.get("ParticipantPerson"):
        filled["ParticipantPerson"] = world.store.at(schema.USERS, filled["User"])["Person"]
    person = filled.get("ParticipantPerson")
    users = world.store.find(schema.USERS, Person=person) if person else []
    if users and not filled.get("User"):
        filled["User"] = users[0].id
    if users and not filled.get("Email"):
        filled["Email"] = users[0]["Email"]
    return filled
