"""Parses Graph's JSON into our values. It never fails: an item that cannot be parsed becomes ``Malformed``.

Facts: graph.md §3 (bare occurrences), §6 (every field), §0 (unknown properties are ignored).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from adapters.graph.fields import (
    Unreadable,
    as_shown,
    flag_of,
    list_of,
    object_of,
    part_of,
    rows_of,
    text_of,
    word_of,
)
from adapters.graph.series import occurrence_in, recurrence_in
from adapters.graph.wire import ACTIVITY_PROPERTY, Json, usable_id
from adapters.windows_zones import iana_zone
from sync_core.content.body import cut_teams_text, html_text, may_hold_block, without_block
from sync_core.content.ranges import BEYOND, YEARS, bounded_minutes, is_known_year
from sync_core.errors import OWN_MISTAKE
from sync_core.model.sides import Attendee, EventKind, GraphContent, GraphEvent, Malformed, Side

NEVER = "0001-01-01"

_DATE_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z?)")
_ETAG = re.compile(r"[ -~]*")


def parse_event(item: object) -> GraphEvent | Malformed:
    """Parse one event in full; ``Malformed`` for anything else."""
    try:
        return _event(object_of(item, "the item"))
    except Unreadable as why:
        return Malformed(Side.GRAPH, item_id(item), str(why))
    except Exception as mistake:  # noqa: BLE001 - a mistake of ours about one item is that item's only
        return Malformed(Side.GRAPH, item_id(item), f"{OWN_MISTAKE} ({type(mistake).__name__})")


def item_id(item: object) -> str:
    """The item's id, '' if it has none that can be one."""
    return usable_id(item.get("id")) if isinstance(item, dict) else ""


def is_removed(item: object) -> bool:
    """Whether a delta row removes an id: it left the window or the calendar (graph.md T1)."""
    return isinstance(item, dict) and item.get("@removed") is not None


def is_bare(item: object) -> bool:
    """Whether a row is an occurrence without content (graph.md T3)."""
    return isinstance(item, dict) and item.get("type") == EventKind.OCCURRENCE and "subject" not in item


def etag_of(item: Json) -> str:
    """The value for ``If-Match``, '' if the item has none."""
    etag, key = item.get("@odata.etag"), item.get("changeKey")
    if isinstance(etag, str) and etag:
        return etag
    return f'W/"{key}"' if isinstance(key, str) and key else ""


def is_html(item: Json) -> bool:
    """Whether the body is HTML: the text that we make of it may differ from the text that Graph makes."""
    body = item.get("body")
    return isinstance(body, dict) and str(body.get("contentType")).lower() == "html"


def html_of(item: Json) -> str:
    """The body's HTML, '' if there is none."""
    body = item.get("body")
    content = body.get("content") if isinstance(body, dict) else None
    return content if isinstance(content, str) else ""


def mark_of(item: Json) -> str | None:
    """The mark: the activity id in our extended property, None if it was not asked for or is not set."""
    for row in rows_of(item.get("singleValueExtendedProperties")):
        value = row.get("value")
        if str(row.get("id")).lower() == ACTIVITY_PROPERTY.lower() and isinstance(value, str) and value:
            return value
    return None


def _event(item: Json) -> GraphEvent:
    if not item_id(item):
        raise Unreadable("the event has no usable id")
    if not _ETAG.fullmatch(etag_of(item)):
        raise Unreadable("the event's version is no text that a request can name")
    kind = _kind(item)
    organizer = _address(item.get("organizer"))
    attendees = tuple(_attendees(item.get("attendees")))
    return GraphEvent(
        id=item_id(item),
        change_key=etag_of(item),
        ical_uid=text_of(item, "iCalUId"),
        content=_content(item, attendees, organizer),
        kind=kind,
        series_id=text_of(item, "seriesMasterId") or None,
        occurrence=occurrence_in(item, kind),
        recurrence=recurrence_in(item),
        is_organizer=flag_of(item, "isOrganizer", absent=True),
        organizer=organizer,
        is_cancelled=flag_of(item, "isCancelled"),
        categories=tuple(name for name in list_of(item.get("categories")) if isinstance(name, str)),
        attendees=attendees,
        response=word_of(part_of(item, "responseStatus").get("response"), "none"),
        modified_at=_instant(item.get("lastModifiedDateTime")),
        transaction_id=text_of(item, "transactionId") or None,
        mark=mark_of(item),
        is_uncut=not is_html(item) and kind is not EventKind.MASTER and _may_hold_block(item, html_of(item)),
    )


