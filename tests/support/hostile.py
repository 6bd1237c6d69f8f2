"""Absurd values for every property that an outside system sends."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

GUID = "0b8f6a52-6a3e-4a63-9d5b-2f1f2f0b7a11"


EVENT: dict[str, Any] = {
    "@odata.type": "#microsoft.graph.event",
    "@odata.etag": 'W/"abc=="',
    "id": "AAMk/+a=",
    "iCalUId": "040000008200E000",
    "type": "singleInstance",
    "subject": "Planning",
    "body": {"contentType": "text", "content": "agenda"},
    "start": {"dateTime": "2026-01-26T09:00:00.0000000", "timeZone": "UTC"},
    "end": {"dateTime": "2026-01-26T10:00:00.0000000", "timeZone": "UTC"},
    "isAllDay": False,
    "isCancelled": False,
    "isOrganizer": True,
    "isReminderOn": True,
    "reminderMinutesBeforeStart": 15,
    "sensitivity": "normal",
    "importance": "normal",
    "categories": ["Blue"],
    "organizer": {"emailAddress": {"address": "anna@acme.example", "name": "Anna"}},
    "attendees": [
        {"emailAddress": {"address": "ben@acme.example"}, "type": "required", "status": {"response": "none"}}
    ],
    "lastModifiedDateTime": "2026-01-25T08:00:00Z",
}


ROW: dict[str, Any] = {
    "@odata.id": f"General_Activities_Activities({GUID})",
    "Id": GUID,
    "ObjectVersion": 17,
    "AggregateLastUpdateTimeUtc": "2026-01-25T08:00:00Z",
    "Subject": "Planning",
    "Notes": "agenda",
    "StartTime": "2026-01-26T11:00:00Z",
    "EndTime": "2026-01-26T12:00:00Z",
    "PlannedDurationMinutes": 60,
    "ReminderTime": "2026-01-26T10:45:00Z",
    "Private": False,
    "Priority": "Medium",
    "SystemType": "Meeting",
    "State": "New",
    "Void": False,
    "ReadOnly": False,
    "CreationUser": "anna",
    "OwnerParty": {"@odata.id": f"General_Contacts_Parties({GUID})"},
    "EntityName": "Cm_Activities",
    "ExternalId": None,
    "ExternalSystem": None,
    "Participants": [{"Id": GUID, "Email": "ben@acme.example"}],
}


DATES = (
    "0001-01-01T00:00:00",
    "9999-12-31T23:59:59.9999999",
    "2026-02-30T00:00:00",
    "2026-01-26T25:00:00",
    "soon",
    "",
)


NASTY = ("\x00", "\x1b[31mred\x1b[0m", "\ud800", "x" * 70_000, "‮drawkcab", "' or 1 eq 1", "../../x?#\\", "\r\nX: y")


PARTS = st.sampled_from(("dateTime", "timeZone", "content", "address", "@odata.id"))


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(DATES),
    st.sampled_from(NASTY),
    st.lists(st.one_of(st.none(), st.integers(), st.text(max_size=5)), max_size=3),
    st.dictionaries(PARTS, st.text(max_size=9), max_size=2),
)
