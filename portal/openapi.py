"""The OpenAPI document of ``/api/v1``: each route that programs may ask, what it takes, and what it gives
(``portal.api_shapes``)."""

from __future__ import annotations

import re

from portal.admin_wishes import FOR_ALL, WITH_PEOPLE
from portal.api_shapes import ANSWERS, ERROR, FILED, TEXT, loose, several
from portal.http import Answer, Json, json_answer
from portal.own_wishes import WISHES
from portal.people import FILTERS, SORTS
from portal.routes import ROUTES, Needs, Route
from portal.visit import Visit

CHOICES = {
    "do/{what}": sorted(WISHES),
    "everyone/do/{what}": sorted([*WITH_PEOPLE, *FOR_ALL]),
}
"""What may be asked for, by the route's path."""

FIELDS: dict[str, Json] = {
    "do/{what}": {
        **loose("place", "zone", "item", "until", "id", "choice", "once"),
        "additionalProperties": TEXT,
    },
    "everyone/do/{what}": loose("names", "item", "until", "id", "once", person=several(TEXT)),
    "everyone": loose(
        "word",
        "page",
        show={"type": "string", "enum": ["", *FILTERS]},
        sort={"type": "string", "enum": list(SORTS)},
    ),
}
"""The body of each POST, by the route's path; ``field.NAME`` of a conflict says which side of a field is kept."""

QUERIES = {
    "": ("page",),
    "people/{id}": ("page",),
    "commands/{id}": ("page",),
    "everyone": ("show", "sort", "page", "needs"),
    "everyone/audit": ("page",),
    "everyone/unsynced": ("person", "reason", "after"),
}
"""What may stand behind a ``?``, by the route's path: filters by their names and keys, and where a page begins."""

ROLES = {
    Needs.PERSON: "Everybody who is signed in.",
    Needs.READER: "The app role calsync.reader or calsync.admin.",
    Needs.ADMIN: "The app role calsync.admin.",
}

TOKEN_HEADER = {
    "name": "x-calsync-token",
    "in": "header",
    "required": True,
    "schema": TEXT,
    "description": "As each GET answers it in the header of the same name; it counts for an hour. Send Origin, too.",
}


async def show(_: Visit) -> Answer:
    """The document."""
    return json_answer(document())


def document() -> Json:
    """The OpenAPI document (3.1) of every route that programs may ask."""
    paths: dict[str, Json] = {}
    for route in ROUTES:
        if route.program:
            paths.setdefault(f"/api/v1/{route.path}".rstrip("/"), {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "calsync", "version": "1", "description": "What the pages show, as JSON."},
        "paths": paths,
    }


def _operation(route: Route) -> Json:
    summary, shape = ANSWERS[route.method, route.path]
    is_filed = shape is FILED
    told: Json = {
        "summary": summary,
        "description": ROLES[route.needs],
        "parameters": [_segment(route, name) for name in re.findall(r"\{(\w+)\}", route.path)],
        "responses": {
            "202" if is_filed else "200": {"description": summary, "content": _content(shape)},
            "default": {"description": "Refused; the error says why", "content": _content(ERROR)},
        },
    }
    if route.method == "GET":
        told["parameters"] += [{"name": name, "in": "query", "schema": TEXT} for name in QUERIES.get(route.path, ())]
    else:
        told["parameters"].append(TOKEN_HEADER)
        told["requestBody"] = {"required": True, "content": _content(FIELDS[route.path])}
    return told


def _segment(route: Route, name: str) -> Json:
    choices = CHOICES.get(route.path) if name == "what" else None
    schema = {"type": "string", "enum": choices} if choices else TEXT
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _content(shape: Json) -> Json:
    return {"application/json": {"schema": shape}}
