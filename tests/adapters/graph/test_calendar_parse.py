"""Graph's JSON as values: every field, and everything that can be wrong with it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.graph import ACTIVITY_PROPERTY
from adapters.graph.parse import parse_event
from sync_core.content.ranges import BEYOND
from sync_core.model.sides import Attendee, EventKind, GraphContent, GraphEvent, Malformed, Side
from tests.support.bodies import BLOCK, UNRULED
from tests.support.scripted_graph import graph_event, marked


def parsed(**fields: Any) -> GraphEvent:
    """The event with these fields, which must be readable."""
    found = parse_event(graph_event(**fields))
    assert isinstance(found, GraphEvent)
    return found


def at(*parts: int) -> datetime:
    """An instant in UTC."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def moment(text: str, zone: Any = "UTC") -> dict[str, Any]:
    """Graph's dateTimeTimeZone."""
    return {"dateTime": text, "timeZone": zone}


def test_a_documented_event_becomes_a_value() -> None:
    """Text is normalised, addresses are lower case and kept as written, instants are UTC, fractions survive.

    Somebody without an address stays on the list, which then cannot be sent back whole, but is not among the people.
    """
    expected = GraphEvent(
        id="E1",
        change_key='W/"E1-1"',
        ical_uid="UID-E1",
        content=GraphContent(
            "Meeting E1",
            "Agenda",
            at(2026, 2, 2, 8),
            at(2026, 2, 2, 9),
            False,
            15,
            "private",
            "high",
            ("bob@acme.bg",),
        ),
        organizer="ann@acme.bg",
        categories=("ERP.net conflict",),
        attendees=(
            Attendee("bob@acme.bg", "Bob", "optional", "accepted", " Bob@Acme.BG", "2026-01-19T08:00:00.1234567Z"),
            Attendee("room1@acme.bg", "", "resource", "none", "room1@acme.bg"),
            Attendee("ann@acme.bg", "", "required", "none", "ann@acme.bg"),
            Attendee("", "no address"),
        ),
        response="organizer",
        modified_at=at(2026, 1, 20, 10, 0, 0, 123456),
        transaction_id="tx",
        mark="A1",
    )

    assert (
        parse_event(
            marked(
                "E1",
                "A1",
                ACTIVITY_PROPERTY.upper(),
                sensitivity="private",
                importance="high",
                categories=["ERP.net conflict", None],
                transactionId="tx",
                IsRoomRequested=False,
                responseStatus={"response": "organizer", "time": "0001-01-01T00:00:00Z"},
                attendees=[
                    {
                        "type": "optional",
                        "status": {"response": "accepted", "time": "2026-01-19T08:00:00.1234567Z"},
                        "emailAddress": {"name": "Bob", "address": " Bob@Acme.BG"},
                    },
                    {"type": "resource", "emailAddress": {"address": "room1@acme.bg"}},
                    {"emailAddress": {"address": "ann@acme.bg"}},
                    {"emailAddress": {"name": "no address"}},
                    None,
                ],
            )
        )
        == expected
    )


def test_whole_days_are_dates_whatever_zone_they_come_in() -> None:
    """All-day events float: their midnights are kept as digits."""
    found = parsed(
        isAllDay=True,
        start=moment("2026-02-02T00:00:00.0000000", "FLE Standard Time"),
        end=moment("2026-02-03T00:00:00.0000000", "FLE Standard Time"),
    )

    assert (found.content.start, found.content.end, found.content.all_day) == (at(2026, 2, 2), at(2026, 2, 3), True)


@pytest.mark.parametrize("zone", ["FLE Standard Time", "Europe/Sofia"])
def test_a_zone_that_was_not_asked_for_is_still_read(zone: str) -> None:
    """An ignored preference costs nothing as long as the zone is known."""
    found = parsed(start=moment("2026-02-02T10:00:00", zone))

    assert found.content.start == at(2026, 2, 2, 8)


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        (None, {"isReminderOn": False}),
        (None, {"isReminderOn": None}),
        (0, {"isReminderOn": True, "reminderMinutesBeforeStart": 0}),
        (20160, {"isReminderOn": True, "reminderMinutesBeforeStart": 20160}),
        (-540, {"isReminderOn": True, "reminderMinutesBeforeStart": -540}),
        (0, {"isReminderOn": True, "reminderMinutesBeforeStart": None}),
        (1_525_252_321, {"isReminderOn": True, "reminderMinutesBeforeStart": 1_525_252_321}),
        (2**31 - 1, {"isReminderOn": True, "reminderMinutesBeforeStart": 2**63}),
        (-(2**31), {"isReminderOn": True, "reminderMinutesBeforeStart": -(2**63)}),
    ],
)
def test_a_reminder_is_minutes_or_nothing(expected: int | None, fields: dict[str, Any]) -> None:
    """The minutes of a reminder that is off mean nothing."""
    assert parsed(**fields).content.reminder == expected


def test_nulls_are_empty() -> None:
    """Graph says null where a person left a field empty."""
    found = parsed(subject=None, body={"contentType": "text", "content": None}, iCalUId=None, organizer=None)

    assert (found.content.subject, found.content.body, found.ical_uid, found.organizer) == ("", "", "", "")


