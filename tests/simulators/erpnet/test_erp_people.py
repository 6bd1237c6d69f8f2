"""People at the web client, and the side entrance over HTTP (erpnet.md §9, §10)."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Any

import pytest

from simulators.base import Refused
from simulators.erpnet import SERVICE_LOGIN, ErpPerson, ErpSimulator
from tests.support.erp_client import BareErpClient, activity_path

NINE, TEN = "2026-01-26T09:00", "2026-01-26T10:00"


@pytest.fixture
def ann(erp: ErpSimulator) -> ErpPerson:
    """Ann at her desk."""
    return erp.person("ann")


def test_a_person_owns_what_they_create(ann: ErpPerson) -> None:
    """Creator and owner are the person; the duration is calculated; the type appears."""
    made = ann.get(ann.create("Talk", NINE, TEN, participants=["bob", "x@example.org"]))

    assert (made["CreationUser"], made["OwnerLogin"], made["DocumentTypeCode"]) == ("ann", "ann", "Meeting")
    assert made["PlannedDurationMinutes"] == 60
    assert [(p["Login"], p["Email"]) for p in made["Participants"]] == [
        ("bob", "bob@example.com"),
        (None, "x@example.org"),
    ]


def test_midnight_typed_on_one_side_makes_the_whole_day(ann: ErpPerson) -> None:
    """R38377: the other side's time becomes 00:00 as well."""
    made = ann.get(ann.create("Day", "2026-01-26T00:00", "2026-01-26T10:00"))

    assert (made["StartTime"], made["EndTime"]) == ("2026-01-26T00:00:00Z", "2026-01-26T00:00:00Z")


def test_a_typed_duration_moves_the_end_in_state_new_only(ann: ErpPerson) -> None:
    """R30433-6; later states keep the end as it is."""
    young, old = ann.create("Young", NINE, TEN), ann.create("Old", NINE, TEN, state="FirmPlanned")
    for activity in (young, old):
        ann.edit(activity, planned_minutes=90)

    assert ann.get(young)["EndTime"] == "2026-01-26T10:30:00Z"
    assert ann.get(old)["EndTime"] == "2026-01-26T10:00:00Z"


def test_a_reminder_is_minutes_before_the_start(ann: ErpPerson) -> None:
    """An int counts back from the start, the new one if it moves too."""
    activity = ann.create("Talk", NINE, TEN, reminder=15)
    assert ann.get(activity)["ReminderTime"] == "2026-01-26T08:45:00Z"

    ann.edit(activity, start="2026-01-26T09:30", reminder=10)
    assert ann.get(activity)["ReminderTime"] == "2026-01-26T09:20:00Z"


@pytest.mark.parametrize("act", ["release", "complete", "close"])
def test_later_states_refuse_edits_of_people_too(ann: ErpPerson, act: str) -> None:
    """The rules are the back end's."""
    activity = ann.create("Talk", NINE, TEN)
    getattr(ann, act)(activity)

    with pytest.raises(Refused, match="cannot be modified"):
        ann.edit(activity, subject="Late")


def test_reopening_goes_back_one_step_and_never_below_released(ann: ErpPerson) -> None:
    """Closed → Completed → Released, then no further."""
    activity = ann.create("Talk", NINE, TEN, state="Closed")
    ann.reopen(activity)
    ann.reopen(activity)

    assert ann.get(activity)["State"] == "Released"
    with pytest.raises(Refused, match="no way back"):
        ann.reopen(activity)


def test_a_refused_act_changes_nothing(ann: ErpPerson) -> None:
    """A create that fails at its second participant leaves no activity."""
    with pytest.raises(Refused, match="maximum length"):
        ann.create("Talk", NINE, TEN, participants=["x@example.org", "y" * 255])

    assert ann.activities() == []


def test_a_user_without_person_cannot_own_an_activity(erp: ErpSimulator) -> None:
    """OwnerParty is a party."""
    erp.add_user("robot", None, "Robot", person=False)

    with pytest.raises(Refused, match="OwnerParty"):
        erp.person("robot").create("Talk", NINE, TEN)


async def test_an_owner_may_change(client: BareErpClient, erp: ErpSimulator, ann: ErpPerson) -> None:
    """The creator stays, the owner's party is another."""
    activity = ann.create("Talk", NINE, TEN)
    ann.change_owner(activity, "bob")

    made = ann.get(activity)
    assert (made["CreationUser"], made["OwnerLogin"]) == ("ann", "bob")


