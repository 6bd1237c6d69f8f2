"""Participants: children of an activity with rules of their own (erpnet.md §6, §8, §9, §10)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from simulators.base import Refused
from simulators.erpnet import ErpPerson, ErpSimulator
from tests.support.erp_client import (
    ACTIVITIES,
    PARTICIPANTS,
    BareErpClient,
    activity_path,
    changeset_body,
    multipart,
    send,
    statuses,
    write,
)

NINE, TEN = "2026-01-26T09:00", "2026-01-26T10:00"
GUEST = {"Email": "x@example.org"}


@pytest.fixture
def ann(erp: ErpSimulator) -> ErpPerson:
    """Ann at her desk."""
    return erp.person("ann")


def user(erp: ErpSimulator, login: str) -> dict[str, str]:
    """A reference to a user."""
    return {"@odata.id": erp.user_row(login).path}


def told(erp: ErpSimulator) -> list[tuple[str, str]]:
    """Who was told what, by rule."""
    return [(one["user"], one["class"]) for one in erp.notifications]


async def child_of(client: BareErpClient, activity: str) -> str:
    """The address of an activity's only participant."""
    (row,) = (await client.get(activity_path(activity), expand="Participants($select=Id)")).data["Participants"]
    return f"{PARTICIPANTS}({row['Id']})"


async def state_of(client: BareErpClient, activity: str) -> tuple[int, str, list[tuple[str, str | None]]]:
    """Version, update time, and participants with their notes."""
    expand = "Participants($select=Email,Notes)"
    row = (
        await client.get(activity_path(activity), select="ObjectVersion,AggregateLastUpdateTimeUtc", expand=expand)
    ).data
    people = [(one["Email"], one["Notes"]) for one in row["Participants"]]
    return row["ObjectVersion"], row["AggregateLastUpdateTimeUtc"], sorted(people)


async def test_a_create_makes_its_participants_with_it(client: BareErpClient, erp: ErpSimulator) -> None:
    """Children in the POST are new rows with their users and notes; the users among them are told (R36627)."""
    bob = {"Email": "bob@example.com", "User": user(erp, "bob"), "Notes": "accepted"}

    activity = await client.create(Participants=[GUEST, bob])

    rows = erp.person("ann").get(activity)["Participants"]
    assert [(row["Email"], row["Login"], row["Notes"]) for row in rows] == [
        ("x@example.org", None, None),
        ("bob@example.com", "bob", "accepted"),
    ]
    assert told(erp) == [("bob", "R36627")]


async def test_a_participant_that_is_refused_takes_the_activity_with_it(
    client: BareErpClient, erp: ErpSimulator
) -> None:
    """A POST is done whole or not at all, and nobody is told of what was not done."""
    bob = {"Email": "bob@example.com", "User": user(erp, "bob")}

    reply = await client.post(ACTIVITIES, client.meeting(Participants=[bob, {"Notes": "nobody"}]))

    assert (reply.status, reply.rule) == (500, "R36484-2")
    assert (await client.get(f"{ACTIVITIES}/$count")).data == "0"
    assert told(erp) == []


async def test_whoever_adds_themselves_is_not_told(ann: ErpPerson, erp: ErpSimulator) -> None:
    """R36627 leaves out the user who writes."""
    activity = ann.create("Talk", NINE, TEN, participants=["ann", "bob"])

    assert {row["Login"] for row in ann.get(activity)["Participants"]} == {"ann", "bob"}
    assert told(erp) == [("bob", "R36627")]


async def test_changes_of_participants_tell_no_assignee(client: BareErpClient, erp: ErpSimulator) -> None:
    """R35940 belongs to the header: rows added, noted and deleted do not wake the assignee."""
    activity = await client.create(AssignedToUser=user(erp, "bob"))
    child = await client.post(PARTICIPANTS, {"Activity": {"@odata.id": activity_path(activity)}} | GUEST)
    await client.patch(f"{PARTICIPANTS}({child.id})", {"Notes": "accepted"})
    await client.call("DELETE", f"{PARTICIPANTS}({child.id})")

    assert told(erp) == [("bob", "R35922")]


async def test_any_change_of_a_participant_moves_the_activity(client: BareErpClient, erp: ErpSimulator) -> None:
    """Adding, noting and deleting each give the activity a new version and update time (erpnet.md §7)."""
    activity = await client.create()
    seen = [await state_of(client, activity)]
    erp.clock.advance(timedelta(minutes=1))
    child = await client.post(PARTICIPANTS, {"Activity": {"@odata.id": activity_path(activity)}} | GUEST)
    seen.append(await state_of(client, activity))
    erp.clock.advance(timedelta(minutes=1))
    await client.patch(f"{PARTICIPANTS}({child.id})", {"Notes": "accepted"})
    seen.append(await state_of(client, activity))
    erp.clock.advance(timedelta(minutes=1))
    await client.call("DELETE", f"{PARTICIPANTS}({child.id})")
    seen.append(await state_of(client, activity))

    mail = "x@example.org"
    assert [people for _, _, people in seen] == [[], [(mail, None)], [(mail, "accepted")], []]
    assert [time for _, time, _ in seen] == sorted({time for _, time, _ in seen})
    assert [version for version, _, _ in seen] == sorted({version for version, _, _ in seen})


