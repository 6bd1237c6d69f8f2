"""Ids change, meetings do not: imports made twice, mailboxes moved or restored, links forgotten."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest

from adapters.store.store import RowStore
from sync_core.content.ranges import uid_key
from sync_core.model.link import LinkStatus, Role
from sync_core.model.pending import PendingState
from sync_core.plan.tables import PARTNER_GONE, SAME_UID
from tests.support.budget import budget
from tests.support.colleagues import BORIS, COLLEAGUES, KIM, call_meeting, copy_of, feeder, living
from tests.support.days import at, digits, linked_meeting, only
from tests.support.fuse import Fuse, FusedBackend, Killed
from tests.support.house import ANNA, START, House, open_house, open_office


async def flows(house: House, event: str, activity: str) -> None:
    """Edits go both ways between an event and an activity."""
    house.advance(minutes=5)
    house.outlook().edit(event, subject="from Outlook")
    await house.step()
    assert house.desk().get(activity)["Subject"] == "from Outlook"
    house.advance(minutes=5)
    house.desk().edit(activity, subject="from ERP.net")
    await house.step()
    assert house.outlook().get(event)["subject"] == "from ERP.net"


async def is_quiet(house: House) -> None:
    """A further full round has nothing to do and nothing waits."""
    report = await house.step(full=True)
    assert (dict(report.done), report.parked, report.holds) == ({}, 0, ())


class TestImportedTwice:
    """One file imported twice gives two events of one meeting; the person tidies up."""

    @pytest.mark.parametrize("how", ["delete", "hard_delete", "move"])
    async def test_the_linked_one_is_deleted_and_the_other_goes_on_with_its_activity(
        self, house: House, how: str
    ) -> None:
        """Nothing is voided, the other event is linked and listed no more, edits go both ways."""
        first, activity = await linked_meeting(house)
        second = house.outlook().import_again(first)
        await house.step()
        assert [p.reason for p in (await house.recall()).pending] == [SAME_UID]
        if how == "move":
            house.outlook().move_to_calendar(first, "Old")
        else:
            getattr(house.outlook(), how)(first)
        await house.step()

        memory = await house.recall()
        assert [(x.event_id, x.activity_id, x.status) for x in memory.links] == [(second, activity, LinkStatus.LIVE)]
        assert memory.pending == ()
        assert [a["Void"] for a in house.desk().activities()] == [False]
        await flows(house, second, activity)
        await is_quiet(house)

    async def test_the_linked_one_is_deleted_before_the_other_was_ever_seen(self, house: House) -> None:
        """Imported and tidied up between two rounds, far outside the window too."""
        first, activity = await linked_meeting(house)
        house.outlook().edit(first, start=at(90), end=at(90, 10))
        await house.step()
        second = house.outlook().import_again(first)
        house.outlook().delete(first)
        house.advance(days=1)
        await house.step()

        assert (await house.link_of(second)).activity_id == activity
        assert only(house.desk().activities())["Void"] is False

    async def test_an_edit_of_the_one_that_stays_arrives(self, house: House) -> None:
        """Whoever edited the second one before deleting the first meant it."""
        first, activity = await linked_meeting(house)
        second = house.outlook().import_again(first)
        await house.step()
        house.advance(minutes=5)
        house.outlook().edit(second, subject="Planning, for real", start=at(2), end=at(2, 10))
        house.outlook().delete(first)
        await house.step()

        row = house.desk().get(activity)
        assert (row["Subject"], row["StartTime"], row["Void"]) == (
            "Planning, for real",
            digits(2).isoformat() + "Z",
            False,
        )
        await is_quiet(house)

    async def test_the_one_that_stays_is_older_than_the_last_edit(self, house: House) -> None:
        """The edited one is deleted, the stale one stays: the edit is not undone, both sides show it."""
        first, activity = await linked_meeting(house)
        second = house.outlook().import_again(first)
        await house.step()
        house.advance(minutes=10)
        house.outlook().edit(first, subject="Edited")
        await house.step()
        house.advance(minutes=10)
        house.outlook().delete(first)
        await house.step()

        assert house.desk().get(activity)["Subject"] == "Edited"
        assert house.outlook().get(second)["subject"] == "Edited"
        await is_quiet(house)

    @pytest.mark.parametrize("how", ["delete", "hard_delete", "move"])
    async def test_the_other_one_is_deleted_and_is_not_listed_any_more(self, house: House, how: str) -> None:
        """Whoever tidies up the superfluous event sees nothing parked in the next sync."""
        first, activity = await linked_meeting(house)
        second = house.outlook().import_again(first)
        assert (await house.step()).parked == 1
        if how == "move":
            house.outlook().move_to_calendar(second, "Old")
        else:
            getattr(house.outlook(), how)(second)
        report = await house.step()

        assert (report.parked, (await house.recall()).pending) == (0, ())
        await flows(house, first, activity)
        await is_quiet(house)

    async def test_both_are_deleted(self, house: House) -> None:
        """With the last one goes the activity."""
        first, activity = await linked_meeting(house)
        second = house.outlook().import_again(first)
        await house.step()
        house.outlook().delete(first)
        await house.step()
        house.outlook().delete(second)
        await house.step()

        assert [(a["Id"], a["Void"]) for a in house.desk().activities()] == [(activity, True)]

    async def test_voided_in_erp_the_other_is_not_made_anew(self, house: House) -> None:
        """Somebody voids the activity: its event goes; the twin stays and is listed as what it is now."""
        house.desk().create("Visit", digits(1), digits(1, 12))
        await house.step()
        await house.step()
        event = only(house.outlook().events())["id"]
        house.outlook().import_again(event)
        await house.step()
        house.desk().void(only(house.desk().activities())["Id"])
        await house.step()
        await house.step()

        assert [a["Void"] for a in house.desk().activities()] == [True]
        assert [(p.state, p.reason) for p in (await house.recall()).pending] == [
            (PendingState.PARTNER_GONE, PARTNER_GONE)
        ]

    async def test_killed_at_every_write(self) -> None:
        """Wherever the process dies, the second event ends with the activity."""
        for n in range(0, 30, budget(7, 1)):
            for before in (True, False)[: budget(1, 2)]:
                backend = FusedBackend(lambda: START)
                async with open_house(RowStore(backend)) as house:
                    await house.employ()
                    first, activity = await linked_meeting(house)
                    second = house.outlook().import_again(first)
                    await house.step()
                    house.outlook().delete(first)
                    backend.fuse = Fuse(n, before=before)
                    with suppress(Killed):
                        await house.sync()
                    died = (backend.fuse.left or 0) < 0
                    backend.fuse = Fuse()
                    house.advance(minutes=20)
                    backend._clock = house.clock.now
                    await house.step()
                    assert [x.event_id for x in (await house.recall()).links] == [second]
                    assert [(a["Id"], a["Void"]) for a in house.desk().activities()] == [(activity, False)]
            if not died:
                return
        pytest.fail("the round makes more writes than this test looks at")


async def full_calendar(house: House) -> dict[str, str]:
    """Meetings of every kind, linked: event id → activity id."""
    for day in range(1, 8):
        house.outlook().create(f"event {day}", at(day, 12), at(day, 13), body="text")
        house.desk().create(f"activity {day}", digits(day, 15), digits(day, 16))
    house.desk().create("far", digits(300), digits(300, 12))
    house.outlook().receive("Invited", at(9), at(9, 10), organizer=KIM)
    await house.step()
    await house.step()
    return {x.event_id: x.activity_id for x in (await house.recall()).links}


class TestMovedMailbox:
    """The same iCalUIds, all ids new, the delta token answers 410."""

    async def test_every_link_takes_its_new_id(self, house: House) -> None:
        """0 creates, 0 voids, 0 questions, near and far; then edits go both ways."""
        links = await full_calendar(house)
        new = house.graph.move_mailbox(ANNA)
        report = await house.step()
        house.advance(days=1)
        later = await house.step()

        assert [(dict(r.done), r.holds, r.parked) for r in (report, later)] == [({}, (), 0)] * 2
        found = {x.event_id: x.activity_id for x in (await house.recall()).links}
        assert found == {new[event]: activity for event, activity in links.items()}
        assert [a["Void"] for a in house.desk().activities()] == [False] * len(links)
        assert len(house.outlook().events()) == len(links)
        event = house.outlook().find("event 3")
        assert event is not None
        await flows(house, event, found[event])
        await is_quiet(house)

    async def test_a_plan_shows_nothing_and_remembers_nothing(self, house: House) -> None:
        """A dry run after the move: nothing to do, and the links stay as they were until a real round."""
        links = await full_calendar(house)
        house.graph.move_mailbox(ANNA)
        report = await house.step(dry_run=True)

        assert (report.lines, report.holds) == ([], ())
        assert {x.event_id: x.activity_id for x in (await house.recall()).links} == links

    async def test_what_changed_meanwhile_flows_once(self, house: House) -> None:
        """An edit made on each side while the mailbox was on its way."""
        links = await full_calendar(house)
        event = house.outlook().find("event 1")
        assert event is not None
        activity = links[event]
        event = house.graph.move_mailbox(ANNA)[event]
        house.advance(minutes=5)
        house.outlook().edit(event, subject="edited there")
        house.desk().edit(activity, notes="edited here")
        await house.step()

        assert house.desk().get(activity)["Subject"] == "edited there"
        assert house.outlook().text(event) == "edited here"

    async def test_a_part_comes_later(self, house: House) -> None:
        """What has not come back yet is neither voided nor asked about; when it comes it takes its link."""
        links = await full_calendar(house)
        late = [event for event in links if event.endswith("AAA=")][::2]
        house.graph.move_mailbox(ANNA, missing=late)
        reports = [await house.step()]
        house.advance(hours=2)
        reports.append(await house.step(full=True))
        assert [(dict(r.done), r.holds) for r in reports] == [({}, ())] * 2
        house.graph.finish_move(ANNA)
        house.advance(hours=2)
        report = await house.step()

        assert (dict(report.done), report.holds, report.parked) == ({}, (), 0)
        ids = {e["id"] for e in house.outlook().events()}
        assert {x.event_id for x in (await house.recall()).links} == ids
        assert [a["Void"] for a in house.desk().activities()] == [False] * len(links)
        await is_quiet(house)

    async def test_a_part_never_comes(self, house: House) -> None:
        """After a day what is missing is a deletion like any other."""
        links = await full_calendar(house)
        lost = house.outlook().find("event 4")
        assert lost is not None
        house.graph.move_mailbox(ANNA, missing=[lost])
        await house.step()
        assert house.desk().get(links[lost])["Void"] is False
        house.advance(days=1, hours=1)
        await house.step()

        assert [a["Subject"] for a in house.desk().activities() if a["Void"]] == ["event 4"]

    async def test_a_deletion_after_the_move_is_one_at_once(self, house: House) -> None:
        """Only what is missing has a day's grace, not what was there and was deleted."""
        await full_calendar(house)
        missing = house.outlook().find("event 5")
        assert missing is not None
        house.graph.move_mailbox(ANNA, missing=[missing])
        await house.step()
        event = house.outlook().find("event 4")
        assert event is not None
        house.outlook().delete(event)
        await house.step()

        assert [a["Subject"] for a in house.desk().activities() if a["Void"]] == ["event 4"]

    async def test_restored_from_an_older_state(self, house: House) -> None:
        """The backup knows nothing of the last edit: the edit stays, and comes back to Outlook."""
        event, activity = await linked_meeting(house)
        item = house.graph.mailbox(ANNA).find(event).item
        before, then = item.content, item.modified_at
        house.advance(minutes=10)
        house.outlook().edit(event, subject="Edited", start=at(3), end=at(3, 10))
        await house.step()
        item.content, item.modified_at = before, then
        house.advance(minutes=10)
        event = house.graph.move_mailbox(ANNA)[event]
        await house.step()

        assert (house.desk().get(activity)["Subject"], house.outlook().get(event)["subject"]) == ("Edited", "Edited")
        assert len(house.desk().activities()) == 1
        await is_quiet(house)

    async def test_what_had_ended_stays_ended(self, house: House) -> None:
        """Archived, voided in ERP.net and past, deleted: nothing of it is made anew or asked about."""
        await linked_meeting(house, "Past", 1)
        house.outlook().receive("Dismissed", at(20), at(20, 10), organizer=KIM)
        await house.step()
        dismissed = only(house.desk().find("Dismissed"))["Id"]
        house.desk().void(dismissed)
        await house.step()
        house.advance(days=4)
        await house.step()
        house.graph.move_mailbox(ANNA)
        report = await house.step()
        full = await house.step(full=True)

        assert [(dict(r.done), r.parked) for r in (report, full)] == [({}, 0)] * 2
        assert len(house.desk().activities()) == 2

    async def test_an_archived_event_is_dragged_into_the_future_after_the_move(self, house: House) -> None:
        """Its link is known by the iCalUId: the same activity goes on."""
        event, activity = await linked_meeting(house)
        house.advance(days=4)
        await house.step()
        assert (await house.link_of(event)).status is LinkStatus.ARCHIVED
        event = house.graph.move_mailbox(ANNA)[event]
        await house.step()
        house.outlook().edit(event, start=at(10), end=at(10, 10))
        await house.step()

        assert only(house.desk().activities())["StartTime"] == digits(10).isoformat() + "Z"
        assert (await house.link_of(event)).activity_id == activity

    @pytest.mark.parametrize("organizer", [ANNA, KIM], ids=["own", "outside"])
    @pytest.mark.parametrize("moved", [ANNA, BORIS], ids=["the-feeder", "a-follower"])
    async def test_meetings_of_several_mailboxes(self, organizer: str, moved: str) -> None:
        """Whoever's mailbox it is: the same feeder, the same followers, no note, no mail; edits still arrive."""
        async with open_office(*COLLEAGUES) as house:
            event = call_meeting(house, organizer, COLLEAGUES)
            await house.settle()
            activity = only(house.desk().activities())["Id"]
            before = house.desk().get(activity)
            new = house.graph.move_mailbox(moved)
            with house.post() as post:
                done = await house.settle()

            assert (dict(done), post) == ({}, [])
            assert house.desk().get(activity) == before
            assert await feeder(house, activity) == ANNA
            links = {upn: (await house.recall(upn)).links for upn in (ANNA, BORIS)}
            assert {x.event_id for x in links[moved]} == set(new.values())
            assert [x.role for x in links[BORIS]] == [Role.FOLLOWER]
            host = house.graph.outsider(KIM) if organizer == KIM else house.outlook()
            host.edit(new[event] if moved == organizer else event, subject="Moved on")
            house.outlook(BORIS).accept(copy_of(house, "boris", "Moved on"))
            await house.settle()
            row = house.desk().get(activity)
            assert (row["Subject"], len(living(house))) == ("Moved on", 1)
            assert {p["Email"]: p["Notes"] for p in row["Participants"]}[BORIS] == "Outlook: accepted"

    async def test_killed_at_every_write(self) -> None:
        """Wherever the process dies, in a transaction or between two: every link is there once, under its new id."""
        for n in range(0, 60, budget(11, 1)):
            backend = FusedBackend(lambda: START)
            async with open_house(RowStore(backend)) as house:
                await house.employ()
                for day in range(1, 13):
                    house.outlook().create(f"event {day}", at(day), at(day, 10), attendees=["kim@partner.example"])
                await house.step()
                links = {x.event_id: x.activity_id for x in (await house.recall()).links}
                new = house.graph.move_mailbox(ANNA)
                backend.fuse = Fuse(n, before=bool(n % 2))
                with suppress(Killed):
                    await house.sync()
                died = (backend.fuse.left or 0) < 0
                backend.fuse = Fuse()
                backend._clock = house.clock.now
                house.advance(minutes=20)
                report = await house.step()

                assert (dict(report.done), report.holds, report.parked) == ({}, (), 0)
                found = [(x.event_id, x.activity_id) for x in (await house.recall()).links]
                assert sorted(found) == sorted((new[event], activity) for event, activity in links.items())
                for link in (await house.recall()).links:
                    claim = await house.world.store.read_claim(uid_key(link.ical_uid))
                    assert claim is not None
                    assert claim.activity_id == link.activity_id
            if not died:
                return
        pytest.fail("the round makes more writes than this test looks at")


