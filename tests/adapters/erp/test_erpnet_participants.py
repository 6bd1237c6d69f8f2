"""People of an activity: read, made, changed as one whole, and what it costs; then the requests themselves."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters.erp import ErpNet
from simulators.erpnet import SERVICE_LOGIN, ErpPerson, ErpSimulator, ErpUser
from sync_core.errors import (
    AccessRefused,
    CalsyncError,
    ItemGone,
    ItemLocked,
    ItemRejected,
    SideUnavailable,
    StaleWrite,
)
from sync_core.model.sides import ErpActivity, ErpContent, Field, Participant
from sync_core.model.writes import CreateActivity, ErpIdentity, ParticipantChanges, PatchActivity, VoidActivity
from tests.support.scripted import Say
from tests.support.scripted_erp import ScriptedErp, changeset_answer, erp_batch_answer, erp_fault, part

START = datetime(2026, 1, 26, 9)  # noqa: DTZ001 - wall-clock digits have no zone
KEY, DROPPED, NOTED, USER = (f"aaaaaaaa-0000-4000-8000-00000000000{number}" for number in range(1, 5))
WHO = ErpIdentity(*["11111111-0000-4000-8000-000000000001"] * 6)
GUEST, BOB = "guest@example.org", "bob@example.com"

Row = tuple[str | None, str | None, str | None]


@pytest.fixture
def bob(simulator: ErpSimulator) -> ErpUser:
    """Bob, whose address ERP.net keeps with capitals."""
    return simulator.add_user("bob", "Bob@Example.com", "Bob Best")


@pytest.fixture
def desk(simulator: ErpSimulator, ann: ErpUser) -> ErpPerson:
    """Ann at ERP.net's web client."""
    return simulator.person("ann")


def content(*people: str, subject: str = "Review") -> ErpContent:
    """An hour with these people."""
    return ErpContent(subject, "", START, START + timedelta(hours=1), 60, None, people=people)


async def create(
    live: ErpNet, who: ErpIdentity, *people: str, notes: tuple[tuple[str, str], ...] = ()
) -> ErpActivity:
    """A new activity with these people."""
    (outcome,) = await live.write(who, [CreateActivity("04-ical", content(*people), notes)])
    assert outcome.activity is not None, outcome.error
    return outcome.activity


def rows(desk: ErpPerson, activity: ErpActivity) -> list[Row]:
    """E-mail, user and notes of every participant ERP.net holds."""
    found = [(row["Email"], row["Login"], row["Notes"]) for row in desk.get(activity.id)["Participants"]]
    return sorted(found, key=str)


def row_of(activity: ErpActivity, email: str) -> str:
    """The id of the participant with this e-mail."""
    (found,) = [row.id for row in activity.participants if row.email == email]
    return found


def patch(
    activity: ErpActivity, change: ParticipantChanges, *fields: Field, version: int | None = None
) -> PatchActivity:
    """A change of the people, and of the subject where it is named."""
    return PatchActivity(activity.id, version, frozenset({Field.PEOPLE, *fields}), content(subject="New"), "", change)


def told(simulator: ErpSimulator) -> list[tuple[str, str]]:
    """Who was told what, by rule."""
    return [(one["user"], one["class"]) for one in simulator.notifications]


def domain_calls(simulator: ErpSimulator) -> int:
    """Requests to the Domain API so far."""
    return sum("/odata/" in seen.path for seen in simulator.requests)


async def refused(live: ErpNet, who: ErpIdentity, write: PatchActivity) -> CalsyncError:
    """Why a write failed."""
    (outcome,) = await live.write(who, [write])
    assert outcome.error is not None
    return outcome.error


async def test_every_participant_is_read_with_its_notes(live: ErpNet, bob: ErpUser, simulator: ErpSimulator) -> None:
    """Rows show id, lower-case e-mail and notes; a person without an address is a row without e-mail."""
    desk = simulator.person("bob")
    key = desk.create("Talk", "2026-01-26T09:00", "2026-01-26T10:00")
    nobody = desk.add_participant(key, person=simulator.add_person("Carl Contact"), notes="by phone")
    ours = desk.add_participant(key, "bob")

    item = (await live.read_activities([key]))[key]

    assert isinstance(item, ErpActivity)
    assert item.participants == (Participant(nobody, "", "by phone"), Participant(ours, BOB))
    assert item.content.people == (BOB,)
    assert item.created == datetime(2026, 1, 25, 8)  # noqa: DTZ001


