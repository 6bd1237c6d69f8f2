"""Checks permissions: access keys, the groups that hold them, and what a user cannot see (erpnet.md §11)."""

from __future__ import annotations

from simulators.erpnet import schema
from simulators.erpnet.errors import ErpError, broken_rule, denied
from simulators.erpnet.store import Row
from simulators.erpnet.world import Caller, World

RELEASE, COMPLETE, RETURN_TO_RELEASED, VOID = "Permission1", "Permission2", "Permission3", "Permission6"
_NAMES = {
    "CanUpdate": "Update",
    "CanDelete": "Delete",
    RELEASE: "Release",
    COMPLETE: "Complete",
    RETURN_TO_RELEASED: "Return to Released",
    VOID: "Void Documents",
}


def groups_of(world: World, user: Row) -> set[str]:
    """The user's own one-user group and the groups the user was put into."""
    own = {g.id for g in world.store.find(schema.GROUPS, GroupForUser=user.id)}
    return own | {m["Group"] for m in world.store.find(schema.USER_GROUPS, User=user.id)}


def allows(world: World, user: Row, key: str | None, permission: str) -> bool:
    """Whether the user holds the permission under this access key; no key = everybody holds all.

    ``"Read"`` is the mere existence of a grant. Being an admin gives nothing by itself.
    """
    if key is None:
        return True
    groups = groups_of(world, user)
    grants = [g for g in world.store.find(schema.GROUP_ACCESS_KEYS, AccessKey=key) if g["Group"] in groups]
    return any(permission == "Read" or bool(g[permission]) for g in grants)


def _keys(world: World, activity: Row) -> tuple[str | None, str | None]:
    kind = world.store.get(schema.DOCUMENT_TYPES, activity["DocumentType"])
    return (kind["AccessKey"] if kind else None, activity["AccessKey"])


def may(world: World, user: Row, activity: Row, permission: str) -> bool:
    """Whether type and document both allow it; a document's own key knows Update and Delete only."""
    of_type, own = _keys(world, activity)
    own_permission = permission if permission in ("Read", "CanUpdate", "CanDelete") else "CanUpdate"
    return allows(world, user, of_type, permission) and allows(world, user, own, own_permission)


def require(world: World, caller: Caller, activity: Row, permission: str) -> None:
    """Raise the permission error unless the caller ``may``."""
    if not may(world, caller.user, activity, permission):
        raise denied(
            f"User '{caller.login}' does not have the permission '{_NAMES[permission]}' "
            f"for {world.text_of(activity)}."
        )


def sees(world: World, user: Row, row: Row) -> bool:
    """Whether reading finds the row at all."""
    if row.entity.name == schema.PARTICIPANTS:
        activity = world.store.get(schema.ACTIVITIES, row["Activity"])
        return activity is not None and sees(world, user, activity)
    if row.entity.name != schema.ACTIVITIES:
        return True
    if row.hidden or (row["Private"] and not world.private_visible and not _owns(world, user, row)):
        return False
    return may(world, user, row, "Read")


def _owns(world: World, user: Row, activity: Row) -> bool:
    person = world.store.get(schema.PERSONS, user["Person"])
    return person is not None and person["PartyId"] == activity["OwnerParty"]


def guard_write(world: World, caller: Caller, entity: str, row: Row | None) -> None:
    """Refuse writes to security and configuration sets that this user may not make."""
    if entity.startswith("Systems_Security_"):
        _guard_security(world, caller, row)
    if entity == schema.DOCUMENT_TYPES and not world.may_create_document_types:
        raise denied(f"User '{caller.login}' does not have the permission to modify document types.")


def _guard_security(world: World, caller: Caller, row: Row | None) -> None:
    if world.security_scope_required and "sec" not in caller.scopes:
        raise ErpError("The access token does not contain the required scope 'sec'.", status=403)
    if world.self_grant_refused or not caller.user["IsAdmin"]:
        raise denied(f"User '{caller.login}' does not have the permission to modify security settings.")
    if row is not None and row.entity.name == schema.GROUPS and row["GroupType"] != "NormalGroup":
        raise broken_rule("R37166", "SystemGroupsAreImmutable", "System groups cannot be modified.")
