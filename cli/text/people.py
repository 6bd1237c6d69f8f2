"""Writes what is known of people, and what became of what was asked about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from cli.screen import plain
from cli.text.words import Json, failure_lines, when


def user_line(user: Json) -> str:
    """Write one user as ``users list`` shows them."""
    switch = f"on, {user['state']}" if user["enabled"] else "off"
    return plain(f"{user['upn']}: {switch}{_place(user)}")


def user_lines(users: Sequence[Json]) -> Iterator[str]:
    """Write the lines of ``users list``; two users of one name get their ids beside it."""
    names = Counter(user["upn"].casefold() for user in users)
    for user in users:
        yield user_line(user) + (f" [{plain(user['id'])}]" if names[user["upn"].casefold()] > 1 else "")


def _place(user: Json) -> str:
    known = [f"ERP.net user {user['erp_login']}"] if user["erp_login"] else []
    known += [user["time_zone"]] if user["time_zone"] else []
    return f" ({', '.join(known)})" if known else ""


def enabled_lines(output: Json) -> Iterator[str]:
    """Write who was switched on, and what they lack."""
    yield from map(user_line, output.get("users", ()))
    yield from (plain(f"  {problem}") for problem in output.get("problems", ()))
    yield from failure_lines(output)


def disabled_lines(output: Json) -> Iterator[str]:
    """Write who was switched off."""
    for user in output.get("users", ()):
        yield plain(f"{user['upn']}: off; nothing was deleted on either side.")
    yield from failure_lines(output)


def forgotten_lines(output: Json) -> Iterator[str]:
    """Write who was forgotten."""
    for one in output.get("forgotten", ()):
        yield plain(f"{one['upn']} ({one['id']}): forgotten; events and activities stay as they are.")
    yield from failure_lines(output)


def person_lines(person: Json) -> Iterator[str]:
    """Write all that is known of one person."""
    zone = person["time_zone"]
    yield f"{user_line(person)}; times of {zone or 'UTC'}"
    known = {
        "name": person["display_name"],
        "id": person["id"],
        "addresses": ", ".join(person["addresses"]),
        "ERP.net user": " ".join(filter(None, (person["erp_login"], person["erp_user_id"]))),
        "was before": ", ".join(person["former_logins"]),
        "company": _named(person, "company"),
        "location": _named(person, "location"),
        "time zone": f"{zone} ({'chosen' if person['zone_chosen'] else 'of the mailbox'})" if zone else "",
        "on since": when(person["enabled_at"], zone) if person["enabled"] else "",
        "last sync": when(person["synced_at"], zone),
        "paused": person["paused"]["text"] if person["paused"] else "",
        "Outlook's changes": person["news"],
    }
    yield from (plain(f"  {name + ':':<18} {value}") for name, value in known.items() if value)


def _named(person: Json, place: str) -> str:
    """A company or location by its name, as last known, and its id; a row of an earlier build has no name."""
    name, place_id = person[place], person[f"{place}_id"]
    return f"{name} ({place_id})" if name and place_id else place_id


def paused_lines(output: Json) -> Iterator[str]:
    """Write who is paused now."""
    users, everybody = output.get("users", ()), output.get("everybody")
    if everybody:
        yield f"Everybody's sync is {everybody['text']}; what changes meanwhile waits."
    elif not users and not output.get("failures"):
        yield "The pause of everybody is over; whoever was paused by name stays so."
    for user in users:
        paused = f"{user['paused']['text']}; what changes meanwhile waits" if user["paused"] else "not paused"
        yield plain(f"{user['upn']}: {paused}.")
    yield from failure_lines(output)
