"""What somebody can ask the app to do: the wish, what it must say, and what of it may not be kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from sync_core.errors import CalsyncError
from sync_core.model.sides import Field

MOST_PEOPLE = 10_000
MOST_TEXT = 1_000
MOST_FIELDS = 20
"""Bounds of a wish: people named, characters of a text, fields chosen one by one."""

MOST_NAMES = 420_000
"""Characters of all names together, with three for each: one row holds them."""


class Kind(StrEnum):
    """What can be asked for."""

    ENABLE = "enable"
    DISABLE = "disable"
    FORGET = "forget"
    SYNC = "sync"
    PREVIEW = "preview"
    DOCTOR = "doctor"
    GRANT = "grant"
    WHY = "why"
    APPROVE = "approve"
    RESOLVE = "resolve"
    RETRY = "retry"
    UNLINK = "unlink"
    UNDO = "undo"
    PAUSE = "pause"
    RESUME = "resume"
    PLACES = "places"


WITHOUT_CALLS = frozenset({Kind.DISABLE, Kind.FORGET, Kind.RETRY, Kind.UNLINK, Kind.PAUSE, Kind.RESUME})
"""What needs no session of ERP.net, and so never waits for one."""

OPENINGS: dict[Kind, tuple[str, ...]] = {Kind.SYNC: ("pull",)}
"""What is done before the first item, by name: nobody counts it among the items."""

AT_ONCE = frozenset({Kind.PREVIEW, Kind.DOCTOR, Kind.GRANT, Kind.APPROVE, Kind.RESOLVE, Kind.UNDO, Kind.PLACES})
"""What is dealt with in one go. Of these a preview alone has items to count (``Command.within``)."""

NEEDS = {
    Kind.ENABLE: ("people",),
    Kind.DISABLE: ("people",),
    Kind.FORGET: ("people",),
    Kind.PAUSE: ("people",),
    Kind.RESUME: ("people",),
    Kind.WHY: ("people", "item"),
    Kind.APPROVE: ("item", "choice"),
    Kind.RESOLVE: ("item", "choice"),
    Kind.UNDO: ("item",),
    Kind.UNLINK: ("people", "item"),
}
"""What a wish of this kind must say."""

CHOICES = {
    Kind.APPROVE: frozenset({"approve", "drop"}),
    Kind.RESOLVE: frozenset({"outlook", "erp", "fields"}),
    Kind.UNDO: frozenset({"", "show", "remake"}),
    Kind.PREVIEW: frozenset({"", "on", "series"}),
}
"""What may be chosen; of every other kind nothing. A preview with "on" shows what switching somebody on would do, one
with "series" what SYNC_SERIES=window would. An undo with "show" changes nothing, one with "remake" also makes anew
what the round deleted."""

SIDES = frozenset({"outlook", "erp"})
"""Whose value is kept, where each field is chosen by itself."""

FIELDS = frozenset((*Field, "deletion"))
"""What a person may choose by itself."""

BELONGS = {
    "company": {Kind.ENABLE},
    "location": {Kind.ENABLE},
    "zone": {Kind.ENABLE},
    "until": {Kind.PAUSE},
    "item": {Kind.RETRY, *(kind for kind, needs in NEEDS.items() if "item" in needs)},
}
"""Of which kinds a text is a part; another kind that came with it would keep it for nothing."""

_ID = re.compile(r"[A-Za-z0-9+/=_.~-]{1,512}")
"""What an item is called by, unless somebody asks why: an id, and no words."""


class WishInvalid(CalsyncError):
    """Nobody can do what is asked; the text says what to say instead (exit 2)."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked. ``people`` are user ids or names, none of them with ``everybody``.

    ``company``, ``location`` and ``zone`` are for who is switched on. ``item`` is what the wish is about: a subject
    or id (why), a hold, a conflict, a round, an event or activity (unlink, and a retry of it alone). ``choice`` is
    the answer to it (``CHOICES``), ``fields`` the side to keep by field's name. ``until`` is an ISO date, the first
    day after a pause; ``full``: both sides are read whole. ``repair``: create and grant what is
    missing. ``on`` is the ISO date of the items that are asked about, ``limit`` how many findings are told, 0 = all.
    """

    kind: Kind
    people: tuple[str, ...] = ()
    everybody: bool = False
    full: bool = False
    company: str = ""
    location: str = ""
    zone: str = ""
    item: str = ""
    choice: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    until: str = ""
    repair: bool = False
    on: str = ""
    limit: int = 0

    @property
    def calls(self) -> bool:
        """Whether it needs a session of ERP.net."""
        return self.kind not in WITHOUT_CALLS


def check(wish: Wish) -> None:
    """Raises ``WishInvalid`` for a wish that says too little, too much, or two things at once."""
    texts = (wish.company, wish.location, wish.zone, wish.item, wish.choice, wish.until, wish.on, *wish.people)
    if len(wish.people) > MOST_PEOPLE or len(wish.fields) > MOST_FIELDS or any(len(t) > MOST_TEXT for t in texts):
        raise WishInvalid(f"too much for one command: at most {MOST_PEOPLE:,} people, {MOST_TEXT:,} letters a text")
    if any(_is_broken(text) for text in (*texts, *wish.fields)):
        raise WishInvalid("a text with half a character in it cannot be understood: write it anew")
    if sum(len(name) + 3 for name in wish.people) > MOST_NAMES:
        raise WishInvalid("too many people for one command: name half of them, then the others")
    lacking = [name for name in NEEDS.get(wish.kind, ()) if not getattr(wish, name)]
    if lacking and not (lacking == ["people"] and wish.everybody):
        raise WishInvalid(f"{wish.kind}: say {' and '.join(lacking)}")
    if wish.everybody and wish.people:
        raise WishInvalid("say either whom or everybody")
    if wish.kind is Kind.RETRY and wish.item and not wish.people:
        raise WishInvalid("retry: say whose item it is")
    allowed = CHOICES.get(wish.kind, frozenset({""}))
    if wish.choice not in allowed:
        raise WishInvalid(f"{wish.kind}: choose one of {', '.join(sorted(allowed))}")
    if (wish.choice == "fields") != bool(wish.fields) or not set(wish.fields.values()) <= SIDES:
        raise WishInvalid("say for each field which side is kept: outlook or erp")
    if not set(wish.fields) <= FIELDS:
        raise WishInvalid(f"choose between the values of {', '.join(sorted(FIELDS))}")
    _check_texts(wish)


def _check_texts(wish: Wish) -> None:
    """A command is kept for long: it holds ids, dates and the names of people, and nobody's words."""
    foreign = [name for name, kinds in BELONGS.items() if getattr(wish, name) and wish.kind not in kinds]
    if foreign:
        raise WishInvalid(f"{wish.kind}: leave out {' and '.join(foreign)}")
    if wish.item and wish.kind is not Kind.WHY and not _ID.fullmatch(wish.item):
        raise WishInvalid(f"{wish.kind}: say which by its id, as the lists show it")
    try:
        _ = date.fromisoformat(wish.until) if wish.until else None
    except ValueError:
        raise WishInvalid("a pause ends on a day like 2026-12-07") from None


def _is_broken(text: str) -> bool:
    """Whether a text holds half a character (a lone surrogate), which no row can keep."""
    return any("\ud800" <= char <= "\udfff" for char in text)


def named(wish: Wish) -> str:
    """What is asked, in a word or two: its kind and what was chosen."""
    return " ".join(word for word in (wish.kind, wish.choice) if word)
