"""Reading and writing single events: graph.md §0, §4, §5, §6 and §7."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from simulators.base import Refused
from simulators.graph import GraphSimulator
from tests.support.graph_client import ANN, MARK, WINDOW, BareGraphClient, event_body, span

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ONE = datetime(2026, 11, 23, 13, tzinfo=UTC)


async def test_create_answers_with_the_whole_event(client: BareGraphClient) -> None:
    """A POST answers 201 with the event, its times in UTC with seven decimals."""
    made = await client.create(
        categories=["ERP"], **span("2026-11-23T10:00:00", "2026-11-23T11:00:00", "FLE Standard Time")
    )

    assert made.status == 201
    assert made["start"] == {"dateTime": "2026-11-23T08:00:00.0000000", "timeZone": "UTC"}
    assert made["originalStartTimeZone"] == "FLE Standard Time"
    assert made["categories"] == ["ERP"]
    assert made["@odata.etag"] == f'W/"{made["changeKey"]}"'
    assert (made["isOrganizer"], made["type"]) == (True, "singleInstance")
    assert made["iCalUId"] == made["iCalUId"].upper()
    assert "transactionId" not in made.body


async def test_times_come_in_the_preferred_zone_for_that_request_only(client: BareGraphClient) -> None:
    """``Prefer: outlook.timezone`` converts start and end; the next request without it is in UTC again."""
    made = await client.create()
    local = await client.event(made["id"], prefer='IdType="ImmutableId", outlook.timezone="FLE Standard Time"')
    plain = await client.event(made["id"])

    assert local["start"] == {"dateTime": "2026-11-23T12:00:00.0000000", "timeZone": "FLE Standard Time"}
    assert "outlook.timezone" in local.headers["Preference-Applied"]
    assert plain["start"]["timeZone"] == "UTC"


@pytest.mark.parametrize("zone", [None, "", "Mars/Olympus", "Europe/Sofia"])
async def test_unknown_zone_is_refused(client: BareGraphClient, zone: str | None) -> None:
    """T13: a missing, unknown or unlisted zone is 400 in a body."""
    made = await client.create(start={"dateTime": "2026-11-23T10:00:00", "timeZone": zone})

    assert (made.status, made.code) == (400, "TimeZoneNotSupportedException")


async def test_unknown_preferred_zone_is_refused(client: BareGraphClient) -> None:
    """T13: an unknown zone is 400 in ``Prefer`` too."""
    answer = await client.get(f"users/{ANN}/events", prefer='outlook.timezone="Nowhere"')

    assert (answer.status, answer.code) == (400, "TimeZoneNotSupportedException")


@pytest.mark.parametrize("zone", ["FLE Standard Time", "Europe/Kiev", "Europe/Berlin", "UTC"])
async def test_windows_and_listed_iana_zones_are_accepted(client: BareGraphClient, zone: str) -> None:
    """T13: Windows names and the IANA names Graph lists are both good."""
    made = await client.create(**span("2026-11-23T10:00:00", "2026-11-23T11:00:00", zone))

    assert made.status == 201


async def test_offset_inside_a_wall_clock_is_refused(client: BareGraphClient) -> None:
    """``dateTime`` is a wall clock; an offset or Z in it is not taken."""
    made = await client.create(start={"dateTime": "2026-11-23T10:00:00Z", "timeZone": "UTC"})

    assert made.status == 400


async def test_unknown_property_is_refused(client: BareGraphClient) -> None:
    """Writing is strict: a property the type does not have is 400."""
    top = await client.create(subjekt="x")
    nested = await client.create(body={"contentType": "text", "text": "x"})

    assert (top.status, top.code) == (400, "RequestBodyRead")
    assert (nested.status, nested.code) == (400, "RequestBodyRead")
    assert "'subjekt' does not exist on type 'Microsoft.OutlookServices.Event'" in top["error"]["message"]


async def test_read_only_properties_are_ignored(client: BareGraphClient) -> None:
    """Read-only properties in a body change nothing and harm nothing."""
    made = await client.create(id="mine", organizer={"emailAddress": {"address": "x@y.z"}}, isOrganizer=False)

    assert (made.status, made["isOrganizer"]) == (201, True)
    assert made["organizer"]["emailAddress"]["address"] == ANN


@pytest.mark.parametrize(
    "fields",
    [
        {"sensitivity": "secret"},
        {"isAllDay": "yes"},
        {"subject": 5},
        {"categories": None},
        {"reminderMinutesBeforeStart": 2**31},
        {"subject": "x" * 256},
        span("2026-11-23T11:00:00", "2026-11-23T10:00:00"),
    ],
    ids=["enum", "boolean", "string", "null-collection", "int32", "long-subject", "reversed"],
)
async def test_wrong_value_is_refused(client: BareGraphClient, fields: dict[str, object]) -> None:
    """A value of the wrong type, outside its enum or beyond its limit is 400."""
    assert (await client.create(**fields)).status == 400


async def test_enums_are_read_in_any_case_and_written_in_camel_case(client: BareGraphClient) -> None:
    """Enum values are case-insensitive on input."""
    made = await client.create(sensitivity="PRIVATE", showAs="WorkingElsewhere")

    assert (made["sensitivity"], made["showAs"]) == ("private", "workingElsewhere")


async def test_malformed_json_is_refused(client: BareGraphClient) -> None:
    """A body that is no JSON is 400."""
    url = f"{client.graph.url}/users/{ANN}/events"
    headers = {"Authorization": f"Bearer {client.graph.token}", "Content-Type": "application/json"}
    async with client.session.post(url, data=b"{", headers=headers) as answer:
        assert answer.status == 400


async def test_patch_changes_only_what_is_sent(client: BareGraphClient) -> None:
    """A PATCH leaves every field alone that it does not name, and changes the change key."""
    made = await client.create(location={"displayName": "Room"}, categories=["A"])
    after = await client.patch(f"users/{ANN}/events/{made['id']}", {"subject": "New"})

    changed = {k for k in made.body if made[k] != after[k]}
    assert changed <= {"subject", "changeKey", "@odata.etag", "lastModifiedDateTime"}
    assert after["subject"] == "New"
    assert after["changeKey"] != made["changeKey"]


async def test_null_clears_and_an_empty_list_empties(client: BareGraphClient) -> None:
    """``null`` clears a value, ``[]`` empties a collection."""
    made = await client.create(
        location={"displayName": "Room"}, categories=["A"], body={"contentType": "text", "content": "x"}
    )
    after = await client.patch(f"users/{ANN}/events/{made['id']}", {"location": None, "categories": [], "body": None})

    assert (after["location"]["displayName"], after["locations"], after["categories"]) == ("", [], [])
    assert after["body"]["content"] == ""


async def test_stale_version_is_refused(client: BareGraphClient) -> None:
    """T18: a PATCH or DELETE with an old etag is 412, with the current one it is done."""
    made = await client.create()
    path = f"users/{ANN}/events/{made['id']}"
    after = await client.patch(path, {"subject": "B"}, If_Match=made["@odata.etag"])
    stale = await client.patch(path, {"subject": "C"}, If_Match=made["@odata.etag"])

    assert (stale.status, stale.code) == (412, "ErrorIrresolvableConflict")
    assert (await client.delete(path, If_Match=made["@odata.etag"])).status == 412
    assert (await client.delete(path, If_Match=after["@odata.etag"])).status == 204


async def test_conflict_can_be_spurious(client: BareGraphClient, graph: GraphSimulator) -> None:
    """T18: 412 also comes when the version is current."""
    made = await client.create()
    graph.switches.spurious_conflicts = 1
    path = f"users/{ANN}/events/{made['id']}"

    assert (await client.patch(path, {"subject": "B"}, If_Match=made["@odata.etag"])).status == 412
    assert (await client.patch(path, {"subject": "B"}, If_Match=made["@odata.etag"])).status == 200


async def test_change_key_can_move_by_itself_after_a_create(client: BareGraphClient, graph: GraphSimulator) -> None:
    """T7: the service may touch a fresh event, content untouched."""
    graph.switches.touch_after_create = True
    made = await client.create()
    later = await client.event(made["id"])

    assert later["changeKey"] != made["changeKey"]
    assert later["subject"] == made["subject"]


async def test_deleted_event_is_gone(client: BareGraphClient) -> None:
    """DELETE is 204, and everything after it 404 ``ErrorItemNotFound``."""
    made = await client.create()
    path = f"users/{ANN}/events/{made['id']}"

    assert (await client.delete(path)).status == 204
    again = await client.delete(path)
    assert (again.status, again.code) == (404, "ErrorItemNotFound")
    assert (await client.get(path)).status == 404


@pytest.mark.parametrize("ident", ["nonsense", "%0D%0AX%3A%20y", "%00", "%EF%BF%BD", "%3F%23%5C"])
async def test_malformed_id_is_refused(client: BareGraphClient, ident: str) -> None:
    """An id that cannot be one is 400 ``ErrorInvalidIdMalformed``, whatever characters it holds."""
    answer = await client.event(ident)

    assert (answer.status, answer.code) == (400, "ErrorInvalidIdMalformed")


async def test_event_in_deleted_items_may_still_be_readable(client: BareGraphClient, graph: GraphSimulator) -> None:
    """T1: with the switch on, GET by immutable id answers 200 for a deleted event, its calendar 404."""
    ident = graph.person(ANN).create("Gone", NOON, ONE)
    graph.person(ANN).delete(ident)
    assert (await client.event(ident)).status == 404
    graph.deleted_items_readable = True

    assert (await client.event(ident)).status == 200
    where = await client.get(f"users/{ANN}/events/{ident}/calendar")
    assert (where.status, where.code) == (404, "ErrorItemNotFound")


async def test_calendar_of_an_event_tells_where_it_stands(client: BareGraphClient, graph: GraphSimulator) -> None:
    """T1: an event moved to another calendar is still there, in that calendar."""
    ann = graph.person(ANN)
    ident = ann.create("Moved", NOON, ONE)
    ann.move_to_calendar(ident, "Private")
    where = await client.get(f"users/{ANN}/events/{ident}/calendar")

    assert (where["name"], where["isDefaultCalendar"]) == ("Private", False)
    assert (await client.get(f"users/{ANN}/calendars/{where['id']}/events")).value[0]["id"] == ident
    assert (await client.get(f"users/{ANN}/events")).value == []


async def test_all_day_event_is_a_floating_date(client: BareGraphClient) -> None:
    """T12: an all-day event reads midnight to midnight whatever zone is asked."""
    made = await client.create(
        isAllDay=True, **span("2026-11-23T00:00:00", "2026-11-24T00:00:00", "FLE Standard Time")
    )
    there = await client.event(made["id"], prefer='IdType="ImmutableId", outlook.timezone="Pacific Standard Time"')

    assert made["start"] == {"dateTime": "2026-11-23T00:00:00.0000000", "timeZone": "UTC"}
    assert there["start"]["dateTime"] == "2026-11-23T00:00:00.0000000"
    assert there["end"]["dateTime"] == "2026-11-24T00:00:00.0000000"


@pytest.mark.parametrize(
    "fields",
    [
        span("2026-11-23T10:00:00", "2026-11-24T00:00:00"),
        span("2026-11-23T00:00:00", "2026-11-23T00:00:00"),
        {
            **span("2026-11-23T00:00:00", "2026-11-24T00:00:00"),
            "end": {"dateTime": "2026-11-24T00:00:00", "timeZone": "FLE Standard Time"},
        },
    ],
    ids=["not-midnight", "no-day", "two-zones"],
)
async def test_all_day_rules(client: BareGraphClient, fields: dict[str, object]) -> None:
    """T12: an all-day event needs two midnights of one zone, a day apart."""
    made = await client.create(isAllDay=True, **fields)

    assert (made.status, made.code) == (400, "ErrorInvalidRequest")


async def test_body_is_never_byte_equal_but_its_text_is(client: BareGraphClient) -> None:
    """T11: text comes back as wrapped HTML, and as the same text when text is preferred."""
    made = await client.create(body={"contentType": "text", "content": "one <two>\n\n  three & four"})
    text = await client.event(made["id"], prefer='IdType="ImmutableId", outlook.body-content-type="text"')

    assert made["body"]["contentType"] == "html"
    assert "<html>" in made["body"]["content"]
    assert text["body"] == {"contentType": "text", "content": "one <two>\r\n\r\n  three & four"}
    assert text["bodyPreview"].startswith("one <two>")


async def test_html_gets_a_meta_tag_once_and_loses_its_scripts(client: BareGraphClient) -> None:
    """T11: sent HTML is stored as a page with a meta tag; sending that page back changes nothing."""
    made = await client.create(body={"contentType": "html", "content": "<p>Hi <b>there</b></p><script>x()</script>"})
    page = made["body"]["content"]
    again = await client.patch(f"users/{ANN}/events/{made['id']}", {"body": {"contentType": "html", "content": page}})

    assert "<meta http-equiv" in page
    assert "script" not in page
    assert again["body"]["content"] == page


async def test_online_meeting_appends_its_block_to_the_body(client: BareGraphClient) -> None:
    """T10: ``isOnlineMeeting`` fills the join url and adds the Teams block."""
    made = await client.create(
        isOnlineMeeting=True,
        onlineMeetingProvider="teamsForBusiness",
        body={"contentType": "text", "content": "Agenda"},
    )

    assert made["onlineMeeting"]["joinUrl"].startswith("https://teams.microsoft.com/")
    assert made["onlineMeeting"]["joinUrl"].replace("&", "&amp;") in made["body"]["content"]
    assert made["body"]["content"].index("Agenda") < made["body"]["content"].index("me-email-text")


async def test_body_without_the_block_disables_the_meeting(client: BareGraphClient) -> None:
    """T10: a PATCH that keeps the block keeps the meeting, one that drops it kills it."""
    made = await client.create(isOnlineMeeting=True)
    path = f"users/{ANN}/events/{made['id']}"
    kept = await client.patch(
        path, {"body": {"contentType": "html", "content": made["body"]["content"].replace("<body>", "<body>Hi")}}
    )
    lost = await client.patch(path, {"body": {"contentType": "html", "content": "<p>Hi</p>"}})

    assert kept["isOnlineMeeting"] is True
    assert (lost["isOnlineMeeting"], lost["onlineMeeting"]) == (False, None)


async def test_online_meeting_cannot_be_switched_off(client: BareGraphClient) -> None:
    """``isOnlineMeeting: false`` on an online meeting is ignored."""
    made = await client.create(isOnlineMeeting=True)
    after = await client.patch(f"users/{ANN}/events/{made['id']}", {"isOnlineMeeting": False})

    assert after["isOnlineMeeting"] is True


async def test_provider_that_is_not_allowed_is_silently_ignored(
    client: BareGraphClient, graph: GraphSimulator
) -> None:
    """A mailbox without Teams gets a plain event and 201."""
    graph.mailbox(ANN).teams = False
    made = await client.create(isOnlineMeeting=True)

    assert (made.status, made["isOnlineMeeting"], made["onlineMeeting"]) == (201, False, None)


async def test_extended_property_is_seen_only_when_expanded(client: BareGraphClient) -> None:
    """T23: our mark is never echoed; ``$expand`` shows it, a filter finds it, whatever the value's case."""
    made = await client.create(singleValueExtendedProperties=[{"id": MARK, "value": "Act-42"}])
    await client.create(singleValueExtendedProperties=[{"id": MARK, "value": "Act-43"}])
    expand = f"$expand=singleValueExtendedProperties($filter=id eq '{MARK}')"
    shown = await client.get(f"users/{ANN}/events/{made['id']}?{expand}")
    query = f"$filter=singleValueExtendedProperties/Any(ep: ep/id eq '{MARK}' and ep/value eq 'ACT-42')"
    found = await client.get(f"users/{ANN}/events?{query}&{expand}")

    assert "singleValueExtendedProperties" not in made.body
    assert shown["singleValueExtendedProperties"] == [{"id": MARK, "value": "Act-42"}]
    assert [e["id"] for e in found.value] == [made["id"]]
    assert found.value[0]["singleValueExtendedProperties"][0]["value"] == "Act-42"


