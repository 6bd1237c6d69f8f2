"""One row that ERP.net fails to show in a full round, or among its users: the rest arrives, and it is listed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jobs.commands.doctor import examine
from jobs.commands.explain import explain
from jobs.commands.shapes import status_of
from jobs.commands.switch import enable
from jobs.commands.unsynced import list_unsynced
from jobs.pull import run_pull
from simulators.erpnet import SERVICE_LOGIN
from sync_core.model.unsynced import UNSHOWN
from sync_core.model.user import OPERATIONAL
from tests.faults.test_repair import asked
from tests.faults.test_unshown_activities import SPOILS, Spoil, refused
from tests.support.days import at, digits, linked_meeting
from tests.support.house import ANNA, House, open_house, upn_of
from tests.support.random_pair import Play
from tests.support.scenes import forget_everything

BORIS = upn_of("boris")

PARTICIPANTS = "General_Activities_ActivityParticipants"


def service_user(house: House) -> str:
    return house.erp.user_row(SERVICE_LOGIN).id


SHARED: dict[str, Callable[[House], str]] = {
    "company": lambda house: house.erp.company_id,
    "location": lambda house: house.erp.location_id,
    "document-type": lambda house: house.erp.document_type("Meeting"),
    "service-user": service_user,
    "group": lambda house: house.erp.store.find("Systems_Security_Groups", GroupForUser=service_user(house))[0].id,
    "permission": lambda house: house.erp.store.find("Systems_Security_GroupAccessKeys")[0].id,
}
"""The rows that everybody's rounds need, by what they are."""

MOST = {"refused": 60, "cut_off": 400}
"""The most requests of a full round in which one activity is not shown."""


def titles(house: House, upn: str = ANNA) -> set[str]:
    """What stands in a calendar, by name."""
    return {event["subject"] for event in house.outlook(upn).events()}


async def listed(house: House, upn: str = ANNA) -> list[str]:
    """The days that are listed as not shown."""
    user = await house.user(upn)
    return [item.activity_id for _, item in (await list_unsynced(house.world, among=[user.id], reason=UNSHOWN)).items]


def a_week(house: House, login: str = "anna") -> dict[str, str]:
    """A person's activities of a week, two on the third day, the second saved a moment later: id by name."""
    made: dict[str, str] = {}
    for name, day in (("Monday", 1), ("Tuesday", 2), ("Odd", 3), ("Beside it", 3), ("Friday", 5), ("In June", 140)):
        made[name] = house.desk(login).create(name, digits(day), digits(day, 12))
        house.advance(seconds=2)
    return made


@pytest.mark.parametrize("spoil", SPOILS)
async def test_a_first_sync_brings_all_but_the_activity_that_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, spoil: Spoil
) -> None:
    """Its day is listed, few requests are made, and it arrives the day after ERP.net shows it again."""
    async with open_house() as house:
        await house.employ()
        made = a_week(house)
        bad = {made["Odd"]}
        spoil(house, monkeypatch, bad)
        house.erp.forget_requests()
        await house.sync()
        assert asked(house) <= MOST[spoil.__name__]
        assert titles(house) == made.keys() - {"Odd"}
        assert await listed(house) == ["2026-01-28"]
        user = await house.user()
        assert (user.state, user.tally.parked) == (OPERATIONAL, 1)
        [parked] = status_of(user, await house.recall(), [])["parked_items"]
        assert (parked["reason"], parked["activity_id"]) == (UNSHOWN, "2026-01-28")
        [told] = await explain(house.world, user, "Odd")
        assert (told.what, told.reason, told.activity_id) == ("parked", UNSHOWN, "2026-01-28")

        bad.clear()
        house.advance(days=1)
        await house.sync()
        assert titles(house) == made.keys()
        assert await listed(house) == []
        assert (await house.user()).tally.parked == 0
        await Play(house).check()


