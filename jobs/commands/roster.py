"""The roster file: `calsync users export` writes the users who are on, `calsync users import` switches them on again.

A sync restores everything else that is stored about a user (docs/operate.md "Backup"). The file holds names, ids and
time zones; it holds no secret and nothing of any calendar.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from jobs.checkup import is_zone
from jobs.commands.mistakes import RosterInvalid
from jobs.wish import Kind, Wish
from sync_core.model.user import User

VERSION = 1
"""The version of the file's format; a file of another version is refused."""

NEEDED = ("upn",)


@dataclass(frozen=True, slots=True)
class Entry:
    """One user who is switched on. ``id`` is the Entra object id; a place or zone is '' if nobody chose it."""

    upn: str
    id: str = ""
    company_id: str = ""
    location_id: str = ""
    time_zone: str = ""

    def is_met_by(self, user: User) -> bool:
        """Whether the stored user is on and has the places and the zone of this entry."""
        wanted = (
            (self.company_id, user.company_id),
            (self.location_id, user.location_id),
            (self.time_zone, user.zone if user.zone_chosen else ""),
        )
        return user.enabled and all(asked in ("", known) for asked, known in wanted)

    def means(self, user: User) -> bool:
        """Whether the entry names the stored user: by id if the entry has one, else by UPN."""
        return user.id == self.id if self.id else user.upn.casefold() == self.upn.casefold()


def export(users: Iterable[User]) -> dict[str, Any]:
    """Build the file, as data: every user who is switched on and whose row can be read, by name."""
    entries = (
        Entry(user.upn, user.id, user.company_id, user.location_id, user.zone if user.zone_chosen else "")
        for user in users
        if user.enabled and not user.unreadable
    )
    return {
        "version": VERSION,
        "users": [asdict(entry) for entry in sorted(entries, key=lambda one: (one.upn, one.id))],
    }


def read(text: str) -> list[Entry]:
    """Read the entries of a file. Raises ``RosterInvalid`` with every mistake in the file."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        where = f", from line {wrong.lineno} on" if isinstance(wrong, json.JSONDecodeError) else ""
        raise RosterInvalid([f"it is no JSON{where}: make one with `calsync users export`"]) from None
    is_ours = isinstance(document, dict) and document.get("version") == VERSION
    if not is_ours or not isinstance(document.get("users"), list):
        raise RosterInvalid([f"it is no list of users, version {VERSION}: make one with `calsync users export`"])
    mistakes = [mistake for number, one in enumerate(document["users"], 1) for mistake in _mistakes(number, one)]
    if mistakes:
        raise RosterInvalid(mistakes)
    entries = [Entry(**one) for one in document["users"]]
    twice = [*_twice([entry.upn.casefold() for entry in entries if not entry.id])]
    twice += _twice([entry.id for entry in entries if entry.id])
    if twice:
        raise RosterInvalid([f"{name} is in it twice" for name in twice])
    return entries


def _mistakes(number: int, entry: object) -> Iterator[str]:
    """Each mistake in one entry of a file."""
    if not isinstance(entry, Mapping):
        yield f"user {number} is no object"
        return
    known = {field.name for field in fields(Entry)}
    for name in sorted(map(str, entry.keys() - known)):
        yield f"user {number} has {name!r}, which is none of {', '.join(sorted(known))}"
    for name in sorted(known & entry.keys()):
        if not isinstance(entry[name], str):
            yield f"user {number}: {name} is no text"
    for name in NEEDED:
        if not entry.get(name):
            yield f"user {number} has no {name}"
    zone = entry.get("time_zone", "")
    if isinstance(zone, str) and zone and not is_zone(zone):
        yield f"user {number}: {zone!r} is no IANA time zone"


def _twice(names: Sequence[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield name
        seen.add(name)


def wishes(entries: Sequence[Entry], known: Sequence[User]) -> list[Wish]:
    """What a file asks for: one wish for all who are to have the same place and zone.

    Whoever is on as the file says is left out; nobody is switched off. A name is the id and then the UPN, for a
    directory that does not know the id any more.
    """
    people: dict[tuple[str, str, str], list[str]] = {}
    for entry in entries:
        if not any(entry.means(user) and entry.is_met_by(user) for user in known):
            place = (entry.company_id, entry.location_id, entry.time_zone)
            people.setdefault(place, []).append(f"{entry.id} {entry.upn}".strip())
    return [
        Wish(Kind.ENABLE, tuple(names), company=company, location=location, zone=zone)
        for (company, location, zone), names in people.items()
    ]
