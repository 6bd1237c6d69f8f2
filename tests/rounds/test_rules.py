"""The rules R1 to R12, each seen on both calendars after whole rounds on the stand-ins."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jobs.commands.item_shapes import conflicts_of
from jobs.commands.switch import disable, enable
from sync_core.model.link import LinkStatus
from sync_core.model.policy import PrivateRule
from sync_core.model.sides import CONFLICT_CATEGORY
from tests.support.days import WEEKLY, at, digits, linked_meeting, only, the_activity
from tests.support.house import ANNA, House, open_house
from tests.support.users import put_user


class TestR1BothWays:
    """R1: what is created or updated on one side is created or updated on the other."""

    async def test_an_event_becomes_an_activity_with_all_it_can_hold(self, house: House) -> None:
        """Subject, text, time in the user's zone, duration, reminder, priority and privacy arrive."""
        house.outlook().create(
            "Срещa 🙂", at(1), at(1, 10), body="line 1\nline 2", reminder=30, importance="high", private=True
        )
        await house.step()

        row = only(house.desk().activities())
        assert (row["Subject"], row["Notes"], row["StartTime"], row["EndTime"]) == (
            "Срещa 🙂",
            "line 1\nline 2",
            "2026-01-26T11:00:00Z",
            "2026-01-26T12:00:00Z",
        )
        assert (row["PlannedDurationMinutes"], row["ReminderTime"], row["Priority"], row["Private"]) == (
            60,
            "2026-01-26T10:30:00Z",
            "High",
            True,
        )
        assert (row["DocumentTypeCode"], row["OwnerLogin"], row["SystemType"]) == ("Meeting", "anna", "Meeting")
        assert row["EnterpriseCompany"] == house.erp.company_id
        assert row["EnterpriseCompanyLocation"] == house.erp.location_id

    async def test_an_activity_becomes_an_event(self, house: House) -> None:
        """An activity made in ERP.net stands in Outlook with the same content."""
        house.desk().create("Visit", digits(2), digits(2, 12), notes="papers", reminder=15, priority="Lowest")
        await house.step()

        event = only(house.outlook().events())
        assert (event["subject"], event["start"]["dateTime"][:16], event["reminderMinutesBeforeStart"]) == (
            "Visit",
            "2026-01-27T09:00",
            15,
        )
        assert (event["importance"], house.outlook().text(event["id"]).strip()) == ("low", "papers")

    async def test_an_edit_in_outlook_updates_the_activity(self, house: House) -> None:
        """A new title and time arrive; what was not edited is not written."""
        event, activity = await linked_meeting(house)
        house.desk().edit(activity, deadline=digits(3))
        house.outlook().edit(event, subject="Moved", start=at(3), end=at(3, 11))
        await house.step()

        row = house.desk().get(activity)
        assert (row["Subject"], row["StartTime"], row["PlannedDurationMinutes"], row["DeadlineTime"]) == (
            "Moved",
            "2026-01-28T11:00:00Z",
            120,
            "2026-01-28T11:00:00Z",
        )

    async def test_an_edit_in_erp_updates_the_event(self, house: House) -> None:
        """A moved activity moves its event, and the reminder follows the start on both sides."""
        event, activity = await linked_meeting(house)
        house.desk().edit(activity, start=digits(4, 15), end=digits(4, 16))
        await house.step()

        assert house.outlook().get(event)["start"]["dateTime"][:16] == "2026-01-29T13:00"
        assert house.desk().get(activity)["ReminderTime"] == "2026-01-29T14:45:00Z"

    async def test_different_fields_edited_on_both_sides_both_survive(self, house: House) -> None:
        """The title from Outlook and the notes from ERP.net meet on both sides."""
        event, activity = await linked_meeting(house)
        house.outlook().edit(event, subject="New title")
        house.desk().edit(activity, notes="new notes")
        await house.step()

        assert (house.desk().get(activity)["Subject"], house.desk().get(activity)["Notes"]) == (
            "New title",
            "new notes",
        )
        assert house.outlook().get(event)["subject"] == "New title"
        assert house.outlook().text(event).strip() == "new notes"

    async def test_a_clash_keeps_the_loser_in_the_journal(self, house: House) -> None:
        """The later edit wins, and the value that lost can be read afterwards."""
        event, activity = await linked_meeting(house)
        house.outlook().edit(event, subject="From Outlook")
        house.advance(minutes=10)
        house.desk().edit(activity, subject="From ERP.net")
        await house.step()

        assert house.outlook().get(event)["subject"] == "From ERP.net"
        journal = await house.world.store.read_journal((await house.user()).id)
        assert "From Outlook" in [v for e in journal if e.action == "value kept" for v in e.before.values()]

    async def test_teams_block_survives_a_notes_edit(self, house: House) -> None:
        """New notes replace the text of an online meeting and leave its join link alone."""
        event = house.outlook().create("Call", at(1), at(1, 10), body="old text", online=True)
        await house.step()
        activity = (await house.link_of(event)).activity_id
        join = house.outlook().get(event)["onlineMeeting"]["joinUrl"]
        house.desk().edit(activity, notes="new text")
        await house.step()

        assert "new text" in house.outlook().text(event)
        assert join in house.outlook().get(event)["body"]["content"]
        assert house.outlook().get(event)["isOnlineMeeting"] is True
        assert house.desk().get(activity)["Notes"] == "new text"

    async def test_formatted_text_is_never_flattened(self, house: House) -> None:
        """Notes edited against a formatted body are a listed conflict with the category; the body stays."""
        event = house.outlook().create(
            "Rich", at(1), at(1, 10), html="<html><body><ul><li>one</li></ul></body></html>"
        )
        await house.step()
        activity = (await house.link_of(event)).activity_id
        house.desk().edit(activity, notes="plain words")
        await house.step()

        assert "<li>" in house.outlook().get(event)["body"]["content"]
        assert CONFLICT_CATEGORY in house.outlook().get(event)["categories"]
        link = await house.link_of(event)
        assert link.conflict is not None
        assert [c.activity_value for c in link.conflict.clashes] == ["plain words"]


