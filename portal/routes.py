"""Every address of the page, as data: who may ask for it, and which function answers.

One table serves people and programs: what a page shows can be had as JSON under ``/api/v1`` where the route says so.
An address holds ids that mean nothing outside, never a name, a subject or a word that somebody looks for.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

PAGES, PROGRAMS = ("portal",), ("api", "v1")
"""How the addresses begin: of pages, and of the same as JSON."""

HOME = "/portal"


class Needs(IntEnum):
    """What somebody must be to be answered."""

    NOTHING = 0
    DEVELOPMENT = 1
    """A sign-in for developers must be in force (sign_in.py)."""

    PERSON = 2
    READER = 3
    ADMIN = 4


@dataclass(frozen=True, slots=True)
class Route:
    """One address below ``PAGES``. ``path``: segments, ``{name}`` stands for any one. ``does``: module and function
    of this package. ``program``: whether JSON is there, too (of a GET, what the page shows)."""

    method: str
    path: str
    needs: Needs
    does: str
    program: bool = False

    @property
    def module(self) -> str:
        """The module that must be loaded."""
        return f"portal.{self.does.partition('.')[0]}"

    @property
    def function(self) -> str:
        """The function in it."""
        return self.does.partition(".")[2]

    def match(self, path: tuple[str, ...]) -> dict[str, str] | None:
        """The path's named segments where this is its route."""
        own = [segment for segment in self.path.split("/") if segment]
        if len(own) != len(path):
            return None
        pairs = list(zip(own, path, strict=True))
        if any(not segment.startswith("{") and segment != given for segment, given in pairs):
            return None
        return {segment[1:-1]: given for segment, given in pairs if segment.startswith("{")}


ROUTES = (
    Route("GET", "assets/{name}", Needs.NOTHING, "assets.show"),
    Route("GET", "sign-in", Needs.DEVELOPMENT, "development.show"),
    Route("POST", "sign-in", Needs.DEVELOPMENT, "development.sign_in"),
    Route("POST", "sign-out", Needs.PERSON, "development.sign_out"),
    Route("POST", "language", Needs.PERSON, "language.choose"),
    Route("GET", "openapi.json", Needs.PERSON, "openapi.show", program=True),
    Route("GET", "", Needs.PERSON, "mine.show", program=True),
    Route("GET", "settings", Needs.PERSON, "mine.settings", program=True),
    Route("GET", "conflicts/{id}", Needs.PERSON, "mine.conflict", program=True),
    Route("GET", "items/{item}", Needs.PERSON, "history.own", program=True),
    Route("POST", "do/{what}", Needs.PERSON, "own_wishes.ask_for", program=True),
    Route("GET", "commands/{id}", Needs.PERSON, "command.show", program=True),
    Route("GET", "everyone", Needs.READER, "everyone.show", program=True),
    Route("POST", "everyone", Needs.READER, "everyone.search", program=True),
    Route("GET", "everyone/audit", Needs.READER, "everyone.audit", program=True),
    Route("GET", "everyone/settings", Needs.READER, "everyone.settings", program=True),
    Route("GET", "everyone/connections", Needs.READER, "connections.show", program=True),
    Route("GET", "everyone/unsynced", Needs.READER, "unsynced.show", program=True),
    Route("GET", "everyone/unsynced.csv", Needs.READER, "tables.unsynced_of_all"),
    Route("GET", "everyone/items.csv", Needs.READER, "tables.items_of_all"),
    Route("GET", "everyone/people.csv", Needs.READER, "tables.people"),
    Route("GET", "everyone/audit.csv", Needs.READER, "tables.audit"),
    Route("POST", "everyone/do/{what}", Needs.ADMIN, "admin_wishes.ask_for", program=True),
    Route("GET", "people/{id}", Needs.READER, "everyone.person", program=True),
    Route("GET", "people/{id}/items/{item}", Needs.READER, "history.of_person", program=True),
    Route("GET", "people/{id}/items.csv", Needs.READER, "tables.items"),
)


@dataclass(frozen=True, slots=True)
class Found:
    """The route of a request and the named segments of its address; ``is_program``: JSON is wanted."""

    route: Route
    named: dict[str, str]
    is_program: bool


def find(method: str, path: tuple[str, ...]) -> Found | None:
    """Who answers; None where nobody does."""
    for start, is_program in ((PAGES, False), (PROGRAMS, True)):
        if path[: len(start)] != start:
            continue
        for route in ROUTES:
            named = route.match(path[len(start) :]) if route.method == method else None
            if named is not None and (route.program or not is_program):
                return Found(route, named, is_program)
    return None
