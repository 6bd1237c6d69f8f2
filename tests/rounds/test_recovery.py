"""Memory lost, answers lost, sides out of reach: the next rounds find everything again and make nothing twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from jobs.ports import Put
from jobs.pull import open_instance
from jobs.round.run import run_round
from sync_core.errors import WrongStore
from sync_core.model.hold import Approval
from sync_core.model.link import LinkStatus
from sync_core.model.policy import Winner
from tests.support.days import at, digits, linked_meeting, only
from tests.support.house import ANNA, House, open_house
from tests.support.scenes import forget_everything
from tests.support.syncing import sync_all


def _wait_until(house: House, when: datetime) -> None:
    house.advance(seconds=(when - house.now).total_seconds())


class TestLostState:
    """The link rows are memory; the marks on both sides are the way back."""

    async def test_every_pair_is_found_again_with_0_creates(self, house: House) -> None:
        """Events made here and there, near and far, moved and edited: all re-linked, nothing made."""
        moved, _ = await linked_meeting(house, "Moved away")
        for day in range(1, 25):
            house.outlook().create(f"event {day}", at(day, 12), at(day, 13))
            house.desk().create(f"activity {day}", digits(day, 15), digits(day, 16))
        house.desk().create("far", digits(300), digits(300, 12))
        await house.step()
        house.outlook().edit(moved, start=at(80), end=at(80, 10))
        await house.step()
        await forget_everything(house)
        mails = len(house.graph.mails)
        report = await house.step(full=True)

        made = {what: n for what, n in report.done.items() if "created" in what}
        assert made == {}
        assert len(house.graph.mails) == mails
        assert (len(house.outlook().events()), len(house.desk().activities())) == (50, 50)
        assert len((await house.recall()).links) == 50

    async def test_what_changed_meanwhile_flows_once(self, house: House) -> None:
        """Re-linking compares: a difference is solved by the policy, the loser's value is kept."""
        event, activity = await linked_meeting(house)
        await forget_everything(house)
        house.outlook().edit(event, subject="Edited while forgotten")
        house.advance(minutes=1)
        house.desk().edit(activity, notes="edited too")
        await house.step()

        assert house.desk().get(activity)["Subject"] == "Edited while forgotten"
        assert len(house.desk().activities()) == 1

    async def test_a_copied_event_is_a_new_event(self, house: House) -> None:
        """The copy carries our mark, and still gets an activity of its own; so after everything was forgotten."""
        house.desk().create("Original", digits(1), digits(1, 12))
        await house.step()
        event = only(house.outlook().events())["id"]
        copy = house.outlook().copy(event)
        house.outlook().edit(copy, subject="Copy")
        await house.step()
        assert sorted(a["Subject"] for a in house.desk().activities()) == ["Copy", "Original"]

        await forget_everything(house)
        await house.step()
        links = {x.event_id: x.activity_id for x in (await house.recall()).links}
        assert len(house.desk().activities()) == 2
        assert house.desk().get(links[event])["Subject"] == "Original"
        assert house.desk().get(links[copy])["Subject"] == "Copy"

    async def test_a_missing_partner_is_listed_not_remade(self, house: House) -> None:
        """With memory and activity both gone nobody knows why: nothing is created until someone chooses."""
        house.desk().create("Visit", digits(1), digits(1, 12))
        await house.step()
        house.desk().delete(only(house.desk().activities())["Id"])
        await forget_everything(house)
        report = await house.step()

        assert (report.parked, house.desk().activities()) == (1, [])
        event = only(house.outlook().events())
        assert event["subject"] == "Visit"
        house.outlook().edit(event["id"], subject="Visit, edited")
        report = await house.step()
        assert (report.parked, house.desk().activities()) == (1, [])

    async def test_records_of_the_old_sync_are_adopted(self, house: House) -> None:
        """MSSync's pairs are recognised near and far; no duplicate on either side."""
        near = house.outlook().create("Near", at(2), at(2, 10))
        far = house.outlook().create("Far", at(200), at(200, 10))
        for event, day in ((near, 2), (far, 200)):
            got = house.outlook().get(event)
            start = digits(day, 11) if day == 2 else digits(day, 12)
            house.erp.seed_mssync("anna", got["subject"], start, start + timedelta(hours=1), got["iCalUId"])
        report = await house.step()

        assert report.done == {"linked": 2}
        assert (len(house.outlook().events()), len(house.desk().activities())) == (2, 2)

    async def test_another_instance_is_refused(self, house: House) -> None:
        """A store made for one ERP.net is not used for another by mistake."""
        await linked_meeting(house)
        with pytest.raises(WrongStore, match="ERPNET_URL"):
            await open_instance(replace(house.world, database="other.my.erp.net"))


