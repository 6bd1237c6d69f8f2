"""States, voiding, permissions, notifications, deletions (erpnet.md §7, §10, §11; traps 12, 13)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulators.erpnet import SERVICE_LOGIN, ErpSimulator
from tests.support.erp_client import ACTIVITIES, PARTICIPANTS, USERS, BareErpClient, activity_path

GRANTS = "Systems_Security_GroupAccessKeys"


async def _state(client: BareErpClient, activity: str) -> str:
    return str((await client.get(activity_path(activity), select="State")).data["State"])


@pytest.mark.parametrize("state", ["Released", "Completed", "Closed"])
async def test_trap_12_later_states_refuse_header_and_children(client: BareErpClient, state: str) -> None:
    """Released, Completed and Closed activities cannot be changed, participants included."""
    activity = await client.create(Participants=[{"Email": "x@example.org"}])
    child = (await client.get(activity_path(activity), expand="Participants($select=Id)")).data["Participants"][0][
        "Id"
    ]
    moved = await client.post(f"{activity_path(activity)}/ChangeState", {"newState": state})

    header = await client.patch(activity_path(activity), {"Subject": "Late"})
    mark = await client.patch(activity_path(activity), {"ExternalId": "uid"})
    added = await client.post(
        PARTICIPANTS, {"Activity": {"@odata.id": activity_path(activity)}, "Email": "y@example.org"}
    )
    removed = await client.call("DELETE", f"{PARTICIPANTS}({child})")

    assert moved.status == 204
    assert [r.status for r in (header, mark, added, removed)] == [500] * 4


async def test_trap_12_saving_a_planned_activity_makes_it_firm(client: BareErpClient) -> None:
    """Planned flips to FirmPlanned with any saved change, and only then."""
    activity = await client.create()
    await client.post(f"{activity_path(activity)}/ChangeState", {"newState": "Planned"})

    await client.patch(activity_path(activity), {"Subject": "Review"})
    unchanged = await _state(client, activity)
    await client.patch(activity_path(activity), {"Subject": "Moved"})

    assert unchanged == "Planned"
    assert await _state(client, activity) == "FirmPlanned"


async def test_trap_12_a_read_only_document_refuses_by_r29107(client: BareErpClient, erp: ErpSimulator) -> None:
    """The flag is one of its own: the state may still be New."""
    activity = await client.create()
    erp.person("ann").set_read_only(activity, True)

    reply = await client.patch(activity_path(activity), {"Subject": "Late"})

    assert (reply.status, reply.rule) == (500, "R29107")
    assert await _state(client, activity) == "New"


@pytest.mark.parametrize(
    ("old", "new", "allowed"),
    [
        ("New", "FirmPlanned", True),
        ("FirmPlanned", "Planned", True),
        ("Planned", "New", True),
        ("FirmPlanned", "New", False),
        ("Released", "FirmPlanned", False),
        ("Completed", "Released", True),
        ("Closed", "Completed", True),
        ("Closed", "Released", False),
        ("Released", "Released", False),
    ],
)
async def test_states_go_up_freely_and_down_by_documented_steps(
    client: BareErpClient, erp: ErpSimulator, old: str, new: str, allowed: bool
) -> None:
    """Released never goes back below."""
    activity = erp.person("ann").create("Talk", "2026-01-26T09:00", "2026-01-26T10:00", state=old)

    reply = await client.post(f"{activity_path(activity)}/ChangeState", {"newState": new})

    assert (reply.status == 204) is allowed
    assert await _state(client, activity) == (new if allowed else old)


async def test_trap_13_voiding_keeps_the_row_for_ever(client: BareErpClient) -> None:
    """Void, with reason and user; a second time is an error and an edit is refused."""
    activity = await client.create()

    first = await client.post(
        f"{activity_path(activity)}/MakeVoid", {"reason": "Cancelled", "voidType": "VoidDocument"}
    )
    second = await client.post(f"{activity_path(activity)}/MakeVoid", {"reason": "Again"})
    edit = await client.patch(activity_path(activity), {"Subject": "Back"})
    data = (await client.get(activity_path(activity))).data

    assert (first.status, second.status, edit.status) == (204, 500, 500)
    assert (data["Void"], data["VoidReason"], data["VoidUser"]) == (True, "Cancelled", SERVICE_LOGIN)
    assert await client.ids("Void eq true") == [activity]


@pytest.mark.parametrize(
    "body",
    [{"reason": "x" * 255}, {"reason": "x", "voidType": "Everything"}, {"cause": "x"}],
    ids=["long-reason", "unknown-type", "unknown-parameter"],
)
async def test_make_void_checks_its_parameters(client: BareErpClient, body: dict[str, Any]) -> None:
    """A refused call voids nothing."""
    activity = await client.create()

    assert (await client.post(f"{activity_path(activity)}/MakeVoid", body)).status == 500
    assert await client.ids("Void eq true") == []


@pytest.mark.parametrize("allowed", [False, True])
async def test_voiding_a_completed_activity_is_a_switch(
    client: BareErpClient, erp: ErpSimulator, allowed: bool
) -> None:
    """No source says whether it works."""
    erp.voids_completed = allowed
    activity = erp.person("ann").create("Talk", "2026-01-26T09:00", "2026-01-26T10:00", state="Completed")

    reply = await client.post(f"{activity_path(activity)}/MakeVoid", {"reason": "x"})

    assert (reply.status == 204) is allowed


async def test_trap_13_a_hard_delete_leaves_only_its_system_object(client: BareErpClient, erp: ErpSimulator) -> None:
    """The row vanishes; the system object tells which activity it was and when."""
    activity = await client.create(ExternalId="uid", ExternalSystem="Office365-iCalUId")
    erp.clock.advance(timedelta(minutes=5))
    erp.person("ann").delete(activity)

    text = "EntityType eq 'Cm_Activities' and IsDeleted eq true and LastUpdateTimeUtc ge 2026-01-25T08:01:00Z"
    (row,) = (await client.get("Systems_Core_ExtensibleDataObjects", filter=text)).data["value"]

    assert await client.ids("Void eq false") == []
    assert (await client.get(activity_path(activity))).status == 404
    assert (row["EntityItemId"], row["ExternalId"], row["ExternalSystem"]) == (activity, "uid", "Office365-iCalUId")
    assert row["LastUpdateTimeUtc"] == "2026-01-25T08:05:00Z"


async def test_a_hidden_activity_is_missing_and_not_deleted(client: BareErpClient, erp: ErpSimulator) -> None:
    """Taken out of the service user's sight it looks gone, yet no system object says so."""
    activity = await client.create()
    erp.person("ann").hide(activity)
    hidden = await client.ids(f"Id in ({activity})")
    deleted = await client.get("Systems_Core_ExtensibleDataObjects", filter="IsDeleted eq true")

    erp.person("ann").show(activity)

    assert (hidden, deleted.data["value"]) == ([], [])
    assert await client.ids(f"Id in ({activity})") == [activity]