@pytest.mark.parametrize(
    ("test", "found"),
    [
        ("ep/value ne 'Act-42'", ["Act-43"]),
        ("contains(ep/value, 'act-')", ["Act-42", "Act-43"]),
        ("startswith(ep/value, 'ACT-43')", ["Act-43"]),
        ("ep/value eq 'Act-44'", []),
    ],
)
async def test_extended_property_operators(client: BareGraphClient, test: str, found: list[str]) -> None:
    """``eq ne contains startswith`` work on the value of an extended property."""
    for value in ("Act-42", "Act-43"):
        await client.create(subject=value, singleValueExtendedProperties=[{"id": MARK, "value": value}])
    node = f"singleValueExtendedProperties/Any(ep: ep/id eq '{MARK}' and {test})"
    answer = await client.get(f"users/{ANN}/events?$orderby=subject&$filter={node}")

    assert [e["subject"] for e in answer.value] == found


async def test_extended_property_name_is_case_sensitive(client: BareGraphClient) -> None:
    """Another case of the property's name is another property."""
    await client.create(singleValueExtendedProperties=[{"id": MARK, "value": "1"}])
    other = MARK.replace("ErpActivity", "erpactivity")
    query = f"$filter=singleValueExtendedProperties/Any(ep: ep/id eq '{other}' and ep/value eq '1')"

    assert (await client.get(f"users/{ANN}/events?{query}")).value == []