async def test_an_earlier_sync_leaves_marked_activities(client: BareErpClient, erp: ErpSimulator) -> None:
    """ExternalSystem and ExternalId as MSSync writes them; made by the service user for Ann."""
    activity = erp.seed_mssync("ann", "Old meeting", NINE, TEN, "040000008200E00074C5")

    found = await client.ids("ExternalId eq '040000008200E00074C5' and ExternalSystem eq 'Office365-iCalUId'")
    made = erp.person("ann").get(activity)

    assert found == [activity]
    assert (made["CreationUser"], made["OwnerLogin"]) == (SERVICE_LOGIN, "ann")


async def _control(client: BareErpClient, verb: str, body: dict[str, Any]) -> tuple[int, Any]:
    async with client.http.post(f"{client.erp.url}/_sim/{verb}", json=body) as answer:
        return answer.status, await answer.json()


async def test_people_act_over_http_as_well(client: BareErpClient) -> None:
    """Seeds, acts, switches and the whole state through the side entrance."""
    _, user = await _control(client, "add_user", {"login": "eve", "email": "eve@example.com", "name": "Eve"})
    _, activity = await _control(
        client, "person", {"login": "eve", "do": "create", "with": {"subject": "Talk", "start": NINE, "end": TEN}}
    )
    await _control(client, "set", {"missing_status": 500, "application": {"enabled": False}})
    _, state = await _control(client, "state", {})

    assert user["person_id"] != user["party_id"]
    assert [(a["Id"], a["OwnerLogin"]) for a in state["activities"]] == [(activity, "eve")]
    assert (client.erp.missing_status, client.erp.application.enabled) == (500, False)


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("person", {"login": "nobody", "do": "activities"}),
        ("person", {"login": "ann", "do": "_row"}),
        ("person", {"login": "ann", "do": "get", "with": {"activity": "none"}}),
        ("person", {"login": "ann", "do": "create", "with": {"title": "Talk"}}),
        ("set", {"store": 1}),
        ("unheard", {}),
    ],
)
async def test_senseless_control_calls_are_refused(client: BareErpClient, verb: str, body: dict[str, Any]) -> None:
    """409 with the reason."""
    status, answer = await _control(client, verb, body)

    assert status == 409
    assert answer["refused"]


async def test_reset_brings_back_the_first_day(client: BareErpClient, erp: ErpSimulator) -> None:
    """Data, switches, sessions and tokens are gone; the seeds are there."""
    activity = await client.create()
    erp.missing_status = 500
    await _control(client, "reset", {})

    assert (await client.get(activity_path(activity))).status == 401
    await client.sign_in()
    assert (await client.get(activity_path(activity))).status == 404
    assert erp.user_row(SERVICE_LOGIN)["IsAdmin"] is True


async def test_faults_and_the_log_cover_erp_requests(client: BareErpClient, erp: ErpSimulator) -> None:
    """A lost answer leaves the work done: trap 4's beginning."""
    erp.add_fault("POST */General_Activities_Activities", kind="lose")
    body = client.meeting()

    with pytest.raises(Exception, match=r"disconnected|reset"):
        await client.post("General_Activities_Activities", body)

    assert len(await client.ids("Subject eq 'Review'")) == 1
    assert [s.status for s in erp.requests if s.method == "POST" and "Activities" in s.path] == [0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_runs_as_a_process_and_stops_cleanly(number: signal.Signals) -> None:
    """The origin is printed; a signal ends it with 0."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulators.erpnet", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 20)
    process.send_signal(number)

    assert line.startswith(b"http://127.0.0.1:")
    assert await asyncio.wait_for(process.wait(), 20) == 0


def test_a_copy_of_a_document_keeps_its_external_id(ann: ErpPerson, erp: ErpSimulator) -> None:
    """Another document, by whoever copied it and in a state of its own; nothing makes ExternalId unique."""
    first = erp.seed_mssync("ann", "Talk", NINE, TEN, "uid-1")
    ann.add_participant(first, "bob")
    ann.release(first)
    made, source = ann.get(ann.copy(first, subject="Talk (2)")), ann.get(first)

    assert (made["ExternalId"], made["ExternalSystem"]) == (source["ExternalId"], source["ExternalSystem"])
    assert (made["Subject"], made["CreationUser"], made["State"]) == ("Talk (2)", "ann", "New")
    assert source["CreationUser"] == SERVICE_LOGIN
    assert [p["Login"] for p in made["Participants"]] == ["bob"]
    fresh = ("Id", "DocumentId", "DocumentNo", "ObjectVersion")
    assert not [name for name in fresh if made[name] == source[name]]
