"""Parses bodies of POST and PATCH strictly: an ``event`` resource becomes a ``Draft`` (graph.md §0, §5, §6).

Every property is either written by one function of ``_WRITERS``, silently ignored (``_READ_ONLY``) or refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from simulators.graph import bodies, zones
from simulators.graph.errors import GraphError, bad_request, unknown_property, wrong_value
from simulators.graph.model import NEVER, Address, Attendee, Content

Json = dict[str, Any]
Wall = tuple[datetime, str]

SUBJECT_LIMIT = 255  # UNCONFIRMED in the contract
ATTENDEE_LIMIT = 500
_INT32 = 2**31 - 1

SENSITIVITIES = ("normal", "personal", "private", "confidential")
IMPORTANCES = ("low", "normal", "high")
SHOW_AS = ("free", "tentative", "busy", "oof", "workingElsewhere", "unknown")
PROVIDERS = ("unknown", "teamsForBusiness", "skypeForBusiness", "skypeForConsumer")
ANSWERS = ("none", "organizer", "tentativelyAccepted", "accepted", "declined", "notResponded")
KINDS = ("required", "optional", "resource")

_READ_ONLY_NAMES = """
    id changeKey createdDateTime lastModifiedDateTime iCalUId uid bodyPreview hasAttachments isCancelled isDraft
    isOrganizer organizer onlineMeeting onlineMeetingUrl originalEndTimeZone originalStart originalStartTimeZone
    responseStatus seriesMasterId type webLink occurrenceId cancelledOccurrences
