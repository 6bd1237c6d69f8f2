"""Writes, request by request: exact bodies, guards, and what becomes of each."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.graph import ACTIVITY_PROPERTY, GraphCalendar
from sync_core.errors import (
    AccessRefused,
    CalsyncError,
    DuplicateCreate,
    ItemGone,
    ItemRejected,
    MailboxUnavailable,
    SideUnavailable,
    StaleWrite,
    Throttled,
)
from sync_core.model.sides import Attendee, Field, GraphContent
from sync_core.model.writes import CreateEvent, Outcome, PatchEvent, RemoveEvent
from tests.adapters.conftest import Pauses
from tests.support.scripted import Say
from tests.support.scripted_graph import PREFER, ScriptedGraph, graph_batch_answer, graph_event, graph_fault

CONTENT = GraphContent(
    "Plan",
    "one\ntwo",
    datetime(2026, 2, 2, 8, tzinfo=UTC),
    datetime(2026, 2, 2, 9, tzinfo=UTC),
    False,
    30,
    "private",
    "high",
    ("bob@acme.bg",),
)
DAYS = replace(
    CONTENT,
    start=datetime(2026, 2, 2, tzinfo=UTC),
    end=datetime(2026, 2, 4, tzinfo=UTC),
    all_day=True,
    reminder=None,
)
PEOPLE = (
    Attendee("bob@acme.bg", "Bob", "optional", "accepted", "Bob@Acme.BG", "2026-01-19T08:00:00.1234567Z"),
    Attendee("room1@acme.bg", "Room 1", "resource", "declined", "room1@acme.bg"),
    Attendee("kim@partner.example", "", "required", "notResponded", "kim@partner.example"),
    Attendee("zoe@acme.bg"),
)
WRITTEN = [
    {
        "emailAddress": {"address": "Bob@Acme.BG", "name": "Bob"},
        "type": "optional",
        "status": {"response": "accepted", "time": "2026-01-19T08:00:00.1234567Z"},
    },
    {
        "emailAddress": {"address": "room1@acme.bg", "name": "Room 1"},
        "type": "resource",
        "status": {"response": "declined"},
    },
    {"emailAddress": {"address": "kim@partner.example", "name": "kim@partner.example"}, "type": "required"},
    {"emailAddress": {"address": "zoe@acme.bg", "name": "zoe@acme.bg"}, "type": "required"},
]
CREATE = CreateEvent("A1", "tx-1", CONTENT)
PATCH = PatchEvent("E1", 'W/"E1-1"', frozenset({Field.SUBJECT}), CONTENT)
REMOVE = RemoveEvent("E1", 'W/"E1-1"')


def moment(text: str) -> dict[str, str]:
    """A dateTimeTimeZone in UTC."""
    return {"dateTime": text, "timeZone": "UTC"}


TIMES = {"start": moment("2026-02-02T08:00:00"), "end": moment("2026-02-02T09:00:00"), "isAllDay": False}


async def outcome(calendar: GraphCalendar, write: Any) -> Outcome:
    """What becomes of a single write."""
    return (await calendar.write("U", [write]))[0]


async def failing(calendar: GraphCalendar, write: Any) -> CalsyncError:
    """The error of a single write."""
    error = (await outcome(calendar, write)).error
    assert error is not None
    return error


async def test_a_create_carries_mark_and_transaction_and_invites_nobody(
    server: ScriptedGraph, calendar: GraphCalendar
) -> None:
    """The mark finds the event again, the transaction makes repeating harmless; without attendees no key for them."""
    server.say(Say(graph_event("E1"), 201))

    created = (await outcome(calendar, CREATE)).event

    assert created is not None
    assert (created.id, created.change_key) == ("E1", 'W/"E1-1"')
    assert server.lines == ["POST /users/U/events"]
    assert server.heard[0].headers["prefer"] == PREFER
    assert server.heard[0].body == {
        "subject": "Plan",
        "body": {"contentType": "text", "content": "one\ntwo"},
        **TIMES,
        "isReminderOn": True,
        "reminderMinutesBeforeStart": 30,
        "sensitivity": "private",
        "importance": "high",
        "transactionId": "tx-1",
        "singleValueExtendedProperties": [{"id": ACTIVITY_PROPERTY, "value": "A1"}],
    }


async def test_whole_days_are_written_from_midnight_to_midnight(
    server: ScriptedGraph, calendar: GraphCalendar
) -> None:
    """Both in one zone, the end exclusive."""
    server.say(Say(graph_event("E1"), 201))

    await outcome(calendar, replace(CREATE, content=DAYS))

    body = server.heard[0].body
    assert (body["start"], body["end"]) == (moment("2026-02-02T00:00:00"), moment("2026-02-04T00:00:00"))
    assert (body["isAllDay"], body["isReminderOn"], "reminderMinutesBeforeStart" in body) == (True, False, False)


async def test_a_create_invites_whom_it_names(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """Each with the address and name as known, in the order given."""
    server.say(Say(graph_event("E1"), 201))

    await outcome(calendar, replace(CREATE, attendees=PEOPLE))

    assert server.heard[0].body["attendees"] == WRITTEN


async def test_a_repeated_create_is_the_same_to_the_byte(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """The same transaction with another body would be refused for ever (graph.md T9)."""
    server.say(Say(graph_event("E1"), 201), Say(graph_event("E1"), 201))

    for _ in range(2):
        await outcome(calendar, replace(CREATE, attendees=PEOPLE))

    first, second = (json.dumps(heard.body) for heard in server.heard)
    assert first == second


async def test_a_list_that_got_empty_is_written_empty(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """The last person taken off is taken off on the other side, too."""
    server.say(Say(graph_event("E1")))

    await outcome(calendar, replace(PATCH, fields=frozenset({Field.PEOPLE})))

    assert server.heard[0].body == {"attendees": []}


@pytest.mark.parametrize(
    ("expected", "field", "content"),
    [
        ({"subject": "Plan"}, Field.SUBJECT, CONTENT),
        ({"body": {"contentType": "text", "content": "one\ntwo"}}, Field.BODY, CONTENT),
        (TIMES, Field.TIME, CONTENT),
        ({"isReminderOn": True, "reminderMinutesBeforeStart": 30}, Field.REMINDER, CONTENT),
        ({"isReminderOn": False}, Field.REMINDER, DAYS),
        ({"sensitivity": "private"}, Field.PRIVATE, CONTENT),
        ({"importance": "high"}, Field.PRIORITY, CONTENT),
        ({"attendees": WRITTEN}, Field.PEOPLE, CONTENT),
    ],
)
async def test_a_patch_sends_only_the_named_field(
    server: ScriptedGraph, calendar: GraphCalendar, expected: dict[str, Any], field: Field, content: GraphContent
) -> None:
    """What is not named stays as it is; the time is always sent whole."""
    server.say(Say(graph_event("E1")))

    await outcome(calendar, replace(PATCH, fields=frozenset({field}), content=content, attendees=PEOPLE))

    assert server.lines == ["PATCH /users/U/events/E1"]
    assert server.heard[0].headers["if-match"] == 'W/"E1-1"'
    assert server.heard[0].body == expected


async def test_all_fields_fit_in_one_patch(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """Edits are batched into one change, so that people are mailed once."""
    server.say(Say(graph_event("E1")))

    whole = replace(PATCH, fields=frozenset(Field), html="<p>x</p>", categories=("Mine", "ERP.net conflict"))

    await outcome(calendar, whole)

    body = server.heard[0].body
    assert body["body"] == {"contentType": "html", "content": "<p>x</p>"}
    assert body["categories"] == ["Mine", "ERP.net conflict"]
    assert set(body) > {
        "subject",
        "start",
        "end",
        "isAllDay",
        "isReminderOn",
        "sensitivity",
        "importance",
        "attendees",
    }


async def test_categories_alone_leave_the_rest(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """Setting and clearing our category touches nothing else."""
    server.say(Say(graph_event("E1")))

    await outcome(calendar, replace(PATCH, fields=frozenset(), categories=()))

    assert server.heard[0].body == {"categories": []}


@pytest.mark.parametrize(
    "answer", [Say(status=204), graph_fault(404, "ErrorItemNotFound")], ids=["deleted", "gone already"]
)
async def test_a_removal_ends_with_the_event_away(
    server: ScriptedGraph, calendar: GraphCalendar, answer: Say
) -> None:
    """Deleting what is not there is done."""
    server.say(answer)

    assert await outcome(calendar, REMOVE) == Outcome()
    assert server.lines == ["DELETE /users/U/events/E1"]
    assert server.heard[0].headers["if-match"] == 'W/"E1-1"'


async def test_a_cancellation_tells_people_why(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """The comment goes into the mails that Graph sends."""
    server.say(Say(status=202))

    assert await outcome(calendar, replace(REMOVE, cancel=True, comment="Voided in ERP.net")) == Outcome()
    assert server.lines == ["POST /users/U/events/E1/cancel"]
    assert server.heard[0].body == {"comment": "Voided in ERP.net"}


@pytest.mark.parametrize(
    ("expected", "write", "answer"),
    [
        (StaleWrite, PATCH, graph_fault(412, "ErrorIrresolvableConflict")),
        (StaleWrite, REMOVE, graph_fault(412, "ErrorIrresolvableConflict")),
        (ItemGone, PATCH, graph_fault(404, "ErrorItemNotFound")),
        (MailboxUnavailable, REMOVE, graph_fault(404, "MailboxNotEnabledForRESTAPI")),
        (MailboxUnavailable, CREATE, graph_fault(403, "ErrorAccessDenied")),
        (ItemRejected, CREATE, graph_fault(400, "ErrorInvalidRequest")),
        (ItemRejected, PATCH, graph_fault(409, "ErrorSomething")),
        (DuplicateCreate, CREATE, graph_fault(409, "ErrorSomething")),
    ],
)
async def test_a_refused_write_says_what_to_do_next(
    server: ScriptedGraph, calendar: GraphCalendar, expected: type[CalsyncError], write: Any, answer: Say
) -> None:
    """Each refusal is one class of error, and is not repeated."""
    server.say(answer)

    assert type(await failing(calendar, write)) is expected
    assert len(server.heard) == 1


async def test_a_rejection_keeps_graphs_own_code(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """The administrator can look it up."""
    server.say(graph_fault(400, "ErrorInvalidRequest", "The Event.Start property must be midnight."))

    error = await failing(calendar, CREATE)

    assert isinstance(error, ItemRejected)
    assert error.code == "ErrorInvalidRequest"
    assert "must be midnight" in str(error)


@pytest.mark.parametrize("code", ["ErrorDuplicateTransactionId", "errorduplicatetransactionid"])
async def test_a_known_transaction_names_its_event(server: ScriptedGraph, calendar: GraphCalendar, code: str) -> None:
    """An earlier create got through: its event can be adopted."""
    server.say(graph_fault(400, code, **{"@event.existingEventId": "E7"}))

    error = await failing(calendar, CREATE)

    assert isinstance(error, DuplicateCreate)
    assert error.existing_id == "E7"


@pytest.mark.parametrize("write", [CREATE, PATCH, REMOVE], ids=["create", "patch", "remove"])
@pytest.mark.parametrize(
    "answer",
    [
        Say(cut=True),
        graph_fault(500, "UnknownError"),
        graph_fault(503, "UnknownError"),
        graph_fault(504, "UnknownError", ""),
    ],
    ids=["connection lost", "500", "503", "504"],
)
async def test_a_write_that_may_have_happened_is_not_repeated(
    server: ScriptedGraph, calendar: GraphCalendar, write: Any, answer: Say
) -> None:
    """No answer proves that nothing was done."""
    server.say(answer)

    error = await failing(calendar, write)

    assert isinstance(error, SideUnavailable)
    assert error.unclear
    assert len(server.heard) == 1


@pytest.mark.parametrize(
    "answer",
    [Say(status=429), Say(status=503, headers={"Retry-After": "1"}), graph_fault(401, "InvalidAuthenticationToken")],
    ids=["429", "503 in a second", "401"],
)
async def test_a_write_refused_before_any_work_is_repeated(
    server: ScriptedGraph, calendar: GraphCalendar, answer: Say
) -> None:
    """These answers say that nothing happened."""
    server.say(answer, Say(graph_event("E1"), 201))

    assert (await outcome(calendar, CREATE)).error is None
    assert server.lines == ["POST /users/U/events"] * 2


async def test_a_save_that_met_another_is_unclear_whatever_the_header(
    server: ScriptedGraph, calendar: GraphCalendar
) -> None:
    """The event may exist although the error came back."""
    server.say(Say({"error": {"code": "ConcurrentItemSave"}}, 503, {"Retry-After": "1"}))

    error = await failing(calendar, CREATE)

    assert isinstance(error, SideUnavailable)
    assert error.unclear


async def test_nobody_at_the_door_means_nothing_was_done(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """Without a connection no write can have happened."""
    await server.__aexit__()

    error = await failing(calendar, CREATE)

    assert isinstance(error, SideUnavailable)
    assert not error.unclear


async def test_several_writes_travel_together(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """One outcome for each, in the order asked, whatever the order of the answers."""
    other = replace(PATCH, event_id="E2")
    gone = replace(PATCH, event_id="E3", change_key="")
    server.say(
        graph_batch_answer(
            Say(graph_event("E9"), 201),
            graph_fault(412, "ErrorIrresolvableConflict"),
            graph_fault(404, "ErrorItemNotFound"),
            Say(status=204),
        )
    )

    created, stale, missing, removed = await calendar.write("U", [CREATE, other, gone, REMOVE])

    assert created.event is not None
    assert created.event.id == "E9"
    assert isinstance(stale.error, StaleWrite)
    assert isinstance(missing.error, ItemGone)
    assert removed == Outcome()
    requests = server.heard[0].body["requests"]
    assert server.heard[0].parts == [
        "POST /users/U/events",
        "PATCH /users/U/events/E2",
        "PATCH /users/U/events/E3",
        "DELETE /users/U/events/E1",
    ]
    assert [one["headers"].get("If-Match") for one in requests] == [None, 'W/"E1-1"', None, 'W/"E1-1"']
    assert {one["headers"]["Prefer"] for one in requests} == {PREFER}
    assert [one["headers"].get("Content-Type") for one in requests] == ["application/json"] * 3 + [None]


async def test_twenty_one_writes_are_two_requests(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """Graph takes twenty parts."""
    writes = [replace(REMOVE, event_id=f"E{number}") for number in range(21)]
    server.say(graph_batch_answer(*[Say(status=204)] * 20), Say(status=204))

    assert await calendar.write("U", writes) == [Outcome()] * 21
    assert server.lines == ["POST /$batch", "DELETE /users/U/events/E20"]


async def test_only_refused_parts_are_written_again(
    server: ScriptedGraph, calendar: GraphCalendar, pauses: Pauses
) -> None:
    """Parts that were done, or may have been, are left alone."""
    slow = Say({"error": {"code": "ApplicationThrottled"}}, 429, {"Retry-After": "1"})
    server.say(graph_batch_answer(slow, Say(status=204), graph_fault(500, "UnknownError"), None), Say(status=204))
    writes = [replace(REMOVE, event_id=f"E{number}") for number in range(4)]

    first, second, third, fourth = await calendar.write("U", writes)

    assert first == second == Outcome()
    for unclear in (third.error, fourth.error):
        assert isinstance(unclear, SideUnavailable)
        assert unclear.unclear
    assert server.lines == ["POST /$batch", "DELETE /users/U/events/E0"]
    [pause] = pauses
    assert 1.0 <= pause <= 1.1


async def test_parts_refused_for_ever_are_reported(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """When the retries are used up, the wait that was asked for is passed on."""
    slow = Say({"error": {"code": "ApplicationThrottled"}}, 429, {"Retry-After": "4"})
    server.say(*[graph_batch_answer(slow, slow)] * 4)

    outcomes = await calendar.write("U", [REMOVE, replace(REMOVE, event_id="E2")])

    assert [one.error.retry_after for one in outcomes if isinstance(one.error, Throttled)] == [4.0, 4.0]
    assert len(server.heard) == 4


@pytest.mark.parametrize("answer", [Say(cut=True), graph_fault(500, "UnknownError"), Say("<html>")])
async def test_a_lost_batch_leaves_every_part_unclear(
    server: ScriptedGraph, calendar: GraphCalendar, answer: Say
) -> None:
    """Any subset may have been done."""
    server.say(answer)

    outcomes = await calendar.write("U", [CREATE, PATCH])

    assert [getattr(one.error, "unclear", None) for one in outcomes] == [True, True]
    assert len(server.heard) == 1


async def test_a_refused_token_fails_every_part(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """Outcomes say so, so that earlier batches keep theirs."""
    server.say(*[graph_fault(401, "InvalidAuthenticationToken")] * 2)

    outcomes = await calendar.write("U", [CREATE, PATCH])

    assert [type(one.error) for one in outcomes] == [AccessRefused, AccessRefused]


@pytest.mark.parametrize(
    "answer",
    [
        graph_event("E1", body={"contentType": "html", "content": "<p>Agenda</p>"}),
        graph_event("E1", start=None),
        None,
    ],
    ids=["body in html", "malformed", "no body"],
)
async def test_an_answer_that_does_not_show_the_event_is_read_again(
    server: ScriptedGraph, calendar: GraphCalendar, answer: Any
) -> None:
    """The base is what a read shows, never what we make of another form."""
    server.say(Say(answer), Say(graph_event("E1", subject="As read")))

    found = (await outcome(calendar, PATCH)).event

    assert found is not None
    assert found.content.subject == "As read"
    assert server.lines == ["PATCH /users/U/events/E1", "GET /users/U/events/E1"]


@pytest.mark.parametrize("again", [graph_fault(403, "ErrorAccessDenied"), Say(graph_event("E1", end=None))])
async def test_a_write_whose_result_stays_unseen_is_unclear(
    server: ScriptedGraph, calendar: GraphCalendar, again: Say
) -> None:
    """It was done; whoever comes next must look first."""
    server.say(Say(None), again)

    error = await failing(calendar, PATCH)

    assert isinstance(error, SideUnavailable)
    assert error.unclear


async def test_a_create_that_names_no_event_is_unclear(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """It can be found by its mark."""
    server.say(Say(None, 201))

    error = await failing(calendar, CREATE)

    assert isinstance(error, SideUnavailable)
    assert error.unclear
    assert len(server.heard) == 1


async def test_an_event_deleted_right_after_its_write_is_gone(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """The read that follows finds nothing."""
    server.say(Say(None), graph_fault(404, "ErrorItemNotFound"))

    assert isinstance(await failing(calendar, PATCH), ItemGone)


async def test_nothing_to_write_is_nothing_to_say(server: ScriptedGraph, calendar: GraphCalendar) -> None:
    """An empty plan makes no request."""
    assert await calendar.write("U", []) == []
    assert server.heard == []
