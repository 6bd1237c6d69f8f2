"""No invitation floods: who gets a mail, for what, and how often; the stand-in counts as Exchange would send."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jobs.commands.switch import disable, enable
from sync_core.model.policy import Invite
from tests.support.colleagues import BORIS, CARL, call_meeting, copy_of
from tests.support.days import GUEST, at, digits, only
from tests.support.house import ANNA, START, attendees, open_house, open_office, participants

EVERYBODY = [BORIS, GUEST]


class TestSyncInvite:
    """``SYNC_INVITE``: whom an activity's participants make Outlook invite."""

    @pytest.mark.parametrize(
        ("invite", "invited"),
        [(Invite.ALL, EVERYBODY), (Invite.INTERNAL, [BORIS]), (Invite.NONE, [])],
        ids=["all", "internal", "none"],
    )
    async def test_a_new_activity(self, invite: Invite, invited: list[str]) -> None:
        """Those whom the setting names are invited, once; the others stay participants and are counted."""
        async with open_office() as house:
            house.set_policy(invite=invite)
            await house.settle()
            activity = house.desk().create("Visit", digits(1), digits(1, 12), participants=["boris", GUEST])
            with house.post() as post:
                await house.settle()

            event = only(house.outlook().events())
            assert attendees(event) == invited
            assert sorted(post) == [("invitation", one) for one in invited]
            assert participants(house.desk().get(activity)) == EVERYBODY
            left = len(EVERYBODY) - len(invited)
            told = f"{left} known to ERP.net only, not invited" if left else ""
            assert (await house.link_of(event["id"])).reason == told

    @pytest.mark.parametrize(
        ("invite", "invited"),
        [(Invite.ALL, EVERYBODY), (Invite.INTERNAL, [BORIS]), (Invite.NONE, [])],
        ids=["all", "internal", "none"],
    )
    async def test_a_later_addition(self, invite: Invite, invited: list[str]) -> None:
        """Who is added to a known activity is invited alike, and nobody else hears of it."""
        async with open_office() as house:
            house.set_policy(invite=invite)
            event = house.outlook().create("Board", at(1), at(1, 10), attendees=[CARL])
            await house.settle()
            activity = (await house.link_of(event)).activity_id
            house.desk().add_participant(activity, "boris")
            house.desk().add_participant(activity, GUEST)
            with house.post() as post:
                await house.settle()

            assert attendees(house.outlook().get(event)) == sorted([CARL, *invited])
            assert sorted(post) == [("invitation", one) for one in invited]
            assert participants(house.desk().get(activity)) == [BORIS, CARL, GUEST]

    async def test_none_takes_nobody_off_either(self) -> None:
        """Whoever Anna invited herself stays invited when ERP.net drops them: taking off would mail as well."""
        async with open_office() as house:
            house.set_policy(invite=Invite.NONE)
            event = house.outlook().create("Board", at(1), at(1, 10), attendees=[BORIS, GUEST])
            await house.settle()
            house.desk().remove_participant((await house.link_of(event)).activity_id, GUEST)
            with house.post() as post:
                await house.settle()

            assert (attendees(house.outlook().get(event)), post) == (EVERYBODY, [])


class TestTheFirstSync:
    """What was there before a user switched on mails nobody."""

    async def test_two_hundred_old_and_new_items(self) -> None:
        """With people on both sides: 0 mails, at first, then, and in a full round."""
        async with open_house(at=START - timedelta(days=10)) as house:
            for name in ("anna", "boris"):
                await house.employ(name, enabled=False)
            for n in range(50):
                house.outlook().create(f"old {n}", at(-9, 6 + n % 9), at(-9, 16), attendees=EVERYBODY)
                house.desk().create(f"former {n}", digits(-9), digits(-9, 12), participants=["boris", GUEST])
            house.advance(days=10)
            for n in range(50):
                house.outlook().create(f"new {n}", at(1 + n % 25, 6), at(1 + n % 25, 7), attendees=EVERYBODY)
                house.desk().create(f"next {n}", digits(1 + n % 25), digits(1 + n % 25, 12), participants=["boris"])
            house.set_policy(invite=Invite.ALL)
            with house.post() as post:
                for upn in (ANNA, BORIS):
                    await enable(house.world, upn)
                done = await house.settle()
                await house.sync(full=True)

            assert post == []
            assert (done["activity created"], done["event created"]) == (50, 50)
            assert [e for e in house.outlook().events() if e["subject"].startswith("next") and e["attendees"]] == []

    async def test_known_not_invited_stays_so(self) -> None:
        """Edits of a first round's event mail nobody; who is added in ERP.net later is invited, alone."""
        async with open_office() as house:
            house.set_policy(invite=Invite.ALL)
            activity = house.desk().create("Visit", digits(1), digits(1, 12), participants=["boris", GUEST])
            await house.settle()
            event = only(house.outlook().events())["id"]
            with house.post() as post:
                house.desk().edit(activity, start=digits(2), end=digits(2, 12))
                await house.settle()
                house.outlook().edit(event, subject="Visit 2")
                await house.settle()
            assert post == []
            assert participants(house.desk().get(activity)) == EVERYBODY

            house.desk().add_participant(activity, "carl")
            with house.post() as post:
                await house.settle()
            assert (post, attendees(house.outlook().get(event))) == ([("invitation", CARL)], [CARL])

    async def test_switched_off_and_on_again(self) -> None:
        """What was made in ERP.net meanwhile becomes events without a single invitation."""
        async with open_office() as house:
            house.set_policy(invite=Invite.ALL)
            await house.settle()
            await disable(house.world, await house.user())
            house.desk().create("Visit", digits(1), digits(1, 12), participants=["boris", GUEST])
            house.advance(days=1)
            await enable(house.world, ANNA)
            with house.post() as post:
                await house.settle()

            assert (attendees(only(house.outlook().events())), post) == ([], [])