async def test_events_are_found_by_ical_uid_and_by_start(client: BareGraphClient) -> None:
    """``$filter`` knows ``iCalUId eq`` and ``start/dateTime ge``."""
    first = await client.create()
    late = await client.create(**span("2026-12-24T10:00:00", "2026-12-24T11:00:00"))
    by_uid = await client.get(f"users/{ANN}/events?$filter=iCalUId eq '{first['iCalUId']}'")
    by_start = await client.get(f"users/{ANN}/events?$filter=start/dateTime ge '2026-12-01T00:00:00'")

    assert [e["id"] for e in by_uid.value] == [first["id"]]
    assert [e["id"] for e in by_start.value] == [late["id"]]


async def test_transaction_id_cannot_be_filtered(client: BareGraphClient) -> None:
    """A filter node that Graph does not support is 400."""
    answer = await client.get(f"users/{ANN}/events?$filter=transactionId eq 'x'")

    assert (answer.status, answer.code) == (400, "ErrorInvalidUrlQueryFilter")


async def test_repeated_create_answers_with_the_first_event(client: BareGraphClient) -> None:
    """T8: the same transactionId and body make nothing new."""
    body = event_body(transactionId="t-1")
    first = await client.post(f"users/{ANN}/events", body)
    second = await client.post(f"users/{ANN}/events", body)

    assert (second.status, second["id"], second["transactionId"]) == (201, first["id"], "t-1")
    assert len((await client.get(f"users/{ANN}/events")).value) == 1