class TestR2R3DocumentType:
    """R2, R3: the document type Meeting and the permissions on it."""

    async def test_the_missing_type_is_created_once(self, house: House) -> None:
        """The first activities bring the type with them."""
        await linked_meeting(house)
        house.outlook().create("Second", at(2), at(2, 10))
        await house.step()

        assert [r["Code"] for r in house.erp.store.rows("Systems_Documents_DocumentTypes")] == ["Meeting"]

    async def test_a_type_that_may_not_be_created_is_one_clear_error(self) -> None:
        """The state names the remedy, nothing is half made, and it heals by itself."""
        async with open_house() as house:
            house.erp.may_create_document_types = False
            await house.employ()
            house.outlook().create("Planning", at(1), at(1, 10))
            outcome = await house.sync()

            assert not outcome.is_fine
            assert "Meeting" in outcome.reports[0].state
            assert house.desk().activities() == []
            house.erp.may_create_document_types = True
            await house.step()
            assert only(house.desk().activities())["Subject"] == "Planning"


class TestR4R5Users:
    """R4, R5: what a user needs, shown in their state while everyone else goes on."""

    async def test_a_user_without_mailbox_has_a_state_and_others_go_on(self, house: House) -> None:
        """Ben has no licence; Anna's meeting arrives all the same."""
        await house.employ("ben")
        house.graph.mailbox("ben@acme.example").usable = False
        house.outlook().create("Planning", at(1), at(1, 10))
        outcome = await house.sync()

        states = {r.upn: r.state for r in outcome.reports}
        assert states[ANNA] == "Operational"
        assert states["ben@acme.example"].startswith("Error: ")
        assert only(house.desk().activities())["Subject"] == "Planning"

    async def test_a_mailbox_lost_and_found_again_loses_nothing(self, house: House) -> None:
        """The licence goes: a state, no deletion inferred. It comes back: what changed meanwhile flows."""
        event, activity = await linked_meeting(house)
        house.graph.mailbox(ANNA).usable = False
        house.desk().edit(activity, notes="meanwhile")
        outcome = await house.sync()
        assert outcome.reports[0].state.startswith("Error: ")
        assert house.desk().get(activity)["Void"] is False

        house.graph.mailbox(ANNA).usable = True
        report = await house.step()
        assert report.state == "Operational"
        assert house.outlook().text(event).strip() == "meanwhile"

    async def test_an_account_that_left_erp_has_a_state(self, house: House) -> None:
        """The ERP.net user is deactivated: named, nothing deleted; back again, the pairs go on."""
        event, activity = await linked_meeting(house)
        house.erp.change_user("anna", Active=False)
        house.advance(days=1)
        outcome = await house.sync()
        assert "no active internal ERP.net user" in outcome.reports[0].state

        house.erp.change_user("anna", Active=True)
        house.outlook().edit(event, subject="Back")
        await house.step()
        assert house.desk().get(activity)["Subject"] == "Back"

    async def test_a_user_without_company_is_told_once(self) -> None:
        """One notification, not one per round; no activity; all is made up for once a company is set."""
        async with open_house() as house:
            house.graph.add_mailbox(ANNA)
            house.erp.add_user("anna", ANNA, "Anna")
            await enable(house.world, ANNA)
            house.outlook().create("Planning", at(1), at(1, 10))
            await house.sync()
            house.advance(minutes=15)
            outcome = await house.sync()

            assert "no default enterprise company" in outcome.reports[0].state
            told = [n for n in house.erp.notifications if n["class"] == "NT_WEBSITE_EXT_MSSYNC"]
            assert len(told) == 1
            assert house.desk().activities() == []
            await enable(house.world, ANNA, company_id=house.erp.company_id, location_id=house.erp.location_id)
            await house.step()
            assert only(house.desk().activities())["Subject"] == "Planning"

    async def test_an_unknown_erp_user_is_named(self, house: House) -> None:
        """Somebody without an ERP.net account is enabled, in an error state that names them."""
        house.graph.add_mailbox("eve@acme.example")
        checkup = await enable(house.world, "eve@acme.example")

        assert checkup.user.enabled
        assert "eve@acme.example" in checkup.user.state


