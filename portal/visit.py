"""One request of somebody who was let in: who they are, what they ask, in which language, and the world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from jobs.world import World
from portal import forms
from portal.http import Asked, Json
from portal.sign_in import Person

LANGUAGES = ("en", "bg")
LANGUAGE_COOKIE = "calsync-language"
ZONE_COOKIE = "calsync-zone"
"""Set by the page's script: the zone of the browser, for readers of whom no other is known."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a page shows: the data, which ``/api/v1`` gives as it is, and the template that says it to people.

    ``zone``: in which times are told, '' for UTC."""

    template: str
    data: Json
    status: int = 200
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """``named`` are the segments of the address that the route names, ``key`` signs forms."""

    environ: Mapping[str, str]
    asked: Asked
    named: Mapping[str, str]
    person: Person
    world: World
    language: str
    key: bytes = field(repr=False)

    @property
    def now(self) -> datetime:
        """The world's clock."""
        return self.world.clock()

    @property
    def token(self) -> str:
        """What a form holds that is shown now."""
        return forms.token(self.key, self.person.id, self.now)

    @property
    def form_shown_at(self) -> datetime | None:
        """When the form that is sent was shown to this person; None where it was not, or too long ago."""
        return forms.shown_at(self.asked, self.key, self.person.id, self.now)


def language_of(asked: Asked) -> str:
    """The language that somebody chose, else the first one of their browser's that we speak, else English."""
    chosen = asked.cookie(LANGUAGE_COOKIE)
    if chosen in LANGUAGES:
        return chosen
    for wanted in asked.headers.get("accept-language", "").split(",")[:20]:
        name = wanted.partition(";")[0].strip().lower().partition("-")[0]
        if name in LANGUAGES:
            return name
    return LANGUAGES[0]