async def test_transaction_id_with_another_body_is_a_duplicate(client: BareGraphClient) -> None:
    """T9: the same transactionId with a changed body is 400 and names the first event."""
    first = await client.create(transactionId="t-1")
    second = await client.create(transactionId="t-1", subject="Other")
    named = await client.event(second["error"]["@event.existingEventId"])

    assert (second.status, second.code) == (400, "ErrorDuplicateTransactionId")
    assert named["id"] == first["id"]


@pytest.mark.parametrize(("switch", "status"), [("refuse", 400), ("answer", 201), ("forget", 201)])
async def test_transaction_id_outlives_its_event(
    client: BareGraphClient, graph: GraphSimulator, switch: str, status: int
) -> None:
    """T8: what a repeated transactionId does after the deletion is a switch; forgotten makes a new event."""
    graph.switches.transactions_after_delete = switch
    first = await client.create(transactionId="t-1")
    await client.delete(f"users/{ANN}/events/{first['id']}")
    again = await client.create(transactionId="t-1")

    assert again.status == status
    alive = len((await client.get(f"users/{ANN}/events")).value)
    assert alive == (1 if switch == "forget" else 0)


async def test_lost_answer_to_a_create_leaves_the_event(client: BareGraphClient, graph: GraphSimulator) -> None:
    """T8: the connection breaks after the work is done."""
    graph.add_fault("POST /v1.0/users/*/events", kind="lose")
    with pytest.raises(Exception, match="disconnected"):
        await client.create()

    assert len((await client.get(f"users/{ANN}/events")).value) == 1