async def _secured(erp: ErpSimulator) -> tuple[str, str]:
    key = erp.add_access_key("Meetings")
    erp.add_document_type("Meeting", access_key=key)
    return key, erp.person("ann").create("Secret", "2026-01-26T09:00", "2026-01-26T10:00")


async def test_a_secured_type_hides_its_documents_from_the_service_user(
    client: BareErpClient, erp: ErpSimulator
) -> None:
    """Being an admin is no grant: without a row not even reading works."""
    _, activity = await _secured(erp)

    assert await client.ids(f"Id in ({activity})") == []
    assert (await client.post(ACTIVITIES, client.meeting())).status == 500


async def test_the_service_user_grants_itself_what_is_missing(client: BareErpClient, erp: ErpSimulator) -> None:
    """Own group found, row posted, then patched: update first, voiding (Permission6) after."""
    key, activity = await _secured(erp)
    mine = f"{USERS}({erp.service_user.id})"
    groups = await client.get("Systems_Security_Groups", select="Id,GroupType", filter=f"GroupForUser eq '{mine}'")
    (group,) = groups.data["value"]

    row = await client.post(
        GRANTS,
        {
            "Group": {"@odata.id": f"Systems_Security_Groups({group['Id']})"},
            "AccessKey": {"@odata.id": f"Systems_Security_AccessKeys({key})"},
            "CanUpdate": True,
            "CanDelete": False,
        },
    )
    updated = await client.patch(activity_path(activity), {"Subject": "Known"})
    void_before = await client.post(f"{activity_path(activity)}/MakeVoid", {"reason": "x"})
    await client.patch(f"{GRANTS}({row.id})", {"Permission6": True})
    void_after = await client.post(f"{activity_path(activity)}/MakeVoid", {"reason": "x"})

    assert group["GroupType"] == "SystemGroupForOneUser"
    assert (row.status, updated.status, void_before.status, void_after.status) == (201, 204, 500, 204)
    assert "Void Documents" in void_before.message


