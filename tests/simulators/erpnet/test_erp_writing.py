"""Creating, changing and deleting (erpnet.md §6, §7, §9; traps 3, 4, 8, 9, 10, 14, 15, 16)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulators.erpnet import SERVICE_LOGIN, ErpSimulator
from tests.support.erp_client import ACTIVITIES, PARTICIPANTS, TYPES, USERS, BareErpClient, activity_path

KNOWN = "default,Id,ObjectVersion,ExternalId,ExternalSystem,AggregateLastUpdateTimeUtc,AdditionalDataJson"


async def _read(client: BareErpClient, activity: str) -> dict[str, Any]:
    reply = await client.get(activity_path(activity), select=KNOWN, expand="Participants($select=Id,Email)")
    return dict(reply.data)


async def test_a_created_entity_comes_back_without_its_id_attribute(client: BareErpClient) -> None:
    """201, ``@odata.id`` and the default selection."""
    reply = await client.post(ACTIVITIES, client.meeting())

    assert reply.status == 201
    assert reply.data["@odata.id"].startswith(f"{ACTIVITIES}(")
    assert reply.data["State"] == "New"
    assert "Id" not in reply.data


async def test_trap_15_the_creator_is_the_service_user(client: BareErpClient) -> None:
    """CreationUser is a login, and it is ours."""
    assert (await _read(client, await client.create()))["CreationUser"] == SERVICE_LOGIN


async def test_the_back_end_fills_number_source_and_master(client: BareErpClient, erp: ErpSimulator) -> None:
    """DocumentNo, FromParty (the company's party) and MasterDocument (itself) need not be sent."""
    activity = await client.create()

    data = await _read(client, activity)

    assert data["DocumentNo"]
    assert data["DocumentDate"] == "2026-01-25T00:00:00Z"
    assert data["MasterDocument"]["@odata.id"] == activity_path(activity)
    assert data["FromParty"]["@odata.id"].startswith("General_Contacts_Parties(")


@pytest.mark.parametrize("missing", ["Subject", "SystemType", "DocumentType", "OwnerParty", "ResponsibleParty"])
async def test_trap_10_a_plain_post_fills_no_required_field(client: BareErpClient, missing: str) -> None:
    """The common model has no front-end defaults: what is left out is an error that names it."""
    body = client.meeting()
    del body[missing]

    reply = await client.post(ACTIVITIES, body)

    assert reply.status == 500
    assert f"'{missing}'" in reply.message


async def test_trap_10_a_plain_post_calculates_no_duration(client: BareErpClient) -> None:
    """PlannedDurationMinutes stays empty unless it is sent."""
    assert (await _read(client, await client.create()))["PlannedDurationMinutes"] is None


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"EnterpriseCompany": None}, "R27483"),
        ({"EnterpriseCompanyLocation": None}, "R28151"),
        ({"EndTime": "2026-01-25T08:59:00Z"}, "R28916"),
        ({"StartTime": "2026-01-25T00:00:00Z"}, "R38488"),
        ({"EndTime": "2026-01-26T00:00:00Z"}, "R38488"),
        ({"State": "Released"}, "R30726"),
    ],
)
async def test_back_end_rules_refuse_a_create(client: BareErpClient, changes: dict[str, Any], rule: str) -> None:
    """Each rule answers 500 with code 2029 or the plain read-only error, and names itself."""
    reply = await client.post(ACTIVITIES, client.meeting(**changes))

    assert (reply.status, reply.rule) == (500, rule)
    assert reply.data["error"]["code"] == 2029