async def test_calendar_view_shows_what_overlaps_the_window(client: BareGraphClient) -> None:
    """The window is half open, counts overlap, and an all-day event is its UTC day."""
    await client.create(subject="inside")
    await client.create(subject="before", **span("2026-10-01T10:00:00", "2026-10-01T11:00:00"))
    await client.create(subject="touches", **span("2026-10-31T23:00:00", "2026-11-01T00:00:00"))
    await client.create(subject="reaches in", **span("2026-10-31T23:00:00", "2026-11-01T00:30:00"))
    await client.create(
        subject="day", isAllDay=True, **span("2026-11-01T00:00:00", "2026-11-02T00:00:00", "FLE Standard Time")
    )
    shown = await client.get(f"users/{ANN}/calendarView?{WINDOW}")

    assert [e["subject"] for e in shown.value] == ["reaches in", "day", "inside"]


async def test_calendar_view_pages_by_top_and_skip(client: BareGraphClient) -> None:
    """Ten to a page by default, ``$top`` more or fewer, the rest behind ``@odata.nextLink``."""
    for n in range(12):
        await client.create(subject=f"{n:02}", **span(f"2026-11-23T{n:02}:00:00", f"2026-11-23T{n:02}:30:00"))
    first = await client.get(f"users/{ANN}/calendarView?{WINDOW}")
    second = await client.get(first["@odata.nextLink"])
    few = await client.get(f"users/{ANN}/calendarView?{WINDOW}&$top=5")

    assert [len(p.value) for p in (first, second, few)] == [10, 2, 5]
    assert "@odata.nextLink" not in second.body
    assert "$skip=5" in few["@odata.nextLink"]