class TestOneMailForOneChange:
    """Real changes are mailed once; what does not concern the guests is mailed to nobody."""

    async def test_an_edit_in_outlook_causes_no_mail_of_ours(self) -> None:
        """Exchange tells the guests of Anna's own edit; carrying it to ERP.net adds nothing."""
        async with open_office() as house:
            event = call_meeting(house, ANNA, ("boris",))
            await house.settle()
            house.outlook().edit(event, start=at(2), end=at(2, 11), subject="Moved")
            with house.post() as post:
                await house.settle()

            assert post == []

    @pytest.mark.parametrize(
        "edit",
        [{"start": digits(3), "end": digits(3, 12)}, {"subject": "New"}, {"notes": "New"}],
        ids=["time", "title", "text"],
    )
    async def test_an_edit_in_erp_is_told_once(self, edit: dict[str, object]) -> None:
        """Time, title and text are mailed to each guest once, whatever the number of rounds."""
        async with open_office() as house:
            event = house.outlook().create("Board", at(1), at(1, 10), attendees=EVERYBODY)
            await house.settle()
            house.desk().edit((await house.link_of(event)).activity_id, **edit)
            with house.post() as post:
                await house.settle()
                await house.sync(full=True)

            assert sorted(post) == [("update", BORIS), ("update", GUEST)]

    async def test_a_reminder_is_told_to_nobody(self) -> None:
        """It is the organizer's own; sent alone it mails nobody."""
        async with open_office() as house:
            event = house.outlook().create("Board", at(1), at(1, 10), attendees=EVERYBODY, reminder=15)
            await house.settle()
            house.desk().edit((await house.link_of(event)).activity_id, reminder=30)
            with house.post() as post:
                await house.settle()

            assert (house.outlook().get(event)["reminderMinutesBeforeStart"], post) == (30, [])

    async def test_quiet_and_loud_fields_never_travel_together(self) -> None:
        """A reminder, a category and a move at once: no request holds one of the first two and a field that mails."""
        async with open_office() as house:
            event = house.outlook().create(
                "Board", at(1), at(1, 10), attendees=EVERYBODY, reminder=15, html="<ul><li>agenda</li></ul>"
            )
            await house.settle()
            activity = (await house.link_of(event)).activity_id
            house.graph.forget_requests()
            house.desk().edit(
                activity, reminder=30, subject="New", notes="against the formatted text", priority="High"
            )
            with house.post() as post:
                await house.settle()
            house.desk().edit(activity, notes="agenda", start=digits(3), end=digits(3, 12), reminder=60)
            await house.settle()

            quiet = {"categories", "isReminderOn", "reminderMinutesBeforeStart"}
            bodies = [set(body) for _, body in house.patches()]
            assert any(body & quiet for body in bodies)
            assert any(body - quiet for body in bodies)
            assert [body for body in bodies if body & quiet and body - quiet] == []
            assert sorted(post) == [("update", BORIS), ("update", GUEST)]
            got = house.outlook().get(event)
            assert (got["subject"], got["reminderMinutesBeforeStart"]) == ("New", 60)

    async def test_voided_in_erp_is_told_once(self) -> None:
        """The guests get one cancellation."""
        async with open_office() as house:
            event = house.outlook().create("Board", at(1), at(1, 10), attendees=EVERYBODY)
            for day in (2, 3):
                house.outlook().create(f"Other {day}", at(day), at(day, 10))
            await house.settle()
            house.desk().void((await house.link_of(event)).activity_id, "no")
            with house.post() as post:
                await house.settle()
                await house.sync(full=True)

            assert sorted(post) == [("cancellation", BORIS), ("cancellation", GUEST)]

    async def test_the_same_edit_on_both_sides_is_told_by_nobody_again(self) -> None:
        """Anna moved it in Outlook, a colleague typed the same in ERP.net: equal already, nothing is sent."""
        async with open_office() as house:
            event = call_meeting(house, ANNA, ("boris",))
            await house.settle()
            house.outlook().edit(event, start=at(2), end=at(2, 10))
            house.desk().edit((await house.link_of(event)).activity_id, start=digits(2), end=digits(2, 12))
            with house.post() as post:
                await house.settle()

            assert post == []