async def test_a_create_takes_its_people_along(
    live: ErpNet, who: ErpIdentity, bob: ErpUser, desk: ErpPerson, simulator: ErpSimulator
) -> None:
    """Colleagues become users of ERP.net in any letter case, others stay addresses; users only are told."""
    activity = await create(live, who, BOB, GUEST, notes=((GUEST, "accepted"),))

    assert rows(desk, activity) == [("bob@example.com", "bob", None), (GUEST, None, "accepted")]
    assert activity.content.people == (BOB, GUEST)
    assert told(simulator) == [("bob", "R36627")]


@pytest.mark.parametrize(
    "change",
    [{"Active": False}, {"UserType": "ExternalCommunityUser"}, {"Email": None, "Login": BOB}],
    ids=["inactive", "external", "login-only"],
)
async def test_who_is_no_active_internal_user_stays_an_address(
    live: ErpNet, who: ErpIdentity, bob: ErpUser, desk: ErpPerson, simulator: ErpSimulator, change: dict[str, object]
) -> None:
    """R36718 allows no others, and a login that looks like the address may be somebody else's."""
    simulator.change_user("bob", **change)

    activity = await create(live, who, BOB)

    assert rows(desk, activity) == [(BOB, None, None)]
    assert told(simulator) == []


async def test_no_person_is_made_or_changed(
    live: ErpNet, who: ErpIdentity, bob: ErpUser, simulator: ErpSimulator
) -> None:
    """Persons and users are as they were, whoever takes part."""
    sets = ("General_Contacts_Persons", "General_Contacts_Parties", "Systems_Security_Users")
    before = [{row.id: dict(row.values) for row in simulator.store.rows(name)} for name in sets]

    await create(live, who, BOB, GUEST)

    assert before == [{row.id: dict(row.values) for row in simulator.store.rows(name)} for name in sets]


async def test_people_are_added_dropped_and_noted_together(
    live: ErpNet, who: ErpIdentity, bob: ErpUser, desk: ErpPerson, simulator: ErpSimulator
) -> None:
    """One changeset with the header; only those who are new are told."""
    simulator.add_user("eve", "eve@example.com", "Eve Early")
    activity = await create(live, who, BOB, GUEST)
    change = ParticipantChanges(
        add=("eve@example.com", "new@example.org"),
        drop=(row_of(activity, GUEST),),
        notes=((row_of(activity, BOB), "declined"),),
        notes_of_added=(("new@example.org", "tentative"),),
    )

    (outcome,) = await live.write(who, [patch(activity, change, Field.SUBJECT, version=activity.version)])

    assert outcome.activity is not None
    assert outcome.activity.content.subject == "New"
    assert rows(desk, activity) == [
        ("bob@example.com", "bob", "declined"),
        ("eve@example.com", "eve", None),
        ("new@example.org", None, "tentative"),
    ]
    assert [row.notes for row in outcome.activity.participants] == ["declined", "", "tentative"]
    assert told(simulator) == [("bob", "R36627"), ("eve", "R36627")]


async def test_people_alone_leave_the_header_alone(
    live: ErpNet, who: ErpIdentity, bob: ErpUser, desk: ErpPerson, simulator: ErpSimulator
) -> None:
    """No edit reaches the assignee (R35940), and a version that moved on is no obstacle."""
    activity = await create(live, who, GUEST)
    desk.edit(activity.id, assigned_to="bob")
    change = ParticipantChanges(notes=((row_of(activity, GUEST), "accepted"),))

    (outcome,) = await live.write(who, [patch(activity, change, version=activity.version)])

    assert outcome.error is None
    assert rows(desk, activity) == [(GUEST, None, "accepted")]
    assert told(simulator) == [("bob", "R35922")]
    assert live.version_check == "unknown"


async def test_a_version_that_moved_keeps_people_as_they_are(live: ErpNet, who: ErpIdentity, desk: ErpPerson) -> None:
    """With a header the version is checked: whoever was faster is not doubled."""
    activity = await create(live, who)
    desk.add_participant(activity.id, GUEST)

    error = await refused(
        live, who, patch(activity, ParticipantChanges((GUEST,)), Field.SUBJECT, version=activity.version)
    )

    assert isinstance(error, StaleWrite)
    assert rows(desk, activity) == [(GUEST, None, None)]


