"""Turns our writes into Graph's JSON, and Graph's answers into outcomes.

Facts: graph.md §5 (statuses, ``If-Match``, ``transactionId``, duplicates), §6 (whole days at midnight, text bodies).
People are mailed by what names attendees: a create names them only where somebody is invited, a patch only where
the list changes, and then all of them, with the answers they gave (§5, T15).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from adapters.graph.parse import is_html, item_id, parse_event
from adapters.graph.wire import ACTIVITY_PROPERTY, Answer, Json, Request, failure, query, segment
from sync_core.errors import DuplicateCreate, ItemGone, SideError, SideUnavailable
from sync_core.model.sides import Attendee, Field, GraphContent, GraphEvent, Side
from sync_core.model.writes import CreateEvent, GraphWrite, Outcome, PatchEvent, RemoveEvent

UNANSWERED = frozenset({"none", "notResponded"})
"""The response status before an attendee responds (graph.md §6)."""


def event_path(user_id: str, event_id: str) -> str:
    """The path of one event."""
    return f"/users/{segment(user_id)}/events/{segment(event_id)}"


def with_mark(**options: str | int) -> str:
    """Add our mark to what a query reads."""
    return query(s_expand=f"singleValueExtendedProperties($filter=id eq '{ACTIVITY_PROPERTY}')", **options)


def request_of(user_id: str, write: GraphWrite) -> Request:
    """Build the request of one write."""
    if isinstance(write, CreateEvent):
        return Request("POST", f"/users/{segment(user_id)}/events", _creation(write))
    path = event_path(user_id, write.event_id)
    if isinstance(write, PatchEvent):
        return Request("PATCH", path, _patch(write), _guard(write.change_key))
    if write.cancel:
        return Request("POST", f"{path}/cancel", {"comment": write.comment}, _guard(write.change_key))
    return Request("DELETE", path, headers=_guard(write.change_key))


def outcome_of(write: GraphWrite, answer: Answer | SideError, now: datetime) -> Outcome | None:
    """The outcome of a write; None if it was done and the event must be read again."""
    error = answer if isinstance(answer, SideError) else _error(write, answer, now)
    if isinstance(error, ItemGone) and isinstance(write, RemoveEvent) and not write.series:
        return Outcome()
    if error is not None:
        return Outcome(error=error)
    if isinstance(write, RemoveEvent):
        return Outcome()
    assert isinstance(answer, Answer)
    if isinstance(write, PatchEvent) and write.series:
        return None  # answered 200 and without effect, once in fifteen (graph.md §5)
    event = None if answer.body is None or is_html(answer.body) else parse_event(answer.body)
    return Outcome(event=event) if isinstance(event, GraphEvent) and not event.is_uncut else None


def written_id(write: GraphWrite, answer: Answer) -> str:
    """The id of the event that was written, '' if the answer does not hold it. That of a date may have passed by the
    write itself, since its series has changed (graph.md §8)."""
    told = item_id(answer.body)
    if isinstance(write, CreateEvent):
        return told
    return told or write.event_id if write.series else write.event_id


def unseen(why: str) -> Outcome:
    """The outcome of a write that was done but whose result cannot be read: ``unclear``."""
    return Outcome(error=SideUnavailable(Side.GRAPH, f"written, but the result cannot be read: {why}", unclear=True))


def _error(write: GraphWrite, answer: Answer, now: datetime) -> SideError | None:
    if answer.ok:
        return None
    error = failure(answer, now, writing=True)
    if answer.status == 409 and isinstance(write, CreateEvent) and not isinstance(error, DuplicateCreate):
        return DuplicateCreate(str(error))
    return error


def _guard(change_key: str) -> dict[str, str]:
    return {"If-Match": change_key} if change_key else {}


def _creation(write: CreateEvent) -> Json:
    body: Json = {}
    for part in _PARTS.values():
        body |= part(write.content)
    if write.attendees:
        body |= _people(write.attendees)
    body |= {"transactionId": write.transaction_id}
    if write.activity_id:
        body |= {"singleValueExtendedProperties": [{"id": ACTIVITY_PROPERTY, "value": write.activity_id}]}
    return body


def _patch(write: PatchEvent) -> Json:
    body: Json = {}
    for name, part in _PARTS.items():
        if name in write.fields:
            body |= part(write.content)
    if write.html is not None and Field.BODY in write.fields:
        body["body"] = {"contentType": "html", "content": write.html}
    if Field.PEOPLE in write.fields:
        body |= _people(write.attendees)
    if write.categories is not None:
        body["categories"] = list(write.categories)
    return body


def _subject(content: GraphContent) -> Json:
    return {"subject": content.subject}


def _text(content: GraphContent) -> Json:
    return {"body": {"contentType": "text", "content": content.body}}


def _times(content: GraphContent) -> Json:
    """Start, end and all-day flag, always together: Graph does not move the end with the start (graph.md §5)."""
    return {"start": _moment(content.start), "end": _moment(content.end), "isAllDay": content.all_day}


def _moment(instant: datetime) -> Json:
    return {"dateTime": instant.replace(tzinfo=None).isoformat(timespec="seconds"), "timeZone": "UTC"}


def _reminder(content: GraphContent) -> Json:
    if content.reminder is None:
        return {"isReminderOn": False}
    return {"isReminderOn": True, "reminderMinutesBeforeStart": content.reminder}


def _people(attendees: Sequence[Attendee]) -> Json:
    return {"attendees": [_attendee(one) for one in attendees]}


def _attendee(one: Attendee) -> Json:
    address = one.address or one.email
    person = {"address": address, "name": one.name or address}
    return {"emailAddress": person, "type": one.kind, **_answer(one)}


def _answer(one: Attendee) -> Json:
    """An attendee with their response, since a write replaces the list as a whole (graph.md §6)."""
    if one.response in UNANSWERED:
        return {}
    time = {"time": one.answered} if one.answered else {}
    return {"status": {"response": one.response, **time}}


_PARTS: dict[Field, Callable[[GraphContent], Json]] = {
    Field.SUBJECT: _subject,
    Field.BODY: _text,
    Field.TIME: _times,
    Field.REMINDER: _reminder,
    Field.PRIVATE: lambda content: {"sensitivity": content.sensitivity},
    Field.PRIORITY: lambda content: {"importance": content.importance},
}