def _content(item: Json, attendees: tuple[Attendee, ...], organizer: str) -> GraphContent:
    all_day = flag_of(item, "isAllDay")
    start, end = (_time(item, name, all_day) for name in ("start", "end"))
    if end < start or (all_day and end == start):
        raise Unreadable(f"the event ends ({end:%Y-%m-%d %H:%M}) before it starts ({start:%Y-%m-%d %H:%M})")
    return GraphContent(
        subject=text_of(item, "subject", needed=True),
        body=_body(item),
        start=start,
        end=end,
        all_day=all_day,
        reminder=_reminder(item),
        sensitivity=text_of(item, "sensitivity") or "normal",
        importance=text_of(item, "importance") or "normal",
        people=tuple(sorted({one.email for one in attendees if one.kind != "resource"} - {organizer, ""})),
    )


def _body(item: Json) -> str:
    """The text in the form that is compared; HTML that was not asked for is turned into text."""
    if "body" not in item:
        raise Unreadable("the event came without a body")
    content = html_of(item)
    text = html_text(content) if is_html(item) else content
    cut = cut_teams_text(text)
    return without_block(content, cut) if is_html(item) and _may_hold_block(item, text) else cut


def _may_hold_block(item: Json, text: str) -> bool:
    """Whether only the HTML shows the Teams block, by what an event says of being an online meeting (graph.md §6)."""
    is_online = item.get("isOnlineMeeting") is True or bool(part_of(item, "onlineMeeting").get("joinUrl"))
    return may_hold_block(text, is_online=is_online)


def _time(item: Json, name: str, all_day: bool) -> datetime:
    """A start or end as a UTC instant; of an all-day event only the date counts, in any zone (T12)."""
    value = object_of(item.get(name), f"'{name}'")
    wall = _wall(value.get("dateTime"), name)
    if all_day:
        if (wall.hour, wall.minute) != (0, 0):
            raise Unreadable(f"'{name}' of an all-day event is not midnight ({wall:%H:%M})")
        return wall.replace(tzinfo=UTC)
    return _in_utc(wall, value.get("timeZone"), name)


def _wall(text: object, name: str) -> datetime:
    match = _DATE_TIME.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise Unreadable(f"'{name}' is no date and time ({as_shown(text)})")
    try:
        wall = datetime.fromisoformat(match[1])
    except ValueError as why:
        raise Unreadable(f"'{name}' is no date and time ({as_shown(text)})") from why
    if not is_known_year(wall):
        raise Unreadable(BEYOND)
    return wall


def _in_utc(wall: datetime, zone: object, name: str) -> datetime:
    if zone in ("UTC", "Etc/UTC", "Etc/GMT"):
        return wall.replace(tzinfo=UTC)
    known = iana_zone(zone) if isinstance(zone, str) else ""
    if not known:
        raise Unreadable(f"'{name}' is in a time zone we do not know ({as_shown(zone)})")
    return wall.replace(tzinfo=ZoneInfo(known)).astimezone(UTC)


def _reminder(item: Json) -> int | None:
    """Minutes before the start, below 0 after it ("at nine on the day"); on without minutes: at the start."""
    if not flag_of(item, "isReminderOn"):
        return None
    minutes = item.get("reminderMinutesBeforeStart")
    if isinstance(minutes, bool) or not isinstance(minutes, int | None):
        raise Unreadable(f"the reminder is no number of minutes ({as_shown(minutes)})")
    return bounded_minutes(minutes or 0)


def _kind(item: Json) -> EventKind:
    kind = item.get("type")
    if kind is None:
        return EventKind.MASTER if item.get("recurrence") else EventKind.SINGLE
    try:
        return EventKind(kind)
    except ValueError as why:
        raise Unreadable(f"an event of a type we do not know ({as_shown(kind)})") from why


def _attendees(value: object) -> Iterable[Attendee]:
    """All attendees, also those without an address: a write of the list must know that it is not whole."""
    for row in rows_of(value):
        person, status = part_of(row, "emailAddress"), part_of(row, "status")
        yield Attendee(
            _address(row),
            word_of(person.get("name"), ""),
            word_of(row.get("type"), "required"),
            word_of(status.get("response"), "none"),
            word_of(person.get("address"), ""),
            _answered(status),
        )


def _answered(status: Json) -> str:
    """When an attendee responded, as Graph wrote it; '' for Graph's "never", a time in the year 1 (graph.md §6)."""
    time = word_of(status.get("time"), "")
    return "" if time.startswith(NEVER) else time


def _address(recipient: object) -> str:
    """The lower-case address of a recipient, '' if there is none."""
    person = part_of(recipient, "emailAddress") if isinstance(recipient, dict) else {}
    return word_of(person.get("address"), "").strip().lower()


def _instant(value: object) -> datetime | None:
    match = _DATE_TIME.fullmatch(value) if isinstance(value, str) else None
    try:
        moment = datetime.fromisoformat(match[1]).replace(tzinfo=UTC) if match and match[3] else None
    except ValueError:
        return None
    micros = int((match[2] or ".0")[1:7].ljust(6, "0")) if match else 0
    return moment + timedelta(microseconds=micros) if moment and moment.year >= YEARS[0] else None