@pytest.mark.parametrize("kind", ["html", "HTML"])
@pytest.mark.parametrize("form", [UNRULED, BLOCK], ids=["no rules", "between rules"])
def test_html_of_a_meeting_tells_its_own_text(kind: str, form: str) -> None:
    """HTML that came unasked shows the block itself."""
    content = f"<html><body><p>Agenda</p>{form}</body></html>"

    found = parsed(body={"contentType": kind, "content": content}, isOnlineMeeting=True)

    assert (found.content.body, found.is_uncut) == ("Agenda", False)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"isOnlineMeeting": True}, True),
        ({"onlineMeeting": {"joinUrl": "https://teams.microsoft.com/l/x"}}, True),
        ({"isOnlineMeeting": False, "onlineMeeting": None}, False),
        ({"isOnlineMeeting": "yes", "onlineMeeting": {"joinUrl": None}}, False),
        ({"isOnlineMeeting": True, "type": "occurrence"}, True),
        ({"isOnlineMeeting": True, "type": "seriesMaster"}, False),
        ({}, False),
    ],
)
def test_an_online_meeting_says_so(fields: dict[str, Any], expected: bool) -> None:
    """Only of such an event may the text tell more than somebody wrote; a master is not carried at all."""
    assert parsed(**fields).is_uncut is expected


def test_a_body_that_comes_as_html_is_read_as_text() -> None:
    """A service that ignores the preference does not put tags into the activity."""
    body = {"contentType": "html", "content": "<html><body><p>One</p><p>Two&nbsp;&amp; more</p></body></html>"}

    assert parsed(body=body).content.body == "One\nTwo & more"


@pytest.mark.parametrize(
    ("expected", "status"),
    [
        ("accepted", {"response": "accepted", "time": "2026-01-19T08:00:00Z"}),
        ("none", {"response": "none", "time": "0001-01-01T00:00:00Z"}),
        ("none", {"response": None}),
        ("none", None),
        ("none", "accepted"),
    ],
)
def test_the_owners_own_answer_is_read(expected: str, status: Any) -> None:
    """An event that tells none has none."""
    assert parsed(responseStatus=status).response == expected


@pytest.mark.parametrize(
    ("expected", "status"),
    [
        (("declined", "2026-01-19T08:00:00Z"), {"response": "declined", "time": "2026-01-19T08:00:00Z"}),
        (("notResponded", ""), {"response": "notResponded", "time": "0001-01-01T00:00:00Z"}),
        (("accepted", ""), {"response": "accepted", "time": "0001-01-01T00:00:00"}),
        (("accepted", ""), {"response": "accepted", "time": None}),
        (("none", ""), None),
    ],
)
def test_an_answer_has_a_time_or_none(expected: tuple[str, str], status: Any) -> None:
    """Graph's first of January of the year 1 means never."""
    (bob,) = parsed(attendees=[{"status": status, "emailAddress": {"address": "bob@acme.bg"}}]).attendees

    assert (bob.response, bob.answered) == expected


@pytest.mark.parametrize("kind", list(EventKind))
def test_every_kind_of_event_is_known(kind: EventKind) -> None:
    """The four types of Graph are told apart."""
    assert parsed(type=str(kind)).kind is kind


@pytest.mark.parametrize(
    ("reason", "fields"),
    [
        ("'start' is missing", {"start": None}),
        ("'end' is no object (7)", {"end": 7}),
        ("'start' is no date and time (None)", {"start": {}}),
        ("'start' is no date and time ('2026-02-30T08:00:00')", {"start": moment("2026-02-30T08:00:00")}),
        ("'start' is no date and time ('2026-02-02T08:00:00+02:00')", {"start": moment("2026-02-02T08:00:00+02:00")}),
        (BEYOND, {"start": moment("0001-01-01T00:00:00")}),
        (BEYOND, {"end": moment("9999-12-31T23:59:59")}),
        ("'start' is in a time zone we do not know ('Mars')", {"start": moment("2026-02-02T08:00:00", "Mars")}),
        ("'start' is in a time zone we do not know (['UTC'])", {"start": moment("2026-02-02T08:00:00", ["UTC"])}),
        ("'start' of an all-day event is not midnight (08:00)", {"isAllDay": True}),
        (
            "the event ends (2026-02-02 09:00) before it starts (2026-02-03 00:00)",
            {"start": moment("2026-02-03T00:00:00")},
        ),
        ("'isAllDay' is neither true nor false ('no')", {"isAllDay": "no"}),
        ("'subject' is no text (['x'])", {"subject": ["x"]}),
        ("the reminder is no number of minutes ('15')", {"reminderMinutesBeforeStart": "15"}),
        ("the reminder is no number of minutes (True)", {"reminderMinutesBeforeStart": True}),
        ("an event of a type we do not know ('poll')", {"type": "poll"}),
        ("an event of a type we do not know (['x'])", {"type": ["x"]}),
    ],
)
def test_an_event_that_cannot_be_understood_says_why(reason: str, fields: dict[str, Any]) -> None:
    """The administrator reads what is wrong; the round goes on."""
    assert parse_event(graph_event(**fields)) == Malformed(Side.GRAPH, "E1", reason)


@pytest.mark.parametrize("name", ["subject", "body"])
def test_a_missing_field_is_not_an_empty_one(name: str) -> None:
    """A bare item must never clear what is on the other side."""
    item = graph_event()
    del item[name]

    assert isinstance(parse_event(item), Malformed)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(JSON)
def test_nothing_that_is_json_breaks_the_reader(item: Any) -> None:
    """Whatever Graph sends in place of an event is malformed."""
    assert isinstance(parse_event(item), Malformed)


@given(st.sampled_from(sorted(graph_event())), JSON)
def test_no_field_of_an_event_breaks_the_reader(name: str, value: Any) -> None:
    """Any value in any field makes an event or a malformed item."""
    assert isinstance(parse_event(graph_event(**{name: value})), GraphEvent | Malformed)
