"""Routes requests of the Domain API: it takes one request as plain values and returns one answer as plain values.

Knows nothing of HTTP libraries, so that a request of its own and a part of a ``$batch`` take the same way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, unquote

from simulators.erpnet import documents, notices, query, schema, writes
from simulators.erpnet.errors import ErpError, invalid, unsupported
from simulators.erpnet.model import EntitySet
from simulators.erpnet.references import ROOT_PATH, bound
from simulators.erpnet.store import Row
from simulators.erpnet.world import Caller, Json, World

JSON_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
_ENTITY = re.compile(r"(\w+)\(([^()]+)\)(?:/([\w.]+))?")
_ALIAS = re.compile(r"\$(\w+)(?:/([\w.]+))?")
_SET = re.compile(r"(\w+)(/\$count)?")


@dataclass(frozen=True)
class Request:
    """A Domain API request: ``path`` is decoded and relative to the OData root."""

    method: str
    path: str
    options: Mapping[str, str] = field(default_factory=dict)
    raw: bytes = b""

    @property
    def body(self) -> Json:
        """The JSON object in the body; raises ``ErpError`` when it is none."""
        try:
            value = json.loads(self.raw or b"{}")
        except ValueError as bad:
            raise invalid("The request body is not valid JSON.") from bad
        if not isinstance(value, dict):
            raise invalid("The request body must be a JSON object.")
        return value


@dataclass
class Answer:
    """Status and payload; ``row`` is what a write created or changed, for Content-ID references."""

    status: int
    payload: Any = None
    content_type: str = JSON_TYPE
    headers: dict[str, str] = field(default_factory=dict)
    row: Row | None = None

    def content(self) -> bytes:
        """The body's bytes."""
        if self.payload is None:
            return b""
        if isinstance(self.payload, bytes):
            return self.payload
        return self.payload.encode() if isinstance(self.payload, str) else json.dumps(self.payload).encode()


def refusal(error: ErpError) -> Answer:
    """The answer an error makes."""
    return Answer(error.status, error.body(), "application/json; charset=utf-8", dict(error.headers))


def request_of(method: str, target: str, raw: bytes) -> Request:
    """Read a request target: relative to the OData root, absolute path or absolute URL."""
    return Request(method, *_read_target(target), raw)


@lru_cache(maxsize=1024)
def _read_target(target: str) -> tuple[str, Mapping[str, str]]:
    path, _, options = target.partition("?")
    path = re.sub(r"^https?://[^/]+", "", path)
    if path.startswith("/"):
        if not path.startswith(ROOT_PATH):
            raise invalid(f"'{path}' is outside the OData root.")
        path = path.removeprefix(ROOT_PATH)
    return unquote(path), MappingProxyType(dict(parse_qsl(options, keep_blank_values=True)))