async def test_the_location_must_be_of_the_company(client: BareErpClient, erp: ErpSimulator) -> None:
    """R27482."""
    other = erp.add_location(erp.add_company("Other Ltd"), "Elsewhere")
    location = {"@odata.id": f"General_Contacts_CompanyLocations({other})"}

    assert (await client.post(ACTIVITIES, client.meeting(EnterpriseCompanyLocation=location))).rule == "R27482"


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-01-25T00:00:00Z", "2026-01-25T00:00:00Z"),
        ("2026-01-25T00:00:00Z", "2026-01-27T00:00:00Z"),
        ("2026-01-25T00:00:00Z", None),
        ("2026-01-25T00:01:00Z", "2026-01-25T00:30:00Z"),
        ("2026-01-25T22:00:00Z", "2026-01-25T23:59:00Z"),
    ],
)
async def test_trap_9_midnight_is_all_day_on_both_sides_or_none(
    client: BareErpClient, start: str, end: str | None
) -> None:
    """Both at 00:00, or no end, or neither at 00:00 is accepted."""
    assert (await client.post(ACTIVITIES, client.meeting(StartTime=start, EndTime=end))).status == 201


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2026-07-25T09:00:00Z", "2026-07-25T09:00:00Z"),
        ("2026-07-25T09:00:00", "2026-07-25T09:00:00Z"),
        ("2026-07-25T09:00:00.000Z", "2026-07-25T09:00:00Z"),
    ],
)
async def test_trap_8_times_are_digits_with_a_decorative_z(client: BareErpClient, sent: str, kept: str) -> None:
    """Digits come back as given, whatever zone the server is in; the Utc fields are true."""
    activity = await client.create(StartTime=sent, EndTime=None)

    data = await _read(client, activity)

    assert data["StartTime"] == kept
    assert data["AggregateLastUpdateTimeUtc"] == "2026-01-25T08:00:00Z"


async def test_an_explicit_offset_is_refused(client: BareErpClient) -> None:
    """Nobody knows what it would mean, so nobody may send it."""
    reply = await client.post(ACTIVITIES, client.meeting(StartTime="2026-01-25T09:00:00+02:00"))

    assert reply.status == 500


@pytest.mark.parametrize(("subject", "status"), [("🎉" * 127, 201), ("🎉" * 127 + "!", 500), ("x" * 255, 500)])
async def test_a_subject_has_254_utf16_units(client: BareErpClient, subject: str, status: int) -> None:
    """Characters beyond the basic plane count twice, as in .NET."""
    assert (await client.post(ACTIVITIES, client.meeting(Subject=subject))).status == status


@pytest.mark.parametrize("name", ["Void", "CreationUser", "ReadOnly", "Id", "AggregateLastUpdateTimeUtc"])
async def test_read_only_attributes_cannot_be_written(client: BareErpClient, name: str) -> None:
    """Neither on create nor on update."""
    value: Any = "11111111-1111-1111-1111-111111111111" if name == "Id" else True

    created = await client.post(ACTIVITIES, client.meeting() | {name: value})
    updated = await client.patch(activity_path(await client.create()), {name: value})

    assert (created.status, updated.status) == (500, 500)
    assert f"'{name}' is read-only" in created.message


async def test_trap_3_every_mistake_is_a_500_with_the_documented_shape(client: BareErpClient) -> None:
    """Not a server in trouble: the error object says what was wrong."""
    reply = await client.post(ACTIVITIES, client.meeting(Location="Room 1"))

    assert reply.status == 500
    assert set(reply.data["error"]) == {"message", "code", "type", "info", "messageFormat", "parameters"}
    assert "'Location' does not exist on type 'Erp.General_Activities_Activity'" in reply.message


async def test_a_patch_changes_what_it_names(client: BareErpClient, erp: ErpSimulator) -> None:
    """204, version and update time move on, the rest stays."""
    activity = await client.create()
    before = await _read(client, activity)
    erp.clock.advance(timedelta(minutes=3))

    reply = await client.patch(activity_path(activity), {"Subject": "Moved", "ReminderTime": None})
    after = await _read(client, activity)

    assert (reply.status, reply.data) == (204, "")
    assert after["Subject"] == "Moved"
    assert after["StartTime"] == before["StartTime"]
    assert after["ObjectVersion"] > before["ObjectVersion"]
    assert after["AggregateLastUpdateTimeUtc"] == "2026-01-25T08:03:00Z"


async def test_trap_14_an_unchanged_patch_writes_nothing(client: BareErpClient, erp: ErpSimulator) -> None:
    """Equal values leave version and time alone; a real change echoes in both."""
    activity = await client.create()
    before = await _read(client, activity)
    erp.clock.advance(timedelta(minutes=1))

    await client.patch(activity_path(activity), {"Subject": "Review"})

    assert await _read(client, activity) == before


async def test_trap_14_each_edit_notifies_the_assignee(client: BareErpClient, erp: ErpSimulator) -> None:
    """R35922 on assignment, R35940 on every later edit."""
    activity = await client.create(AssignedToUser={"@odata.id": erp.user_row("bob").path})

    await client.patch(activity_path(activity), {"Subject": "Moved"})

    assert [(n["user"], n["class"]) for n in erp.notifications] == [("bob", "R35922"), ("bob", "R35940")]