class TestR6R7R8Window:
    """R6 to R8: which events and activities are taken in, and when."""

    @pytest.mark.parametrize(("day", "arrives"), [(0, True), (16, True), (31, True), (32, False), (35, False)])
    async def test_the_first_sync_takes_today_until_a_month_later(
        self, house: House, day: int, arrives: bool
    ) -> None:
        """From January 25 the window ends with February 25."""
        house.outlook().create("Event", at(day), at(day, 10))
        await house.step()

        assert len(house.desk().activities()) == arrives

    async def test_an_untouched_event_arrives_when_the_window_reaches_it(self) -> None:
        """40 days ahead today; there after ten days, without having changed."""
        today = datetime(2026, 3, 10, 8, tzinfo=UTC)
        async with open_house(at=today) as house:
            await house.employ()
            later = today + timedelta(days=40)
            house.outlook().create("Later", later, later + timedelta(hours=1))
            await house.step()
            assert house.desk().activities() == []
            house.advance(days=10)
            await house.step()

            assert only(house.desk().activities())["Subject"] == "Later"

    async def test_january_25_reaches_march_1_on_february_1(self, house: House) -> None:
        """The example of R7, to the day."""
        house.outlook().create("February 10", at(16), at(16, 10))
        house.outlook().create("March 1", at(35), at(35, 10))
        await house.step()
        house.advance(days=6)
        await house.step()
        assert [a["Subject"] for a in house.desk().activities()] == ["February 10"]

        house.advance(days=1)
        await house.step()
        assert [a["Subject"] for a in house.desk().activities()] == ["February 10", "March 1"]

    async def test_every_day_of_two_months_is_taken_in_once(self, house: House) -> None:
        """Daily rounds over 70 days, past the token's renewal, leave no gap and make no double."""
        for day in range(0, 100, 3):
            house.outlook().create(f"day {day}", at(day, 12), at(day, 13))
        for _ in range(70):
            await house.step()
            house.advance(days=1)
        await house.step()

        subjects = [a["Subject"] for a in house.desk().activities()]
        assert sorted(subjects) == sorted({*subjects})
        assert {f"day {day}" for day in range(0, 97, 3)} <= {*subjects}

    async def test_old_activities_stay_out(self, house: House) -> None:
        """What ended more than a day ago is not synced; what ended an hour ago is."""
        house.desk().create("old", digits(-2, 8), digits(-2, 9))
        house.desk().create("recent", digits(0, 7), digits(0, 8))
        house.desk().create("old without end", digits(-2, 8))
        await house.step()

        assert [e["subject"] for e in house.outlook().events()] == ["recent"]

    async def test_an_activity_of_any_future_date_goes_to_outlook(self, house: House) -> None:
        """The window bounds events only."""
        house.desk().create("next year", digits(400), digits(400, 12))
        await house.step()

        assert only(house.outlook().events())["subject"] == "next year"

    async def test_a_linked_event_moved_far_away_moves_its_activity(self, house: House) -> None:
        """+90 days: nothing is voided, and further edits out there still arrive."""
        event, activity = await linked_meeting(house)
        house.outlook().edit(event, start=at(91), end=at(91, 10))
        await house.step()
        row = house.desk().get(activity)
        assert (row["Void"], row["StartTime"]) == (False, "2026-04-26T12:00:00Z")

        house.outlook().edit(event, subject="Far")
        house.advance(days=1)
        await house.step()
        assert house.desk().get(activity)["Subject"] == "Far"

    async def test_a_new_time_zone_moves_nothing(self, house: House) -> None:
        """The mailbox moves to London: both calendars stay as they are, later edits use the new zone."""
        event, activity = await linked_meeting(house)
        before = house.desk().get(activity)
        house.graph.mailbox(ANNA).time_zone = "GMT Standard Time"
        house.advance(days=1)
        house.graph.forget_requests()
        house.erp.forget_requests()
        await house.step(full=True)

        assert house.desk().get(activity) == before
        assert house.graph_writes() == []
        house.outlook().edit(event, start=at(5), end=at(5, 10))
        await house.step()
        assert house.desk().get(activity)["StartTime"] == "2026-01-30T09:00:00Z"


