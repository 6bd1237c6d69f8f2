"""Writes events as Graph does: the ``event`` resource in the zone, body form and id kind that a request prefers.

graph.md §3 (bare occurrences, removals), §6 and §8.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from simulators.graph import bodies, ids, zones
from simulators.graph.model import Content, Item, Occurrence, original_start

Json = dict[str, Any]

PREVIEW = 255
_UTC = ZoneInfo("UTC")
TYPE = "#microsoft.graph.event"


@dataclass(frozen=True, slots=True)
class View:
    """How a request wants events to look; each preference counts for that request only."""

    zone_name: str = "UTC"
    zone: ZoneInfo = _UTC
    as_text: bool = False
    immutable: bool = False

    def id_of(self, here: Occurrence) -> str:
        """The event's id of the preferred kind."""
        own = self.item_id(here.item)
        if here.slot is None:
            return own
        stays = here.item.mailbox.switches.occurrence_ids_stay or not self.immutable
        return ids.occurrence_id(own, here.slot, 0 if stays else here.item.version)

    def date_id(self, here: Occurrence) -> str | None:
        """What names the date of a series by its master: ``occurrenceId``, and in ``cancelledOccurrences``."""
        return f"OID.{self.item_id(here.item)}.{here.slot.isoformat()}" if here.slot else None

    def item_id(self, item: Item) -> str:
        """The item's id of the preferred kind."""
        return item.immutable_id if self.immutable else item.regular_id

    def time(self, at: datetime, all_day: bool) -> Json:
        """A ``dateTimeTimeZone``; all-day stays at midnight whatever zone is asked."""
        local = at if all_day else at.astimezone(self.zone)
        return {"dateTime": zones.wall_text(local), "timeZone": self.zone_name}


PERSONAL = View(immutable=True)


def etag(item: Item) -> str:
    """The item's entity tag: its change key in weak form."""
    return f'W/"{change_key(item)}"'


def change_key(item: Item) -> str:
    """The item's change key; a series and its occurrences share one."""
    return ids.change_key(item.mailbox.stem, item.version)


def uid_of(here: Occurrence) -> str | None:
    """The iCalUId of an event or of one date of a series (graph.md §6)."""
    series, slot, switches = here.item.ical_uid, here.slot, here.item.mailbox.switches
    if slot is None:
        return series
    if ids.is_exchange_uid(series):
        return ids.dated_uid(series, slot) if switches.occurrence_uids == "dated" else series
    return {"series": series, "dated": ids.dated_uid(ids.wrapped_uid(series), slot), "none": None}[
        switches.foreign_uids
    ]


def created_at(here: Occurrence) -> datetime:
    """When the event was made; an exception has a time of its own."""
    deviation = here.item.exceptions.get(here.slot) if here.slot else None
    return deviation.created_at if deviation else here.item.created_at


def modified_at(here: Occurrence) -> datetime:
    """When the event was last changed: a plain occurrence with its series, an exception by itself."""
    deviation = here.item.exceptions.get(here.slot) if here.slot else None
    return deviation.modified_at if deviation else here.item.modified_at


def kind_of(here: Occurrence) -> str:
    """``singleInstance``, ``seriesMaster``, ``occurrence`` or ``exception``."""
    if here.slot is None:
        return "seriesMaster" if here.item.is_master else "singleInstance"
    return "exception" if here.is_exception else "occurrence"


def bare(here: Occurrence, view: View) -> Json:
    """An occurrence as delta delivers it: where and when, nothing else."""
    content = here.content
    return {
        "@odata.type": TYPE,
        "@odata.etag": etag(here.item),
        "id": view.id_of(here),
        "seriesMasterId": view.item_id(here.item),
        "type": "occurrence",
        "start": view.time(content.start, content.is_all_day),
        "end": view.time(content.end, content.is_all_day),
    }


def removed(ident: str) -> Json:
    """An entry for an event that left the window's view."""
    return {"@odata.type": TYPE, "id": ident, "@removed": {"reason": "deleted"}}