"""
_READ_ONLY = frozenset(_READ_ONLY_NAMES.split())
_NAVIGATION = frozenset(
    ["attachments", "calendar", "exceptionOccurrences", "extensions", "instances", "multiValueExtendedProperties"]
)
_PROPERTY_ID = re.compile(r"(\w+) (\{[0-9a-fA-F-]{36}\}) (Name|Id) (.+)|(\w+) (0x[0-9a-fA-F]+)")


@dataclass(slots=True)
class Draft:
    """What a body asks for: plain fields, and the parts that need the rest of the event to make sense."""

    zone_of: Callable[[str], ZoneInfo]
    name_of: Callable[[str], str]
    sent: set[str] = field(default_factory=set)
    fields: Json = field(default_factory=dict)
    start: Wall | None = None
    end: Wall | None = None
    is_all_day: bool | None = None
    recurrence: Json | None = None
    attendees: tuple[Attendee, ...] | None = None
    wants_online: bool | None = None
    transaction_id: str | None = None
    properties: dict[str, str | None] = field(default_factory=dict)


def read(body: object, draft: Draft) -> Draft:
    """Read an event body into the draft; raises 400 for what Graph refuses."""
    if not isinstance(body, dict):
        raise bad_request("BadRequest", "The request body must be a JSON object.")
    for name, value in body.items():
        if name in _READ_ONLY or "@" in name:
            continue
        if name in _NAVIGATION:
            raise GraphError(501, "NotImplemented", f"The stand-in does not know '{name}' inside an event body.")
        writer = _WRITERS.get(name)
        if writer is None:
            raise unknown_property(name, "Event")
        writer(draft, name, value)
        draft.sent.add(name)
    return draft


def times(draft: Draft, before: Content | None) -> Json:
    """The time fields after this draft, or nothing when it sends none; raises 400 for impossible spans."""
    if draft.start is None and draft.end is None and draft.is_all_day is None:
        return {}
    start = draft.start or (before and wall(before.start, before.start_zone, before.is_all_day))
    end = draft.end or (before and wall(before.end, before.end_zone, before.is_all_day))
    if not start or not end:
        raise bad_request("ErrorInvalidRequest", "The properties start and end are required.")
    all_day = draft.is_all_day if draft.is_all_day is not None else bool(before and before.is_all_day)
    first, last = _all_day(start, end) if all_day else _timed(start, end, draft)
    if last < first:
        raise bad_request("ErrorCalendarEndDateIsEarlierThanStartDate", "The end is earlier than the start.")
    return {
        "start": first, "end": last, "is_all_day": all_day, "start_zone": start[1], "end_zone": end[1],
    }  # fmt: skip


def wall(at: datetime, zone: str, all_day: bool) -> Wall:
    """A stored instant as the wall clock it was written in."""
    local = at if all_day else at.astimezone(zones.any_zone(zone))
    return local.replace(tzinfo=None), zone


def _timed(start: Wall, end: Wall, draft: Draft) -> tuple[datetime, datetime]:
    return zones.to_utc(start[0], draft.zone_of(start[1])), zones.to_utc(end[0], draft.zone_of(end[1]))


def _all_day(start: Wall, end: Wall) -> tuple[datetime, datetime]:
    for name, (at, _) in (("Start", start), ("End", end)):
        if at.time() != datetime.min.time():
            raise _all_day_error(f"The Event.{name} property for an all-day event needs to be set to midnight.")
    if start[1] != end[1]:
        raise _all_day_error("The start and end of an all-day event need to be in the same time zone.")
    if end[0] <= start[0]:
        raise _all_day_error("The duration of an all-day event needs to be at least 24 hours.")
    return zones.midnight(start[0].date()), zones.midnight(end[0].date())


def _all_day_error(message: str) -> GraphError:
    return bad_request("ErrorInvalidRequest", message)


def property_key(ident: object) -> str:
    """An extended property's id with the GUID's case levelled; the name stays case-sensitive."""
    found = _PROPERTY_ID.fullmatch(ident) if isinstance(ident, str) else None
    if found is None:
        raise bad_request("ErrorInvalidProperty", f"The extended property id '{ident}' is not valid.")
    if found.group(2):
        return f"{found.group(1)} {found.group(2).lower()} {found.group(3)} {found.group(4)}"
    return f"{found.group(5)} {found.group(6).lower()}"


def _text(name: str, value: object) -> str:
    if value is not None and not isinstance(value, str):
        raise wrong_value(name, "Edm.String")
    return value or ""


def _parts(name: str, value: object, kind: str, known: str) -> Json:
    if not isinstance(value, dict):
        raise wrong_value(name, f"Microsoft.OutlookServices.{kind}")
    for key in value:
        if key not in known.split() and "@" not in key:
            raise unknown_property(key, kind)
    return value


def _list(name: str, value: object) -> list[Any]:
    if not isinstance(value, list):
        raise wrong_value(name, "Collection")
    return value


def _one_of(name: str, value: object, choices: tuple[str, ...]) -> str:
    found = next((c for c in choices if isinstance(value, str) and c.lower() == value.lower()), None)
    if found is None:
        raise wrong_value(name, f"microsoft.graph.{name}")
    return found


def _subject(draft: Draft, name: str, value: object) -> None:
    subject = _text(name, value)
    if len(subject) > SUBJECT_LIMIT:
        raise bad_request("ErrorPropertyValidationFailure", "Property validation failed: Subject is too long.")
    draft.fields["subject"] = subject


def _body(draft: Draft, name: str, value: object) -> None:
    part = _parts(name, value or {}, "ItemBody", "contentType content")
    kind = _one_of("contentType", part.get("contentType") or "text", ("text", "html"))
    content = _text("content", part.get("content"))
    draft.fields["body"] = bodies.from_text(content) if kind == "text" else bodies.from_html(content)


def _time(draft: Draft, name: str, value: object) -> None:
    part = _parts(name, value, "DateTimeTimeZone", "dateTime timeZone")
    zone = part.get("timeZone")
    draft.zone_of(zone if isinstance(zone, str) else "")
    at = (zones.parse_wall(part.get("dateTime")), str(zone))
    if name == "start":
        draft.start = at
    else:
        draft.end = at


def _all_day_flag(draft: Draft, name: str, value: object) -> None:
    draft.is_all_day = _flag(name, value)


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise wrong_value(name, "Edm.Boolean")
    return value


def _categories(draft: Draft, name: str, value: object) -> None:
    names = _list(name, value)
    if not all(isinstance(n, str) for n in names):
        raise wrong_value(name, "Edm.String")
    draft.fields["categories"] = tuple(dict.fromkeys(names))


_LOCATION = """displayName locationType uniqueId uniqueIdType address coordinates locationEmailAddress
    locationUri"""


def _location(draft: Draft, name: str, value: object) -> None:
    place = _place(name, value) if value is not None else {}
    draft.fields["locations"] = (place,) if place.get("displayName") else ()


def _locations(draft: Draft, name: str, value: object) -> None:
    if "location" not in draft.sent:
        draft.fields["locations"] = tuple(_place(name, v) for v in _list(name, value))


def _place(name: str, value: object) -> Json:
    part = _parts(name, value, "Location", _LOCATION)
    return {**part, "displayName": _text("displayName", part.get("displayName"))}


def _reminder(draft: Draft, name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _INT32:
        raise wrong_value(name, "Edm.Int32")
    draft.fields["reminder_minutes"] = value


def _attendees(draft: Draft, name: str, value: object) -> None:
    people = _list(name, value)
    if len(people) > ATTENDEE_LIMIT:
        raise bad_request("ErrorInvalidRequest", f"An event can have at most {ATTENDEE_LIMIT} attendees.")
    draft.attendees = tuple(_attendee(draft, p) for p in people)


def _attendee(draft: Draft, value: object) -> Attendee:
    part = _parts("attendees", value, "Attendee", "emailAddress type status proposedNewTime")
    who = _parts("emailAddress", part.get("emailAddress"), "EmailAddress", "name address")
    address = _text("address", who.get("address"))
    if "@" not in address:
        raise bad_request("ErrorInvalidRecipients", "At least one recipient isn't valid.")
    kind = _one_of("type", part.get("type") or "required", KINDS)
    status = _parts("status", part.get("status") or {}, "ResponseStatus", "response time")
    response = _one_of("response", status.get("response") or "none", ANSWERS)
    name = _text("name", who.get("name")) or draft.name_of(address)
    return Attendee(Address(name, address), kind, response, _text("time", status.get("time")) or NEVER)


def _recurrence(draft: Draft, name: str, value: object) -> None:
    if value is not None and not isinstance(value, dict):
        raise wrong_value(name, "Microsoft.OutlookServices.PatternedRecurrence")
    draft.recurrence = value


def _online(draft: Draft, name: str, value: object) -> None:
    draft.wants_online = _flag(name, value)


def _provider(draft: Draft, name: str, value: object) -> None:
    if _one_of(name, value, PROVIDERS) != "teamsForBusiness":
        draft.sent.add("foreignProvider")


def _transaction(draft: Draft, name: str, value: object) -> None:
    draft.transaction_id = _text(name, value) or None


def _properties(draft: Draft, name: str, value: object) -> None:
    for entry in _list(name, value):
        part = _parts(name, entry, "SingleValueLegacyExtendedProperty", "id value")
        wanted = part.get("value")
        draft.properties[property_key(part.get("id"))] = None if wanted is None else _text("value", wanted)


def _plain_flag(target: str) -> Callable[[Draft, str, object], None]:
    def write(draft: Draft, name: str, value: object) -> None:
        draft.fields[target] = _flag(name, value)

    return write


def _plain_choice(target: str, choices: tuple[str, ...], default: str) -> Callable[[Draft, str, object], None]:
    def write(draft: Draft, name: str, value: object) -> None:
        draft.fields[target] = default if value is None else _one_of(name, value, choices)

    return write


_WRITERS: dict[str, Callable[[Draft, str, object], None]] = {
    "subject": _subject,
    "body": _body,
    "start": _time,
    "end": _time,
    "isAllDay": _all_day_flag,
    "location": _location,
    "locations": _locations,
    "categories": _categories,
    "importance": _plain_choice("importance", IMPORTANCES, "normal"),
    "sensitivity": _plain_choice("sensitivity", SENSITIVITIES, "normal"),
    "showAs": _plain_choice("show_as", SHOW_AS, "busy"),
    "isReminderOn": _plain_flag("is_reminder_on"),
    "reminderMinutesBeforeStart": _reminder,
    "attendees": _attendees,
    "responseRequested": _plain_flag("response_requested"),
    "allowNewTimeProposals": _plain_flag("allow_new_time_proposals"),
    "hideAttendees": _plain_flag("hide_attendees"),
    "recurrence": _recurrence,
    "isOnlineMeeting": _online,
    "onlineMeetingProvider": _provider,
    "transactionId": _transaction,
    "singleValueExtendedProperties": _properties,
}

KNOWN = frozenset(_WRITERS) | _READ_ONLY