async def test_calendar_view_refusals(client: BareGraphClient) -> None:
    """A window is needed and at most 1825 days; the two stamps cannot be selected."""
    wide = await client.get(
        f"users/{ANN}/calendarView?startDateTime=2020-01-01T00:00:00Z&endDateTime=2026-01-01T00:00:00Z"
    )
    stamp = await client.get(f"users/{ANN}/calendarView?{WINDOW}&$select=lastModifiedDateTime")

    assert (await client.get(f"users/{ANN}/calendarView")).status == 400
    assert (wide.status, wide.code) == (400, "ErrorInvalidRequest")
    assert stamp.status == 400


async def test_select_shows_only_what_is_named(client: BareGraphClient) -> None:
    """``$select`` keeps the id and the named properties; the join url needs ``isOnlineMeeting`` beside it."""
    made = await client.create(isOnlineMeeting=True)
    alone = await client.get(f"users/{ANN}/events/{made['id']}?$select=subject,onlineMeeting")
    both = await client.get(f"users/{ANN}/events/{made['id']}?$select=onlineMeeting,isOnlineMeeting")

    assert set(alone.body) == {"@odata.context", "@odata.etag", "id", "subject"}
    assert both["onlineMeeting"]["joinUrl"]
    assert (await client.get(f"users/{ANN}/events/{made['id']}?$select=nothing")).status == 400


async def test_copied_event_carries_the_mark_but_not_the_transaction(
    client: BareGraphClient, graph: GraphSimulator
) -> None:
    """T24: a person's copy has our mark, its own id and its own iCalUId."""
    made = await client.create(transactionId="t-1", singleValueExtendedProperties=[{"id": MARK, "value": "42"}])
    copied = graph.person(ANN).copy(made["id"])
    twin = await client.event(copied)

    assert graph.person(ANN).marks(copied) == {MARK: "42"}
    assert twin["id"] != made["id"]
    assert twin["iCalUId"] != made["iCalUId"]
    assert "transactionId" not in twin.body


async def test_private_event_comes_in_full(client: BareGraphClient, graph: GraphSimulator) -> None:
    """T26: the application sees subject and body of private events; masking is its own duty."""
    ident = graph.person(ANN).create("Doctor", NOON, ONE, private=True, body="teeth")
    shown = await client.event(ident)

    assert (shown["sensitivity"], shown["subject"]) == ("private", "Doctor")
    assert "teeth" in shown["body"]["content"]


async def test_unknown_zone_of_a_person_shows_as_custom(client: BareGraphClient, graph: GraphSimulator) -> None:
    """T13: an event made in a zone Graph does not name reports a custom zone, its instants right."""
    ident = graph.person(ANN).create("Far", NOON.replace(tzinfo=None), ONE.replace(tzinfo=None), zone="Europe/Sofia")
    shown = await client.event(ident)

    assert shown["originalStartTimeZone"] == "tzone://Microsoft/Custom"
    assert shown["start"]["dateTime"] == "2026-11-23T10:00:00.0000000"


def test_person_is_refused_what_makes_no_sense() -> None:
    """An act that cannot be done raises ``Refused``."""
    graph = GraphSimulator()
    graph.add_mailbox(ANN)

    with pytest.raises(Refused):
        graph.person(ANN).create("Backwards", ONE, NOON)
    with pytest.raises(Refused):
        graph.person(ANN).delete("nonsense")
    with pytest.raises(Refused):
        graph.person("nobody@example.test")