class TestR9Locked:
    """R9: a read-only activity refuses updates; the event has the category until it is resolved."""

    async def test_the_conflict_is_marked_listed_and_resolved(self, house: House) -> None:
        """Category and both values while locked; the edit goes through and the category goes once it is released."""
        event, activity = await linked_meeting(house)
        house.outlook().edit(event, categories=["Blue"])
        house.desk().set_read_only(activity, True)
        house.outlook().edit(event, subject="Refused")
        await house.step()

        assert house.desk().get(activity)["Subject"] == "Planning"
        assert house.outlook().get(event)["categories"] == ["Blue", CONFLICT_CATEGORY]
        conflict = (await house.link_of(event)).conflict
        assert conflict is not None
        assert [(c.field, c.event_value, c.activity_value) for c in conflict.clashes] == [
            ("subject", "Refused", "Planning")
        ]

        house.desk().set_read_only(activity, False)
        await house.step()
        assert house.desk().get(activity)["Subject"] == "Refused"
        assert house.outlook().get(event)["categories"] == ["Blue"]
        assert (await house.link_of(event)).conflict is None

    async def test_a_conflict_ends_with_its_meeting(self, house: House) -> None:
        """Three days after the meeting nothing is open any more: not counted, not listed, and the category is off."""
        event, activity = await linked_meeting(house)
        house.outlook().edit(event, categories=["Blue"])
        house.desk().set_read_only(activity, True)
        house.outlook().edit(event, subject="Refused")
        report = await house.step()
        assert (report.conflicts, house.outlook().get(event)["categories"]) == (1, ["Blue", CONFLICT_CATEGORY])

        house.advance(days=3)
        report = await house.step()
        assert (await house.link_of(event)).status is LinkStatus.ARCHIVED
        assert (report.conflicts, conflicts_of(await house.user(), await house.recall())) == (0, [])
        assert house.outlook().get(event)["categories"] == ["Blue"]
        before = house.outlook().get(event)["changeKey"]
        await house.step(full=True)
        assert house.outlook().get(event)["changeKey"] == before
        assert house.desk().get(activity)["Subject"] == "Planning"

    @pytest.mark.parametrize("left", [[CONFLICT_CATEGORY], []], ids=["marked", "mark-taken-off"])
    async def test_a_conflict_about_a_meeting_to_come_stays_open(self, house: House, left: list[str]) -> None:
        """Put off by two weeks in Outlook while the activity is locked: it is listed after the old time as well, and
        resolved once the lock goes."""
        event, activity = await linked_meeting(house)
        house.desk().set_read_only(activity, True)
        house.outlook().edit(event, start=at(15), end=at(15, 10))
        await house.step()
        house.outlook().edit(event, categories=left)
        await house.step()
        house.advance(days=3)
        await house.settle()
        assert len(conflicts_of(await house.user(), await house.recall())) == 1

        house.desk().set_read_only(activity, False)
        await house.settle()
        assert house.desk().get(activity)["StartTime"] == "2026-02-09T11:00:00Z"
        assert conflicts_of(await house.user(), await house.recall()) == []

    @pytest.mark.parametrize("state", ["Released", "Completed", "Closed"])
    async def test_every_late_state_locks(self, house: House, state: str) -> None:
        """Released, Completed and Closed refuse alike."""
        event, activity = await linked_meeting(house)
        for step in ("Released", "Completed", "Closed"):
            house.desk().set_state(activity, step)
            if step == state:
                break
        house.outlook().edit(event, subject="Refused")
        await house.step()

        assert house.desk().get(activity)["Subject"] == "Planning"
        assert CONFLICT_CATEGORY in house.outlook().get(event)["categories"]

    async def test_a_mark_taken_off_is_not_set_again(self, house: House) -> None:
        """The person does not want to see it; the same conflict stays listed without the category."""
        event, activity = await linked_meeting(house)
        house.desk().set_read_only(activity, True)
        house.outlook().edit(event, subject="Refused")
        await house.step()
        house.outlook().edit(event, categories=[])
        await house.step()
        await house.step(full=True)

        assert house.outlook().get(event)["categories"] == []
        assert (await house.link_of(event)).conflict is not None

    async def test_it_is_not_retried_blindly(self, house: House) -> None:
        """Further rounds ask ERP.net for nothing but the pull."""
        event, activity = await linked_meeting(house)
        house.desk().set_read_only(activity, True)
        house.outlook().edit(event, subject="Refused")
        await house.step()
        await house.step()
        house.erp.forget_requests()
        await house.step()

        assert [s.path for s in house.erp.requests] == ["/api/domain/odata/$batch"]

    async def test_typing_the_old_title_back_resolves_it(self, house: House) -> None:
        """Equal again: the conflict closes and the category goes."""
        event, activity = await linked_meeting(house)
        house.desk().release(activity)
        house.outlook().edit(event, subject="Refused")
        await house.step()
        house.outlook().edit(event, subject="Planning")
        await house.step()

        assert house.outlook().get(event)["categories"] == []
        assert (await house.link_of(event)).conflict is None

    async def test_edits_in_erp_still_flow(self, house: House) -> None:
        """A lock stops Outlook's edits, not ERP.net's own news."""
        event, activity = await linked_meeting(house)
        house.desk().edit(activity, subject="Final")
        house.desk().release(activity)
        await house.step()

        assert house.outlook().get(event)["subject"] == "Final"