@pytest.mark.parametrize("lock", ["release", "read_only", "void"])
async def test_a_locked_activity_refuses_changes_of_its_participants(
    client: BareErpClient, ann: ErpPerson, lock: str
) -> None:
    """R29107 for the flag, the document's state for the rest: no row is added, changed or deleted."""
    activity = await client.create(Participants=[GUEST])
    child = await child_of(client, activity)
    if lock == "read_only":
        ann.set_read_only(activity, True)
    else:
        getattr(ann, lock)(activity)
    before = await state_of(client, activity)

    replies = [
        await client.post(
            PARTICIPANTS, {"Activity": {"@odata.id": activity_path(activity)}, "Email": "y@example.org"}
        ),
        await client.patch(child, {"Notes": "accepted"}),
        await client.call("DELETE", child),
    ]

    assert [(reply.status, reply.rule) for reply in replies] == [(500, "R29107" if lock == "read_only" else "")] * 3
    assert await state_of(client, activity) == before


@pytest.mark.parametrize(
    ("changes", "rule"),
    [({"Email": None}, "R36484-2"), ({"User": "guest"}, "R36718"), ({"Notes": "x" * 256}, "")],
    ids=["nobody", "user-from-outside", "long-notes"],
)
async def test_a_change_must_leave_a_proper_participant(
    client: BareErpClient, erp: ErpSimulator, changes: dict[str, Any], rule: str
) -> None:
    """The rules of a new row hold for a changed one."""
    erp.add_user("guest", "guest@example.org", "Guest", user_type="ExternalCommunityUser")
    activity = await client.create(Participants=[GUEST])
    body = {name: user(erp, value) if name == "User" else value for name, value in changes.items()}

    reply = await client.patch(await child_of(client, activity), body)

    assert (reply.status, reply.rule) == (500, rule)


async def test_a_hidden_activity_takes_no_participants(client: BareErpClient, ann: ErpPerson) -> None:
    """What the service user cannot see it cannot refer to, nor reach the rows of."""
    activity = await client.create(Participants=[GUEST])
    child = await child_of(client, activity)
    ann.hide(activity)

    added = await client.post(
        PARTICIPANTS, {"Activity": {"@odata.id": activity_path(activity)}, "Email": "y@example.org"}
    )

    assert added.status == 500
    assert (await client.call("DELETE", child)).status == 404
    assert len(ann.get(activity)["Participants"]) == 1


async def test_a_changeset_of_header_and_participants_is_one_whole(client: BareErpClient) -> None:
    """Version check, new row, note and deletion succeed together, or fail together with the failing part's answer."""
    activity = await client.create(Participants=[GUEST])
    child = await child_of(client, activity)
    before = await state_of(client, activity)
    owner = {"Activity": {"@odata.id": activity_path(activity)}}
    good = [
        write(1, "PATCH", activity_path(activity), {"Subject": "New", "ObjectVersion": before[0]}),
        write(2, "POST", PARTICIPANTS, owner | {"Email": "y@example.org"}),
        write(3, "PATCH", child, {"Notes": "accepted"}),
    ]
    bad = write(4, "PATCH", f"{PARTICIPANTS}(00000000-0000-4000-8000-00000000dead)", {"Notes": "lost"})

    failed = await send(client, multipart("batch_123", changeset_body(*good, bad)))
    untouched = await state_of(client, activity)
    done = await send(client, multipart("batch_123", changeset_body(*good)))

    assert (statuses(failed), "Content-ID: 4" in failed.data) == ([404], True)
    assert untouched == before
    assert statuses(done) == [204, 201, 204]
    assert (await state_of(client, activity))[2] == [("x@example.org", "accepted"), ("y@example.org", None)]


async def test_in_a_changeset_the_version_has_moved_after_a_participant(client: BareErpClient) -> None:
    """A header that is patched behind its rows meets a version that is not the one that was read."""
    activity = await client.create()
    version, _, _ = await state_of(client, activity)
    parts = [
        write(1, "POST", PARTICIPANTS, {"Activity": {"@odata.id": activity_path(activity)}} | GUEST),
        write(2, "PATCH", activity_path(activity), {"Subject": "New", "ObjectVersion": version}),
    ]

    assert statuses(await send(client, multipart("batch_123", changeset_body(*parts)))) == [500]
    assert (await state_of(client, activity))[2] == []


def test_a_person_without_address_may_take_part(ann: ErpPerson, erp: ErpSimulator) -> None:
    """A contact who is no user is a participant without e-mail, and can be removed by the row's id."""
    carl = erp.add_person("Carl Contact")
    activity = ann.create("Talk", NINE, TEN)

    row = ann.add_participant(activity, person=carl, notes="by phone")
    made = ann.get(activity)["Participants"]
    ann.remove_participant(activity, row)

    assert made == [{"Id": row, "Email": None, "Login": None, "Person": carl, "Notes": "by phone"}]
    assert ann.get(activity)["Participants"] == []


def test_a_participant_is_noted_by_address_in_any_letter_case(ann: ErpPerson) -> None:
    """Notes are a person's to write; nobody else's row is touched."""
    activity = ann.create("Talk", NINE, TEN, participants=["bob", "x@example.org"])
    ann.note_participant(activity, "BOB@example.com", "late")

    assert [row["Notes"] for row in ann.get(activity)["Participants"]] == ["late", None]
    with pytest.raises(Refused, match="no participant"):
        ann.note_participant(activity, "nobody@example.org", "late")
