"""Checks what rules R2 and R3 require: the document type, and the permissions on it (erpnet.md §8, §11).

CanUpdate and CanVoid of the rules are INFERRED to be ``CanUpdate`` and ``Permission6`` (Void Documents) of
Systems_Security_GroupAccessKeys. Whether a service user may grant them to itself is UNCONFIRMED: it is tried, read
back, and what is still missing is named.
"""

from __future__ import annotations

from dataclasses import dataclass

from adapters.erp.activities import ENTITY
from adapters.erp.directory import NOBODY, USERS, read_user
from adapters.erp.directory import users as users_where
from adapters.erp.odata import Row, id_of, query, ref, target_of, text
from adapters.erp.session import OF_ONE_ITEM, Session
from jobs.ports import ErpUser, Readiness
from sync_core.errors import AccessRefused, ItemRejected, SideError, SideUnavailable
from sync_core.model.sides import Side

DOCUMENT_TYPES = "Systems_Documents_DocumentTypes"
GROUPS = "Systems_Security_Groups"
USER_GROUPS = "Systems_Security_UserGroups"
GRANTS = "Systems_Security_GroupAccessKeys"
CODE = "Meeting"
UNSHOWN = "ERP.net fails to show"
NEEDED = {"CanUpdate": "Update (CanUpdate)", "Permission6": "Void Documents (CanVoid, Permission6)"}


@dataclass(frozen=True, slots=True)
class _Grants:
    """The service user's groups (its own group first) and their permission rows for one access key."""

    groups: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def missing(self) -> list[str]:
        """The permissions that no group grants."""
        return [name for name in NEEDED if not any(row.get(name) for row in self.rows)]


class _GrantsUnshown(Exception):
    """ERP.net lets the service user read groups and access keys, but fails on one of them."""


async def check_readiness(session: Session, *, repair: bool) -> Readiness:
    """``Erp.check_readiness``."""
    login = await session.service_login()
    users, types = await session.try_read([users_where(f"Login eq {text(login)}"), _document_types()])
    if isinstance(users, SideError):
        if isinstance(types, SideError) or not isinstance(users, OF_ONE_ITEM):
            raise users
        return Readiness(id_of(types[0]) if types else "", unshown=(f"{UNSHOWN} the service user {login} ({users})",))
    service = next((read_user(row) for row in users), None)
    problems = _about(service, login)
    if isinstance(types, SideError):
        if not isinstance(types, OF_ONE_ITEM):
            raise types
        return Readiness("", tuple(problems), (f"{UNSHOWN} the document type '{CODE}' ({types})",))
    kind: Row | str | None = types[0] if types else await _make_type(session, login, repair=repair)
    if not isinstance(kind, dict):
        return Readiness("", (*problems, *([kind] if kind else [])))
    key = target_of(kind.get("AccessKey"))
    try:
        if key and service is not None:
            problems += await _check_key(session, service, key, repair=repair)
    except _GrantsUnshown as error:
        what = f"{UNSHOWN} what the service user {login} may do with documents of type '{CODE}' ({error})"
        return Readiness(id_of(kind), tuple(problems), (what,))
    return Readiness(id_of(kind), tuple(problems))


def _document_types() -> str:
    return query(DOCUMENT_TYPES, f"Code eq {text(CODE)} and EntityName eq {text(ENTITY)}")


def _about(service: ErpUser | None, login: str) -> list[str]:
    if service is None:
        return [f"The service user {login} cannot be read in ERP.net: let it read users."]
    if not service.is_admin:
        return [f"The service user {login} is not an ERP.net administrator: set IsAdmin on this user."]
    return []


async def _make_type(session: Session, login: str, *, repair: bool) -> Row | str:
    """Create the document type; return it, or the sentence that says why it could not be created."""
    create = f"create a document type with code {CODE} for the entity {ENTITY} (Activities)"
    if not repair:
        return f"ERP.net has no document type '{CODE}' for activities: the next sync makes it, or {create}."
    body = {"Code": CODE, "EntityName": ENTITY, "TypeName": {"EN": CODE}}
    try:
        await session.send("POST", DOCUMENT_TYPES, body)
    except (ItemRejected, AccessRefused) as error:
        return (
            f"ERP.net has no document type '{CODE}' for activities, and the service user {login} may not create it "
            f"({error}): make {login} an administrator, or {create}."
        )
    made = await session.rows(_document_types())
    if not made:
        raise SideUnavailable(Side.ERP, f"the document type '{CODE}' was made, but cannot be read yet")
    return made[0]


async def _check_key(session: Session, service: ErpUser, key: str, *, repair: bool) -> list[str]:
    why = ""
    try:
        grants = await _read_grants(session, service.id, key)
        if grants.missing and repair:
            why = await _grant(session, grants, key)
            grants = await _read_grants(session, service.id, key)
    except (ItemRejected, AccessRefused) as error:
        return [
            f"The document type '{CODE}' is secured, and the service user {service.login} may not read security "
            f"groups and access keys ({error}): make sure it has {' and '.join(NEEDED.values())} on this type."
        ]
    return [_missing(service.login, grants.missing, why)] if grants.missing else []


def _missing(login: str, missing: list[str], why: str) -> str:
    reason = f" and could not grant it to itself ({why})" if why else ""
    return (
        f"The document type '{CODE}' is secured, and the service user {login} lacks "
        f"{' and '.join(NEEDED[name] for name in missing)} on its access key{reason}: grant it to a group of {login}."
    )


async def _read_grants(session: Session, user_id: str, key: str) -> _Grants:
    me = text(ref(USERS, user_id))
    wanted = {GROUPS: f"GroupForUser eq {me}", USER_GROUPS: f"User eq {me}", GRANTS: f"AccessKey eq {text(key)}"}
    try:
        own, memberships, rows = await session.read([query(name, where) for name, where in wanted.items()])
    except OF_ONE_ITEM as error:
        # ERP.net answers alike where a read is not allowed and where it fails on a row: reading nobody's tells
        await session.read([query(name, f"Id eq {NOBODY}") for name in wanted])
        raise _GrantsUnshown(str(error)) from error
    groups = [ref(GROUPS, id_of(row)) for row in own] + [target_of(row.get("Group")) for row in memberships]
    return _Grants(tuple(groups), tuple(row for row in rows if target_of(row.get("Group")) in groups))


async def _grant(session: Session, grants: _Grants, key: str) -> str:
    """Grant what is missing to the first group, the service user's own if it has one; return '' or why it failed."""
    if not grants.groups:
        return "it belongs to no group"
    group = grants.groups[0]
    row = next((row for row in grants.rows if target_of(row.get("Group")) == group), None)
    rights = dict.fromkeys(grants.missing, True)
    try:
        if row is not None:
            await session.send("PATCH", ref(GRANTS, id_of(row)), rights)
        else:
            await session.send("POST", GRANTS, _new_grant(group, key) | rights)
    except (ItemRejected, AccessRefused) as error:
        return str(error)
    return ""


def _new_grant(group: str, key: str) -> dict[str, object]:
    return {
        "Group": {"@odata.id": group},
        "AccessKey": {"@odata.id": key},
        "CanUpdate": False,
        "CanDelete": False,
    }