async def test_a_row_that_is_gone_undoes_the_whole_write(
    live: ErpNet, who: ErpIdentity, desk: ErpPerson, simulator: ErpSimulator
) -> None:
    """Somebody removed the participant: nothing of the write is done, and the round looks again."""
    activity = await create(live, who, GUEST)
    change = ParticipantChanges(add=("new@example.org",), drop=(row_of(activity, GUEST),))
    desk.remove_participant(activity.id, GUEST)

    first = await refused(live, who, patch(activity, change, Field.SUBJECT))
    simulator.missing_status = 500
    second = await refused(live, who, patch(activity, change, Field.SUBJECT))

    assert [type(first), type(second)] == [StaleWrite, StaleWrite]
    assert rows(desk, activity) == []
    assert desk.get(activity.id)["Subject"] == "Review"


@pytest.mark.parametrize("lock", ["release", "read_only", "void"])
async def test_locked_activities_refuse_people_too(
    live: ErpNet, who: ErpIdentity, desk: ErpPerson, lock: str
) -> None:
    """Whatever locks an activity, a change of people alone is rejected as locked."""
    activity = await create(live, who, GUEST)
    if lock == "read_only":
        desk.set_read_only(activity.id, True)
    else:
        getattr(desk, lock)(activity.id)

    error = await refused(live, who, patch(activity, ParticipantChanges(("new@example.org",))))

    assert isinstance(error, ItemLocked)
    assert rows(desk, activity) == [(GUEST, None, None)]


async def test_people_of_an_activity_that_is_gone(live: ErpNet, who: ErpIdentity, desk: ErpPerson) -> None:
    """Where the activity is not there any more, that is what the caller hears."""
    activity = await create(live, who, GUEST)
    desk.delete(activity.id)

    assert isinstance(await refused(live, who, patch(activity, ParticipantChanges(("new@example.org",)))), ItemGone)


async def test_a_rule_fails_the_people_of_one_item_only(
    live: ErpNet, who: ErpIdentity, bob: ErpUser, desk: ErpPerson, simulator: ErpSimulator
) -> None:
    """A refused participant is rejected by its rule, once, and the neighbour in the batch is done."""
    activity = await create(live, who, BOB)
    simulator.change_user("bob", UserType="ExternalCommunityUser")
    simulator.forget_requests()

    good, bad = await live.write(
        who,
        [
            patch(activity, ParticipantChanges((GUEST,))),
            patch(activity, ParticipantChanges((BOB,)), Field.SUBJECT, version=None),
        ],
    )

    assert good.error is None
    assert isinstance(bad.error, ItemRejected)
    assert bad.error.rule == "R36718"
    assert rows(desk, activity) == [("bob@example.com", "bob", None), (GUEST, None, None)]
    assert domain_calls(simulator) == 2


async def test_a_user_who_changed_is_noticed_by_a_refusal(
    live: ErpNet, who: ErpIdentity, bob: ErpUser, desk: ErpPerson, simulator: ErpSimulator
) -> None:
    """Bob left for outside: the remembered user is refused once, then looked up anew."""
    await create(live, who, BOB)
    activity = await create(live, who)
    simulator.change_user("bob", UserType="ExternalCommunityUser")

    first = await refused(live, who, patch(activity, ParticipantChanges((BOB,))))
    (second,) = await live.write(who, [patch(activity, ParticipantChanges((BOB,)))])

    assert isinstance(first, ItemRejected)
    assert second.error is None
    assert rows(desk, activity) == [(BOB, None, None)]


async def test_a_lost_answer_is_unclear_and_shown_by_looking_again(
    live: ErpNet, who: ErpIdentity, bob: ErpUser, desk: ErpPerson, simulator: ErpSimulator
) -> None:
    """Whether people were written is not known until the activity is read: nothing is sent twice."""
    await create(live, who, BOB)
    activity = await create(live, who)
    simulator.add_fault("POST */$batch", kind="lose")

    error = await refused(live, who, patch(activity, ParticipantChanges((BOB,))))
    after = (await live.read_activities([activity.id]))[activity.id]

    assert isinstance(error, SideUnavailable)
    assert error.unclear
    assert isinstance(after, ErpActivity)
    assert [row.email for row in after.participants] == [BOB]
    assert rows(desk, activity) == [("bob@example.com", "bob", None)]