def full(here: Occurrence, view: View) -> Json:
    """The whole ``event`` resource; extended properties are not part of it."""
    item, content = here.item, here.content
    return {
        "@odata.etag": etag(item),
        "id": view.id_of(here),
        "createdDateTime": zones.instant_text(created_at(here)),
        "lastModifiedDateTime": zones.instant_text(modified_at(here)),
        "changeKey": change_key(item),
        "categories": list(content.categories),
        **({"transactionId": item.transaction_id} if item.transaction_id else {}),
        "originalStartTimeZone": _known(content.start_zone),
        "originalEndTimeZone": _known(content.end_zone),
        "iCalUId": uid_of(here),
        "uid": ids.series_uid(item.ical_uid),
        "reminderMinutesBeforeStart": content.reminder_minutes,
        "isReminderOn": content.is_reminder_on,
        "hasAttachments": False,
        **_text(content, view),
        "importance": content.importance,
        "sensitivity": content.sensitivity,
        "isAllDay": content.is_all_day,
        "isCancelled": content.is_cancelled,
        "isOrganizer": item.is_organizer,
        "responseRequested": content.response_requested,
        "showAs": content.show_as,
        "type": kind_of(here),
        "seriesMasterId": None if here.slot is None else view.item_id(item),
        "occurrenceId": view.date_id(here),
        "webLink": f"https://outlook.office365.com/owa/?itemid={view.id_of(here)}&exvsurl=1&path=/calendar/item",
        "onlineMeetingUrl": None,
        "isOnlineMeeting": content.is_online,
        "onlineMeetingProvider": "teamsForBusiness" if content.is_online else "unknown",
        "allowNewTimeProposals": content.allow_new_time_proposals,
        "isDraft": False,
        "hideAttendees": content.hide_attendees,
        "responseStatus": {"response": content.response, "time": content.responded_at},
        "start": view.time(content.start, content.is_all_day),
        "end": view.time(content.end, content.is_all_day),
        **_locations(content),
        "recurrence": _recurrence(content),
        "attendees": [a.as_json() for a in content.attendees],
        "organizer": {"emailAddress": content.organizer.as_json()},
        "onlineMeeting": {"joinUrl": content.join_url} if content.is_online else None,
    }


def _known(zone: str) -> str:
    return zone if zones.zone_named(zone) else zones.CUSTOM


def _text(content: Content, view: View) -> Json:
    text = bodies.to_text(content.body) if content.body else ""
    return {
        "subject": content.subject,
        "bodyPreview": text[:PREVIEW],
        "body": {
            "contentType": "text" if view.as_text else "html",
            "content": text if view.as_text else content.body,
        },
    }


def optional(here: Occurrence, view: View) -> Json:
    """What a reader of an event must select: the start by the series, and the dates a series has lost."""
    at = original_start(here)
    lost = sorted(here.item.cancelled) if here.slot is None else []
    return {
        "originalStart": f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else None,
        "cancelledOccurrences": [view.date_id(Occurrence(here.item, slot)) for slot in lost],
    }


def _locations(content: Content) -> Json:
    places = [_place(p) for p in content.locations]
    return {"location": places[0] if places else _place({"displayName": ""}), "locations": places}


def _place(place: Json) -> Json:
    known = {"locationType": "default", "uniqueIdType": "private" if place["displayName"] else "unknown"}
    return {"displayName": "", **known, "address": {}, "coordinates": {}, **place}


def _recurrence(content: Content) -> Json | None:
    if content.recurrence is None:
        return None
    written = content.recurrence.as_json()
    written["range"]["recurrenceTimeZone"] = _known(content.recurrence.zone)
    return written


def properties(item: Item, wanted: Iterable[str]) -> list[Json]:
    """The single-value extended properties a request names, as ``$expand`` shows them."""
    return [{"id": key, "value": item.properties[key]} for key in wanted if key in item.properties]
