"""What programs get: described, and exactly as described."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from jobs.command import Asker
from jobs.commands.ask import ask
from jobs.wish import Kind, Wish
from portal.api_shapes import ANSWERS
from portal.openapi import CHOICES, document
from portal.routes import ROUTES
from portal.sign_in import Role
from tests.portal.test_everyone import make_hold
from tests.portal.test_history import key
from tests.portal.test_mine import make_conflict
from tests.support.house import House
from tests.support.visitor import ORIGIN, Visitor, signed_in

MORE = ("/everyone/settings", "/everyone/connections", "/everyone/unsynced", "/openapi.json")

KINDS: dict[str, type] = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "object": dict,
    "array": list,
    "null": type(None),
}


def mistakes(shape: dict[str, Any], value: Any, place: str = "") -> Iterator[str]:
    """Where a value is not as the shape has it: the part of JSON Schema that the document uses."""
    if "anyOf" in shape:
        if all([*mistakes(one, value)] for one in shape["anyOf"]):
            yield f"{place}: {value!r} fits none"
        return
    kind = shape["type"]
    fits = type(value) is KINDS[kind]
    if not fits:
        yield f"{place}: {value!r} is no {kind}"
    elif "enum" in shape and value not in shape["enum"]:
        yield f"{place}: {value!r} is not listed"
    elif shape.get("format") == "date-time" and not re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*\+00:00", value):
        yield f"{place}: {value!r} is no instant"
    elif kind == "array":
        for number, one in enumerate(value):
            yield from mistakes(shape["items"], one, f"{place}[{number}]")
    elif kind == "object":
        known, more = shape.get("properties", {}), shape.get("additionalProperties")
        yield from (f"{place}.{name} is missing" for name in shape.get("required", []) if name not in value)
        for name, one in value.items():
            if name in known:
                yield from mistakes(known[name], one, f"{place}.{name}")
            elif isinstance(more, dict):
                yield from mistakes(more, one, f"{place}.{name}")
            elif not more:
                yield f"{place}.{name} is not described"


def test_every_route_for_programs_is_described() -> None:
    """And nothing else is."""
    programs = {(route.method, route.path) for route in ROUTES if route.program}
    told = document()["paths"]

    assert set(ANSWERS) == programs
    assert {(method.upper(), path) for path, methods in told.items() for method in methods} == {
        (method, f"/api/v1/{path}".rstrip("/")) for method, path in programs
    }


@pytest.mark.parametrize(
    ("value", "count"),
    [({"a": 1, "b": None}, 0), ({"a": "1", "b": None}, 1), ({"b": 2}, 1), ({"a": 1, "b": 1, "c": 1}, 1), ([], 1)],
)
def test_a_mistake_is_found(value: Any, count: int) -> None:
    """The test's own reading of shapes."""
    shape = {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"anyOf": [{"type": "integer"}, {"type": "null"}]}},
        "required": ["a"],
        "additionalProperties": False,
    }
    assert len([*mistakes(shape, value)]) == count


async def check(visitor: Visitor, path: str, described: str) -> None:
    """An answer is exactly as the document says."""
    told = await visitor.json(path)
    [shape] = [
        answer["content"]["application/json"]["schema"]
        for status, answer in document()["paths"][f"/api/v1{described}"]["get"]["responses"].items()
        if status == "200"
    ]
    assert [*mistakes(shape, told)] == []


@pytest.mark.parametrize("scene", ["new", "conflict", "hold"])
async def test_every_answer_is_as_described(house: House, scene: str) -> None:
    """Before anything happened, with an open conflict, with deletions that wait."""
    if scene != "new":
        await (make_conflict if scene == "conflict" else make_hold)(house)
    user = await house.user()
    boss = Visitor(house, signed_in(user.id, Role.ADMIN))
    command = await ask(house.world, Wish(Kind.SYNC, (user.id,)), Asker(user.id))
    for path in ("", "/settings", "/everyone", "/everyone/audit", *MORE):
        await check(boss, path, path)
    await check(boss, f"/commands/{command.id}", "/commands/{id}")
    await check(boss, f"/people/{user.id}", "/people/{id}")
    if scene == "conflict":
        item = await key(house)
        await check(boss, f"/conflicts/{item}", "/conflicts/{id}")
        await check(boss, f"/items/{item}", "/items/{item}")
        await check(boss, f"/people/{user.id}/items/{item}", "/people/{id}/items/{item}")


@pytest.mark.parametrize("path", CHOICES)
async def test_a_program_asks_as_a_form_does(house: House, path: str) -> None:
    """With the token of an answer and its own origin; what comes back is where to look."""
    user = await house.user()
    boss = Visitor(house, signed_in(user.id, Role.ADMIN))
    token = (await boss.get("/api/v1")).headers["X-Calsync-Token"]
    head = {"content_type": "application/json", "origin": ORIGIN}
    for what in CHOICES[path]:
        sent = {"person": ["a"], "names": "a", "item": "x", "id": "x", "once": "0" * 16}
        sent["choice"] = "show" if what == "undo" else "outlook"
        address = f"/api/v1/{path}".replace("{what}", what)
        refused = await boss.ask("POST", address, json.dumps(sent), **head)
        filed = await boss.ask("POST", address, json.dumps(sent), x_calsync_token=token, **head)
        told = json.loads(filed.body)

        assert (refused.status, filed.status) == (403, 202), (what, filed.body)
        assert (await boss.get(told["command"])).status == 200


async def test_an_error_is_json(anna: Visitor) -> None:
    """Whatever is asked for and is not there, or not one's own."""
    for path in ("/nothing", "/everyone", "/commands/x", "/items/0123456789abcdef"):
        answer = await anna.get(f"/api/v1{path}")
        assert (answer.status, answer.kind) in ((404, "application/json"), (403, "application/json"))
        assert set(json.loads(answer.body)) == {"error"}