@pytest.mark.parametrize("spoil", SPOILS)
async def test_a_full_round_concludes_nothing_of_a_meeting_that_is_not_shown(
    house: House, monkeypatch: pytest.MonkeyPatch, spoil: Spoil
) -> None:
    """It is linked, and edited on both sides meanwhile: nothing is voided or made, others go on, no edit is lost."""
    event, activity = await linked_meeting(house, "Odd", 25)
    other, kept = await linked_meeting(house, "Visit", 25)
    house.desk().edit(activity, notes="by phone")
    house.outlook().edit(other, subject="Visit 2")
    bad = {activity}
    spoil(house, monkeypatch, bad)
    for _ in range(3):
        house.advance(days=1)
        await house.sync(full=True)
    assert titles(house) == {"Odd", "Visit 2"}
    assert (house.desk().get(activity)["Void"], house.desk().get(kept)["Subject"]) == (False, "Visit 2")
    assert len(house.desk().activities()) == 2
    assert await listed(house) == ["2026-02-19"]

    bad.clear()
    house.advance(days=1)
    await house.settle()
    assert "by phone" in house.outlook().get(event)["body"]["content"]
    assert await listed(house) == []
    await Play(house).check()


async def test_memory_is_lost_while_an_activity_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its event gets no second activity, and it no second event: they wait, and are one pair again; others go on."""
    async with open_house() as house:
        await house.employ()
        ids = [(await linked_meeting(house, name, 25))[1] for name in ("Odd", "Visit")]
        made = house.desk().create("Odd in ERP.net", digits(25), digits(25, 12))
        await house.settle()
        bad = {ids[0], made}
        refused(house, monkeypatch, bad)
        await forget_everything(house)
        house.outlook().create("New", at(25, 14), at(25, 15))
        for _ in range(3):
            house.advance(days=1)
            assert (await house.sync(full=True)).is_fine
        assert len(house.desk().activities()) == len(house.outlook().events()) == 4
        assert not any(row["Void"] for row in house.desk().activities())

        bad.clear()
        house.advance(days=1)
        await house.settle()
        assert len(house.desk().activities()) == len(house.outlook().events()) == 4
        await Play(house).check()


async def test_activities_of_many_days_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every other one of forty: the rest arrives, each day is listed, and requests stay few; then all arrive."""
    async with open_house() as house:
        await house.employ()
        made = [house.desk().create(f"Talk {n}", digits(n + 2), digits(n + 2, 12)) for n in range(40)]
        bad = set(made[::2])
        refused(house, monkeypatch, bad)
        house.erp.forget_requests()
        await house.sync()
        assert asked(house) <= 400
        assert titles(house) == {f"Talk {n}" for n in range(1, 40, 2)}
        assert len(await listed(house)) == (await house.user()).tally.parked == 20

        bad.clear()
        house.advance(minutes=5)
        await house.sync()
        assert len(titles(house)) == 40
        assert await listed(house) == []


async def test_an_erp_net_that_refuses_all_of_a_persons_activities_ends_her_round_only(house: House) -> None:
    """That is an outage: nothing is concluded, no day is listed, and few requests are made."""
    await linked_meeting(house, "Visit", 25)
    house.advance(minutes=5)
    house.erp.add_fault("*batch*", status=500, times=None, body={"error": {"message": "Sorry.", "code": 0}})
    house.erp.forget_requests()
    outcome = await house.sync(full=True)
    assert not outcome.is_fine
    assert asked(house) <= 80
    assert await listed(house) == []
    assert titles(house) == {"Visit"}