class TestLostAnswers:
    """A write whose answer is lost never becomes two."""

    async def test_an_activity_whose_answer_is_lost(self, house: House) -> None:
        """The batch got through, the connection broke: found by its ExternalId."""
        house.outlook().create("Planning", at(1), at(1, 10))
        await house.step()
        house.outlook().create("Second", at(2), at(2, 10))
        house.erp.add_fault("POST /api/domain/odata/$batch", kind="lose", skip=2)
        broken = await house.sync()
        assert not broken.is_fine
        house.erp.faults.clear()
        await house.step()

        assert sorted(a["Subject"] for a in house.desk().activities()) == ["Planning", "Second"]

    async def test_an_event_whose_answer_is_lost(self, house: House) -> None:
        """The POST got through, the connection broke: found by its mark."""
        house.desk().create("Visit", digits(1), digits(1, 12))
        house.graph.add_fault("POST /v1.0/users/*/events", kind="lose")
        broken = await house.sync()
        assert not broken.is_fine
        await house.step()

        assert [e["subject"] for e in house.outlook().events()] == ["Visit"]
        assert len(house.desk().activities()) == 1

    @pytest.mark.parametrize("kind", ["cut", "lose"])
    async def test_a_patch_without_an_answer(self, house: House, kind: str) -> None:
        """Whether it was done or not, the next round ends equal."""
        event, activity = await linked_meeting(house)
        house.desk().edit(activity, subject="New")
        house.graph.add_fault("PATCH /v1.0/users/*/events/*", kind=kind)
        await house.sync()
        await house.step()

        assert house.outlook().get(event)["subject"] == "New"
        assert house.desk().get(activity)["Subject"] == "New"


