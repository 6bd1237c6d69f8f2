"""Pause and resume: no round runs for one person, or for anybody, and nothing of that time is lost."""

from __future__ import annotations

import json
from datetime import date

import pytest

from jobs.app.dispatch import dispatch
from jobs.app.work import handle
from jobs.commands import shapes
from jobs.commands.mistakes import WrongDay
from jobs.commands.pause import day_of, pause, pause_everybody, paused_now, resume, resume_everybody
from jobs.commands.switch import disable, enable
from jobs.due import pause_of
from jobs.messages import Round, write
from jobs.wake import wake
from tests.support.colleagues import BORIS, COLLEAGUES, KIM, call_meeting, feeder, living, pitch
from tests.support.days import at, digits, linked_meeting, only
from tests.support.house import ANNA, House, open_house, open_office

MONDAY = date(2026, 2, 2)


async def edited_on_both_sides(house: House) -> tuple[str, str]:
    """A linked meeting whose subject changes in Outlook and whose priority changes in ERP.net."""
    event, activity = await linked_meeting(house, day=20)
    house.advance(minutes=10)
    house.outlook().edit(event, subject="Planning, moved")
    house.desk().edit(activity, priority="High")
    return event, activity


async def as_shown(house: House, event: str, activity: str) -> tuple[str, str]:
    """What each side got of the other's edit: the activity's subject, the event's importance."""
    return house.desk().get(activity)["Subject"], house.outlook().get(event)["importance"]


class TestOnePerson:
    """Anna pauses her own sync."""

    async def test_nothing_is_written_and_the_command_line_says_why(self, house: House) -> None:
        """`sync` runs no round, is fine, and leaves her last sync where it was."""
        event, activity = await edited_on_both_sides(house)
        before = await house.user()
        found = await pause(house.world, before, MONDAY)
        outcome = await house.sync(full=True)

        assert shapes.pause_of(found.pause) == {
            "since": house.now.isoformat(),
            "until": "2026-02-02",
            "text": "paused until 2026-02-02",
        }
        [report] = outcome.reports
        assert (outcome.is_fine, report.ran, report.state) == (True, False, "paused until 2026-02-02")
        assert await as_shown(house, event, activity) == ("Planning", "normal")
        assert (await house.user()).synced_at == before.synced_at
        assert (await house.user()).is_operational

    async def test_a_dry_run_says_the_same(self, house: House) -> None:
        """What a round would do while it is paused: nothing."""
        await edited_on_both_sides(house)
        await pause(house.world, await house.user())
        [report] = (await house.sync(dry_run=True)).reports

        assert (report.ran, report.lines, report.state) == (False, [], "paused until somebody resumes")

    async def test_resumed_she_catches_up_with_both_sides(self, house: House) -> None:
        """The inbox was filled and the delta link kept, so one ordinary round brings everything."""
        event, activity = await edited_on_both_sides(house)
        await pause(house.world, await house.user())
        await house.sync()
        memory = await house.recall()
        assert [row.activity_id for row in memory.inbox] == [activity]
        assert memory.cursors.delta_link

        found = await resume(house.world, await house.user())
        assert found.pause is None
        report = await house.step()
        assert (report.ran, report.full) == (True, False)
        assert await as_shown(house, event, activity) == ("Planning, moved", "high")

    async def test_on_the_day_it_is_over_by_itself(self, house: House) -> None:
        """From Monday's midnight in Sofia on the timer wakes her; a minute earlier it does not."""
        event, activity = await edited_on_both_sides(house)
        await pause(house.world, await house.user(), MONDAY)
        house.advance(days=7, hours=13, minutes=48)  # Sunday 23:58 in Sofia
        assert await dispatch(house.world) == 0

        house.advance(minutes=3)
        assert await dispatch(house.world) == 1
        await house.step()
        assert (await as_shown(house, event, activity))[0] == "Planning, moved"

    async def test_neither_a_wake_up_nor_a_message_starts_a_round(self, house: House) -> None:
        """A notification's message is completed, and its wake-up stays unserved until the pause is over."""
        event, activity = await edited_on_both_sides(house)
        user = await house.user()
        await pause(house.world, user)
        await wake(house.world, user.id, notified=True)
        for full in (False, True):
            await handle(house.world, json.dumps(write(Round(user.id, full=full))))
        assert await as_shown(house, event, activity) == ("Planning", "normal")

        await resume(house.world, user)
        await handle(house.world, json.dumps(write(Round(user.id))))
        assert (await as_shown(house, event, activity))[0] == "Planning, moved"

    async def test_a_pause_ends_with_the_switch(self, house: House) -> None:
        """Off and on again, sync runs."""
        await house.step()
        await pause(house.world, await house.user())
        await disable(house.world, await house.user())
        await enable(house.world, ANNA)

        assert (await house.step()).ran is True

    async def test_status_tells_and_it_is_no_error(self, house: House) -> None:
        """The state stays what it was."""
        await house.step()
        await pause(house.world, await house.user(), MONDAY)
        user, (instance, _) = await house.user(), await house.world.store.read_instance()
        found = shapes.status_of(user, await house.recall(), [], pause=pause_of(user, instance, house.now))

        assert (found["state"], found["paused"]["text"]) == ("Operational", "paused until 2026-02-02")


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-01", "2026-01-25", "2025-12-31", "2027-03-01"])
async def test_a_day_that_cannot_be_is_refused(house: House, text: str) -> None:
    """No day, today, the past, or more than a year ahead: nothing is paused."""
    with pytest.raises(WrongDay):
        await pause(house.world, await house.user(), day_of(text))

    assert (await house.user()).pause is None


