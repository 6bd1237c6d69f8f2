"""Resolves references in requests: by address, by ``@odata.bind``, by search criteria (erpnet.md §6)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from simulators.erpnet import access, schema
from simulators.erpnet.errors import ErpError, invalid
from simulators.erpnet.model import PARTIES, EntitySet
from simulators.erpnet.store import Row
from simulators.erpnet.values import guid
from simulators.erpnet.world import Caller, Json, World

ROOT_PATH = "/api/domain/odata/"
_ADDRESS = re.compile(r"(?:(?:https?://[^/]+)?/api/domain/odata/)?(\w+)\(([^()]+)\)")
_FINDERS = ("find", "findOrNull", "findOrCreate", "findSingle", "findSingleOrNull", "merge")
_CRITERIA = ("ExternalId", "Id", "Code", "Name", "DisplayText")


def locate(world: World, address: str) -> Row:
    """The row at ``Set(guid)``, given relative or absolute; raises ``ErpError`` if there is none."""
    match = _ADDRESS.fullmatch(address)
    if match is None or match[1] not in schema.SETS:
        raise invalid(f"'{address}' is not the address of an entity.")
    row = world.store.get(match[1], guid(match[2]))
    if row is None:
        raise missing(address)
    return row


def missing(address: str) -> ErpError:
    """The error of an address that leads nowhere, or to what the caller may not see."""
    return ErpError(f"The object '{address}' does not exist.", kind="Aloe.ObjectNotFoundException")


def key_of(world: World, target: str, address: str) -> str:
    """The key a reference to ``target`` stores for this address.

    A person, company or location may stand for its party; what is stored is the PartyId (erpnet.md §8).
    """
    row = locate(world, address)
    if row.entity.name == target:
        return row.id
    if target == PARTIES and row.entity.party:
        return str(row["PartyId"])
    raise invalid(f"'{address}' is not a reference to {target}.")


def resolve(
    world: World, caller: Caller, target: str, value: Any, write: Callable[[EntitySet, Json], Row]
) -> str | None:
    """The stored key for a reference's JSON value; ``write`` carries out a nested create or merge."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise invalid(f"A reference to {target} must be an object.")
    if set(value) == {"@odata.id"}:
        return bound(world, caller, target, value["@odata.id"])
    return _by_content(world, caller, schema.SETS[target], value, write)


def bound(world: World, caller: Caller, target: str, address: Any) -> str:
    """The key for an address or a ``$1`` of the same changeset."""
    if not isinstance(address, str):
        raise invalid(f"'{address}' is not the address of an entity.")
    alias = caller.aliases.get(address[1:]) if address.startswith("$") else None
    path = alias.path if alias else address
    if not access.sees(world, caller.user, locate(world, path)):
        raise missing(path)
    return key_of(world, target, path)


def _by_content(
    world: World, caller: Caller, entity: EntitySet, body: Json, write: Callable[[EntitySet, Json], Row]
) -> str | None:
    criteria = criteria_of(entity, body)
    action = body.get("@erpnet.action") or ("find" if _only_searches(entity, body) else "merge")
    if action not in _FINDERS or (criteria is None and action != "merge"):
        raise invalid(f"The action '{action}' cannot be carried out for {entity.name} with the data given.")
    if action == "merge":
        return write(entity, {**body, "@erpnet.action": "merge"}).id
    found = search(world, caller, entity, criteria or {})
    if action.startswith("findSingle") and len(found) > 1:
        found = _too_many(entity, action)
    if found:
        return found[0].id
    if action == "findOrCreate":
        return write(entity, {**body, "@erpnet.action": "create"}).id
    if action.endswith("OrNull"):
        return None
    raise not_found(entity, criteria)


def _too_many(entity: EntitySet, action: str) -> list[Row]:
    if action == "findSingleOrNull":
        return []
    raise ErpError(f"More than one object of {entity.name} matches.", kind="System.InvalidOperationException")


def not_found(entity: EntitySet, criteria: Json | None) -> ErpError:
    """The error of a find that finds nothing."""
    return ErpError(f"No object of {entity.name} matches {criteria}.", kind="Aloe.ObjectNotFoundException")


def criteria_of(entity: EntitySet, body: Json) -> Json | None:
    """``@erpnet.findBy``, or what the body's own properties amount to; None = nothing to search by."""
    explicit = body.get("@erpnet.findBy")
    if explicit is not None:
        if not isinstance(explicit, dict) or not set(explicit) <= {*_CRITERIA, "ExternalSystem"}:
            raise invalid("The value of '@erpnet.findBy' is not valid.")
        return explicit
    members = {"ExternalId": "ExternalId", "Id": "Id", "Code": entity.code, "Name": entity.title}
    derived = {c: body[m] for c, m in members.items() if m and body.get(m) is not None}
    if "ExternalSystem" in body and "ExternalId" in derived:
        derived["ExternalSystem"] = body["ExternalSystem"]
    return derived or None


def _only_searches(entity: EntitySet, body: Json) -> bool:
    """Whether the body holds no more than the one criterion used: the docs' ``{"Code", "Name"}`` is a merge."""
    data = {k for k in body if not k.startswith("@")}
    criteria = ({"ExternalId", "ExternalSystem"}, {"Id"}, {entity.code}, {entity.title})
    return any(data <= fields for fields in criteria)


def search(world: World, caller: Caller, entity: EntitySet, criteria: Json) -> list[Row]:
    """The rows that match the first criterion, in the documented priority; void documents are not skipped."""
    first = next((c for c in _CRITERIA if criteria.get(c) is not None), None)
    if first is None:
        raise invalid("'@erpnet.findBy' holds no criterion.")
    test = _test(world, entity, first, criteria)
    return [r for r in world.store.rows(entity.name) if test(r) and access.sees(world, caller.user, r)]


def _test(world: World, entity: EntitySet, criterion: str, criteria: Json) -> Callable[[Row], bool]:
    wanted = criteria[criterion]
    if isinstance(wanted, dict):
        wanted = next(iter(wanted.values()), "")
    text = str(wanted).casefold()
    match criterion:
        case "ExternalId":
            return lambda r: (
                _same(r, "ExternalId", text)
                and (
                    not criteria.get("ExternalSystem")
                    or _same(r, "ExternalSystem", str(criteria["ExternalSystem"]).casefold())
                )
            )
        case "Id":
            return lambda r: r.id == text
        case "Code" if entity.code:
            return lambda r: world.code_of(r).casefold() == text
        case "Name" if entity.title:
            return lambda r: any(text in v.casefold() for v in (r[entity.title] or {}).values())
        case "DisplayText":
            return lambda r: text in world.text_of(r).casefold()
        case _:
            raise invalid(f"{entity.name} cannot be searched by {criterion}.")


def _same(row: Row, name: str, text: str) -> bool:
    return str(row[name] or "").casefold() == text