async def test_a_stale_version_is_refused(client: BareErpClient) -> None:
    """The optimistic lock: ObjectVersion in the body must be the current one."""
    activity = await client.create()
    version = (await _read(client, activity))["ObjectVersion"]

    first = await client.patch(activity_path(activity), {"Subject": "Mine", "ObjectVersion": version})
    second = await client.patch(activity_path(activity), {"Subject": "Late", "ObjectVersion": version})

    assert (first.status, second.status) == (204, 500)
    assert (await _read(client, activity))["Subject"] == "Mine"


async def test_the_version_check_may_be_missing(client: BareErpClient, erp: ErpSimulator) -> None:
    """Switches: the number is ignored, or is an unknown property."""
    activity = await client.create()

    erp.version_check = "ignored"
    ignored = await client.patch(activity_path(activity), {"Subject": "Late", "ObjectVersion": 1})
    erp.version_check = "refused"
    refused = await client.patch(activity_path(activity), {"Subject": "Later", "ObjectVersion": 1})

    assert (ignored.status, refused.status) == (204, 500)
    assert "'ObjectVersion' does not exist" in refused.message


async def test_a_patch_may_bind_and_find_references(client: BareErpClient, erp: ErpSimulator) -> None:
    """``@odata.bind``, absolute address, criteria, and null to clear."""
    activity = await client.create()
    bob = erp.user_row("bob")
    erp.add_document_type("Call")

    await client.patch(
        activity_path(activity), {"AssignedToUser@odata.bind": f"{erp.url}/api/domain/odata/{USERS}({bob.id})"}
    )
    await client.patch(activity_path(activity), {"DocumentType": {"Code": "CALL"}})
    bound = await _read(client, activity)
    await client.patch(activity_path(activity), {"AssignedToUser": None})

    assert bound["AssignedToUser"]["@odata.id"] == f"{USERS}({bob.id})"
    assert bound["DocumentType"]["@odata.id"] == f"{TYPES}({erp.document_type('Call')})"
    assert (await _read(client, activity))["AssignedToUser"] is None


async def test_a_bare_text_is_no_reference(client: BareErpClient, erp: ErpSimulator) -> None:
    """An address stands in ``@odata.id`` or under ``@odata.bind``, nowhere else."""
    address = erp.user_row("bob").path

    assert (await client.post(ACTIVITIES, client.meeting(AssignedToUser=address))).status == 500
    assert (await client.post(ACTIVITIES, client.meeting() | {"AssignedToUser@odata.bind": address})).status == 201


@pytest.mark.parametrize("children", [[1], [{"Id": "none"}], "Ann"])
async def test_child_bodies_must_be_objects_of_this_parent(client: BareErpClient, children: Any) -> None:
    """Anything else is a mistake like every other."""
    assert (await client.patch(activity_path(await client.create()), {"Participants": children})).status == 500


async def test_a_participant_stays_with_its_activity(client: BareErpClient) -> None:
    """The owner of a child cannot be changed."""
    activity = {"@odata.id": activity_path(await client.create())}
    child = await client.post(PARTICIPANTS, {"Activity": activity, "Email": "x@example.org"})

    other = {"Activity": {"@odata.id": activity_path(await client.create())}}

    assert (await client.patch(f"{PARTICIPANTS}({child.id})", other)).status == 500


async def test_a_type_that_is_not_found_is_an_error(client: BareErpClient) -> None:
    """Criteria without a match create nothing."""
    reply = await client.post(ACTIVITIES, client.meeting(DocumentType={"Code": "Nonesuch"}))

    assert reply.status == 500
    assert (await client.get(f"{ACTIVITIES}/$count")).data == "0"


async def test_trap_17_nested_objects_with_more_than_criteria_overwrite_what_they_find(
    client: BareErpClient, erp: ErpSimulator
) -> None:
    """The implicit merge changes master data."""
    kind = {"Code": "Meeting", "TypeName": {"EN": "Overwritten"}}

    await client.post(ACTIVITIES, client.meeting(DocumentType=kind))

    types = (await client.get(TYPES)).data["value"]
    assert [t["TypeName"] for t in types] == [{"EN": "Overwritten"}]