async def test_people_who_cannot_be_looked_up_fail_nothing_half(
    live: ErpNet, who: ErpIdentity, desk: ErpPerson, simulator: ErpSimulator
) -> None:
    """Where ERP.net does not answer who is a user, nothing is sent, and that is clear."""
    await live.check_access()
    simulator.add_fault("POST */$batch", kind="lose", times=None)

    (outcome,) = await live.write(who, [CreateActivity("04-ical", content(BOB))])

    assert isinstance(outcome.error, SideUnavailable)
    assert not outcome.error.unclear
    assert desk.activities() == []


async def test_people_cost_one_more_request_and_known_users_none(
    live: ErpNet, who: ErpIdentity, bob: ErpUser, simulator: ErpSimulator
) -> None:
    """All new addresses of all writes are one question; known users are not asked for, outsiders not for a while."""
    await live.check_access()
    costs = []
    for minutes, people in ((0, ()), (0, (BOB, GUEST)), (9, (BOB, GUEST)), (2, (GUEST,))):
        simulator.clock.advance(timedelta(minutes=minutes))
        simulator.forget_requests()
        await live.write(who, [CreateActivity(f"04-{n}-{people}", content(*people)) for n in range(60)])
        costs.append(domain_calls(simulator))

    assert costs == [2, 2, 1, 2], "fifty and ten writes at first, then all at once"


async def test_a_void_asks_for_nobody(live: ErpNet, who: ErpIdentity, simulator: ErpSimulator) -> None:
    """Voiding has nothing to do with people."""
    activity = await create(live, who, GUEST)
    simulator.forget_requests()

    await live.write(who, [VoidActivity(activity.id, "cancelled")])

    assert domain_calls(simulator) == 1


async def test_sixty_people_are_one_activity(
    live: ErpNet, who: ErpIdentity, desk: ErpPerson, simulator: ErpSimulator
) -> None:
    """A long list travels whole: sixty inside the create, sixty more in one changeset."""
    first = [f"{n:03}@example.org" for n in range(60)]
    later = [f"{n:03}@example.org" for n in range(60, 120)]
    activity = await create(live, who, *first)

    (outcome,) = await live.write(who, [patch(activity, ParticipantChanges(tuple(later)))])

    assert outcome.activity is not None
    assert outcome.activity.content.people == (*first, *later)
    assert SERVICE_LOGIN not in [user for user, _ in told(simulator)]


async def test_long_notes_are_cut_to_what_a_row_holds(live: ErpNet, who: ErpIdentity, desk: ErpPerson) -> None:
    """255 UTF-16 units, and no half character at the end."""
    activity = await create(live, who, GUEST, notes=((GUEST, "x" * 254 + "🙂"),))

    assert rows(desk, activity) == [(GUEST, None, "x" * 254)]


def user(login: str, email: str, **changes: Any) -> dict[str, Any]:
    """A user's row."""
    return {"Id": USER, "Login": login, "Email": email, "Active": True, "UserType": "InternalUser"} | changes


def users(*rows: dict[str, Any]) -> Say:
    """The answer to the question who is a user."""
    return erp_batch_answer([part(200, {"value": list(rows)})])


def a_row(*participants: dict[str, str]) -> str:
    """The answer to the read behind a write."""
    row = {"Id": KEY, "ObjectVersion": 2, "StartTime": "2026-01-26T09:00:00Z", "State": "New"}
    return part(200, {"value": [row | {"Participants": list(participants)}]})


def requests(body: str) -> list[tuple[str, Any]]:
    """Request lines and JSON bodies of the writes in a batch, in order."""
    found = re.findall(r"\r\n((?:POST|PATCH|DELETE) .*) HTTP/1\.1\r\n(?:.*\r\n)?\r\n(\{.*\})?\r\n", body)
    return [(line, json.loads(text) if text else None) for line, text in found]