class TestForgottenLinks:
    """A link is forgotten 90 days after its meeting; the event still bears our mark, or its activity the iCalUId."""

    @pytest.mark.parametrize("origin", ["Outlook", "ERP.net"])
    async def test_an_event_dragged_into_the_future_has_its_old_activity(self, house: House, origin: str) -> None:
        """The same activity moves along; there is no second one."""
        if origin == "Outlook":
            event, activity = await linked_meeting(house)
        else:
            activity = house.desk().create("Visit", digits(1), digits(1, 12))
            await house.step()
            await house.step()
            event = only(house.outlook().events())["id"]
        await forget_links(house)
        house.outlook().edit(event, start=at(130), end=at(130, 10))
        await house.step()

        row = only(house.desk().activities())
        assert (row["Id"], row["StartTime"]) == (activity, digits(130, 12).isoformat() + "Z")
        assert (await house.link_of(event)).activity_id == activity

    async def test_a_copy_of_such_an_event_is_new(self, house: House) -> None:
        """The copy carries the mark, the original is still there: an activity of its own."""
        house.desk().create("Visit", digits(1), digits(1, 12))
        await house.step()
        await house.step()
        event = only(house.outlook().events())["id"]
        await forget_links(house)
        copy = house.outlook().copy(event)
        house.outlook().edit(copy, subject="Copy", start=at(130), end=at(130, 10))
        await house.step()

        assert [a["Subject"] for a in house.desk().activities()] == ["Visit", "Copy"]

    async def test_a_void_activity_is_asked_about(self, house: House) -> None:
        """Voided long ago: it is not adopted, and not made anew without asking; approved, it is."""
        activity = house.desk().create("Visit", digits(1), digits(1, 12))
        await house.step()
        await house.step()
        event = only(house.outlook().events())["id"]
        await forget_links(house)
        house.desk().void(activity)
        house.outlook().edit(event, start=at(130), end=at(130, 10))
        report = await house.step()

        assert (report.parked, len(house.desk().activities())) == (1, 1)
        assert [p.reason for p in (await house.recall()).pending] == [PARTNER_GONE]

    async def test_what_it_costs(self, house: House) -> None:
        """Twenty new events are asked about with one request; a full round asks for all marks with one."""
        await linked_meeting(house)
        for n in range(20):
            house.outlook().create(f"new {n}", at(2, 6) + timedelta(minutes=n), at(2, 9))
        house.graph.forget_requests()
        report = await house.step()

        assert report.done == {"activity created": 20}
        assert len(house.graph.requests) <= 4


async def forget_links(house: House) -> None:
    """More than a hundred days pass, with a look now and then."""
    for _ in range(11):
        house.advance(days=10)
        await house.step()
    assert (await house.recall()).links == ()


async def test_a_second_own_event_elsewhere_takes_over(house: House) -> None:
    """Boris imported Anna's file as his own: parked while hers is there; when she deletes it, the activity is his."""
    event, activity = await linked_meeting(house)
    await house.employ("boris")
    item = house.outlook()._find(event).item
    boris = house.graph.mailbox(BORIS)
    imported = boris.add(item.content, uid=item.ical_uid)
    boris.touch(imported, "created")
    await house.sync()
    assert [p.state for p in (await house.recall(BORIS)).pending] == [PendingState.CLASH]
    house.outlook().delete(event)
    await house.settle()

    assert [(a["Id"], a["Void"]) for a in house.desk().activities()] == [(activity, False)]
    memory = await house.recall(BORIS)
    assert [(x.event_id, x.activity_id) for x in memory.links] == [(imported.immutable_id, activity)]
    assert memory.pending == ()
