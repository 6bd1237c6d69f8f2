"""The brakes: what looks like a disaster waits for a person, and the person's answer is carried out exactly."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jobs.answers import answer, choices_in, find_choice
from jobs.pull import run_pull
from sync_core.errors import WrongStore
from sync_core.model import EndedBy, LinkStatus
from tests.jobs.house import House
from tests.jobs.play import Play
from tests.jobs.test_rules import at, digits, meeting


async def many(house: House, count: int = 12) -> dict[str, tuple[str, str]]:
    """Linked meetings: subject → (event id, activity id)."""
    for n in range(count):
        house.outlook().create(f"m{n}", at(n + 1), at(n + 1, 10))
    await house.step()
    await house.step()
    links = {x.event_id: x.activity_id for x in (await house.recall()).links}
    return {e["subject"]: (e["id"], links[e["id"]]) for e in house.outlook().events()}


def void_count(house: House) -> int:
    """How many activities are void."""
    return sum(a["Void"] for a in house.desk().activities())


class TestVanishing:
    """Half a mailbox is gone."""

    async def test_half_a_mailbox_vanishes_and_comes_back(self, house: House) -> None:
        """Held, not voided; when the events are back the list is off the table and everything goes on."""
        meetings = await many(house)
        gone = [event for event, _ in list(meetings.values())[:7]]
        for event in gone:
            house.outlook().delete(event)
        report = await house.step()
        assert ([len(h.items) for h in report.holds], void_count(house)) == ([7], 0)

        for event in gone:
            house.outlook().restore(event)
        await house.step()
        report = await house.step(full=True)
        assert (report.holds, void_count(house)) == ((), 0)
        assert {x.status for x in (await house.recall()).links} == {LinkStatus.LIVE}
        await Play(house).check()

    async def test_approve_voids_the_list_and_nothing_else(self, house: House) -> None:
        """Seven were listed; one came back and one more was deleted since: six are voided by the answer."""
        meetings = await many(house)
        events = [event for event, _ in meetings.values()]
        for event in events[:7]:
            house.outlook().delete(event)
        report = await house.step()
        house.outlook().restore(events[0])
        house.outlook().edit(events[0], subject="back again")
        user, choice = await find_choice(house.world, report.holds[0].id)
        await answer(house.world, user, choice, approved=True)
        report = await house.step()
        await house.step(full=True)

        rows = {a["Id"]: a["Void"] for a in house.desk().activities()}
        listed = [activity for _, activity in list(meetings.values())[:7]]
        voided = [rows[activity] for activity in listed]
        assert voided == [False, *[True] * 6]
        assert not any(void for activity, void in rows.items() if activity not in listed)
        alive = [a for a in house.desk().activities() if a["Subject"] == "back again" and not a["Void"]]
        assert len(alive) == 1
        assert (await house.recall()).holds == ()

    async def test_an_answer_reaches_only_the_list_it_was_given_for(self, house: House) -> None:
        """More was deleted before the answer: the newcomers are not voided with the list."""
        meetings = await many(house, 20)
        events = [event for event, _ in meetings.values()]
        for event in events[:7]:
            house.outlook().delete(event)
        report = await house.step()
        for event in events[7:15]:
            house.outlook().delete(event)
        user, choice = await find_choice(house.world, report.holds[0].id)
        await answer(house.world, user, choice, approved=True)
        await house.step()

        assert void_count(house) == 7
        assert [len(c.items) for c in choices_in(await house.recall())] == [8]

    async def test_a_dropped_list_is_forgotten_like_any_other_end(self, house: House) -> None:
        """Its links end, and ninety days later nothing is left of them."""
        meetings = await many(house)
        for event, _ in list(meetings.values())[:7]:
            house.outlook().delete(event)
        report = await house.step()
        user, choice = await find_choice(house.world, report.holds[0].id)
        await answer(house.world, user, choice, approved=False)
        await house.step()
        dropped = [x for x in (await house.recall()).links if x.ended_by is EndedBy.DROPPED]
        assert len(dropped) == 7
        assert all(link.ended_at is not None for link in dropped)

        house.advance(days=100)
        await house.step(full=True)
        await house.step(full=True)
        assert not {x.event_id for x in dropped} & {x.event_id for x in (await house.recall()).links}


class TestRestored:
    """ERP.net comes back from last week's backup."""

    async def test_activities_made_since_the_backup_are_parked_not_removed(self, house: House) -> None:
        """They vanish without a deletion record: their events stay where they are."""
        meetings = await many(house, 4)
        house.desk().create("Visit", digits(9), digits(9, 12))
        await house.step()
        for row in list(house.erp.store.rows("General_Activities_Activities")):
            house.erp.store.remove(row)
        for _ in range(2):
            await house.step(full=True)

        assert len(house.outlook().events()) == len(meetings) + 1
        assert {x.status for x in (await house.recall()).links} == {LinkStatus.PARKED}
        assert house.desk().activities() == []

    async def test_old_versions_do_not_overwrite_the_calendar(self, house: House) -> None:
        """A week's edits are missing in the restored activity: the pair is parked, Outlook keeps the edits."""
        event, activity = await meeting(house, "As it was", 9)
        row = house.erp.store.get("General_Activities_Activities", activity)
        assert row is not None
        names = ("Subject", "ObjectVersion", "AggregateLastUpdateTimeUtc")
        backup = {name: row[name] for name in names}
        house.advance(days=3)
        house.outlook().edit(event, subject="As it is now")
        await house.step()
        assert house.desk().get(activity)["Subject"] == "As it is now"
        for name in names:
            house.erp.store.assign(row, name, backup[name])
        await house.step(full=True)

        assert house.outlook().get(event)["subject"] == "As it is now"
        link = await house.link_of(event)
        assert link.status is LinkStatus.PARKED
        assert "backup" in link.reason

        house.desk().edit(activity, subject="Typed since")
        await house.step()
        assert house.outlook().get(event)["subject"] == "Typed since"


@pytest.mark.parametrize("name", ["tenant", "database"])
async def test_another_tenant_or_instance_is_refused(house: House, name: str) -> None:
    """A wrong ERPNET_URL or tenant over an existing store reads and writes nothing, and says what to correct."""
    await meeting(house)
    house.graph.forget_requests()
    house.erp.forget_requests()
    other = replace(house.world, **{name: "other"})  # type: ignore[arg-type]
    with pytest.raises(WrongStore, match=r"correct AZURE_TENANT_ID and ERPNET_URL"):
        await run_pull(other)

    assert (house.graph.requests, house.erp.requests) == ([], [])