async def test_a_grant_is_unique_per_group_and_key(client: BareErpClient, erp: ErpSimulator) -> None:
    """A second row for the same pair is a duplicate: PATCH the first."""
    key, _ = await _secured(erp)
    erp.grant(key, SERVICE_LOGIN, CanUpdate=False)
    group = erp.store.find("Systems_Security_Groups", GroupForUser=erp.service_user.id)[0]
    body = {"Group": {"@odata.id": group.path}, "AccessKey": {"@odata.id": f"Systems_Security_AccessKeys({key})"}}

    reply = await client.post(GRANTS, body | {"CanUpdate": True, "CanDelete": True})

    assert (reply.status, reply.data["error"]["code"]) == (500, 2129)


@pytest.mark.parametrize(
    ("switch", "status"), [("self_grant_refused", 500), ("security_scope_required", 403), ("no-admin", 500)]
)
async def test_self_grant_may_fail(client: BareErpClient, erp: ErpSimulator, switch: str, status: int) -> None:
    """Forbidden outright, for want of scope ``sec``, or because the user is no admin."""
    key, _ = await _secured(erp)
    row = erp.grant(key, SERVICE_LOGIN)
    if switch == "no-admin":
        erp.change_user(SERVICE_LOGIN, IsAdmin=False)
    else:
        setattr(erp, switch, True)

    assert (await client.patch(f"{GRANTS}({row})", {"CanUpdate": True})).status == status


async def test_system_groups_are_immutable(client: BareErpClient, erp: ErpSimulator) -> None:
    """R37166."""
    group = erp.store.find("Systems_Security_Groups", GroupForUser=erp.service_user.id)[0]

    assert (await client.patch(group.path, {"EditPeriodDays": 3})).rule == "R37166"


async def test_a_notification_reaches_its_user(client: BareErpClient, erp: ErpSimulator) -> None:
    """CreateNotification on the user, with MSSync's class and words."""
    ann = erp.user_row("ann")
    subject = "SyncJob 'Calendar' processing error. There's no enterprise company defined."
    body = {
        "user": {"@odata.id": ann.path},
        "notificationClass": "NT_WEBSITE_EXT_MSSYNC",
        "subject": subject,
        "priority": "Normal",
    }

    reply = await client.post(f"{ann.path}/CreateNotification", body)
    rows = (await client.get("Systems_Core_Notifications", filter=f"User eq '{ann.path}'")).data["value"]

    assert reply.status == 204
    assert [(n["user"], n["class"], n["subject"]) for n in erp.notifications] == [
        ("ann", "NT_WEBSITE_EXT_MSSYNC", subject)
    ]
    assert [r["Subject"] for r in rows] == [subject]


@pytest.mark.parametrize("wrong", [{"notificationClass": "NT_MINE"}, {"subject": "x" * 257}, {"priority": "Loud"}])
async def test_a_notification_outside_the_lists_is_refused(
    client: BareErpClient, erp: ErpSimulator, wrong: dict[str, str]
) -> None:
    """Class, length and priority are checked; nobody is told anything."""
    ann = erp.user_row("ann")
    body = {"user": {"@odata.id": ann.path}, "notificationClass": "NT_WEBSITE_EXT_MSSYNC", "subject": "x"}

    assert (await client.post(f"{ann.path}/CreateNotification", body | wrong)).status == 500
    assert erp.notifications == []
