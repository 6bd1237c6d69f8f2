"""What somebody asks the app to do: the wish, and the command that remembers it.

Only the app touches Outlook and ERP.net. Whoever wants something of it, on the page or on the command line, files a
*command*: a row, and a message on the work queue that names it (``jobs.commands.ask``). The app carries the command
out (``jobs.commands.serve``); whoever asked reads the row until it has ended, then the answer.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from jobs.trouble import Trouble
from sync_core.errors import CalsyncError
from sync_core.model.phrase import Phrase
from sync_core.model.sides import Field

Json = dict[str, Any]

EXPIRES = timedelta(days=1)
"""A command is given up if it has not ended this long after it was asked for. Its answer is kept as long."""

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


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: the Entra object id, or what stands for it on a command line, and a name to show."""

    id: str
    name: str = ""


class State(StrEnum):
    """How far a command has come; ``REFUSED`` is one that asked for what there is not (exit 2)."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"


ENDED = frozenset({State.DONE, State.FAILED, State.REFUSED})


@dataclass(frozen=True, slots=True)
class Command:
    """One wish of somebody, and what became of it.

    ``done`` of ``total`` steps have been dealt with; ``total`` is 0 while that is not known. ``items`` are what is
    dealt with one after the other, openings first, as they were when the command began; where people are named, ()
    and the wish tells them. ``within`` is how many items of how many have been dealt with in the one step of what is
    done ``AT_ONCE``, or how many meetings of one person's sync; (0, 0) where none are counted. ``touched_at`` is when
    somebody last worked on it, ``waits_for`` says what holds it up, ``waits`` the same as data (None where an earlier
    build wrote the row). ``trouble`` is why it failed; ``told`` is the same in the words of the day, which may quote
    anything: it is a part of the answer and never stored here. ``is_fine`` is False where an item failed.
    """

    id: str
    wish: Wish
    asked_by: Asker
    asked_at: datetime
    expires_at: datetime
    state: State = State.WAITING
    done: int = 0
    total: int = 0
    items: tuple[str, ...] = ()
    touched_at: datetime | None = None
    finished_at: datetime | None = None
    waits_for: str = ""
    waits: Phrase | None = None
    trouble: Trouble | None = None
    told: str = ""
    is_fine: bool = True
    within: tuple[int, int] = (0, 0)
    etag: str = ""

    @property
    def progress(self) -> tuple[int, int]:
        """How many items of how many have been dealt with, as people count them; (0, 0) where nothing is counted."""
        is_counted = not (self.wish.everybody and self.wish.kind in (Kind.PAUSE, Kind.RESUME))
        if self.wish.kind in AT_ONCE or not is_counted:
            return self.within
        openings = len(OPENINGS.get(self.wish.kind, ()))
        done, total = max(0, self.done - openings), max(0, self.total - openings)
        return self.within if total == 1 and self.within[1] else (done, total)

    @property
    def opening(self) -> str:
        """The opening that is under way before the first item, '' for none."""
        openings = OPENINGS.get(self.wish.kind, ())[: self.total]
        return openings[self.done] if self.state is State.RUNNING and self.done < len(openings) else ""

    @property
    def is_ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ENDED

    @property
    def failure(self) -> str:
        """Why it failed, as a sentence with its remedy; '' where it did not."""
        return self.told or (self.trouble.text if self.trouble else "")


@dataclass(frozen=True, slots=True)
class Turn:
    """Which command last had a say about something, ``what`` it was (its kind and choice) and when it was asked."""

    asked_at: datetime
    command_id: str
    what: str = ""
    etag: str = ""


def turn_of(command: Command) -> Turn:
    """The turn of a command: by when it was asked."""
    return Turn(command.asked_at, command.id, named(command.wish))


def named(wish: Wish) -> str:
    """What is asked, in a word or two: its kind and what was chosen."""
    return " ".join(word for word in (wish.kind, wish.choice) if word)


FAR = 36**7 - 1
"""Seconds that seven digits of base 36 count: until the year 4453."""


def new_id(now: datetime) -> str:
    """Make an id for a command that is asked for now. Newer ids sort first, and nobody can guess one."""
    return f"{stamp(now)}-{secrets.token_hex(6)}"


def stamp(at: datetime) -> str:
    """The beginning of the ids of commands asked for at this instant; earlier ones sort later."""
    return f"{_base36(FAR - int(at.timestamp())):0>7}"


def is_id(text: str) -> bool:
    """Whether a text from outside has the form of ``new_id``."""
    time, _, rest = text.partition("-")
    return len(text) == 20 and len(time) == 7 and f"{time}{rest}".isalnum() and text.isascii() and text.islower()


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


def merged(parts: Sequence[Mapping[str, Any]]) -> Json:
    """Join the parts of an answer: lists are joined, a flag is true if all are, of texts the last one counts."""
    whole: Json = {}
    for part in parts:
        for name, value in part.items():
            match whole.get(name), value:
                case list() as before, list():
                    whole[name] = [*before, *value]
                case bool() as before, bool():
                    whole[name] = before and value
                case before, _:
                    whole[name] = value or before or value
    return whole