async def test_trap_4_a_plain_post_twice_is_two_activities(client: BareErpClient) -> None:
    """Nothing recognises a repeated create by its ExternalId."""
    mark = {"ExternalId": "040000008200", "ExternalSystem": "Office365-iCalUId"}

    await client.create(**mark)
    await client.create(**mark)

    assert len(await client.ids("ExternalId eq '040000008200'")) == 2


async def test_trap_4_a_merge_twice_is_one_activity(client: BareErpClient) -> None:
    """Found by the pair; the second time nothing is written."""
    mark = {"ExternalId": "040000008200", "ExternalSystem": "Office365-iCalUId"}
    body = client.meeting(**mark) | {"@erpnet.action": "merge", "@erpnet.findBy": mark}

    first = await client.post(ACTIVITIES, body)
    version = (await _read(client, first.id))["ObjectVersion"]
    second = await client.post(ACTIVITIES, body)

    assert (first.status, second.status) == (201, 201)
    assert first.id == second.id
    assert (await _read(client, first.id))["ObjectVersion"] == version


async def test_a_merge_does_not_skip_void_documents(client: BareErpClient) -> None:
    """Nothing says it would: the void activity is found and refuses the change."""
    mark = {"ExternalId": "uid", "ExternalSystem": "Office365-iCalUId"}
    activity = await client.create(**mark)
    await client.post(f"{activity_path(activity)}/MakeVoid", {"reason": "gone"})

    body = client.meeting(Subject="Again") | {"@erpnet.action": "merge", "@erpnet.findBy": mark}

    assert (await client.post(ACTIVITIES, body)).status == 500


async def test_child_bodies_without_identity_are_always_created(client: BareErpClient) -> None:
    """A resent child array doubles the participants; a PATCH never removes one."""
    guests = [{"Email": "x@example.org"}]
    activity = await client.create(Participants=guests)

    await client.patch(activity_path(activity), {"Participants": guests})

    assert [p["Email"] for p in (await _read(client, activity))["Participants"]] == ["x@example.org"] * 2


async def test_participants_are_made_changed_and_deleted_one_by_one(client: BareErpClient) -> None:
    """Each change of a child moves the activity's version."""
    activity = await client.create()
    versions = [(await _read(client, activity))["ObjectVersion"]]

    child = await client.post(
        PARTICIPANTS, {"Activity": {"@odata.id": activity_path(activity)}, "Email": "x@example.org"}
    )
    versions.append((await _read(client, activity))["ObjectVersion"])
    await client.patch(f"{PARTICIPANTS}({child.id})", {"Email": "y@example.org"})
    changed = await _read(client, activity)
    versions.append(changed["ObjectVersion"])
    gone = await client.call("DELETE", f"{PARTICIPANTS}({child.id})")
    last = await _read(client, activity)
    versions.append(last["ObjectVersion"])

    assert [p["Email"] for p in changed["Participants"]] == ["y@example.org"]
    assert (gone.status, last["Participants"]) == (204, [])
    assert versions == sorted(set(versions))


async def test_a_participant_is_a_person_or_an_address(client: BareErpClient, erp: ErpSimulator) -> None:
    """R36484-2; the user alone does not help without the front end, the person's e-mail is filled in."""
    activity = {"Activity": {"@odata.id": activity_path(await client.create())}}
    bob = erp.user_row("bob")

    only_user = await client.post(PARTICIPANTS, activity | {"User": {"@odata.id": bob.path}})
    person = {"@odata.id": f"General_Contacts_Persons({bob['Person']})"}
    only_person = await client.post(PARTICIPANTS, activity | {"ParticipantPerson": person})

    assert only_user.rule == "R36484-2"
    assert only_person.data["Email"] == "bob@example.com"
    assert only_person.data["User"] is None


async def test_a_participating_user_must_be_internal_or_virtual(client: BareErpClient, erp: ErpSimulator) -> None:
    """R36718."""
    erp.add_user("guest", "guest@example.org", "Guest", user_type="ExternalCommunityUser")
    body = {
        "Activity": {"@odata.id": activity_path(await client.create())},
        "Email": "guest@example.org",
        "User": {"@odata.id": erp.user_row("guest").path},
    }

    assert (await client.post(PARTICIPANTS, body)).rule == "R36718"