class TestUsers:
    """The row of a user of ERP.net is not shown."""

    async def test_her_own_account_is_not_shown_for_days(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is known of her counts: edits of both sides arrive, she is well, and each day's round names it."""
        event, activity = await linked_meeting(house, "Visit", 25)
        refused(house, monkeypatch, {house.erp.user_row("anna").id})
        name = f"ERP.net fails to show the user anna ({house.erp.user_row('anna').id})"
        for n in range(3):
            house.advance(days=1)
            house.outlook().edit(event, subject=f"Visit {n}")
            house.desk().create(f"New {n}", digits(20 + n), digits(20 + n, 12))
            [report] = (await house.sync()).reports
            assert [failure.text.partition(":")[0] for failure in report.failures] == [name]
            assert house.desk().get(activity)["Subject"] == f"Visit {n}"
        assert titles(house) == {"Visit 2", "New 0", "New 1", "New 2"}
        user = await house.user()
        assert (user.state, user.erp_login) == (OPERATIONAL, "anna")
        [check] = [check async for check in examine(house.world) if check.what.text == ANNA]
        assert "fails to show the user anna" in check.found.text
        assert not check.fine

    async def test_nobody_gets_a_strangers_account_for_one_that_is_not_shown(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Another user bears her address as a login; hers, with the e-mail, is not shown: she waits for it."""
        async with open_house() as house:
            await house.employ(enabled=False)
            house.erp.add_user(ANNA, "other@acme.example", "Not Anna")
            bad = {house.erp.user_row("anna").id}
            refused(house, monkeypatch, bad)
            await enable(house.world, ANNA)
            await house.sync()
            user = await house.user()
            assert user.erp_user_id == ""
            assert f"fails to show the user with the e-mail {ANNA}" in user.state

            bad.clear()
            house.advance(minutes=20)
            await house.sync()
            assert (await house.user()).erp_login == "anna"

    @pytest.mark.parametrize("spoil", SPOILS)
    async def test_whoever_made_an_activity_is_not_shown(
        self, house: House, monkeypatch: pytest.MonkeyPatch, spoil: Spoil
    ) -> None:
        """A stranger's row stops nobody's pull: others' new activities and edits arrive with the next one."""
        await house.employ("boris")
        await house.settle()
        for n in range(8):
            house.erp.add_user(f"guest{n}", None, f"Guest {n}")
        spoil(house, monkeypatch, {house.erp.user_row("guest3").id})
        house.advance(days=1)
        for n in range(8):
            house.desk(f"guest{n}").create(f"Theirs {n}", digits(n + 3), digits(n + 3, 12))
        house.desk().create("Hers", digits(3), digits(3, 12))
        house.desk("boris").create("His", digits(3), digits(3, 12))
        house.erp.forget_requests()
        await run_pull(house.world)
        assert asked(house) <= 20
        await house.sync()
        assert (titles(house), titles(house, BORIS)) == ({"Hers"}, {"His"})

    async def test_a_participant_who_is_not_shown_costs_the_others_nothing(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The meeting arrives with everybody; whoever is shown is known as the user they are."""
        for name in ("boris", "cyd", "dora"):
            await house.employ(name, enabled=False)
        refused(house, monkeypatch, {house.erp.user_row("cyd").id})
        people = [upn_of(name) for name in ("boris", "cyd", "dora")]
        house.outlook().create("Visit", at(3), at(3, 10), attendees=people)
        await house.sync()
        users = {row["Email"]: row["User"] for row in house.erp.store.rows(PARTICIPANTS)}
        assert {email for email, user in users.items() if user} == {people[0], people[2]}
        assert users.keys() == set(people)


class TestWhatEverybodyHasInCommon:
    """A row that is of a whole company is not shown: everybody goes on with what is known, and it is named."""

    @pytest.mark.parametrize("which", SHARED)
    async def test_everybodys_meetings_go_on(self, house: House, monkeypatch: pytest.MonkeyPatch, which: str) -> None:
        """Edits arrive and new meetings are made, in daily and in full rounds; nobody is in an error state."""
        house.erp.document_type("Meeting")
        [kind] = house.erp.store.find("Systems_Documents_DocumentTypes", Code="Meeting")
        house.erp.store.assign(kind, "AccessKey", house.erp.add_access_key("Meetings"))
        await house.employ("boris")
        event = house.outlook().create("Visit", at(25), at(25, 10))
        await house.settle()
        refused(house, monkeypatch, {SHARED[which](house)})
        for n, full in enumerate((False, True)):
            house.advance(days=1)
            house.outlook().edit(event, subject=f"Visit {n}")
            house.outlook(BORIS).create(f"His {n}", at(20 + n), at(20 + n, 10))
            outcome = await house.sync(full=full)
            assert all("ERP.net" in failure.text for report in outcome.reports for failure in report.failures)
            assert all(report.failures for report in outcome.reports)
        subjects = {row["Subject"] for row in house.desk().activities()}
        assert subjects == {"Visit 1", "His 0", "His 1"}
        assert [user.state for user in await house.world.store.list_users()] == [OPERATIONAL] * 2