class TestR10Series:
    """R10: recurring events are left alone."""

    async def test_a_series_is_skipped_with_its_reason(self, house: House) -> None:
        """Counted, not doubled, in every round alike."""
        house.outlook().create("Standup", at(1), at(1, 10), recurrence=WEEKLY)
        report = await house.step()

        assert report.skipped["part of a recurring series"] >= 1
        assert house.desk().activities() == []

    async def test_a_linked_event_turned_into_a_series_is_parked(self, house: House) -> None:
        """Both sides are left alone; single again, it is compared with the kept base."""
        event, activity = await linked_meeting(house)
        house.outlook().make_series(event, WEEKLY)
        await house.step()
        assert (await house.link_of(event)).status is LinkStatus.PARKED
        assert house.desk().get(activity)["Void"] is False

        house.outlook().make_single(event)
        house.outlook().edit(event, subject="Single again")
        await house.step()
        assert (await house.link_of(event)).status is LinkStatus.LIVE
        assert house.desk().get(activity)["Subject"] == "Single again"


class TestR11Deletion:
    """R11: a deleted event voids its activity; nothing else does."""

    async def test_a_deleted_event_voids_with_a_reason(self, house: House) -> None:
        """Once, and the tombstone keeps it from coming back."""
        event, activity = await linked_meeting(house)
        house.outlook().create("Another", at(2), at(2, 10))
        await house.step()
        house.outlook().delete(event)
        await house.step()
        await house.step(full=True)

        row = house.desk().get(activity)
        assert (row["Void"], row["VoidReason"]) == (True, "deleted in Outlook")
        assert [e["subject"] for e in house.outlook().events()] == ["Another"]

    async def test_deleted_items_that_answer_are_told_from_living_ones(self, house: House) -> None:
        """Graph may still answer 200 for an event in Deleted Items: the view and the calendar decide."""
        house.graph.deleted_items_readable = True
        event, activity = await linked_meeting(house)
        house.outlook().delete(event)
        await house.step()

        assert house.desk().get(activity)["Void"] is True

    async def test_deleted_items_that_answer_stay_on_a_list_of_deletions(self, house: House) -> None:
        """Whatever reads them there: a full round, or an edit of the activity, which is not written to them."""
        house.graph.deleted_items_readable = True
        house.set_policy(mass_deletion=(0, 0.0))
        event, activity = await linked_meeting(house)
        house.outlook().delete(event)
        await house.step()
        house.desk().edit(activity, notes="New")
        for is_full in (False, True):
            assert dict((await house.step(full=is_full)).done) == {}
            assert [item.event_id for hold in (await house.recall()).holds for item in hold.items] == [event]

    async def test_moved_to_another_calendar_is_parked(self, house: House) -> None:
        """Not a deletion; back in the default calendar the pair goes on."""
        event, activity = await linked_meeting(house)
        house.outlook().move_to_calendar(event, "Private")
        await house.step()
        assert house.desk().get(activity)["Void"] is False
        assert (await house.link_of(event)).status is LinkStatus.PARKED

        house.outlook().move_to_calendar(event, None)
        house.outlook().edit(event, subject="Back")
        await house.step()
        assert house.desk().get(activity)["Subject"] == "Back"

    async def test_an_activity_voided_after_its_meeting_is_not_made_anew(self, house: House) -> None:
        """The past event stays, whatever shows it again that day; put off, it is a meeting like any other."""
        await linked_meeting(house, "Another")
        event = house.outlook().create("Short", house.now, house.now + timedelta(minutes=30))
        await house.settle()
        house.advance(hours=3)
        house.desk().void(the_activity(house, "Short"))
        await house.settle()
        house.outlook().edit(event, body="minutes")
        for is_full in (False, True):
            assert dict((await house.step(full=is_full)).done) == {}

        house.outlook().edit(event, start=at(2), end=at(2, 10))
        assert await house.settle() == {"activity created": 1}

    async def test_a_voided_activity_removes_the_future_event(self, house: House) -> None:
        """Voided or hard deleted: the event goes, and its content stays in the journal."""
        first, voided = await linked_meeting(house, "One")
        second, deleted = await linked_meeting(house, "Two", 2)
        await linked_meeting(house, "Three", 3)
        house.desk().void(voided, "no")
        house.desk().delete(deleted)
        await house.step()

        assert [e["subject"] for e in house.outlook().events()] == ["Three"]
        assert {first, second}.isdisjoint(e["id"] for e in house.outlook().events())

    async def test_a_hidden_activity_is_parked(self, house: House) -> None:
        """Not visible is not deleted."""
        event, activity = await linked_meeting(house)
        house.desk().hide(activity)
        await house.step(full=True)

        assert house.outlook().get(event)["subject"] == "Planning"
        assert (await house.link_of(event)).status is LinkStatus.PARKED

    async def test_deletion_beats_an_edit_and_keeps_it(self, house: House) -> None:
        """Deleted in Outlook, edited in ERP.net: voided, the edited notes are in the journal."""
        event, activity = await linked_meeting(house)
        house.desk().edit(activity, notes="precious")
        house.outlook().delete(event)
        await house.step()

        assert house.desk().get(activity)["Void"] is True
        journal = await house.world.store.read_journal((await house.user()).id)
        assert "precious" in [v for e in journal for v in (*e.before.values(), *e.after.values())]

    async def test_a_locked_activity_of_a_deleted_event_is_a_conflict(self, house: House) -> None:
        """It cannot be voided; nothing is re-created; once unlocked it is voided after all."""
        event, activity = await linked_meeting(house)
        house.desk().set_read_only(activity, True)
        house.outlook().delete(event)
        report = await house.step()
        assert (report.conflicts, house.outlook().events()) == (1, [])

        house.desk().set_read_only(activity, False)
        await house.step()
        assert house.desk().get(activity)["Void"] is True

    async def test_a_restored_event_is_synced_again(self, house: House) -> None:
        """Taken out of Deleted Items it gets a new activity, since voiding cannot be undone."""
        event, activity = await linked_meeting(house)
        house.outlook().delete(event)
        await house.step()
        house.outlook().restore(event)
        await house.step()

        alive = only([a for a in house.desk().activities() if not a["Void"]])
        assert (alive["Subject"], alive["Id"] != activity) == ("Planning", True)

    async def test_past_events_may_be_cleaned_up(self, house: House) -> None:
        """Deleting what ended days ago voids nothing."""
        event, activity = await linked_meeting(house)
        house.advance(days=5)
        house.outlook().delete(event)
        await house.step()

        assert house.desk().get(activity)["Void"] is False