async def test_trap_16_additional_data_is_replaced_whole(client: BareErpClient) -> None:
    """A new text replaces, null keeps, the empty text clears."""
    activity = await client.create(AdditionalDataJson='{"other":1}')

    await client.patch(activity_path(activity), {"AdditionalDataJson": '{"calendarSync":2}'})
    replaced = (await _read(client, activity))["AdditionalDataJson"]
    await client.patch(activity_path(activity), {"AdditionalDataJson": None})
    kept = (await _read(client, activity))["AdditionalDataJson"]
    await client.patch(activity_path(activity), {"AdditionalDataJson": ""})

    assert replaced == kept == '{"calendarSync":2}'
    assert (await _read(client, activity))["AdditionalDataJson"] is None


@pytest.mark.parametrize(("text", "rule"), [("[1]", "R101839-1"), ("{", "R101839-1"), ("x" * 32_001, "R101790")])
async def test_additional_data_is_a_json_object_of_32000_characters(
    client: BareErpClient, text: str, rule: str
) -> None:
    """Anything else is refused by rule."""
    assert (await client.patch(activity_path(await client.create()), {"AdditionalDataJson": text})).rule == rule


async def test_documents_cannot_be_deleted(client: BareErpClient) -> None:
    """DELETE of an activity is refused; it stays."""
    activity = await client.create()

    assert (await client.call("DELETE", activity_path(activity))).status == 500
    assert (await client.get(activity_path(activity))).status == 200


async def test_a_document_type_is_created_once(client: BareErpClient) -> None:
    """It is absent at first; the second create hits the unique code, 2129."""
    text = "Code eq 'Meeting' and EntityName eq 'Cm_Activities'"
    body = {"Code": "Meeting", "EntityName": "Cm_Activities", "TypeName": {"EN": "Meeting"}}
    assert (await client.get(TYPES, filter=text)).data["value"] == []

    first, second = await client.post(TYPES, body), await client.post(TYPES, body)

    assert (first.status, second.status) == (201, 500)
    assert second.data["error"]["code"] == 2129
    assert len((await client.get(TYPES, filter=text, select="default,Id")).data["value"]) == 1


async def test_creating_document_types_may_be_forbidden(client: BareErpClient, erp: ErpSimulator) -> None:
    """Then nothing is made and the error says so."""
    erp.may_create_document_types = False
    body = {"Code": "Meeting", "EntityName": "Cm_Activities", "TypeName": {"EN": "Meeting"}}

    reply = await client.post(TYPES, body)

    assert reply.status == 500
    assert "permission" in reply.message
    assert (await client.get(f"{TYPES}/$count")).data == "0"


async def test_a_transaction_is_seen_by_nobody_else_until_it_ends(client: BareErpClient) -> None:
    """Changes wait in memory: committed they count, rolled back they never were."""
    activity = await client.create()
    for commit, seen in ((False, "Review"), (True, "Inside")):
        number = (await client.post("BeginTransaction", {"model": "common"})).data
        inside = {"TransactionId": number}
        await client.call("PATCH", activity_path(activity), {"Subject": "Inside"}, headers=inside)

        assert (await client.get(activity_path(activity))).data["Subject"] == "Review"
        assert (await client.call("GET", activity_path(activity), headers=inside)).data["Subject"] == "Inside"

        await client.call("POST", "EndTransaction", {"commit": commit}, headers=inside)
        assert (await client.get(activity_path(activity))).data["Subject"] == seen


async def test_a_dead_transaction_is_named_in_the_error(client: BareErpClient, erp: ErpSimulator) -> None:
    """25 minutes are its life."""
    number = (await client.post("BeginTransaction", {"model": "frontend"})).data
    for _ in range(2):
        erp.clock.advance(timedelta(minutes=12, seconds=30))
        reply = await client.call("GET", ACTIVITIES, headers={"TransactionId": number})

    assert reply.status == 500
    assert reply.message == f"Invalid TransactionId {number}."


async def test_front_end_rules_run_in_a_frontend_transaction(client: BareErpClient) -> None:
    """There the duration is calculated, which a plain POST does not do."""
    number = (await client.post("BeginTransaction", {"model": "frontend"})).data

    reply = await client.call("POST", ACTIVITIES, client.meeting(), headers={"TransactionId": number})

    assert reply.data["PlannedDurationMinutes"] == 60
