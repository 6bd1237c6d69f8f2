"""Carries out writes: create, update, delete and ``@erpnet.action``, with defaults and rules (erpnet.md §6)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from simulators.erpnet import access, documents, front, notices, references, schema
from simulators.erpnet.errors import ErpError, broken_rule, invalid, not_saved, unsupported
from simulators.erpnet.model import Attr, Children, EntitySet, Ref
from simulators.erpnet.store import Row
from simulators.erpnet.values import accept, utf16_length
from simulators.erpnet.world import Caller, Json, World

_TOP_ACTIONS = ("create", "merge", "find", "findOrCreate")
_ADDITIONAL_DATA_SIZE = 32_000


@dataclass
class Body:
    """A request body, understood: values to store and child bodies by collection."""

    values: dict[str, Any] = field(default_factory=dict)
    children: dict[str, list[Any]] = field(default_factory=dict)


def post(world: World, caller: Caller, entity: EntitySet, body: Json) -> Row:
    """``POST Set``: create, or what ``@erpnet.action`` says; returns the row."""
    action = body.get("@erpnet.action", "create")
    if action not in _TOP_ACTIONS:
        raise invalid(f"The action '{action}' is not valid in POST.")
    if action == "create":
        return create(world, caller, entity, body)
    criteria = references.criteria_of(entity, body)
    found = references.search(world, caller, entity, criteria) if criteria else []
    if not found and action == "find":
        raise references.not_found(entity, criteria)
    if not found:
        return create(world, caller, entity, body)
    if action == "merge":
        update(world, caller, found[0], {k: v for k, v in body.items() if k != "Id"})
    return found[0]


def create(world: World, caller: Caller, entity: EntitySet, body: Json, parent: Row | None = None) -> Row:
    """A new row with everything the layer in force fills in; raises ``ErpError`` when a rule fails."""
    _check_writable(world, caller, entity, None)
    understood = _understand(world, caller, entity, body)
    row = Row(entity, world.store.new_id())
    row.values = {a.name: a.default for a in entity.attrs.values() if a.default is not None}
    row.values |= {k: v for k, v in _kept(understood.values).items() if v is not None}
    if parent is not None:
        row.values[entity.owner] = parent.id
    _prepare(world, caller, row, understood.values)
    _check_required(row)
    world.store.insert(row)
    _check_saved(world, caller, row)
    world.touch(row)
    _after_create(world, caller, row)
    _create_children(world, caller, row, understood)
    return row


def _prepare(world: World, caller: Caller, row: Row, typed: dict[str, Any]) -> None:
    name = row.entity.name
    if caller.front and name == schema.ACTIVITIES:
        front.defaults(world, caller, row)
        row.values |= front.recalculated(world, row.values, typed)
    if caller.front and name == schema.PARTICIPANTS:
        row.values |= front.participant(world, row.values)
    if name == schema.ACTIVITIES:
        documents.complete(world, caller, row)


def _check_required(row: Row) -> None:
    members: tuple[Attr | Ref, ...] = (*row.entity.attrs.values(), *row.entity.refs.values())
    for member in members:
        if member.required and row[member.name] in (None, "", {}):
            raise not_saved(f"The attribute '{member.name}' of {row.entity.repository} is required and has no value.")


def _check_saved(world: World, caller: Caller, row: Row) -> None:
    documents.check_unique(world, row)
    if row.entity.name == schema.ACTIVITIES:
        documents.check(world, row)
        access.require(world, caller, row, "CanUpdate")
    if row.entity.name == schema.PARTICIPANTS:
        documents.check_participant(world, row)
        documents.check_editable(world, caller, world.root(row))


def _after_create(world: World, caller: Caller, row: Row) -> None:
    if row.entity.name == schema.PARTICIPANTS:
        notices.participant_added(world, caller.user, row)
    if row.entity.name == schema.ACTIVITIES and row["AssignedToUser"]:
        notices.activity_saved(world, caller.user, row, assigned=True)


def update(world: World, caller: Caller, row: Row, body: Json) -> bool:
    """Change a row; returns whether anything was written (an unchanged object is not saved at all)."""
    _check_writable(world, caller, row.entity, row)
    body = _check_version(world, row, body)
    if body.get("@erpnet.action", "update") not in ("update", "merge"):
        raise invalid(f"The action '{body['@erpnet.action']}' is not valid here.")
    understood = _understand(world, caller, row.entity, body)
    changes = {k: v for k, v in _kept(understood.values).items() if row[k] != v}
    if changes:
        _save(world, caller, row, changes)
    _create_children(world, caller, row, understood)
    return bool(changes)


def _kept(values: dict[str, Any]) -> dict[str, Any]:
    """AdditionalDataJson: null keeps what is there, the empty text clears it."""
    if "AdditionalDataJson" not in values:
        return values
    data = values["AdditionalDataJson"]
    rest = {k: v for k, v in values.items() if k != "AdditionalDataJson"}
    return rest if data is None else {**rest, "AdditionalDataJson": data or None}


def _save(world: World, caller: Caller, row: Row, changes: dict[str, Any]) -> None:
    activity = row.entity.name == schema.ACTIVITIES
    if activity or row.entity.name == schema.PARTICIPANTS:
        documents.check_editable(world, caller, world.root(row))
    if row.entity.owner in changes:
        raise not_saved(f"{world.text_of(row)} cannot be moved to another owner.")
    if activity and "EnterpriseCompanyLocation" in changes:
        raise broken_rule("R28151", "LocationIsFixed", "The location cannot be changed once saved.")
    if activity and caller.front:
        changes = front.recalculated(world, row.values, changes)
    if activity and row["State"] == "Planned":
        changes = {**changes, "State": "FirmPlanned"}
    for name, value in changes.items():
        world.store.assign(row, name, value)
    _check_required(row)
    _check_saved(world, caller, row)
    world.touch(row)
    if activity:
        notices.activity_saved(world, caller.user, row, assigned="AssignedToUser" in changes)


def _check_version(world: World, row: Row, body: Json) -> Json:
    """The optimistic lock, or whatever this instance makes of ``ObjectVersion`` in a PATCH (UNCONFIRMED)."""
    if "ObjectVersion" not in body:
        return body
    if world.version_check == "refused":
        raise _unknown("ObjectVersion", row.entity)
    if world.version_check == "body" and body["ObjectVersion"] != row["ObjectVersion"]:
        raise ErpError(
            f"The object {world.text_of(row)} has been changed by another user in the meantime.",
            kind="Aloe.OptimisticLockException",
        )
    return {k: v for k, v in body.items() if k != "ObjectVersion"}


def delete(world: World, caller: Caller, row: Row) -> None:
    """``DELETE Set(guid)``: children and grants go, documents and master data are refused."""
    _check_writable(world, caller, row.entity, row)
    if not row.entity.deletable:
        raise not_saved(f"{world.text_of(row)} cannot be deleted.")
    root = world.root(row)
    if row.entity.name == schema.PARTICIPANTS:
        documents.check_editable(world, caller, root)
    world.store.remove(row)
    if root is not row:
        world.touch(root)


def _check_writable(world: World, caller: Caller, entity: EntitySet, row: Row | None) -> None:
    if not entity.writable:
        raise unsupported(f"{entity.name} cannot be modified.")
    access.guard_write(world, caller, entity.name, row)


def _create_children(world: World, caller: Caller, row: Row, body: Body) -> None:
    for name, bodies in body.children.items():
        for child in bodies:
            write_child(world, caller, row, row.entity.children[name], child)


def write_child(world: World, caller: Caller, parent: Row, link: Children, body: Any) -> Row:
    """One element of a child collection: without identity always new, with one it must be the parent's."""
    entity = schema.SETS[link.target]
    if not isinstance(body, dict):
        raise invalid(f"An element of {link.name} must be an object.")
    address = body.get("@odata.id")
    key = references.locate(world, address).id if isinstance(address, str) else body.get("Id")
    if key is None:
        return create(world, caller, entity, body, parent)
    row = world.store.get(entity.name, str(key).lower())
    if row is None or row[link.owner] != parent.id:
        raise invalid(f"'{key}' is not one of the {link.name} of {parent.path}.")
    update(world, caller, row, {k: v for k, v in body.items() if k not in ("Id", "@odata.id")})
    return row