class TestR12Creator:
    """R12: the creator's switch decides."""

    async def test_a_participants_switch_alone_does_nothing(self, house: House) -> None:
        """Ben creates with Anna as participant: nothing in Anna's Outlook while Ben is off; and reversed."""
        await house.employ("ben", enabled=False)
        house.desk("ben").create("Ben's", digits(1), digits(1, 12), participants=["anna"])
        house.desk("anna").create("Anna's", digits(2), digits(2, 12), participants=["ben"])
        await house.step()

        assert [e["subject"] for e in house.outlook().events()] == ["Anna's"]
        assert house.outlook("ben@acme.example").events() == []

    async def test_switched_on_the_creator_gets_it(self, house: House) -> None:
        """Ben switches on: his activity stands in his Outlook."""
        upn = await house.employ("ben", enabled=False)
        house.desk("ben").create("Ben's", digits(1), digits(1, 12))
        await house.step()
        await enable(house.world, upn)
        await house.sync()

        assert [e["subject"] for e in house.outlook(upn).events()] == ["Ben's"]

    async def test_off_and_on_again_flows_once(self, house: House) -> None:
        """Nothing is deleted while off; what changed meanwhile flows, nothing is made twice."""
        event, activity = await linked_meeting(house)
        await disable(house.world, await house.user())
        house.outlook().edit(event, subject="Meanwhile")
        house.desk().edit(activity, notes="meanwhile too")
        assert (await house.sync()).reports == []
        assert house.desk().get(activity)["Subject"] == "Planning"

        await enable(house.world, ANNA)
        await house.step()
        assert house.desk().get(activity)["Subject"] == "Meanwhile"
        assert house.outlook().text(event).strip() == "meanwhile too"
        assert (len(house.desk().activities()), len(house.outlook().events())) == (1, 1)


