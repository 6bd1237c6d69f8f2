"""Hostile input: whatever JSON either side sends becomes a value or a parked item, and can be stored and decided.

From the contracts' shapes with wrong types, huge strings, control characters, lone surrogates and absurd dates.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.erp.parse import read_activity, read_change, read_deletion
from adapters.graph.parse import parse_event
from adapters.rows import decode, encode
from sync_core.base import seal
from sync_core.cases import Decision
from sync_core.decide import decide
from sync_core.identity import new_link
from sync_core.model import ErpActivity, GraphEvent, Link, Malformed, Side
from tests.budget import budget
from tests.core.samples import a_context, seen

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


def mangled(valid: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The valid shape with some fields dropped and some replaced, nested ones too."""
    names = st.sampled_from(sorted(valid))
    groups = {name: part for name, part in valid.items() if isinstance(part, dict)}
    nested = {k: st.dictionaries(st.sampled_from(sorted(part)), VALUES, max_size=2) for k, part in groups.items()}

    def build(dropped: list[str], changed: dict[str, Any], inner: dict[str, Any]) -> dict[str, Any]:
        item = {k: v for k, v in valid.items() if k not in dropped} | changed
        for name, part in inner.items():
            if isinstance(item.get(name), dict):
                item[name] = {**item[name], **part}
        return item

    return st.builds(
        build,
        st.lists(names, max_size=2),
        st.dictionaries(names, VALUES, max_size=3),
        st.fixed_dictionaries({}, optional=nested),
    )


def digest(item: GraphEvent | ErpActivity) -> Decision:
    """A value that was understood can be decided on, whatever is in it."""
    case = seen(item, None) if isinstance(item, GraphEvent) else seen(None, item)
    return decide(case, a_context())


@settings(max_examples=budget(100, 400), deadline=None)
@given(mangled(EVENT))
def test_any_graph_event_is_understood_or_parked(item: dict[str, Any]) -> None:
    """Parsing never raises; what was understood can be decided."""
    parsed = parse_event(item)

    if isinstance(parsed, Malformed):
        assert parsed.side is Side.GRAPH
        assert parsed.reason != ""
        assert len(parsed.reason) < 1_000
    else:
        digest(parsed)


@settings(max_examples=budget(100, 400), deadline=None)
@given(mangled(ROW))
def test_any_activity_is_understood_or_parked(row: dict[str, Any]) -> None:
    """The same for ERP.net's rows, and for the pull's."""
    parsed = read_activity(row)
    read_change(row)
    read_deletion({"EntityItemId": row.get("Id"), "LastUpdateTimeUtc": row.get("EndTime")})

    if isinstance(parsed, Malformed):
        assert parsed.side is Side.ERP
        assert parsed.reason != ""
        assert len(parsed.reason) < 1_000
    else:
        digest(parsed)


@settings(max_examples=budget(60, 200), deadline=None)
@given(mangled(EVENT), mangled(ROW))
def test_any_pair_can_be_remembered(item: dict[str, Any], row: dict[str, Any]) -> None:
    """A link of whatever was understood is stored and read back the same."""
    event, activity = parse_event(item), read_activity(row)
    if isinstance(event, Malformed) or isinstance(activity, Malformed):
        return
    link = seal(new_link(event, activity, Side.GRAPH, a_context()))

    assert decode(encode(link), Link) == link
    assert isinstance(json.dumps(msgspec.to_builtins(link)), str)