def _understand(world: World, caller: Caller, entity: EntitySet, body: Json) -> Body:
    """Check every member of the body against the model."""
    understood = Body()
    for member, value in body.items():
        name = member.removesuffix("@odata.bind")
        if name.startswith("@") or "@" in name:
            continue
        if name in entity.refs:
            given = value if name == member or value is None else {"@odata.id": value}
            understood.values[name] = _reference(world, caller, entity, name, given)
        elif name in entity.children and isinstance(value, list):
            understood.children[name] = value
        elif name in entity.attrs and name == member:
            understood.values[name] = _attribute(entity, name, value)
        else:
            raise _unknown(name, entity)
    return understood


def _unknown(name: str, entity: EntitySet) -> ErpError:
    return invalid(f"The property '{name}' does not exist on type '{entity.kind}'.")


def _reference(world: World, caller: Caller, entity: EntitySet, name: str, value: Any) -> str | None:
    ref = entity.refs[name]
    if ref.read_only:
        raise invalid(f"The property '{name}' is read-only.")
    return references.resolve(world, caller, ref.target, value, lambda e, b: post(world, caller, e, b))


def _attribute(entity: EntitySet, name: str, value: Any) -> Any:
    attr = entity.attrs[name]
    if name == "State":
        raise broken_rule("R30726", "StateIsChangedByChangeState", "The state cannot be set directly.")
    if attr.read_only:
        raise invalid(f"The property '{name}' is read-only.")
    return _additional_data(value) if name == "AdditionalDataJson" else accept(attr, value)


def _additional_data(value: Any) -> str | None:
    if value is None or value == "":
        return value  # type: ignore[no-any-return]
    text = accept(schema.SETS[schema.ACTIVITIES].attrs["Notes"], value)
    if utf16_length(text) > _ADDITIONAL_DATA_SIZE:
        raise broken_rule("R101790", "AdditionalDataSize", "The additional data exceeds 32000 characters.")
    try:
        holds_object = isinstance(json.loads(text), dict)
    except ValueError:
        holds_object = False
    if not holds_object:
        raise broken_rule("R101839-1", "AdditionalDataIsJson", "The additional data is no JSON object.")
    return str(text)