class TestOthersMeetings:
    """Meetings that somebody else organises, and meetings with others; more in test_people.py, test_meetings.py."""

    async def test_an_outsiders_meeting_is_the_invited_users(self, house: House) -> None:
        """It becomes Anna's activity; her copy is never patched, whatever ERP.net says."""
        event = house.outlook().receive("Pitch", at(1), at(1, 10), organizer="sales@vendor.example")
        await house.step()
        activity = only(house.desk().activities())
        assert (activity["Subject"], activity["OwnerLogin"]) == ("Pitch", "anna")

        house.desk().edit(activity["Id"], subject="Ours")
        await house.step()
        got = house.outlook().get(event)
        assert (got["subject"], got["categories"]) == ("Pitch", [CONFLICT_CATEGORY])

    async def test_people_go_along(self, house: House) -> None:
        """A meeting with guests is synced with them, and an edit from ERP.net keeps every guest."""
        event = house.outlook().create("Board", at(1), at(1, 10), attendees=["guest@vendor.example"])
        await house.step()
        activity = (await house.link_of(event)).activity_id
        house.desk().edit(activity, subject="Board meeting")
        await house.step()

        got = house.outlook().get(event)
        assert (got["subject"], [a["emailAddress"]["address"] for a in got["attendees"]]) == (
            "Board meeting",
            ["guest@vendor.example"],
        )
        assert [p["Email"] for p in house.desk().get(activity)["Participants"]] == ["guest@vendor.example"]