class TestTheReport:
    """A plan says how many mails it will cause, and a round how many it has caused."""

    async def test_plan_and_report_count_alike(self) -> None:
        """New events, moves, additions, removals and voids: the dry run, the report and Exchange agree."""
        async with open_office() as house:
            house.set_policy(invite=Invite.ALL)
            events = [
                house.outlook().create(f"Board {day}", at(day), at(day, 10), attendees=EVERYBODY)
                for day in range(1, 8)
            ]
            await house.settle()
            rows = [(await house.link_of(event)).activity_id for event in events]
            house.desk().edit(rows[0], start=digits(1, 15), end=digits(1, 16))
            house.desk().add_participant(rows[1], "carl")
            house.desk().remove_participant(rows[2], GUEST)
            house.desk().void(rows[3], "no")
            house.desk().edit(rows[4], subject="New")
            house.desk().add_participant(rows[4], "carl")
            house.desk().create("Visit", digits(9), digits(9, 12), participants=["boris", "carl", GUEST])
            with house.post() as post:
                plan = await house.sync(dry_run=True)
            assert post == []
            with house.post() as post:
                outcome = await house.sync()

            assert len(post) == 2 + 1 + 1 + 2 + 3 + 3
            assert sum(r.mails for r in plan.reports) == len(post)
            assert sum(r.mails for r in outcome.reports) == len(post)

    async def test_the_plan_foresees_what_follows_a_reminder(self) -> None:
        """A reminder goes alone and the title after it; the plan counts the mails of both rounds."""
        async with open_office() as house:
            event = house.outlook().create("Board", at(1), at(1, 10), attendees=[BORIS, GUEST], reminder=15)
            await house.settle()
            house.desk().edit((await house.link_of(event)).activity_id, subject="New", reminder=60)
            plan = await house.sync(dry_run=True)
            with house.post() as post:
                outcome = await house.sync()

            assert len(post) == 2
            assert sum(r.mails for r in plan.reports) == 2
            assert sum(r.mails for r in outcome.reports) == 2

    async def test_the_plan_makes_one_activity_for_a_meeting_in_three_mailboxes(self) -> None:
        """What the first one's plan would claim the others' plans follow, as the rounds do."""
        async with open_office() as house:
            everybody = [ANNA, BORIS, CARL]
            house.graph.outsider("kim@partner.example").create("Pitch", at(1), at(1, 10), attendees=everybody)
            plan = await house.sync(dry_run=True)
            outcome = await house.sync()

            planned = [line.what for report in plan.reports for line in report.lines]
            assert planned == ["activity created", "skipped", "skipped"]
            assert sum(report.done["activity created"] for report in outcome.reports) == 1

    async def test_nothing_is_counted_twice_or_for_nothing(self) -> None:
        """Rounds that write to ERP.net only, or answers that arrive, report no mail."""
        async with open_office() as house:
            event = call_meeting(house, ANNA, ("boris",))
            first = await house.sync()
            house.outlook(BORIS).accept(copy_of(house, "boris"))
            house.outlook().edit(event, subject="New")
            second = await house.sync()

            assert [r.mails for report in (first, second) for r in report.reports] == [0] * 6


class TestErpNotices:
    """ERP.net's own notices: a participant is notified of their assignment once, and of nothing else."""

    async def test_an_assignment_is_told_once(self) -> None:
        """Edits, answers and full rounds rewrite nobody's row, so nobody is notified again."""
        async with open_office() as house:
            event = call_meeting(house, ANNA, ("boris", "carl"))
            await house.settle()
            told = [(n["user"], n["class"]) for n in house.erp.notifications]
            assert sorted(told) == [("boris", "R36627"), ("carl", "R36627")]

            house.outlook().edit(event, subject="New", start=at(2), end=at(2, 10))
            house.outlook(BORIS).accept(copy_of(house, "boris", "New"))
            await house.settle()
            house.outlook().edit(event, attendees=[BORIS, GUEST])
            await house.settle()
            await house.sync(full=True)
            assert [(n["user"], n["class"]) for n in house.erp.notifications] == told