class TestOutOfReach:
    """A side that does not answer costs time, never data."""

    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
    async def test_graph_in_trouble(self, house: House, status: int) -> None:
        """No state error, nothing inferred; finished later."""
        event, activity = await linked_meeting(house)
        house.outlook().edit(event, subject="New")
        house.graph.add_fault("GET *", status=status, times=None)
        broken = await house.sync()
        assert not broken.is_fine
        assert (await house.user()).is_operational
        house.graph.faults.clear()
        await house.step()

        assert house.desk().get(activity)["Subject"] == "New"

    async def test_a_move_that_waits_over_midnight_is_not_lost(self, house: House) -> None:
        """Yesterday's meeting is put off by two weeks in ERP.net just before midnight, and Outlook fails. The new day
        takes the old time for over, not the pair, and the move arrives with the next try."""
        event, activity = await linked_meeting(house)
        for when in (at(2, 6), at(2, 21, 50)):  # the day's look comes before the meeting is over
            _wait_until(house, when)
            await house.step()
        house.desk().edit(activity, start=digits(15), end=digits(15, 12))
        house.graph.add_fault("PATCH *", status=500, times=None)
        await house.sync()
        for when in (at(2, 21, 51), at(2, 21, 59), at(2, 22, 1)):  # it waits, is tried again, and waits again
            _wait_until(house, when)
            await run_round(house.world, await house.user())
        waiting = await house.link_of(event)
        house.graph.faults.clear()
        await house.settle()

        assert (waiting.status, waiting.tries) == (LinkStatus.LIVE, 2)
        assert house.outlook().get(event)["start"]["dateTime"][:16] == "2026-02-09T09:00"

    async def test_a_restored_event_that_could_not_be_read_is_read_again(self, house: House) -> None:
        """Its activity was deleted, and it is taken out of Deleted Items. Outlook tells of it once, and fails when it
        is asked about it: the next round asks again, and the meeting gets an activity anew."""
        event, activity = await linked_meeting(house)
        await linked_meeting(house, "Other", 2)
        house.desk().delete(activity)
        await house.settle()
        house.outlook().restore(event)
        house.graph.add_fault("*", kind="cut", skip=2, times=3)
        await house.sync()
        house.graph.faults.clear()
        assert (await house.link_of(event)).reread
        await house.settle()

        assert sorted(row["Subject"] for row in house.desk().activities()) == ["Other", "Planning"]
        assert (await house.link_of(event)).status is LinkStatus.LIVE

    async def test_no_licence_left_means_wait(self, house: House) -> None:
        """503 with code 8 is no error state of anybody."""
        event, activity = await linked_meeting(house)
        house.outlook().edit(event, subject="New")
        body = {"error": {"message": "no licence", "code": 8, "type": "Aloe.SystemFrameworks.E1LicenseException"}}
        house.erp.add_fault("*", status=503, headers={"Retry-After": "60"}, body=body, times=None)
        broken = await house.sync()
        assert not broken.is_fine
        assert (await house.user()).is_operational
        house.erp.faults.clear()
        await house.step()

        assert house.desk().get(activity)["Subject"] == "New"

    async def test_a_command_waits_for_a_licence(self, house: House) -> None:
        """All taken at first: it says so once, waits as long as ERP.net asks, and goes on."""
        event, activity = await linked_meeting(house)
        house.outlook().edit(event, subject="New")
        body = {"error": {"message": "no licence", "code": 8}}
        house.erp.add_fault("*", status=503, headers={"Retry-After": "0.01"}, body=body, times=3)
        world = replace(house.world, licence_wait=timedelta(minutes=1))
        heard: list[str] = []
        outcome = await sync_all(world, [await house.user()], notice=heard.append)

        assert outcome.is_fine
        assert [line.split(":")[0] for line in heard] == ["waiting for an ERP.net licence"]
        assert house.desk().get(activity)["Subject"] == "New"

    async def test_an_expired_delta_link(self, house: House) -> None:
        """410: everything is read again and reconciled; what was deleted meanwhile is confirmed, then voided."""
        event, activity = await linked_meeting(house)
        kept, _ = await linked_meeting(house, "Kept", 2)
        house.outlook().delete(event)
        house.graph.expire_delta(ANNA)
        await house.step()

        assert house.desk().get(activity)["Void"] is True
        assert (await house.link_of(kept)).status is LinkStatus.LIVE
        assert len(house.desk().activities()) == 2

    @pytest.mark.parametrize("mode", ["always", "paged"])
    async def test_an_endless_feed(self, house: House, mode: str) -> None:
        """Paging that never ends is noticed; the calendar is read another way."""
        event, activity = await linked_meeting(house)
        house.outlook().edit(event, subject="New")
        house.graph.endless_delta(ANNA, mode)
        await house.sync(full=True)

        assert house.desk().get(activity)["Subject"] == "New"

    async def test_an_expired_token(self, house: House) -> None:
        """401 on either side: one new token, the work goes on."""
        event, activity = await linked_meeting(house)
        house.outlook().edit(event, subject="New")
        house.graph.reject_tokens = 1
        house.erp.revoke_tokens()
        await house.step()

        assert house.desk().get(activity)["Subject"] == "New"

    async def test_a_refused_item_stops_nobody(self, house: House) -> None:
        """ERP.net refuses one activity; the others arrive, that one is tried again and reported."""
        house.outlook().create("Good", at(1), at(1, 10))
        await house.step()
        event = house.outlook().find("Good")
        assert event is not None
        house.outlook().edit(event, subject="Better")
        house.outlook().create("New", at(2), at(2, 10))
        activity = (await house.link_of(event)).activity_id
        row = house.erp.store.get("General_Activities_Activities", activity)
        assert row is not None
        elsewhere = house.erp.add_location(house.erp.add_company("Elsewhere"), "Office")
        house.erp.store.assign(row, "EnterpriseCompanyLocation", elsewhere)
        outcome = await house.sync()

        assert [a["Subject"] for a in house.desk().activities()] == ["Good", "New"]
        assert "R27482" in only([{"failure": f.text} for f in outcome.reports[0].failures])["failure"]
        house.erp.store.assign(row, "EnterpriseCompanyLocation", house.erp.location_id)
        await house.step()
        assert house.desk().get(activity)["Subject"] == "Better"


