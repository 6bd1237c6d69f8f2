"""The words of one event: what a person would type into Outlook's form, read from an .ics component.

Outlook's own properties win over the general ones where both speak (X-ALT-DESC, X-MICROSOFT-CDO-…).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

Json = dict[str, Any]
When = datetime | date

SUBJECT_LIMIT = 255
"""Characters of a subject in Exchange (graph.md §5); Outlook cuts longer ones when it imports a file."""

PEOPLE_LIMIT = 500
"""Attendees of one event in Exchange (graph.md §5)."""

LONGEST_REMINDER = 2**31 - 1
"""Minutes of a reminder in Graph, an ``Edm.Int32``."""

NO_ALARM = "NONE"
"""Apple's action of an alarm that says that there is none; its time is some day of 1976."""

BROKEN_ALARM = "with a reminder not understood, left out"
NO_ADDRESS = "attendees without an e-mail address, left out"
TOO_MANY = f"attendees beyond the {PEOPLE_LIMIT} that Exchange holds, left out"
NO_ORGANIZER = "whose organizer has no e-mail address, taken as Anna's own, nobody invited"
LONG_TITLE = f"title longer than {SUBJECT_LIMIT} characters, cut as Outlook does"

SHOW_AS = {
    "FREE": "free",
    "TENTATIVE": "tentative",
    "BUSY": "busy",
    "OOF": "oof",
    "WORKINGELSEWHERE": "workingElsewhere",
}
SENSITIVITY = {"PRIVATE": "private", "CONFIDENTIAL": "confidential"}
ROLES = {"OPT-PARTICIPANT": "optional", "NON-PARTICIPANT": "optional"}

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_ESCAPES = {"n": "\n", "N": "\n"}


def subject_of(event: Any, remarks: Counter[str]) -> str:
    """The title on one line, as long as Exchange holds it; a cut is counted."""
    subject = " ".join(text_of(event, "SUMMARY").split())
    if len(subject) > SUBJECT_LIMIT:
        remarks[LONG_TITLE] += 1
    return subject[:SUBJECT_LIMIT]


def details_of(event: Any, alarms: Iterable[Any], owner: str | None, start: When, remarks: Counter[str]) -> Json:
    """The words of ``OutlookPerson.create`` beyond subject and time; nobody is invited when ``owner`` is None."""
    words: Json = {"reminder": _reminder(alarms, start, remarks), "importance": _importance(event)}
    words |= {"show_as": _show_as(event), "sensitivity": SENSITIVITY.get(text_of(event, "CLASS").upper(), "normal")}
    optional: Json = {"location": text_of(event, "LOCATION"), "categories": _categories(event), **_body(event)}
    people = _people(event, owner or "", remarks)
    optional["attendees"] = people if owner is not None else []
    return words | {name: value for name, value in optional.items() if value}


def _body(event: Any) -> Json:
    page = next(
        (str(v) for v in all_of(event, "X-ALT-DESC") if "html" in str(v.params.get("FMTTYPE", "")).lower()), ""
    )
    return {"html": unescaped(page)} if page else {"body": text_of(event, "DESCRIPTION")}


def unescaped(text: str) -> str:
    """A text value whose type the library does not know, its escapes undone (RFC 5545 §3.3.11)."""
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found.group(1), found.group(1)), text)


def _importance(event: Any) -> str:
    outlook = {"0": "low", "2": "high"}.get(text_of(event, "X-MICROSOFT-CDO-IMPORTANCE"))
    number = text_of(event, "PRIORITY")
    by_number = "high" if number in set("1234") else "low" if number in set("6789") else "normal"
    return outlook or by_number


def _show_as(event: Any) -> str:
    plain = "free" if text_of(event, "TRANSP").upper() == "TRANSPARENT" else "busy"
    return SHOW_AS.get(text_of(event, "X-MICROSOFT-CDO-BUSYSTATUS").upper(), plain)


def _reminder(alarms: Iterable[Any], start: When, remarks: Counter[str]) -> int | None:
    """Minutes before the start of the first alarm that has any; one that Outlook cannot hold is counted."""
    found = (_minutes(alarm, start) for alarm in alarms if text_of(alarm, "ACTION").upper() != NO_ALARM)
    minutes = next((one for one in found if one is not None), None)
    if minutes is not None and minutes > LONGEST_REMINDER:
        remarks[BROKEN_ALARM] = 1
        return None
    return minutes


def _minutes(alarm: Any, start: When) -> int | None:
    at = first_of(alarm, "TRIGGER").dt
    if isinstance(at, timedelta):
        return max(0, round(-at.total_seconds() / 60))
    if isinstance(at, datetime) and isinstance(start, datetime) and at.tzinfo is not None:
        return max(0, round((start - at).total_seconds() / 60))
    return None


def _categories(event: Any) -> list[str]:
    groups: Iterable[Any] = all_of(event, "CATEGORIES")
    names = (str(name).strip() for group in groups for name in getattr(group, "cats", [group]))
    return list(dict.fromkeys(name for name in names if name))


def organizer_of(event: Any, owner: str, remarks: Counter[str]) -> str:
    """The organiser's address, '' when it is the owner's own event or nobody can be named."""
    given = next(iter(all_of(event, "ORGANIZER")), None)
    found = "" if given is None else address_of(given)
    if given is not None and "@" not in found:
        remarks[NO_ORGANIZER] = 1
        return ""
    return found if found.casefold() != owner.casefold() else ""


def _people(event: Any, owner: str, remarks: Counter[str]) -> list[Json]:
    """The attendees but for the owner, each address once; those that Exchange cannot invite are counted."""
    given = all_of(event, "ATTENDEE")
    people = {address.casefold(): (address, one) for one in given if "@" in (address := address_of(one))}
    named = [_person(*found) for folded, found in people.items() if folded != owner.casefold()]
    left_out = {NO_ADDRESS: sum("@" not in address_of(one) for one in given), TOO_MANY: len(named) - PEOPLE_LIMIT}
    remarks.update({text: count for text, count in left_out.items() if count > 0})
    return named[:PEOPLE_LIMIT] if NO_ORGANIZER not in remarks else []


def _person(address: str, given: Any) -> Json:
    name = harmless(given.params.get("CN", "")).strip('"') or address
    kind = ROLES.get(str(given.params.get("ROLE", "")).upper(), "required")
    return {"emailAddress": {"name": name, "address": address}, "type": kind}


def address_of(value: Any) -> str:
    """The e-mail address of an ORGANIZER, ATTENDEE or X-OWNER, which may stand beside an id (RFC 7986 §6.2)."""
    address = re.sub(r"(?i)^mailto:", "", harmless(value)).strip()
    return address if "@" in address else harmless(value.params.get("EMAIL", "")) or address


def all_of(component: Any, name: str) -> list[Any]:
    """Every value of a property, which may occur any number of times."""
    found = component.get(name)
    return found if isinstance(found, list) else [] if found is None else [found]


def first_of(component: Any, name: str) -> Any:
    """The first value of a property that is there."""
    return all_of(component, name)[0]


def text_of(component: Any, name: str) -> str:
    """The first value as text, '' when there is none."""
    return next((harmless(value) for value in all_of(component, name)), "")


def harmless(value: object) -> str:
    """A value as text without control and direction characters, which would reach the audience's terminal."""
    return _CONTROL.sub("", str(value)).strip()