class Api:
    """The entity sets, actions and functions below the OData root."""

    def __init__(self, world: World, root_url: Callable[[], str]) -> None:
        self._world = world
        self._root_url = root_url
        self._functions: dict[str, Callable[[], Answer]] = {
            "": self._service_document,
            "$metadata": self._metadata,
            "GetVersion": self._version,
            "GetRenamedEntityTypes": self._renamed,
        }

    def answer(self, caller: Caller, request: Request) -> Answer:
        """Carry out one request, all or nothing; errors become their answer."""
        try:
            with self._world.store.atomic():
                _check_scope(caller, request)
                return self._route(caller, request)
        except ErpError as error:
            return refusal(error)

    def _route(self, caller: Caller, request: Request) -> Answer:
        if request.method == "GET" and request.path in self._functions:
            return self._functions[request.path]()
        if match := _ENTITY.fullmatch(request.path):
            return self._entity(caller, request, match[1], match[2], match[3])
        if match := _ALIAS.fullmatch(request.path):
            return self._aliased(caller, request, match[1], match[2])
        if match := _SET.fullmatch(request.path):
            return self._set(caller, request, self._named(match[1]), counted=bool(match[2]))
        raise invalid(f"The request path '{request.path}' is not valid.")

    def _named(self, name: str) -> EntitySet:
        if name in schema.SETS:
            return schema.SETS[name]
        if name in schema.RENAMED:
            raise unsupported(
                f"The provided entity set name '{name}' is no more supported.\n"
                f"The new name of this entity is '{schema.RENAMED[name][0]}'.\n"
                f"List of all entity renames can be found at {self._root_url()}GetRenamedEntityTypes."
            )
        raise invalid(f"Resource not found for the segment '{name}'.")

    def _set(self, caller: Caller, request: Request, entity: EntitySet, *, counted: bool) -> Answer:
        if request.method == "GET" and counted:
            number = query.count(self._world, caller, entity, request.options)
            return Answer(200, str(number), "text/plain; charset=utf-8")
        if request.method == "GET":
            return Answer(200, query.read_set(self._world, caller, entity, request.options, self._root_url()))
        if request.method == "POST" and not counted:
            return self._created(writes.post(self._world, _placed(caller, request), entity, request.body))
        raise unsupported(f"The method {request.method} is not supported for '{request.path}'.")

    def _created(self, row: Row) -> Answer:
        shape = query.shape_of(row.entity, None, None)
        headers = {"Location": self._root_url() + row.path}
        entity = query.render(self._world, row, shape)
        return Answer(201, self._context(row.entity) | entity, headers=headers, row=row)

    def _context(self, entity: EntitySet) -> Json:
        return {"@odata.context": f"{self._root_url()}$metadata#{entity.name}/$entity"}

    def _aliased(self, caller: Caller, request: Request, alias: str, tail: str | None) -> Answer:
        row = caller.aliases.get(alias)
        if row is None:
            raise invalid(f"'${alias}' refers to no earlier request of this changeset.")
        return self._entity(caller, request, row.entity.name, row.id, tail)

    def _entity(self, caller: Caller, request: Request, name: str, key: str, tail: str | None) -> Answer:
        entity = self._named(name)
        if tail is not None:
            return self._below(caller, request, query.visible(self._world, caller, entity, key), tail)
        if request.method == "GET":
            row_read = query.read_one(self._world, caller, entity, key, request.options)
            return Answer(200, self._context(entity) | row_read)
        row = query.visible(self._world, caller, entity, key)
        if request.method == "PATCH":
            writes.update(self._world, _placed(caller, request), row, request.body)
            return Answer(204, row=row)
        if request.method == "DELETE":
            writes.delete(self._world, caller, row)
            return Answer(204)
        raise unsupported(f"The method {request.method} is not supported for '{request.path}'.")

    def _below(self, caller: Caller, request: Request, row: Row, tail: str) -> Answer:
        if request.method != "POST":
            raise unsupported(f"'{request.path}': sub-entities are not supported.")
        link = row.entity.children.get(tail)
        if link is not None:
            child = writes.write_child(self._world, _placed(caller, request), row, link, request.body)
            return self._created(child)
        return self._action(caller, row, tail.removeprefix("Erp."), request.body)

    def _action(self, caller: Caller, row: Row, name: str, body: Json) -> Answer:
        of_documents: dict[str, Callable[[Caller, Row, Json], None]] = {
            "ChangeState": self._change_state,
            "MakeVoid": self._make_void,
        }
        if name == "CreateNotification":
            self._create_notification(caller, row, body)
        elif name in of_documents and row.entity.name == schema.ACTIVITIES:
            of_documents[name](caller, row, body)
        else:
            raise invalid(f"The method '{name}' does not exist on type '{row.entity.kind}'.")
        return Answer(204, row=row)

    def _change_state(self, caller: Caller, row: Row, body: Json) -> None:
        _check_parameters(body, {"newState", "userStatus"})
        documents.change_state(self._world, caller, row, str(body.get("newState")))
        notices.state_changed(self._world, caller.user, row)

    def _make_void(self, caller: Caller, row: Row, body: Json) -> None:
        _check_parameters(body, {"reason", "voidType", "resetParentState"})
        if body.get("voidType", "VoidDocument") not in documents.VOID_TYPES:
            raise invalid(f"'{body['voidType']}' is not a valid voidType.")
        documents.make_void(self._world, caller, row, str(body.get("reason") or ""))

    def _create_notification(self, caller: Caller, row: Row, body: Json) -> None:
        _check_parameters(body, {"user", "notificationClass", "subject", "priority"})
        given = body.get("user")
        address = given.get("@odata.id") if isinstance(given, dict) else given
        user_id = bound(self._world, caller, schema.USERS, str(address))
        notices.create(
            self._world,
            row,
            self._world.store.at(schema.USERS, user_id),
            str(body.get("notificationClass")),
            str(body.get("subject") or ""),
            str(body.get("priority", "Normal")),
        )

    def _service_document(self) -> Answer:
        sets = [{"name": n, "kind": "EntitySet", "url": n} for n in schema.SETS]
        return Answer(200, {"@odata.context": f"{self._root_url()}$metadata", "value": sets})

    def _version(self) -> Answer:
        context = f"{self._root_url()}$metadata#Erp.OpenObject"
        return Answer(200, {"@odata.context": context, "version": self._world.version})

    def _renamed(self) -> Answer:
        context = f"{self._root_url()}$metadata#Collection(Erp.OpenObject)"
        names = [{"OldName": o, "NewName": n, "Version": v} for o, (n, v) in schema.RENAMED.items()]
        return Answer(200, {"@odata.context": context, "value": names})

    def _metadata(self) -> Answer:
        sets = "".join(f'<EntitySet Name="{s.name}" EntityType="{s.kind}"/>' for s in schema.SETS.values())
        text = (
            '<?xml version="1.0" encoding="utf-8"?>'
            '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
            '<Schema Namespace="Erp" xmlns="http://docs.oasis-open.org/odata/ns/edm">'
            f'<EntityContainer Name="Container">{sets}</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>'
        )
        return Answer(200, text, "application/xml")


def _check_scope(caller: Caller, request: Request) -> None:
    wanted = "read" if request.method == "GET" else "update"
    if wanted not in caller.scopes:
        raise ErpError(f"The access token does not contain the required scope '{wanted}'.", status=403)


def _check_parameters(body: Json, known: set[str]) -> None:
    unknown = {k for k in body if not k.startswith("@")} - known
    if unknown:
        raise invalid(f"The parameter '{min(unknown)}' does not exist.")


def _placed(caller: Caller, request: Request) -> Caller:
    """The caller with the request's context parameters, which only front-end defaults look at."""
    caller.company = request.options.get("CurrentEnterpriseCompanyId") or caller.company
    caller.location = request.options.get("CurrentEnterpriseCompanyLocationId") or caller.location
    return caller