class TestPrivate:
    """What SYNC_PRIVATE decides."""

    async def test_busy_tells_the_time_only(self, house: House) -> None:
        """No title, no text: not in ERP.net, not in our memory, not in the journal."""
        house.set_policy(private=PrivateRule.BUSY)
        event = house.outlook().create("Doctor", at(1), at(1, 10), body="secret", private=True)
        await house.step()

        row = only(house.desk().activities())
        assert (row["Subject"], row["Notes"] or "", row["Private"]) == ("Private", "", True)
        remembered = repr(await house.recall()) + repr(await house.world.store.read_journal((await house.user()).id))
        assert "Doctor" not in remembered
        assert "secret" not in remembered
        house.outlook().edit(event, start=at(2), end=at(2, 10))
        await house.step()
        assert house.desk().activities()[0]["StartTime"] == "2026-01-27T11:00:00Z"
        assert house.outlook().get(event)["subject"] == "Doctor"

    async def test_skip_leaves_private_items_out(self, house: House) -> None:
        """Both ways, with the reason."""
        house.set_policy(private=PrivateRule.SKIP)
        house.outlook().create("Doctor", at(1), at(1, 10), private=True)
        house.desk().create("Dentist", digits(1), digits(1, 12), private=True)
        await house.step()

        assert [a["Subject"] for a in house.desk().activities()] == ["Dentist"]
        assert [e["subject"] for e in house.outlook().events()] == ["Doctor"]


async def test_a_round_keeps_what_was_set_while_it_ran(house: House) -> None:
    """Somebody chooses another zone for Anna in the middle of a round: the choice stays."""
    await linked_meeting(house)
    store = house.world.store
    reading = store.reindex

    async def chosen_meanwhile(*arguments: Any) -> None:
        await put_user(store, replace(await house.user(), zone="Europe/London", zone_chosen=True))
        await reading(*arguments)

    store.reindex = chosen_meanwhile  # type: ignore[method-assign, assignment]
    await house.step(full=True)

    assert ((await house.user()).zone, (await house.user()).synced_at) == ("Europe/London", house.now)