class TestEverybody:
    """An administrator pauses all."""

    async def test_nobody_is_synced_until_resumed(self) -> None:
        """The pull goes on and files; afterwards whoever has something to do is woken."""
        async with open_office("anna", "boris") as house:
            await house.settle()
            await pause_everybody(house.world, MONDAY)
            mine = house.outlook().create("Budget", at(2), at(2, 10))
            house.desk("boris").create("Call", digits(2))
            outcome = await house.sync()
            assert [(r.ran, r.state) for r in outcome.reports] == [(False, "paused until 2026-02-02")] * 2
            assert (await dispatch(house.world), len(house.desk().activities())) == (0, 1)

            await resume_everybody(house.world)
            await house.settle()
            assert (await house.link_of(mine)).activity_id
            assert house.outlook(BORIS).find("Call")

    async def test_one_person_s_own_pause_stays(self) -> None:
        """Resumed for all, Anna is still paused; and resuming her alone does not end everybody's."""
        async with open_office("anna", "boris") as house:
            await pause(house.world, await house.user())
            await pause_everybody(house.world)
            await resume_everybody(house.world)
            found, everybody = await paused_now(house.world, await house.world.store.list_users())
            assert [one.pause is not None for one in found] == [True, False]
            assert everybody is None

            await pause_everybody(house.world, MONDAY)
            found = [await resume(house.world, await house.user())]
            answer = shapes.paused_of(found, (await paused_now(house.world, []))[1])
            assert [one["paused"]["until"] for one in answer["users"]] == ["2026-02-02"]
            assert answer["everybody"]["until"] == "2026-02-02"

    async def test_each_one_s_own_midnight(self) -> None:
        """Boris in New York is paused seven hours longer than Anna in Sofia."""
        async with open_house() as house:
            await house.employ()
            await house.employ("boris", zone="Eastern Standard Time")
            await house.settle()
            await pause_everybody(house.world, MONDAY)
            house.advance(days=7, hours=14)
            ran = {r.upn: r.ran for r in (await house.sync()).reports}

            assert ran == {ANNA: True, BORIS: False}


class TestAMeetingOfSeveral:
    """Anna's copy feeds the activity of a meeting that all three have, and she pauses."""

    async def test_for_a_day_it_waits_like_a_round_that_has_not_come(self) -> None:
        """The organizer's edit is not carried yet; when she resumes, it is."""
        async with open_office(*COLLEAGUES) as house:
            event, activity = await pitch(house)
            await pause(house.world, await house.user())
            house.advance(hours=2)
            house.graph.outsider(KIM).edit(event, subject="Pitch 2")
            await house.settle()
            assert house.desk().get(activity)["Subject"] == "Planning"

            await resume(house.world, await house.user())
            await house.settle()
            assert await feeder(house, activity) == ANNA
            assert house.desk().get(activity)["Subject"] == "Pitch 2"

    async def test_after_a_day_another_copy_feeds(self) -> None:
        """Boris's copy carries the edit into the same activity; back again, Anna's follows, nothing is doubled."""
        async with open_office(*COLLEAGUES) as house:
            event = call_meeting(house, KIM, COLLEAGUES, day=9)
            await house.settle()
            activity = only(house.desk().activities())["Id"]
            await pause(house.world, await house.user())
            house.advance(days=2)
            house.graph.outsider(KIM).edit(event, subject="Pitch 2")
            await house.settle()
            assert await feeder(house, activity) == BORIS
            assert house.desk().get(activity)["Subject"] == "Pitch 2"

            await resume(house.world, await house.user())
            house.graph.outsider(KIM).edit(event, subject="Pitch 3")
            await house.settle()
            assert [(a["Id"], a["Subject"]) for a in living(house)] == [(activity, "Pitch 3")]