async def test_participants_on_the_wire(server: ScriptedErp, erp: ErpNet) -> None:
    """The header with its version goes first, then who leaves, who comes, whose answer changed, in one changeset."""
    server.say(
        users(user("bob", "BOB@example.com"), user("eve", GUEST, Active=False)),
        erp_batch_answer([changeset_answer(204), a_row()]),
    )
    change = ParticipantChanges((BOB, GUEST), (DROPPED,), ((NOTED, "declined"),), ((GUEST, "accepted"),))
    write = PatchActivity(KEY, 1, frozenset({Field.SUBJECT, Field.PEOPLE}), content(), "", change)

    (outcome,) = await erp.write(WHO, [write])

    rows = "General_Activities_ActivityParticipants"
    owner = {"Activity": {"@odata.id": f"General_Activities_Activities({KEY})"}}
    assert outcome.error is None
    assert requests(server.calls[1].body) == [
        (f"PATCH General_Activities_Activities({KEY})", {"Subject": "Review", "ObjectVersion": 1}),
        (f"DELETE {rows}({DROPPED})", None),
        (f"POST {rows}", owner | {"Email": BOB, "User": {"@odata.id": f"Systems_Security_Users({USER})"}}),
        (f"POST {rows}", owner | {"Email": GUEST, "Notes": "accepted"}),
        (f"PATCH {rows}({NOTED})", {"Notes": "declined"}),
    ]
    assert len(set(re.findall(r"--(changeset_\w+)\r\n", server.calls[1].body))) == 1
    assert len(server.calls) == 2


async def test_a_write_of_people_that_names_no_row_is_not_repeated(server: ScriptedErp, erp: ErpNet) -> None:
    """Without a header there is no version to leave out: a refusal is final, and teaches nothing about versions."""
    server.say(users(), erp_batch_answer([changeset_answer(500, erp_fault("no")), a_row()]))

    (outcome,) = await erp.write(
        WHO, [PatchActivity(KEY, 1, frozenset(), content(), "", ParticipantChanges((GUEST,)))]
    )

    assert isinstance(outcome.error, ItemRejected)
    assert erp.version_check == "unknown"
    assert len(server.calls) == 2


async def test_what_the_write_names_and_is_not_there_is_looked_at_again(server: ScriptedErp, erp: ErpNet) -> None:
    """404 while the activity is shown means something else is missing, a user perhaps: the activity is not gone."""
    server.say(users(), erp_batch_answer([changeset_answer(404, erp_fault("no")), a_row()]))

    (outcome,) = await erp.write(
        WHO, [PatchActivity(KEY, 1, frozenset(), content(), "", ParticipantChanges((GUEST,)))]
    )

    assert isinstance(outcome.error, StaleWrite)


async def test_users_that_may_not_be_read_leave_addresses(
    server: ScriptedErp, erp: ErpNet, caplog: pytest.LogCaptureFixture
) -> None:
    """The meeting is more than its users: people are written by e-mail, and the log tells."""
    refused = erp_batch_answer([part(500, erp_fault("no", 7))])
    server.say(refused, refused, erp_batch_answer([changeset_answer(204), a_row()]))

    (outcome,) = await erp.write(WHO, [PatchActivity(KEY, 1, frozenset(), content(), "", ParticipantChanges((BOB,)))])

    assert outcome.error is None
    assert [body for _, body in requests(server.calls[2].body)] == [
        {"Activity": {"@odata.id": f"General_Activities_Activities({KEY})"}, "Email": BOB}
    ]
    assert "users cannot be looked up (code 7)" in caplog.text


async def test_refused_access_to_users_is_raised(server: ScriptedErp, erp: ErpNet) -> None:
    """A side that lets nobody in is no item's fault, and nothing was sent yet."""
    server.say(Say(status=403), Say(status=403))

    with pytest.raises(AccessRefused):
        await erp.write(WHO, [CreateActivity("04-ical", content(BOB))])
    assert not any("POST General" in call.body for call in server.calls)


async def test_many_participants_spread_over_batches(server: ScriptedErp, erp: ErpNet) -> None:
    """Fifty requests in the first batch, a hundred in the next, whatever they belong to; a changeset is never torn
    apart."""
    server.say(users(), *[erp_batch_answer([*[changeset_answer(204)] * count, a_row()]) for count in (1, 2)])
    changes = [ParticipantChanges(tuple(f"{n}{letter}@example.org" for n in range(30))) for letter in "abc"]

    outcomes = await erp.write(WHO, [PatchActivity(KEY, 1, frozenset(), content(), "", one) for one in changes])

    assert [outcome.error for outcome in outcomes] == [None] * 3
    assert [len(requests(call.body)) for call in server.calls] == [0, 30, 60]