class TestMassDeletion:
    """The brake: a list waits for a person."""

    async def test_an_emptied_calendar_is_held(self, house: House) -> None:
        """All of several gone at once: nothing is voided, the rest goes on, the list is shown."""
        events = [house.outlook().create(f"m{n}", at(n + 1), at(n + 1, 10)) for n in range(4)]
        await house.step()
        for event in events:
            house.outlook().delete(event)
        house.desk().create("Still works", digits(9), digits(9, 12))
        report = await house.step()

        assert [len(hold.items) for hold in report.holds] == [4]
        assert [a["Void"] for a in house.desk().activities()] == [False] * 5
        assert [e["subject"] for e in house.outlook().events()] == ["Still works"]
        again = await house.step()
        assert [len(hold.items) for hold in again.holds] == [4]

    @pytest.mark.parametrize(("answer", "voids"), [(Approval.APPROVED, 3), (Approval.DROPPED, 0)])
    async def test_the_answer_is_carried_out_exactly(self, house: House, answer: Approval, voids: int) -> None:
        """Approved: each is read again first, and the restored one lives. Dropped: nothing is ever voided."""
        events = [house.outlook().create(f"m{n}", at(n + 1), at(n + 1, 10)) for n in range(4)]
        await house.step()
        for event in events:
            house.outlook().delete(event)
        report = await house.step()
        house.outlook().restore(events[0])
        store, user = house.world.store, await house.user()
        lease = await store.acquire_lease(user.id, "admin", 60)
        lease = await store.save(lease, [Put(replace(report.holds[0], approval=answer))])
        await store.release_lease(lease)
        await house.step()
        await house.step(full=True)

        assert sum(a["Void"] for a in house.desk().activities()) == voids
        assert (await house.recall()).holds == ()
        alive = next(a for a in house.desk().activities() if a["Subject"] == "m0" and not a["Void"])
        assert (await house.link_of(events[0])).activity_id == alive["Id"]


class TestMalformed:
    """Items nobody can understand are parked with a reason and stop nothing."""

    async def test_a_malformed_event_is_parked(self, house: House) -> None:
        """One broken row in the feed; the others arrive."""
        house.outlook().create("Good", at(1), at(1, 10))
        await house.step()
        event = house.outlook().find("Good")
        broken = {"@odata.type": "#microsoft.graph.event", "id": "AAMkbroken=", "subject": 7, "start": "soon"}
        page = {"value": [broken], "@odata.deltaLink": (await house.recall()).cursors.delta_link}
        house.graph.add_fault("GET /v1.0/users/*/calendarView/delta*", kind="answer", status=200, body=page, times=2)
        house.desk().create("Visit", digits(2), digits(2, 12))
        report = await house.step()

        assert (report.parked, house.outlook().find("Visit") is not None, event is not None) == (1, True, True)
        parked = only([{"reason": p.reason} for p in (await house.recall()).pending])
        assert parked["reason"] != ""

    async def test_a_malformed_activity_is_parked(self, house: House) -> None:
        """A row with an impossible time, linked or new: reported, and the others arrive."""
        event, activity = await linked_meeting(house)
        bad = house.desk().create("Bad", digits(3), digits(3, 12))
        for ident in (activity, bad):
            row = house.erp.store.get("General_Activities_Activities", ident)
            assert row is not None
            house.erp.store.assign(row, "StartTime", "soon")
            house.erp.touch(row)
        house.desk().create("Good", digits(4), digits(4, 12))
        report = await house.step()

        assert sorted(e["subject"] for e in house.outlook().events()) == ["Good", "Planning"]
        assert report.parked == 2
        assert (await house.link_of(event)).status is LinkStatus.PARKED


async def test_ask_leaves_the_choice_to_a_person() -> None:
    """SYNC_CONFLICT=ask: both keep their value, the event has the category; made equal, it closes."""
    async with open_house() as house:
        house.set_policy(winner=Winner.ASK)
        await house.employ()
        event, activity = await linked_meeting(house)
        house.outlook().edit(event, subject="Mine")
        house.desk().edit(activity, subject="Yours")
        await house.step()
        assert house.outlook().get(event)["subject"] == "Mine"
        assert house.desk().get(activity)["Subject"] == "Yours"
        assert house.outlook().get(event)["categories"] == ["ERP.net conflict"]

        house.desk().edit(activity, subject="Mine")
        await house.step()
        assert house.outlook().get(event)["categories"] == []


async def test_the_first_round_takes_the_watermark_first(house: House) -> None:
    """A round before any pull: what is edited right after it is still pulled, however busy ERP.net was since."""
    user = await house.user()
    first = house.desk().create("Early", digits(1), digits(1, 12))
    await run_round(house.world, user)
    house.advance(minutes=1)
    house.desk().edit(first, subject="Edited")
    house.advance(hours=1)
    house.desk().create("Much later", digits(2), digits(2, 12))
    await house.step()

    assert sorted(e["subject"] for e in house.outlook().events()) == ["Edited", "Much later"]
